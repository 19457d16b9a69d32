"""The units in contrib/: what systemd says of them, and sockets that it passes."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest

from daemon_pair import FCGI, KINORAD, pair, wait_for  # noqa: F401

CONTRIB = pathlib.Path(__file__).resolve().parents[2] / "contrib"
UNITS = sorted(CONTRIB.rglob("*.service")) + sorted(CONTRIB.rglob("*.socket"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")


def name_of(path):
    return path.name


@needs_analyze
@pytest.mark.parametrize("unit", SERVICES, ids=name_of)
def test_exposure_is_under_2(unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True
    )
    level = re.search(r"Overall exposure level for .*?: ([\d.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert done.returncode == 0 and float(level[1]) < 2.0, done.stdout


@needs_analyze
@pytest.mark.parametrize("unit", UNITS, ids=name_of)
def test_units_are_valid(unit, tmp_path):
    """With the programs where the unit wants them, which they are not in a build."""
    for other in unit.parent.iterdir():
        if other.suffix in (".service", ".socket"):
            text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", other.read_text(), flags=re.M)
            (tmp_path / other.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True
    )
    # Other units of this machine may have faults of their own.
    complaints = [line for line in done.stderr.splitlines() if "kinora" in line]
    assert complaints == []


@pytest.mark.parametrize("unit", SERVICES, ids=name_of)
def test_what_the_sandbox_says(unit):
    """Also where there is no systemd to ask."""
    text = unit.read_text()
    for line in (
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources",
        "LimitCORE=0",
    ):
        assert f"\n{line}\n" in text
    assert re.search(r"^(User|DynamicUser)=", text, re.M)


# --- sockets ---


def listen(path):
    it = socket.socket(socket.AF_UNIX)
    it.bind(str(path))
    it.listen(16)
    return it


def start_with(pair, sockets):
    """As systemd does: from descriptor 3 on, with LISTEN_PID of the new process itself."""
    inherited = [os.dup(one.fileno()) for one in sockets]  # not 3, 4, … themselves
    high = [os.dup2(fd, 100 + i, inheritable=True) for i, fd in enumerate(inherited)]
    moves = " ".join(f"{3 + i}<&{fd} {fd}<&-" for i, fd in enumerate(high))
    script = f'export LISTEN_PID=$$ LISTEN_FDS={len(high)} LISTEN_FDNAMES=x; exec "$@" {moves}'
    env = {"PATH": os.environ["PATH"], "KINORA_FCGI": str(FCGI)}
    env |= {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    pair.process = subprocess.Popen(
        ["/bin/bash", "-c", script, "bash", KINORAD, *pair.arguments()], env=env, stderr=pair.log, pass_fds=high
    )
    for fd in inherited + high:
        os.close(fd)


@pytest.mark.parametrize("swapped", [False, True], ids=["in-order", "swapped"])
def test_sockets_that_systemd_holds(pair, swapped):
    pair.sets.append("dispatch=no")
    pair.run.mkdir(mode=0o750)
    sockets = [listen(pair.run / "fcgi.sock"), listen(pair.run / "control.sock")]
    inodes = [(pair.run / name).stat().st_ino for name in ("fcgi.sock", "control.sock")]
    start_with(pair, sockets[::-1] if swapped else sockets)
    pair.wait_ready()
    job_id = pair.create()
    # A responder that is replaced gets them again.
    pid = pair.pid("kinora-fcgi")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: pair.pid("kinora-fcgi") not in (0, pid))
    assert pair.job(job_id)["state"] == "queued"
    # They outlive the service: what is asked meanwhile waits for the next one.
    pair.stop()
    assert [(pair.run / name).stat().st_ino for name in ("fcgi.sock", "control.sock")] == inodes
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(pair.run / "fcgi.sock"))
        start_with(pair, sockets)
        pair.wait_ready()
    assert pair.job(job_id)["state"] == "queued"
    pair.stop()


def test_systemd_socket_activate(pair):
    """systemd's own program, which starts the service with the first connection."""
    program = shutil.which("systemd-socket-activate")
    if program is None:
        pytest.skip("there is no systemd-socket-activate")
    pair.run.mkdir(mode=0o750)
    command = [program, "-l", pair.run / "fcgi.sock", "-l", pair.run / "control.sock"]
    command += ["-E", f"KINORA_FCGI={FCGI}", "-E", "PATH"]
    command += [f"-E{k}" for k in os.environ if k.endswith("SAN_OPTIONS")]
    pair.process = subprocess.Popen([*command, KINORAD, *pair.arguments()], stderr=pair.log)
    wait_for(lambda: (pair.run / "control.sock").exists())
    assert pair.pid("kinora-fcgi") == 0
    pair.wait_ready()
    pair.create()
    pair.stop()


def test_sockets_of_another_place_are_refused(pair):
    pair.run.mkdir(mode=0o750)
    start_with(pair, [listen(pair.run / "a.sock"), listen(pair.run / "b.sock")])
    assert pair.process.wait(60) != 0
    assert "systemd's sockets are not" in pair.text()
