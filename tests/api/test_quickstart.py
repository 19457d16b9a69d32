"""quickstart itself: instances side by side, readable failures, no leftovers."""

import os
import signal
import socket
import subprocess

import pytest
import requests

from harness import QUICKSTART, Instance, free_ports
from waiting import patiently, wait_until


def serve_fails(*arguments):
    """What serve says when it cannot start."""
    done = subprocess.run(
        [str(QUICKSTART), "serve", *map(str, arguments)], capture_output=True, text=True, timeout=patiently(60)
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "kinora: ready" not in done.stdout
    return done.stderr


def test_instances_side_by_side(instance, serve):
    other = serve(dispatch="no")
    job = requests.post(other.url + "/v1/video/generations", json={"model": "grok", "prompt": "here only"}).json()
    assert requests.get(f"{other.url}/v1/video/generations/{job['id']}").status_code == 200
    assert requests.get(f"{instance.url}/v1/video/generations/{job['id']}").status_code == 404


def test_data_outlives_the_instance(serve):
    own = serve(dispatch="no")
    job = requests.post(own.url + "/v1/video/generations", json={"model": "grok", "prompt": "again"}).json()
    own.stop()
    assert not [path for path in (own.dir / "run").iterdir() if path.suffix in (".pid", ".sock")]
    own.start()
    assert requests.get(f"{own.url}/v1/video/generations/{job['id']}").json()["prompt"] == "again"


def test_interrupt_is_a_clean_end(serve):
    own = serve(dispatch="no")
    own.process.send_signal(signal.SIGINT)
    assert own.process.wait(patiently(60)) == 0
    wait_until(lambda: not own.processes())


def test_a_long_log_is_begun_anew(serve):
    own = serve(dispatch="no")
    logs = own.dir / "logs"
    for name in ("kinorad", "nginx"):
        os.truncate(logs / f"{name}.log", 17 << 20)
    wait_until(lambda: all((logs / f"{name}.log").stat().st_size < 1 << 20 for name in ("kinorad", "nginx")), 60)
    assert (logs / "kinorad.log.1").stat().st_size == (logs / "nginx.log.1").stat().st_size == 17 << 20
    own.kill("kinora-fcgi")
    wait_until(lambda: "was ended by signal 9" in own.logs())
    assert b"\0" not in (logs / "kinorad.log").read_bytes()  # it goes on at the new end


def test_nothing_survives_the_supervisor(serve):
    own = serve(dispatch="no")
    own.process.kill()
    own.process.wait()
    wait_until(lambda: not own.processes(), 60)
    own.process = None
    own.start()  # what was left in run/ does not matter


def test_a_restart_right_after_a_kill(serve):
    own = serve(dispatch="no")
    before = {name: own.pid(name) for name in ("nginx", "kinorad", "kinora-fcgi")}
    own.process.kill()
    own.process.wait()
    assert own._start(), "".join(own.output)  # on the same ports
    for name, pid in before.items():
        assert pid not in own.processes() and own.pid(name) in own.processes(), name


# Ends a second after SIGTERM, and then takes its pid file along, as nginx does; or never.
SLOW_NGINX = """
import os, signal, socket, sys, time
kind, port, pid_file = sys.argv[1:4]
listener = socket.create_server(("127.0.0.1", int(port)))
def end(*_):
    if kind != "deaf":
        time.sleep(1)
        os.unlink(pid_file)
        os._exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("kind", ["late", "deaf"])
def test_an_old_nginx_takes_its_time(serve, kind):
    """It has the port, and would remove the pid file of the next one."""
    own = serve(dispatch="no")
    own.stop()
    pid_file = own.dir / "run" / "nginx.pid"
    words = ["-c", SLOW_NGINX, kind, str(own.port), pid_file, own.dir / "nginx.conf"]
    old = subprocess.Popen(["/usr/bin/python3", *words], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert old.stdout.readline() == b"ready\n"
        pid_file.write_text(f"{old.pid}\n")
        assert own._start(), "".join(own.output)
        assert old.wait(30) == (0 if kind == "late" else -signal.SIGKILL)
        assert own.pid("nginx") in own.processes()
    finally:
        old.kill()
        old.wait()


def test_a_pid_of_another(serve):
    """A pid file may name a process of somebody else by now."""
    own = serve(dispatch="no")
    own.stop()
    other = subprocess.Popen(["sleep", "100"])
    try:
        for name in ("nginx", "kinorad", "kinora-fcgi"):
            (own.dir / "run" / f"{name}.pid").write_text(f"{other.pid}\n")
        own.start()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_ctl(serve):
    own = serve(dispatch="no", max_video_age_days=3)
    assert own.ctl("keys", "create", "--name", "someone").splitlines()[-1]
    assert "max_video_age_days" in own.ctl("config")


def test_environment_and_set(serve):
    own = serve(dispatch="no", env={"MAX_VIDEO_AGE_DAYS": "5", "CORS_ORIGINS": "http://a.example", "SERVER_PORT": "1"},
                max_video_age_days=4)
    shown = next(line for line in own.ctl("config").splitlines() if line.startswith("max_video_age_days"))
    assert "4" in shown.split()
    for path in ("/", "/videos/none.mp4"):  # one from the responder, one from nginx
        answer = requests.get(own.url + path, headers={"Origin": "http://a.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "http://a.example"
        answer = requests.get(own.url + path, headers={"Origin": "http://b.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("host,reached", [("::1", "[::1]"), ("::", "[::1]"), ("*", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])
def test_hosts_to_listen_on(serve, host, reached):
    if ":" in host:
        try:
            socket.create_server((host, 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("there is no IPv6")
    own = serve(dispatch="no", server_host=host)
    assert requests.get(f"http://{reached}:{own.port}/").ok
    said = serve_fails("--dir", own.dir / "other", "--set", f"server_host={host}", "--port", own.port)
    assert f"port {own.port} is taken" in said


def test_long_directory(tmp_path):
    own = Instance(tmp_path / ("d" * 100), dispatch="no")
    try:
        assert requests.get(own.url + "/").ok
        assert own.pid("nginx") and own.pid("kinorad") and own.pid("kinora-fcgi")
        short = os.path.realpath(own.dir / "run")
        assert len(short) < 60
    finally:
        own.stop()
    assert not os.path.lexists(own.dir / "run")
    assert not os.path.exists(short)


def test_port_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = serve_fails("--dir", tmp_path / "i", "--port", port, "--text-port", free_ports(1)[0])
        assert f"port {port} is taken" in said
        said = serve_fails("--dir", tmp_path / "i", "--port", free_ports(1)[0], "--text-port", port)
        assert f"port {port} is taken" in said and "--text-port" in said


def test_directory_in_use(instance):
    a, b = free_ports(2)
    assert "another instance" in serve_fails("--dir", instance.dir, "--port", a, "--text-port", b)


def test_directory_not_writable(tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in serve_fails("--dir", tmp_path / "file" / "i")


@pytest.mark.parametrize("setting,words", [
    ("nonsense=1", "nonsense"),
    ("threads=many", "threads"),
    ("max_image_size=big", "max_image_size"),
    ("nothing", "option=value"),
])
def test_wrong_setting(tmp_path, setting, words):
    a, b = free_ports(2)
    assert words in serve_fails("--dir", tmp_path / "i", "--port", a, "--text-port", b, "--set", setting)


def test_unknown_argument(tmp_path):
    assert "--frobnicate" in serve_fails("--frobnicate")
