"""What a client was promised, kept outside the server.

Every request about a job is an operation with a beginning, an end and an answer. After a round the operations of
each job must have an order that explains all answers and what the store says now: one that respects time, in
which an operation without an answer happened wholly or not at all. What an observer cannot see (claims and results
of the local workers, leases that end) may happen in between, where the rules allow it.
"""

import hashlib
import math
import threading
import time
from typing import NamedTuple

NEVER = math.inf
LOCAL = "kinorad/quick"  # what the local workers of rig.py hold jobs as
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x10mdat"
LOCAL_CLASSES = {"text_to_video/default", "vivid_flow/veo3.1"}
ATTEMPTS = 3  # of those; others have one
REQUIRED = {"grok_imagine": {"video"}, "text_to_video": {"video"}, "vivid_flow": {"video"},
            "grok_3d": {"image", "glb", "usdz"}}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def local_film(job_id, attempt):
    return MP4 + f"{job_id}.{attempt}\n".encode()


class State(NamedTuple):
    phase: str  # "absent", or a state of the job
    attempt: int = 0
    holder: str = ""
    until: float = NEVER  # the lease lasts at least so long
    files: tuple = ()  # (name, sha256) of the present attempt
    expired: bool = False


ABSENT = State("absent")
QUEUED = State("queued")


class Op:
    """kind and arguments are those of a function rule_KIND below; answer None: nobody knows."""

    __slots__ = ("kind", "args", "start", "end", "answer")

    def __init__(self, kind, *args):
        self.kind, self.args = kind, args
        self.start, self.end, self.answer = time.time(), NEVER, None

    def __repr__(self):
        return f"{self.start:.3f}–{self.end:.3f} {self.kind}{self.args} → {self.answer}"


# --- the rules: (state, job, op, arguments) → (answer, state afterwards) ---


def rule_create(state, job, op):
    return ("ok", QUEUED) if state.phase == "absent" else ("refused", state)


def rule_claim(state, job, op, holder, lease):
    if state.phase != "queued":
        return "refused", state
    return "ok", State("processing", state.attempt + 1, holder, op.start + lease)


def held(state, holder):
    return state.phase == "processing" and state.holder == holder


def rule_progress(state, job, op, holder, lease):
    if state.phase == "cancelled":
        return "cancelled", state
    if not held(state, holder):
        return "refused", state
    return "ok", state._replace(until=op.start + lease)


def rule_put(state, job, op, holder, name, digest):
    if not held(state, holder):
        return "refused", state
    return "ok", state._replace(files=tuple(sorted({**dict(state.files), name: digest}.items())))


def rule_complete(state, job, op, holder):
    if not held(state, holder) or not REQUIRED[job.api] <= dict(state.files).keys():
        return "refused", state
    return "ok", State("completed", state.attempt, files=state.files)


def rule_deliver(state, job, op, holder, name, digest):
    """Put and complete in one."""
    if not held(state, holder):
        return "refused", state
    return "ok", State("completed", state.attempt, files=((name, digest),))


def end_attempt(state, job):
    if state.attempt < job.attempts:
        return "queued", State("queued", state.attempt)
    return "failed", State("failed", state.attempt)


def rule_fail(state, job, op, holder, again):
    if not held(state, holder):
        return "refused", state
    return end_attempt(state, job) if again else ("failed", State("failed", state.attempt))


def rule_release(state, job, op, holder):
    return ("ok", State("queued", state.attempt - 1)) if held(state, holder) else ("refused", state)


def rule_cancel(state, job, op, phases):
    return ("ok", State("cancelled", state.attempt)) if state.phase in phases else ("refused", state)


def rule_retry(state, job, op):
    return ("ok", QUEUED) if state.phase == "failed" else ("refused", state)


def rule_delete(state, job, op):
    return ("ok", ABSENT) if state.phase != "absent" else ("refused", state)


def rule_expire(state, job, op):
    if state.phase != "completed" or state.expired:
        return "refused", state
    return "ok", state._replace(files=(), expired=True)


def rule_see(state, job, op, phases):
    return "ok" if state.phase in phases else "refused", state


RULES = {name[5:]: rule for name, rule in globals().items() if name.startswith("rule_")}


def unseen(state, job, now, lost):
    """What may have happened by itself until `now`, in one step."""
    if state.phase == "queued":
        for claim in lost:
            if claim.start <= now:
                yield rule_claim(state, job, claim, *claim.args)[1]
        if job.is_local:
            yield State("processing", state.attempt + 1, LOCAL)
    elif state.phase == "processing" and state.holder == LOCAL:
        yield State("completed", state.attempt, files=(("video", sha256(local_film(job.id, state.attempt))),))
        yield State("failed", state.attempt)
        yield State("queued", state.attempt - 1)
        yield end_attempt(state, job)[1]
    elif state.phase == "processing" and state.until <= now:
        yield end_attempt(state, job)[1]


def closure(states, job, now, lost):
    found, todo = set(states), list(states)
    while todo:
        for state in unseen(todo.pop(), job, now, lost):
            if state not in found:
                found.add(state)
                todo.append(state)
    return found


def worth_trying(ops):
    """Without those that could change nothing but the time that the search takes."""
    tried = {}
    for op in ops:
        if op.answer is None:
            key = (op.kind, op.args)
            tried[key] = tried.get(key, 0) + 1
            if op.kind == "progress" or tried[key] > 2:
                continue  # the lease may be shorter; a third time is as good as a second
        yield op


def claims_that_matter(lost, holder):
    """Of the claims without an answer: that of the holder, and the one whose lease ends first, for all others."""
    if not lost:
        return []
    first = min(lost, key=lambda claim: claim.start + claim.args[1])
    return [first] + [claim for claim in lost if claim.args[0] == holder and claim is not first]


def possible_states(job, lost, holder=""):
    """Every state that an order of the job's operations, which explains all answers, may end in. holder: whom the
    store names."""
    unknown = [op for op in job.ops if op.answer is None] + lost
    ops, lost = list(worth_trying(job.ops)), claims_that_matter(lost, holder)
    ends, seen, now = set(), set(), time.time()
    todo = [(frozenset(range(len(ops))), job.state)]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        left, state = node
        horizon = min((ops[i].end for i in left), default=now)
        states = closure([state], job, min(horizon, now), lost)
        if all(ops[i].answer is None for i in left):
            ends |= states
        for i in left:
            op = ops[i]
            if op.start > horizon:
                continue
            for before in states:
                answer, after = RULES[op.kind](before, job, op, *op.args)
                # What is committed may be seen before it is flushed, and a crash may then undo it.
                ghost = op.answer == "refused" or op.kind == "see"
                if answer == op.answer or (op.answer is None and after != before):
                    todo.append((left - {i}, after))
                elif ghost and any(other.start < op.end for other in unknown):
                    todo.append((left - {i}, before))
    return ends


class Job:
    def __init__(self, job_id, class_name):
        self.id, self.class_name = job_id, class_name
        self.api = class_name.partition("/")[0]
        self.is_local = class_name in LOCAL_CLASSES
        self.attempts = ATTEMPTS if self.is_local else 1
        self.state = ABSENT  # at the last check
        self.ops = []  # since then
        self.order = None  # the Order it was made by
        self.files = []  # (path, bytes, sha256) of inputs and assets
        self.is_new = False  # since the files were last read


class Order:
    """A create: one job at most may come of it."""

    def __init__(self, tag, class_name, prompt, image):
        self.tag, self.class_name, self.prompt, self.image = tag, class_name, prompt, image
        self.op = Op("create")
        self.id = None


class Model:
    def __init__(self):
        self.lock = threading.Lock()
        self.jobs = {}  # id → Job; a deleted one until the check after
        self.orders = {}  # tag → Order of jobs that are there or may be
        self.lost_claims = []  # of this round: nobody knows whether they got a job
        self.dead = set()  # ids that must not come back
        self.old_claims = []  # (job, path, token, holder): ended ones, whose tokens must be dead
        self.spared = set()  # files without a record that a crash left
        self.faults = []  # what was wrong at once
        self.answers = {}  # status → how many, this round

    def complain(self, text):
        with self.lock:
            self.faults.append(text)

    def count(self, status):
        with self.lock:
            self.answers[status] = self.answers.get(status, 0) + 1

    def order(self, order):
        with self.lock:
            self.orders[order.tag] = order

    def job(self, job_id, class_name, prompt):
        """The job that an answer names, by its prompt's first word linked to its order."""
        with self.lock:
            job = self.jobs.get(job_id)
            if job is None:
                job = self.jobs[job_id] = Job(job_id, class_name)
            if job.order is None:
                order = self.orders.get(prompt.split(" ")[0])
                if order is None or order.id not in (None, job_id):
                    self.faults.append(f"{job_id} has the prompt {prompt!r}, which made "
                                       f"{order.id if order else 'nothing'}")
                else:
                    order.id, job.order = job_id, order
                    job.ops.append(order.op)
            return job

    def begin(self, job, kind, *args):
        op = Op(kind, *args)
        with self.lock:
            job.ops.append(op)
        return op

    def end(self, op, answer):
        """answer None: the request failed in a way that leaves open what happened."""
        if answer is not None:
            op.answer, op.end = answer, time.time()

    def some_job(self, rng, phase=None):
        with self.lock:
            jobs = [job for job in self.jobs.values() if phase is None or job.state.phase == phase]
        return rng.choice(jobs) if jobs else None
