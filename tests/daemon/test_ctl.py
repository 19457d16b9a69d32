"""kinoractl, as an administrator types it."""

import json
import os
import subprocess

import pytest

from control_client import request
from daemon_pair import CTL, DONE, pair  # noqa: F401


def test_jobs(pair):
    pair.sets.append("dispatch=no")
    pair.start()
    ids = [pair.create(f"Prompt {i}") for i in range(3)]
    listed = pair.ctl("jobs", "list", "--json")
    assert [j["id"] for j in listed["jobs"]] == ids[::-1] and listed["total"] == 3
    assert [j["id"] for j in pair.ctl("jobs", "list", "--limit=1", "--after", ids[1], "--json")["jobs"]] == [ids[0]]
    assert pair.ctl("jobs", "list", "--state", "failed", "--json")["jobs"] == []
    assert "Prompt 1" in pair.ctl("jobs", "list", "--api", "grok_imagine")
    assert pair.ctl("jobs", "show", ids[0], "--json")["prompt"] == "Prompt 0"
    assert "Prompt 0" in pair.ctl("jobs", "show", ids[0])
    assert pair.ctl("jobs", "cancel", ids[0], "--json")["state"] == "cancelled"
    pair.ctl("jobs", "cancel", ids[0], code=65)
    pair.ctl("jobs", "retry", ids[1], code=65)
    assert pair.ctl("jobs", "delete", ids[1]) == f"{ids[1]}: deleted\n"
    pair.ctl("jobs", "show", ids[1], code=66)
    assert pair.ctl("jobs", "delete", ids[0], "--json") == {"id": ids[0], "state": "deleted"}
    assert pair.ctl("stats", "--json")["jobs"]["grok_imagine"]["queued"] == 1
    assert pair.ctl("ping", "--json")["pid"] == pair.pid("kinora-fcgi")


def test_retry(pair):
    pair.worker(f"[ -e {pair.path}/good ] || exit 1\n" + DONE)
    pair.start()
    job_id = pair.create()
    pair.wait_state(job_id, "failed")
    (pair.path / "good").touch()
    pair.ctl("jobs", "retry", job_id)
    pair.wait_state(job_id, "completed")


def test_keys(pair):
    pair.start()
    key = pair.ctl("keys", "create", "--name", "lab", "--hour-limit", "5").splitlines()[-1]
    assert key.startswith("kn_")
    pair.ctl("keys", "create", "--name", "lab", code=73)
    listed = pair.ctl("keys", "list", "--json")
    assert listed["keys"][0]["name"] == "lab" and key not in str(listed)
    assert pair.ctl("keys", "limit", "lab", "--day-limit", "7", "--json") == {"name": "lab", "state": "limits changed"}
    assert pair.ctl("keys", "revoke", "lab", "--json") == {"name": "lab", "state": "revoked"}
    pair.ctl("keys", "revoke", "lab", code=66)
    # A name of two owners is nobody's to revoke.
    pair.ctl("keys", "create", "--name", "lab")
    pair.ctl("keys", "create", "--name", "lab", "--account", "ann")
    said = pair.ctl("keys", "revoke", "lab", code=65)
    ids = [k["id"] for k in pair.ctl("keys", "list", "--json")["keys"] if not k["revoked_at"]]
    assert len(ids) == 2 and all(id_ in said for id_ in ids) and "of user:ann" in said, said
    # An account's name, as the account has it.
    assert "of user:ann:" in pair.ctl("keys", "create", "--name", "second", "--account", "Ann")
    assert "no account" in pair.ctl("keys", "create", "--name", "third", "--account", "a n n", code=65)


def test_config(pair):
    config = pair.ctl("--set", "openai_api_key=hush", "config", "--json")
    assert config["options"]["threads"] == {"value": "8", "origin": "--set"}
    assert config["options"]["server_port"]["origin"] == "default"
    assert config["options"]["openai_api_key"]["value"] == "(set)"
    assert "hush" not in str(config)
    assert "server_port" in pair.ctl("config", "sample")


def test_a_job_whose_files_are_gone(pair):
    pair.worker("exit 1\n")
    pair.start()
    job_id = pair.create()
    pair.wait_state(job_id, "failed")
    pair.call("expire", id=job_id)
    assert "No longer available" in pair.ctl("jobs", "retry", job_id, code=65)


def test_lists_that_are_longer_than_a_line(pair):
    """A line of the control socket has a megabyte."""
    pair.sets.append("dispatch=no")
    pair.start()
    body = json.dumps({"prompt": "/" * 9000}).encode()
    for _ in range(90):
        status, answer = request(pair.run / "fcgi.sock", "POST", "/api/generate", body, "grok_3d")
        assert status == 200, answer
    seen, after = [], []
    while len(seen) < 90:
        page = pair.ctl("jobs", "list", "--limit", "90", "--json", *after)
        assert page["total"] == 90 and 0 < len(page["jobs"]) < 90
        seen += [job["id"] for job in page["jobs"]]
        after = ["--after", seen[-1]]
    assert len(set(seen)) == 90
    with pair.control() as control:
        for i in range(4000):
            control.call("key_create", name=f"{i} " + "/" * 50)
    keys = pair.ctl("keys", "list", "--json")["keys"]
    assert [key["name"].split()[0] for key in keys] == [str(i) for i in reversed(range(4000))]
    assert len(pair.ctl("keys", "list").splitlines()) == 4000


def test_lists_that_cannot_be(pair):
    pair.start()
    assert "no such api" in pair.ctl("jobs", "list", "--api", "dance", code=65)
    assert "no such state" in pair.ctl("jobs", "list", "--state", "dance", code=65)
    assert "1 or more" in pair.ctl("jobs", "list", "--limit", "0", code=65)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_may_not(pair, tmp_path):
    """Another user is told so: not that there is nothing."""
    pair.start()
    run = pair.path / "run"
    pair.ctl("backup", tmp_path / "b")
    for path in (pair.path, tmp_path):
        path.chmod(0o700)
    stranger = ["setpriv", "--reuid=65534", "--regid=65533", "--clear-groups", CTL]
    stranger += ["--set", f"data_path={pair.path}", "--set", f"run_path={run}"]
    elsewhere = ["--set", "data_path=/tmp/kinora-is-not-there"]

    def refuse(*words):
        done = subprocess.run([*stranger, *map(str, words)], capture_output=True, text=True, cwd="/")
        assert done.returncode == 77 and "Permission denied" in done.stderr, (words, done)

    for command in (["ping"], ["jobs", "list"], ["verify"], ["dump"], ["compact"], ["backup", tmp_path / "new"]):
        refuse(*command)
    for command in (["verify", "--dir", tmp_path / "b"], ["dump", "--dir", tmp_path / "b"], ["load", tmp_path / "dump"]):
        refuse(*elsewhere, *command)
    refuse(*elsewhere, "restore", tmp_path / "b")


def test_mistakes(pair):
    assert "does not run" in pair.ctl("ping", code=69)
    assert "no such command" in pair.ctl("dance", code=64)
    assert "no such option" in pair.ctl("jobs", "list", "--dance", code=64)
    assert "a number is needed" in pair.ctl("jobs", "list", "--limit", "x", code=64)
    assert "usage" in pair.ctl("jobs", "show", code=64)
    assert "threads" in pair.ctl("--set", "threads=0", "config", code=78)
