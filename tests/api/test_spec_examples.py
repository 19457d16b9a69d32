"""The documents' own curl, Python and JavaScript examples, as they stand in tests/api/examples.

Only what a reader has to fill in is replaced: the base URL, the id of a job, an image. What a fragment leaves
to its reader (an import, a call of the function that it shows) is put around it here.
"""

import base64
import itertools
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import requests

from harness import json_of
from test_grok_imagine import PNG
from waiting import wait_until

EXAMPLES = pathlib.Path(__file__).parent / "examples"
SOME_JOB = r"job_abc123def456|job_abc123|job_123abc|550e8400-e29b-41d4-a716-446655440000"
NODE = shutil.which("node")
# Takes a job and brings the film at once.
FAST = '''#!/bin/sh
cat >/dev/null
cp "$1" video.mp4
echo '{"version":1}'
echo '{"type":"asset","name":"video","file":"video.mp4"}'
'''
CREATED = r'"id":"job_\w{12}","status":"pending","model":"grok"'
# Per example, in the document's order: what it must print, and what is put before and after it.
GROK_IMAGINE_API = [
    (r'"status":"ok","service":"Grok Imagine API","version":"1.0.0"',),
    (CREATED,),
    (CREATED,),
    (r"Job ID: job_\w{12}\nStatus: pending",),
    (r"Job ID: job_\w{12}\nStatus: pending",),
    (r'"status":"completed"',),
    (r"Video ready: http://\S+/videos/job_\w{12}\.mp4",),
    (r"Video ready: http://\S+/videos/job_\w{12}\.mp4", "", "await waitForJob('job_abc123def456')"),
    (r"",),
    (r"Video saved: job_\w{12}\.mp4",),
    (r"Video saved: job_\w{12}\.mp4", "", "downloadVideo('job_abc123def456')"),
    (r"saved job_\w{12}\.mp4 of \d+", "const document = {createElement: () => ({click() {console.log('saved', "
     "this.download, 'of', size)}})}; let size; const made = URL.createObjectURL; "
     "URL.createObjectURL = (blob) => {size = blob.size; return made(blob)};", "await downloadVideo('job_abc123def456')"),
    (r'"jobs":\[\{"id":"job_.*"total":\d+',),
    (r'"jobs":\[\{"id":"job_.*"status":"completed".*"total":\d+',),
    (r"Found \d+ completed jobs\n- job_\w{12}: ",),
    (r"201", "import sys, types, unittest.mock\nsys.modules['openai'] = unittest.mock.Mock()",
     "print(response.status_code)"),
    (r"'status': 'completed'", "import requests", "print(wait_for_completion('job_abc123def456'))"),
    (r"'status': 'pending'", "import requests", "print(job)"),
    (r"201", "import requests\nopen('a.png', 'wb').write(bytes.fromhex('" + PNG.hex() + "'))",
     "print(requests.post('http://localhost:8000/v1/video/generations', json={'model': 'grok', 'prompt': 'x', "
     "'image': encode_image('a.png')}).status_code)"),
    (r"",),
    (r"Video saved: job_\w{12}\.mp4",),
    (r"Video URL: http://\S+/videos/job_\w{12}\.mp4",),
]
GROK_IMAGINE_README = [
    (r"Video ready: http://\S+/videos/job_\w{12}\.mp4",),
    (CREATED + r'(.|\n)*"status":"completed"',),
]
TEXT_TO_VIDEO = [
    (r'"status":"queued","message":"Video generation started"',),
    (r'"status":"completed","progress":100,"message":"Video generation completed"',),
    (r"",),
    (r'"jobs":\{"[0-9a-f-]{36}":\{"status":"',),
    (r"Progress: \d+% - ",),
]


def examples(name, expected):
    found = re.findall(r"```(\w+)\n(.*?)```", (EXAMPLES / f"{name}.md").read_text(), re.S)
    assert len(found) == len(expected), name
    for number, ((language, code), more) in enumerate(zip(found, expected), 1):
        yield pytest.param(language, code, *more, *[""] * (3 - len(more)), id=f"{number}-{language}")


def run(language, code, url, job_id, directory):
    code = re.sub(SOME_JOB, job_id, re.sub(r"http://localhost:(8000|5000)", url, code))
    code = re.sub("iVBORw0KGgoAAAANS[.]*", base64.b64encode(PNG).decode(), code)
    if language == "bash":
        code = re.sub("(?m)^curl", "curl -sSf", code)  # a failure has to show, a progress bar has not
        command = ["bash", "-ec", code]
    elif language == "python":
        command = [sys.executable, "-c", code]
    elif NODE is None:
        pytest.skip("node is not installed")
    elif "require(" in code:
        command = [NODE, "-e", code]
    else:
        command = [NODE, "--input-type=module", "-e", code]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def fast(start_instance, mp4, tmp_path_factory):
    """An instance whose worker is done at once."""
    path = tmp_path_factory.mktemp("fast")
    (path / "film.mp4").write_bytes(mp4)
    (path / "worker").write_text(FAST)
    (path / "worker").chmod(0o755)
    return start_instance(append=f"[worker fast]\nserves = grok_imagine/grok\ncommand = {path}/worker {path}/film.mp4\n")


def completed(instance):
    jobs = f"{instance.url}/v1/video/generations"
    job = json_of(requests.post(jobs, json={"model": "grok", "prompt": "Done before"}), 201)
    wait_until(lambda: requests.get(f"{jobs}/{job['id']}").json()["status"] == "completed", 60)
    return job["id"]


@pytest.mark.parametrize("language,code,prints,before,after", examples("grok-imagine-api", GROK_IMAGINE_API))
def test_grok_imagine_api(fast, mp4, tmp_path, language, code, prints, before, after):
    job_id = completed(fast)
    out = run(language, f"{before}\n{code}\n{after}", fast.url, job_id, tmp_path)
    assert re.search(prints, out), out
    assert all(film.read_bytes() == mp4 for film in tmp_path.glob("*.mp4"))
    assert bool(list(tmp_path.glob("*.mp4"))) == ("saved" in prints and "document" not in before or "curl -O" in code)
    if "DELETE" in code:
        assert requests.get(f"{fast.url}/videos/{job_id}.mp4").status_code == 404


@pytest.mark.parametrize("language,code,prints,before,after", examples("grok-imagine-readme", GROK_IMAGINE_README))
def test_grok_imagine_readme(fast, mp4, tmp_path, language, code, prints, before, after):
    out = run(language, code, fast.url, completed(fast), tmp_path)
    assert re.search(prints, out), out
    assert [film.read_bytes() for film in tmp_path.glob("*.mp4")] == [mp4]


@pytest.fixture(scope="module")
def working(start_instance):
    """An instance with the workers that come along."""
    return start_instance()


def streams(film):
    probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", film]
    return subprocess.check_output(probe, text=True).split()


def test_workflow_with_the_worker_that_comes_along(working, tmp_path):
    example = next(itertools.islice(examples("grok-imagine-api", GROK_IMAGINE_API), 20, None))
    language, code = example.values[:2]
    assert "# Usage" in code
    run(language, code, working.url, "", tmp_path)
    (film,) = tmp_path.glob("job_*.mp4")
    assert streams(film) == ["h264"]


@pytest.fixture(scope="module")
def story(working):
    """The id of a completed film."""
    made = requests.post(f"{working.text_url}/generate", json={"text": "Once upon a time, in a faraway land..."})
    job_id = json_of(made, 202)["job_id"]
    status = f"{working.text_url}/status/{job_id}"
    wait_until(lambda: requests.get(status).json()["status"] == "completed", 120, 0.2)
    return job_id


@pytest.mark.parametrize("language,code,prints,before,after", examples("text-to-video", TEXT_TO_VIDEO))
def test_text_to_video(working, story, tmp_path, language, code, prints, before, after):
    out = run(language, code, f"http://127.0.0.1:{working.text_port}", story, tmp_path)
    assert re.search(prints, out), out
    films = list(tmp_path.glob("*.mp4"))
    assert len(films) == ("video.mp4" in code)
    assert all(sorted(streams(film)) == ["aac", "h264"] for film in films)
