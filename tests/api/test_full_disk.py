"""A full disk: new jobs are refused in clear words, everything else goes on as far as it can, nothing acknowledged
is lost, and all is well again when there is space. On a small tmpfs where one may be mounted, and with a library
that makes writes fail, which always works."""

import collections
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import pytest
import requests

from harness import ROOT, Instance
from test_grok_imagine import create, get
from test_vivid_flow import URL, Client
from waiting import patiently, wait_until

HERE = pathlib.Path(__file__).resolve().parent
FULL = "Not enough storage space"
CREATES = [
    ("/v1/video/generations", {"model": "grok", "prompt": "A cat"}, 201, {"detail": FULL}),
    ("/v1/videos/generations", {"model": "grok", "prompt": "A cat"}, 201, {"detail": FULL}),
    ("/api/generate", {"prompt": "A cat"}, 200, {"error": FULL}),
    ("/text-to-video/api/v1/generate", {"text": "A cat"}, 202, {"error": FULL}),
]
CLASS = "grok_imagine/grok"


class SmallDisk:
    """A tmpfs of 128 MB. The store takes its reserve when it finds room for it, so there must be some."""

    has_reserve = True

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self.env = {}
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m", "none", path], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")

    def fill(self):
        with open(self.path / "filler", "ab", buffering=0) as filler:
            for size in (1 << 20, 4096):
                try:
                    while filler.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        (self.path / "filler").unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=True)


class NoSpace:
    """no_space.c, preloaded into every program of the instance. Giving up the reserve helps nothing there."""

    has_reserve = False

    def __init__(self, path):
        self.path = path
        path.mkdir()
        library, self.flag = path / "no_space.so", path / "full"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "no_space.c", "-ldl"], check=True)
        preload = " ".join(filter(None, [str(library), os.environ.get("LD_PRELOAD")]))
        self.env = {
            "LD_PRELOAD": preload,
            "NO_SPACE": str(self.flag),
            # It wants to be the first that is loaded.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }

    def fill(self):
        self.flag.touch()

    def free(self):
        self.flag.unlink(missing_ok=True)

    def close(self):
        pass


@pytest.fixture(params=[SmallDisk, NoSpace], ids=["tmpfs", "preload"])
def disk(request):
    top = pathlib.Path(tempfile.mkdtemp(prefix="kinora-full-"))
    disk = request.param(top / "disk")
    yield disk
    disk.close()
    shutil.rmtree(top)


@pytest.fixture
def start(disk):
    instances = []

    def start(append=None, **options):
        instance = Instance(disk.path / "data", append, disk.env, **options)
        instances.append(instance)
        return instance

    yield start
    disk.free()
    for instance in instances:
        instance.stop()


def post(instance, path, body):
    return requests.post(instance.url + path, json=body, timeout=patiently(30))


def is_refused(instance):
    return post(instance, *CREATES[0][:2]).status_code == 507


def wait_for_reserve(instance):
    ballast = instance.dir / "store" / "ballast"
    wait_until(lambda: ballast.exists() and ballast.stat().st_size > 0)


def is_taken(instance):
    return post(instance, *CREATES[0][:2]).status_code == 201


def test_what_is_refused_and_what_goes_on(start, disk, mp4):
    instance = start(dispatch="no")
    client = Client(instance)
    done = create(instance)
    claim = instance.claim(CLASS)
    assert instance.put_asset(claim, "video", mp4).status_code == 204
    assert instance.report(claim, "complete").status_code == 200
    waiting, running = create(instance), create(instance)
    if disk.has_reserve:
        wait_for_reserve(instance)
    claim = instance.claim(CLASS)

    disk.fill()
    wait_until(lambda: is_refused(instance))
    for path, body, _, refusal in CREATES:
        answer = post(instance, path, body)
        assert (answer.status_code, answer.json()) == (507, refusal), path
    answer = client.post("generate", json={"prompt": "A", "image_url": URL})
    assert (answer.status_code, answer.json()) == (507, {"error": FULL, "details": FULL})
    answer = instance.put_asset(claim, "video", mp4)
    assert (answer.status_code, answer.json()) == (507, {"error": "full", "message": FULL})
    # Reads
    assert get(instance, done["id"])["status"] == "completed"
    assert requests.get(get(instance, done["id"])["video_url"]).content == mp4
    assert {get(instance, waiting["id"])["status"], get(instance, running["id"])["status"]} == {"pending", "processing"}
    assert requests.get(instance.url + "/jobs").json()["total"] == 3
    assert client.get("history").status_code == 200
    instance.ctl("stats")

    disk.free()
    wait_until(lambda: is_taken(instance))
    for path, body, status, _ in CREATES:
        assert post(instance, path, body).status_code == status, path
    client.create()
    assert instance.put_asset(claim, "video", mp4).status_code == 204
    assert instance.report(claim, "complete").status_code == 200
    assert "new jobs again" in instance.logs()


def is_alive(pid):
    return pid is not None and pathlib.Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("disk", [SmallDisk], ids=["tmpfs"], indirect=True)
def test_jobs_end_and_parts_start_on_a_full_disk(start, disk, mp4):
    """What the reserve is for."""
    instance = start(dispatch="no")
    failed, finished = create(instance), create(instance)
    wait_for_reserve(instance)
    first, second = instance.claim(CLASS), instance.claim(CLASS)
    assert instance.put_asset(second, "video", mp4).status_code == 204
    disk.fill()
    wait_until(lambda: is_refused(instance))
    assert instance.report(first, "progress", progress=50).status_code == 200
    assert instance.report(first, "fail", message="no space for it").status_code == 200
    assert instance.report(second, "complete").status_code == 200
    assert get(instance, failed["id"])["error"] == "no space for it"
    assert get(instance, finished["id"])["status"] == "completed"
    # A restart on the full disk finds all of it, though not even a pid file can be written there.
    for parts in (["kinora-fcgi"], ["kinorad", "kinora-fcgi"]):
        wait_until(lambda: all(is_alive(instance.pid(part)) for part in parts))  # the files come when there is space
        disk.fill()
        for part in parts:
            instance.kill(part)
        if "kinorad" in parts:
            disk.fill()  # nobody is there yet to give up the reserve
        wait_until(lambda: requests.get(instance.url + "/jobs").status_code == 200, 60)
        assert get(instance, failed["id"])["error"] == "no space for it"
        assert get(instance, finished["id"])["status"] == "completed"
        wait_until(lambda: is_refused(instance))
        disk.free()
        wait_until(lambda: is_taken(instance))
        wait_for_reserve(instance)


def test_nothing_acknowledged_is_lost(start, disk):
    """Creates without end, while the disk fills and empties and the responder is killed."""
    instance = start(dispatch="no")
    acknowledged, answers, stop = {}, collections.Counter(), threading.Event()
    lock = threading.Lock()

    def ask(number):
        n = 0
        while not stop.is_set():
            n += 1
            prompt = f"{number}/{n}"
            try:
                answer = post(instance, "/v1/video/generations", {"model": "grok", "prompt": prompt})
            except requests.ConnectionError:
                continue
            with lock:
                answers[answer.status_code] += 1
                if answer.status_code == 201:
                    acknowledged[answer.json()["id"]] = prompt

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for kill in (False, True, False):
        time.sleep(1.2)
        disk.fill()
        wait_until(lambda: is_refused(instance))
        if kill:
            instance.kill("kinora-fcgi")
        if disk.has_reserve:
            wait_until(lambda: is_refused(instance))
        time.sleep(0.5)
        disk.free()
        wait_until(lambda: is_taken(instance))
    stop.set()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 503, 507} and answers[507] > 0, answers
    instance.kill("kinora-fcgi")
    for job_id, prompt in acknowledged.items():
        job = get(instance, job_id)
        assert (job["prompt"], job["status"]) == (prompt, "pending")


WORKER = """
[worker fake]
serves = grok_imagine/grok
command = {script}
slots = 1
deadline = {deadline}
attempts = 1
"""


@pytest.mark.parametrize("disk", [SmallDisk], ids=["tmpfs"], indirect=True)
def test_a_local_worker_without_space(start, disk, tmp_path):
    """The engine that comes along, on a disk that is full when it wants to write its film."""
    go, ended, script, pid = (tmp_path / name for name in ("go", "ended", "worker", "pid"))
    build = pathlib.Path(os.environ.get("KINORA_BUILD", ROOT / "build"))
    motion = build / "root/libexec/kinora/workers/motion"
    script.write_text(f"#!/bin/sh\necho $$ >{pid}\nwhile [ ! -e {go} ]; do sleep 0.05; done\n"
                      f"{motion}\nstatus=$?\ntouch {ended}\nexit $status\n")
    script.chmod(0o755)
    instance = start(append=WORKER.format(script=script, deadline=int(patiently(300))))
    job = create(instance)
    wait_until(lambda: get(instance, job["id"])["status"] == "processing")
    wait_for_reserve(instance)
    disk.fill()
    wait_until(lambda: is_refused(instance))
    go.touch()

    def fill():  # the reserve, too
        disk.fill()
        return ended.exists()

    wait_until(fill, 300)
    wait_until(lambda: not is_alive(int(pid.read_text())))  # kinorad has heard of its end
    time.sleep(2)  # until it has had a look at the disk
    assert get(instance, job["id"])["status"] in ("processing", "failed")
    disk.free()
    wait_until(lambda: get(instance, job["id"])["status"] == "failed")
    assert get(instance, job["id"])["error"].startswith(FULL + ": The video could not be encoded")
    wait_until(lambda: is_taken(instance))
    job = create(instance)
    wait_until(lambda: get(instance, job["id"])["status"] == "completed", 300)
