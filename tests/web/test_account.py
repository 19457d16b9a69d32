"""The account page in headless Chromium. Needs node, npm and Chromium; KINORA_SHOTS=DIR keeps the screenshots."""

import os
import pathlib
import subprocess

from waiting import patiently

HERE = pathlib.Path(__file__).parent


def test_a_visit(playwright, serve, tmp_path):
    instance = serve()
    shots = pathlib.Path(os.environ.get("KINORA_SHOTS", tmp_path))
    shots.mkdir(parents=True, exist_ok=True)
    picture = tmp_path / "picture.png"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "gradients=size=1280x720:duration=1", "-frames:v", "1", picture],
        check=True,
    )
    visit = ["node", HERE / "account.mjs", instance.url, picture, shots]
    done = subprocess.run(visit, capture_output=True, text=True, timeout=patiently(300))
    assert done.returncode == 0, done.stderr
