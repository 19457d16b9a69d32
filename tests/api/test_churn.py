"""Every read that there is, beside every write, on few jobs: what was found in a list, or a moment ago, may be gone
or something else when it is looked at. KINORA_CHURN_SECONDS=N goes on for longer."""

import base64
import collections
import http.client
import json
import os
import random
import re
import subprocess
import threading
import time

from control_client import Control, ControlError
from harness import QUICKSTART, fault_in
from test_grok_imagine import PNG
from waiting import patiently, wait_until

SECONDS = float(os.environ.get("KINORA_CHURN_SECONDS", 5))
KEPT = 12  # jobs; the oldest beyond that are deleted
URL = "https://example.org/picture.png"
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb")
ASSETS = {  # what workers bring; each ends with END, so that one that is cut off is seen
    "video": [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x10mdat"],
    "captions": [b"1\n00:00:00,000 --> 00:00:01,000\nHello\n\n2\n00:00:01,000 --> 00:00:02,000\n"],
    "image": [PNG, JPEG],  # of two names on the disk
    "glb": [b"glTF\2\0\0\0\0\1\0\0"],
    "usdz": [b"PK\3\4" + bytes(22) + b"\x0a\0" + bytes(2) + b"model.usda"],
}
NAMES = {"grok_imagine": ["video"], "text_to_video": ["captions", "video"], "grok_3d": ["image", "glb", "usdz"],
         "vivid_flow": ["video"]}
STATUSES = ["pending", "processing", "completed", "failed"]
STATES = ["queued", *STATUSES[1:], "cancelled"]
GROK, TEXT = "/v1/video/generations", "/text-to-video/api/v1"
READS = {  # by whose job ID is
    "grok_imagine": [GROK, f"{GROK}?limit=1", f"{GROK}?after=ID&limit=2", *(f"{GROK}?status={s}" for s in STATUSES), "/jobs",
                     f"{GROK}/ID", "/v1/videos/generations", "/v1/videos/generations/ID", "/videos/ID.mp4", "/",
                     "/worker/v1/jobs/ID/inputs/image", "/extension/poll"],
    "text_to_video": [f"{TEXT}/jobs", f"{TEXT}/jobs?limit=2", f"{TEXT}/jobs?after=ID", f"{TEXT}/status/ID", f"{TEXT}/download/ID"],
    "grok_3d": ["/api/status/ID", *(f"/api/asset/ID?asset_type={name}" for name in NAMES["grok_3d"]), "/api/examples",
                "/api/asset/ex_xai-robot?asset_type=image", "/api/status/ex_xai-robot"],
    "vivid_flow": ["/api/v1/status/ID", "/api/v1/history", "/api/v1/history?limit=1", "/api/v1/usage", "/results/ID.mp4",
                   "/worker/v1/jobs/ID/inputs/image"],
}
NEWEST = [f"{GROK}?limit=1", f"{TEXT}/jobs?limit=1", "/api/v1/history?limit=1"]
FILE = re.compile(r"/(videos|results|.*/download|api/asset)/(?!ex_)")
SHAPES = [  # of errors, by how the path begins
    ("/text-to-video/", {"error"}), ("/api/v1/", {"error", "details"}), ("/results/", {"error", "details"}),
    ("/api/", {"error"}), ("/worker/", {"error", "message"}), ("/", {"detail"}),
]
# Text-to-Video's document has these for films that are gone.
LOST_FILM = re.compile(rb"Output file not found|Video file not found|Error sending file")


class Churn:
    """What the threads share."""

    def __init__(self, instance, key):
        self.instance, self.key = instance, key
        self.ids = {api: collections.deque(["none0000"], 6) for api in NAMES}
        self.links = collections.deque(["/results/00000000-0000-4000-8000-000000000000.mp4?md5=x"], 6)
        self.claims = collections.deque(maxlen=6)
        self.faults = []
        self.answers = collections.Counter()
        self.end = time.monotonic() + SECONDS

    def control(self, op, **body):
        """None when it was refused, as what has changed meanwhile may be."""
        try:
            with Control(self.instance.dir / "run" / "control.sock") as control:
                return control.call(op, **body)
        except ControlError as refusal:
            if refusal.name not in ("conflict", "not_found", "gone", "exists", "busy"):
                self.faults.append(f"{op} {body}: {refusal}")


class Actor(threading.Thread):
    """Does one thing after another until the time is up."""

    def __init__(self, churn, seed, *steps):
        super().__init__(daemon=True)
        self.churn, self.rng, self.steps = churn, random.Random(seed), steps
        self.connection = http.client.HTTPConnection("127.0.0.1", churn.instance.port, timeout=patiently(30))

    def run(self):
        try:
            while time.monotonic() < self.churn.end:
                self.rng.choice(self.steps)(self)
        except Exception as fault:
            self.churn.faults.append(f"{type(fault).__name__}: {fault}")
        finally:
            self.connection.close()

    def ask(self, method, path, body=None, **headers):
        """status, body. An answer that cannot be is a fault."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if re.match("/api/v1/|/results/", path):
            headers["X-API-Key"] = self.churn.key
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        self.churn.answers[answer.status] += 1
        fault = self.fault_of(method, path, answer.status, data)
        if fault:
            self.churn.faults.append(f"{method} {path}: {answer.status} {fault}: {data[:300]}")
        return answer.status, data

    def fault_of(self, method, path, status, data):
        if method == "HEAD":
            return "has a body" if data else None
        if status >= 500 and not ("/download/" in path and LOST_FILM.search(data)):
            return "is no answer"
        if status >= 400:
            shape = next(shape for begin, shape in SHAPES if path.startswith(begin))
            return None if data.startswith(b"{") and shape == set(json.loads(data)) else "has not the dialect's shape"
        if method == "GET" and status == 200 and FILE.match(path) and not data.endswith(b"END"):
            return "is cut off"

    def some(self, api):
        return self.rng.choice(list(self.churn.ids[api]))

    # --- writes ---

    def create(self):
        """And half of them go at once: the newest is the first of every list."""
        api = self.rng.choice([*NAMES, "text_to_video"])
        keyed = self.rng.random() < 0.3
        headers = {"Idempotency_Key": self.rng.choice("abc")} if keyed else {}
        prompt = "again" if keyed else f"film {self.rng.random()}"
        if api == "grok_imagine":
            picture = base64.b64encode(PNG).decode()
            picture = self.rng.choice([None, picture, f"data:image/png;base64,{picture}"]) if not keyed else picture
            answer = self.ask("POST", GROK, {"model": "grok", "prompt": prompt, "image": picture}, **headers)
        elif api == "text_to_video":
            answer = self.ask("POST", f"{TEXT}/generate", {"text": prompt}, **headers)
        elif api == "grok_3d":
            answer = self.ask("POST", "/api/generate", {"prompt": prompt}, **headers)
        elif self.rng.random() < 0.5:
            answer = self.ask("POST", "/api/v1/generate", {"prompt": f"{prompt} of", "model": "wan2.1", "image_url": URL}, **headers)
        else:
            form = form_of(prompt=prompt, model="wan2.1", image=PNG)
            answer = self.ask("POST", "/api/v1/generate", form, Content_Type=FORM_TYPE, **headers)
        if answer[0] in (200, 201, 202):
            body = json.loads(answer[1])
            job_id = body.get("id") or body["job_id"]
            self.churn.ids[api].append(job_id)
            if self.rng.random() < 0.5:
                self.churn.control("delete", id=job_id)

    def work(self):
        status, data = self.ask("POST", "/worker/v1/claim", {"models": ["*"], "worker": "churn", "lease": self.rng.choice([1, 60])})
        if status == 200:
            self.churn.claims.append(json.loads(data))
        if not self.churn.claims:
            return
        claim = json.loads(data) if status == 200 else self.rng.choice(list(self.churn.claims))
        job = claim["job"]
        path, token = f"/worker/v1/jobs/{job['id']}", {"token": claim["token"]}
        self.ask("POST", f"{path}/progress", {**token, "progress": 50, "message": "half", "log": ["half"]})
        for name in NAMES[job["api"]] * self.rng.choice([1, 1, 2]):
            data = self.rng.choice(ASSETS[name]) + self.rng.randbytes(9).hex().encode() + b"END"
            self.ask("PUT", f"{path}/assets/{name}", data, X_Lease_Token=claim["token"])
        end = self.rng.choice(["complete"] * 4 + ["fail", "release"])
        self.ask("POST", f"{path}/{end}", {**token, "again": True} if end == "fail" else token)

    def extend(self):
        """The browser extension's part."""
        status, data = self.ask("GET", "/extension/poll")
        job_id = json.loads(data)["id"] if status == 200 else self.some("grok_imagine")
        if self.rng.random() < 0.7:
            form = form_of(job_id=job_id, video=ASSETS["video"][0] + b"END")
            self.ask("POST", "/extension/complete", form, Content_Type=FORM_TYPE)
        else:
            self.ask("POST", "/extension/error", {"job_id": job_id, "error": "No"})

    def change(self):
        api = self.rng.choice(list(NAMES))
        job_id = self.some(api)
        self.churn.control(self.rng.choice(["cancel", "retry", "expire", "delete", "delete"]), id=job_id)
        if api == "vivid_flow":
            self.ask("POST", f"/api/v1/cancel/{job_id}")
        if api == "grok_imagine":
            self.ask("DELETE", f"/videos/{job_id}.mp4")

    def clear(self):
        found = self.churn.control("list", limit=500)["jobs"]
        for job in found[KEPT:] + found[:1]:
            self.churn.control("delete", id=job["id"])

    # --- reads ---

    def read(self):
        api = self.rng.choice(list(READS))
        path = self.rng.choice(READS[api]).replace("ID", self.some(api))
        method = self.rng.choice(["GET"] * 6 + ["HEAD", "OPTIONS"])
        if path == "/extension/poll":
            method = "HEAD"  # a GET takes one
        status, data = self.ask(method, path)
        if status == 200 and method == "GET" and "/status/" in path and json.loads(data).get("result_url"):
            self.churn.links.append("/results/" + json.loads(data)["result_url"].split("/results/")[1])

    def look_at_newest(self):
        """Of which some are deleted as soon as they are made."""
        for path in NEWEST:
            self.ask("GET", path)

    def follow(self):
        """A signed link."""
        self.ask("GET", self.rng.choice(list(self.churn.links)))

    def look(self):
        """As an administrator, and as the daemon's duties do."""
        api = self.rng.choice(list(NAMES))
        job_id = self.some(api)
        self.churn.control(*self.rng.choice([["reap"], ["retain"], ["stats"], ["key_list"], ["ping"]]))
        self.churn.control("show", id=job_id)
        self.churn.control("list", api=api, state=self.rng.choice(STATES))
        self.churn.control("list", after=job_id, limit=3)
        self.churn.control("orphans", paths=[f"videos/{job_id}.mp4", f"jobs/{job_id}/video.mp4"])
        page = self.churn.control("audit", limit=2)
        while page and "before" in page and time.monotonic() < self.churn.end:
            page = self.churn.control("audit", limit=2, before=page["before"])

    def administer(self):
        """What looks through a copy of the store."""
        command = self.rng.choice([["verify"], ["dump"], ["backup"], ["compact"], ["jobs", "list"], ["stats"]])
        target = self.churn.instance.dir / "copy"
        ctl(self.churn, *command, *([target] if command == ["backup"] else []))
        if command == ["backup"]:
            ctl(self.churn, "verify", "--grace", "0", "--dir", target)
            subprocess.run(["rm", "-r", target], check=True)


FORM_TYPE = "multipart/form-data; boundary=XX"


def form_of(**fields):
    parts = b""
    for name, value in fields.items():
        file = '; filename="a"' if isinstance(value, bytes) else ""
        value = value if file else value.encode()
        parts += f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"
    return parts + b"--XX--\r\n"


def ctl(churn, *args):
    """kinoractl, which has to find everything well."""
    command = [QUICKSTART, "ctl", "--dir", churn.instance.dir, *args]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=patiently(60))
    if done.returncode or fault_in(done.stderr):
        churn.faults.append(f"kinoractl {args}: {done.returncode} {done.stdout[-1000:]} {done.stderr[-1000:]}")


def test_every_read_beside_every_write(serve):
    own = serve(dispatch="no", job_timeout_seconds=1, daily_job_limit=10**9)
    key = own.ctl("keys", "create", "--name", "churn", "--hour-limit", 10**9, "--day-limit", 10**9).split()[-1]
    pid = own.pid("kinora-fcgi")
    churn = Churn(own, key)
    actors = [Actor(churn, n, Actor.create) for n in range(3)] + [Actor(churn, n, Actor.work, Actor.extend) for n in range(2)]
    actors += [Actor(churn, n, Actor.read, Actor.read, Actor.look_at_newest, Actor.follow) for n in range(5)]
    actors += [Actor(churn, 0, step) for step in (Actor.change, Actor.clear, Actor.look, Actor.administer)]
    for actor in actors:
        actor.start()
    for actor in actors:
        actor.join(SECONDS + patiently(60))
        assert not actor.is_alive(), "it hangs"
    assert not churn.faults, f"{len(churn.faults)}: " + "\n".join(churn.faults[:20])
    assert own.pid("kinora-fcgi") == pid, "the responder died"

    def at_rest():
        churn.control("release_worker", worker="churn")
        churn.control("release_worker", worker="extension")
        return not churn.control("list", state="processing")["jobs"]

    wait_until(at_rest)
    ctl(churn, "verify", "--grace", "0")
    while jobs := churn.control("list", limit=500)["jobs"]:
        for job in jobs:
            churn.control("delete", id=job["id"])
    ctl(churn, "verify", "--grace", "0")
    assert not churn.faults, churn.faults

    def left():
        paths = [path for name in ("videos", "output", "jobs", "incoming", "spool") for path in (own.dir / name).iterdir()]
        return paths + list(own.dir.glob("store.copy-*"))

    wait_until(lambda: not left())
    stats = churn.control("stats")
    assert not any(n for counts in [*stats["jobs"].values(), stats["queues"]] for n in counts.values()), stats
