"""enhance_prompt: by an OpenAI-compatible chat endpoint where there is one, by rules otherwise and whenever it fails."""

import http.server
import json
import threading
import time

import pytest
from test_motion import WORKER, job, make_image, run

pytestmark = pytest.mark.skipif(not WORKER.exists(), reason=f"{WORKER} is not built")

KEY = "sk-test-secret"
BY_RULES = "A sunset, warm golden light"


class Chat(http.server.ThreadingHTTPServer):
    """Answers every POST with `reply`: (status, body), or a function that writes."""

    def __init__(self):
        self.reply, self.asked = None, []
        super().__init__(("127.0.0.1", 0), ChatHandler)
        self.base = f"http://127.0.0.1:{self.server_port}/v1"


class ChatHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
        try:
            if callable(self.server.reply):
                self.server.reply(self)
                return
            status, answer = self.server.reply
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture
def chat():
    with Chat() as it:
        thread = threading.Thread(target=it.serve_forever)
        thread.start()
        yield it
        it.shutdown()
        thread.join()


def says(content):
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}


def enhance(tmp_path, base, **options):
    tmp_path.mkdir(exist_ok=True)
    image = make_image(tmp_path / "in.png", "64x64")
    options = {"openai_base_url": base, "openai_api_key": KEY, **options}
    result = run(tmp_path / "o", job("veo3.1", "A sunset", image=image, options=options, duration_seconds=1,
                                     enhance_prompt=True))
    assert result.code == 0, result.lines
    assert result.video.exists()
    assert KEY not in json.dumps(result.lines)
    log = [line["line"] for line in result.of("log")]
    (prompt,) = [line.removeprefix("Enhanced prompt: ") for line in log if line.startswith("Enhanced prompt: ")]
    # The job shows it, too.
    assert prompt in [line.get("message") for line in result.of("progress")]
    return prompt, log


def test_asked(tmp_path, chat):
    chat.reply = (200, says("  A sunset, aflame.\n"))
    prompt, log = enhance(tmp_path, chat.base)
    assert prompt == "A sunset, aflame."
    ((path, headers, body),) = chat.asked
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
    assert body["messages"][-1] == {"role": "user", "content": "A sunset"} and body["messages"][0]["role"] == "system"


def test_not_configured(tmp_path, chat):
    prompt, log = enhance(tmp_path, chat.base, openai_api_key="")
    assert prompt.startswith(BY_RULES) and len(log) == 1
    assert chat.asked == []


def test_what_it_says_is_done(tmp_path, chat):
    """The enhanced prompt is what the film is made by."""
    chat.reply = (200, says("A sunset in heavy snow, static shot"))
    enhance(tmp_path / "snow", chat.base)
    chat.reply = (200, says("A sunset, static shot"))
    enhance(tmp_path / "plain", chat.base)
    sizes = [(tmp_path / name / "o/video.mp4").stat().st_size for name in ("snow", "plain")]
    assert sizes[0] > 1.5 * sizes[1]


def cut(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"choices\":")


def hang_up(handler):
    pass


def noise(handler):
    handler.wfile.write(b"\0\1\2")


def endless(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b" " * 65536)


@pytest.mark.parametrize("reply", [
    (429, {"error": {"message": "Rate limit reached"}}), (500, {"error": {"message": "oops"}}), (401, {}),
    (302, says("moved")), (200, b""), (200, b"{"), (200, b"<html>"), (200, b"null"), (200, []), (200, {}),
    (200, {"choices": []}), (200, {"choices": {}}), (200, {"choices": [1]}), (200, {"choices": [{"message": 1}]}),
    (200, says(None)), (200, says(5)), (200, says("")), (200, says(" \n")), (200, says("x" * 5000)),
    (200, b'{"choices":[{"message":{"content":"\xff\xfe"}}]}'), (200, json.dumps(says("twice")).encode() * 2),
    cut, hang_up, noise, endless,
])  # fmt: skip
def test_no_help(tmp_path, chat, reply):
    """The rules do it then, and the log says why."""
    chat.reply = reply
    prompt, log = enhance(tmp_path, chat.base)
    assert len(chat.asked) == 1
    assert prompt.startswith(BY_RULES)
    assert any("chat endpoint failed" in line and "rules are used" in line for line in log)


def test_nobody_listens(tmp_path, chat):
    prompt, log = enhance(tmp_path, "http://127.0.0.1:1/v1")
    assert prompt.startswith(BY_RULES) and any("chat endpoint failed" in line for line in log)


@pytest.mark.slow
def test_slow(tmp_path, chat):
    chat.reply = lambda handler: time.sleep(30)
    began = time.monotonic()
    prompt, log = enhance(tmp_path, chat.base)
    assert prompt.startswith(BY_RULES) and any("chat endpoint failed" in line for line in log)
    assert 19 < time.monotonic() - began < 29
