"""The short form of tests/fault/run: each fault once, and some together."""

import os
import pathlib
import subprocess

RUN = pathlib.Path(__file__).resolve().parent / "run"


def test_nothing_acknowledged_is_lost():
    seed = os.environ.get("KINORA_FAULT_SEED", "1")
    done = subprocess.run([RUN, "--seed", seed, "--rounds", "25", "--minutes", "2"], capture_output=True, text=True,
                          timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
