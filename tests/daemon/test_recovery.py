"""Either program may die at any instruction; the pair is whole again within two seconds."""

import contextlib
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

from daemon_pair import DONE, KINORAD, is_alive, pair, wait_for  # noqa: F401
from harness import IS_SANITIZED
from waiting import best_of, patiently


def seconds_until_back(pair):
    """From a kill of the responder to a job that its successor acknowledges. The promise is two."""
    pid = pair.wait_ready()
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    wait_for(lambda: pair.pid("kinora-fcgi") not in (0, pid))
    pair.create()
    return time.monotonic() - began


def test_a_killed_responder_is_back(pair):
    pair.start()
    for _ in range(2):
        seconds_until_back(pair)
    assert best_of(lambda: seconds_until_back(pair), patiently(2)) < patiently(2)


def test_no_request_is_refused_while_it_is_away(pair):
    """Requests wait in the backlog; only those that the dead one had accepted are lost."""
    pair.start()
    pair.create()
    refused, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                pair.create()
            except (FileNotFoundError, ConnectionRefusedError) as e:
                refused.append(e)
            except ConnectionError:
                pass

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for t in threads:
        t.start()
    for _ in range(3):
        time.sleep(0.5)
        os.kill(pair.wait_ready(), signal.SIGKILL)
    time.sleep(0.5)
    stop.set()
    for t in threads:
        t.join()
    assert refused == []


def is_replaced(pair, pid):
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    wait_for(lambda: not is_alive(pid))
    pair.wait_ready()
    return time.monotonic() - began < patiently(20)  # 5 s and what a busy machine needs, not the minutes of a recovery


def test_a_wedged_responder_is_replaced(pair):
    pair.start()
    assert is_replaced(pair, pair.wait_watched())  # before that it could be a long recovery


def test_a_wedged_responder_that_has_just_begun(pair):
    """Its predecessor died young: kinorad, which does not connect all the time, has no connection yet when it starts."""
    pair.start()
    pid = pair.pid("kinora-fcgi")
    for _ in range(2):
        os.kill(pid, signal.SIGKILL)
        dead = pid
        wait_for(lambda: pair.pid("kinora-fcgi") not in (0, dead), every=0.001)
        pid = pair.pid("kinora-fcgi")
    assert is_replaced(pair, pair.wait_watched())


def test_a_result_outlives_the_responder(pair):
    pair.worker("while [ ! -e go ]; do sleep 0.05; done\n" + DONE)
    pair.start()
    job_id = pair.create()
    go = pair.work / f"{job_id}.1" / "go"
    wait_for(lambda: go.parent.exists())
    pid = pair.pid("kinora-fcgi")
    os.kill(pid, signal.SIGSTOP)
    go.touch()
    time.sleep(0.5)
    os.kill(pid, signal.SIGKILL)
    job = pair.wait_state(job_id, "completed")
    assert job["attempt"] == 1


def test_a_result_whose_file_went_with_the_responder(pair):
    """It had moved the film when it died, and the record was not written yet: the job runs again."""
    pair.worker(f"echo x >>{pair.path}/runs\n[ $(wc -l <{pair.path}/runs) -gt 1 ] || while [ ! -e go ]; do sleep 0.05; done\n" + DONE)
    pair.start()
    job_id = pair.create()
    work = pair.work / f"{job_id}.1"
    wait_for(lambda: work.exists())
    pid = pair.pid("kinora-fcgi")
    os.kill(pid, signal.SIGSTOP)
    (work / "go").touch()
    wait_for(lambda: "complete is reported" in pair.text())
    (work / "out.mp4").unlink()
    os.kill(pid, signal.SIGKILL)
    job = pair.wait_state(job_id, "completed")
    assert job["attempt"] == 1, "nobody is to blame for the first one"


def test_the_responder_dies_at_any_moment(pair):
    """Claims, reports and answers get lost in all combinations; every job is done in the end."""
    pair.worker("echo '{\"version\":1}'\necho '{\"type\":\"progress\",\"progress\":50}'\n" + DONE, slots=4)
    pair.start()
    ids = []
    for i in range(30):
        try:
            ids.append(pair.create())
        except ConnectionError:
            pass
        if i % 5 == 4:
            os.kill(pair.wait_ready(), signal.SIGKILL)
            time.sleep(0.03 * i)
    for job_id in ids:
        pair.wait_state(job_id, "completed")


def test_a_killed_kinorad_is_followed(pair):
    pair.worker(f"echo x >>{pair.path}/runs\nsleep 1000 & setsid sleep 1000 &\n"
                f"[ $(wc -l <{pair.path}/runs) -gt 1 ] || sleep 1000\n" + DONE)
    pair.start()
    job_id = pair.create()
    wait_for(lambda: len(pair.processes()) >= 3)
    fcgi, before = pair.pid("kinora-fcgi"), pair.processes()
    pair.kill()
    pair.create()  # the responder goes on
    assert is_alive(fcgi)
    began = time.monotonic()
    pair.start()
    assert pair.pid("kinora-fcgi") == fcgi, "it was taken over, not started anew"
    job = pair.wait_state(job_id, "completed")
    assert time.monotonic() - began < patiently(15)
    assert job["attempt"] == 1, "the attempt that died with kinorad does not count"
    wait_for(lambda: not any(is_alive(pid) for pid in before))  # one that ends has no environment that kinorad could see


def test_both_are_killed(pair):
    pair.worker(DONE)
    pair.start()
    ids = [pair.create() for _ in range(3)]
    fcgi = pair.pid("kinora-fcgi")
    pair.kill()
    os.kill(fcgi, signal.SIGKILL)
    began = time.monotonic()
    pair.start()
    assert time.monotonic() - began < patiently(10)
    for job_id in ids:
        pair.wait_state(job_id, "completed")


def test_an_adopted_responder_is_watched(pair):
    pair.start()
    fcgi = pair.pid("kinora-fcgi")
    pair.kill()
    pair.start()
    assert pair.pid("kinora-fcgi") == fcgi
    assert seconds_until_back(pair) < patiently(10)
    pair.stop()


def test_an_orphan_that_does_not_answer_is_ended(pair):
    pair.start()
    fcgi = pair.pid("kinora-fcgi")
    pair.kill()
    os.kill(fcgi, signal.SIGSTOP)
    pair.start()
    assert not is_alive(fcgi)
    pair.create()


@pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer wants to be loaded first")
def test_a_leftover_that_cannot_die_stops_no_start(pair):
    """A worker that waits for a disk or a device outlives SIGKILL until that answers."""
    source, library = pair.path / "immortal.c", pair.path / "immortal.so"
    source.write_text("int pidfd_send_signal(int fd, int n, void *info, unsigned flags) { return 0; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    left = subprocess.Popen(["sleep", "1000"], env={**os.environ, "KINORA_WORK_DIR": f"{pair.work}/job.1"})
    try:
        pair.prefix = ["env", f"LD_PRELOAD={library}"]
        pair.worker(DONE)
        pair.start()
        pair.wait_state(pair.create(), "completed")
        assert "will not die" in pair.text() and pair.text().count("of earlier workers") < 5
    finally:
        left.kill()
        left.wait()


def test_only_one_kinorad(pair):
    pair.start()
    second = subprocess.run([KINORAD, *pair.arguments()], capture_output=True, text=True, timeout=patiently(60))
    assert second.returncode == 75 and f"kinorad ({pair.process.pid}) has" in second.stderr
    pair.create()


def test_the_end_is_clean(pair):
    pair.worker("sleep 1000\n")
    pair.start()
    job_id = pair.create()
    wait_for(pair.processes)
    fcgi = pair.pid("kinora-fcgi")
    pair.stop()
    assert not is_alive(fcgi) and pair.processes() == []
    assert sorted(p.name for p in pair.run.iterdir()) == ["kinorad.lock"]
    pair.workers.clear()
    pair.worker(DONE)
    pair.start()
    job = pair.wait_state(job_id, "completed")
    assert job["attempt"] == 1


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"garbage\n", b'{"version":2,"id":1,"op":"ping"}\n',
                                  b"x" * 2000000, b'{"version":1,"id":1,"op":"ping","body":[]}\n',
                                  b'{"version":1,"id":1,"error":"ok"}\n', b"\0\xff\n"])
def test_what_is_no_request_ends_the_connection(pair, line):
    pair.start()
    with pair.control() as control:
        with pytest.raises(ConnectionError):
            control.socket.sendall(line)
            control.receive()
    pair.call("ping")


def test_an_unknown_operation(pair):
    pair.start()
    with pair.control() as control:
        control.send("dance")
        assert control.receive()["error"] == "method"
        assert control.call("ping")["pid"] == pair.pid("kinora-fcgi")


def test_connections_are_bounded(pair):
    pair.start()
    held = [pair.control() for _ in range(40)]
    closed = 0
    for control in held:
        try:
            control.call("ping")
        except (ConnectionError, TimeoutError):
            closed += 1
    assert 0 < closed < 40
    for control in held:
        control.__exit__()
    wait_for(lambda: pair.call("ping"))


def test_waiting_costs_nothing(pair):
    """While a responder does not answer, kinorad sleeps."""

    def ticks():
        figures = pathlib.Path(f"/proc/{pair.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(figures[11]) + int(figures[12])

    pair.start()
    fcgi = pair.pid("kinora-fcgi")
    os.kill(fcgi, signal.SIGSTOP)
    before = ticks()
    time.sleep(3)
    used = ticks() - before
    with contextlib.suppress(ProcessLookupError):  # it was taken for dead
        os.kill(fcgi, signal.SIGCONT)
    assert used < 20


def test_leases_outlast_a_long_recovery(pair):
    """While no responder answers nobody can extend a lease; the next one must not end it before kinorad has."""
    pair.worker("while [ ! -e go ]; do sleep 0.05; done\n" + DONE)
    pair.start()
    job_id = pair.create()
    go = pair.work / f"{job_id}.1" / "go"
    wait_for(lambda: go.parent.exists())
    lease = pair.job(job_id)["lease"]["until"]
    os.kill(pair.wait_ready(), signal.SIGKILL)
    pair.wait_ready()
    wait_for(lambda: pair.job(job_id)["lease"]["until"] > lease)
    go.touch()
    assert pair.wait_state(job_id, "completed")["attempt"] == 1
