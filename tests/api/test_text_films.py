"""Text-to-Video with the worker that comes along, through nginx, responder and daemon: many jobs, and jobs that end early."""

import concurrent.futures
import http.server
import subprocess
import threading
import time

import pytest
import requests

from harness import json_of
from waiting import wait_until

SECTION = """[worker text-to-video]
serves = text_to_video/default
command = text-to-video
slots = {slots}
deadline = {deadline}
"""
STORY = "Once upon a time a small lighthouse stood above the sea. Every night the old keeper lit the lamp. "
# A word of the text that makes a service stall, and what the job says then. The captions are done in
# milliseconds and need no one; rendering is caught by being long.
STAGES = {
    "Zanzibar": "Generating audio...",
    "Yokohama": "Generating video search queries...",
    "Xanadu": "Fetching background videos...",
    "": "Rendering video...",
}


@pytest.fixture(scope="module")
def service():
    """OpenAI and Pexels: silent when it reads its word, else of no help."""
    stall = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def answer(self, word):
            length = int(self.headers.get("Content-Length", 0))
            if word in self.path + self.rfile.read(length).decode():
                stall.wait()
            self.send_response(500)
            self.end_headers()

        def do_GET(self):
            self.answer("Xanadu")

        def do_POST(self):
            self.answer("Zanzibar" if self.path == "/audio/speech" else "Yokohama")

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield {"openai_api_key": "sk", "openai_base_url": base, "pexels_api_key": "px", "pexels_base_url": base}
    stall.set()
    server.shutdown()


def generate(instance, text):
    return json_of(requests.post(f"{instance.text_url}/generate", json={"text": text}), 202)["job_id"]


def status(instance, job_id):
    return json_of(requests.get(f"{instance.text_url}/status/{job_id}"), 200)


def create_for_each_stage(instance):
    """message → id; each of them holds still in its stage, or has much to do."""
    return {message: generate(instance, f"{word}." if word else STORY * 80) for word, message in STAGES.items()}


def traces(instance):
    """What runs for jobs, and what lies about of them."""
    running = [line for line in instance.processes().values() if "workers/" in line or "ffmpeg" in line]
    files = [path.name for name in ("work", "incoming", "output") for path in (instance.dir / name).iterdir()]
    return running + files


def test_cancelled_in_any_stage(serve, service):
    own = serve(append=SECTION.format(slots=4, deadline=3600), **service)
    jobs = create_for_each_stage(own)
    for message, job_id in jobs.items():
        wait_until(lambda: status(own, job_id)["message"] == message, 60)
    for message, job_id in jobs.items():
        assert status(own, job_id)["message"] == message
        own.ctl("jobs", "cancel", job_id)
        after = status(own, job_id)
        assert (after["status"], after["message"]) == ("failed", "Job cancelled")
    wait_until(lambda: not traces(own))
    time.sleep(0.5)
    for job_id in jobs.values():
        assert status(own, job_id)["message"] == "Job cancelled", "the worker had a word after the end"
    assert requests.get(f"{own.text_url}/download/{jobs['Rendering video...']}").status_code == 400


def test_the_deadline_in_any_stage(serve, service):
    own = serve(append=SECTION.format(slots=4, deadline=20), **service)
    jobs = create_for_each_stage(own)
    seen = {message: set() for message in jobs}

    def all_over():
        for message, job_id in jobs.items():
            now = status(own, job_id)
            if now["status"] == "processing":
                seen[message].add(now["message"])
        return all(status(own, job_id)["status"] == "failed" for job_id in jobs.values())

    wait_until(all_over, 120, 0.2)
    assert all(message in seen[message] for message in jobs), seen
    assert all("20 seconds" in status(own, job_id)["message"] for job_id in jobs.values())
    wait_until(lambda: not traces(own))


def test_twenty_jobs_at_once(serve):
    own = serve(append=SECTION.format(slots=2, deadline=600))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        jobs = list(pool.map(lambda i: generate(own, f"{i}."), range(20)))
    assert len(set(jobs)) == 20

    def finished():
        states = [job["status"] for job in requests.get(f"{own.text_url}/jobs").json()["jobs"].values()]
        assert len(states) == 20 and set(states) <= {"queued", "processing", "completed"}, states
        assert states.count("processing") <= 2
        return set(states) == {"completed"}

    wait_until(finished, 400, 0.5)
    films = {requests.get(f"{own.text_url}/download/{job_id}").content for job_id in jobs}
    assert len(films) == 20, "each has its own"
    probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", "-"]
    for film in films:
        assert sorted(subprocess.run(probe, input=film, capture_output=True).stdout.split()) == [b"aac", b"h264"]
