"""contrib/worker: the reference workers in sh and Python, against an instance that is well and one that is not."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
import requests

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from harness import ROOT  # noqa: E402
from test_grok_imagine import DATA_URL, PNG, create, get  # noqa: E402
from waiting import wait_until  # noqa: E402

CONTRIB = ROOT / "contrib/worker"
TOKEN = "a-worker-token-that-nobody-may-see"
CLASS = "grok_imagine/grok"
ATTEMPTS = """
[worker elsewhere]
serves = grok_imagine/grok
command = /bin/true
slots = 1
deadline = 60
attempts = 2
"""


@pytest.fixture(scope="module")
def own(start_instance):
    return start_instance(append=ATTEMPTS, dispatch="no", worker_token=TOKEN)


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def signal_those_there(pids, sig):
    for pid in pids:
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass


class Remote:
    """One of the two programs with an engine that is a shell script."""

    def __init__(self, kind, instance, path):
        self.kind, self.instance, self.path = kind, instance, path
        self.process = None
        self.token = path / "token"
        self.token.write_text(TOKEN + "\n")
        self.log = path / "log"

    def start(self, engine, lease=20):
        script = self.path / "engine"
        script.write_text("#!/bin/sh\n" + engine)
        script.chmod(0o755)
        if self.kind == "sh":
            command = [CONTRIB / "worker.sh", self.instance.url, CLASS, "--", script]
        else:
            command = ["/usr/bin/python3", CONTRIB / "worker.py", "--url", self.instance.url, "--model", CLASS]
            command += ["--token-file", self.token, "--lease", str(lease), "--", script]
        env = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.path),
            "KINORA_TOKEN_FILE": str(self.token),
            "KINORA_LEASE": str(lease),
            "REMOTE_TEST": str(self.path),
        }
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env=env, stderr=log, cwd=self.path)
        return self

    def processes(self):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if f"REMOTE_TEST={self.path}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def engines(self):
        """The engine and what it has started."""
        marks = (f"/bin/sh\0{self.path}/engine\0".encode(), b"sleep\0" + b"1000\0")
        return [pid for pid in self.processes() if command_line(pid) in marks]

    def pause(self, spared):
        """Stops the worker and what it starts, whatever comes and goes meanwhile."""
        paused = []
        while left := [pid for pid in [self.process.pid, *self.processes()] if pid not in spared + paused]:
            signal_those_there(left, signal.SIGSTOP)
            paused += left
        return paused

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        assert self.process.wait(60) == 0, self.log.read_text()
        self.process = None
        wait_until(lambda: not self.processes())


@pytest.fixture(params=["sh", "py"])
def remote(request, own, tmp_path):
    for job in requests.get(own.url + "/jobs").json()["jobs"]:
        if job["status"] in ("pending", "processing"):
            own.ctl("jobs", "cancel", job["id"], check=False)  # it may end meanwhile
    it = Remote(request.param, own, tmp_path)
    yield it
    it.stop()
    left = [path for path in tmp_path.iterdir() if path.name.startswith(("tmp.", "kinora-"))]
    assert left == []


@pytest.fixture
def film(mp4, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(mp4)
    return path


BEGIN = """cat >job.json
echo '{"version":1}'
"""
END = """cp %s out.mp4
echo '{"type":"asset","name":"video","file":"out.mp4"}'
"""


def shown(instance, job):
    return json.loads(instance.ctl("jobs", "show", job["id"], "--json"))


def ended(instance, job, status, seconds=60):
    wait_until(lambda: get(instance, job["id"])["status"] == status, seconds)
    return get(instance, job["id"])


def test_a_job_is_done(own, remote, film, mp4):
    go = remote.path / "go"
    remote.start(
        BEGIN + f"cp job.json {remote.path}/seen.json\n"
        'echo \'{"type":"progress","progress":40,"stage":"rendering","message":"It \\"renders\\""}\'\n'
        f"while [ ! -e {go} ]; do sleep 0.05; done\n" + END % film
    )
    job = create(own, prompt='A "cat", },"token":"deadbeef","attempt":9} \\ and\n"url":"x/inputs/y"')
    wait_until(lambda: shown(own, job).get("progress") == 40)
    state = shown(own, job)
    assert (state["stage"], state["message"]) == ("rendering", 'It "renders"')
    for pid in remote.processes() + [remote.process.pid]:
        assert TOKEN.encode() not in command_line(pid)
    go.touch()
    done = ended(own, job, "completed")
    assert requests.get(done["video_url"]).content == mp4
    seen = json.loads((remote.path / "seen.json").read_text())
    assert (seen["version"], seen["id"], seen["attempt"], seen["inputs"]) == (1, job["id"], 1, [])
    assert seen["prompt"] == job["prompt"]
    # And the next one
    ended(own, create(own), "completed")


def test_an_input(own, remote, film):
    remote.start(BEGIN + f"cp $(sed 's/.*\"file\": *\"\\([^\"]*\\)\".*/\\1/' job.json) {remote.path}/image\n" + END % film)
    ended(own, create(own, image=DATA_URL), "completed")
    assert (remote.path / "image").read_bytes() == PNG


@pytest.mark.parametrize(
    "engine, text",
    [
        ("exit 3\n", "The engine ended with status 3"),
        ('echo \'{"type":"error","code":"image","message":"No \\"good\\""}\'\nexit 1\n', 'No "good"'),
        ("exit 0\n", "video"),
        ('echo \'{"type":"asset","name":"video","file":"none.mp4"}\'\n', "a file that it did not make: none.mp4"),
    ],
)
def test_an_engine_that_fails(own, remote, engine, text):
    remote.start(BEGIN + engine)
    assert text in ended(own, create(own), "failed")["error"]


def test_an_engine_that_says_other_things_too(own, remote, film):
    remote.start(BEGIN + "echo '[1, 2]'\necho 5\necho '{\"type\":\"asset\"}'\necho loading\n" + END % film)
    ended(own, create(own), "completed")


def test_an_engine_that_is_not_there(own, remote):
    remote.start("")
    (remote.path / "engine").rename(remote.path / "gone")
    first = create(own)
    ended(own, first, "failed")
    (remote.path / "gone").rename(remote.path / "engine")
    assert remote.process.poll() is None


def test_another_try(own, remote, film):
    remote.start(BEGIN + f"[ -e {remote.path}/tried ] || {{ touch {remote.path}/tried; exit 75; }}\n" + END % film)
    job = create(own)
    ended(own, job, "completed")
    assert shown(own, job)["attempt"] == 2


LONG = BEGIN + """trap '' TERM
(trap '' TERM; exec sleep 1000) &
sleep 1000
"""


def test_cancelled(own, remote):
    remote.start(BEGIN + "sleep 1000 & sleep 1000\n")
    job = create(own)
    wait_until(remote.engines)
    own.ctl("jobs", "cancel", job["id"])
    wait_until(lambda: not remote.engines())
    assert remote.process.poll() is None


def test_sigterm_gives_the_job_back(own, remote):
    remote.start(BEGIN + "sleep 1000 & sleep 1000\n")
    job = create(own)
    wait_until(remote.engines)
    remote.stop()
    assert get(own, job["id"])["status"] == "pending"
    assert shown(own, job)["attempt"] == 0


def test_sigterm_while_it_waits(own, remote, film):
    remote.start(BEGIN + END % film)
    ended(own, create(own), "completed")  # so it runs, and asks for the next one
    time.sleep(1)
    begun = time.monotonic()
    remote.stop()
    assert time.monotonic() - begun < 15  # of a poll that lasts for 30 s


def test_a_stubborn_engine(own, remote):
    remote.start(LONG)
    job = create(own)
    wait_until(remote.engines)
    remote.stop()
    assert get(own, job["id"])["status"] == "pending"


def test_a_lost_lease(own, remote):
    """The worker sleeps through its lease: its engine must not go on for a job that is another's."""
    remote.start(BEGIN + "sleep 1000\n", lease=4)
    job = create(own)
    wait_until(remote.engines)
    first = remote.engines()
    claim = {}

    def claimed():
        answer = requests.post(
            own.url + "/worker/v1/claim",
            json={"models": [CLASS], "worker": "other", "wait": 5, "lease": 60},
            headers={"Authorization": "Bearer " + TOKEN},
        )
        claim.update(answer.json() if answer.status_code == 200 else {})
        return claim

    paused = remote.pause(first)
    try:
        wait_until(claimed, 60)
        assert claim["job"]["id"] == job["id"] and claim["attempt"] == 2
    finally:
        signal_those_there(paused, signal.SIGCONT)
    wait_until(lambda: not set(first) & set(remote.engines()))
    assert shown(own, job)["lease"]["worker"] == "other"


def test_a_responder_that_dies(own, remote, film):
    """While the worker waits for a job, while the engine runs, and while the film is brought."""
    go = remote.path / "go"
    remote.start(BEGIN + f"while [ ! -e {go} ]; do sleep 0.05; done\n" + END % film, lease=60)
    time.sleep(0.5)
    own.kill("kinora-fcgi")
    job = create_patiently(own)
    wait_until(remote.engines, 30)  # not for the state: the claim's answer could die with the responder
    own.kill("kinora-fcgi")
    time.sleep(0.2)
    go.touch()
    for _ in range(5):
        time.sleep(0.15)
        own.kill("kinora-fcgi")
    ended(own, job, "completed", 120)
    assert shown(own, job)["attempt"] == 1


def create_patiently(instance):
    def tried():
        answer = requests.post(instance.url + "/v1/video/generations", json={"model": "grok", "prompt": "A cat"})
        return answer.json() if answer.status_code == 201 else None

    return wait_until(tried)


def test_nobody_is_there(remote, tmp_path):
    """Connection refused: it waits, and ends when it is told to."""

    class Nowhere:
        url = "http://127.0.0.1:9"

    remote.instance = Nowhere
    remote.start(BEGIN)
    wait_until(lambda: "trying again" in remote.log.read_text())
    remote.stop()


def test_a_wrong_token(own, remote):
    remote.token.write_text("wrong\n")
    remote.start(BEGIN)
    assert remote.process.wait(60) == 1
    assert "does not want us" in remote.log.read_text()
    remote.process = None


@pytest.mark.parametrize("words", [[], ["http://127.0.0.1:1"], ["http://127.0.0.1:1", CLASS, "--"]])
def test_how_it_is_called(words):
    done = subprocess.run([CONTRIB / "worker.sh", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 64 and "worker.sh URL" in done.stderr and "not set" not in done.stderr, done
