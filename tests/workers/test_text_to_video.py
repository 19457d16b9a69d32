"""The Text-to-Video worker as the daemon sees it, with and without services; the services are servers of this file.

KINORA_BUILD names the build tree; the default is the source tree.
"""

import array
import http.server
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import wave

import pytest

from waiting import patiently

ROOT = pathlib.Path(os.environ.get("KINORA_BUILD", pathlib.Path(__file__).resolve().parents[2]))
WORKER = ROOT / "workers/text-to-video/text-to-video"
STORY = ("Once upon a time, in a faraway land, a small lighthouse stood above the sea. Every night the old keeper lit "
         "the lamp and watched the ships pass. One winter a storm came, and the light saved them all.")
SHORT = "The moon rose over the quiet sea."

pytestmark = pytest.mark.skipif(not WORKER.exists(), reason=f"{WORKER} is not built")


def job(text, options=None, **params):
    return {"version": 1, "id": "job-1", "api": "text_to_video", "model": "default", "attempt": 1,
            "prompt": text[:60], "params": {"text": text, **params}, "options": options or {}}


class Result:
    def __init__(self, code, out, path):
        self.code, self.path = code, path
        self.lines = [json.loads(line) for line in out.splitlines()]
        self.video, self.audio = path / "video_job-1.mp4", path / "audio_job-1.wav"
        self.srt = path / "captions_job-1.srt"

    def of(self, kind):
        return [line for line in self.lines if line.get("type") == kind]

    @property
    def logs(self):
        return [line["line"] for line in self.of("log")]


def run(path, text, options=None, timeout=120, **params):
    path.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([WORKER], input=json.dumps(job(text, options, **params)).encode(), stdout=subprocess.PIPE,
                          cwd=path, timeout=patiently(timeout))
    return Result(done.returncode, done.stdout.decode(), path)


def probe(path):
    out = subprocess.check_output(["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", path])
    found = json.loads(out)
    return found["format"], {stream["codec_type"]: stream for stream in found["streams"]}


def loudness(path):
    out = subprocess.run(["ffmpeg", "-hide_banner", "-nostdin", "-i", path, "-af", "ebur128", "-f", "null", "-"],
                         stderr=subprocess.PIPE).stderr.decode()
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", out)[-1])


def frames(path, size=(64, 36), fps=5):
    """Grey frames, small, as lists of bytes."""
    raw = subprocess.check_output(["ffmpeg", "-v", "error", "-i", path, "-vf", f"fps={fps},scale={size[0]}:{size[1]}",
                                   "-pix_fmt", "gray", "-f", "rawvideo", "-"])
    step = size[0] * size[1]
    return [raw[i:i + step] for i in range(0, len(raw), step)]


def cues(srt):
    """(begin, end, lines) in ms."""
    found = []
    for block in srt.read_text().strip().split("\n\n"):
        _, times, *lines = block.split("\n")
        begin, end = ([int(x) for x in re.split("[:,]", t)] for t in times.split(" --> "))
        ms = [((h * 60 + m) * 60 + s) * 1000 + f for h, m, s, f in (begin, end)]
        found.append((*ms, lines))
    return found


def loud_at(wav, threshold=700, gap_ms=150):
    """Where sound begins after a pause, in ms."""
    with wave.open(str(wav)) as f:
        rate, samples = f.getframerate(), array.array("h", f.readframes(f.getnframes()))
    starts, quiet = [], gap_ms
    for ms in range(len(samples) * 1000 // rate):
        part = samples[ms * rate // 1000:(ms + 1) * rate // 1000]
        if max(map(abs, part), default=0) > threshold:
            if quiet >= gap_ms:
                starts.append(ms)
            quiet = 0
        else:
            quiet += 1
    return starts


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    result = run(tmp_path_factory.mktemp("story"), STORY)
    assert result.code == 0, result.lines
    return result


def test_the_film(story):
    container, streams = probe(story.video)
    video, audio = streams["video"], streams["audio"]
    assert (video["codec_name"], video["width"], video["height"], video["pix_fmt"]) == ("h264", 1280, 720, "yuv420p")
    assert audio["codec_name"] == "aac"
    with wave.open(str(story.audio)) as narration:
        seconds = narration.getnframes() / narration.getframerate()
    assert abs(float(video["duration"]) - seconds) < 0.05
    assert abs(float(container["duration"]) - seconds) < 0.1
    data = story.video.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the film cannot be played while it loads"


def test_the_narration_is_loud_enough(story):
    assert abs(loudness(story.audio) + 16) <= 2
    assert abs(loudness(story.video) + 16) <= 2


def test_no_black_frames(story):
    out = subprocess.run(["ffmpeg", "-hide_banner", "-nostdin", "-i", story.video, "-vf", "blackdetect=d=0.04", "-an",
                          "-f", "null", "-"], stderr=subprocess.PIPE, text=True).stderr
    assert "black_start" not in out and "frame=" in out


def test_the_picture_lives(story):
    shown = frames(story.video)
    assert all(sum(f) / len(f) > 8 for f in shown), "too dark to see"
    first, last = shown[5], shown[-5]
    assert sum(abs(a - b) for a, b in zip(first, last)) / len(first) > 10, "the scene does not change"
    changes = [sum(abs(a - b) for a, b in zip(x, y)) / len(x) for x, y in zip(shown, shown[1:])]
    assert max(changes) < 60, "a hard cut"


def test_progress_and_log(story):
    percents = [line["progress"] for line in story.of("progress")]
    assert percents == sorted(percents) and percents[-1] == 99
    assert {20, 40, 60, 80, 90} <= set(percents)
    at = {line["progress"]: line["message"] for line in story.of("progress") if "message" in line}
    assert at[60] == "Generating video search queries..." and at[90] == "Rendering video..."
    assert story.logs[:5] == ["Starting audio generation...", "Audio generation completed",
                              "Starting caption generation...", "Caption generation completed",
                              "Starting search query generation..."]
    assert len([line for line in story.logs if line.endswith("completed")]) == 5
    assert {line["name"]: line["file"] for line in story.of("asset")} == {
        "audio": "audio_job-1.wav", "captions": "captions_job-1.srt", "video": "video_job-1.mp4"}


def test_captions_are_readable(story):
    shown = cues(story.srt)
    assert " ".join(" ".join(lines) for *_, lines in shown) == STORY
    for (begin, end, lines), following in zip(shown, shown[1:] + [(10**9, 0, [])]):
        assert len(lines) <= 2 and all(len(line) <= 42 for line in lines)
        assert end - begin >= 800 and end <= following[0]
        assert sum(map(len, lines)) * 1000 / (end - begin) <= 21


def test_captions_begin_with_the_voice(tmp_path):
    """After a pause the film's sound begins where the word is marked: found in the sound alone."""
    words = ["Morning", "Birds", "People", "Gardens", "Dogs", "Mountains", "Window", "Yellow", "Red", "Tomorrow"]
    result = run(tmp_path, ". ".join(words) + ".")
    sound = tmp_path / "film.wav"
    subprocess.check_call(["ffmpeg", "-v", "error", "-i", result.video, "-vn", sound])
    starts = loud_at(sound)
    events = re.findall(r"Dialogue: 0,(\d):(\d\d):(\d\d)\.(\d\d),.*?\\1c&H4FD2FF&\}([^{]+)",
                        (tmp_path / "captions.ass").read_text())
    marked = [((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(c) * 10 for h, m, s, c, word in events]
    assert [word for *_, word in events] == [word + "." for word in words]
    assert len(starts) == len(words), starts
    assert all(abs(a - b) <= 100 for a, b in zip(marked, starts)), (marked, starts)


@pytest.mark.parametrize("text", ["... !!! --- ??? “”", "  \n\t ", "❝❞‼", "---"])
def test_nothing_to_speak(tmp_path, text):
    result = run(tmp_path, text)
    if text.strip() == "❝❞‼":  # pictures have names
        assert result.code in (0, 1)
        return
    assert result.code == 1
    assert result.of("error")[-1] == {"type": "error", "code": "text",
                                      "message": "The text has nothing that can be spoken"}


@pytest.mark.parametrize("text", ["Маленькая лиса смотрела на звёзды.", "قط صغير يعيش قرب البحر.", "猫は星を見上げた。",
                                  "老人看着太阳升起。", "😀🎉🚀"])
def test_other_scripts(tmp_path, text):
    result = run(tmp_path, text)
    assert result.code == 0, result.lines
    assert "".join(result.srt.read_text().split("\n")[2:]).replace(" ", "") == text.replace(" ", "")
    assert probe(result.video)[1]["audio"]


def seconds(result):
    with wave.open(str(result.audio)) as narration:
        return narration.getnframes() / narration.getframerate()


@pytest.mark.skipif(not pathlib.Path("/var/lib/mecab/dic/ipadic-utf8").exists(), reason="mecab-ipadic-utf8 is not installed")
def test_kanji_are_read(tmp_path):
    """Not named: they take as long as their kana, and phrases are shown whole."""
    kanji = run(tmp_path / "kanji", "今日、お母さんは東京駅で食べ物を買いました。山へ行きました。")
    kana = run(tmp_path / "kana", "キョウ、オカアサンワトウキョウエキデタベモノヲカイマシタ。ヤマエイキマシタ。", language="ja")
    assert kanji.code == kana.code == 0
    assert abs(seconds(kanji) - seconds(kana)) < 0.8
    shown = re.findall(r"\\1c&H4FD2FF&\}([^{]+)", (tmp_path / "kanji" / "captions.ass").read_text())
    assert shown == ["今日、", "お母さんは", "東京駅で", "食べ物を", "買いました。", "山へ", "行きました。"]


def test_text_without_spaces(tmp_path):
    result = run(tmp_path, "ab" * 60)
    assert result.code == 0
    assert all(len(line) <= 42 for *_, lines in cues(result.srt) for line in lines)


@pytest.mark.parametrize("text,limit", [("七" * 20000, None), ("ab" * 10000, 60), ("a\n" * 10000, 60)],
                         ids=["kanji", "word", "lines"])
def test_too_long_to_tell(tmp_path, text, limit):
    """Half an hour by default; said while it is spoken, not after a film's time."""
    began = time.monotonic()
    result = run(tmp_path, text, {"max_narration_seconds": str(limit)} if limit else None)
    assert result.code == 1 and time.monotonic() - began < patiently(100)
    assert result.of("error")[-1] == {
        "type": "error", "code": "text",
        "message": f"The text is too long: it would take more than {limit or 1800} seconds to tell"}
    assert not list(tmp_path.iterdir())


def test_marks_without_end(tmp_path):
    result = run(tmp_path, "e" + "\u0301" * 19999)
    assert result.code == 0, result.lines


def test_letters_that_no_voice_reads(tmp_path):
    result = run(tmp_path, "\U0001d50a\U0001d52c\U0001d52c\U0001d521 \U0001f44d\U0001f3fd!")
    assert result.code == 0, result.lines
    assert cues(result.srt)[0][2] == ["Good \U0001f44d!"]


@pytest.mark.parametrize("text,mark", [("שלום to all.", "\u200f"), ("שלום is peace, they say.", "\u200e")])
def test_lines_run_as_their_language(tmp_path, text, mark):
    assert run(tmp_path, text, language="he" if mark == "\u200f" else "en-us").code == 0
    lines = re.findall(r",,0,0,0,,(.*)", (tmp_path / "captions.ass").read_text())
    assert lines and all(line.startswith(mark) for line in lines)


def test_text_is_data(tmp_path):
    text = """It's "x" $(touch pwned) `touch pwned`; {\\an8}{\\p1} 50% %{pts} a:b\\,c [x] \\N -v quiet\n-i /etc/passwd ' \\"""
    result = run(tmp_path, text)
    assert result.code == 0, result.lines
    assert not (tmp_path / "pwned").exists()
    shown = " ".join(" ".join(lines) for *_, lines in cues(result.srt))
    assert shown == text.replace("\n", " ")


def test_voice_and_language(tmp_path):
    english, german = run(tmp_path / "en", SHORT), run(tmp_path / "de", SHORT, language="de")
    assert english.audio.read_bytes() != german.audio.read_bytes()
    odd = run(tmp_path / "odd", SHORT, voice="../../etc/passwd")
    assert odd.code == 0 and any("no voice" in line for line in odd.logs)
    assert odd.audio.read_bytes() == english.audio.read_bytes()


def test_termination(tmp_path):
    worker = subprocess.Popen([WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path,
                              start_new_session=True)
    worker.stdin.write(json.dumps(job(STORY * 8)).encode())
    worker.stdin.close()
    for line in worker.stdout:
        if b'"progress":9' in line:
            break
    os.killpg(worker.pid, signal.SIGTERM)
    assert worker.wait(patiently(20)) == -signal.SIGTERM
    deadline = time.monotonic() + patiently(20)
    while time.monotonic() < deadline:
        try:
            os.killpg(worker.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a child is left")


def peak_of_group(pgid):
    """The largest resident size that a process of the group has had so far, in MiB, by program."""
    peaks = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) != pgid:
                continue
            fields = dict(line.split(":", 1) for line in (entry / "status").read_text().splitlines())
            peaks[fields["Name"].strip()] = int(fields["VmHWM"].split()[0]) / 1024
        except (OSError, KeyError):
            pass  # it has just ended
    return peaks


@pytest.mark.slow
def test_memory_does_not_grow_with_the_text(tmp_path):
    """3,000 words: 20 minutes of film, and no process of 300 MiB."""
    text = " ".join(f"{STORY} And then, on day {i}, another ship came home." for i in range(64))
    assert 3000 <= len(text.split()) and len(text) <= 20000
    worker = subprocess.Popen([WORKER], stdin=subprocess.PIPE, stdout=open(tmp_path / "out", "w"), cwd=tmp_path,
                              start_new_session=True)
    worker.stdin.write(json.dumps(job(text)).encode())
    worker.stdin.close()
    peaks = {}
    while worker.poll() is None:
        for name, mib in peak_of_group(worker.pid).items():
            peaks[name] = max(peaks.get(name, 0), mib)
        time.sleep(0.2)
    assert worker.returncode == 0, (tmp_path / "out").read_text()[-1000:]
    print(peaks)
    assert set(peaks) >= {"text-to-video", "ffmpeg"} and max(peaks.values()) < 300, peaks
    narration = float(probe(tmp_path / "audio_job-1.wav")[0]["duration"])
    assert abs(float(probe(tmp_path / "video_job-1.mp4")[0]["duration"]) - narration) < 0.2


# --- services ---


def tone(seconds=2.5, rate=24000):
    samples = array.array("h", [0] * (rate // 5))
    samples.extend(int(9000 * ((i % 100) / 50 - 1)) for i in range(int(seconds * rate)))
    samples.extend([0] * (rate // 5))
    out = io.BytesIO()
    with wave.open(out, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(samples.tobytes())
    return out.getvalue()


class Service:
    """Speaks as OpenAI and Pexels do; `plan` maps a path to what happens instead, once each."""

    def __init__(self):
        self.requests, self.plan, self.clip = [], {}, b""
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def answer(self, status, body, kind="application/json", headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def misbehave(self, how):
                if how == "stall":
                    time.sleep(4)
                    self.answer(200, b"{}")
                elif how == "cut":
                    self.send_response(200)
                    self.send_header("Content-Length", "100000")
                    self.end_headers()
                    self.wfile.write(b"RIFF")
                elif how == "garbage":
                    self.answer(200, b"<html>not json, not sound")
                elif how == "wrong":
                    self.answer(200, b'{"choices":[{"message":{"content":"[1,2"}}],"videos":{"a":1}}')
                elif how == "wait":
                    self.answer(429, b"{}", headers=[("Retry-After", "1")])
                elif how == "wait long":
                    self.answer(429, b"{}", headers=[("Retry-After", "3000")])
                else:
                    self.answer(how, b'{"error":{"message":"no"}}')

            def handle_one(self, body):
                path = self.path.split("?")[0]
                service.requests.append((path, self.path, dict(self.headers), body))
                todo = service.plan.get(path, [])
                if todo:
                    self.misbehave(todo.pop(0) if len(todo) > 1 or todo[0] == "wait" else todo[0])
                elif path == "/audio/speech":
                    self.answer(200, tone(), "audio/wav")
                elif path == "/chat/completions":
                    scenes = json.loads(json.loads(body)["messages"][-1]["content"])
                    text = "```json\n" + json.dumps({"queries": [f"stormy ocean {i}" for i in range(len(scenes))]})
                    self.answer(200, json.dumps({"choices": [{"message": {"content": text + "\n```"}}]}).encode())
                elif path == "/videos/search":
                    link = f"http://127.0.0.1:{self.server.server_port}/clip.mp4"
                    self.answer(200, json.dumps({"videos": [{"url": "https://pexels.example/1", "user": {"name": "Ann"},
                                "video_files": [{"link": link, "width": 1280, "file_type": "video/mp4"}]}]}).encode())
                else:
                    self.answer(200, service.clip, "video/mp4")

            def do_GET(self):
                self.handle_one(b"")

            def do_POST(self):
                self.handle_one(self.rfile.read(int(self.headers["Content-Length"])))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def openai(self, timeout=30):
        return {"openai_api_key": "sk-secret", "openai_base_url": self.base, "remote_timeout": str(timeout)}

    def pexels(self, timeout=30):
        return {"pexels_api_key": "px-secret", "pexels_base_url": self.base, "remote_timeout": str(timeout)}

    def count(self, path):
        return len([r for r in self.requests if r[0] == path])


@pytest.fixture
def service():
    service = Service()
    yield service
    service.server.shutdown()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    subprocess.check_call(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=0xc03060:s=640x480:d=1:r=30", path])
    return path.read_bytes()


def test_speech_and_chat_service(tmp_path, service):
    result = run(tmp_path, SHORT, service.openai())
    assert result.code == 0, result.lines
    path, _, headers, body = service.requests[0]
    assert path == "/audio/speech" and headers["Authorization"] == "Bearer sk-secret"
    assert json.loads(body) == {"model": "tts-1", "voice": "alloy", "input": SHORT, "response_format": "wav"}
    assert service.count("/chat/completions") == 1
    with wave.open(str(result.audio)) as narration:
        assert abs(narration.getnframes() / narration.getframerate() - (0.3 + 2.9 + 0.7 + 0.9)) < 0.1
    begin, end, _ = cues(result.srt)[0]
    assert abs(begin - 500) < 60, "captions begin where the sound does"
    assert not any("secret" in json.dumps(line) for line in result.lines)


def test_speech_in_parts(tmp_path, service):
    """A paragraph a request; each begins where the one before and its pause end."""
    result = run(tmp_path, f"{SHORT}\n{SHORT}", service.openai())
    assert result.code == 0 and service.count("/audio/speech") == 2
    first, second = [begin for begin, *_ in cues(result.srt)]
    assert abs(first - 500) < 60 and abs(second - (500 + 2900 + 700)) < 60


def test_what_is_too_long_is_not_paid_for(tmp_path, service):
    result = run(tmp_path, STORY * 3, {**service.openai(), "max_narration_seconds": "10"})
    assert result.code == 1 and "more than 10 seconds" in result.of("error")[-1]["message"]
    assert not service.requests


@pytest.mark.parametrize("how", ["stall", "cut", "garbage", 500, "wait long"])
def test_a_failing_service_is_done_without(tmp_path, service, how):
    service.plan = {"/audio/speech": [how], "/chat/completions": [how]}
    began = time.monotonic()
    result = run(tmp_path, SHORT, service.openai(timeout=2))
    assert result.code == 0, result.lines
    assert time.monotonic() - began < patiently(40)
    assert any("speech service failed" in line for line in result.logs)
    assert any("chat service failed" in line for line in result.logs)
    assert not any("secret" in line for line in result.logs)


def test_wrong_json_is_done_without(tmp_path, service):
    service.plan = {"/chat/completions": ["wrong"]}
    result = run(tmp_path, SHORT, service.openai())
    assert not any("speech service failed" in line for line in result.logs)
    assert any("chat service failed (the answer is not a query per scene)" in line for line in result.logs)


def test_busy_services_are_waited_for(tmp_path, service, clip):
    paths = ["/audio/speech", "/chat/completions", "/videos/search", "/clip.mp4"]
    service.clip, service.plan = clip, {path: ["wait"] for path in paths}
    result = run(tmp_path, SHORT, {**service.openai(), **service.pexels()})
    assert result.code == 0, result.lines
    assert [service.count(path) for path in paths] == [2, 2, 2, 2]
    assert not any("failed" in line or "No clip" in line for line in result.logs)
    assert any("Video by Ann on Pexels" in line for line in result.logs)


def test_stock_clips(tmp_path, service, clip):
    service.clip = clip
    cache = tmp_path / "cache"
    cache.mkdir()
    options = {**service.pexels(), "stock_cache": str(cache)}
    result = run(tmp_path / "a", SHORT, options)
    assert result.code == 0, result.lines
    assert service.requests[0][2]["Authorization"] == "px-secret"
    assert "Authorization" not in service.requests[1][2], "the key is for the search alone"
    assert any("Video by Ann on Pexels" in line for line in result.logs)
    middle = frames(result.video)[5]
    assert abs(middle[64 * 6 + 32] - middle[64 * 12 + 10]) < 6, "the clip's one colour"
    again = run(tmp_path / "b", SHORT, options)
    assert service.count("/videos/search") == 1, "the query is cached"
    assert any("Video by Ann on Pexels" in line for line in again.logs)


def test_the_cache_is_bounded(tmp_path, service, clip):
    service.clip = clip
    cache = tmp_path / "cache"
    cache.mkdir()
    room = 3 * len(clip) + len(clip) // 2
    # Clips by the days that they were not used for; the newest is the last that fits.
    days = {"1" * 64: 1, "2" * 64: 2, "3" * 64: 3, "4" * 64: 40}
    for name, age in days.items():
        for file in (cache / f"{name}.txt", cache / f"{name}.mp4"):
            file.write_bytes(clip if file.suffix == ".mp4" else b"Ann")
            os.utime(file, (time.time() - age * 86400,) * 2)
    foreign = cache / "holiday.mp4"
    foreign.write_bytes(b"x" * room)
    os.utime(foreign, (0, 0))
    options = {**service.pexels(), "stock_cache": str(cache)}
    assert run(tmp_path / "a", SHORT, {**options, "max_stock_size": "1000000000"}).code == 0
    left = {path.stem for path in cache.glob("*.mp4")} - {"holiday"}
    assert len(left) == 4 and "4" * 64 not in left, "not used for over a month"
    (fetched,) = left - set(days)
    os.utime(cache / f"{fetched}.mp4", (0, time.time() - 20 * 86400))
    result = run(tmp_path / "b", SHORT, {**options, "max_stock_size": str(room)})
    assert result.code == 0 and service.count("/videos/search") == 1
    left = {path.stem for path in cache.iterdir()}
    assert left == {"holiday", fetched, "1" * 64, "2" * 64}, "what was used now is young again"
    assert run(tmp_path / "c", SHORT, {**options, "max_stock_size": "1"}).code == 0
    assert [path.name for path in cache.iterdir()] == ["holiday.mp4"]
    assert any("Video by Ann" in line for line in result.logs)
    assert not any("could not be played" in line for line in result.logs)


@pytest.mark.parametrize("path,how", [
    *[("/videos/search", how) for how in ("stall", "cut", "garbage", "wrong", 500, "wait long")],
    *[("/clip.mp4", how) for how in ("stall", "cut", "garbage", 500, "wait long")],
])
def test_a_failing_archive_is_done_without(tmp_path, service, clip, path, how):
    service.clip, service.plan = clip, {path: [how]}
    result = run(tmp_path, SHORT, service.pexels(timeout=2))
    assert result.code == 0, result.lines
    assert any("No clip" in line or "could not be played" in line for line in result.logs)
    assert all(sum(f) / len(f) > 8 for f in frames(result.video))
