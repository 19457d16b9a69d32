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
    text = it.text()
    shutil.rmtree(path)
    # In a build with sanitizers. (ThreadSanitizer takes libdb's lock order for a fault: its races alone count.)
    for fault in "AddressSanitizer", "LeakSanitizer", "runtime error:", "data race":
        assert fault not in text
