"""Fixtures. KINORA_SLOW=1 adds the tests that take minutes.

Each instance must end cleanly, leave no process, and have no complaint of a
sanitizer in its logs: who started it fails otherwise.
"""

import fcntl
import filecmp
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

import guard
from harness import Instance


def pytest_configure(config):
    # In the background of a shell it is ignored, which those inherit whom the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "slow: takes minutes; runs with KINORA_SLOW=1")


def pytest_collection_modifyitems(items):
    if os.environ.get("KINORA_SLOW"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="KINORA_SLOW is not set"))


@pytest.fixture(scope="session", autouse=True)
def guarded_dir():
    """A directory for instances; tmp_path is too long for unix sockets. What tests start ends with this process,
    however that ends."""
    top = tempfile.mkdtemp(prefix="kinora-test-")
    process = subprocess.Popen(
        [sys.executable, guard.__file__, top],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for pytest
    )
    os.environ["KINORA_TESTS"] = top
    yield top
    process.stdin.close()
    process.wait()


def _start_and_stop(guarded_dir):
    instances = []
    top = tempfile.mkdtemp(dir=guarded_dir)

    def start(append=None, env=None, **options):
        instance = Instance(f"{top}/{len(instances)}", append, env, **options)
        instances.append(instance)
        return instance

    yield start
    faults = []
    for instance in instances:
        try:
            instance.stop()
        except AssertionError as fault:
            faults.append(str(fault))
    shutil.rmtree(top, ignore_errors=True)
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="session")
def start_instance(guarded_dir):
    """start_instance(append="[worker …]…", env={…}, option=value, …): an Instance that lives until the
    session ends."""
    yield from _start_and_stop(guarded_dir)


@pytest.fixture
def serve(guarded_dir):
    """The same for one test: its instances end with it."""
    yield from _start_and_stop(guarded_dir)


@pytest.fixture(scope="session")
def instance(start_instance):
    """The one that most tests share: no local workers, the tests are the workers."""
    return start_instance(dispatch="no")


@pytest.fixture
def one_day():
    """For tests that would see a day's counts begin anew: waits until midnight (UTC) when it is near."""
    left = 86400 - time.time() % 86400
    if left < 120:
        time.sleep(left + 1)


@pytest.fixture(scope="session")
def mp4(tmp_path_factory):
    """The bytes of a small film."""
    path = tmp_path_factory.mktemp("media") / "film.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=1"]
        + ["-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path)],
        check=True,
    )
    return path.read_bytes()


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    """Where npm has put what tests/package.json names; skips without node, npm or its registry."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "kinora-tests"
    manifest = pathlib.Path(__file__).parent / "package.json"
    kept = cache / "package.json"
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if kept.exists() and filecmp.cmp(manifest, kept, shallow=False) and (cache / "node_modules").exists():
            return cache / "node_modules"
        fresh = tmp_path_factory.mktemp("npm")
        shutil.copy(manifest, fresh)
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        try:
            subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=300, check=True)
        except subprocess.SubprocessError as fault:
            pytest.skip(f"npm install: {fault} {(fault.stderr or '')[-200:]}")
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(fresh, cache)
    return cache / "node_modules"
