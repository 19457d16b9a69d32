"""Waiting in tests: always with an end. KINORA_PATIENCE=N makes every end N times as far, for slow builds."""

import os
import time


def patiently(seconds):
    """What may take so long in a build without sanitizers."""
    return seconds * float(os.environ.get("KINORA_PATIENCE", 1))


def wait_until(condition, seconds=30, every=0.02):
    """The first true value of condition()."""
    end = time.monotonic() + patiently(seconds)
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)


def best_of(measure, limit, tries=10):
    """The least of some measurements, of which the first below the limit is enough: the machine may be busy with others."""
    times = [measure()]
    while min(times) >= limit and len(times) < tries:
        times.append(measure())
    return min(times)
