"""kinoractl verify, while jobs are created, done and deleted, and after damage."""

import contextlib
import os
import signal
import threading

import pytest

from daemon_pair import DONE, pair, wait_for  # noqa: F401


@contextlib.contextmanager
def load(pair, threads=3):
    """Jobs come, are done by a local worker, and every third is deleted. Yields the ids that were acknowledged."""
    stop, ids = threading.Event(), []

    def run():
        mine = []
        while not stop.is_set():
            with contextlib.suppress(ConnectionError, FileNotFoundError, TimeoutError):
                mine.append(pair.create())
                ids.append(mine[-1])
                if len(mine) % 3 == 0:
                    pair.call("delete", id=mine[-3])

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        wait_for(lambda: len(ids) > 20, 60)
        yield ids
    finally:
        stop.set()
        for thread in running:
            thread.join()


def leftovers(pair):
    return list(pair.path.glob("store.copy-*"))


def test_verify_under_load(pair):
    pair.worker(DONE, slots=2)
    pair.start()
    with load(pair) as ids:
        for _ in range(3):
            seen = pair.ctl("verify", "--json")
            assert seen["faults"] == [] and seen["faults_total"] == 0 and seen["jobs"] > 0
        before = len(ids)
        wait_for(lambda: len(ids) > before)
    assert leftovers(pair) == []
    pair.stop()
    assert "0 faults" in pair.ctl("verify", "--grace", "0")


def test_verify_finds_what_happened_to_files(pair):
    pair.worker(DONE)
    pair.start()
    first, second, third = (pair.create() for _ in range(3))
    for job_id in first, second, third:
        pair.wait_state(job_id, "completed")
    videos = pair.path / "videos"
    (videos / f"{first}.mp4").unlink()
    os.truncate(videos / f"{second}.mp4", 3)
    (videos / "job_abcdefghijkl.mp4").write_text("x")
    (pair.path / "incoming" / "forgotten").write_text("x")

    def check():
        text = pair.ctl("verify", "--grace", "0", code=1)
        for path in f"{first}.mp4 is missing", f"{second}.mp4 is missing", "job_abcdefghijkl.mp4 belongs to no job":
            assert f"videos/{path}" in text
        assert "incoming/forgotten" in text and "4 faults" in text and third not in text
        assert "2 faults" in pair.ctl("verify", code=1), "the others are too young"
        assert "0 faults" in pair.ctl("verify", "--no-files")

    check()
    pair.stop()
    check()


def test_the_copy_goes_with_who_asked_for_it(pair):
    pair.start()
    pair.create()
    control = pair.control()
    copy = control.call("copy")["dir"]
    assert leftovers(pair) and os.path.exists(f"{copy}/jobs.db")
    control.__exit__()
    wait_for(lambda: not leftovers(pair))
    control = pair.control()
    control.call("copy")
    os.kill(pair.pid("kinora-fcgi"), signal.SIGKILL)
    pair.wait_ready()
    wait_for(lambda: not leftovers(pair))


def test_verify_without_a_store(pair):
    assert "there is no store" in pair.ctl("verify", code=66)
    assert "no such directory" in pair.ctl("verify", "--dir", "/nonexistent", code=66)
    assert not (pair.path / "store").exists()


@pytest.mark.parametrize("file, at", [("jobs.db", 4096 + 200), ("counters.db", 4096 + 200), ("list.db", 12)])
def test_a_damaged_page(pair, file, at):
    pair.sets.append("dispatch=no")
    pair.start()
    for _ in range(5):
        pair.create()
    pair.stop()
    with open(pair.path / "store" / file, "r+b") as table:
        table.seek(at)
        table.write(b"garbage")
    text = pair.ctl("verify", code=1)
    assert f"structure: {file}" in text
