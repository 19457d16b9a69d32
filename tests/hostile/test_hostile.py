"""A short campaign; tests/hostile/run is for long ones. Its seed is in the message when it fails."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from campaign import OPTIONS, campaign  # noqa: E402


def test_hostile_requests(serve):
    figures = campaign(serve(**OPTIONS), str(time.time_ns()), 3000, threads=4)
    assert figures["requests"] == 3000
    # They were read, and not refused at the door.
    assert len(figures["statuses"]) > 12 and figures["answers"] > 2000, figures
