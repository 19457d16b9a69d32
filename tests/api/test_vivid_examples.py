"""The document's own examples, as vivid_flow_examples.md has them, against the worker that comes with Kinora.
Nothing in them is changed but the base URL, the key, and the path of the picture."""

import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

import pytest
from test_vivid_flow import Client
from waiting import wait_until

HERE = pathlib.Path(__file__).parent
DOCUMENT = (HERE / "vivid_flow_examples.md").read_text()
PLACEHOLDERS = ["https://vivid.studioionique.com/api/v1", "your_api_key_here"]


def example(language, client, **more):
    """The code block of that language, for this instance and key."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.S)
    for old, new in [*zip(PLACEHOLDERS, [client.api, client.key]), *more.items()]:
        assert old in code
        code = code.replace(old, new)
    return code


def run(command, cwd, **more):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_picture(path):
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "gradients=size=640x360:duration=1", "-frames:v", "1", path]
    subprocess.run([str(word) for word in command], check=True)
    return path


def figures(url):
    """Width, height and seconds of a film."""
    entries = ["-show_entries", "stream=width,height,duration", "-select_streams", "v"]
    out = subprocess.check_output(["ffprobe", "-v", "error", *entries, "-of", "json", url])
    (stream,) = json.loads(out)["streams"]
    return stream["width"], stream["height"], float(stream["duration"])


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """What stands for Google's storage; its base URL."""
    top = tmp_path_factory.mktemp("bucket")
    (top / "your-bucket/images").mkdir(parents=True)
    make_picture(top / "your-bucket/images/sunset.jpg")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(top))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def client(start_instance, bucket):
    return Client(start_instance(gcs_endpoint=bucket))


def test_python(client, tmp_path):
    make_picture(tmp_path / "image.jpg")
    out = run([sys.executable, "-c", example("python", client)], tmp_path)
    assert "Status: " in out
    (url,) = re.findall(r"^Video URL: (\S+)$", out, re.M)
    assert figures(url) == (1280, 720, 6)


def test_bash(client, tmp_path):
    picture = make_picture(tmp_path / "image.jpg")
    out = run(["bash", "-c", example("bash", client, **{"/path/to/image.jpg": str(picture)})], tmp_path)
    assert "Polling for status...\nCurrent status: " in out
    (url,) = re.findall(r"Video ready: (\S+)$", out, re.M)
    assert figures(url) == (1280, 720, 6)


def test_javascript(client, tmp_path, node_modules):
    """The document leaves the call to the reader."""
    call = "\ngenerateVideo().catch((error) => { console.error(error); process.exit(1); });\n"
    code = example("javascript", client) + call
    env = {**os.environ, "NODE_PATH": str(node_modules)}
    out = run(["node", "-e", code], tmp_path, env=env)
    (job_id,) = re.findall(r"^Job ID: (\S+)$", out, re.M)
    wait_until(lambda: client.status(job_id)["status"] not in ("queued", "processing"), seconds=120)
    body = client.status(job_id)
    assert body["status"] == "completed", body
    assert figures(body["result_url"]) == (1280, 720, 8)
    # The prompt that was used is in the job.
    log = json.loads(client.instance.ctl("jobs", "show", job_id, "--json"))["log"]
    assert any("Enhanced prompt: A beautiful sunset over mountains, " in line for line in log), log
