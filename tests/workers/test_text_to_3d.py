"""The text-to-3d worker as the daemon sees it: a job on standard input, reports on standard output, files in its directory.

KINORA_BUILD names the build tree; the default is the source tree. The models
are read by an own reader (gltf.py) and, when npm can get them, by the Khronos
validator and tinyusdz.
"""

import base64
import concurrent.futures
import filecmp
import http.server
import json
import os
import pathlib
import stat
import struct
import subprocess
import sys
import threading
import time
import zipfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from gltf import Glb  # noqa: E402
from waiting import patiently  # noqa: E402

ROOT = pathlib.Path(os.environ.get("KINORA_BUILD", HERE.parents[1]))
WORKER = ROOT / "workers/text-to-3d/text-to-3d"

pytestmark = pytest.mark.skipif(not WORKER.exists(), reason=f"{WORKER} is not built")

SECONDS_MAX = 3.0  # of processor time, for a prompt

PROMPTS = """
A futuristic robot cat with glowing blue eyes|Collectible Elon Musk figurine|Futuristic Mars habitat dome|Friendly robot mascot
a red dragon|golden dragon with green wings|a stone castle on a mountain|three red mushrooms|a tall lighthouse|vintage guitar
a cup of coffee|wooden chair|a cat on a chair|robot holding a sword|a dog wearing a crown|tiny house and a big tree|blue sports car
rocket ship to the moon|glass heart|marble temple|an owl|penguin with an orange hat|clown fish|humpback whale|white horse|pink unicorn
fluffy white rabbit|teddy bear|grey elephant|sea turtle|green snake|purple octopus|orange butterfly|spiky dinosaur|black spider
astronaut riding a horse|wizard with a white beard|golden knight|friendly ghost|snowman|skull with glowing red eyes|bridge over a river
egyptian pyramid|old windmill|pirate ship|steam train|yellow submarine|amethyst crystal|diamond|planet with rings
""".strip().replace("\n", "|").split("|")


class Run:
    """One job, done; `path` is its directory."""

    def __init__(self, path, prompt, options=None, **params):
        path.mkdir(parents=True, exist_ok=True)
        job = {"version": 1, "id": "6cb6d335", "api": "grok_3d", "model": "default", "attempt": 1, "prompt": prompt,
               "params": params, "inputs": [], "options": options or {}}
        before = time.monotonic()
        with subprocess.Popen([WORKER], cwd=path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            self.out, self.err = child.communicate(json.dumps(job).encode(), timeout=patiently(120))
        self.wall = time.monotonic() - before
        self.code, self.path = child.returncode, path
        self.lines = [json.loads(line) for line in self.out.splitlines()]
        self.glb_path, self.usdz_path = path / "model.glb", path / "model.usdz"

    def of(self, kind):
        return [line for line in self.lines if line.get("type") == kind]

    @property
    def glb(self):
        return Glb(self.glb_path.read_bytes())

    @property
    def fault(self):
        errors = self.of("error")
        return errors[-1] if errors else None


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """All prompts, on all processors."""
    root = tmp_path_factory.mktemp("prompts")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda i: Run(root / str(i), PROMPTS[i]), range(len(PROMPTS))))


def validate(node_modules, files):
    done = subprocess.run(["node", HERE / "validate.mjs", *files], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "NODE_PATH": str(node_modules)}, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- what is made from a prompt ---


def test_all_complete(runs):
    assert len(runs) >= 50
    for run in runs:
        assert run.code == 0, (run.out[-300:], run.err)
        assert [a["name"] for a in run.of("asset")] == ["image", "glb", "usdz"]


def test_stages_come_in_order(runs):
    stages = [p["stage"] for p in runs[0].of("progress") if "stage" in p]
    assert list(dict.fromkeys(stages)) == ["initializing", "generating_image", "generating_3d", "converting_usdz"]
    at = {}
    stage = None
    for line in runs[0].of("progress"):
        stage = line.get("stage", stage)
        at.setdefault(stage, []).append(line["progress"])
    for stage, (low, high) in {"initializing": (0, 5), "generating_image": (10, 40), "generating_3d": (50, 80),
                               "converting_usdz": (85, 95)}.items():
        assert low <= min(at[stage]) and max(at[stage]) <= high, (stage, at[stage])


def test_pictures_are_jpegs(runs):
    for run in runs:
        data = (run.path / "image.jpg").read_bytes()
        assert data[:3] == b"\xff\xd8\xff" and data[-2:] == b"\xff\xd9" and len(data) > 10000


def test_meshes_are_closed_and_face_outwards(runs):
    for run, prompt in zip(runs, PROMPTS):
        glb = run.glb
        assert 2000 <= glb.triangles <= 50000, prompt
        assert glb.open_edges() == [], prompt
        assert glb.volume() > 0, prompt
        assert run.glb_path.stat().st_size < 4 << 20
        low = [min(p[k] for p in glb.positions) for k in range(3)]
        assert abs(low[1]) < 1e-3, f"{prompt}: stands on the ground"
        assert all(0 <= u <= 1 and 0 <= v <= 1 for u, v in glb.uv)


def test_no_two_meshes_are_equal(runs):
    assert len({run.glb.view(0) for run in runs}) == len(runs)


def test_usdz_is_stored_aligned_and_complete(runs):
    for run in runs:
        data = run.usdz_path.read_bytes()
        with zipfile.ZipFile(run.usdz_path) as usdz:
            assert usdz.testzip() is None
            names = usdz.namelist()
            assert names[0] == "model.usda"
            for info in usdz.infolist():
                assert info.compress_type == zipfile.ZIP_STORED
                name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
                assert (info.header_offset + 30 + name + extra) % 64 == 0
            layer = usdz.read("model.usda").decode()
        for word in ('defaultPrim = "Root"', "metersPerUnit = 1", 'upAxis = "Y"', "UsdPreviewSurface", "primvars:st",
                     "normal3f[] normals", 'subdivisionScheme = "none"'):
            assert word in layer
        for name in names[1:]:
            assert f"@{name}@" in layer


def test_independent_readers_have_no_complaint(runs, node_modules):
    for said in validate(node_modules, [run.glb_path for run in runs]):
        assert said["issues"] == [], said
    some = runs[:8]
    for run, said in zip(some, validate(node_modules, [run.usdz_path for run in some])):
        glb = run.glb
        assert said["opened"] and said["meshes"] == 1
        assert said["points"] == 3 * len(glb.positions) and said["indices"] == len(glb.indices)


def test_a_prompt_is_quick(tmp_path):
    before = os.times()
    Run(tmp_path, PROMPTS[0])
    after = os.times()
    assert (after.children_user + after.children_system) - (before.children_user + before.children_system) < patiently(SECONDS_MAX)


def test_the_same_prompt_and_seed_give_the_same_bytes(tmp_path):
    a, b, c = (Run(tmp_path / n, "an emerald owl", seed=seed) for n, seed in (("a", 7), ("b", 7), ("c", 8)))
    for name in ("image.jpg", "model.glb", "model.usdz"):
        assert filecmp.cmp(a.path / name, b.path / name, shallow=False), name
    assert not filecmp.cmp(a.glb_path, c.glb_path, shallow=False)


@pytest.mark.parametrize("prompt", [
    "", "x", "robot " * 17000, "\x01\x02\x1b[31m cat \x7f", "../../etc/passwd", "/dev/zero; rm -rf / $(reboot)",
    "\U0001f916\U0001f431\u200d\U0001f680", "%s%n%n%d", "\u0627\u0644\u0642\u0637 \u732b", '"}],"scene":9', "a\nb\tc",
], ids=["empty", "letter", "100kB", "control", "path", "shell", "emoji", "format", "scripts", "json", "lines"])
def test_any_prompt_gives_a_model_or_a_clear_word(tmp_path, prompt):
    run = Run(tmp_path, prompt)
    if run.code != 0:
        assert run.fault and run.fault["message"]
        return
    assert run.glb.open_edges() == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["image.jpg", "model.glb", "model.usdz"]


# --- pictures from xAI ---


class ImageService(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        status, answer = self.server.answer
        if status is None:  # hangs up
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer) + (1000 if self.server.cut else 0)))
        self.end_headers()
        pieces = 20 if self.server.slow else 1
        try:
            for i in range(pieces):
                self.wfile.write(answer[len(answer) * i // pieces:len(answer) * (i + 1) // pieces])
                time.sleep(0.1 if self.server.slow else 0)
        except OSError:
            pass

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ImageService)
    server.asked, server.answer, server.cut, server.slow = [], (200, b"{}"), False, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.options = {"xai_api_key": "xai-secret", "xai_base_url": f"http://127.0.0.1:{server.server_port}/v1"}
    yield server
    server.shutdown()
    server.server_close()


def picture_answer(data):
    return 200, json.dumps({"data": [{"b64_json": base64.b64encode(data).decode()}]}).encode()


def test_a_remote_picture_is_inflated(runs, service, tmp_path, node_modules):
    picture = (runs[0].path / "image.jpg").read_bytes()
    service.answer = picture_answer(picture)
    run = Run(tmp_path, "a robot", service.options)
    assert run.code == 0, run.out
    path, key, body = service.asked[0]
    assert path == "/v1/images/generations" and key == "Bearer xai-secret"
    assert body["prompt"].startswith("a robot. ") and body["model"] == "grok-2-image" and body["response_format"] == "b64_json"
    assert (tmp_path / "image.jpg").read_bytes() == picture
    glb = run.glb
    assert glb.open_edges() == [] and glb.volume() > 0 and 2000 <= glb.triangles <= 50000
    assert not run.of("log"), "the subject was cut from its ground"
    glb_said, usdz_said = validate(node_modules, [run.glb_path, run.usdz_path])
    assert glb_said["issues"] == [] and usdz_said["opened"]
    assert b"xai-secret" not in run.out + run.err


@pytest.mark.parametrize("answer,again,says", [
    ((500, b'{"error":"down"}'), True, "500: down"),
    ((429, b'{"error":{"message":"slow down"}}'), True, "429: slow down"),
    ((401, b'{"error":{"message":"bad key"}}'), False, "401: bad key"),
    ((400, b"<html>"), False, "400"),
    ((200, b"not json"), False, "no picture"),
    ((200, b'{"data":[]}'), False, "no picture"),
    ((200, b'{"data":[{"b64_json":"****"}]}'), False, "no picture"),
    ((200, b'{"data":[{"b64_json":"aGVsbG8gd29ybGQ="}]}'), False, "picture"),
    ((200, b'{"data":[{"b64_json":"/9j/4AAQSkZ"}]}'), False, "no picture"),
    ((200, b'{"data":[{"b64_json":"/9j/4AAQSkZJRg=="'), False, "no picture"),
    ((200, b'{"data":[{"b64_json":17}]}'), False, "no picture"),
    ((200, b'{"data":{"0":5}}'), False, "no picture"),
    ((200, b'[[[]]]'), False, "no picture"),
    ((200, b'[' * 100000), False, "no picture"),
    ((200, b''), False, "no picture"),
    ((200, b'{"data":[{"url":"http://127.0.0.1/x.jpg"}]}'), False, "no picture"),
    ((302, b''), False, "302"),
    ((503, b'{"error":' + b'"x"' * 5), True, "503"),
    ((None, b""), True, "could not be reached"),
    ((200, b" " * (50 << 20)), False, "too large"),
], ids=["500", "429", "401", "400", "no-json", "none", "no-base64", "no-image", "cut-base64", "cut-json",
        "number", "object", "lists", "deep", "empty", "url", "redirect", "bad-error", "hangs-up", "huge"])
def test_a_failing_service_is_reported(service, tmp_path, answer, again, says):
    service.answer = answer
    run = Run(tmp_path, "a robot", service.options)
    assert run.code == (75 if again else 1)
    assert says in run.fault["message"]
    assert not run.of("asset")
    assert b"xai-secret" not in run.out + run.err


def test_an_absent_service_is_worth_another_attempt(tmp_path):
    run = Run(tmp_path, "a robot", {"xai_api_key": "x", "xai_base_url": "http://127.0.0.1:9/v1"})
    assert run.code == 75 and "could not be reached" in run.fault["message"]


def test_an_answer_that_breaks_off_is_worth_another_attempt(runs, service, tmp_path):
    service.cut, service.answer = True, picture_answer((runs[0].path / "image.jpg").read_bytes())
    run = Run(tmp_path, "a robot", service.options)
    assert run.code == 75 and "broke off" in run.fault["message"]
    assert not run.of("asset")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_picture_that_breaks_off_is_worth_another_attempt(runs, service, tmp_path, part):
    """Decoders make the rest of it grey and are content."""
    picture = (runs[0].path / "image.jpg").read_bytes()
    service.answer = picture_answer(picture[:int(len(picture) * part)])
    run = Run(tmp_path, "a robot", service.options)
    assert run.code == 75 and "cut off" in run.fault["message"]
    assert not run.of("asset")


def test_a_slow_answer_is_waited_for(runs, service, tmp_path):
    service.slow, service.answer = True, picture_answer((runs[0].path / "image.jpg").read_bytes())
    assert Run(tmp_path, "a robot", service.options).code == 0


def test_a_picture_without_a_subject_becomes_a_plaque(service, tmp_path):
    done = subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=c=gray:s=320x240", "-frames:v", "1", "-f",
                           "image2pipe", "-c:v", "png", "-"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("ffmpeg is not installed")
    service.answer = picture_answer(done.stdout)
    run = Run(tmp_path, "fog", service.options)
    assert run.code == 0 and run.of("log")
    assert run.glb.open_edges() == []
    assert (tmp_path / "image.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


# --- the operator's own 3D program ---


def program(tmp_path, text):
    path = tmp_path / "triposr"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"triposr_command": f"{path} --quiet"}


def test_a_program_makes_the_model(runs, tmp_path):
    options = program(tmp_path, f'test "$1" = --quiet && head -c 4 "$2" | grep -q PNG && cp {runs[3].glb_path} "$3"')
    run = Run(tmp_path / "job", "a robot", options)
    assert run.code == 0, run.out
    assert filecmp.cmp(run.glb_path, runs[3].glb_path, shallow=False)
    with zipfile.ZipFile(run.usdz_path) as usdz:
        layer = usdz.read("model.usda").decode()
        assert "textures/base.jpg" in usdz.namelist()
    faces = layer.split("faceVertexCounts = [")[1].split("]")[0]
    assert faces.count("3") == runs[3].glb.triangles


@pytest.mark.parametrize("text,says", [
    ("echo no gpu >&2; exit 3", "no gpu"),
    ("exit 0", "no model"),
    ('echo nonsense > "$3"', "no GLB"),
    ('printf "glTF" > "$3"; head -c 500 /dev/zero >> "$3"', "no GLB"),
], ids=["fails", "nothing", "text", "zeros"])
def test_a_failing_program_is_reported(tmp_path, text, says):
    run = Run(tmp_path / "job", "a robot", program(tmp_path, text))
    assert run.code == 1
    assert says in run.fault["message"]
    assert [a["name"] for a in run.of("asset")] == ["image"]


def test_a_damaged_glb_never_crashes_the_reader(runs, tmp_path):
    """Each is cut or has bytes changed; none may end the worker by a signal."""
    good = runs[3].glb_path.read_bytes()
    (tmp_path / "jobs").mkdir()
    length = struct.unpack_from("<I", good, 12)[0]
    for i in range(6):
        bad = bytearray(good)
        at = 20 + (i * 7919) % length
        bad[at:at + 3] = b"999" if i % 2 else b"-1,"
        (tmp_path / "bad.glb").write_bytes(bytes(bad))
        run = Run(tmp_path / "jobs" / str(i), "x", program(tmp_path, f'cp {tmp_path}/bad.glb "$3"'))
        assert run.code in (0, 1)


# --- the examples ---


@pytest.mark.parametrize("name", ["ex_elon-figurine", "ex_mars-habitat", "ex_xai-robot"])
def test_examples_are_built(name):
    path = ROOT / "examples/grok-3d" / name
    assert Glb((path / "model.glb").read_bytes()).open_edges() == []
    about = json.loads((path / "example.json").read_text())
    assert about["name"] and about["description"] and about["prompt"]
    assert (path / "image.jpg").stat().st_size > 10000 and zipfile.is_zipfile(path / "model.usdz")
