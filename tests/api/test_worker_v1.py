"""/worker/v1: claims, leases, fencing. docs/workers.md is what is promised."""

import concurrent.futures
import hashlib
import json
import threading
import time
import uuid

import pytest
import requests

from control_client import Control
from waiting import best_of, patiently, wait_until
from test_grok_imagine import DATA_URL, PNG, create, get, lines_of

CLASS = "grok_imagine/grok"


@pytest.fixture(scope="module")
def own(start_instance):
    return start_instance(dispatch="no")


@pytest.fixture(autouse=True)
def empty_queue(own):
    while own.claim("*"):
        pass


def claim_raw(instance, **body):
    return requests.post(instance.url + "/worker/v1/claim", json=body, timeout=patiently(60))


def test_claim(own):
    job = create(own, image=DATA_URL)
    got = own.claim(CLASS, lease=60)
    assert got == {
        "job": {
            "id": job["id"],
            "api": "grok_imagine",
            "model": "grok",
            "prompt": job["prompt"],
            "params": got["job"]["params"],
            "inputs": [
                {
                    "name": "image",
                    "mime": "image/png",
                    "bytes": len(PNG),
                    "sha256": hashlib.sha256(PNG).hexdigest(),
                    "url": f"{own.url}/worker/v1/jobs/{job['id']}/inputs/image",
                }
            ],
            "created_at": job["created_at"],
        },
        "token": got["token"],
        "attempt": 1,
        "max_attempts": got["max_attempts"],
        "lease": 60,
    }
    assert requests.get(got["job"]["inputs"][0]["url"]).content == PNG
    assert own.claim(CLASS) is None
    assert requests.get(got["job"]["inputs"][0]["url"][:-5] + "nothing").status_code == 404


def test_inputs_that_have_gone(own):
    """A retention, a delete, or somebody at the disk: to the worker it is one, and no fault of the service."""
    for is_expired in (True, False):
        job = create(own, image=DATA_URL)
        got = own.claim(CLASS)
        url = got["job"]["inputs"][0]["url"]
        if is_expired:
            assert own.report(got, "fail").status_code == 200
            with Control(own.dir / "run" / "control.sock") as control:
                control.call("expire", id=job["id"])
        else:
            (own.dir / "jobs" / job["id"] / "input-image.png").unlink()
        answer = requests.get(url)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), is_expired


def test_claim_by_class(own):
    job = create(own)
    assert own.claim("vivid_flow/wan2.1", "grok_3d/default") is None
    assert own.claim("vivid_flow/wan2.1", CLASS)["job"]["id"] == job["id"]
    job = create(own)
    assert own.claim("*")["job"]["id"] == job["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"models": []},
        {"models": "grok_imagine/grok"},
        {"models": ["grok"]},
        {"models": [1]},
        {"models": [CLASS] * 33},
        {"models": [CLASS], "wait": "long"},
        {"models": [CLASS], "worker": ""},
        {"models": [CLASS], "worker": "x" * 65},
    ],
)
def test_claim_faults(own, body):
    answer = claim_raw(own, **body)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid"


def test_long_poll_hears_of_a_job(own):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:

        def seconds():
            waiting = pool.submit(own.claim, CLASS, wait=20)
            time.sleep(0.5)
            job = create(own)
            created = time.monotonic()
            assert waiting.result()["job"]["id"] == job["id"]
            return time.monotonic() - created

        assert best_of(seconds, patiently(0.5)) < patiently(0.5)
    begun = time.monotonic()
    assert own.claim(CLASS, wait=1) is None
    assert 0.9 < time.monotonic() - begun < patiently(10)


def test_long_polls_leave_threads_for_others(own):
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        waiting = [pool.submit(own.claim, CLASS, wait=30) for _ in range(100)]
        wait_until(lambda: sum(not one.done() for one in waiting) <= 16)  # the others hear at once that there is nothing
        begun = time.monotonic()
        for _ in range(20):
            assert requests.get(own.url + "/").status_code == 200
        assert time.monotonic() - begun < patiently(20)
        ids = [create(own)["id"] for _ in range(sum(not one.done() for one in waiting))]
        got = [one.result() for one in waiting]
    taken = [claim["job"]["id"] for claim in got if claim]
    assert taken and len(taken) == len(set(taken)) and set(taken) <= set(ids)


def test_abandoned_long_poll_takes_no_job(own):
    def logged(path):
        return sum(line.get("path") == path for line in lines_of(own))

    marker = "/" + uuid.uuid4().hex
    assert requests.get(own.url + marker).status_code == 404
    wait_until(lambda: logged(marker))  # and all that was asked before
    before = logged("/worker/v1/claim")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(own.url + "/worker/v1/claim", json={"models": [CLASS], "wait": 30}, timeout=0.5)
    # The responder looks each second whether it is wanted still.
    wait_until(lambda: logged("/worker/v1/claim") > before, 15)
    job = create(own)
    time.sleep(0.5)
    assert get(own, job["id"])["status"] == "pending"


def test_progress(own):
    job = create(own)
    got = own.claim(CLASS)
    answer = own.report(got, "progress", progress=40, stage="render", message="Rendering", log=["one", "two"])
    assert (answer.status_code, answer.json()) == (200, {"cancelled": False, "state": "processing"})
    assert own.report(got, "progress").status_code == 200  # a heartbeat
    assert own.report(got, "progress", progress=41.9).status_code == 200
    assert json.loads(own.ctl("jobs", "show", job["id"], "--json"))["progress"] == 41
    assert own.report(got, "progress", progress="x").status_code == 400
    assert own.report(got, "progress", log="x").status_code == 400
    own.ctl("jobs", "cancel", job["id"])
    answer = own.report(got, "progress", progress=50)
    assert answer.json() == {"cancelled": True, "state": "cancelled"}
    assert own.report(got, "complete").status_code == 409


def test_complete(own, mp4):
    job = create(own)
    got = own.claim(CLASS)
    answer = own.report(got, "complete")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")
    assert "video" in answer.json()["message"]
    assert own.put_asset(got, "poster", mp4).status_code == 400
    assert own.put_asset(got, "video", b"no film").status_code == 400
    assert own.put_asset(got, "video", mp4).status_code == 204
    assert own.put_asset(got, "video", mp4).status_code == 204  # again is fine
    assert get(own, job["id"])["status"] == "processing"
    answer = own.report(got, "complete")
    assert answer.json() == {"cancelled": False, "state": "completed"}
    assert requests.get(get(own, job["id"])["video_url"]).content == mp4
    answer = own.report(got, "complete")
    assert (answer.status_code, answer.json()["error"]) == (409, "stale")


def test_multipart_asset(own, mp4):
    create(own)
    got = own.claim(CLASS)
    url = f"{own.url}/worker/v1/jobs/{got['job']['id']}/assets/video"
    assert requests.post(url, data={"token": got["token"]}).status_code == 400
    answer = requests.post(url, data={"token": got["token"]}, files={"file": ("x", mp4)})
    assert answer.status_code == 204, answer.text
    assert own.report(got, "complete").status_code == 200


def test_dead_token(own, mp4):
    job = create(own)
    got = own.claim(CLASS)
    forged = {**got, "token": "0" * 32}
    none = {**got, "token": ""}
    for claim in (forged, none):
        assert own.put_asset(claim, "video", mp4).status_code == 409
        for what in ("progress", "complete", "fail", "release"):
            assert own.report(claim, what).status_code == 409
    wait_until(lambda: list((own.dir / "incoming").iterdir()) == [])  # they go behind the answer
    assert get(own, job["id"])["status"] == "processing"
    stranger = {"job": {"id": "job_000000000000"}, "token": got["token"]}
    assert own.report(stranger, "progress").status_code == 404


def test_fail(own):
    job = create(own)
    got = own.claim(CLASS)
    assert own.report(got, "fail", code="gpu", message="out of memory").json()["state"] == "failed"
    assert get(own, job["id"])["error"] == "out of memory"


def test_release(own):
    job = create(own)
    got = own.claim(CLASS)
    assert own.report(got, "release").status_code == 204
    assert get(own, job["id"])["status"] == "pending"
    again = own.claim(CLASS)
    assert (again["job"]["id"], again["attempt"]) == (job["id"], 1)
    assert again["token"] != got["token"]
    assert own.report(got, "progress").status_code == 409


RETRYING = """
[worker retrying]
serves = grok_imagine/grok
command = /bin/true
slots = 1
deadline = 60
attempts = 2
"""


def test_a_lost_worker_is_replaced_and_shut_out(start_instance, mp4):
    instance = start_instance(append=RETRYING, dispatch="no")
    job = create(instance)
    lost = instance.claim(CLASS, lease=600)
    assert lost["max_attempts"] == 2
    assert instance.put_asset(lost, "video", mp4).status_code == 204
    assert instance.report(lost, "progress", lease=1).status_code == 200
    # Its lease ends, the backoff passes, and the long poll sees both.
    found = wait_until(lambda: instance.claim(CLASS, lease=600, wait=5))
    assert (found["job"]["id"], found["attempt"]) == (job["id"], 2)
    for what in ("progress", "complete", "fail", "release"):
        assert instance.report(lost, what).status_code == 409
    assert instance.put_asset(lost, "video", mp4).status_code == 409
    # What the lost one had brought does not count for its successor.
    assert instance.report(found, "complete").status_code == 400
    assert instance.put_asset(found, "video", mp4 + b"\0\0\0\x08free").status_code == 204
    assert instance.put_asset(lost, "video", mp4).status_code == 409
    assert instance.report(found, "complete").status_code == 200
    assert requests.get(get(instance, job["id"])["video_url"]).content == mp4 + b"\0\0\0\x08free"


def test_failing_again_and_again(start_instance):
    instance = start_instance(append=RETRYING, dispatch="no")
    job = create(instance)
    first = instance.claim(CLASS)
    begun = time.monotonic()
    assert instance.report(first, "fail", message="busy", again=True).json()["state"] == "queued"
    second = wait_until(lambda: instance.claim(CLASS, wait=5))
    assert 0.9 < time.monotonic() - begun < patiently(15)  # not at once
    assert instance.report(second, "fail", message="still busy", again=True).json()["state"] == "failed"
    assert get(instance, job["id"])["error"] == "still busy"


def test_progress_keeps_the_lease(own):
    """Each report, and nothing else; it ends so many seconds after the last word as that had."""
    job = create(own)
    got = own.claim(CLASS, lease=60)

    def until():
        return json.loads(own.ctl("jobs", "show", job["id"], "--json"))["lease"]["until"] / 1e6

    for _ in range(3):
        before = until()
        assert own.put_asset(got, "video", b"no film").status_code == 400
        assert until() == before
        reported = time.time()
        assert own.report(got, "progress", lease=60).status_code == 200
        assert reported + 60 <= until() <= time.time() + 60
    last = time.monotonic()
    assert own.report(got, "progress", lease=3).status_code == 200
    wait_until(lambda: get(own, job["id"])["status"] == "failed")
    assert time.monotonic() - last > 2.9
    assert own.report(got, "progress").status_code == 409


@pytest.mark.parametrize("lease", [30, 4000])
def test_a_report_extends_by_what_was_claimed(own, lease):
    """Neither a short lease becomes one of job_timeout_seconds by a report that does not mention it, nor a long one."""
    job = create(own)
    got = own.claim(CLASS, lease=lease)
    assert own.report(got, "progress", progress=1).status_code == 200
    shown = json.loads(own.ctl("jobs", "show", job["id"], "--json"))
    assert round((shown["lease"]["until"] - shown["updated"]) / 1e6) == lease


def test_workers_that_die_again_and_again(start_instance):
    """Queued again with growing pauses, up to the attempts that are configured; then failed, with their history."""
    instance = start_instance(append=RETRYING.replace("attempts = 2", "attempts = 3"), dispatch="no")
    job = create(instance)
    tokens, pauses, run_at = [], [], 0
    for attempt in (1, 2, 3):
        got = wait_until(lambda: instance.claim(CLASS, lease=1, wait=5))
        assert time.time() >= run_at
        assert (got["job"]["id"], got["attempt"], got["max_attempts"]) == (job["id"], attempt, 3)
        tokens.append(got["token"])
        wait_until(lambda: get(instance, job["id"])["status"] != "processing")
        shown = json.loads(instance.ctl("jobs", "show", job["id"], "--json"))
        run_at = shown["run_at"] / 1e6
        pauses.append(run_at - shown["updated"] / 1e6)
    assert len(set(tokens)) == 3
    assert 0.99 < pauses[0] < 2.01 and 1.99 < pauses[1] < 4.01
    failed = get(instance, job["id"])
    text = "Job timed out: no response from the worker in 1 seconds"
    assert (failed["status"], failed["error"]) == ("failed", text)
    assert shown["log"] == [
        "Attempt 1 of 3 by test: no response in 1 seconds",
        "Attempt 2 of 3 by test: no response in 1 seconds",
        f"Attempt 3 of 3 by test: {text}",
    ]
    assert instance.claim(CLASS, wait=1) is None


def test_16_claimers_share_the_jobs(own):
    ids = {create(own, prompt=f"job {i}")["id"] for i in range(100)}
    taken, lock = [], threading.Lock()

    def drain():
        while True:
            got = own.claim(CLASS)
            if got is None:
                return
            with lock:
                taken.append(got["job"]["id"])

    threads = [threading.Thread(target=drain) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_worker_token(start_instance):
    instance = start_instance(dispatch="no", worker_token="secret")
    body = {"models": ["*"]}
    assert claim_raw(instance, **body).status_code == 401
    answer = requests.post(
        instance.url + "/worker/v1/claim", json=body, headers={"Authorization": "Bearer secret"}
    )
    assert answer.status_code == 204
