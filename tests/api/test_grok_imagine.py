"""Grok Imagine for clients: the words of its two documents, and docs/api/grok-imagine.md where they are silent."""

import base64
import datetime
import json
import re
import threading
import time
import zlib

import pytest
import requests

import fastcgi
from waiting import wait_until

REFERENCE = "/v1/video/generations"
README = "/v1/videos/generations"
PROMPT = "A cat playing piano in a cozy room"


def png(width=2, height=2):
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    rows = (b"\x00" + b"\x80\x40\x20" * width) * height
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


PNG = png()
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture(scope="module")
def own(start_instance):
    """Lists count all jobs: nobody else may add some."""
    return start_instance(dispatch="no")


def create(instance, path=REFERENCE, prompt=PROMPT, **more):
    answer = requests.post(instance.url + path, json={"model": "grok", "prompt": prompt, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def get(instance, job_id, path=REFERENCE):
    answer = requests.get(f"{instance.url}{path}/{job_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def claim(instance, job_id):
    """Claims that job; others go back."""
    others = []
    while True:
        got = instance.claim("grok_imagine/grok")
        assert got, "the job is not in the queue"
        if got["job"]["id"] == job_id:
            break
        others.append(got)
    for other in others:
        instance.report(other, "release")
    return got


def finish(instance, job_id, mp4):
    got = claim(instance, job_id)
    assert instance.put_asset(got, "video", mp4).status_code == 204
    assert instance.report(got, "complete").status_code == 200


def test_health(instance):
    answer = requests.get(instance.url + "/")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "service": "Grok Imagine API", "version": "1.0.0"}


def test_create_in_the_reference_shape(instance):
    job = create(instance)
    assert re.fullmatch("job_[0-9a-z]{12}", job["id"])
    assert abs(job["created_at"] - time.time()) < 60
    assert job == {
        "id": job["id"],
        "status": "pending",
        "model": "grok",
        "prompt": PROMPT,
        "created_at": job["created_at"],
    }
    assert list(job) == ["id", "status", "model", "prompt", "created_at"]
    assert get(instance, job["id"]) == job


def test_create_in_the_readme_shape(instance):
    job = create(instance, README)
    assert job == {
        "id": job["id"],
        "object": "videos.generation",
        "created": job["created"],
        "model": "grok",
        "status": "pending",
        "video_url": f"{instance.url}/videos/{job['id']}.mp4",
        "error": None,
    }
    assert get(instance, job["id"], README) == job
    assert get(instance, job["id"])["created_at"] == job["created"]


def test_completed(instance, mp4):
    job = create(instance)
    finish(instance, job["id"], mp4)
    done = get(instance, job["id"])
    assert done == {
        **job,
        "status": "completed",
        "video_url": f"{instance.url}/videos/{job['id']}.mp4",
        "completed_at": done["completed_at"],
    }
    assert done["completed_at"] >= done["created_at"]
    answer = requests.get(done["video_url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert answer.content == mp4
    part = requests.get(done["video_url"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


def test_processing_and_failed(instance):
    job = create(instance)
    got = claim(instance, job["id"])
    assert get(instance, job["id"]) == {**job, "status": "processing"}
    text = "Rate limit reached - please wait before submitting more jobs"
    assert instance.report(got, "fail", message=text).status_code == 200
    failed = get(instance, job["id"])
    assert failed == {**job, "status": "failed", "error": text, "failed_at": failed["failed_at"]}
    readme = get(instance, job["id"], README)
    assert (readme["status"], readme["video_url"], readme["error"]) == ("failed", None, text)


def test_unknown_job(instance):
    for path in (REFERENCE, README):
        for job_id in ("job_000000000000", "..%2f..", "x" * 200, "%00"):
            answer = requests.get(f"{instance.url}{path}/{job_id}")
            assert answer.status_code in (400, 404), answer.text
        answer = requests.get(f"{instance.url}{path}/job_000000000000")
        assert answer.json() == {"detail": "Job not found"}


# --- faults ---

MISSING = {"msg": "field required", "type": "value_error.missing"}
NO_STR = {"msg": "str type expected", "type": "type_error.str"}
NO_GROK = {
    "msg": "unexpected value; permitted: 'grok'",
    "type": "value_error.const",
    "ctx": {"given": "sora", "permitted": ["grok"]},
}
TOO_LONG = {
    "msg": "ensure this value has at most 500 characters",
    "type": "value_error.any_str.max_length",
    "ctx": {"limit_value": 500},
}
INVALID = [
    ({}, [("model", MISSING), ("prompt", MISSING)]),
    ({"model": "grok"}, [("prompt", MISSING)]),
    ({"prompt": "x"}, [("model", MISSING)]),
    ({"model": "grok", "prompt": 1}, [("prompt", NO_STR)]),
    ({"model": ["grok"], "prompt": {}, "image": 1}, [("model", NO_STR), ("prompt", NO_STR), ("image", NO_STR)]),
    ({"model": "sora", "prompt": "x"}, [("model", NO_GROK)]),
    ({"model": "sora", "prompt": "é" * 501}, [("model", NO_GROK), ("prompt", TOO_LONG)]),
]


@pytest.mark.parametrize("path", [REFERENCE, README])
@pytest.mark.parametrize("body,faults", INVALID)
def test_all_faults_are_listed(instance, path, body, faults):
    answer = requests.post(instance.url + path, json=body)
    assert answer.status_code == 422
    assert answer.json() == {"detail": [{"loc": ["body", field], **fault} for field, fault in faults]}


def test_prompt_of_500_characters(instance):
    assert create(instance, prompt="é" * 500)["prompt"] == "é" * 500
    assert create(instance, prompt="🎹" * 500)["prompt"] == "🎹" * 500


@pytest.mark.parametrize("prompt", ["", " ", "\t\n", "\u00a0\u3000"])
def test_blank_prompt(instance, prompt):
    answer = requests.post(instance.url + REFERENCE, json={"model": "grok", "prompt": prompt})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Prompt is required"})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b'{"model":"grok","prompt":"\xff"}', b"{} x"])
def test_body_that_is_no_json_object(instance, body):
    answer = requests.post(instance.url + REFERENCE, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


# --- images ---


def worker_input(instance, job):
    got = claim(instance, job["id"])
    answer = requests.get(got["job"]["inputs"][0]["url"])
    assert answer.status_code == 200
    return got["job"]["inputs"][0], answer.content


@pytest.mark.parametrize(
    "image",
    [
        DATA_URL,
        DATA_URL.split(",")[1],
        DATA_URL.rstrip("="),
        "DATA:image/jpeg;charset=x;base64,\n" + "\r\n".join(re.findall(".{1,20}", DATA_URL.split(",")[1])),
    ],
)
def test_image_reaches_the_worker(instance, image):
    entry, content = worker_input(instance, create(instance, image=image))
    assert content == PNG
    assert (entry["name"], entry["mime"], entry["bytes"]) == ("image", "image/png", len(PNG))


def test_null_image_is_none(instance):
    job = create(instance, image=None)
    assert claim(instance, job["id"])["job"]["inputs"] == []


NO_IMAGE = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 9).decode()


@pytest.mark.parametrize(
    "image", ["", "not base64!", "data:image/png,rawbytes", "data:", NO_IMAGE, "data:image/png;base64," + NO_IMAGE, "===="]
)
def test_image_that_is_none(own, image):
    def there():
        return requests.get(own.url + REFERENCE).json()["total"], sorted((own.dir / "jobs").glob("*"))

    before = there()
    answer = requests.post(own.url + REFERENCE, json={"model": "grok", "prompt": "x", "image": image})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Image ")
    assert there() == before


def test_image_too_large(start_instance):
    instance = start_instance(dispatch="no", max_image_size="1K")
    big = base64.b64encode(PNG + bytes(1024)).decode()
    answer = requests.post(instance.url + REFERENCE, json={"model": "grok", "prompt": "x", "image": big})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Image is too large"})


# --- lists ---


def test_list(start_instance, mp4):
    instance = start_instance(dispatch="no")
    ids = [create(instance, prompt=f"job {i}")["id"] for i in range(5)]
    finish(instance, ids[1], mp4)
    instance.report(claim(instance, ids[2]), "fail", message="no")
    instance.ctl("jobs", "cancel", ids[3])

    everything = requests.get(instance.url + REFERENCE).json()
    assert [job["id"] for job in everything["jobs"]] == ids[::-1]
    assert everything["total"] == 5
    assert everything["jobs"] == [get(instance, job_id) for job_id in ids[::-1]]
    assert requests.get(instance.url + "/jobs").json() == everything
    readme = requests.get(instance.url + README).json()
    assert readme["jobs"] == [get(instance, job_id, README) for job_id in ids[::-1]]

    def ids_of(**params):
        page = requests.get(instance.url + "/jobs", params=params).json()
        return [job["id"] for job in page["jobs"]], page["total"]

    assert ids_of(status="completed") == ([ids[1]], 1)
    assert ids_of(status="pending") == ([ids[4], ids[0]], 2)
    assert ids_of(status="processing") == ([], 0)
    # A cancelled job has failed, to these clients.
    assert ids_of(status="failed") == ([ids[3], ids[2]], 2)
    assert ids_of(status="failed", limit=1) == ([ids[3]], 2)
    assert ids_of(status="failed", limit=1, after=ids[3]) == ([ids[2]], 2)
    assert ids_of(limit=2) == (ids[:2:-1], 5)
    assert ids_of(limit=2, after=ids[3]) == ([ids[2], ids[1]], 5)
    assert get(instance, ids[3])["status"] == "failed"
    assert get(instance, ids[3])["error"]


def not_int(text):
    return {"loc": ["query", "limit"], "msg": "value is not a valid integer", "type": "type_error.integer"}


@pytest.mark.parametrize("path", [REFERENCE, README, "/jobs"])
def test_list_faults(instance, path):
    def faults(query):
        answer = requests.get(instance.url + path + "?" + query)
        assert answer.status_code == 422, query
        return answer.json()["detail"]

    assert faults("limit=0") == [
        {
            "loc": ["query", "limit"],
            "msg": "ensure this value is greater than or equal to 1",
            "type": "value_error.number.not_ge",
            "ctx": {"limit_value": 1},
        }
    ]
    assert faults("limit=1001")[0]["type"] == "value_error.number.not_le"
    assert faults("limit=99999999999999999999999")[0]["type"] == "value_error.number.not_le"
    for text in ("x", "", "1.5", "1x", "0x10", "-"):
        assert faults("limit=" + text) == [not_int(text)]
    both = faults("limit=-1&status=done")
    assert [fault["loc"] for fault in both] == [["query", "status"], ["query", "limit"]]
    assert both[0]["type"] == "type_error.enum"
    assert faults("after=job_nobody")[0]["loc"] == ["query", "after"]
    for limit in (1, 1000):
        assert requests.get(f"{instance.url}{path}?limit={limit}").status_code == 200


# --- deleting ---


def test_delete_video(instance, mp4):
    job = create(instance)
    url = f"{instance.url}/videos/{job['id']}.mp4"
    pending = requests.delete(url)
    assert (pending.status_code, pending.json()) == (404, {"detail": "Video not found"})
    finish(instance, job["id"], mp4)
    answer = requests.delete(url)
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (requests.get(url), requests.delete(url)):
        assert (gone.status_code, gone.json()) == (404, {"detail": "Video not found"})
    after = get(instance, job["id"])
    assert (after["status"], after["video_url"]) == ("completed", None)
    assert abs(after["expired_at"] - time.time()) < 60
    readme = get(instance, job["id"], README)
    assert (readme["status"], readme["video_url"]) == ("completed", None)


def test_video_by_the_responder(instance, mp4):
    """Of a web server that was not told where the videos are."""
    job = create(instance)
    path = f"/videos/{job['id']}.mp4"
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        assert connection.ask("GET", path).status == 404
        finish(instance, job["id"], mp4)
        answer = connection.ask("GET", path)
        assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")
        assert answer.headers["x-accel-redirect"] == "/_files" + path
        assert requests.delete(instance.url + path).status_code == 204
        answer = connection.ask("GET", path)
        assert (answer.status, json.loads(answer.body)) == (404, {"detail": "Video not found"})


def test_public_url(start_instance):
    instance = start_instance(dispatch="no", public_url="https://video.example.org/")
    job = create(instance, README)
    assert job["video_url"] == f"https://video.example.org/videos/{job['id']}.mp4"


# --- repeating ---


def test_idempotency_key(own):
    def post(prompt, key, **more):
        body = {"model": "grok", "prompt": prompt, **more}
        return requests.post(own.url + REFERENCE, json=body, headers={"Idempotency-Key": key})

    first, again = post("a", "K", image=DATA_URL), post("a", "K", image=DATA_URL)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = post("b", "K", image=DATA_URL)
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json()["detail"]
    assert post("b", "L").json()["id"] != first.json()["id"]
    assert post("b", "x" * 300).status_code == 400

    answers = []
    threads = [threading.Thread(target=lambda: answers.append(post("c", "M").json()["id"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1


# --- the log ---


def lines_of(instance):
    lines = []
    for path in sorted((instance.dir / "logs").glob("requests_*.jsonl")):
        assert re.fullmatch(r"requests_\d{4}-\d\d-\d\d\.jsonl", path.name)
        whole = path.read_text().rpartition("\n")[0]  # the last line may be on its way
        lines += [json.loads(line) for line in whole.splitlines()]
    return lines


def test_request_log(own, mp4):
    job = create(own, prompt="logged", image=DATA_URL)
    finish(own, job["id"], mp4)
    get(own, job["id"])

    def lines():
        mine = [line for line in lines_of(own) if line.get("job_id") == job["id"]]
        return mine if mine and mine[-1].get("path") == f"{REFERENCE}/{job['id']}" else None

    mine = wait_until(lines)
    created = mine[0]
    assert (created["type"], created["method"], created["path"]) == ("request", "POST", REFERENCE)
    assert created["payload"]["prompt"] == "logged"
    assert created["payload"]["image"] == {"type": "image/png", "size": len(DATA_URL)}
    datetime.datetime.strptime(created["timestamp"], "%Y-%m-%dT%H:%M:%SZ")
    (result,) = [line for line in mine if line["type"] == "response"]
    assert (result["status"], result["video_size"]) == ("completed", len(mp4))
    assert 0 < result["duration"] < 60
