"""Files without a record, records without a file, and the clock."""

import json
import os
import subprocess
import time

from daemon_pair import DONE, KINORAD, pair, wait_for  # noqa: F401


def put(path, age):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_files_without_a_job_go(pair):
    names = ["output/video_x.mp4", "videos/job_zzzzzzzzzzzz.mp4", "jobs/12345678/model.glb", "incoming/abc",
             "spool/0000000001"]
    old = [put(pair.path / name, 4000) for name in names]
    empty, filling = pair.path / "jobs/87654321", pair.path / "jobs/y87654321"
    for path in empty, filling:
        path.mkdir()
    os.utime(empty, (time.time() - 4000,) * 2)
    old.append(empty)
    young = [put(path.with_name("y" + path.name), 60) for path in old[:3]]
    foreign = [put(pair.path / "videos/holiday.mp4", 4000), put(pair.path / "jobs/README", 4000)]
    pair.worker(DONE)
    pair.start()
    job = pair.wait_state(pair.create(), "completed")
    kept = pair.path / job["assets"][0]["path"]
    os.utime(kept, (0, 0))
    pair.stop()
    pair.start()
    wait_for(lambda: not any(path.exists() for path in old))
    time.sleep(0.3)
    assert kept.exists() and all(path.exists() for path in young + foreign + [filling])


def test_old_files_of_the_request_log_go(pair):
    def day(age):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() - age * 86400))

    old = [put(pair.path / f"logs/requests_{day(age)}.jsonl", 0) for age in range(32, 332)]
    kept = [f"requests_{day(age)}.jsonl" for age in range(1, 31)]
    kept += ["requests_2001-01-01.jsonl.gz", "requests_2001-1-1.jsonl", "my_requests_2001-01-01.jsonl",
             "requests_2001-01-01.json", "requests_200x-01-01.jsonl", "kinorad.log"]
    kept = [put(pair.path / "logs" / name, 86400 * 900) for name in kept]
    pair.sets.append("max_log_age_days=0")
    pair.start()
    pair.wait_compared()
    assert all(path.exists() for path in old + kept)
    pair.stop()
    pair.sets.append("max_log_age_days=30")
    pair.start()
    wait_for(lambda: not any(path.exists() for path in old))
    wait_for(lambda: pair.text().count("files and records are compared") == 2)
    assert all(path.exists() for path in kept)


def test_much_that_is_past_its_time(pair):
    """It goes batch by batch at once, not one every ten seconds."""
    pair.sets += ["max_queue_seconds=1", "dispatch=no"]
    pair.start()
    for _ in range(1500):
        last = pair.create()
    pair.wait_state(last, "failed", seconds=30)


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


def test_a_file_of_an_expired_job_goes(pair):
    """It could not be removed when its time had come."""
    pair.worker(DONE)
    pair.start()
    job = pair.wait_state(pair.create(), "completed")
    path = pair.path / job["assets"][0]["path"]
    path.unlink()
    assert pair.call("audit")["expired"] + (pair.job(job["id"])["expired"] > 0) > 0
    pair.stop()
    put(path, 4000)
    pair.start()
    wait_for(lambda: not path.exists())
    assert pair.job(job["id"])["state"] == "completed"


def test_a_disk_that_is_not_mounted_loses_nothing(pair):
    pair.worker(DONE)
    pair.start()
    job = pair.wait_state(pair.create(), "completed")
    pair.stop()
    videos, disk, note = (pair.path / name for name in ("videos", "disk", "mounts.json"))
    assert not note.exists()  # all is in one file system
    videos.rename(disk)
    videos.mkdir()
    note.write_text(json.dumps({str(videos): str(videos)}))  # as if it had been mounted there
    refused = subprocess.run([KINORAD, *pair.arguments()], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 71 and f"mounted at {videos}, and nothing is mounted there" in refused.stderr
    assert not (pair.run / "kinora-fcgi.pid").exists()
    videos.rmdir()
    disk.rename(videos)
    note.unlink()  # as the message has it
    pair.start()
    time.sleep(0.5)
    assert pair.job(job["id"])["expired"] == 0


def test_a_file_that_cannot_be_looked_at_is_not_lost(pair):
    pair.worker(DONE)
    pair.start()
    job = pair.wait_state(pair.create(), "completed")
    (pair.path / "videos").rename(pair.path / "away")
    (pair.path / "videos").symlink_to("videos")  # as a disk that fails, whoever looks
    assert pair.call("audit")["expired"] == 0
    (pair.path / "videos").unlink()
    (pair.path / "away").rename(pair.path / "videos")
    assert pair.job(job["id"])["expired"] == 0


def test_an_audit_goes_on_where_a_job_was_deleted(pair):
    pair.worker(DONE)
    pair.start()
    older, newer = (pair.wait_state(pair.create(), "completed") for _ in range(2))
    pair.wait_compared()  # or kinorad finds it first
    (pair.path / older["assets"][0]["path"]).unlink()
    page = pair.call("audit", limit=1)
    assert page == {"expired": 0, "before": newer["created"]}
    pair.call("delete", id=newer["id"])
    assert pair.call("audit", **page)["expired"] == 1


def test_a_lease_that_ends(pair):
    pair.sets.append("dispatch=no")
    pair.start()
    job_id = pair.create()
    claim = pair.call("claim", classes=["grok_imagine/grok"], worker="test/1", lease=1)
    assert claim["job"]["id"] == job_id
    wait_for(lambda: pair.job(job_id)["state"] != "processing")
