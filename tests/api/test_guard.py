"""What tests start ends with them, however they end."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

import guard
from waiting import wait_until

TESTS = pathlib.Path(guard.__file__).parent
INNER = """
def test_that_never_ends(serve, guarded_dir):
    serve(dispatch="no")
    print(f"started in {guarded_dir}", flush=True)
    __import__("time").sleep(1000)
"""


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGKILL])
def test_instances_of_a_pytest_that_is_gone(tmp_path, sig):
    (tmp_path / "test_inner.py").write_text(INNER)
    shutil.copy(TESTS / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-s", tmp_path]
    inner = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(TESTS)}, stdout=subprocess.PIPE, text=True)
    line = next(line for line in inner.stdout if line.startswith("started in "))
    directory = line.removeprefix("started in ").strip()
    assert len(guard.left(directory)) >= 3
    inner.send_signal(sig)
    inner.wait(120)
    inner.stdout.close()
    wait_until(lambda: not pathlib.Path(directory).exists(), 60)
    assert not guard.left(directory)


def test_one_that_does_not_listen(tmp_path):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(1000)"
    env = {**os.environ, "KINORA_TESTS": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", deaf], env=env, stdout=subprocess.PIPE)
    process.stdout.readline()
    guard.end(tmp_path, signal.SIGTERM, 0.5)
    assert guard.left(tmp_path) == [process.pid]
    guard.end(tmp_path, signal.SIGKILL, 30)
    assert process.wait(30) == -signal.SIGKILL
    process.stdout.close()
    assert guard.left(tmp_path) == []
