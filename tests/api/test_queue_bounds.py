"""max_queued and max_queued_per_owner: as many as may wait are taken, exactly; the rest hear when to come again."""

import collections
import concurrent.futures
import os

import pytest
import requests

from test_grok_imagine import DATA_URL
from test_vivid_flow import URL, Client
from waiting import patiently, wait_until

MAX = 20
PROMPT = {"model": "grok", "prompt": "A cat"}
FULL = "The queue is full; try again later"

# path, body, status of success, body of a refusal
CREATES = [
    ("/v1/video/generations", PROMPT, 201, {"detail": FULL}),
    ("/v1/videos/generations", PROMPT, 201, {"detail": FULL}),
    ("/api/generate", {"prompt": "A cat"}, 200, {"error": FULL}),
    ("/text-to-video/api/v1/generate", {"text": "A cat"}, 202, {"error": FULL}),
]


@pytest.fixture(scope="module")
def own(start_instance):
    return start_instance(dispatch="no", max_queued=MAX, max_queued_per_owner=5)


@pytest.fixture(autouse=True)
def empty_queue(own):
    while own.claim("*"):
        pass


def post(instance, path, body, **headers):
    return requests.post(instance.url + path, json=body, headers=headers, timeout=patiently(30))


def fill(instance):
    while post(instance, *CREATES[2][:2]).status_code == 200:
        pass


def test_as_many_as_may_wait(own):
    wanted = [CREATES[i % len(CREATES)] for i in range(100)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda one: post(own, *one[:2]), wanted))
    statuses = collections.Counter(answer.status_code for answer in answers)
    assert statuses.pop(503) == 100 - MAX
    assert set(statuses) <= {200, 201, 202} and sum(statuses.values()) == MAX
    for (path, _, status, refusal), answer in zip(wanted, answers):
        assert answer.status_code in (status, 503), path
        if answer.status_code == 503:
            assert answer.json() == refusal
            assert int(answer.headers["Retry-After"]) > 0
    # A place that becomes free is taken again, by one.
    assert own.claim("*")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(own, *CREATES[0][:2]).status_code, range(8)))
    assert sorted(answers) == [201] + [503] * 7


def test_a_refused_job_leaves_nothing(own):
    fill(own)
    jobs = own.dir / "jobs"
    before = sorted(os.listdir(jobs))
    assert post(own, "/v1/video/generations", {**PROMPT, "image": DATA_URL}).status_code == 503
    assert sorted(os.listdir(jobs)) == before
    wait_until(lambda: os.listdir(own.dir / "incoming") == [])  # that goes behind the answer


def test_a_repeated_request_is_none(own):
    """The job of an Idempotency-Key is there already."""
    first = post(own, *CREATES[0][:2], **{"Idempotency-Key": "once"})
    assert first.status_code == 201
    fill(own)
    again = post(own, *CREATES[0][:2], **{"Idempotency-Key": "once"})
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert post(own, *CREATES[0][:2], **{"Idempotency-Key": "other"}).status_code == 503


def test_as_many_of_an_owner(own, one_day):
    greedy, modest = Client(own), Client(own)
    body = {"prompt": "A sunset", "image_url": URL}
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: greedy.post("generate", json=body), range(12)))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429] * 7
    refused = next(answer for answer in answers if answer.status_code == 429)
    wait = int(refused.headers["Retry-After"])
    assert refused.json() == {
        "error": "Rate limit exceeded",
        "details": "Too many of your jobs wait; try again later",
        "retry_after": wait,
    }
    # What was refused costs nothing of the day's jobs.
    assert greedy.get("usage").json()["total_jobs"] == 5
    assert greedy.get("usage").json()["credits_remaining"] == modest.get("usage").json()["credits_remaining"] - 5
    modest.create()
    fill(own)
    answer = modest.post("generate", json=body)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert answer.json() == {"error": FULL, "details": FULL}
