"""After a round: does the store say what the clients were told, and does the disk?"""

import contextlib
import hashlib
import os
import pathlib
import signal
import time

import requests

from control_client import Control, ControlError
from disk import files_below
from load import PHASES, URL
from model import ABSENT, LOCAL, NEVER, State, possible_states
from waiting import patiently, wait_until

PAGE = 500
ROOTS = ("videos", "output", "jobs")
OLD = 3600  # seconds; the sweep leaves younger files alone
OVERDUE = 20  # seconds after which a lease that is over must have been ended


def is_settled(control):
    before = list_all(control)
    time.sleep(0.1)
    return list_all(control) == before


@contextlib.contextmanager
def stillness(rig):
    """Local workers are not heard while their daemon stands still, so nothing changes any more."""
    pid = rig.pid("kinorad")
    os.kill(pid, signal.SIGSTOP)
    try:
        with Control(rig.dir / "run" / "control.sock", 30) as control:
            wait_until(lambda: is_settled(control))  # what it has just sent is heard
            control.call("ping")  # what was read from now on is on disk
            yield control
    finally:
        os.kill(pid, signal.SIGCONT)


def list_all(control):
    rows, after = [], {}
    while True:
        page = control.call("list", limit=PAGE, **after)
        rows += page["jobs"]
        if len(page["jobs"]) < PAGE:
            return rows, page["total"]
        after = {"after": rows[-1]["id"]}


def state_of(shown):
    if shown is None:
        return ABSENT
    lease = shown["lease"] or {}
    holder, until = lease.get("worker", ""), lease.get("until", 0) / 1e6
    expired = shown["expired"] != 0
    files = tuple(sorted((f["name"], f["sha256"]) for f in shown["assets"])) if not expired else ()
    return State(shown["state"], shown["attempt"], holder, until, files, expired)


def agrees(told, state):
    """told: what the store says. state: what the model allows."""
    if told.phase != state.phase or (told.phase != "absent" and told.attempt != state.attempt):
        return False
    if told.phase == "processing":
        return told.holder == state.holder
    if told.phase == "completed":
        return told.expired == state.expired and told.files == state.files
    return True


class Check:
    def __init__(self, rig, model, crashed, faulty_writes, thorough, verify):
        self.rig, self.model = rig, model
        self.crashed, self.faulty_writes = crashed, faulty_writes
        self.thorough, self.verify = thorough, verify  # every file is read; kinoractl verify is run
        self.faults = model.faults

    def complain(self, text):
        self.faults.append(text)

    def run(self):
        self.began = time.time()  # nobody ends leases while we look
        with stillness(self.rig) as control:
            rows, total = list_all(control)
            self.adopt(rows)
            self.check_jobs(control, {row["id"]: row for row in rows})
            self.check_counts(control, rows, total)
            self.check_http(rows)
            self.check_files()
            if self.verify:
                self.check_by_verify()
        self.check_witness()
        self.check_ends()
        if self.model.answers.get(500) and not self.faulty_writes:
            self.complain(f"{self.model.answers[500]} times status 500")
        self.forget()

    def adopt(self, rows):
        """Creates without an answer may have made jobs."""
        ids = [row["id"] for row in rows]
        if len(ids) != len(set(ids)):
            self.complain("a list names a job twice")
        for row in rows:
            if row["id"] in self.model.dead:
                self.complain(f"{row['id']} was deleted and is back")
            else:
                self.model.job(row["id"], f"{row['api']}/{row['model']}", row["prompt"])

    # --- jobs ---

    def check_jobs(self, control, rows):
        for job in list(self.model.jobs.values()):
            row = rows.get(job.id)
            phase = row["state"] if row else "absent"
            if job.ops or phase != job.state.phase or phase == "processing" or self.thorough:
                self.check_job(control, job, row)

    def check_job(self, control, job, row):
        try:
            shown = control.call("show", id=job.id)["job"]
        except ControlError as error:
            assert error.name == "not_found", error
            shown = None
        told = state_of(shown)
        if told.phase != (row["state"] if row else "absent"):
            self.complain(f"{job.id} is {told.phase}, but in the list {row and row['state']}")
        possible = possible_states(job, self.model.lost_claims, told.holder)
        if not any(agrees(told, state) for state in possible):
            self.complain(f"{job.id} ({job.class_name}) is {told}\n  was {job.state}\n  and could be "
                          f"{sorted(map(str, possible))} after\n" + "".join(f"    {op}\n" for op in job.ops))
        if shown is not None:
            self.check_content(job, shown)
        if told.phase == "processing" and told.until and told.until < self.began - OVERDUE:
            self.complain(f"{job.id}: its lease ended {self.began - told.until:.0f} s ago")
        if told.holder == LOCAL:
            told = told._replace(until=NEVER)  # kinorad sees to that
        job.state = told if told.phase in ("processing", "completed") else told._replace(files=())
        job.ops = []
        job.files = [(f["path"], f["bytes"], f["sha256"]) for f in (shown or {}).get("assets", []) if not told.expired]
        job.files += [(f["path"], f["bytes"], f["sha256"]) for f in (shown or {}).get("inputs", []) if not told.expired]
        job.is_new = True

    def check_content(self, job, shown):
        order = job.order
        if order is None:
            return  # complained of already
        if (shown["prompt"], f"{shown['api']}/{shown['model']}") != (order.prompt, order.class_name):
            self.complain(f"{job.id} was ordered as {order.class_name} {order.prompt!r}, and is {shown}")
        inputs = {f["name"]: f["sha256"] for f in shown["inputs"]}
        if inputs != ({"image": order.image} if order.image else {}):
            self.complain(f"{job.id} has the inputs {inputs}; it was given {order.image}")
        params = shown["params"] or {}
        if job.api == "vivid_flow" and (shown["owner"] is None or (not order.image and params["image_url"] != URL)):
            self.complain(f"{job.id} has lost its owner or its picture: {shown}")
        if job.api == "text_to_video" and params["text"] != order.prompt:
            self.complain(f"{job.id} has lost its text: {shown}")

    # --- indices and counters ---

    def check_counts(self, control, rows, total):
        counted = {}
        for row in rows:
            states = counted.setdefault(row["api"], {})
            states[row["state"]] = states.get(row["state"], 0) + 1
        stats = control.call("stats")
        told = {api: {s: n for s, n in states.items() if n} for api, states in stats["jobs"].items()}
        if {api: states for api, states in told.items() if states} != counted or total != len(rows):
            self.complain(f"counters say {told}, total {total}; the list has {counted}")
        queued = {}
        for row in rows:
            if row["state"] == "queued":
                name = f"{row['api']}/{row['model']}"
                queued[name] = queued.get(name, 0) + 1
        if {name: n for name, n in stats["queues"].items() if n} != queued:
            self.complain(f"queues say {stats['queues']}; the list has {queued}")
        for api in counted:
            for state in stats["jobs"][api]:
                page = control.call("list", api=api, state=state, limit=PAGE)
                want = [row["id"] for row in rows if (row["api"], row["state"]) == (api, state)]
                if [row["id"] for row in page["jobs"]] != want[:PAGE] or page["total"] != len(want):
                    self.complain(f"the list of {state} jobs of {api} differs from the list of all")

    def check_by_verify(self):
        fault = verify_fault(self.rig)
        if fault:
            self.complain(fault)

    def check_http(self, rows):
        """The same through nginx, in a dialect's words."""
        want = [(row["id"], row["state"]) for row in rows if row["api"] == "grok_imagine"]
        page = requests.get(f"{self.rig.url}/jobs?limit=1000", timeout=patiently(20)).json()
        told = [(job["id"], job["status"]) for job in page["jobs"]]
        if [job[0] for job in told] != [job[0] for job in want[:1000]] or page["total"] != len(want):
            self.complain("/jobs differs from the store's list")
        for (job_id, word), (_, phase) in zip(told, want):
            if phase not in PHASES[word]:
                self.complain(f"{job_id} is {phase}, and {word} to clients")

    # --- files ---

    def path(self, relative):
        return self.rig.dir / relative

    def check_files(self):
        recorded = set()
        for job in self.model.jobs.values():
            for relative, size, digest in job.files:
                recorded.add(str(self.path(relative)))
                if job.is_new or self.thorough:
                    self.check_file(job, relative, size, digest)
            job.is_new = False
        # The daemon moves a film to its place, then has it recorded, and may have been stopped in between.
        unfinished = [job.id for job in self.model.jobs.values() if job.state.holder == LOCAL]
        for path, _ in self.all_files():
            if str(path) in recorded or any(job_id in str(path) for job_id in unfinished):
                continue
            if self.crashed:
                self.model.spared.add(path)  # until the next sweep, which wait_swept() sees to
            elif path not in self.model.spared:
                self.complain(f"{path} has no record")
        left = [str(path) for name in ("incoming", "spool") for path, _ in files_below(self.rig.dir / name)]
        if left and not self.crashed:
            self.complain(f"uploads left: {left}")

    def all_files(self):
        for root in ROOTS:
            yield from files_below(self.rig.dir / root)

    def check_file(self, job, relative, size, digest):
        try:
            data = self.path(relative).read_bytes()
        except FileNotFoundError:
            self.complain(f"{job.id} ({job.state.phase}) has lost {relative}")
            return
        if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
            self.complain(f"{job.id}: {relative} is not what was uploaded: {len(data)} bytes of {size}")

    def check_witness(self):
        double = self.rig.witness / "double"
        if double.exists():
            self.complain(f"two local workers ran for one job at a time: {double.read_text().split()}")
            double.unlink()

    def check_ends(self):
        """How responders ended: by us, by the watchdog, or by themselves when the disk failed."""
        for pid, signal_, status in self.rig.new_ends():
            if signal_ not in ("", "9", "15") or (status not in ("", "0") and not self.faulty_writes):
                self.complain(f"kinora-fcgi {pid} ended with " + (f"signal {signal_}" if signal_ else f"status {status}"))

    # --- the end ---

    def forget(self):
        """What is checked need not be remembered."""
        for job in [job for job in self.model.jobs.values() if job.state.phase == "absent"]:
            del self.model.jobs[job.id]
            self.model.dead.add(job.id)
            with contextlib.suppress(FileNotFoundError):
                (self.rig.witness / job.id).unlink()
        alive = {id(job.order) for job in self.model.jobs.values()}
        self.model.orders = {tag: order for tag, order in self.model.orders.items() if id(order) in alive}
        self.model.lost_claims = []


def age_files(rig):
    """Makes every file old enough for the sweep, which then must remove those without a record."""
    for root in (*ROOTS, "incoming", "spool"):
        for path, _ in files_below(rig.dir / root):
            with contextlib.suppress(FileNotFoundError):
                os.utime(path, (time.time() - 2 * OLD,) * 2)


def job_of(relative):
    """The job that a file belongs to by its name."""
    root, name = relative.split("/")[:2]
    return name if root == "jobs" else name.partition(".")[0].removeprefix("video_")


def wait_swept(rig, model):
    """After age_files() and a start of the daemon: until no old file lacks a record."""
    def unrecorded():
        with Control(rig.dir / "run" / "control.sock", 30) as control:
            paths = [str(path.relative_to(rig.dir)) for root in ROOTS for path, stat in files_below(rig.dir / root)
                     if stat.st_mtime < time.time() - OLD]
            orphans = control.call("orphans", paths=paths)["orphans"]
        # What ran when the sweep came by may have ended since: the next sweep is for its files.
        busy = {job.id for job in model.jobs.values() if job.ops or job.state.phase == "processing"}
        return [path for path in orphans if job_of(path) not in busy]

    try:
        wait_until(lambda: not unrecorded(), 20, 0.2)
    except AssertionError:
        model.complain(f"not swept: {unrecorded()}")
    for root in ROOTS:
        for path, _ in files_below(rig.dir / root):
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)


def verify_fault(rig):
    """What `kinoractl verify` finds, of a running instance or a stopped one; None: nothing."""
    said = rig.ctl("verify", check=False)
    return None if said.endswith(": 0 faults\n") else f"kinoractl verify: {said}"


def check_stopped(rig, model, was_whole):
    """Nothing is left of an instance that was stopped. What a killed daemon's workers left, the next one removes."""
    names = ("incoming", "spool", "work", "tmp") if was_whole else ("incoming", "spool", "tmp")
    left = [str(path) for name in names for path, _ in files_below(rig.dir / name)]
    left += [str(path) for path in pathlib.Path(rig.dir, "run").glob("*") if path.suffix in (".sock", ".pid")]
    if left:
        model.complain(f"left after the stop: {left}")
    fault = verify_fault(rig)
    if fault:
        model.complain(fault)
