import pathlib
import shutil
import tempfile

import pytest

from rig import Rig


@pytest.fixture
def rig():
    """A Rig whose disk and writes the test may spoil."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="kinora-fault-"))
    rig = Rig(top)
    try:
        yield rig
        rig.disk.set()
        rig.wait_whole(60)
        rig.stop()
    finally:
        rig.disk.unmount()
    shutil.rmtree(top)
