#!/usr/bin/python3
"""A worker for Kinora on another machine: takes jobs from /worker/v1 and has an engine make their files.

    worker.py --url https://video.example.org --token-file /etc/kinora-token \\
        --model vivid_flow/wan2.1 -- /opt/my-engine

The engine is any program that keeps the contract of workers/README.md, as Kinora's own do: started once per job in an
empty directory, the job as JSON on standard input, JSON lines on standard output (progress, log, asset, error),
exit status 0, 75 (try again) or another.

Reports go out in the background while the engine runs, and keep the lease. When the job is cancelled or the lease is
lost the engine is stopped; on SIGTERM the job is given back unharmed. What fails because the service is away or
overloaded (connection refused, 5xx, 429) is tried again, with growing pauses. The standard library is enough.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

WAIT = 30  # seconds of a long poll
GRACE = 10  # seconds from SIGTERM to SIGKILL
DELAY_MAX = 60
PATIENCE = 3600  # with a result that is made and only needs to be brought
EX_TEMPFAIL = 75


def say(text):
    print(text, file=sys.stderr, flush=True)


class Refused(Exception):
    """A 4xx: asking again would not help."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status, self.text = status, text


class Unreachable(Exception):
    pass


class Kinora:
    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/"), token

    def once(self, method, path, body=None, lease=None):
        """body: something for JSON, or the path of a file. The answer as JSON, or None."""
        headers = {"Content-Type": "application/json"}
        file = None
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if lease:
            headers["X-Lease-Token"] = lease
        if isinstance(body, pathlib.Path):
            headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(body.stat().st_size)}
            data = file = open(body, "rb")
        else:
            data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(self.url + path, data, headers, method=method)
            with urllib.request.urlopen(request, timeout=WAIT + 300) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        finally:
            if file:
                file.close()

    def call(self, *args, patience=PATIENCE, enough=None, **more):
        """once(), again and again until it is answered. enough: an Event that ends the waiting."""
        delay, end = 1, time.monotonic() + patience
        enough = enough or threading.Event()
        while True:
            try:
                return self.once(*args, **more)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                if error.code < 500 and error.code not in (408, 429):
                    raise Refused(error.code, text) from None
                fault = f"{error.code} {text}"
            except (OSError, http.client.HTTPException) as error:
                fault = repr(error)
            if time.monotonic() + delay > end or enough.wait(delay * random.uniform(0.5, 1)):
                raise Unreachable(fault)
            say(f"trying again: {fault}")
            delay = min(delay * 2, DELAY_MAX)

    def fetch(self, path, to):
        """An input; an ordinary GET, with the worker's token."""
        request = urllib.request.Request(self.url + path)
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        with urllib.request.urlopen(request, timeout=300) as answer, open(to, "wb") as file:
            while block := answer.read(1 << 20):
                file.write(block)


class Attempt:
    """One claim, from its answer to ours."""

    def __init__(self, kinora, claim, options):
        self.kinora, self.claim, self.options = kinora, claim, options
        self.lease = options.lease
        self.job = claim["job"]
        self.path = "/worker/v1/jobs/" + self.job["id"]
        self.process = None
        self.why = None  # it was ended: "cancelled", "lost" or "stopping"
        self.ended = threading.Event()
        self.news = threading.Condition()
        self.report, self.log, self.over = {}, [], False
        self.assets, self.error = {}, {}

    def call(self, method, what, body=None, **more):
        return self.kinora.call(method, f"{self.path}/{what}", body, lease=self.claim["token"], **more)

    # --- what the engine says ---

    def hear(self, line):
        try:
            said = json.loads(line)
            kind = said.pop("type", None)
            with self.news:
                if kind == "asset":
                    self.assets[str(said["name"])] = str(said["file"])
                elif kind == "error":
                    self.error = said
                elif kind == "progress":
                    self.report |= said
                elif kind == "log":
                    self.log.append(said["line"])
                self.news.notify()
        except (ValueError, AttributeError, KeyError, TypeError):
            say(f"{self.job['id']}: not understood: {line[:200]!r}")

    # --- what Kinora hears ---

    def beat(self):
        """Reports at once what is new, at most once a second, and every third of the lease in any case."""
        while True:
            with self.news:
                body = {"lease": self.lease, "log": self.log[:50], **self.report}
                del self.log[:50]
                self.report = {}
            try:
                if self.call("POST", "progress", body, patience=self.lease, enough=self.ended)["cancelled"]:
                    return self.end("cancelled")
            except Refused as error:
                if error.status in (404, 409):
                    return self.end("lost")
                say(f"{self.job['id']}: a report was refused: {error}")
            except Unreachable:
                pass  # perhaps the lease is lost; the service will say so
            if self.ended.wait(1):
                return
            with self.news:
                if not self.report and not self.log and not self.over:
                    self.news.wait(self.lease / 3 - 1)
                if self.over:
                    return

    def end(self, why):
        """Stops the engine with all that it has started."""
        if self.ended.is_set():
            return
        self.why = why
        self.ended.set()
        say(f"{self.job['id']}: {why}")
        self.signal(signal.SIGTERM)
        timer = threading.Timer(GRACE, self.signal, [signal.SIGKILL])
        timer.daemon = True
        timer.start()

    def signal(self, number):
        try:
            if self.process:
                os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    # --- the course of it ---

    def run(self):
        beats = threading.Thread(target=self.beat)
        beats.start()
        try:
            with tempfile.TemporaryDirectory(prefix="kinora-") as directory:
                status = self.make(pathlib.Path(directory))
                if not self.ended.is_set():
                    self.bring(pathlib.Path(directory), status)
            if self.why == "stopping":
                self.call("POST", "release", {}, patience=GRACE)
        except Refused as error:
            say(f"{self.job['id']}: {error}")
        except Unreachable as error:
            say(f"{self.job['id']}: given up: {error}")
        finally:
            with self.news:
                self.over = True
                self.news.notify()
            self.ended.set()
            beats.join()

    def make(self, directory):
        """The engine's exit status."""
        out = directory / "work"
        out.mkdir()
        inputs = []
        for given in self.job["inputs"]:
            file = directory / given["name"]
            try:
                self.kinora.fetch(f"{self.path}/inputs/{given['name']}", file)
            except OSError as error:
                self.error = {"code": "input", "message": f"An input could not be fetched: {error}"}
                return EX_TEMPFAIL
            inputs.append({"name": given["name"], "mime": given["mime"], "file": str(file)})
        options = dict(option.split("=", 1) for option in self.options.option)
        job = {**self.job, "version": 1, "attempt": self.claim["attempt"], "inputs": inputs, "options": options}
        description = directory / "job.json"
        description.write_text(json.dumps(job))
        if self.ended.is_set():
            return EX_TEMPFAIL
        with open(description) as stdin:
            try:
                self.process = subprocess.Popen(
                    self.options.engine, cwd=out, stdin=stdin, stdout=subprocess.PIPE, start_new_session=True
                )
            except OSError as error:
                self.error = {"message": f"The engine could not be started: {error.strerror}"}
                return EX_TEMPFAIL
        if self.ended.is_set():  # while it was being started
            self.signal(signal.SIGTERM)
        for line in self.process.stdout:
            self.hear(line)
        status = self.process.wait()
        self.signal(signal.SIGKILL)  # what it has left behind
        return status

    def bring(self, directory, status):
        if status == 0:
            try:
                for name, file in self.assets.items():
                    path = directory / "work" / file
                    if not path.is_file():
                        raise FileNotFoundError(f"The engine named a file that it did not make: {file}")
                    self.call("PUT", f"assets/{name}", path, enough=self.ended)
                self.call("POST", "complete", {}, enough=self.ended)
                return say(f"{self.job['id']}: completed")
            except (FileNotFoundError, Refused) as error:
                if isinstance(error, Refused) and error.status != 400:
                    raise
                self.error = {"message": str(error)}
        message = self.error.get("message", f"The engine ended with status {status}")
        body = {"code": self.error.get("code", "worker"), "message": message, "again": status == EX_TEMPFAIL}
        self.call("POST", "fail", body, enough=self.ended)
        say(f"{self.job['id']}: failed: {message}")


class Worker:
    def __init__(self, options):
        token = options.token_file.read_text().strip() if options.token_file else None
        self.kinora = Kinora(options.url, token)
        self.options = options
        self.attempt = None
        self.polling = False
        self.stopping = threading.Event()

    def stop(self, *_):
        self.stopping.set()
        if self.attempt:
            self.attempt.end("stopping")
        elif self.polling:
            raise SystemExit(0)  # the service sees that nobody waits any more

    def claim(self):
        body = {
            "models": self.options.model,
            "worker": self.options.name,
            "wait": WAIT,
            "lease": self.options.lease,
        }
        self.polling = True
        try:
            return self.kinora.call("POST", "/worker/v1/claim", body, patience=float("inf"), enough=self.stopping)
        finally:
            self.polling = False

    def run(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while not self.stopping.is_set():
            begun = time.monotonic()
            claim = self.claim()
            if claim:
                say(f"{claim['job']['id']}: attempt {claim['attempt']} of {claim['max_attempts']}")
                self.attempt = Attempt(self.kinora, claim, self.options)
                if self.stopping.is_set():
                    self.attempt.end("stopping")
                self.attempt.run()
                self.attempt = None
            elif time.monotonic() - begun < 1:
                time.sleep(1)  # too many wait already


def main():
    parser = argparse.ArgumentParser(description="A worker for Kinora on another machine.")
    parser.add_argument("--url", required=True, help="https://video.example.org")
    parser.add_argument("--token-file", type=pathlib.Path, help="holds the worker_token of the service")
    parser.add_argument("--model", action="append", help="a class of jobs, as vivid_flow/wan2.1; default: all")
    parser.add_argument("--name", default=socket.gethostname()[:64], help="for people; default: the host's")
    parser.add_argument("--lease", type=int, default=60, help="seconds of silence after which the job is another's")
    parser.add_argument("--option", action="append", default=[], help="NAME=VALUE for the engine")
    parser.add_argument("engine", nargs="+", help="the program and its arguments, after --")
    options = parser.parse_args()
    options.model = options.model or ["*"]
    try:
        Worker(options).run()
    except Refused as error:
        say(f"the service does not want us: {error}")
        return 1
    except Unreachable:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
