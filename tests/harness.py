"""Throwaway instances by ./quickstart serve, and what tests do with them."""

import contextlib
import os
import pathlib
import queue
import random
import re
import signal
import socket
import subprocess
import threading
import time

import requests

from waiting import patiently, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUICKSTART = ROOT / "quickstart"
MAKEFILE = pathlib.Path(os.environ.get("KINORA_BUILD", ROOT / "build")) / "Makefile"
# Of a process with a sanitizer, memory says nothing.
IS_SANITIZED = MAKEFILE.exists() and bool(re.search(r"^SAN_CFLAGS = .*-fsanitize", MAKEFILE.read_text(), re.MULTILINE))
# What a sanitizer says; and SIGILL, SIGABRT, SIGBUS, SIGFPE and SIGSEGV, which no test sends to a responder.
FAULT = re.compile(r"(Address|Leak|Thread)Sanitizer|runtime error:|kinora-fcgi \d+ was ended by signal (4|6|7|8|11)\b")


def fault_in(log):
    """The first complaint in a log and what follows it; "" when there is none."""
    found = FAULT.search(log)
    return log[found.start() :][:8000] if found else ""


def port_numbers():
    """Below those that the system hands out by itself; each process of xdist has 2,500 of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    first = 11000 + 2500 * (worker % 8)
    while True:
        yield from random.sample(range(first, first + 2500), 2500)


PORTS = port_numbers()


def free_ports(n):
    """Ports that are free now, and that nobody else is given until they are in use."""
    ports = []
    while len(ports) < n:
        port = next(PORTS)
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            ports.append(port)
    return ports


class Instance:
    """A running Kinora with all its files under `dir`. Options are those of kinora.conf; `append` is text
    with [worker …] sections."""

    def __init__(self, directory, append=None, env=None, **options):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.append = append
        self.env = env or {}
        self.process = None
        self.start()

    def start(self):
        """Also again after stop(): the same directory and data, new ports."""
        for attempts_left in (2, 1, 0):
            self.port, self.text_port = free_ports(2)
            self.url = f"http://127.0.0.1:{self.port}"
            self.text_url = f"http://127.0.0.1:{self.text_port}/api/v1"
            if self._start():
                return
            output = "".join(self.output)
            # Another program may take a port between free_ports() and nginx.
            if not attempts_left or not re.search("is taken|Address already in use", output):
                raise RuntimeError("no instance:\n" + output)

    def _start(self):
        command = [QUICKSTART, "serve", "--dir", self.dir, "--port", self.port, "--text-port", self.text_port]
        for name, value in self.options.items():
            command += ["--set", f"{name}={value}"]
        if self.append:
            sections = self.dir / "workers.conf"
            sections.write_text(self.append)
            command += ["--append", sections]
        self.output = []
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C is for pytest, which stops us
            env={**os.environ, "KINORA_TEST_INSTANCE": str(self.dir), **self.env},
        )
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=600)  # the first one builds
            except queue.Empty:
                line = None
            if line is None:
                self.stop(check=False)
                return False
            if line == "kinora: ready\n":
                return True

    def _read(self, lines):
        for line in self.process.stdout:
            self.output.append(line)
            lines.put(line)
        lines.put(None)

    def stop(self, check=True):
        """Asserts that it ended well."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=patiently(60))
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "no end after 60 s"
        self.process = None
        left = self._end_processes()
        if check:
            fault = fault_in(self.logs())
            assert not fault, fault
            assert not left, f"left running: {left}"
            assert status == 0, f"quickstart serve: {status}\n" + "".join(self.output)

    def _end_processes(self):
        """Kills what still runs some seconds after the end; orphans of a killed part end a bit later."""
        end = time.monotonic() + patiently(10)
        while self.processes() and time.monotonic() < end:
            time.sleep(0.05)
        left = self.processes()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return left

    def processes(self):
        """pid → command line of whatever this instance started and still runs."""
        found = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if self._is_ours(entry):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                pass  # it has just ended, or is not ours
        return {pid: line for pid, line in found.items() if line}  # zombies have none

    def _is_ours(self, entry):
        """By its environment, or by where it writes its errors: nginx puts its title over the environment."""
        environment = (entry / "environ").read_bytes().split(b"\0")
        if f"KINORA_TEST_INSTANCE={self.dir}".encode() in environment:
            return True
        return os.readlink(entry / "fd" / "2").startswith(f"{self.dir}/")

    def logs(self):
        """What the programs said on standard error."""
        return "".join(path.read_text(errors="replace") for path in (self.dir / "logs").glob("*.log"))

    def ctl(self, *args, check=True):
        """What kinoractl prints."""
        command = [str(QUICKSTART), "ctl", "--dir", str(self.dir), *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=patiently(60))
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def pid(self, program):
        """Of "nginx", "kinora-fcgi" or "kinorad"; None while it has no pid file."""
        try:
            return int((self.dir / "run" / f"{program}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def kill(self, program, sig=signal.SIGKILL):
        """Signals one part as soon as it is there; returns the pid that it had."""

        def signalled():
            pid = self.pid(program)
            with contextlib.suppress(ProcessLookupError):  # it has just ended, and its file is still there
                if pid:
                    os.kill(pid, sig)
                    return pid

        return wait_until(signalled)

    @property
    def fcgi_socket(self):
        return self.dir / "run" / "fcgi.sock"

    # --- an HTTP worker's part ---

    def claim(self, *classes, **more):
        """What /worker/v1/claim hands out, or None."""
        body = {"models": list(classes), "worker": "test", **more}
        answer = requests.post(f"{self.url}/worker/v1/claim", json=body, timeout=patiently(70))
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.status_code == 200 else None

    def report(self, claim, what, **body):
        """what: progress, complete, fail or release."""
        url = f"{self.url}/worker/v1/jobs/{claim['job']['id']}/{what}"
        return requests.post(url, json={"token": claim["token"], **body}, timeout=patiently(30))

    def put_asset(self, claim, name, data):
        return requests.put(
            f"{self.url}/worker/v1/jobs/{claim['job']['id']}/assets/{name}",
            data=data,
            headers={"X-Lease-Token": claim["token"]},
            timeout=patiently(60),
        )


def json_of(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()
