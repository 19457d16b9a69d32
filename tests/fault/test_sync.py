"""After a sync that failed the next one may succeed without what the kernel has lost."""

import contextlib
import errno

import pytest
import requests

from disk import STORE_DB, STORE_LOG
from waiting import patiently, wait_until


def create(rig, prompt="A cat"):
    answer = requests.post(f"{rig.url}/v1/video/generations", json={"model": "grok", "prompt": prompt}, timeout=patiently(60))
    return answer.status_code


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES, errno.EPERM])
def test_a_failed_sync_of_the_log_is_final(rig, error):
    """The responder ends, and another one reads from the disk what is there."""
    if rig.disk.shim is None:
        pytest.skip("a build with sanitizers takes no preloaded shim")
    assert create(rig) == 201
    before = rig.pid("kinora-fcgi")
    rig.disk.set(sync_eio=10000, kinds=1 << STORE_LOG, sync_errno=error)
    assert create(rig) >= 500
    wait_until(lambda: rig.pid("kinora-fcgi") != before, 30)
    rig.disk.set()
    wait_until(lambda: create(rig) == 201, 30)


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES])
def test_a_failed_sync_of_a_table_is_final(rig, error):
    """The next checkpoint would take its pages for written, and the log that has them for old."""
    if rig.disk.shim is None:
        pytest.skip("a build with sanitizers takes no preloaded shim")
    before = rig.pid("kinora-fcgi")
    rig.disk.set(sync_eio=10000, kinds=1 << STORE_DB, sync_errno=error)
    prompt = "x" * 500

    def has_ended():
        with contextlib.suppress(requests.RequestException):
            create(rig, prompt)
        return rig.pid("kinora-fcgi") != before

    wait_until(has_ended, 60, 0)
    rig.disk.set()
    wait_until(lambda: create(rig) == 201, 30)
