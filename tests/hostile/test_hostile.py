"""A short campaign; tests/hostile/run is for long ones. KINORA_HOSTILE_SEED is for other requests than these."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from campaign import OPTIONS, campaign  # noqa: E402


def test_hostile_requests(serve):
    figures = campaign(serve(**OPTIONS), os.environ.get("KINORA_HOSTILE_SEED", "1"), 3000, threads=4)
    assert figures["requests"] == 3000
    # They were read, and not refused at the door.
    assert len(figures["statuses"]) > 12 and figures["answers"] > 2000, figures
