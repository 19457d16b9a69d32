"""Grok 3D: what a finished job leaves, as those see it who fetch it, and what removes it."""

import os
import pathlib

import pytest
import requests

from harness import ROOT
from test_grok_imagine import PNG

EXAMPLE = pathlib.Path(os.environ.get("KINORA_BUILD", ROOT / "build")) / "root/share/kinora/examples/grok-3d/ex_xai-robot"
FILES = {"image": "image.jpg", "glb": "model.glb", "usdz": "model.usdz"}
TYPES = sorted(FILES)


def complete(instance, bring=tuple(FILES)):
    """A job whose worker brings these assets."""
    job_id = requests.post(f"{instance.url}/api/generate", json={"prompt": "a robot"}).json()["job_id"]
    claim = instance.claim("grok_3d/default")
    assert claim["job"]["id"] == job_id
    for name in bring:
        assert instance.put_asset(claim, name, (EXAMPLE / FILES[name]).read_bytes()).status_code < 300
    return job_id, instance.report(claim, "complete")


@pytest.fixture(scope="module")
def own(start_instance):
    return start_instance(dispatch="no", cors_origins="https://page.example")


@pytest.fixture(scope="module")
def job_id(own):
    job_id, answer = complete(own)
    assert answer.status_code == 200, answer.text
    return job_id


def get(instance, job_id, kind, method="GET", **headers):
    return requests.request(method, f"{instance.url}/api/asset/{job_id}", params={"asset_type": kind}, headers=headers)


def test_the_status_of_a_finished_job(own, job_id):
    status = requests.get(f"{own.url}/api/status/{job_id}").json()
    del status["created_at"]
    assert status == {"job_id": job_id, "status": "complete", "stage": "complete", "progress": 100, "prompt": "a robot", "error": None}


def test_a_picture_of_another_type_replaces_the_first(own):
    """On the disk as well, where the two have different names."""
    job_id = requests.post(f"{own.url}/api/generate", json={"prompt": "a robot"}).json()["job_id"]
    claim = own.claim("grok_3d/default")
    for name, data in [("image", PNG), *((name, (EXAMPLE / file).read_bytes()) for name, file in FILES.items())]:
        assert own.put_asset(claim, name, data).status_code == 204
    assert own.report(claim, "complete").status_code == 200
    assert sorted(path.name for path in (own.dir / "jobs" / job_id).iterdir()) == ["glb.glb", "image.jpg", "usdz.usdz"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_download(own, job_id, kind):
    data = (EXAMPLE / FILES[kind]).read_bytes()
    answer = get(own, job_id, kind)
    assert (answer.status_code, answer.content == data) == (200, True)
    extension = FILES[kind].partition(".")[2]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{job_id}.{extension}"'
    assert answer.headers["Content-Length"] == str(len(data))
    assert (own.dir / "jobs" / job_id / f"{kind}.{extension}").read_bytes() == data

    head = get(own, job_id, kind, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Disposition", "Content-Length", "ETag", "Accept-Ranges"):
        assert head.headers[name] == answer.headers[name], name
    assert get(own, job_id, kind, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("kind", TYPES)
def test_a_part_of_a_download(own, job_id, kind):
    data = (EXAMPLE / FILES[kind]).read_bytes()
    for span, first, part in (("0-99", 0, data[:100]), ("100-", 100, data[100:]), ("-10", len(data) - 10, data[-10:])):
        answer = get(own, job_id, kind, Range=f"bytes={span}")
        assert (answer.status_code, answer.content == part) == (206, True), span
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(data)}"
        assert answer.headers["Content-Type"] == "application/octet-stream"
    assert get(own, job_id, kind, Range=f"bytes={len(data)}-").status_code == 416


def test_origins(own, job_id):
    mine, other = (get(own, job_id, "glb", Origin=f"https://{name}.example").headers for name in ("page", "other"))
    assert mine["Access-Control-Allow-Origin"] == "https://page.example"
    assert "Access-Control-Allow-Origin" not in other
    ask = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = requests.options(f"{own.url}/api/generate", headers=ask)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"].lower() == "content-type"


@pytest.mark.parametrize("path,method,allowed", [
    ("generate", "GET", "POST"), ("status/00000000", "POST", "GET"), ("asset/00000000", "DELETE", "GET"), ("examples", "PUT", "GET"),
])
def test_wrong_methods(own, path, method, allowed):
    answer = requests.request(method, f"{own.url}/api/{path}")
    assert (answer.status_code, answer.json()["error"].lower()) == (405, "method not allowed")
    assert allowed in answer.headers["Allow"]


def test_an_asset_whose_file_is_gone(own):
    job_id, _ = complete(own)
    (own.dir / "jobs" / job_id / "glb.glb").unlink()
    answer = get(own, job_id, "glb")
    assert (answer.status_code, answer.json()) == (404, {"error": "Asset not found"})
    assert get(own, job_id, "usdz").status_code == 200


@pytest.mark.parametrize("missing", TYPES)
def test_no_job_is_complete_without_all_three(own, missing):
    job_id, answer = complete(own, [name for name in FILES if name != missing])
    assert answer.status_code == 400 and f"The asset '{missing}' is missing" in answer.text
    assert requests.get(f"{own.url}/api/status/{job_id}").json()["status"] == "processing"


def test_a_picture_may_be_a_png(own):
    job_id, png = requests.post(f"{own.url}/api/generate", json={"prompt": "x"}).json()["job_id"], (ROOT / "docs/images/models.png").read_bytes()
    claim = own.claim("grok_3d/default")
    assert own.put_asset(claim, "image", png).status_code < 300
    for name in ("glb", "usdz"):
        own.put_asset(claim, name, (EXAMPLE / FILES[name]).read_bytes())
    assert own.report(claim, "complete").status_code == 200
    answer = get(own, job_id, "image")
    assert answer.content == png and answer.headers["Content-Disposition"] == f'attachment; filename="{job_id}.png"'


def test_a_deleted_job(own):
    job_id, _ = complete(own)
    assert (own.dir / "jobs" / job_id).is_dir()
    own.ctl("jobs", "delete", job_id)
    assert not (own.dir / "jobs" / job_id).exists()
    for path in (f"status/{job_id}", f"asset/{job_id}?asset_type=glb", f"asset/{job_id}?asset_type=x"):
        answer = requests.get(f"{own.url}/api/{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "Job not found"}), path


def test_a_cancelled_job(own):
    job_id = requests.post(f"{own.url}/api/generate", json={"prompt": "x"}).json()["job_id"]
    own.ctl("jobs", "cancel", job_id)
    status = requests.get(f"{own.url}/api/status/{job_id}").json()
    assert (status["status"], status["stage"], status["error"]) == ("error", "error", "Job cancelled")
    answer = get(own, job_id, "image")
    assert (answer.status_code, answer.json()) == (404, {"error": "Asset not found"})


def test_a_stage_that_the_document_does_not_know(own):
    job_id = requests.post(f"{own.url}/api/generate", json={"prompt": "x"}).json()["job_id"]
    claim = own.claim("grok_3d/default")
    for brings, stage in ((None, "generating_image"), ("image", "generating_3d"), ("glb", "converting_usdz")):
        if brings:
            assert own.put_asset(claim, brings, (EXAMPLE / FILES[brings]).read_bytes()).status_code == 204
        own.report(claim, "progress", stage="denoising")
        assert requests.get(f"{own.url}/api/status/{job_id}").json()["stage"] == stage
    own.report(claim, "fail", message="enough")


def test_a_failed_job_has_no_assets(own):
    job_id = requests.post(f"{own.url}/api/generate", json={"prompt": "x"}).json()["job_id"]
    claim = own.claim("grok_3d/default")
    assert own.put_asset(claim, "image", (EXAMPLE / "image.jpg").read_bytes()).status_code == 204
    assert get(own, job_id, "image").status_code == 200
    assert own.report(claim, "fail", message="no GPU").status_code == 200
    for kind in TYPES:
        answer = get(own, job_id, kind)
        assert (answer.status_code, answer.json()) == (404, {"error": "Asset not found"}), kind
    assert get(own, job_id, "x").json() == {"error": "Invalid asset type"}


def test_only_ids_of_this_dialect(own):
    job = {"model": "grok", "prompt": "a film"}
    other = requests.post(f"{own.url}/v1/video/generations", json=job).json()["id"]
    for path in (f"status/{other}", f"asset/{other}?asset_type=image"):
        answer = requests.get(f"{own.url}/api/{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "Job not found"})


def test_the_data_outlives_a_restart(serve):
    own = serve(dispatch="no")
    job_id, _ = complete(own)
    own.stop()
    own.start()
    assert get(own, job_id, "usdz").content == (EXAMPLE / "model.usdz").read_bytes()
