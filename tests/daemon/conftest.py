"""A pair of kinorad and kinora-fcgi for each test."""

import pathlib
import shutil
import tempfile

import pytest

from daemon_pair import Pair


@pytest.fixture
def pair():
    # A socket's path has room for 107 bytes only: pytest's own directories can be too long.
    path = pathlib.Path(tempfile.mkdtemp(prefix="kinora-", dir="/tmp"))
    it = Pair(path)
    yield it
    it.clear()
    assert it.processes() == []
    shutil.rmtree(path)
