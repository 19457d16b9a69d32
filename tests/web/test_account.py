"""The account page in headless Chromium. Needs node, npm and Chromium; KINORA_SHOTS=DIR keeps the screenshots."""

import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def playwright():
    for program in ("node", "npm", "chromium"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    if not (HERE / "node_modules").exists():
        install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(install, cwd=HERE, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            pytest.skip("npm cannot install playwright-core: " + done.stderr[-300:])


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
    done = subprocess.run(visit, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
