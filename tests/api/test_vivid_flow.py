"""Vivid Flow: the words of its document, as a client and a worker see them."""

import base64
import collections
import concurrent.futures
import datetime
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import threading
import time
import uuid

import pytest
import requests
from harness import IS_SANITIZED, json_of
from waiting import patiently, wait_until

WAN, VEO = "vivid_flow/wan2.1", "vivid_flow/veo3.1"
URL = "https://storage.googleapis.com/bucket/picture.png"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WAN_DEFAULTS = {
    "negative_prompt": "blurry, low quality, distorted",
    "cfg": 7.5,
    "width": 1280,
    "height": 720,
    "length": 81,
    "steps": 30,
    "seed": 42,
}
VEO_DEFAULTS = {
    "duration_seconds": 4,
    "resolution": "720p",
    "camera_motion": "None",
    "subject_animation": "None",
    "environmental_animation": "None",
    "enhance_prompt": False,
}


class Client:
    """One key against one instance."""

    def __init__(self, instance, name=None, **limits):
        self.instance = instance
        self.api = instance.url + "/api/v1"
        options = [word for name_, n in limits.items() for word in (f"--{name_.replace('_', '-')}", n)]
        name = name or "k" + uuid.uuid4().hex[:12]
        self.key = instance.ctl("keys", "create", "--name", name, *options).split()[-1]
        self.name = name
        self.headers = {"X-API-Key": self.key}

    def get(self, path, **more):
        return requests.get(f"{self.api}/{path}", headers=self.headers, **more)

    def post(self, path, headers=None, **more):
        return requests.post(f"{self.api}/{path}", headers={**self.headers, **(headers or {})}, **more)

    def create(self, **fields):
        body = {"prompt": "A sunset", "image_url": URL, **fields}
        return json_of(self.post("generate", json=body), 202)["job_id"]

    def status(self, job_id):
        return json_of(self.get(f"status/{job_id}"), 200)


@pytest.fixture(scope="module")
def client(instance):
    return Client(instance, hour_limit=100000, day_limit=100000)


@pytest.fixture(scope="module")
def stranger(instance):
    return Client(instance)


def claim(instance, job_id, name=WAN):
    """The claim of this job; others that wait go back."""
    others = []
    while True:
        got = instance.claim(name)
        assert got, "the job is not in the queue"
        if got["job"]["id"] == job_id:
            break
        others.append(got)
    for other in others:
        assert instance.report(other, "release").status_code < 300
    return got


def complete(instance, job_id, mp4, name=WAN):
    got = claim(instance, job_id, name)
    assert instance.put_asset(got, "video", mp4).status_code < 300
    answer = instance.report(got, "complete")
    assert answer.status_code < 300, answer.text


def params_of(instance, job_id, name=WAN):
    job = claim(instance, job_id, name)
    instance.report(job, "fail", message="not wanted")
    return job["job"]["params"]


# --- parameters ---


def test_accepted(client):
    body = json_of(client.post("generate", data={"prompt": "A sunset"}, files={"image": PNG}), 202)
    assert list(body) == ["message", "job_id", "status", "estimated_wait_time"]
    assert (body["message"], body["status"]) == ("Generation job accepted", "queued")
    assert uuid.UUID(body["job_id"]).version == 4
    assert re.fullmatch(r"~\d+-\d+ minutes", body["estimated_wait_time"])


@pytest.mark.parametrize("encoding", ["json", "urlencoded", "multipart"])
@pytest.mark.parametrize("model", ["wan2.1", "veo3.1"])
def test_every_parameter_in_every_encoding(client, instance, encoding, model):
    wanted = {
        "wan2.1": {
            **{"negative_prompt": "rain", "cfg": 3.5, "width": 640, "height": 360},
            **{"length": 33, "steps": 5, "seed": 4294967295},
        },
        "veo3.1": {
            **{"duration_seconds": 8, "resolution": "1080p", "camera_motion": "Pan (right)"},
            **{"subject_animation": "Sway", "environmental_animation": "Light rays", "enhance_prompt": True},
        },
    }[model]
    fields = {"prompt": "Ein Sönnenuntergang", "model": model, "image_url": URL, **wanted}
    text = {name: json.dumps(v) if isinstance(v, bool) else str(v) for name, v in fields.items()}
    sent = {
        "json": {"json": fields},
        "urlencoded": {"data": text},
        "multipart": {"files": {name: (None, v.encode()) for name, v in text.items()}},
    }[encoding]
    job_id = json_of(client.post("generate", **sent), 202)["job_id"]
    assert params_of(instance, job_id, f"vivid_flow/{model}") == {**wanted, "image_url": URL}


@pytest.mark.parametrize("model, defaults", [("wan2.1", WAN_DEFAULTS), ("veo3.1", VEO_DEFAULTS)])
def test_defaults(client, instance, model, defaults):
    job_id = client.create(model=model)
    assert params_of(instance, job_id, f"vivid_flow/{model}") == {**defaults, "image_url": URL}


def test_model_is_wan(client, instance):
    assert params_of(instance, client.create())["steps"] == 30


FAULTS = [
    ({"cfg": v}, "cfg must be a number between 1.0 and 20.0")
    for v in ("0.9", "20.1", "1e1", "nan", "0x5", " 5", "5 ", "-2", "+2", "", "5.", ".5", "1,5", "inf")
]
FAULTS += [
    ({"width": v}, "width must be an even integer between 64 and 1920")
    for v in ("63", "641", "1922", "62", "64.0", "1e3", "0x80", "", "99999999999999999999")
]
FAULTS += [
    ({"height": "65"}, "height must be an even integer between 64 and 1920"),
    ({"length": "0"}, "length must be an integer between 1 and 321"),
    ({"length": "322"}, "length must be an integer between 1 and 321"),
    ({"steps": "101"}, "steps must be an integer between 1 and 100"),
    ({"seed": "-1"}, "seed must be an integer between 0 and 4294967295"),
    ({"seed": "4294967296"}, "seed must be an integer between 0 and 4294967295"),
    ({"seed": "007"}, "seed must be an integer between 0 and 4294967295"),
    ({"negative_prompt": "x" * 2001}, "negative_prompt must be at most 2000 characters"),
    ({"prompt": "  "}, "prompt is required"),
    ({"prompt": "ö" * 2001}, "prompt must be at most 2000 characters"),
    ({"model": "sora"}, "model must be wan2.1 or veo3.1"),
    ({"fps": "24"}, "unknown parameter: fps"),
    ({"duration_seconds": "4"}, "duration_seconds is not a parameter of wan2.1"),
    ({"model": "veo3.1", "seed": "1"}, "seed is not a parameter of veo3.1"),
    ({"model": "veo3.1", "duration_seconds": "5"}, "duration_seconds must be 4, 6, or 8"),
    ({"model": "veo3.1", "resolution": "4k"}, "resolution must be 720p or 1080p"),
    ({"model": "veo3.1", "enhance_prompt": "yes"}, "enhance_prompt must be true or false"),
    ({"image_url": ""}, "image or image_url is required"),
    ({"image_url": "http://example.org/a.png"}, "image_url must be a gs://bucket/path or https:// URL"),
    ({"image_url": "file:///etc/passwd"}, "image_url must be a gs://bucket/path or https:// URL"),
    ({"image_url": "gs://bucket"}, "image_url must be a gs://bucket/path or https:// URL"),
    ({"image": "text"}, "image must be a file; send a URL as image_url"),
]
FAULTS += [
    ({"image_url": v}, "image_url must be a gs://bucket/path or https:// URL")
    for v in ("gs://bucket/", "gs:///path", "https://", "https:///a", "https://?a", "https://#a", "https://:1/")
    + ("https://a b/", "https://example.org/a\nb", "https://example.org/\x7f", "gs://bucket/\t")
]


@pytest.mark.parametrize("fields, fault", FAULTS)
def test_faults(client, fields, fault):
    answer = client.post("generate", data={"prompt": "A sunset", "image_url": URL, **fields})
    assert json_of(answer, 400) == {"error": "Invalid parameters", "details": [fault]}


@pytest.mark.parametrize("name", ["prompt", "negative_prompt", "camera_motion", "subject_animation", "environmental_animation"])
@pytest.mark.parametrize("value", [5, 2.5, True, ["none"], {"pan": "right"}])
def test_text_is_text(client, name, value):
    """Not how JSON writes something else."""
    model = "veo3.1" if name.endswith("n") else "wan2.1"
    answer = client.post("generate", json={"prompt": "A", "image_url": URL, "model": model, name: value})
    assert json_of(answer, 400) == {"error": "Invalid parameters", "details": [f"{name} must be text"]}


@pytest.mark.parametrize("name", ["camera_motion", "subject_animation", "environmental_animation"])
def test_empty_is_not_none(client, name):
    answer = client.post("generate", data={"prompt": "A", "image_url": URL, "model": "veo3.1", name: ""})
    (fault,) = json_of(answer, 400)["details"]
    assert fault.startswith(f"{name} must be one of: None, ")


@pytest.mark.parametrize("name", ["camera_motion", "subject_animation", "environmental_animation"])
def test_vocabularies_are_told(client, name):
    answer = client.post("generate", json={"prompt": "A", "image_url": URL, "model": "veo3.1", name: "sideways"})
    (fault,) = json_of(answer, 400)["details"]
    assert fault.startswith(f"{name} must be one of: None, ")
    for word in fault.split(": ")[1].split(", "):
        client.create(model="veo3.1", **{name: word.lower()})


def test_all_faults_at_once(client):
    answer = client.post("generate", data={"model": "veo3.1", "duration_seconds": "5", "cfg": "1", "fps": "2"})
    assert sorted(json_of(answer, 400)["details"]) == [
        "cfg is not a parameter of veo3.1",
        "duration_seconds must be 4, 6, or 8",
        "image or image_url is required",
        "prompt is required",
        "unknown parameter: fps",
    ]


def test_image_and_url(client):
    answer = client.post("generate", data={"prompt": "A", "image_url": URL}, files={"image": PNG})
    assert json_of(answer, 400)["details"] == ["give either image or image_url, not both"]


@pytest.mark.parametrize("data", [b"", b"GIF? no", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4\n"])
def test_images_that_are_none(client, data):
    answer = client.post("generate", data={"prompt": "A"}, files={"image": ("a.png", data, "image/png")})
    assert answer.status_code == 400, answer.text


def test_upload_does_not_move_memory(serve):
    """50 MB of picture go to disk as they come."""
    instance = serve(dispatch="no", max_image_size="64M", env={"OMP_NUM_THREADS": "1"})  # nproc obeys it: one nginx worker,
    client = Client(instance)  # which has one connection for what comes in turn, so that one thread does all
    status = pathlib.Path(f"/proc/{instance.pid('kinora-fcgi')}/status")

    def figure(name):
        return int(re.search(rf"{name}:\s+(\d+) kB", status.read_text())[1])

    def upload(data):
        return client.post("generate", data={"prompt": "A"}, files={"image": ("a.png", data)})

    for _ in range(4):  # what is made once: libmagic's tables, the threads' buffers
        assert upload(PNG).status_code == 202
    before = figure("VmRSS")
    (status.parent / "clear_refs").write_text("5")  # the peak counts from now
    picture = PNG + os.urandom(50_000_000)
    job_id = json_of(upload(picture), 202)["job_id"]
    assert IS_SANITIZED or figure("VmHWM") - before < 4096, "KiB"
    got = claim(instance, job_id)
    answer = requests.get(got["job"]["inputs"][0]["url"], headers={"X-Lease-Token": got["token"]})
    assert answer.content == picture


@pytest.mark.parametrize("body", [b"{", b"[]", b"5", b"", b'{"prompt": {"a": 1}}', b'{"prompt": ["a"]}'])
def test_json_that_is_none(client, body):
    answer = client.post("generate", data=body, headers={"Content-Type": "application/json"})
    refused = json_of(answer, 400)
    assert refused["error"] == "Invalid parameters" and len(refused["details"]) >= 1
    assert isinstance(refused["details"], list)


def test_estimate_is_measured(serve, mp4):
    """The guess is 90 s a job; then it is what jobs of this model took, whatever the other model does."""
    instance = serve(dispatch="no")
    client = Client(instance)

    def estimate(model):
        answer = client.post("generate", json={"prompt": "A", "image_url": URL, "model": model})
        return json_of(answer, 202)["estimated_wait_time"]

    guesses = [estimate("wan2.1") for _ in range(10)]
    assert guesses[0] == "~1-3 minutes" and guesses[9] == "~15-23 minutes"
    got = instance.claim(WAN)
    instance.put_asset(got, "video", mp4)
    instance.report(got, "complete")
    assert estimate("wan2.1") == "~1-2 minutes"
    assert estimate("veo3.1") == "~1-3 minutes"


def test_idempotency_key(client, stranger):
    def create(who, prompt, **more):
        headers = {"Idempotency-Key": "order-" + client.name}
        fields = {"prompt": prompt, **more}
        return who.post("generate", data=fields, files={"image": PNG}, headers=headers)

    first, again = create(client, "A"), create(client, "A")
    assert json_of(again, 202)["job_id"] == json_of(first, 202)["job_id"]
    assert json_of(create(client, "B"), 422)["details"] == "This Idempotency-Key was used for another request"
    assert json_of(create(stranger, "B"), 202)["job_id"] != first.json()["job_id"]
    client.post(f"cancel/{first.json()['job_id']}")
    assert json_of(create(client, "A"), 202)["status"] == "cancelled"
    headers = {"Idempotency-Key": "x" * 256}
    assert client.post("generate", json={"prompt": "A", "image_url": URL}, headers=headers).status_code == 400


# --- whose job it is ---


def test_keys_that_are_none(client):
    job_id = client.create()
    flipped = client.key[:-1] + ("0" if client.key[-1] != "0" else "1")
    for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "x" * 5000}, {"X-API-Key": flipped}, {"Authorization": "Bearer"}):
        for path in (f"status/{job_id}", "usage", "history"):
            answer = requests.get(f"{client.api}/{path}", headers=headers)
            assert json_of(answer, 401)["error"] == "Unauthorized"
    bearer = {"Authorization": f"bearer {client.key}"}
    assert requests.get(f"{client.api}/usage", headers=bearer).status_code == 200


def test_ownership(client, stranger):
    job_id = client.create()
    for method, path in [("get", f"status/{job_id}"), ("post", f"cancel/{job_id}")]:
        assert json_of(getattr(stranger, method)(path), 403)["error"] == "Access denied"
        nobody = path.replace(job_id, str(uuid.uuid4()))
        assert json_of(getattr(stranger, method)(nobody), 404)["error"] == "Job not found"
    result = f"{client.instance.url}/results/{job_id}.mp4"
    assert requests.get(result).status_code == 401
    assert requests.get(result, headers=stranger.headers).status_code == 403
    assert requests.get(result, headers=client.headers).status_code == 404
    assert client.get("status/..%2f..%2fetc").status_code == 404


def test_revoked(instance):
    gone = Client(instance)
    assert gone.get("usage").status_code == 200
    instance.ctl("keys", "revoke", gone.name)
    assert gone.get("usage").status_code == 401


# --- a job's life ---


def test_life(client, instance, mp4):
    job_id = client.create()
    queued = client.status(job_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", queued.pop("created_at"))
    assert queued == {
        "job_id": job_id,
        "status": "queued",
        "progress": 0,
        "message": "Job is in queue. It will start processing shortly.",
    }
    got = claim(instance, job_id)
    instance.report(got, "progress", progress=40)
    wait_until(lambda: client.status(job_id)["progress"] == 40)
    processing = client.status(job_id)
    assert processing["status"] == "processing" and "updated_at" in processing
    assert json_of(client.post(f"cancel/{job_id}"), 400)["error"] == "Job cannot be cancelled"
    instance.put_asset(got, "video", mp4)
    assert instance.report(got, "complete").status_code < 300
    done = client.status(job_id)
    assert (done["status"], done["message"]) == ("completed", "Job completed successfully.")
    assert set(done["metrics"]) == {"generation_time", "spin_up_time", "total_time"}
    assert client.post(f"cancel/{job_id}").status_code == 400
    assert requests.get(done["result_url"]).content == mp4


def test_failed(client, instance):
    job_id = client.create()
    instance.report(claim(instance, job_id), "fail", message="Video generation returned no results.")
    body = client.status(job_id)
    assert body["status"] == "failed"
    assert body["error_message"] == "Video generation returned no results."
    assert body["message"] == "Job failed. Check error details."


def test_cancel(client):
    job_id = client.create()
    assert json_of(client.post(f"cancel/{job_id}"), 200) == {
        "message": "Job cancelled successfully",
        "job_id": job_id,
    }
    assert client.status(job_id)["status"] == "cancelled"
    assert client.post(f"cancel/{job_id}").status_code == 400


def test_cancel_against_claim(serve):
    """Each job is cancelled or claimed, never both and never neither."""
    instance = serve(dispatch="no", daily_job_limit=1000)
    client = Client(instance, hour_limit=100000, day_limit=100000)
    jobs = [client.create() for _ in range(200)]
    claimed, stop, start = set(), threading.Event(), threading.Barrier(3 + 4)

    def work():
        start.wait()
        while not stop.is_set():
            got = instance.claim(WAN)
            if got:
                claimed.add(got["job"]["id"])

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    with concurrent.futures.ThreadPoolExecutor(4, initializer=start.wait) as pool:
        # From the front, where the workers are, too.
        answers = dict(zip(jobs, pool.map(lambda job: client.post(f"cancel/{job}").status_code, jobs)))
    wait_until(lambda: len(claimed) + list(answers.values()).count(200) >= len(jobs))
    stop.set()
    for worker in workers:
        worker.join()
    cancelled = {job for job, status in answers.items() if status == 200}
    assert cancelled | claimed == set(jobs) and not cancelled & claimed
    assert cancelled and claimed
    for job in jobs:
        assert client.status(job)["status"] == ("cancelled" if job in cancelled else "processing")


def test_prefer_wait(client, instance, mp4):
    began = time.monotonic()
    answer = client.post("generate", json={"prompt": "A", "image_url": URL}, headers={"Prefer": "wait=1"})
    assert json_of(answer, 202)["status"] == "queued"
    assert 0.9 < time.monotonic() - began < patiently(20)

    def work():
        got = wait_until(lambda: instance.claim(VEO))
        instance.put_asset(got, "video", mp4)
        instance.report(got, "complete")

    while (left := instance.claim(VEO)) is not None:  # of other tests
        instance.report(left, "fail", message="not wanted")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        body = {"prompt": "A", "image_url": URL, "model": "veo3.1"}
        answer = client.post("generate", json=body, headers={"Prefer": "respond-async, wait=30"})
        done.result()
    assert json_of(answer, 200)["status"] == "completed"
    assert answer.headers["Preference-Applied"] == "wait=30"
    assert requests.get(answer.json()["result_url"]).content == mp4


@pytest.mark.parametrize("prefer", ["xwait=30", "wait=0", "wait=-30", "wait=", "respond-async", "wait", 'x="wait=30'])
def test_what_is_no_wait(client, prefer):
    began = time.monotonic()
    answer = client.post("generate", json={"prompt": "A", "image_url": URL}, headers={"Prefer": prefer})
    assert answer.status_code == 202 and "Preference-Applied" not in answer.headers
    assert time.monotonic() - began < 25


def test_waiting_leaves_threads(serve):
    """A quarter of 16 threads may wait; the fifth request gets its 202 at once, and others are served meanwhile."""
    instance = serve(dispatch="no", threads=16)
    client = Client(instance)

    def wait(_):
        began = time.monotonic()
        answer = client.post("generate", json={"prompt": "A", "image_url": URL}, headers={"Prefer": "wait=12"})
        assert answer.status_code == 202
        return time.monotonic() - began

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        times = sorted(pool.map(wait, range(6)))
    assert sum(t >= 12 for t in times) == 4 and max(times[:2]) < 11, times


def test_browsers_may_read_the_limits(client):
    answer = requests.get(f"{client.api}/usage", headers={**client.headers, "Origin": "https://example.org"})
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"} <= set(exposed)


# --- results ---


@pytest.fixture(scope="module")
def film(client, instance, mp4):
    job_id = client.create()
    complete(instance, job_id, mp4)
    return job_id, client.status(job_id)["result_url"]


def test_signed_link(film, mp4):
    job_id, url = film
    assert re.search(rf"/results/{job_id}\.mp4\?expires=\d+&md5=[\w-]{{22}}$", url)
    answer = requests.get(url)
    assert answer.content == mp4 and answer.headers["Content-Type"] == "video/mp4"
    part = requests.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert requests.head(url).headers["Content-Length"] == str(len(mp4))


def test_tampered_link(film):
    job_id, url = film
    other = url.replace(job_id, str(uuid.uuid4()))
    later = re.sub(r"expires=\d+", "expires=9999999999", url)
    wrong = url[:-4] + "AAAA"
    bare = re.sub(r"expires=\d+&", "", url)
    for bad in (other, later, wrong, bare):
        answer = requests.get(bad)
        assert json_of(answer, 403)["error"] == "Access denied", bad
        assert answer.headers["Content-Type"] == "application/json"


def test_expired_link(film, instance):
    job_id, url = film
    conf = (instance.dir / "kinora.conf").read_text()
    secret = re.search(r"^link_secret = (\S+)$", conf, re.M)[1]
    path, past = f"/results/{job_id}.mp4", int(time.time()) - 5
    md5 = base64.urlsafe_b64encode(hashlib.md5(f"{past}{path} {secret}".encode()).digest()).decode().rstrip("=")
    answer = requests.get(f"{instance.url}{path}?expires={past}&md5={md5}")
    assert json_of(answer, 410)["error"] == "Link expired"
    # Nor is what an attacker computes with no secret at all.
    soon = int(time.time()) + 500
    md5 = base64.urlsafe_b64encode(hashlib.md5(f"{soon}{path} ".encode()).digest()).decode().rstrip("=")
    assert requests.get(f"{instance.url}{path}?expires={soon}&md5={md5}").status_code == 403


def test_result_by_key(film, client, stranger, instance, mp4):
    url = f"{instance.url}/results/{film[0]}.mp4"
    assert requests.get(url).status_code == 401
    assert requests.get(url, headers=stranger.headers).status_code == 403
    answer = requests.get(url, headers=client.headers)
    assert answer.content == mp4 and answer.headers["Content-Type"] == "video/mp4"
    assert requests.get(url, headers={**client.headers, "Range": "bytes=0-0"}).status_code == 206
    assert requests.delete(url, headers=client.headers).status_code == 405


def test_errors_of_nginx_over_a_result(film, client, instance, mp4):
    """In the words of the dialect; and a film that goes while it is asked for is one that is not there."""
    for url in (film[1], f"{instance.url}/results/{film[0]}.mp4"):
        answer = requests.get(url, headers={**client.headers, "Range": "bytes=99999999-"})
        assert json_of(answer, 416) == {"error": "The range cannot be satisfied", "details": []}
    job_id = client.create()
    complete(instance, job_id, mp4)
    (instance.dir / "jobs" / job_id / "video.mp4").unlink()
    answer = requests.get(f"{instance.url}/results/{job_id}.mp4", headers=client.headers)
    assert json_of(answer, 404) == {"error": "Not found", "details": []}


# --- history and usage ---


def test_history(instance):
    client = Client(instance)
    assert client.get("history").json() == {"count": 0, "jobs": []}
    jobs = [client.create(prompt=f"number {i}") for i in range(25)]
    body = json_of(client.get("history"), 200)
    assert body["count"] == 20
    assert [job["job_id"] for job in body["jobs"]] == jobs[:4:-1]
    row = body["jobs"][0]
    assert row.pop("created_at")
    assert row == {
        "job_id": jobs[-1],
        "status": "queued",
        "prompt": "number 24",
        "model": "wan2.1",
        "result_url": None,
    }
    assert client.get("history?limit=100").json()["count"] == 25
    assert client.get("history?limit=1").json()["count"] == 1
    for limit in ("0", "101", "-1", "x", "1.0", ""):
        refused = json_of(client.get(f"history?limit={limit}"), 400)
        assert refused == {"error": "Invalid parameters", "details": ["limit must be an integer between 1 and 100"]}


@pytest.mark.parametrize("character", ["x", "ö", "😀"])
def test_history_has_whole_prompts(client, character):
    client.create(prompt=character * 2000)
    (job,) = client.get("history?limit=1").json()["jobs"]
    assert job["prompt"] == character * 2000


def recount(client):
    """What the usage must say, from the jobs themselves."""
    jobs = client.get("history?limit=100").json()["jobs"]
    states = collections.Counter(job["status"] for job in jobs)
    counts = {f"{s}_jobs": states[s] for s in ("completed", "failed", "queued", "processing", "cancelled")}
    return {"total_jobs": len(jobs), "recent_24h_jobs": len(jobs), "credits_remaining": 500 - len(jobs), **counts}


def usage_of(client):
    body = json_of(client.get("usage"), 200)
    assert body.pop("daily_limit") == 500
    midnight = datetime.datetime.fromisoformat(body.pop("reset_time"))
    left = midnight - datetime.datetime.utcnow()
    assert datetime.timedelta(0) < left <= datetime.timedelta(days=1) and midnight.hour == midnight.second == 0
    return body


def test_usage(instance, mp4, one_day):
    client = Client(instance)
    assert usage_of(client) == recount(client)
    jobs = [client.create() for _ in range(4)]
    complete(instance, jobs[0], mp4)
    instance.report(claim(instance, jobs[1]), "fail", message="no")
    client.post(f"cancel/{jobs[2]}")
    assert usage_of(client) == recount(client)
    assert usage_of(client)["completed_jobs"] == 1


class Load:
    """Clients that create and cancel, workers that complete and fail, until stopped; faults of a kill are theirs."""

    def __init__(self, instance, mp4):
        self.instance, self.mp4 = instance, mp4
        self.clients = [Client(instance, hour_limit=1000000, day_limit=1000000) for _ in range(3)]
        self.accepted = {client.name: set() for client in self.clients}
        self.stop, self.rng = threading.Event(), random.Random(1)
        self.threads = [threading.Thread(target=self.repeat, args=(self.order, c)) for c in self.clients]
        self.threads += [threading.Thread(target=self.repeat, args=(self.work,)) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def repeat(self, what, *args):
        while not self.stop.is_set():
            try:
                what(*args)
            except (requests.RequestException, AssertionError, ValueError):
                pass
            time.sleep(0.01)

    def order(self, client):
        answer = client.post("generate", json={"prompt": "A", "image_url": URL}, timeout=patiently(20))
        if answer.status_code == 202:
            job_id = answer.json()["job_id"]
            self.accepted[client.name].add(job_id)
            if self.rng.random() < 0.4:
                client.post(f"cancel/{job_id}", timeout=patiently(20))

    def work(self):
        got = self.instance.claim(WAN)
        if not got:
            return
        if self.rng.random() < 0.3:
            self.instance.report(got, "fail", message="no")
        else:
            self.instance.put_asset(got, "video", self.mp4)
            self.instance.report(got, "complete")

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def jobs_of(instance, owner):
    """All of them, by the administrator's list."""
    jobs, after = [], []
    while page := json.loads(instance.ctl("jobs", "list", "--owner", owner, "--limit", 500, *after, "--json"))["jobs"]:
        jobs += page
        after = ["--after", page[-1]["id"]]
    return jobs


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_usage_is_exact_after_kills(serve, mp4, one_day, kills):
    instance = serve(dispatch="no", daily_job_limit=1000000)
    load = Load(instance, mp4)
    for _ in range(kills):
        time.sleep(load.rng.uniform(0.2, 0.8))
        instance.kill("kinora-fcgi")
        wait_until(lambda: load.clients[0].get("usage").status_code == 200, seconds=60)
    wait_until(lambda: all(len(accepted) >= 30 for accepted in load.accepted.values()), 120)  # on a busy machine, too
    load.end()
    for client in load.clients:
        jobs = jobs_of(instance, f"key:{client.name}")
        states = collections.Counter(job["state"] for job in jobs)
        counts = {f"{s}_jobs": states[s] for s in ("completed", "failed", "queued", "processing", "cancelled")}
        usage = json_of(client.get("usage"), 200)
        assert {name: usage[name] for name in counts} == counts
        assert usage["total_jobs"] == usage["recent_24h_jobs"] == len(jobs)
        assert usage["credits_remaining"] == 1000000 - len(jobs)
        assert load.accepted[client.name] <= {job["id"] for job in jobs}
        assert len(jobs) >= kills and len(states) >= 3, "that was no load"


# --- limits ---


def test_headers(instance):
    client = Client(instance, hour_limit=10, day_limit=20)
    answer = client.get("usage")
    assert answer.headers["RateLimit-Limit"] == "10"
    assert answer.headers["RateLimit-Remaining"] == "9"
    assert 3590 <= int(answer.headers["RateLimit-Reset"]) <= 3600


def test_document_s_429(instance):
    client = Client(instance, hour_limit=1)
    assert client.get("usage").status_code == 200
    answer = client.get("usage")
    body = json_of(answer, 429)
    assert list(body) == ["error", "details", "retry_after"]
    assert (body["error"], body["details"]) == ("Rate limit exceeded", "429 Too Many Requests")
    assert int(answer.headers["Retry-After"]) == body["retry_after"] <= 3600


def test_day_limit_holds_and_refusals_cost_nothing(instance, one_day):
    client = Client(instance, hour_limit=100, day_limit=3)
    assert [client.get("usage").status_code for _ in range(5)] == [200] * 3 + [429] * 2
    assert int(client.get("usage").headers["Retry-After"]) <= 86400


def test_32_clients_get_exactly_the_hour_limit(instance):
    client = Client(instance)

    def poll(_):
        with requests.Session() as session:
            session.headers.update(client.headers)
            return [session.get(f"{client.api}/usage").status_code for _ in range(18)]

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        statuses = collections.Counter(s for answers in pool.map(poll, range(32)) for s in answers)
    assert statuses == {200: 500, 429: 32 * 18 - 500}


def test_exactly_the_hour_limit_across_a_restart(serve):
    """A responder that ends by itself gives back what it had reserved and not used: nothing is lost or gained."""
    instance = serve(dispatch="no")
    client = Client(instance)
    statuses, lock = collections.Counter(), threading.Lock()

    def poll():
        with requests.Session() as session:
            session.headers.update(client.headers)
            for _ in range(18):
                status = session.get(f"{client.api}/usage").status_code
                with lock:
                    statuses[status] += 1

    threads = [threading.Thread(target=poll) for _ in range(32)]
    for thread in threads:
        thread.start()
    wait_until(lambda: statuses[200] >= 150, 60)
    first = instance.kill("kinora-fcgi", signal.SIGTERM)
    for thread in threads:
        thread.join()
    wait_until(lambda: instance.pid("kinora-fcgi") not in (None, first))
    assert statuses == {200: 500, 429: 32 * 18 - 500}


def test_limits_survive_a_kill(serve):
    """Nothing is given back; at most a chunk, a twentieth, is lost."""
    instance = serve(dispatch="no")
    client = Client(instance, hour_limit=100)
    taken = sum(client.get("usage").status_code == 200 for _ in range(48))
    assert taken == 48
    instance.kill("kinora-fcgi")
    wait_until(lambda: client.get("usage").status_code == 200)
    taken += 1
    while (answer := client.get("usage")).status_code == 200:
        taken += 1
    assert answer.status_code == 429 and 95 <= taken <= 100


def test_changed_limit_holds_at_once(instance):
    client = Client(instance, hour_limit=2)
    assert [client.get("usage").status_code for _ in range(3)] == [200, 200, 429]
    instance.ctl("keys", "limit", client.name, "--hour-limit", 4)
    assert [client.get("usage").status_code for _ in range(3)] == [200, 200, 429]


def test_credits(serve, one_day):
    instance = serve(dispatch="no", daily_job_limit=3)
    client = Client(instance)
    for _ in range(3):
        client.create()
    answer = client.post("generate", json={"prompt": "A", "image_url": URL})
    wait = int(answer.headers["Retry-After"])
    assert json_of(answer, 429) == {
        "error": "Rate limit exceeded",
        "details": "429 Too Many Requests",
        "retry_after": wait,
    }
    assert wait <= 86400
    usage = client.get("usage").json()
    assert (usage["total_jobs"], usage["credits_remaining"], usage["daily_limit"]) == (3, 0, 3)
