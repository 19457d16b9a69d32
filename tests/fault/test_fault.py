"""The short form of tests/fault/run: each fault once, and some together."""

import importlib.machinery
import importlib.util
import math
import os
import pathlib
import subprocess

import pytest

RUN = pathlib.Path(__file__).resolve().parent / "run"


def test_nothing_acknowledged_is_lost():
    seed = os.environ.get("KINORA_FAULT_SEED", "1")
    done = subprocess.run([RUN, "--seed", seed, "--rounds", "25", "--minutes", "2"], capture_output=True, text=True,
                          timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def driver():
    loader = importlib.machinery.SourceFileLoader("fault_run", str(RUN))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("fault_run", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("arguments, rounds", [([], 25), (["--minutes", "120"], math.inf), (["--rounds", "7"], 7),
                                               (["--rounds", "7", "--minutes", "120"], 7)])
def test_minutes_alone_set_no_limit_of_rounds(driver, arguments, rounds):
    assert driver.read_options(arguments).rounds == rounds
