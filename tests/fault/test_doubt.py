"""A log that finds no space leaves open what was committed: it is said so, nothing is built on it, and then it is known."""

import signal

import pytest
import requests

from disk import STORE_LOG
from waiting import patiently, wait_until

FULL = "Not enough storage space"


def create(rig, prompt):
    headers = {"Idempotency-Key": prompt}
    body = {"model": "grok", "prompt": prompt}
    return requests.post(f"{rig.url}/v1/video/generations", json=body, headers=headers, timeout=patiently(60))


def prompts(rig):
    return [job["prompt"] for job in requests.get(f"{rig.url}/v1/video/generations", timeout=patiently(60)).json()["jobs"]]


def fill(rig):
    """The log's disk is full from the first create on that is answered so."""
    if rig.disk.shim is None:
        pytest.skip("a build with sanitizers takes no preloaded shim")
    assert create(rig, "before").status_code in (200, 201)
    rig.disk.set(write_enospc=10000, kinds=1 << STORE_LOG)
    answer = create(rig, "in doubt")
    assert answer.status_code == 507 and "whether this was stored" in answer.text
    for i in range(3):
        answer = create(rig, f"refused {i}")
        assert answer.status_code == 507 and "whether" not in answer.text and FULL in answer.text


def test_space_returns(rig):
    fill(rig)
    pid = rig.pid("kinora-fcgi")
    assert "before" in prompts(rig), "reads go on"
    rig.disk.set()
    wait_until(lambda: create(rig, "after").status_code in (200, 201), 30)
    assert rig.pid("kinora-fcgi") == pid, "nothing had to be recovered"
    found = prompts(rig)
    assert sorted(found) == ["after", "before", "in doubt"], "it happened; what was refused did not"
    assert create(rig, "in doubt").status_code in (200, 201)
    assert sorted(prompts(rig)) == sorted(found), "the same key is the same job"


def test_a_crash_before_that(rig):
    """What was in doubt is there or not; what was refused is not; asking again makes one of it."""
    fill(rig)
    rig.signal_part("kinora-fcgi", signal.SIGKILL)
    rig.disk.set()
    wait_until(lambda: create(rig, "in doubt").status_code in (200, 201), 30)
    assert sorted(prompts(rig)) == ["before", "in doubt"]
