"""Grok 3D's document in headless Chromium: its two functions as they stand there."""

import pathlib
import subprocess
import zipfile

from waiting import patiently

HERE = pathlib.Path(__file__).parent


def test_the_documents_javascript(playwright, serve, tmp_path):
    whole, failing = serve(), serve(triposr_command="/bin/false")
    visit = ["node", HERE / "grok_3d.mjs", str(whole.port), str(failing.port), tmp_path]
    done = subprocess.run(visit, capture_output=True, text=True, timeout=patiently(500))
    assert done.returncode == 0, done.stderr
    models = sorted(tmp_path.glob("*.usdz"))
    assert len(models) == 2
    for model in models:
        with zipfile.ZipFile(model) as usdz:
            assert usdz.testzip() is None and usdz.namelist()[0] == "model.usda"
    (job_id,) = [model.stem for model in models if not model.stem.startswith("ex_")]
    assert (whole.dir / "jobs" / job_id / "usdz.usdz").read_bytes() == (tmp_path / f"{job_id}.usdz").read_bytes()
