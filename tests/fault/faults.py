"""What is done to an instance under load. A fault returns when the instance may recover."""

import os
import signal
import time
from typing import Callable, NamedTuple

import requests

from checks import age_files, check_stopped
from disk import ALL_KINDS, MEDIA, STORE_DB, STORE_LOG
from waiting import patiently, wait_until

FAULTS = {}


class Fault(NamedTuple):
    name: str
    strike: Callable  # (rig, rng, model)
    needs: str  # "", "shim" or "small disk"
    crashes: bool  # files without a record may be left until the next sweep
    fails_writes: bool  # 500 is an honest answer
    restarts: bool  # the whole instance


def fault(name, needs="", crashes=False, fails_writes=False, restarts=False):
    def register(strike):
        FAULTS[name] = Fault(name, strike, needs, crashes, fails_writes, restarts)
        return strike

    return register


@fault("calm")
def calm(rig, rng, model):
    """Nothing: the figures of such a round are those of a healthy instance."""


@fault("kill-responder", crashes=True)
def kill_responder(rig, rng, model):
    for _ in range(rng.choice([1, 1, 2, 3])):
        rig.signal_part("kinora-fcgi", signal.SIGKILL)
        time.sleep(rng.random() * 0.3)


@fault("kill-daemon", crashes=True)
def kill_daemon(rig, rng, model):
    rig.signal_part("kinorad", signal.SIGKILL)


@fault("kill-both", crashes=True)
def kill_both(rig, rng, model):
    parts = ["kinora-fcgi", "kinorad"]
    rng.shuffle(parts)
    for part in parts:
        rig.signal_part(part, signal.SIGKILL)


@fault("kill-nginx", crashes=True)
def kill_nginx(rig, rng, model):
    rig.signal_part("nginx", signal.SIGKILL)


@fault("kill-worker")
def kill_worker(rig, rng, model):
    for _ in range(5):
        pids = rig.workers()
        if pids:
            try:
                os.kill(rng.choice(sorted(pids)), signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)


@fault("stop-responder", crashes=True)
def stop_responder(rig, rng, model):
    """It never goes on: the watchdog must see that and replace it."""
    pid = rig.pid("kinora-fcgi")
    if rig.signal_part("kinora-fcgi", signal.SIGSTOP):
        wait_until(lambda: rig.pid("kinora-fcgi") not in (None, pid), 30, 0.05)


def pause(rig, part, seconds, whole_group=False):
    pid = rig.pid(part)
    kill = os.killpg if whole_group else os.kill
    try:
        kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        kill(pid, signal.SIGCONT)
    except (ProcessLookupError, TypeError):
        pass  # another fault came first


@fault("pause-responder")
def pause_responder(rig, rng, model):
    pause(rig, "kinora-fcgi", rng.uniform(0.2, 2))


@fault("pause-daemon")
def pause_daemon(rig, rng, model):
    pause(rig, "kinorad", rng.uniform(0.2, 3))


@fault("pause-nginx")
def pause_nginx(rig, rng, model):
    pause(rig, "nginx", rng.uniform(0.2, 2), whole_group=True)


@fault("kill-all", crashes=True, restarts=True)
def kill_all(rig, rng, model):
    """Every process with -9, quickstart too; then it is started again."""
    rig.cut()
    age_files(rig)
    rig.start()


@fault("restart", restarts=True)
def restart(rig, rng, model):
    was_whole = rig.is_whole()
    rig.stop()
    check_stopped(rig, model, was_whole)
    age_files(rig)
    rig.start()


# --- the disk ---


@fault("power-cut", needs="shim", crashes=True, restarts=True)
def power_cut(rig, rng, model):
    """All is killed, and what was not synced is lost or garbled."""
    rig.cut()
    rig.disk.lose_power(rng)
    age_files(rig)
    rig.start()


def some_writes_fail(rig, rng, **fields):
    kinds = ALL_KINDS if rng.random() < 0.5 else 1 << rng.choice([STORE_LOG, STORE_DB, MEDIA])
    rig.disk.set(kinds=kinds, **fields)
    time.sleep(rng.uniform(0.3, 1.2))
    rig.disk.set()


@fault("no-space-at-times", needs="shim", crashes=True, fails_writes=True)
def no_space_at_times(rig, rng, model):
    some_writes_fail(rig, rng, write_enospc=rng.choice([20, 500, 10000]))


@fault("write-errors", needs="shim", crashes=True, fails_writes=True)
def write_errors(rig, rng, model):
    some_writes_fail(rig, rng, write_eio=rng.choice([20, 500, 10000]))


@fault("short-writes", needs="shim", crashes=True)
def short_writes(rig, rng, model):
    some_writes_fail(rig, rng, write_short=rng.choice([100, 5000, 10000]))


@fault("sync-errors", needs="shim", crashes=True, fails_writes=True)
def sync_errors(rig, rng, model):
    some_writes_fail(rig, rng, sync_eio=rng.choice([20, 500, 10000]))


@fault("no-growth", needs="shim", crashes=True, fails_writes=True)
def no_growth(rig, rng, model):
    """As on a full disk: what is there may be overwritten, nothing gets longer, and statvfs says so."""
    was_whole = rig.is_whole()  # a responder that is just starting has nothing to write its recovery to
    rig.disk.set(full=1, kinds=ALL_KINDS)
    time.sleep(rng.uniform(0.3, 1.5))
    if was_whole:
        reads_go_on(rig, model)
    rig.disk.set()


@fault("full-disk", needs="small disk", crashes=True, fails_writes=True)
def full_disk(rig, rng, model):
    was_whole = rig.is_whole()  # without kinorad nobody listens
    with rig.disk.filled():
        time.sleep(rng.uniform(0.3, 1.5))
        if was_whole:
            reads_go_on(rig, model)


def reads_go_on(rig, model):
    try:
        answer = requests.get(f"{rig.url}/jobs?limit=10", timeout=patiently(60))
    except requests.RequestException as error:
        model.complain(f"a list on a full disk: {error}")
        return
    if answer.status_code != 200:
        model.complain(f"a list on a full disk: {answer.status_code} {answer.text}")
