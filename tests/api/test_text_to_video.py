"""Text-to-Video: the words of its document, as a client and a worker see them."""

import os
import time
import uuid

import pytest
import requests

from control_client import Control

CLASS = "text_to_video/default"


@pytest.fixture(params=["own port", "prefix"])
def url(instance, request):
    return instance.text_url if request.param == "own port" else f"{instance.url}/text-to-video/api/v1"


def create(instance, text="Once upon a time, in a faraway land..."):
    answer = requests.post(f"{instance.text_url}/generate", json={"text": text})
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


def claim(instance, job_id):
    """Claims until it is this job's turn; the others go back."""
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


def test_generate(url):
    answer = requests.post(f"{url}/generate", json={"text": "A story", "unknown": 1})
    assert answer.status_code == 202
    body = answer.json()
    assert uuid.UUID(body["job_id"]).version == 4
    assert body == {"job_id": body["job_id"], "status": "queued", "message": "Video generation started"}
    status = requests.get(f"{url}/status/{body['job_id']}").json()
    assert abs(status.pop("created_at") - time.time()) < 60
    assert status == {"status": "queued", "progress": 0, "message": "Job queued", "logs": []}


NO_TEXT = "No text provided in request body"
REFUSED = [
    (b"", NO_TEXT),
    (b"{}", NO_TEXT),
    (b"null", NO_TEXT),
    (b'{"text": null}', NO_TEXT),
    (b'{"text": ""}', NO_TEXT),
    (b'{"text": " \\n\\u3000"}', NO_TEXT),
    (b'{"text": 5}', "The text is not a string"),
    (b'{"text": ["a"]}', "The text is not a string"),
    (b'{"text": "a\\u0000b"}', "The body is not valid JSON"),
    (b'["text"]', "The request body is not a JSON object"),
    (b'"text"', "The request body is not a JSON object"),
    (b"{", "The body is not valid JSON"),
    (b'{"text": "a"} x', "The body is not valid JSON"),
    (b'{"text": "\xff"}', "The body is not valid JSON"),
    (b"[" * 100, "The body is not valid JSON"),
    ('{"text": "%s"}' % ("é" * 20001), "The text is too long: at most 20000 characters are allowed"),
    ('{"text": "a", "voice": "%s"}' % ("é" * 101), "The voice is too long: at most 100 characters are allowed"),
    ('{"text": "a", "language": "%s"}' % ("/" * 700000), "The language is too long: at most 100 characters are allowed"),
]


@pytest.mark.parametrize("body,error", REFUSED, ids=range(len(REFUSED)))
def test_refused(instance, body, error):
    data = body if isinstance(body, bytes) else body.encode()
    answer = requests.post(f"{instance.text_url}/generate", data=data, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_longest_text(instance):
    create(instance, "🎬" * 20000)


def test_body_over_the_cap(url):
    answer = requests.post(f"{url}/generate", json={"text": "x" * 3_000_000})
    assert answer.status_code == 400
    assert "too large" in answer.json()["error"]


def test_unknown_job(url):
    for what in ("status", "download"):
        for job_id in (uuid.uuid4(), "x", "..%2f..", "a%00b", "job_aaaaaaaaaaaa"):
            answer = requests.get(f"{url}/{what}/{job_id}")
            if job_id == "a%00b":
                assert answer.status_code == 400
            elif job_id != "..%2f..":
                assert (answer.status_code, answer.json()) == (404, {"error": "Job not found"})
            else:
                assert answer.status_code in (400, 404)


def test_a_line_end_belongs_to_the_id(instance, url):
    job_id = create(instance)
    for end in ("%0a", "%0ax", "%0a%0a"):
        answer = requests.get(f"{url}/status/{job_id}{end}")
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid path"}), end


def test_another_dialects_job(instance):
    job_id = requests.post(f"{instance.url}/api/generate", json={"prompt": "x"}).json()["job_id"]
    assert requests.get(f"{instance.text_url}/status/{job_id}").status_code == 404


def test_life(instance, mp4, url):
    job_id = create(instance)
    early = requests.get(f"{url}/download/{job_id}")
    assert (early.status_code, early.json()) == (400, {"error": "Video not ready for download"})

    got = claim(instance, job_id)
    assert got["job"]["params"]["text"].startswith("Once upon")
    status = requests.get(f"{url}/status/{job_id}").json()
    assert (status["status"], status["message"]) == ("processing", "Video generation started")
    report = {"progress": 60, "message": "Generating video search queries...", "log": ["Starting audio generation...", "Audio generation completed"]}
    assert instance.report(got, "progress", **report).status_code == 200
    status = requests.get(f"{url}/status/{job_id}").json()
    assert {k: status[k] for k in ("status", "progress", "message", "logs")} == {
        "status": "processing",
        "progress": 60,
        "message": report["message"],
        "logs": report["log"],
    }
    assert requests.get(f"{url}/download/{job_id}").status_code == 400
    # 100 is said when there is something to download.
    assert instance.report(got, "progress", progress=100).status_code == 200
    status = requests.get(f"{url}/status/{job_id}").json()
    assert (status["status"], status["progress"]) == ("processing", 99)

    assert instance.put_asset(got, "video", mp4).status_code == 204
    done = instance.report(got, "complete")
    assert done.status_code == 200, done.text
    status = requests.get(f"{url}/status/{job_id}").json()
    assert (status["status"], status["progress"], status["message"]) == ("completed", 100, "Video generation completed")
    assert requests.get(f"{url}/jobs").json()["jobs"][job_id]["output_file"] == f"output/video_{job_id}.mp4"

    film = requests.get(f"{url}/download/{job_id}")
    assert film.status_code == 200
    assert film.headers["Content-Type"] == "video/mp4"
    assert film.headers["Content-Disposition"] == f'attachment; filename="generated_video_{job_id}.mp4"'
    assert film.content == mp4
    part = requests.get(f"{url}/download/{job_id}", headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, mp4[4:12])


@pytest.fixture
def film(instance, mp4):
    """Of a completed job: its id, its file and what its download answers."""
    job_id = create(instance)
    got = claim(instance, job_id)
    assert instance.put_asset(got, "video", mp4).status_code == 204
    assert instance.report(got, "complete").status_code == 200
    path = instance.dir / "output" / f"video_{job_id}.mp4"

    def download():
        answer = requests.get(f"{instance.text_url}/download/{job_id}")
        return answer.status_code, answer.json()

    return job_id, path, download


def test_download_of_an_expired_film(instance, film):
    job_id, path, download = film
    with Control(instance.dir / "run" / "control.sock") as control:
        control.call("expire", id=job_id)
    assert not path.exists()
    assert "output_file" not in requests.get(f"{instance.text_url}/status/{job_id}").json()
    assert download() == (500, {"error": "Output file not found"})


def test_download_of_a_lost_film(film):
    film[1].unlink()
    assert film[2]() == (500, {"error": "Video file not found"})


def test_download_of_what_cannot_be_opened(film):
    _, path, download = film
    path.unlink()
    path.symlink_to(path.name)
    assert download() == (500, {"error": "Error sending file: Too many levels of symbolic links"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_download_of_what_may_not_be_read(film):
    film[1].chmod(0)
    assert film[2]() == (500, {"error": "Error sending file: Permission denied"})


def test_download_of_a_film_cut_short(film):
    _, path, download = film
    os.truncate(path, 100)
    assert download() == (500, {"error": "Error sending file: it is not the file that was stored"})


def test_failed(instance):
    job_id = create(instance)
    got = claim(instance, job_id)
    assert instance.report(got, "fail", code="voice", message="No voice for this text").status_code == 200
    status = requests.get(f"{instance.text_url}/status/{job_id}").json()
    assert (status["status"], status["message"]) == ("failed", "No voice for this text")
    answer = requests.get(f"{instance.text_url}/download/{job_id}")
    assert (answer.status_code, answer.json()) == (400, {"error": "Video not ready for download"})


def test_list(instance):
    ids = [create(instance, f"story {i}") for i in range(5)]
    jobs = requests.get(f"{instance.text_url}/jobs").json()["jobs"]
    assert list(jobs)[:5] == ids[::-1]
    assert set(jobs[ids[0]]) >= {"status", "progress", "message", "created_at", "logs"}
    first = requests.get(f"{instance.text_url}/jobs", params={"limit": 2}).json()["jobs"]
    assert list(first) == [ids[4], ids[3]]
    second = requests.get(f"{instance.text_url}/jobs", params={"limit": 2, "after": ids[3]}).json()["jobs"]
    assert list(second) == [ids[2], ids[1]]
    for limit in ("0", "1001", "x", "-1", "", "%ff", "1.5"):
        answer = requests.get(f"{instance.text_url}/jobs?limit={limit}")
        assert answer.status_code == 400 and "limit" in answer.json()["error"]
    assert requests.get(f"{instance.text_url}/jobs", params={"after": str(uuid.uuid4())}).status_code == 404


def test_idempotency_key(instance):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answers = [requests.post(f"{instance.text_url}/generate", json={"text": "once"}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    other = requests.post(f"{instance.text_url}/generate", json={"text": "twice"}, headers=headers)
    assert other.status_code == 422


def test_survives_a_restart(start_instance):
    own = start_instance(dispatch="no")
    job_id = create(own)
    before = requests.get(f"{own.text_url}/status/{job_id}").json()
    own.stop()
    own.start()
    assert requests.get(f"{own.text_url}/status/{job_id}").json() == before
