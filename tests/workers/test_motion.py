"""The motion worker as the daemon sees it: a job on standard input, reports on standard output, files in its directory.

KINORA_BUILD names the build tree; the default is the source tree.
"""

import filecmp
import http.server
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import threading
import time
import zlib

import pytest

from waiting import patiently

ROOT = pathlib.Path(os.environ.get("KINORA_BUILD", pathlib.Path(__file__).resolve().parents[2]))
WORKER = ROOT / "workers/motion/motion"

pytestmark = pytest.mark.skipif(not WORKER.exists(), reason=f"{WORKER} is not built")


def job(model="grok", prompt="A sunset", image=None, options=None, **params):
    inputs = [{"name": "image", "mime": "image/png", "file": str(image)}] if image else []
    return {"version": 1, "id": "job_000000000000", "api": "any", "model": model, "attempt": 1,
            "prompt": prompt, "params": params, "inputs": inputs, "options": options or {}}


class Result:
    def __init__(self, code, out, path):
        self.code, self.path = code, path
        self.lines = [json.loads(line) for line in out.splitlines()]
        self.video = path / "video.mp4"

    def of(self, kind):
        return [line for line in self.lines if line.get("type") == kind]

    @property
    def error(self):
        return self.of("error")[-1]


def run(path, text, **kwargs):
    path.mkdir(parents=True, exist_ok=True)
    if not isinstance(text, (str, bytes)):
        text = json.dumps(text)
    if isinstance(text, str):
        text = text.encode()
    done = subprocess.run([WORKER], input=text, stdout=subprocess.PIPE, cwd=path, timeout=patiently(120), **kwargs)
    return Result(done.returncode, done.stdout.decode(), path)


def probe(video):
    out = subprocess.check_output(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-of", "json", "-show_entries",
         "stream=codec_name,pix_fmt,width,height,avg_frame_rate,nb_read_frames,duration,color_space", video])
    return json.loads(out)["streams"][0]


def make_image(path, size, *more):
    subprocess.check_call(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=s={size}",
                           "-frames:v", "1", *more, str(path)])
    return path


def png(width, height, rows=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def frame(video, seconds):
    return subprocess.check_output(["ffmpeg", "-v", "error", "-ss", str(seconds), "-i", video, "-frames:v", "1",
                                    "-s", "64x36", "-f", "rawvideo", "-pix_fmt", "gray", "-"])


def test_prompt_alone(tmp_path):
    result = run(tmp_path / "a", job(prompt="A serene mountain landscape at sunset"))
    assert result.code == 0, result.lines
    assert result.lines[0] == {"version": 1}
    assert result.of("asset") == [{"type": "asset", "name": "video", "file": "video.mp4"}]
    numbers = [line["progress"] for line in result.of("progress")]
    assert numbers == sorted(numbers) and numbers[-1] == 100
    assert len([n for n in numbers if 12 < n < 98]) >= 2, "progress comes while it renders"
    figures = probe(result.video)
    assert (figures["codec_name"], figures["pix_fmt"], figures["color_space"]) == ("h264", "yuv420p", "bt709")
    assert (figures["width"], figures["height"], figures["avg_frame_rate"]) == (1280, 720, "24/1")
    assert int(figures["nb_read_frames"]) == 144 and float(figures["duration"]) == 6.0
    data = result.video.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "faststart"
    assert frame(result.video, 1) != frame(result.video, 5)


def test_same_seed_same_bytes(tmp_path):
    text = job("wan2.1", "city in the rain", seed=7, width=320, height=192, length=20)
    first, second = run(tmp_path / "a", text), run(tmp_path / "b", text)
    text["params"]["seed"] = 8
    third = run(tmp_path / "c", text)
    assert first.code == second.code == third.code == 0
    assert filecmp.cmp(first.video, second.video, shallow=False)
    assert not filecmp.cmp(first.video, third.video, shallow=False)


@pytest.mark.parametrize("size, width, height", [("1600x1000", 1280, 800), ("300x900", 300, 900), ("90x60", 640, 426)])
def test_grok_keeps_the_aspect_ratio(tmp_path, size, width, height):
    result = run(tmp_path, job(prompt="static", image=make_image(tmp_path / "in.png", size)))
    assert result.code == 0, result.lines
    figures = probe(result.video)
    assert (figures["width"], figures["height"]) == (width, height)


def test_exif_orientation(tmp_path):
    image = make_image(tmp_path / "in.jpg", "320x240")
    data = image.read_bytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    image.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    result = run(tmp_path, job(image=image))
    figures = probe(result.video)
    assert (figures["width"], figures["height"]) == (480, 640)


def circle_box(video, tmp_path):
    """Width and height of what is dark in the first frame."""
    out = subprocess.check_output(["ffmpeg", "-v", "error", "-i", video, "-frames:v", "1", "-f", "rawvideo",
                                   "-pix_fmt", "gray", "-"])
    figures = probe(video)
    width, height = figures["width"], figures["height"]
    rows = [y for y in range(height) if min(out[y * width:(y + 1) * width]) < 100]
    columns = [x for x in range(width) if min(out[x::width]) < 100]
    return columns[-1] - columns[0], rows[-1] - rows[0]


def test_vivid_crops_and_never_stretches(tmp_path):
    image = tmp_path / "circle.png"
    subprocess.check_call(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                           "color=white:s=600x600,format=gray,geq=lum='if(lt(hypot(X-300,Y-300),120),0,255)'",
                           "-frames:v", "1", image])
    result = run(tmp_path / "o", job("wan2.1", "static", image=image, width=640, height=480, length=2))
    across, down = circle_box(result.video, tmp_path)
    assert abs(across - down) <= 4 and across > 100


@pytest.mark.parametrize("seconds, resolution, size", [(4, "720p", (1280, 720)), (8, "1080p", (1920, 1080))])
def test_veo_figures(tmp_path, seconds, resolution, size):
    image = make_image(tmp_path / "in.png", "640x360")
    result = run(tmp_path, job("veo3.1", image=image, duration_seconds=seconds, resolution=resolution,
                               camera_motion="Pan (right)"))
    assert result.code == 0, result.lines
    figures = probe(result.video)
    assert (figures["width"], figures["height"]) == size
    assert float(figures["duration"]) == seconds and int(figures["nb_read_frames"]) == 24 * seconds


def test_wan_figures(tmp_path):
    image = make_image(tmp_path / "in.jpg", "640x360")
    result = run(tmp_path, job("wan2.1", image=image, width=416, height=240, length=33, cfg=3.5, steps=10))
    figures = probe(result.video)
    assert (figures["width"], figures["height"], figures["avg_frame_rate"]) == (416, 240, "16/1")
    assert int(figures["nb_read_frames"]) == 33


def gray(video, seconds, width=320, height=180):
    out = subprocess.check_output(["ffmpeg", "-v", "error", "-ss", str(seconds), "-i", video, "-frames:v", "1",
                                   "-s", f"{width}x{height}", "-f", "rawvideo", "-pix_fmt", "gray", "-"])
    return [out[y * width:(y + 1) * width] for y in range(height)]


def dark_part(video, seconds):
    """Of what is dark in a frame: its middle, how much it is, and how far it leans to the right (down the picture)."""
    points = [(x, y) for y, row in enumerate(gray(video, seconds)) for x, value in enumerate(row) if value < 90]
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    lean = sum((x - mx) * (y - my) for x, y in points) / sum((y - my) ** 2 for _, y in points)
    return mx, my, n, lean


# How the bar's x, y, area and lean change: what it says of the camera is the opposite for the picture.
MOVES = {
    "Static": (0, 0, 0, 0), "Pan (left)": (1, 0, 0, 0), "Pan (right)": (-1, 0, 0, 0),
    "Tilt (up)": (0, 1, 0, 0), "Tilt (down)": (0, -1, 0, 0), "Zoom (in)": (0, 0, 1, 0), "Zoom (out)": (0, 0, -1, 0),
    "Dolly (in)": (0, None, 1, 0), "Dolly (out)": (0, None, -1, 0),
    "Orbit (left)": (1, None, 0, None), "Orbit (right)": (-1, None, 0, None),
    "Roll (left)": (0, 0, None, -1), "Roll (right)": (0, 0, None, 1),
}


@pytest.mark.parametrize("motion", MOVES)
def test_camera_does_what_it_says(tmp_path, motion):
    image = tmp_path / "bar.png"
    subprocess.check_call(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                           "color=white:s=640x360,drawbox=x=310:y=120:w=20:h=120:c=black:t=fill", "-frames:v", "1", image])
    result = run(tmp_path / "o", job("veo3.1", "x", image=image, duration_seconds=1, camera_motion=motion))
    assert result.code == 0, result.lines
    first, last = dark_part(result.video, 0), dark_part(result.video, 0.95)
    changes = [b - a for a, b in zip(first, last)]
    for name, change, least, wanted in zip(("x", "y", "area", "lean"), changes, (5, 3, 60, 0.06), MOVES[motion]):
        if wanted is not None:
            assert (change > least) - (change < -least) == wanted, f"{name} changed by {change}: {first} {last}"


@pytest.mark.parametrize("animation", ["Sway", "Breathe", "Bounce", "Float"])
def test_subject_moves_and_is_seen_once(tmp_path, animation):
    """Stripes stay black and white: nothing shines through itself, and the borders stay where they are."""
    image = tmp_path / "stripes.png"
    subprocess.check_call(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                           "color=white:s=1280x720,format=gray,geq=lum='if(lt(mod(X+Y\\,64)\\,32)\\,0\\,255)'",
                           "-frames:v", "1", image])
    plain = run(tmp_path / "a", job("veo3.1", "x", image=image, duration_seconds=1, camera_motion="Static"))
    moved = run(tmp_path / "b", job("veo3.1", "x", image=image, duration_seconds=1, camera_motion="Static",
                                    subject_animation=animation))
    still, now = gray(plain.video, 0.7, 640, 360), gray(moved.video, 0.7, 640, 360)
    grey = lambda rows: sum(60 < value < 195 for row in rows for value in row)
    assert grey(now) < 1.25 * grey(still)
    change = lambda rows, columns: sum(abs(still[y][x] - now[y][x]) > 100 for y in rows for x in columns)
    assert change(range(90, 270), range(180, 460)) > 200
    assert change(range(0, 8), range(640)) == change(range(360), range(0, 60)) == 0


@pytest.mark.parametrize("effect", ["Rain", "Snow", "Fog", "Dust", "Light rays"])
def test_effects_show(tmp_path, effect):
    image = make_image(tmp_path / "in.png", "320x180")
    plain = job("veo3.1", "x", image=image, duration_seconds=1, camera_motion="Static")
    with_effect = job("veo3.1", "x", image=image, duration_seconds=1, camera_motion="Static",
                      environmental_animation=effect)
    a, b = run(tmp_path / "a", plain), run(tmp_path / "b", with_effect)
    assert frame(a.video, 0.5) != frame(b.video, 0.5)


def test_negative_prompt_keeps_an_effect_away(tmp_path):
    image = make_image(tmp_path / "in.png", "320x180")
    size = {"width": 320, "height": 192, "length": 4}
    rain = run(tmp_path / "a", job("wan2.1", "static, rain", image=image, **size))
    none = run(tmp_path / "b", job("wan2.1", "static, rain", image=image, negative_prompt="blurry, rain", **size))
    assert frame(rain.video, 0) != frame(none.video, 0)


@pytest.mark.parametrize("params, word", [
    ({"camera_motion": "Teleport"}, "Pan (left)"),
    ({"environmental_animation": "Frogs"}, "Light rays"),
    ({"resolution": "4k"}, "1080p"),
    ({"duration_seconds": "four"}, "duration_seconds"),
])
def test_wrong_parameters(tmp_path, params, word):
    result = run(tmp_path, job("veo3.1", **params))
    assert result.code not in (0, 75)
    assert word in result.error["message"]


def test_enhanced_prompt_is_reported(tmp_path):
    image = make_image(tmp_path / "in.png", "64x64")
    result = run(tmp_path, job("veo3.1", "A sunset", image=image, duration_seconds=1, enhance_prompt=True))
    assert any("A sunset, " in line["line"] for line in result.of("log"))
    assert any("A sunset, " in line.get("message", "") for line in result.of("progress"))


HOSTILE = {
    "quotes": "'; \"quoted\" `id` $(touch pwned) %s%n %{x} : \\ , [0:v]",
    "newlines": "line\nline\r\n\tline :text='x'",
    "emoji": "\U0001f3b9\U0001f600\U0001f468‍\U0001f469‍\U0001f467" * 100,
    "cyrillic": "Закат над морем, чайки", "cjk": "静かな湖に映る空", "arabic": "مدينة المستقبل في الليل",
    "one word": "x" * 500, "markup": "<b>&amp; <span size='9999999'>", "combining": "e" + "́" * 499,
    "controls": "\x01\x02\x1b[31m", "blank": " ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_prompts(tmp_path, name):
    result = run(tmp_path, job("wan2.1", HOSTILE[name], width=320, height=180, length=2))
    assert result.code == 0, result.lines
    assert int(probe(result.video)["nb_read_frames"]) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["video.mp4"]


CORRUPT = {
    "empty": b"", "text": b"no picture", "truncated": png(64, 64), "jpeg head": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "too many pixels": png(30000, 30000, b"\0" * 1000),
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
}


@pytest.mark.parametrize("name", CORRUPT)
def test_corrupt_images(tmp_path, name):
    image = tmp_path / "in.png"
    image.write_bytes(CORRUPT[name])
    result = run(tmp_path / "o", job(image=image))
    assert result.code not in (0, 75)
    assert result.error["code"] == "image"
    assert str(tmp_path) not in result.error["message"]


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"version":2}', b'{"version":1,"id":1}', b"\xff", b"{}" * 9])
def test_what_is_no_job(tmp_path, text):
    result = run(tmp_path, text)
    assert result.code == 65
    assert result.error["code"] == "job"


def test_missing_ffmpeg(tmp_path):
    result = run(tmp_path, job(), env={"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert result.code not in (0, 75)
    assert result.error["message"] == "ffmpeg is not installed"


@pytest.mark.parametrize("whole_group", [True, False])
def test_cancellation_leaves_no_child(tmp_path, whole_group):
    child = subprocess.Popen([WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path,
                             start_new_session=True)
    child.stdin.write(json.dumps(job("wan2.1", width=1280, height=720, length=2400)).encode())
    child.stdin.close()
    while b'"rendering"' not in child.stdout.readline():
        pass
    if whole_group:
        os.killpg(child.pid, signal.SIGTERM)
    else:
        child.kill()
    child.wait(patiently(30))
    child.stdout.close()
    deadline = time.monotonic() + patiently(30)
    while time.monotonic() < deadline:
        try:
            os.killpg(child.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a process of the group is left")


class Server(http.server.ThreadingHTTPServer):
    """Answers by the table `pages`: path to (status, headers, body or a function that writes)."""

    def __init__(self):
        self.pages, self.hits = {}, []
        super().__init__(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hits.append(self.path)
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            body(self.wfile) if callable(body) else self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as it:
        thread = threading.Thread(target=it.serve_forever)
        thread.start()
        yield it
        it.shutdown()
        thread.join()


def fetch(tmp_path, url, server=None):
    options = {"gcs_endpoint": server.base} if server else {}
    return run(tmp_path / "o", job("wan2.1", image_url=url, width=320, height=180, length=2, options=options))


def test_gs_url_by_the_endpoint(tmp_path, server):
    server.pages["/bucket/a%20b/c.png"] = (200, {}, make_image(tmp_path / "in.png", "64x64").read_bytes())
    assert fetch(tmp_path, "gs://bucket/a b/c.png", server).code == 0
    assert fetch(tmp_path, "GS://bucket/a b/c.png", server).code == 0
    server.pages["/bucket/moved.png"] = (302, {"Location": "/bucket/a%20b/c.png"}, b"")
    assert fetch(tmp_path, "gs://bucket/moved.png", server).code == 0


@pytest.mark.parametrize("url", [
    "http://example.org/a.png", "file:///etc/passwd", "ftp://127.0.0.1/a.png", "gopher://127.0.0.1/", "//x/y", "x",
    "https://user:secret@127.0.0.1/a.png", "gs://bucket", "gs:///path", "gs://../x",
    "https://127.0.0.1:1/", "https://localhost:1/", "https://2130706433:1/", "https://0177.0.0.1:1/",
    "https://0x7f.1:1/", "https://127.1:1/", "https://10.1.2.3/", "https://172.31.0.1/", "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://0.0.0.0:1/", "https://224.0.0.1/",
    "https://[::1]:1/", "https://[::]:1/", "https://[::ffff:127.0.0.1]:1/", "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[fe80::1]/", "https://[fd00:ec2::254]/",
    "https://[2001::1]/", "https://[::127.0.0.1]/",
])
def test_refused_urls(tmp_path, url):
    result = fetch(tmp_path, url)
    assert result.code not in (0, 75)
    assert result.error["code"] == "image_fetch"
    assert "secret" not in result.error["message"]
    assert not (tmp_path / "o" / "image").exists()
    if url.startswith("https://") and "user" not in url:
        assert "not on the public internet" in result.error["message"]


def test_the_endpoint_is_for_gs_alone(tmp_path, server):
    assert "https" in fetch(tmp_path, f"{server.base}/bucket/a.png", server).error["message"]
    assert server.hits == []


@pytest.mark.parametrize("target", [
    "https://169.254.169.254/latest/meta-data/", "http://169.254.169.254/", "https://localhost:1/", "file:///etc/passwd",
    "gs://bucket/b.png", "https://[::ffff:127.0.0.1]:1/",
])
def test_refused_redirects(tmp_path, server, target):
    server.pages["/bucket/a.png"] = (302, {"Location": target}, b"")
    result = fetch(tmp_path, "gs://bucket/a.png", server)
    assert result.error["code"] == "image_fetch"
    assert server.hits == ["/bucket/a.png"]


def test_too_many_redirects(tmp_path, server):
    server.pages["/bucket/a.png"] = (302, {"Location": "/bucket/a.png"}, b"")
    assert "too often" in fetch(tmp_path, "gs://bucket/a.png", server).error["message"]
    assert len(server.hits) == 4


def endless(out):
    while True:
        out.write(b"\0" * 65536)


def drip(out):
    for _ in range(300):
        out.write(b"x")
        time.sleep(0.1)


@pytest.mark.parametrize("page, word", [
    ((200, {"Content-Length": str(10 << 30)}, b""), "20 MiB"),
    ((200, {}, endless), "20 MiB"),
    ((200, {}, drip), "too long"),
    ((404, {}, b""), "404"),
    ((200, {"Content-Type": "image/png"}, b"<html>"), "PNG, JPEG, WebP or GIF"),
])
def test_hostile_servers(tmp_path, server, page, word):
    server.pages["/bucket/a.png"] = page
    result = fetch(tmp_path, "gs://bucket/a.png", server)
    assert word in result.error["message"]
    assert server.base not in result.error["message"]


def test_fetched_bomb(tmp_path, server):
    server.pages["/bucket/a.png"] = (200, {}, png(30000, 30000, b"\0" * 100000))
    assert fetch(tmp_path, "gs://bucket/a.png", server).error["code"] == "image"
