"""A kinorad with its responder, alone in a directory, with workers that are small shell scripts."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from control_client import Control, request
from harness import fault_in
from waiting import patiently

BUILD = pathlib.Path(os.environ.get("KINORA_BUILD", pathlib.Path(__file__).resolve().parents[2]))
KINORAD = BUILD / "daemon/kinorad"
FCGI = BUILD / "fcgi/kinora-fcgi"
CTL = BUILD / "ctl/kinoractl"

# What libmagic takes for an MP4.
MP4 = r"printf '\000\000\000\030ftypmp42\000\000\000\000mp42isom\000\000\000\010mdat'"
DONE = MP4 + """ >out.mp4
echo '{"version":1}'
echo '{"type":"asset","name":"video","file":"out.mp4"}'
"""


def wait_for(check, seconds=30, every=0.01):
    """What check returns once it is true; fails after so many seconds."""
    end = time.monotonic() + patiently(seconds)
    while True:
        with contextlib.suppress(ConnectionError, FileNotFoundError, TimeoutError):
            value = check()
            if value:
                return value
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Pair:
    def __init__(self, path):
        self.path = path
        self.run = path / "run"
        self.work = path / "work"
        self.process = None
        self.prefix = []  # a command that starts kinorad
        self.sets = ["threads=8", "cache_size=8M", "log_level=debug"]
        self.workers = []
        self.log = open(path / "log", "wb")

    def worker(self, script, name="fake", serves="grok_imagine/grok", slots=1, deadline="30s", attempts=1):
        """A worker that is a shell script. The job is on its standard input."""
        program = self.path / f"worker-{name}"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        self.workers.append(f"[worker {name}]\nserves = {serves}\ncommand = {program}\nslots = {slots}\n"
                            f"deadline = {deadline}\nattempts = {attempts}\n")

    def arguments(self):
        conf = self.path / "kinora.conf"
        conf.write_text(f"data_path = {self.path}\n" + "\n".join(self.workers))
        return ["--conf", str(conf)] + [a for s in self.sets for a in ("--set", s)]

    def start(self):
        env = {"PATH": os.environ["PATH"], "KINORA_FCGI": str(FCGI)}
        env |= {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k == "KINORA_TESTS"}
        self.process = subprocess.Popen([*self.prefix, KINORAD, *self.arguments()], env=env, stderr=self.log)
        self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        return wait_for(lambda: self.call("ping")["pid"], seconds)

    def stop(self):
        """SIGTERM, and an orderly end."""
        self.process.terminate()
        assert self.process.wait(patiently(30)) == 0
        self.process = None

    def kill(self):
        """kill -9 of kinorad alone."""
        self.process.kill()
        self.process.wait()

    def clear(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(patiently(30))
        elif orphan := self.pid("kinora-fcgi"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
            wait_for(lambda: not is_alive(orphan))  # it may be at a file that rmtree() would find
        self.log.close()

    def pid(self, name):
        try:
            return int((self.run / f"{name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def control(self):
        return Control(self.run / "control.sock")

    def call(self, op, **body):
        with self.control() as control:
            return control.call(op, **body)

    def ctl(self, *args, code=0):
        done = subprocess.run([CTL, *self.arguments(), *args], capture_output=True, text=True, timeout=patiently(60))
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if "--json" in args else done.stdout + done.stderr

    def create(self, prompt="A sunset"):
        body = json.dumps({"model": "grok", "prompt": prompt}).encode()
        status, answer = request(self.run / "fcgi.sock", "POST", "/v1/video/generations", body)
        assert status in (200, 201, 202), answer
        return json.loads(answer)["id"]

    def job(self, job_id):
        return self.call("show", id=job_id)["job"]

    def wait_watched(self):
        """Until kinorad has an answer of its responder, which from then on has to answer soon. Returns its pid."""
        pid = self.wait_ready()
        wait_for(lambda: f"kinora-fcgi {pid} answers" in self.text())
        return pid

    def wait_compared(self):
        """Until the janitor has ended its first round, and rests for an hour."""
        wait_for(lambda: "files and records are compared" in (self.path / "log").read_text())

    def wait_state(self, job_id, state, seconds=60):
        """The job in that state. One that ended in another will not come to it any more."""
        wait_for(lambda: self.job(job_id)["state"] in (state, "completed", "failed", "cancelled"), seconds)
        job = self.job(job_id)
        assert job["state"] == state, (job, self.text()[-20000:])
        return job

    def text(self):
        return (self.path / "log").read_text(errors="replace")

    def processes(self):
        """Processes that carry this instance's work directory in their environment."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and f"KINORA_WORK_DIR={self.work}/".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
        return found


# A fixture that tests import: a second conftest.py would shadow the first where both are collected.
@pytest.fixture
def pair():
    # A socket's path has room for 107 bytes only: pytest's own directories can be too long.
    path = pathlib.Path(tempfile.mkdtemp(prefix="kinora-", dir="/tmp"))
    it = Pair(path)
    yield it
    it.clear()
    assert it.processes() == []
    text = it.text()
    shutil.rmtree(path)
    fault = fault_in(text)
    assert not fault, fault
