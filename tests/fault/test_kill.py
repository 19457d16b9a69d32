"""kill -9 of each part while 8 clients create jobs and 4 workers claim them."""

import threading
import time

import pytest
import requests

from waiting import best_of, patiently, wait_until

CLASS = "grok_imagine/grok"


class Crowd:
    """What 8 clients and 4 workers were told."""

    def __init__(self, instance):
        self.instance, self.stopping = instance, threading.Event()
        self.created, self.claimed, self.faults = [], [], []
        self.threads = [threading.Thread(target=self.repeat, args=(self.create,)) for _ in range(8)]
        self.threads += [threading.Thread(target=self.repeat, args=(self.claim,)) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def repeat(self, step):
        with requests.Session() as session:
            while not self.stopping.wait(0.01):
                try:
                    step(session)
                except requests.RequestException:
                    pass  # not acknowledged
                except Exception as fault:
                    self.faults.append(repr(fault))

    def create(self, session):
        answer = session.post(f"{self.instance.url}/v1/video/generations", timeout=patiently(30),
                              json={"model": "grok", "prompt": "A lighthouse"})
        if answer.status_code == 201:
            self.created.append(answer.json()["id"])
        else:
            assert answer.status_code in (502, 503, 504), answer.text

    def claim(self, session):
        answer = session.post(f"{self.instance.url}/worker/v1/claim", timeout=patiently(30),
                              json={"models": [CLASS], "worker": "crowd", "lease": 3600})
        if answer.status_code == 200:
            self.claimed.append(answer.json()["job"]["id"])
        else:
            assert answer.status_code in (204, 502, 503, 504), answer.text

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(patiently(60))
            assert not thread.is_alive()


def all_ids(instance):
    ids, after = [], {}
    while True:
        page = requests.get(f"{instance.url}/jobs", params={"limit": 1000, **after}, timeout=patiently(20)).json()
        ids += [job["id"] for job in page["jobs"]]
        if len(page["jobs"]) < 1000:
            assert page["total"] == len(ids)
            return ids
        after = {"after": ids[-1]}


def seconds_until_back(instance, program):
    """From the kill to a job that is acknowledged by the new part."""
    before = instance.kill(program)
    began = time.monotonic()

    def is_back():
        try:
            return instance.pid(program) not in (None, before) and requests.post(
                f"{instance.url}/v1/video/generations", timeout=patiently(20), json={"model": "grok", "prompt": "A probe"}).ok
        except requests.RequestException:
            return False

    wait_until(is_back, 60)
    return time.monotonic() - began


@pytest.mark.parametrize("program", ["kinora-fcgi", "kinorad", "nginx"])
def test_kill_under_load(serve, program):
    own = serve(dispatch="no")
    crowd = Crowd(own)

    def seconds(rest):  # quickstart starts what dies once a second
        time.sleep(rest)
        return seconds_until_back(own, program)

    try:
        for rest in (2.5, 0.7):
            seconds(rest)
        best = best_of(lambda: seconds(1.5), patiently(2))
    finally:
        crowd.stop()
    assert not crowd.faults
    assert set(crowd.created) <= set(all_ids(own)), "a 201 was lost"
    assert len(crowd.claimed) == len(set(crowd.claimed)), "a job was claimed twice"
    assert len(crowd.created) > 20 and len(crowd.claimed) > 20
    assert best < patiently(2)
