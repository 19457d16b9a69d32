"""Waiting in tests: always with an end."""

import time


def wait_until(condition, seconds=10, every=0.02):
    """The first true value of condition()."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)
