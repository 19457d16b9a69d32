"""Throwaway instances by ./quickstart serve. KINORA_SLOW=1 adds the tests that take minutes."""

import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest
import requests

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUICKSTART = ROOT / "quickstart"


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; runs with KINORA_SLOW=1")


def pytest_collection_modifyitems(items):
    if os.environ.get("KINORA_SLOW"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="KINORA_SLOW is not set"))


def free_ports(n):
    """Ports that are free now and that the system does not hand out again at once."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Instance:
    """A running Kinora with all its files under `dir`. Options are those of kinora.conf; `append` is text
    with [worker …] sections."""

    def __init__(self, directory, append=None, **options):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.append = append
        self.process = None
        self.start()

    def start(self):
        self.port, self.text_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.text_url = f"http://127.0.0.1:{self.text_port}/api/v1"
        command = [QUICKSTART, "serve", "--dir", self.dir, "--port", self.port, "--text-port", self.text_port]
        for name, value in self.options.items():
            command += ["--set", f"{name}={value}"]
        if self.append:
            sections = self.dir / "workers.conf"
            sections.write_text(self.append)
            command += ["--append", sections]
        self.output = []
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=600)  # the first one builds
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                raise RuntimeError("no instance:\n" + "".join(self.output))
            if line == "kinora: ready\n":
                return

    def _read(self, lines):
        for line in self.process.stdout:
            self.output.append(line)
            lines.put(line)
        lines.put(None)

    def stop(self):
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process = None

    def ctl(self, *args, check=True):
        """What kinoractl prints."""
        command = [str(QUICKSTART), "ctl", "--dir", str(self.dir), *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def pid(self, program):
        """Of "nginx", "kinora-fcgi" or "kinorad"."""
        return int((self.dir / "run" / f"{program}.pid").read_text())

    @property
    def fcgi_socket(self):
        return self.dir / "run" / "fcgi.sock"

    # --- an HTTP worker's part ---

    def claim(self, *classes, **more):
        """What /worker/v1/claim hands out, or None."""
        body = {"models": list(classes), "worker": "test", **more}
        answer = requests.post(f"{self.url}/worker/v1/claim", json=body, timeout=70)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.status_code == 200 else None

    def report(self, claim, what, **body):
        """what: progress, complete, fail or release."""
        url = f"{self.url}/worker/v1/jobs/{claim['job']['id']}/{what}"
        return requests.post(url, json={"token": claim["token"], **body}, timeout=30)

    def put_asset(self, claim, name, data):
        return requests.put(
            f"{self.url}/worker/v1/jobs/{claim['job']['id']}/assets/{name}",
            data=data,
            headers={"X-Lease-Token": claim["token"]},
            timeout=60,
        )


@pytest.fixture(scope="session")
def start_instance():
    """A function that starts an instance of one's own; all of them end with the session."""
    instances = []
    top = tempfile.mkdtemp(prefix="kinora-test-")

    def start(append=None, **options):
        instance = Instance(f"{top}/{len(instances)}", append, **options)
        instances.append(instance)
        return instance

    yield start
    for instance in instances:
        instance.stop()
    shutil.rmtree(top, ignore_errors=True)


@pytest.fixture(scope="session")
def instance(start_instance):
    """The one that most tests share: no local workers, the tests are the workers."""
    return start_instance(dispatch="no")


def wait_until(condition, seconds=10, every=0.02):
    """The first true value of condition()."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)


@pytest.fixture(scope="session")
def mp4(tmp_path_factory):
    """The bytes of a small film."""
    path = tmp_path_factory.mktemp("media") / "film.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=1"]
        + ["-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path)],
        check=True,
    )
    return path.read_bytes()


def json_of(answer, status):
    assert answer.status_code == status, answer.text
    return json.loads(answer.text)
