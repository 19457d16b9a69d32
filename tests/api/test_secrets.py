"""Secrets stay where they belong, and files are for those who need them."""

import contextlib
import json
import os
import pathlib
import stat
import uuid

import pytest
import requests

from harness import ROOT
from test_grok_imagine import DATA_URL, create, get
from test_vivid_flow import URL, Client
from waiting import wait_until

# By the environment: what is given by --set is in quickstart's own command line.
SECRETS = {
    name: f"planted-{name.replace('_', '-')}-{uuid.uuid4().hex}"
    for name in ("worker_token", "openai_api_key", "pexels_api_key", "xai_api_key")
}
# Their services: nobody is there.
NOWHERE = {f"{name}_base_url": "http://127.0.0.1:9/v1" for name in ("openai", "pexels", "xai")}
WORKERS = """
[worker noisy]
serves = grok_imagine/grok
command = {script}
slots = 1
deadline = 60
attempts = 1
[worker motion]
serves = vivid_flow/wan2.1 vivid_flow/veo3.1
command = {workers}/motion
[worker text-to-video]
serves = text_to_video/default
command = {workers}/text-to-video
"""


def contents_of(instance):
    """Path and bytes of every file; without those that the service removes meanwhile."""
    for folder, _, names in os.walk(instance.dir):
        for path in (pathlib.Path(folder) / name for name in names):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    yield path, path.read_bytes()


@pytest.fixture(scope="module")
def used(start_instance, tmp_path_factory):
    """An instance that has done its work, well and badly, and every secret that was used."""
    path = tmp_path_factory.mktemp("secrets")
    script = path / "worker"
    # It fails with all that it can say, except what it was given.
    script.write_text(f"#!/bin/sh\ntr '\\0' '\\n' </proc/self/environ >{path}/environ\ncat >/dev/null\nsleep 2\nexit 1\n")
    script.chmod(0o755)
    build = pathlib.Path(os.environ.get("KINORA_BUILD", ROOT / "build"))
    append = WORKERS.format(script=script, workers=build / "root/libexec/kinora/workers")
    env = {f"KINORA_{name.upper()}": value for name, value in SECRETS.items()}
    instance = start_instance(append=append, env=env, **NOWHERE)
    instance.worker_environ = path / "environ"
    client = Client(instance)
    job = create(instance, image=DATA_URL)
    wait_until(lambda: get(instance, job["id"])["status"] == "failed", 60)
    made = client.create(model="veo3.1", enhance_prompt=True, image_url=URL)
    wait_until(lambda: client.status(made)["status"] in ("completed", "failed"), 120)
    answer = requests.post(instance.text_url + "/generate", json={"text": "A cat sleeps."})
    assert answer.status_code == 202
    # Refusals, each with its secret
    token = {"Authorization": "Bearer " + SECRETS["worker_token"]}
    for headers in (token, {"X-Worker-Token": SECRETS["worker_token"]}, {"Authorization": "Bearer wrong"}):
        requests.post(instance.url + "/worker/v1/claim", json={"models": ["nothing"]}, headers=headers)
        requests.post(instance.url + "/worker/v1/claim", data=b"{", headers=headers)
        requests.put(instance.url + "/worker/v1/jobs/x/assets/video", data=b"x", headers=headers)
    for path in ("status/x", "history?limit=0", "nothing"):
        client.get(path)
    client.post("generate", json={"prompt": ""})
    password = "planted-password-" + uuid.uuid4().hex
    account = {"name": "u" + uuid.uuid4().hex[:8], "email": "a@example.org", "password": password}
    session = requests.Session()
    session.post(instance.url + "/api/v1/account/register", json=account)
    session.post(instance.url + "/api/v1/account/login", json=account)
    session.post(instance.url + "/api/v1/account/login", json={**account, "password": password + "!"})
    secrets = {**SECRETS, "api_key": client.key, "password": password}
    secrets |= {f"cookie {name}": value for name, value in session.cookies.items() if len(value) > 16}
    instance.secrets = secrets
    return instance


def test_not_in_logs(used):
    logs = [(path, text) for path, text in contents_of(used) if path.suffix in (".log", ".jsonl")]
    assert len(logs) >= 3
    for path, text in logs:
        for name, secret in used.secrets.items():
            assert secret.encode() not in text, f"{name} in {path}"
    output = "".join(used.output)
    assert not [name for name, secret in used.secrets.items() if secret in output]


def test_not_in_files(used):
    """Keys, passwords and sessions are kept as digests; the service's own keys nowhere but in its configuration."""
    for path, text in contents_of(used):
        if path.name == "kinora.conf":
            continue
        for name, secret in used.secrets.items():
            assert secret.encode() not in text, f"{name} in {path}"


def test_not_in_the_process_list(used):
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        for name, secret in used.secrets.items():
            assert secret.encode() not in line, f"{name} in {line}"


def test_not_with_those_who_do_not_need_them(used):
    """nginx, and workers, which hear by their standard input what is meant for them."""
    seen = used.worker_environ.read_text()
    assert "KINORA_WORK_DIR=" in seen
    for pid in [used.pid("nginx"), *children(used.pid("nginx"))]:
        seen += pathlib.Path(f"/proc/{pid}/environ").read_text(errors="replace")
    assert not [name for name, secret in used.secrets.items() if secret in seen]


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_not_in_what_the_service_says(used):
    text = used.ctl("config") + used.ctl("stats") + used.ctl("jobs", "list") + used.ctl("keys", "list")
    for answer in (requests.get(used.url + "/jobs"), requests.get(used.text_url + "/jobs")):
        text += answer.text
        for job in answer.json()["jobs"]:
            job_id = job["id"] if isinstance(job, dict) else job
            text += used.ctl("jobs", "show", job_id, "--json")
    assert not [name for name, secret in used.secrets.items() if secret in text]


@pytest.mark.skipif(any(name.endswith("SAN_OPTIONS") for name in os.environ), reason="sanitizers need to look")
def test_no_core_files(used):
    """What is in memory stays there: the kernel keeps such a process's files for root."""
    for program in ("kinora-fcgi", "kinorad"):
        limits = pathlib.Path(f"/proc/{used.pid(program)}/limits").read_text()
        assert "Max core file size        0                    0" in limits
    if os.geteuid() != 0:
        for program in ("kinora-fcgi", "kinorad"):
            with pytest.raises(PermissionError):
                pathlib.Path(f"/proc/{used.pid(program)}/environ").read_bytes()


def test_modes(used):
    """Nothing is for everybody. nginx reads as the owner, or as a member of the group."""
    for folder, names, files in os.walk(used.dir):
        for name in [*names, *files]:
            path = pathlib.Path(folder) / name
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:  # a job's, which has ended
                continue
            if stat.S_ISLNK(mode) or name == "workers.conf":  # the harness has written that
                continue
            assert mode & 0o007 == 0, f"{path}: {mode:o}"
            if not stat.S_ISSOCK(mode):
                assert mode & 0o020 == 0, f"{path}: {mode:o}"
    modes = {
        "kinora.conf": 0o600,
        "nginx/link-secret.conf": 0o600,
        "run/control.sock": 0o600,
        "run/fcgi.sock": 0o660,
        "store": 0o700,
        "videos": 0o750,
        "jobs": 0o750,
    }
    for name, mode in modes.items():
        assert stat.S_IMODE((used.dir / name).stat().st_mode) == mode, name


def test_json_of_show_is_whole(used):
    """The test above looks at something."""
    job_id = requests.get(used.url + "/jobs").json()["jobs"][0]["id"]
    assert json.loads(used.ctl("jobs", "show", job_id, "--json"))["id"] == job_id
