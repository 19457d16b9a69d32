"""The account page in headless Chromium. Needs node, npm and Chromium; KINORA_SHOTS=DIR keeps the screenshots."""

import os
import pathlib
import subprocess

from harness import ROOT
from waiting import patiently

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("KINORA_BUILD", ROOT / "build"))
SECTION = """
[worker held]
serves = vivid_flow/wan2.1 vivid_flow/veo3.1
command = {script}
slots = 1
"""
# The worker that comes along. The first job waits in front of its work, and at the first two figures of its progress,
# until the visitor has seen them.
WORKER = """#!/bin/bash
set -o pipefail
wait_for() { while [ ! -e "%(hold)s/$1" ]; do sleep 0.1; done; }
wait_for start
%(motion)s | while read -r line; do
	printf '%%s\\n' "$line"
	[[ $line == *'"rendering"'* && $line =~ '"progress":'([0-9]+) && ${BASH_REMATCH[1]} != "$last" ]] || continue
	last=${BASH_REMATCH[1]}
	((++n > 2)) || wait_for "seen-$n"
done
"""


def test_a_visit(playwright, serve, tmp_path):
    hold, script = tmp_path / "hold", tmp_path / "worker"
    hold.mkdir()
    script.write_text(WORKER % {"hold": hold, "motion": BUILD / "root/libexec/kinora/workers/motion"})
    script.chmod(0o755)
    instance = serve(append=SECTION.format(script=script))
    shots = pathlib.Path(os.environ.get("KINORA_SHOTS", tmp_path))
    shots.mkdir(parents=True, exist_ok=True)
    picture = tmp_path / "picture.png"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "gradients=size=1280x720:duration=1", "-frames:v", "1", picture],
        check=True,
    )
    visit = ["node", HERE / "account.mjs", instance.url, picture, shots, hold]
    done = subprocess.run(visit, capture_output=True, text=True, timeout=patiently(300))
    assert done.returncode == 0, done.stderr
