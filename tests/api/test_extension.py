"""The browser extension's endpoints."""

import base64
import concurrent.futures
import time

import pytest
import requests

from test_grok_imagine import DATA_URL, PNG, create, get
from waiting import wait_until


@pytest.fixture(scope="module")
def own(start_instance):
    """Polls take the oldest job: nobody else may bring one. Its jobs time out after 300 s, as ever."""
    return start_instance(dispatch="no")


def poll(instance):
    answer = requests.get(instance.url + "/extension/poll")
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.status_code == 200 else None


@pytest.fixture(autouse=True)
def empty_queue(own):
    while poll(own):
        pass


def complete(instance, job_id, data, **fields):
    return requests.post(
        instance.url + "/extension/complete", data={"job_id": job_id, **fields}, files={"video": ("a.mp4", data)}
    )


def report(instance, job_id, error):
    return requests.post(instance.url + "/extension/error", json={"job_id": job_id, "error": error})


def test_nothing_to_do(own):
    answer = requests.get(own.url + "/extension/poll")
    assert (answer.status_code, answer.content) == (204, b"")


def test_the_oldest_first(own):
    jobs = [create(own, prompt=f"job {i}") for i in range(3)]
    assert poll(own) == {
        "job_id": jobs[0]["id"],
        "id": jobs[0]["id"],
        "model": "grok",
        "prompt": "job 0",
        "image": None,
        "created_at": jobs[0]["created_at"],
    }
    assert get(own, jobs[0]["id"])["status"] == "processing"
    assert poll(own)["id"] == jobs[1]["id"]
    assert poll(own)["id"] == jobs[2]["id"]


def test_a_head_takes_nothing(own):
    def head():
        answer = requests.head(own.url + "/extension/poll")
        assert answer.content == b""
        return answer.status_code

    assert head() == 204
    job = create(own)
    assert head() == head() == 200
    assert get(own, job["id"])["status"] == "pending"
    assert poll(own)["id"] == job["id"]
    assert head() == 204


def test_image_comes_as_it_was_given(own):
    create(own, image=DATA_URL)
    assert poll(own)["image"] == DATA_URL
    bare = base64.b64encode(PNG).decode()
    create(own, image=bare)
    assert poll(own)["image"] == bare


def test_an_image_that_has_gone(own):
    """Its job was deleted as it was polled, say: there is nothing to do."""
    job = create(own, image=DATA_URL)
    (own.dir / "jobs" / job["id"] / "input-image.png").unlink()
    assert poll(own) is None
    assert get(own, job["id"])["error"] == "The input image cannot be read"


def test_complete(own, mp4):
    job = create(own)
    assert complete(own, job["id"], mp4).status_code == 409  # nobody has polled it
    poll(own)
    answer = complete(own, job["id"], mp4)
    assert answer.status_code == 200
    assert answer.json() == get(own, job["id"])
    assert answer.json()["status"] == "completed"
    assert requests.get(answer.json()["video_url"]).content == mp4
    again = complete(own, job["id"], mp4)
    assert (again.status_code, again.json()) == (409, {"detail": "Job is not processing"})


def test_order_of_parts_does_not_matter(own, mp4):
    for order in (("job_id", "video"), ("video", "job_id")):
        job = create(own)
        poll(own)
        parts = {"job_id": (None, job["id"]), "video": ("v", mp4, "application/octet-stream")}
        answer = requests.post(own.url + "/extension/complete", files=[(name, parts[name]) for name in order])
        assert answer.status_code == 200, answer.text


def test_what_is_no_video_changes_nothing(own, mp4):
    job = create(own)
    poll(own)
    for data in (b"", b"not a video", PNG, b"<html>" * 100):
        answer = complete(own, job["id"], data)
        assert answer.status_code == 400, answer.text
        assert isinstance(answer.json()["detail"], str)
    assert get(own, job["id"])["status"] == "processing"
    assert requests.get(f"{own.url}/videos/{job['id']}.mp4").status_code == 404
    wait_until(lambda: list((own.dir / "incoming").iterdir()) == [])  # they go behind the answer
    assert complete(own, job["id"], mp4).status_code == 200


def test_complete_faults(own, mp4):
    missing = {"msg": "field required", "type": "value_error.missing"}
    for body in ({"data": {"x": "y"}}, {"files": {"x": b"y"}}, {}):
        answer = requests.post(own.url + "/extension/complete", **body)
        assert answer.status_code == 422
        assert answer.json() == {
            "detail": [{"loc": ["body", "job_id"], **missing}, {"loc": ["body", "video"], **missing}]
        }
    answer = requests.post(own.url + "/extension/complete", data={"job_id": "x", "video": "text"})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "video"])
    answer = complete(own, "job_000000000000", mp4)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Job not found"})


def test_error(own, mp4):
    job = create(own)
    assert report(own, job["id"], "x").status_code == 409
    poll(own)
    answer = report(own, job["id"], "Rate limit reached")
    assert answer.status_code == 200
    failed = get(own, job["id"])
    assert (failed["status"], failed["error"]) == ("failed", "Rate limit reached")
    assert abs(failed["failed_at"] - time.time()) < 60
    assert report(own, job["id"], "x").status_code == 409
    assert complete(own, job["id"], mp4).status_code == 409
    assert report(own, "job_000000000000", "x").json() == {"detail": "Job not found"}
    answer = requests.post(own.url + "/extension/error", json={"job_id": 1})
    assert [fault["type"] for fault in answer.json()["detail"]] == ["type_error.str", "value_error.missing"]


def test_a_job_of_another_worker_is_not_the_extensions(own, mp4):
    job = create(own)
    got = own.claim("grok_imagine/grok")
    assert got["job"]["id"] == job["id"]
    assert complete(own, job["id"], mp4).status_code == 409
    assert report(own, job["id"], "x").status_code == 409
    assert get(own, job["id"])["status"] == "processing"


def test_each_job_to_exactly_one_of_16_pollers(own):
    ids = {create(own, prompt=f"job {i}")["id"] for i in range(200)}

    def drain(_):
        got = []
        with requests.Session() as session:
            while True:
                answer = session.get(own.url + "/extension/poll")
                if answer.status_code == 204:
                    return got
                got.append(answer.json()["id"])

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        taken = [job_id for got in pool.map(drain, range(16)) for job_id in got]
    assert sorted(taken) == sorted(ids)


def test_silent_extension(start_instance, mp4):
    instance = start_instance(dispatch="no", job_timeout_seconds=1)
    waiting = create(instance, prompt="first")
    assert poll(instance)["id"] == waiting["id"]
    unpolled = create(instance, prompt="second")
    wait_until(lambda: get(instance, waiting["id"])["status"] != "processing", every=0.1)
    failed = get(instance, waiting["id"])
    assert (failed["status"], failed["error"]) == (
        "failed",
        "Job timed out: no response from the worker in 1 seconds",
    )
    assert complete(instance, waiting["id"], mp4).status_code == 409
    # Jobs that nobody has polled wait as long as it takes.
    assert get(instance, unpolled["id"])["status"] == "pending"


def test_token_guards_the_extension(start_instance):
    instance = start_instance(dispatch="no", worker_token="secret")
    url = instance.url + "/extension/poll"
    assert requests.get(url).status_code == 401
    assert requests.get(url, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert requests.get(url, headers={"Authorization": "Bearer secret"}).status_code == 204
