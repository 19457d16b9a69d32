"""What starts on a full disk is whole as soon as there is space."""

import signal
import time

import pytest

from waiting import wait_until


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
