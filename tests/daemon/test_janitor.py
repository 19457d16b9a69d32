"""Files without a record, records without a file, and the clock."""

import os
import time

from daemon_pair import DONE, pair, wait_for  # noqa: F401


def old_file(path):
    """A file that has not changed for an hour cannot be made: ctime is the kernel's. So the clock of the
    test is the other way round: young files must stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (0, 0))
    return path


def test_young_files_stay(pair):
    pair.start()
    kept = [old_file(pair.path / p) for p in ("output/video_x.mp4", "videos/job_zzzzzzzzzzzz.mp4", "jobs/12345678/m.glb")]
    pair.stop()
    pair.start()
    time.sleep(1)
    assert all(p.exists() for p in kept)


def test_orphans_are_told_from_files_of_jobs(pair):
    pair.worker(DONE)
    pair.start()
    job = pair.wait_state(pair.create(), "completed")
    path = job["assets"][0]["path"]
    paths = [path, "videos/job_zzzzzzzzzzzz.mp4", "videos/holiday.mp4", "jobs/12345678/model.glb", "../x", ""]
    assert pair.call("orphans", paths=paths)["orphans"] == ["videos/job_zzzzzzzzzzzz.mp4", "jobs/12345678/model.glb"]


def test_a_record_without_its_file_is_marked(pair):
    pair.worker(DONE)
    pair.start()
    job = pair.wait_state(pair.create(), "completed")
    assert pair.call("audit")["expired"] == 0
    (pair.path / job["assets"][0]["path"]).unlink()
    pair.stop()
    pair.start()
    wait_for(lambda: pair.job(job["id"])["expired"] > 0)
    assert pair.job(job["id"])["state"] == "completed"


def test_a_lease_that_ends(pair):
    pair.sets.append("dispatch=no")
    pair.start()
    job_id = pair.create()
    claim = pair.call("claim", classes=["grok_imagine/grok"], worker="test/1", lease=1)
    assert claim["job"]["id"] == job_id
    wait_for(lambda: pair.job(job_id)["state"] != "processing", 8)
