"""An instance under hostile requests, and what must hold meanwhile and afterwards."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import requests  # noqa: E402

from generator import Generator, Targets  # noqa: E402
from harness import Instance  # noqa: E402
from waiting import patiently, wait_until  # noqa: E402
from wire import Garbled, exchange  # noqa: E402

WORKER_TOKEN = "worker-secret"
OPTIONS = {
    "dispatch": "no",
    "worker_token": WORKER_TOKEN,
    # Small, so that hostile bodies reach the limits, and memory settles early.
    "max_image_size": "1M",
    "max_upload_size": "4M",
    "cache_size": "8M",
    "threads": 16,
    "link_secret": "secret",
    "daily_job_limit": 1000000000,
}
# What an answer with an error must hold, by dialect.
SHAPES = {
    "grok_imagine": ("detail",),
    "text_to_video": ("error",),
    "grok_3d": ("error",),
    "vivid_flow": ("error", "details"),
    "worker": ("error", "message"),
}
FAULTS_SHOWN = 20
GROWTH = 16 << 20  # bytes: what the threads hold once each has had a large request
SANITIZED = re.search("[at]san", os.environ.get("KINORA_BUILD", ""))


def film():
    made = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=1", "-pix_fmt", "yuv420p"]
        + ["-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"],
        check=True,
        stdout=subprocess.PIPE,
    )
    return made.stdout


class Campaign:
    def __init__(self, instance, seed):
        self.instance = instance
        self.seed = seed
        self.mp4 = film()
        self.lock = threading.Lock()
        self.statuses = collections.Counter()
        self.kinds = collections.Counter()
        self.silent = 0
        self.faults = []
        self.workers = {"X-Worker-Token": WORKER_TOKEN}
        self.keys = [self._key(name) for name in ("owner", "stranger")]
        self.targets = self._targets()

    # --- what there is to attack ---

    def _key(self, name):
        limits = ["--hour-limit", 1000000000, "--day-limit", 1000000000]
        return self.instance.ctl("keys", "create", "--name", f"{name}-{time.time_ns()}", *limits).split()[-1]

    def _post(self, path, body, status, **headers):
        answer = requests.post(self.instance.url + path, json=body, headers=headers, timeout=patiently(30))
        assert answer.status_code == status, answer.text
        return answer.json()

    def _targets(self):
        grok = [self._post("/v1/video/generations", {"model": "grok", "prompt": "x"}, 201)["id"] for _ in range(5)]
        vivid = {"prompt": "x", "model": "veo3.1", "image_url": "https://192.0.2.1/x.png"}
        ids = {
            "grok_imagine": grok,
            "text_to_video": [self._post("/text-to-video/api/v1/generate", {"text": "x."}, 202)["job_id"]],
            "grok_3d": [self._post("/api/generate", {"prompt": "x"}, 200)["job_id"]],
            "vivid_flow": [self._post("/api/v1/generate", vivid, 202, **{"X-API-Key": key})["job_id"] for key in self.keys],
        }
        claim = self._claim("grok_imagine/grok")
        self._finish(claim)
        return Targets(ids, claim["job"]["id"], self.keys[1], WORKER_TOKEN)

    def _claim(self, model):
        body = {"models": [model], "worker": "campaign", "lease": 3600}
        return self._post("/worker/v1/claim", body, 200, **self.workers)

    def _finish(self, claim):
        url = f"{self.instance.url}/worker/v1/jobs/{claim['job']['id']}"
        headers = {**self.workers, "X-Lease-Token": claim["token"]}
        answer = requests.put(f"{url}/assets/video", data=self.mp4, headers=headers, timeout=patiently(30))
        assert answer.status_code == 204, answer.text
        answer = requests.post(f"{url}/complete", json={}, headers=headers, timeout=patiently(30))
        assert answer.status_code == 200, answer.text

    # --- the attack ---

    def run(self, first, count, threads=8):
        numbers = iter(range(first, first + count))

        def work():
            generator = Generator(self.seed, self.targets)
            while True:
                with self.lock:
                    number = next(numbers, None)
                if number is None:
                    return
                self._attack(number, generator.request(number))

        crowd = [threading.Thread(target=work) for _ in range(threads)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()

    def _attack(self, number, request):
        port = self.instance.port if request.port == "main" else self.instance.text_port
        fault, answers = None, []
        try:
            answers = exchange(("127.0.0.1", port), request)
            fault = next(filter(None, (self._judge(request, answer) for answer in answers)), None)
        except (Garbled, TimeoutError, OSError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}"
        with self.lock:
            self.kinds[request.kind] += 1
            self.statuses.update(answer.status for answer in answers)
            self.silent += not answers
            if fault:
                self.faults.append(f"{number} ({request.kind}): {fault}\n    {b''.join(request.pieces)[:300]!r}")

    @staticmethod
    def _judge(request, answer):
        """What is wrong with an answer, or None."""
        status = answer.status
        if status < 400:
            return None
        text = f"{status} {answer.body[:200]!r}"
        if status == 503 and not answer.header("retry-after"):
            return f"503 without Retry-After: {text}"
        # 501: a Transfer-Encoding that nginx does not know. 505: HTTP/9.9.
        if status >= 500 and status not in (501, 503, 505, 507):
            return text
        if request.methods[0] == "HEAD" or not answer.body:
            return None if request.methods[0] == "HEAD" or len(request.methods) > 1 else f"no body: {text}"
        try:
            body = json.loads(answer.body)
        except ValueError:
            return f"no JSON: {text}"
        wanted = [SHAPES[request.dialect]] if request.dialect else [("detail",), ("error",)]
        return None if any(has_shape(body, shape) for shape in wanted) else f"not {wanted}: {text}"

    # --- afterwards ---

    def resources(self):
        """Bytes of its own memory and open descriptors of the responder. Not what is mapped: each thread maps
        libmagic's database, which is one in memory."""
        pid = self.instance.pid("kinora-fcgi")
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
        return rss * 1024, len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))

    def leftovers(self):
        """Files of uploads that are nobody's any more."""
        top = self.instance.dir
        places = [top / "incoming", top / "spool", *(top / "tmp").glob("*")]
        return [str(path) for place in places for path in place.rglob("*") if path.is_file()]

    def check_normal_job(self):
        """One that hostile requests do not reach: they ask for no veo3.1."""
        body = {"prompt": "x", "model": "veo3.1", "image_url": "https://192.0.2.1/x.png"}
        job = self._post("/api/v1/generate", body, 202, **{"X-API-Key": self.keys[0]})["job_id"]
        while (claim := self._claim("vivid_flow/veo3.1"))["job"]["id"] != job:
            pass
        self._finish(claim)
        headers = {"X-API-Key": self.keys[0]}
        answer = requests.get(f"{self.instance.url}/api/v1/status/{job}", headers=headers, timeout=patiently(30)).json()
        assert answer["status"] == "completed", answer
        assert requests.get(answer["result_url"], timeout=patiently(30)).content == self.mp4

    def check(self, pids):
        assert not self.faults, f"{len(self.faults)} faults; seed {self.seed}\n" + "\n".join(self.faults[:FAULTS_SHOWN])
        assert pids == self.pids(), "a part died"
        self.check_normal_job()
        assert wait_until(lambda: not self.leftovers() or None, 20), self.leftovers()
        self.instance.ctl("verify")

    def pids(self):
        return {name: self.instance.pid(name) for name in ("nginx", "kinora-fcgi", "kinorad")}

    def summary(self):
        return {
            "seed": self.seed,
            "requests": sum(self.kinds.values()),
            "kinds": dict(sorted(self.kinds.items())),
            "answers": sum(self.statuses.values()),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "unanswered": self.silent,
            "faults": len(self.faults),
        }


def has_shape(body, names):
    return isinstance(body, dict) and all(isinstance(body.get(name), (str, list)) and (body[name] or name == "details") for name in names)


def campaign(instance, seed, count, threads=8, progress=None):
    """Runs it, checks, and returns the figures. Memory and descriptors are compared with those after the first tenth."""
    it = Campaign(instance, seed)
    pids = it.pids()
    started = time.monotonic()
    warm = max(count // 10, 1)
    it.run(0, warm, threads)
    before = it.resources()
    for first in range(warm, count, 5000):
        it.run(first, min(5000, count - first), threads)
        if progress:
            progress(it.summary(), it.resources())
    it.check(pids)
    most = 1.25 * before[0] + GROWTH, before[1] + 8  # connections of nginx that are kept come and go
    end = time.monotonic() + (0 if SANITIZED else 100)  # the responder gives memory back once a minute
    after = it.resources()
    while (after[0] > most[0] or after[1] > most[1]) and time.monotonic() < end:
        time.sleep(1)
        after = it.resources()
    figures = {**it.summary(), "seconds": round(time.monotonic() - started), "before": before, "after": after}
    # A sanitizer keeps what was freed.
    assert SANITIZED or after[0] <= most[0], f"memory: {before[0]} bytes, then {after[0]}"
    assert after[1] <= most[1], f"descriptors: {before[1]}, then {after[1]}"
    return figures


__all__ = ["Campaign", "Generator", "Instance", "OPTIONS", "campaign"]
