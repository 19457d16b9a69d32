"""What tests in a browser need."""

import fcntl
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


def _is_installed():
    """Whether npm's last act is newer than what it was told to do."""
    done, wanted = HERE / "node_modules/.package-lock.json", HERE / "package.json"
    return done.exists() and done.stat().st_mtime >= wanted.stat().st_mtime


@pytest.fixture(scope="session")
def playwright():
    for program in ("node", "npm", "chromium"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    with (HERE / "package.json").open() as manifest:
        fcntl.flock(manifest, fcntl.LOCK_EX)  # tests run in several processes
        if _is_installed():
            return
        try:
            subprocess.run(install, cwd=HERE, capture_output=True, text=True, timeout=300, check=True)
        except subprocess.SubprocessError as fault:
            pytest.skip(f"npm cannot install what package.json names: {fault} {(fault.stderr or '')[-300:]}")
