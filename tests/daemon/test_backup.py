"""kinoractl verify, backup, restore, dump, load: while jobs are created, done and deleted, and after damage."""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pytest

from control_client import ControlError
from daemon_pair import CTL, DONE, KINORAD, Pair, pair, request, wait_for  # noqa: F401

HERE = pathlib.Path(__file__).resolve().parent
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02")


@pytest.fixture
def other():
    """Another machine's data directory."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="kinora-", dir="/tmp"))
    it = Pair(path)
    yield it
    it.clear()
    shutil.rmtree(path)


@contextlib.contextmanager
def load(pair, threads=3, pause=0):
    """Jobs come, are done by a local worker, and every third is deleted; `pause` seconds lie between two of a thread.
    Yields the ids that were acknowledged, and those of them that were deleted."""
    stop, ids, gone = threading.Event(), [], set()

    def run():
        mine = []
        while not stop.wait(pause):
            with contextlib.suppress(ConnectionError, FileNotFoundError, TimeoutError):
                mine.append(pair.create())
                ids.append(mine[-1])
                if len(mine) % 3 == 0:
                    pair.call("delete", id=mine[-3])
                    gone.add(mine[-3])
                if len(mine) % 7 == 0:
                    with contextlib.suppress(ControlError):
                        pair.call("expire", id=mine[-5])

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        wait_for(lambda: len(ids) > 20, 60)
        yield ids, gone
    finally:
        stop.set()
        for thread in running:
            thread.join()


@pytest.fixture(scope="module")
def stop_at(tmp_path_factory):
    """The library that lets a process stop itself."""
    library = tmp_path_factory.mktemp("stop") / "stop_at.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "stop_at.c", "-ldl"], check=True)
    return library


@pytest.fixture
def held(stop_at):
    """held(pair, *words, at="open store/"): a kinoractl that has stopped itself in front of the first call (`count`: of
    the how manyth) of that function whose path has these words in it."""

    def held(pair, *words, at, count=1):
        function, _, part = at.partition(" ")
        preload = " ".join(filter(None, [str(stop_at), os.environ.get("LD_PRELOAD")]))
        env = {**os.environ, "LD_PRELOAD": preload, "STOP_AT": function, "STOP_PATH": part, "STOP_COUNT": str(count)}
        env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        command = subprocess.Popen([CTL, *pair.arguments(), *map(str, words)], env=env, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: os.waitid(os.P_PID, command.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT), 60)
        assert command.poll() is None, command.communicate()
        return command

    return held


COPY = "open store.copy-"  # the answer has come, the copy is whole, and nobody has opened it


def leftovers(pair):
    return list(pair.path.glob("store.copy-*"))


def test_verify_under_load(pair):
    pair.worker(DONE, slots=2)
    pair.start()
    with load(pair) as (ids, _):
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
    pair.wait_compared()
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


def test_verify_knows_nothing_of_a_job_that_it_cannot_ask_about(pair, held):
    pair.worker(DONE)
    pair.start()
    job = pair.create()
    pair.wait_state(job, "completed")
    pair.wait_compared()
    (pair.path / "videos" / f"{job}.mp4").unlink()
    verify = held(pair, "verify", at=COPY)
    try:
        pair.kill()
        os.kill(pair.pid("kinora-fcgi"), signal.SIGKILL)
    finally:
        verify.send_signal(signal.SIGCONT)
    out, err = verify.communicate(timeout=60)
    assert verify.returncode == 69 and "verify again" in err, (out, err)


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


@pytest.mark.parametrize("command", ["verify", "dump"])
def test_a_service_that_is_stopped_while_its_copy_is_read(pair, held, command):
    """Who reads it goes on, and removes it."""
    pair.start()
    pair.create()
    reader = held(pair, command, at=COPY)
    try:
        pair.stop()
    finally:
        reader.send_signal(signal.SIGCONT)
    out, err = reader.communicate(timeout=60)
    # Of files the responder would be asked.
    assert reader.returncode == (0 if command == "dump" else 69), (out, err)
    assert "damaged" not in err and not leftovers(pair)


def test_a_copy_that_is_lost_is_no_damage(pair, held):
    pair.start()
    pair.create()
    verify = held(pair, "verify", at=COPY)
    shutil.rmtree(leftovers(pair)[0])  # as a new responder does before anybody has opened it
    verify.send_signal(signal.SIGCONT)
    out, err = verify.communicate(timeout=60)
    assert verify.returncode == 69 and "verify again" in err, (out, err)


def completed(pair):
    return pair.call("stats")["jobs"]["grok_imagine"]["completed"]


def test_backup_under_load_and_restore(pair, other, tmp_path):
    pair.worker(DONE, slots=2)
    pair.start()
    with load(pair) as (ids, gone):
        for n in range(3):
            before = set(ids)
            made = pair.ctl("backup", tmp_path / f"b{n}", "--json")
            assert made["faults"] == [] and made["jobs"] > 0
    assert leftovers(pair) == []
    assert "is not empty" in pair.ctl("backup", tmp_path / "b2", code=73)
    (tmp_path / "file").touch()
    assert "is no directory" in pair.ctl("backup", tmp_path / "file", code=73)
    assert f"{tmp_path}/none/b: Not found" in pair.ctl("backup", tmp_path / "none" / "b", code=66)
    assert "0 faults" in pair.ctl("verify", "--dir", tmp_path / "b2", "--grace", "0")

    restored = other.ctl("restore", tmp_path / "b2", "--json")
    assert restored["jobs"] == made["jobs"] and restored["files"] == made["files"]
    assert restored["moved_aside"] is None
    assert "0 faults" in other.ctl("verify", "--grace", "0")
    other.worker(DONE)
    other.start()
    for job_id in before - gone:
        other.job(job_id)  # acknowledged before the backup began
    other.create()
    done = completed(other)
    wait_for(lambda: completed(other) > done, 60)
    assert "the service runs" in other.ctl("restore", tmp_path / "b2", code=65)
    other.stop()

    assert "data already" in other.ctl("restore", tmp_path / "b1", code=65)
    assert other.ctl("restore", tmp_path / "b1", "--force", "--json")["moved_aside"].startswith(".before-")
    assert "0 faults" in other.ctl("verify", "--grace", "0")
    aside = [p.name.partition(".")[0] for p in other.path.glob("*.before-*")]
    assert sorted(aside) == ["store", "videos"], "the others were empty"
    assert not list(other.path.glob("*restoring*"))


def test_backup_at_rest_without_files(pair, other, tmp_path):
    pair.worker(DONE)
    pair.start()
    done = pair.create()
    pair.wait_state(done, "completed")
    pair.stop()
    assert pair.ctl("backup", tmp_path / "b", "--no-files", "--json")["files"] == 0
    assert not (tmp_path / "b" / "videos").exists() and leftovers(pair) == []
    assert "1 jobs and 0 files" in pair.ctl("verify", "--dir", tmp_path / "b"), "it is good as it is"
    shutil.copytree(pair.path / "videos", other.path / "videos")
    assert "data already" in other.ctl("restore", tmp_path / "b", code=65)
    other.ctl("restore", tmp_path / "b", "--force")
    assert (other.path / "videos" / f"{done}.mp4").exists(), "a backup without files leaves them where they are"
    assert "0 faults" in other.ctl("verify", "--grace", "0")


def test_a_backup_on_another_file_system(pair, other):
    pair.worker(DONE)
    pair.start()
    done = pair.create()
    pair.wait_state(done, "completed")
    if os.stat("/dev/shm").st_dev == os.stat(pair.path).st_dev:
        pytest.skip("there is one file system only")
    with tempfile.TemporaryDirectory(prefix="kinora-", dir="/dev/shm") as there:
        pair.ctl("backup", there)
        video = pathlib.Path(there) / "videos" / f"{done}.mp4"
        assert video.read_bytes() == (pair.path / "videos" / video.name).read_bytes()
        other.ctl("restore", there)
    assert "0 faults" in other.ctl("verify", "--grace", "0") and leftovers(pair) == []


BACKUP = "open /b/store/"  # it has the store, and no file yet


def test_jobs_that_lose_their_files_during_a_backup(pair, held, tmp_path):
    """They are in the backup as deleted or expired, or with their files; never without."""
    pair.worker(DONE, slots=4)
    pair.start()
    ids = [pair.create() for _ in range(60)]
    wait_for(lambda: completed(pair) == len(ids), 120)

    target = tmp_path / "b"
    linked = len(ids) // 2
    backup = held(pair, "backup", target, at="link /b/videos/", count=linked + 1)
    with pair.control() as control:
        for n, job_id in enumerate(ids):
            control.call("delete" if n % 2 else "expire", id=job_id)
    backup.send_signal(signal.SIGCONT)
    assert backup.wait(60) == 0
    assert len(list(target.glob("videos/*"))) == linked
    assert "0 faults" in pair.ctl("verify", "--dir", target, "--grace", "0")
    assert json.loads((target / "backup.json").read_text())["files"] == linked


def test_a_failed_job_that_runs_again_during_a_backup(pair, held, tmp_path):
    """What it had made so far goes with that."""
    pair.sets.append("dispatch=no")
    pair.start()
    job = pair.create()
    token = pair.call("claim", classes=["grok_imagine/grok"], worker="test")["token"]
    film = pair.path / "videos" / f"{job}.mp4"
    status, answer = request(pair.run / "fcgi.sock", "PUT", f"/worker/v1/jobs/{job}/assets/video?token={token}",
                             b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat", "worker")
    assert status == 204 and film.exists(), answer
    pair.call("fail", id=job, token=token, code="worker", text="No")
    target = tmp_path / "b"
    backup = held(pair, "backup", target, at=BACKUP)
    pair.call("retry", id=job)
    backup.send_signal(signal.SIGCONT)
    assert backup.wait(60) == 0
    assert "0 faults" in pair.ctl("verify", "--dir", target, "--grace", "0")


@pytest.mark.parametrize("end", ["cancelled", "failed", "completed"])
def test_a_job_that_ends_and_expires_during_a_backup(pair, other, held, tmp_path, end):
    """It waited when the store was copied, and has lost its input since."""
    pair.sets.append("dispatch=no")
    pair.start()
    body = {"model": "grok", "prompt": "A sunset", "image": base64.b64encode(PNG).decode()}
    job = json.loads(request(pair.run / "fcgi.sock", "POST", "/v1/video/generations", json.dumps(body).encode())[1])["id"]
    target = tmp_path / "b"
    backup = held(pair, "backup", target, at=BACKUP)
    if end == "cancelled":
        pair.call("cancel", id=job)
    else:
        token = pair.call("claim", classes=["grok_imagine/grok"], worker="test")["token"]
        if end == "failed":
            pair.call("fail", id=job, token=token, code="gpu", text="No memory")
        else:
            status, answer = request(pair.run / "fcgi.sock", "PUT", f"/worker/v1/jobs/{job}/assets/video?token={token}",
                                     b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat", "worker")
            assert status == 204, answer
            pair.call("complete", id=job, token=token, files=[])
    pair.call("expire", id=job)
    shown = pair.job(job)
    backup.send_signal(signal.SIGCONT)
    assert backup.wait(60) == 0, backup.communicate()
    assert "0 faults" in pair.ctl("verify", "--dir", target, "--grace", "0")
    other.ctl("restore", target)
    other.sets.append("dispatch=no")
    restored = other.start().job(job)
    assert all(restored[name] == shown[name] for name in ("state", "finished", "expired", "error", "lease", "inputs"))


def test_what_was_linked_goes_with_its_job(pair, held, tmp_path):
    """The input was there still, and the film had gone."""
    pair.worker(DONE)
    pair.start()
    body = {"model": "grok", "prompt": "A sunset", "image": base64.b64encode(PNG).decode()}
    job = json.loads(request(pair.run / "fcgi.sock", "POST", "/v1/video/generations", json.dumps(body).encode())[1])["id"]
    picture = pair.path / pair.wait_state(job, "completed")["inputs"][0]["path"]
    target = tmp_path / "b"
    backup = held(pair, "backup", target, at=BACKUP)
    pair.call("delete", id=job)
    picture.parent.mkdir()
    picture.write_bytes(PNG)
    backup.send_signal(signal.SIGCONT)
    assert backup.wait(60) == 0
    assert "0 faults" in pair.ctl("verify", "--dir", target, "--grace", "0")
    assert json.loads((target / "backup.json").read_text())["files"] == 0


def test_a_service_that_is_stopped_during_a_backup(pair, held, tmp_path):
    """Nobody can say then what became of a job whose file is missing: it must not be taken for deleted."""
    pair.worker(DONE)
    pair.start()
    done = pair.create()
    pair.wait_state(done, "completed")
    pair.wait_compared()
    (pair.path / "videos" / f"{done}.mp4").unlink()
    target = tmp_path / "b"
    backup = held(pair, "backup", target, at=BACKUP)
    pair.stop()
    backup.send_signal(signal.SIGCONT)
    assert "stopping" in backup.communicate(timeout=60)[1]
    assert backup.returncode == 69 and not (target / "backup.json").exists()


def test_a_file_that_is_missing_anyway(pair, tmp_path):
    pair.worker(DONE)
    pair.start()
    ids = [pair.create() for _ in range(3)]
    for job_id in ids:
        pair.wait_state(job_id, "completed")
    pair.wait_compared()
    (pair.path / "videos" / f"{ids[1]}.mp4").unlink()
    text = pair.ctl("backup", tmp_path / "b", code=1)
    assert f"file {ids[1]}: a file of the job is missing" in text and "with 1 faults" in text
    assert (tmp_path / "b" / "backup.json").exists(), "what there is, is kept"


def test_restore_to_other_places(pair, other, tmp_path):
    pair.worker(DONE)
    pair.start()
    done = pair.create()
    pair.wait_state(done, "completed")
    pair.ctl("backup", tmp_path / "b")
    other.sets += [f"db_path={other.path}/fast/db", f"video_storage_path={other.path}/big/films"]
    other.ctl("restore", tmp_path / "b")
    assert (other.path / "big" / "films" / f"{done}.mp4").exists() and (other.path / "fast" / "db" / "jobs.db").exists()
    assert "0 faults" in other.ctl("verify", "--grace", "0")
    other.start()
    assert other.job(done)["state"] == "completed"


def interrupt(pair, seconds, *words):
    """kill -9 of a kinoractl after a while. False: it was done by then."""
    command = subprocess.Popen([CTL, *pair.arguments(), *map(str, words)], stdout=subprocess.DEVNULL)
    time.sleep(seconds)
    command.kill()
    return command.wait() == -signal.SIGKILL


def start_is_refused(pair, pid):
    second = subprocess.run([KINORAD, *pair.arguments()], capture_output=True, text=True, timeout=60)
    return second.returncode == 75 and f"kinoractl ({pid}) has {pair.path}" in second.stderr


def test_nothing_starts_during_a_restore(pair, other, held, tmp_path):
    pair.sets.append("dispatch=no")
    other.sets.append("dispatch=no")
    pair.start()
    job_id = pair.create()
    pair.ctl("backup", tmp_path / "b")
    command = held(other, "restore", tmp_path / "b", at="open store.restoring/")
    try:
        assert start_is_refused(other, command.pid)
        assert f"kinoractl ({command.pid}) has it" in other.ctl("restore", tmp_path / "b", code=75)
    finally:
        command.send_signal(signal.SIGCONT)
    assert command.wait(60) == 0, command.stderr.read()
    assert other.start().job(job_id)["state"] == "queued"
    assert "the service runs" in other.ctl("restore", tmp_path / "b", "--force", code=65)
    os.kill(other.process.pid, signal.SIGSTOP)  # and has no sockets any more
    try:
        os.kill(other.pid("kinora-fcgi"), signal.SIGKILL)
        (other.run / "control.sock").unlink()
        assert f"kinorad ({other.process.pid}) has it" in other.ctl("restore", tmp_path / "b", "--force", code=75)
    finally:
        os.kill(other.process.pid, signal.SIGCONT)


def test_nothing_starts_during_a_load(other):
    command = subprocess.Popen([CTL, *other.arguments(), "load"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for((other.path / "store.loading").exists)
    assert start_is_refused(other, command.pid)
    command.communicate(b'{"kinora":"dump","version":1}\n{"end":{"lines":1}}\n', timeout=60)
    assert command.returncode == 0
    other.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="files of two owners are root's to make")
def test_what_root_restores_is_of_the_datas_owner(pair, other, monkeypatch):
    owner, group = 65534, 65533
    pair.worker(DONE)
    pair.start()
    done = pair.create()
    pair.wait_state(done, "completed")
    backup = pathlib.Path(tempfile.mkdtemp(prefix="kinora-", dir="/tmp"))
    try:
        pair.ctl("backup", backup / "b")
        os.chown(other.path, owner, group)
        # Of a process that was root, LeakSanitizer sees nothing.
        monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        other.arguments()
        other.sets.append(f"run_path={other.path}/run")
        assert "may not read the backup" in other.ctl("restore", backup / "b", code=77)
        subprocess.run(["chmod", "-R", "a+rX", backup], check=True)
        other.ctl("restore", backup / "b")
        restored = [path for path in other.path.rglob("*") if path.name not in ("log", "kinora.conf")]
        assert other.path / "videos" / f"{done}.mp4" in restored
        assert {(path.stat().st_uid, path.stat().st_gid) for path in restored} == {(owner, group)}
        assert (backup / "b" / "videos" / f"{done}.mp4").stat().st_uid == 0
    finally:
        shutil.rmtree(backup)


def test_a_backup_that_is_killed(pair, other, tmp_path):
    pair.worker(DONE, slots=2)
    pair.start()
    with load(pair) as (ids, _):
        for n in range(12):
            target = tmp_path / f"b{n}"
            interrupt(pair, 0.02 * n, "backup", target)
            wait_for(lambda: not leftovers(pair))
            if not (target / "backup.json").exists():
                assert "no whole backup" in other.ctl("restore", target, code=66)
                assert not (other.path / "store").exists()
        before = len(ids)
        wait_for(lambda: len(ids) > before)
        pair.ctl("backup", tmp_path / "whole")
    pair.stop()
    assert "0 faults" in pair.ctl("verify", "--grace", "0")


def test_a_responder_that_is_killed_during_a_backup(pair, tmp_path):
    pair.worker(DONE, slots=2)
    pair.start()
    with load(pair):
        for n in range(6):
            target = tmp_path / f"b{n}"
            command = subprocess.Popen([CTL, *pair.arguments(), "backup", str(target)], stderr=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL)
            time.sleep(0.03 * n)
            os.kill(pair.wait_ready(), signal.SIGKILL)
            status = command.wait(60)
            assert status in (0, 1, 65, 69, 70, 75) and (status == 0) == (target / "backup.json").exists()
            pair.wait_ready()
            if status == 0:
                assert "0 faults" in pair.ctl("verify", "--dir", target, "--grace", "0")
    wait_for(lambda: not leftovers(pair))


def test_a_restore_that_is_killed(pair, other, tmp_path):
    pair.worker(DONE, slots=4)
    pair.start()
    ids = [pair.create() for _ in range(60)]
    for job_id in ids:
        pair.wait_state(job_id, "completed", 60)
    pair.stop()
    pair.ctl("backup", tmp_path / "b")
    for n in range(15):
        killed = interrupt(other, 0.02 * n, "restore", tmp_path / "b", "--force")
        if (other.path / "store" / "unfinished").exists():
            assert "unfinished" in other.ctl("verify", code=1)
        elif (other.path / "store").exists():
            assert "0 faults" in other.ctl("verify", "--grace", "0")
        if not killed:
            break
    other.ctl("restore", tmp_path / "b", "--force")
    assert "0 faults" in other.ctl("verify", "--grace", "0")
    other.start()
    assert other.call("stats")["jobs"]["grok_imagine"]["completed"] == len(ids)


def test_damaged_backups(pair, other, tmp_path):
    pair.worker(DONE)
    pair.start()
    ids = [pair.create() for _ in range(5)]
    for job_id in ids:
        pair.wait_state(job_id, "completed")
    pair.stop()
    good = tmp_path / "good"
    pair.ctl("backup", good)
    other.ctl("restore", good)
    kept = (other.path / "store" / "jobs.db").read_bytes()

    def damaged(name):
        shutil.copytree(good, tmp_path / name)
        return tmp_path / name

    def refuse(backup, words, code=1):
        text = other.ctl("restore", backup, "--force", code=code)
        assert words in text, text
        assert (other.path / "store" / "jobs.db").read_bytes() == kept, "nothing was changed"
        assert not list(other.path.glob("*restoring*")) and not list(other.path.glob("*.before-*"))

    backup = damaged("page")
    with open(backup / "store" / "jobs.db", "r+b") as table:
        table.seek(4096 + 300)
        table.write(b"garbage")
    refuse(backup, "the backup is damaged")

    backup = damaged("truncated")
    os.truncate(backup / "store" / "list.db", 4096 + 10)
    refuse(backup, "the backup is damaged")

    backup = damaged("index")
    (backup / "store" / "list.db").unlink()
    refuse(backup, "list.db lacks an entry")

    backup = damaged("log")
    for path in (backup / "store").glob("log.*"):
        path.unlink()
    refuse(backup, "the backup is damaged")

    backup = damaged("note")
    (backup / "backup.json").write_text('{"kinora":"backup","version":99}')
    refuse(backup, "is no backup that this program knows", 65)
    (backup / "backup.json").unlink()
    refuse(backup, "is no whole backup", 66)

    backup = damaged("nothing")
    shutil.rmtree(backup / "store")
    refuse(backup, "its store is missing", 66)
    refuse(tmp_path / "none", "is no whole backup", 66)
    refuse(backup / "backup.json", "is no whole backup", 66)

    backup = damaged("file")
    os.truncate(backup / "videos" / f"{ids[0]}.mp4", 1)
    refuse(backup, f"videos/{ids[0]}.mp4 is missing")
    text = other.ctl("restore", backup, "--force", "--partial", code=1)
    assert "5 jobs" in text and "4 files" in text


# --- dump and load ---


def test_dump_under_load_and_load(pair, other, tmp_path):
    pair.worker(DONE, slots=2)
    pair.start()
    pair.ctl("keys", "create", "--name", "lab")
    with load(pair) as (ids, gone):
        before = set(ids)
        pair.ctl("dump", tmp_path / "one")
        assert f"{tmp_path}/none/one: Not found" in pair.ctl("dump", tmp_path / "none" / "one", code=66)
    lines = [json.loads(line) for line in (tmp_path / "one").read_text().splitlines()]
    assert re.fullmatch("[0-9a-f]{32}", lines[0].pop("id_key"))
    assert lines[0] == {"kinora": "dump", "version": 1} and lines[-1] == {"end": {"lines": len(lines) - 1}}
    dumped = {line["job"]["id"] for line in lines if "job" in line}
    assert before - gone <= dumped
    assert any(line.get("table") == "keys" for line in lines)
    assert leftovers(pair) == []

    loaded = other.ctl("load", tmp_path / "one", "--json")
    assert loaded == {"path": str(other.path / "store"), "lines": len(lines)}
    assert "0 faults" in other.ctl("verify", "--no-files")
    dumped = other.ctl("dump", tmp_path / "two", "--json")
    assert dumped == {"path": str(tmp_path / "two"), "lines": len(lines)}
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes()
    assert "not empty" in other.ctl("load", tmp_path / "one", code=73)
    assert [key["name"] for key in other.start().ctl("keys", "list", "--json")["keys"]] == ["lab"]
    assert "the service runs" in other.ctl("load", tmp_path / "one", code=65)
    for job_id in before - gone:
        other.job(job_id)


def test_load_is_strict(pair, other, tmp_path):
    pair.sets.append("dispatch=no")
    pair.start()
    for i in range(3):
        pair.create(f"Prompt \u2603 {i}")
    pair.stop()
    pair.ctl("dump", tmp_path / "good")
    good = (tmp_path / "good").read_text().splitlines(keepends=True)
    assert len(good) == 5
    other.start()  # an empty store is no store
    other.stop()

    def refuse(lines, line, words):
        (tmp_path / "bad").write_text("".join(lines))
        text = other.ctl("load", tmp_path / "bad", code=65)
        assert f"bad:{line}: " in text and words in text, text
        assert not list(other.path.glob("store.*"))

    refuse([], 1, "ends before its end")
    refuse(good[1:], 1, "no dump")
    refuse(['{"kinora":"dump","version":2}\n', *good[1:]], 1, "a version")
    for wrong in ('"id_key":"12"', '"id_key":5', '"id_key":null', '"id_key":"' + "x" * 32 + '"', '"id_key":"' + "0" * 34 + '"'):
        refuse([re.sub('"id_key":"[^"]*"', wrong, good[0]), *good[1:]], 1, "id_key")
    refuse(good[:-1], 5, "ends before its end")
    refuse([*good[:2], *good[3:]], 4, "lines are missing")
    refuse([*good, good[1]], 6, "more after the end")
    refuse([*good[:2], good[2][:40]], 3, "no JSON object")
    refuse([*good[:2], good[2].replace('"job_', '"jo\\u0000b_'), *good[3:]], 3, "no JSON object")
    refuse([*good[:2], good[2].replace("grok_imagine", "grok_imagination"), *good[3:]], 3, "api")
    refuse([*good[:2], good[2].replace('"model":"grok"', '"model":5'), *good[3:]], 3, "model")
    refuse([*good[:2], good[2].replace('"model"', '"mode"'), *good[3:]], 3, "not known")
    refuse([*good[:2], good[2].replace('"state":"queued",', ""), *good[3:]], 3, "missing")
    refuse([*good[:2], good[2].replace('"priority":128', '"priority":256'), *good[3:]], 3, "priority")
    refuse([*good[:2], good[2].replace('"queued"', '"completed"'), *good[3:]], 3, "the job has ended, at no time")
    outside = '"assets":[{"name":"video","path":"videos/../../x","bytes":1}],"state"'
    refuse([*good[:2], good[2].replace('"state"', outside), *good[3:]], 3, "has a file where")
    refuse([good[0], good[1], good[1], *good[3:]], 3, "stands in the file already")
    refuse([*good[:2], '{"table":"chairs","key":"a","value":"b"}\n', *good[3:]], 3, "no entry of a table")
    refuse([*good[:2], '{"counter":"a","value":"b"}\n', *good[3:]], 3, "no counter")
    refuse([*good[:2], '{"dance":1}\n', *good[3:]], 3, "neither")
    other.ctl("load", tmp_path / "good")
    other.ctl("dump", tmp_path / "again")
    assert (tmp_path / "again").read_text() == "".join(good)


def test_a_disk_that_is_full_at_the_end_of_a_load(other, tmp_path):
    """What waits for its flush is not loaded yet."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk], capture_output=True).returncode != 0:
        pytest.skip("nothing may be mounted here")
    try:
        other.sets.append(f"db_path={disk}/store")
        command = [CTL, *other.arguments(), "load"]
        load = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = ['{"kinora":"dump","version":1}\n']
        for n in range(100):
            job = {"id": f"job_{n:012}", "api": "grok_imagine", "state": "queued", "model": "grok", "created": n + 1,
                   "updated": n + 1, "log": "x" * 5000}
            lines.append(json.dumps({"job": job}) + "\n")
        load.stdin.write("".join(lines))
        load.stdin.flush()
        wait_for(lambda: list(disk.glob("store.loading/log.*")))
        time.sleep(1)
        with contextlib.suppress(OSError), open(disk / "filler", "wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        _, text = load.communicate(json.dumps({"end": {"lines": len(lines)}}) + "\n", timeout=60)
        assert load.returncode == 75 and "Not enough storage space" in text, text
        assert not (disk / "store").exists()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


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


@pytest.mark.parametrize("running", [True, False])
def test_compact(pair, running):
    pair.sets.append("dispatch=no")
    pair.start()
    prompt = "long " * 100
    ids = [pair.create(prompt) for _ in range(300)]
    with pair.control() as control:
        for job_id in ids[:280]:
            control.call("delete", id=job_id)
    if not running:
        pair.stop()
        before = (pair.path / "store" / "jobs.db").stat().st_size
        assert "returned" in pair.ctl("compact")
        assert (pair.path / "store" / "jobs.db").stat().st_size < before / 2
    else:
        with load(pair, pause=0.1):  # what comes meanwhile must not fill what was freed
            told = pair.ctl("compact", "--json")
        assert told["returned"] > 1 << 17
        jobs = next(table for table in told["tables"] if table["file"] == "jobs.db")
        assert jobs["after"] < jobs["before"]
        for job_id in ids[280:]:
            pair.job(job_id)
        pair.stop()
    assert "0 faults" in pair.ctl("verify")
