"""contrib/apache: the dialects in short behind a real Apache instead of nginx."""

import os
import pathlib
import re
import shutil
import subprocess
import uuid

import pytest
import requests

from harness import ROOT, free_ports, json_of
from test_grok_imagine import PNG
from waiting import wait_until

APACHE = shutil.which("apache2", path="/usr/sbin:/usr/bin")
MODULES = pathlib.Path("/usr/lib/apache2/modules")
CONF = ROOT / "contrib" / "apache" / "kinora.conf"
# What Debian enables by itself, and what kinora.conf asks for.
LOADED = ["mpm_event", "authz_core", "mime", "dir", "reqtimeout", "setenvif"]
LOADED += re.search(r"a2enmod (.*)", CONF.read_text())[1].split()
BUILD = pathlib.Path(os.environ.get("KINORA_BUILD", ROOT / "build"))

pytestmark = [
    pytest.mark.skipif(APACHE is None, reason="apache2-bin is not installed"),
    pytest.mark.skipif(not (MODULES / "mod_xsendfile.so").exists(), reason="libapache2-mod-xsendfile is not installed"),
]


class Apache:
    """In front of the responder of an instance, whose nginx is not asked. Also what tests expect of an instance."""

    def __init__(self, instance, directory):
        self.instance, self.dir = instance, directory
        self.port, self.text_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.text_url = f"http://127.0.0.1:{self.text_port}/api/v1"
        self._write_conf()
        command = [APACHE, "-D", "FOREGROUND", "-f", directory / "apache2.conf"]
        self.process = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=open(directory / "out", "w"))
        wait_until(self._answers)

    def _write_conf(self):
        data = self.instance.dir
        values = {"PORT": self.port, "TEXT_PORT": self.text_port, "RUN": (data / "run").resolve(), "DATA": data,
                  "VIDEOS": data / "videos", "SHARE": BUILD / "root/share/kinora", "UPLOAD_MAX": 50 << 20}
        conf = CONF.read_text()
        for name, value in values.items():
            conf, n = re.subn(rf"(?m)^Define KINORA_{name} .*", f"Define KINORA_{name} {value}", conf)
            assert n == 1, name
        (self.dir / "kinora.conf").write_text(conf)
        lines = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED]
        lines += [f"PidFile {self.dir}/pid", f"ErrorLog {self.dir}/error.log", f"DefaultRuntimeDir {self.dir}"]
        lines += ["ServerName localhost", "TypesConfig /dev/null", "<Directory />\nRequire all denied\n</Directory>"]
        if os.geteuid() == 0:  # as www-data in the service's group: the files are root's
            lines += ["User nobody", "Group root"]
        (self.dir / "apache2.conf").write_text("\n".join([*lines, f"Include {self.dir}/kinora.conf", ""]))

    def _answers(self):
        assert self.process.poll() is None, (self.dir / "out").read_text() + self.log()
        try:
            return requests.get(self.url + "/", timeout=30).ok
        except requests.ConnectionError:
            return False

    def log(self):
        path = self.dir / "error.log"
        return path.read_text() if path.exists() else ""

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0
        assert not re.search(r"segfault|exit signal|AH00124", self.log()), self.log()

    def __getattr__(self, name):
        return getattr(self.instance, name)


@pytest.fixture(scope="module")
def apache(start_instance, tmp_path_factory):
    instance = start_instance(dispatch="no", worker_token="a-token-of-workers")
    directory = tmp_path_factory.mktemp("apache")
    for path in (instance.dir, *list(instance.dir.parents)[:2]):
        path.chmod(0o750)
    server = Apache(instance, directory)
    yield server
    server.stop()


class Worker:
    def __init__(self, apache):
        self.url = apache.url + "/worker/v1"
        self.headers = {"Authorization": "Bearer a-token-of-workers"}

    def finish(self, model, job_id, name, data):
        body = {"models": [model], "worker": "test"}
        claim = json_of(requests.post(f"{self.url}/claim", json=body, headers=self.headers), 200)
        assert claim["job"]["id"] == job_id
        job, token = f"{self.url}/jobs/{job_id}", claim["token"]
        sent = requests.put(f"{job}/assets/{name}", data=data, headers={**self.headers, "X-Lease-Token": token})
        assert sent.status_code == 204, sent.text
        json_of(requests.post(f"{job}/complete", json={"token": token}, headers=self.headers), 200)


@pytest.fixture
def worker(apache):
    return Worker(apache)


def check_ranges(url, data, **more):
    """Whole, in part, beyond the end, HEAD, and again with its ETag."""
    whole = requests.get(url, **more)
    assert (whole.status_code, whole.content) == (200, data)
    more_headers = more.pop("headers", {})
    part = requests.get(url, headers={**more_headers, "Range": "bytes=4-11"}, **more)
    assert (part.status_code, part.content) == (206, data[4:12])
    assert part.headers["Content-Range"] == f"bytes 4-11/{len(data)}"
    head = requests.head(url, headers=more_headers, **more)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(data)), b"")
    beyond = requests.get(url, headers={**more_headers, "Range": "bytes=99999999-"}, **more)
    assert beyond.status_code == 416
    return whole


def test_grok_imagine(apache, mp4):
    assert requests.get(apache.url + "/").json() == {"status": "ok", "service": "Grok Imagine API", "version": "1.0.0"}
    jobs = apache.url + "/v1/video/generations"
    job = json_of(requests.post(jobs, json={"model": "grok", "prompt": "A cat"}), 201)
    assert json_of(requests.get(f"{jobs}/{job['id']}"), 200)["status"] == "pending"
    assert job["id"] in [row["id"] for row in json_of(requests.get(jobs, params={"status": "pending"}), 200)["jobs"]]
    token = {"Authorization": "Bearer a-token-of-workers"}
    assert requests.get(apache.url + "/extension/poll").status_code == 401
    assert json_of(requests.get(apache.url + "/extension/poll", headers=token), 200)["job_id"] == job["id"]
    sent = requests.post(apache.url + "/extension/complete", data={"job_id": job["id"]}, headers=token,
                         files={"video": ("a.mp4", mp4)})
    assert sent.status_code == 200, sent.text
    url = json_of(requests.get(f"{jobs}/{job['id']}"), 200)["video_url"]
    assert url == f"{apache.url}/videos/{job['id']}.mp4"
    video = check_ranges(url, mp4)
    assert video.headers["Content-Type"] == "video/mp4"
    assert video.headers["Access-Control-Allow-Origin"] == "*"
    assert requests.get(url, headers={"If-None-Match": video.headers["ETag"]}).status_code == 304
    assert requests.delete(url).status_code == 204
    assert requests.get(url).status_code == 404


def test_text_to_video(apache, worker, mp4):
    for url in (apache.text_url, apache.url + "/text-to-video/api/v1"):
        job_id = json_of(requests.post(f"{url}/generate", json={"text": "Once upon a time"}), 202)["job_id"]
        assert json_of(requests.get(f"{url}/download/{job_id}"), 400) == {"error": "Video not ready for download"}
        worker.finish("text_to_video/default", job_id, "video", mp4)
        assert json_of(requests.get(f"{url}/status/{job_id}"), 200)["status"] == "completed"
        film = check_ranges(f"{url}/download/{job_id}", mp4)
        assert film.headers["Content-Type"] == "video/mp4"
        assert film.headers["Content-Disposition"] == f'attachment; filename="generated_video_{job_id}.mp4"'
        assert "X-Sendfile" not in film.headers
        assert job_id in json_of(requests.get(f"{url}/jobs"), 200)["jobs"]
        too_large = requests.post(f"{url}/generate", json={"text": "x" * 3_000_000})
        assert "too large" in json_of(too_large, 400)["error"]


def test_grok_3d(apache):
    example = json_of(requests.get(apache.url + "/api/examples"), 200)["examples"][0]["job_id"]
    model = requests.get(f"{apache.url}/api/asset/{example}?asset_type=glb")
    assert model.status_code == 200 and model.content[:4] == b"glTF", model.text[:200]
    assert model.headers["Content-Type"] == "application/octet-stream"
    assert "attachment" in model.headers["Content-Disposition"]
    job_id = json_of(requests.post(apache.url + "/api/generate", json={"prompt": "a castle"}), 200)["job_id"]
    assert json_of(requests.get(f"{apache.url}/api/status/{job_id}"), 200)["status"] == "queued"


def test_vivid_flow(apache, worker, mp4):
    key = {"X-API-Key": apache.ctl("keys", "create", "--name", "k" + uuid.uuid4().hex[:12]).split()[-1]}
    api = apache.url + "/api/v1"
    json_of(requests.post(f"{api}/generate", json={"prompt": "A sunset"}), 401)
    made = requests.post(f"{api}/generate", headers=key, data={"prompt": "A sunset", "model": "wan2.1"},
                         files={"image": ("a.png", PNG, "image/png")})
    job_id = json_of(made, 202)["job_id"]
    worker.finish("vivid_flow/wan2.1", job_id, "video", mp4)
    url = json_of(requests.get(f"{api}/status/{job_id}", headers=key), 200)["result_url"]
    assert url.startswith(apache.url)
    check_ranges(url, mp4, headers=key)
    bearer = {"Authorization": "Bearer " + key["X-API-Key"]}
    assert requests.get(url, headers=bearer).content == mp4
    json_of(requests.get(url), 401)


def test_account_page(apache):
    page = requests.get(apache.url + "/account")
    assert requests.get(apache.url + "/account/").content == page.content
    assert page.status_code == 200 and page.headers["Content-Type"] == "text/html"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    kinds = {"account.js": "text/javascript", "account.css": "text/css", "icon.svg": "image/svg+xml"}
    for name, kind in kinds.items():
        file = requests.get(f"{apache.url}/account/{name}")
        assert (file.status_code, file.headers["Content-Type"]) == (200, kind)
    assert requests.get(apache.url + "/account/../../etc/passwd").status_code == 404


@pytest.mark.parametrize("path,body", [
    ("/videos/job_nothere.mp4", {"detail": "Video not found"}),
    ("/v1/video/generations/job_nothere", {"detail": "Job not found"}),
    ("/api/v1/status/x%2fy", {"detail": "Not found"}),
    ("/text-to-video/api/v1/status/x", {"error": "Job not found"}),
])
def test_not_found_is_json(apache, path, body):
    answer = requests.get(apache.url + path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json"), answer.text
    assert answer.json() == body


@pytest.mark.parametrize("path", ["/videos/.job.mp4", "/videos/..%2fkinora.conf", "/_files/kinora.conf", "/videos/"])
def test_only_videos_are_served(apache, path):
    assert requests.get(apache.url + path).status_code == 404


def test_cors(apache):
    asked = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
    for path in ("/v1/video/generations", "/api/generate", "/videos/job_x.mp4"):
        answer = requests.options(apache.url + path, headers=asked)
        assert answer.status_code in (200, 204) and answer.headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/", "/videos/job_nothere.mp4", "/x%2fy"):
        assert requests.get(apache.url + path, headers=asked).headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path,body", [
    ("/v1/video/generations", {"detail": "The body is too large"}),
    ("/text-to-video/api/v1/generate", {"error": "The body is too large"}),
])
def test_body_over_the_limit(apache, path, body):
    answer = requests.post(apache.url + path, data=b"x" * (51 << 20), headers={"Content-Type": "application/json"})
    assert answer.json() == body and answer.status_code == (400 if "text" in path else 413)


def test_no_responder(apache):
    """Requests in flight end; later ones wait for the next responder in the socket's backlog."""
    before = apache.kill("kinora-fcgi")
    wait_until(lambda: apache.pid("kinora-fcgi") not in (None, before))
    assert requests.get(apache.url + "/").ok
