"""What starts on a full disk is whole as soon as there is space."""

import pathlib
import shutil
import signal
import tempfile
import time

import pytest

from rig import Rig
from waiting import wait_until


@pytest.fixture
def rig():
    top = pathlib.Path(tempfile.mkdtemp(prefix="kinora-fault-"))
    rig = Rig(top)
    yield rig
    rig.stop()
    rig.disk.unmount()
    shutil.rmtree(top)


def daemons(rig):
    return {pid for pid, line in rig.processes().items() if "sbin/kinorad " in line}


@pytest.mark.parametrize("parts", [("kinorad",), ("kinora-fcgi", "kinorad")])
def test_pid_files_are_those_of_what_runs(rig, parts):
    if not rig.disk.is_small:
        pytest.skip("mounting a small tmpfs is not permitted here")
    before = daemons(rig)
    with rig.disk.filled():
        for part in parts:
            rig.signal_part(part, signal.SIGKILL)
        wait_until(lambda: daemons(rig) - before, 60)
        time.sleep(1)
    rig.wait_whole(60)
    assert {rig.pid("kinorad")} == daemons(rig)
