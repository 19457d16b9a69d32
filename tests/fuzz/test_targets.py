"""Each fuzz target over its corpus, and a few seconds beyond it. KINORA_FUZZ_SECONDS is for more."""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))


@pytest.fixture(scope="session")
def built():
    subprocess.run([HERE / "run", "--build"], check=True, timeout=900)


@pytest.mark.parametrize("target", TARGETS)
def test_target(built, target):
    seconds = int(os.environ.get("KINORA_FUZZ_SECONDS", "6"))
    done = subprocess.run(
        [HERE / "run", "--seconds", str(seconds), target],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds + 300,
    )
    assert done.returncode == 0, done.stdout


def test_every_target_has_a_corpus():
    assert [t for t in TARGETS if not any((HERE / "corpus" / t).iterdir())] == []
