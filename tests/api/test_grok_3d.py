"""Grok 3D: the words of its document, as a client and a worker see them."""

import datetime
import json
import re

import pytest
import requests

CLASS = "grok_3d/default"
PROMPT = "A futuristic robot cat with glowing blue eyes"


def create(instance, prompt=PROMPT, **more):
    answer = requests.post(f"{instance.url}/api/generate", json={"prompt": prompt, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["job_id"]


def claim(instance, job_id):
    others = []
    while True:
        got = instance.claim(CLASS)
        assert got, "the job is not in the queue"
        if got["job"]["id"] == job_id:
            break
        others.append(got)
    for other in others:
        instance.report(other, "release")
    return got


def status_of(instance, job_id):
    return requests.get(f"{instance.url}/api/status/{job_id}").json()


def test_generate(instance):
    answer = requests.post(f"{instance.url}/api/generate", json={"prompt": PROMPT})
    assert answer.status_code == 200
    body = answer.json()
    assert body == {"job_id": body["job_id"], "status": "queued"}
    assert re.fullmatch("[0-9a-f]{8}", body["job_id"])
    status = status_of(instance, body["job_id"])
    created = status.pop("created_at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", created)
    age = datetime.datetime.utcnow() - datetime.datetime.fromisoformat(created)
    assert abs(age.total_seconds()) < 60
    assert status == {
        "job_id": body["job_id"],
        "status": "queued",
        "stage": "initializing",
        "progress": 0,
        "prompt": PROMPT,
        "error": None,
    }


REFUSED = [
    (b"", "No prompt provided"),
    (b"{}", "No prompt provided"),
    (b'{"prompt": null}', "No prompt provided"),
    (b'{"prompt": " \\t"}', "No prompt provided"),
    (b'{"prompt": 5}', "The prompt is not a string"),
    (b'{"prompt": "a\\u0000"}', "The body is not valid JSON"),
    (b'{"prompt": "%s"}' % (b"x" * 100_000), "The prompt is too long: at most 10000 characters are allowed"),
    (b'{"prompt": "x", "seed": "1"}', "The seed is not an integer from 0 to 4294967295"),
    (b'{"prompt": "x", "seed": -1}', "The seed is not an integer from 0 to 4294967295"),
    (b'{"prompt": "x", "seed": 1.5}', "The seed is not an integer from 0 to 4294967295"),
    (b"[]", "The request body is not a JSON object"),
    (b"nonsense", "The body is not valid JSON"),
]


@pytest.mark.parametrize("body,error", REFUSED, ids=range(len(REFUSED)))
def test_refused(instance, body, error):
    answer = requests.post(f"{instance.url}/api/generate", data=body)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


@pytest.mark.parametrize("prompt", ["../../etc/passwd", "🤖" * 10000, "a\x01b\x7f", "-v", "'; drop"])
def test_odd_prompts(instance, prompt):
    assert status_of(instance, create(instance, prompt))["prompt"] == prompt


def test_unknown_job(instance):
    for path in ("status/00000000", "status/x", "asset/00000000?asset_type=glb", "status/ex_none", "asset/ex_none?asset_type=glb"):
        answer = requests.get(f"{instance.url}/api/{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "Job not found"}), path


def test_life(instance):
    job_id = create(instance, seed=7)
    got = claim(instance, job_id)
    assert got["job"]["params"] == {"prompt": PROMPT, "seed": 7}
    status = status_of(instance, job_id)
    assert (status["status"], status["stage"]) == ("processing", "initializing")
    instance.report(got, "progress", progress=50, stage="generating_3d")
    status = status_of(instance, job_id)
    assert (status["status"], status["stage"], status["progress"]) == ("processing", "generating_3d", 50)
    for kind, status in (("glb", 404), ("mesh", 400), ("", 400)):
        answer = requests.get(f"{instance.url}/api/asset/{job_id}?asset_type={kind}")
        text = "Asset not found" if status == 404 else "Invalid asset type"
        assert (answer.status_code, answer.json()) == (status, {"error": text})
    assert requests.get(f"{instance.url}/api/asset/{job_id}").json() == {"error": "Invalid asset type"}


def test_failed(instance):
    job_id = create(instance)
    got = claim(instance, job_id)
    instance.report(got, "progress", progress=50)
    instance.report(got, "fail", message="Error message here")
    status = status_of(instance, job_id)
    assert (status["status"], status["stage"], status["progress"], status["error"]) == ("error", "error", 0, "Error message here")


def write_example(directory, example_id, name):
    path = directory / "grok-3d" / example_id
    path.mkdir(parents=True)
    (path / "example.json").write_text(json.dumps({"name": name, "description": f"About {name}"}))
    for file in ("image.jpg", "model.glb", "model.usdz"):
        (path / file).write_bytes(file.encode())


def test_examples(start_instance, tmp_path_factory):
    directory = tmp_path_factory.mktemp("examples")
    write_example(directory, "ex_mars-habitat", "Mars Habitat")
    own = start_instance(dispatch="no", examples_path=directory)
    # A new one is there at once; what is no example, or broken, hides nothing.
    write_example(directory, "ex_elon-figurine", "Elon Figurine")
    write_example(directory, "not-an-example", "No")
    write_example(directory, "ex_broken", "No")
    (directory / "grok-3d" / "ex_broken" / "example.json").write_text("{")
    answer = requests.get(f"{own.url}/api/examples")
    assert answer.json() == {
        "examples": [
            {
                "job_id": example_id,
                "name": name,
                "description": f"About {name}",
                "image_url": f"/api/asset/{example_id}?asset_type=image",
            }
            for example_id, name in (("ex_elon-figurine", "Elon Figurine"), ("ex_mars-habitat", "Mars Habitat"))
        ]
    }
    status = status_of(own, "ex_mars-habitat")
    assert (status["status"], status["stage"], status["progress"], status["error"]) == ("complete", "complete", 100, None)
    for kind, file in (("image", "image.jpg"), ("glb", "model.glb"), ("usdz", "model.usdz")):
        answer = requests.get(f"{own.url}/api/asset/ex_mars-habitat?asset_type={kind}")
        assert (answer.status_code, answer.content) == (200, file.encode())
        assert answer.headers["Content-Type"] == "application/octet-stream"
        extension = file.partition(".")[2]
        assert answer.headers["Content-Disposition"] == f'attachment; filename="ex_mars-habitat.{extension}"'
    assert requests.get(f"{own.url}/api/asset/ex_mars-habitat?asset_type=x").status_code == 400
    (directory / "grok-3d" / "ex_mars-habitat" / "model.glb").unlink()
    answer = requests.get(f"{own.url}/api/asset/ex_mars-habitat?asset_type=glb")
    assert (answer.status_code, answer.json()) == (404, {"error": "Asset not found"})


def test_cors(instance):
    answer = requests.get(f"{instance.url}/api/examples", headers={"Origin": "https://page.example"})
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://page.example")
