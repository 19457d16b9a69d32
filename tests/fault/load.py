"""Clients, workers and an administrator that keep a model of what they were told."""

import base64
import fcntl
import threading
import time

import requests

from control_client import ControlError
from model import MP4, Op, Order, sha256

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02")
USDZ = b"PK\3\4" + bytes(22) + b"\x0a\0" + bytes(2) + b"model.usda"
GLB = b"glTF\2\0\0\0"
URL = "https://example.org/picture.png"
CLASSES = ["grok_imagine/grok", "grok_3d/default", "vivid_flow/wan2.1", "text_to_video/default"]
MOODS = [" plain "] * 6 + [" slow ", " bad ", " again "]
LEASE = 30
EXTENSION = "extension"  # the name that polled jobs are held by
PHASES = {  # what a dialect's words for a state mean
    "pending": ("queued",), "queued": ("queued",), "processing": ("processing",), "completed": ("completed",),
    "complete": ("completed",), "failed": ("failed", "cancelled"), "error": ("failed", "cancelled"),
    "cancelled": ("cancelled",),
}


class Actor(threading.Thread):
    def __init__(self, rig, model, rng, name):
        super().__init__(name=name, daemon=True)
        self.rig, self.model, self.rng = rig, model, rng
        self.session = requests.Session()
        self.stopping = threading.Event()
        self.n = 0

    def run(self):
        try:
            while not self.stopping.is_set():
                self.step()
                self.stopping.wait(self.rng.expovariate(1 / self.pause))
        except Exception as fault:  # ours, or an answer that cannot be
            self.model.complain(f"{self.name}: {type(fault).__name__}: {fault}")
        finally:
            self.session.close()

    def ask(self, method, path, text=False, **more):
        """The answer, or None when it leaves open what happened: none came, or a 5xx."""
        url = (self.rig.text_url.removesuffix("/api/v1") if text else self.rig.url) + path
        try:
            answer = self.session.request(method, url, timeout=20, **more)
        except requests.RequestException:
            self.model.count("none")
            return None
        if len(answer.content) < int(answer.headers.get("Content-Length", 0)):  # requests does not mind
            self.model.count("cut off")
            return None
        self.model.count(answer.status_code)
        if answer.status_code >= 500:
            self.stopping.wait(0.1)
            return None
        return answer

    def expect(self, answer, statuses):
        """What statuses says about the answer's status."""
        if answer is None:
            return None
        if answer.status_code not in statuses:
            raise AssertionError(f"{answer.request.method} {answer.request.url}: {answer.status_code} "
                                 f"{answer.text[:300]}")
        return statuses[answer.status_code]

    def unique(self):
        self.n += 1
        return f"{self.name}-{self.n}"

    def filler(self):
        size = self.rng.choice([100, 5000, 5000, 70000, 300000])
        return self.rng.randbytes(size)


class Client(Actor):
    """Creates jobs on all dialects, and repeats those that got no answer if it can do so safely."""

    pause = 0.1  # slower than the workers: a job that is given back is soon in other hands

    def step(self):
        dialect = self.rng.choice([self.grok_imagine, self.text_to_video, self.grok_3d, self.vivid_flow])
        dialect(f"{self.unique()}{self.rng.choice(MOODS)}film")

    def submit(self, order, ok, name, method="POST", text=False, path=None, **request):
        self.model.order(order)
        key = self.rng.random() < 0.5
        headers = request.pop("headers", {}) | ({"Idempotency-Key": order.tag} if key else {})
        for _ in range(6 if key else 1):
            answer = self.ask(method, path, text=text, headers=headers, **request)
            if answer is not None:
                break
            self.stopping.wait(0.2)
        if self.expect(answer, {ok: "ok"}):
            job = self.model.job(answer.json()[name], order.class_name, order.prompt)
            self.model.end(order.op, "ok")
            self.look(job)

    def look(self, job):
        if self.rng.random() < 0.5:
            see(self, job)

    def order(self, prompt, class_name, image=None):
        return Order(prompt.split(" ")[0], class_name, prompt, image and sha256(image))

    def picture(self):
        return PNG + self.rng.randbytes(self.rng.choice([10, 3000, 100000])) if self.rng.random() < 0.3 else None

    def grok_imagine(self, prompt):
        image = self.picture()
        body = {"model": "grok", "prompt": prompt}
        if image:
            body["image"] = base64.b64encode(image).decode()
        path = self.rng.choice(["/v1/video/generations", "/v1/videos/generations"])
        self.submit(self.order(prompt, "grok_imagine/grok", image), 201, "id", path=path, json=body)

    def text_to_video(self, prompt):
        at = self.rng.choice([{"path": "/api/v1/generate", "text": True},
                              {"path": "/text-to-video/api/v1/generate"}])
        self.submit(self.order(prompt, "text_to_video/default"), 202, "job_id", json={"text": prompt}, **at)

    def grok_3d(self, prompt):
        self.submit(self.order(prompt, "grok_3d/default"), 200, "job_id", path="/api/generate", json={"prompt": prompt})

    def vivid_flow(self, prompt):
        model = self.rng.choice(["wan2.1", "veo3.1"])
        image = self.picture()
        fields = {"prompt": prompt, "model": model}
        if image:
            request = {"data": fields, "files": {"image": ("a.png", image)}}
        else:
            request = {self.rng.choice(["json", "data"]): {**fields, "image_url": URL}}
        self.submit(self.order(prompt, f"vivid_flow/{model}", image), 202, "job_id",
                    path="/api/v1/generate", headers={"X-API-Key": self.rig.key}, **request)


def see(actor, job):
    """The status that the dialect tells."""
    path, member = {"grok_imagine": ("/v1/video/generations/", "status"), "vivid_flow": ("/api/v1/status/", "status"),
                    "grok_3d": ("/api/status/", "status"),
                    "text_to_video": ("/text-to-video/api/v1/status/", "status")}[job.api]
    op = Op("see", ("absent",))
    answer = actor.ask("GET", path + job.id, headers={"X-API-Key": actor.rig.key})
    if answer is None:
        return
    if actor.expect(answer, {200: "ok", 404: "refused"}) == "ok":
        op.args = (PHASES[answer.json()[member]],)
    actor.model.end(op, "ok")
    with actor.model.lock:
        job.ops.append(op)


class Worker(Actor):
    """Claims by /worker/v1 or the extension, and ends what it claimed in every way there is."""

    pause = 0.02

    def step(self):
        what = self.rng.random()
        if what < 0.1:
            self.step_extension()
        elif what < 0.3 and self.model.old_claims:
            self.speak_too_late()
        else:
            self.step_v1()

    # --- /worker/v1 ---

    def step_v1(self):
        self.holder = self.unique()
        abandoned = self.rng.random() < 0.02
        self.lease = 2 if abandoned else LEASE
        if self.claim() is None:
            return
        if not abandoned:
            self.work()
        with self.model.lock:
            self.model.old_claims = [*self.model.old_claims[-19:], (self.job, self.path, self.token, self.holder)]

    def speak_too_late(self):
        """With a token that is dead, unless nobody knows whether its claim was ended."""
        self.job, self.path, self.token, self.holder = self.rng.choice(self.model.old_claims[-10:])
        self.lease = LEASE
        if self.job.id in self.model.dead:
            return
        if self.rng.random() < 0.3:
            self.progress()
        elif self.rng.random() < 0.3:
            self.report("release", Op("release", self.holder))
        else:
            self.finish()

    def work(self):
        fate = self.rng.random()
        for _ in range(self.rng.randrange(3)):
            if self.progress() in ("refused", "cancelled"):
                return
        if fate < 0.2 and self.rng.random() < 0.3:
            name, head = self.assets()[0]
            self.put(name, head + self.filler())  # which no later attempt may inherit
        if fate < 0.02:
            self.report("complete", Op("complete", self.holder))  # without what it needs
        elif fate < 0.12:
            self.report("fail", Op("fail", self.holder, fate < 0.06), message="No", again=fate < 0.06)
        elif fate < 0.25:
            self.report("release", Op("release", self.holder))
            if fate < 0.23:
                self.stopping.wait(0.05)  # while another one works on it
                self.finish()
        else:
            if fate < 0.4:
                self.stopping.wait(0.4)  # time for others to speak for the job
            self.finish()

    def claim(self):
        classes = ["*"] if self.rng.random() < 0.2 else CLASSES
        op = Op("claim", self.holder, self.lease)
        answer = self.ask("POST", "/worker/v1/claim", json={
            "models": classes, "worker": self.holder, "lease": self.lease, "wait": self.rng.choice([0, 0, 1])})
        if answer is None:
            with self.model.lock:
                self.model.lost_claims.append(op)
            return None
        if self.expect(answer, {200: True, 204: False}) is False:
            return None
        claim = answer.json()
        job = claim["job"]
        self.check_alone(job["id"])
        self.job = self.model.job(job["id"], f"{job['api']}/{job['model']}", job["prompt"])
        self.model.end(op, "ok")
        with self.model.lock:
            self.job.ops.append(op)
        self.path, self.token = f"/worker/v1/jobs/{job['id']}/", claim["token"]
        return claim

    def check_alone(self, job_id):
        """No local worker may still run for a job that is claimed."""
        with open(self.rig.witness / job_id, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.model.complain(f"{job_id} was claimed while a local worker runs for it")

    def report(self, what, op, statuses=None, **body):
        """Repeats what got no answer, as an operation of its own."""
        for _ in range(3):
            op = self.model.begin(self.job, op.kind, *op.args)
            answer = self.ask("POST", self.path + what, json={"token": self.token, **body})
            known = self.expect(answer, {200: "ok", 204: "ok", 400: "refused", 404: "refused", 409: "refused"})
            if known == "ok" and what == "fail":
                known = answer.json()["state"]
            if known == "ok" and what == "progress" and answer.json()["cancelled"]:
                known = "cancelled"
            self.model.end(op, known)
            if known:
                return known
            self.stopping.wait(0.3)
        return None

    def progress(self):
        return self.report("progress", Op("progress", self.holder, self.lease), lease=self.lease,
                           progress=self.rng.randrange(100), stage="rendering", log=["a line"])

    def finish(self):
        if self.rng.random() < 0.1:
            name, head = self.rng.choice(self.assets())
            self.put(name, head + self.filler())  # another follows it
        for name, head in self.assets():
            data = head + self.filler()
            for _ in range(3):
                known = self.put(name, data)
                if known:
                    break
                self.stopping.wait(0.3)
            if known != "ok":
                return
        self.report("complete", Op("complete", self.holder))

    def assets(self):
        if self.job.api == "grok_3d":
            return [("image", PNG), ("glb", GLB), ("usdz", USDZ)]
        return [("video", MP4)]

    def put(self, name, data):
        op = self.model.begin(self.job, "put", self.holder, name, sha256(data))
        path = f"{self.path}assets/{name}"
        if self.rng.random() < 0.3:
            answer = self.ask("POST", path, data={"token": self.token}, files={"file": ("x", data)})
        else:
            answer = self.ask("PUT", path, data=data, headers={"X-Lease-Token": self.token})
        known = self.expect(answer, {204: "ok", 404: "refused", 409: "refused"})
        self.model.end(op, known)
        return known

    # --- the extension ---

    def step_extension(self):
        op, responder = Op("claim", EXTENSION, LEASE), self.rig.pid("kinora-fcgi")
        answer = self.ask("GET", "/extension/poll")
        if answer is None or self.rig.pid("kinora-fcgi") != responder:
            with self.model.lock:
                # nginx repeats a GET whose responder died: both may have claimed a job.
                lost = Op("claim", EXTENSION, LEASE)
                lost.start = op.start
                self.model.lost_claims.append(lost)
        if answer is None:
            return
        if self.expect(answer, {200: True, 204: False}) is False:
            return
        polled = answer.json()
        self.job = self.model.job(polled["id"], "grok_imagine/grok", polled["prompt"])
        self.model.end(op, "ok")
        with self.model.lock:
            self.job.ops.append(op)
        data = MP4 + self.filler()
        answer, known = None, None
        for _ in range(3):
            if self.rng.random() < 0.2:
                op = self.model.begin(self.job, "fail", EXTENSION, False)
                answer = self.ask("POST", "/extension/error", json={"job_id": self.job.id, "error": "No"})
                known = self.expect(answer, {200: "failed", 404: "refused", 409: "refused"})
            else:
                op = self.model.begin(self.job, "deliver", EXTENSION, "video", sha256(data))
                answer = self.ask("POST", "/extension/complete", data={"job_id": self.job.id},
                                  files={"video": ("x.mp4", data)})
                known = self.expect(answer, {200: "ok", 404: "refused", 409: "refused"})
            self.model.end(op, known)
            if known:
                return
            self.stopping.wait(0.3)


class Administrator(Actor):
    """Cancels, retries, expires and looks."""

    pause = 0.05

    def step(self):
        what = self.rng.choice([self.cancel, self.cancel_vivid, self.retry, self.expire, self.look, self.look])
        job = self.model.some_job(self.rng, {self.retry: "failed", self.expire: "completed"}.get(what))
        if job is not None:
            what(job)

    def control(self, job, name, op):
        op = self.model.begin(job, *op)
        try:
            self.rig.control(name, id=job.id)
            known = "ok"
        except ControlError as refusal:
            known = "refused" if refusal.name in ("conflict", "not_found", "gone", "stale") else None
            self.model.count(refusal.name)
        except (OSError, ValueError):
            known = None
            self.model.count("none")
        self.model.end(op, known)

    def cancel(self, job):
        if self.rng.random() < 0.5:
            self.control(job, "cancel", ("cancel", ("queued", "processing")))

    def cancel_vivid(self, job):
        if job.api != "vivid_flow":
            return
        op = self.model.begin(job, "cancel", ("queued",))
        answer = self.ask("POST", f"/api/v1/cancel/{job.id}", headers={"X-API-Key": self.rig.key})
        self.model.end(op, self.expect(answer, {200: "ok", 400: "refused", 404: "refused"}))

    def retry(self, job):
        self.control(job, "retry", ("retry",))

    def expire(self, job):
        if job.api != "grok_imagine" or self.rng.random() < 0.5:
            return
        op = self.model.begin(job, "expire")
        answer = self.ask("DELETE", f"/videos/{job.id}.mp4")
        # nginx repeats a DELETE whose responder died: a 404 may mean that the first one did it.
        self.model.end(op, self.expect(answer, {204: "ok", 404: None}))

    def look(self, job):
        see(self, job)


class Cleaner(Administrator):
    """Deletes jobs, in whatever state they are: the oldest, when there are too many."""

    pause = 0.02
    keep = 400

    def step(self):
        for _ in range(5):
            with self.model.lock:
                surplus = len(self.model.jobs) - self.keep
                if not self.model.jobs or (surplus <= 0 and self.rng.random() < 0.9):
                    return
                old = next(iter(self.model.jobs.values()))
                self.model.jobs[old.id] = self.model.jobs.pop(old.id)  # to the end: the next turn finds another
            self.control(old, "delete", ("delete",))


def start_load(rig, model, make_rng, name):
    """The actors of a round, running."""
    actors = [Client(rig, model, make_rng(f"c{i}"), f"{name}c{i}") for i in range(3)]
    actors += [Worker(rig, model, make_rng(f"w{i}"), f"{name}w{i}") for i in range(4)]
    actors += [Administrator(rig, model, make_rng("a"), f"{name}a"), Cleaner(rig, model, make_rng("d"), f"{name}d")]
    for actor in actors:
        actor.start()
    return actors


def stop_load(actors):
    for actor in actors:
        actor.stopping.set()
    end = time.monotonic() + 60
    for actor in actors:
        actor.join(max(0, end - time.monotonic()))
        assert not actor.is_alive(), f"{actor.name} does not end"
