"""Workers' uploads: written once, refused before they are taken, and nothing left behind by those that fail."""

import concurrent.futures
import contextlib
import http.client
import os
import re
import signal
import socket
import threading
import time

import pytest
import requests

import fastcgi
from harness import IS_SANITIZED
from test_grok_imagine import create
from test_vivid_flow import Client
from waiting import patiently, wait_until

CLASS = "grok_imagine/grok"
MIB = 1 << 20


@pytest.fixture(scope="module")
def own(start_instance):
    return start_instance(dispatch="no")


@pytest.fixture
def claim(own):
    while own.claim("*"):
        pass
    create(own)
    return own.claim(CLASS)


def spooled(instance):
    """What lies where uploads come in: of nginx, and of the responder."""
    found = list((instance.dir / "spool").glob("*")) + list((instance.dir / "incoming").glob("*"))
    return found + [path for path in (instance.dir / "tmp").rglob("*") if path.is_file()]


def film_of(mp4, size, path):
    """An open MP4 of that size; the rest is one box that players skip."""
    film = open(path, "wb+")
    film.write(mp4 + (size - len(mp4)).to_bytes(4, "big") + b"free")
    film.truncate(size)
    film.seek(0)
    return film


def memory_of(pid):
    """Without mapped files: each thread maps libmagic's table."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+)", status.read())[1]) * 1024


class Watch(threading.Thread):
    """Looks on during an upload: the responder's memory, the files in spool/ and their inodes, the disk."""

    def __init__(self, instance):
        super().__init__(daemon=True)
        self.instance = instance
        self.memory, self.disk, self.inodes = 0, 0, set()
        self.done = threading.Event()
        self.before = memory_of(instance.pid("kinora-fcgi"))
        self.start()

    def run(self):
        while not self.done.wait(0.005):
            self.memory = max(self.memory, memory_of(self.instance.pid("kinora-fcgi")) - self.before)
            stats = []
            for folder in ("spool", "incoming", "videos", "tmp/body"):
                for path in (self.instance.dir / folder).glob("*"):
                    try:
                        stats.append((folder, path.stat()))
                    except FileNotFoundError:
                        pass
            self.inodes |= {stat.st_ino for folder, stat in stats if folder == "spool"}
            blocks = {stat.st_ino: stat.st_blocks * 512 for _, stat in stats}
            self.disk = max(self.disk, sum(blocks.values()))

    def stop(self):
        self.done.set()
        self.join()


def put(instance, claim, data, **headers):
    return requests.put(
        f"{instance.url}/worker/v1/jobs/{claim['job']['id']}/assets/video",
        data=data,
        headers={"X-Lease-Token": claim["token"], **headers},
        timeout=300,
    )


def test_a_put_is_renamed(own, claim, mp4, tmp_path):
    """500 MB: no copy, and nothing of it in the responder's memory."""
    size = 500 * MIB
    watch = Watch(own)
    with film_of(mp4, size, tmp_path / "film") as film:
        answer = put(own, claim, film)
    watch.stop()
    assert answer.status_code == 204, answer.text
    film = (own.dir / "videos" / f"{claim['job']['id']}.mp4").stat()
    assert film.st_size == size and film.st_mode & 0o777 == 0o640
    assert watch.inodes == {film.st_ino}  # the file that nginx wrote is the film
    assert IS_SANITIZED or watch.memory < 8 * MIB
    assert watch.disk < size * 1.1
    assert own.report(claim, "complete").status_code == 200
    wait_until(lambda: spooled(own) == [])
    film = requests.get(f"{own.url}/videos/{claim['job']['id']}.mp4", headers={"Range": "bytes=0-99"})
    assert film.content == mp4[:100]
    requests.delete(f"{own.url}/videos/{claim['job']['id']}.mp4")


def test_a_chunked_put(own, claim, mp4):
    assert put(own, claim, iter([mp4[:1000], mp4[1000:]])).status_code == 204
    assert own.report(claim, "complete").status_code == 200
    assert requests.get(f"{own.url}/videos/{claim['job']['id']}.mp4").content == mp4


def test_a_form_is_read_from_the_spool(own, claim, mp4):
    url = f"{own.url}/worker/v1/jobs/{claim['job']['id']}/assets/video"
    answer = requests.post(url, data={"token": claim["token"]}, files={"file": ("x", mp4)})
    assert answer.status_code == 204, answer.text
    assert own.report(claim, "complete").status_code == 200
    assert requests.get(f"{own.url}/videos/{claim['job']['id']}.mp4").content == mp4
    wait_until(lambda: spooled(own) == [])


def test_nothing_is_left_of_what_fails(own, claim, mp4):
    forged = {**claim, "token": "0" * 32}
    assert put(own, forged, mp4).status_code == 409
    assert put(own, claim, b"no film").status_code == 400
    assert put(own, claim, b"").status_code == 400
    assert put(own, {"job": {"id": "job_000000000000"}, "token": "x"}, mp4).status_code == 404
    assert put(own, {"job": {"id": "..%2f.."}, "token": "x"}, mp4).status_code in (400, 404)
    wait_until(lambda: spooled(own) == [])


def begin_put(instance, claim, length, extra=""):
    """A PUT of which only the head and a little are sent: nginx keeps that in memory."""
    client = socket.create_connection(("127.0.0.1", instance.port), timeout=patiently(30))
    head = f"PUT /worker/v1/jobs/{claim['job']['id']}/assets/video HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
    client.sendall((head + f"X-Lease-Token: {claim['token']}\r\n{extra}\r\n").encode() + b"x" * 10)
    return client


def test_a_client_that_goes_away(own, claim):
    client = begin_put(own, claim, 100 * MIB)
    client.sendall(bytes(MIB))
    wait_until(lambda: spooled(own))
    client.close()
    wait_until(lambda: spooled(own) == [])


def test_a_killed_responder(own, claim):
    """The upload goes on: nginx has it. Only what the dead one had in hands is to be sent again."""
    client = begin_put(own, claim, 2 * MIB)
    client.sendall(bytes(MIB))
    wait_until(lambda: spooled(own))
    pid = own.kill("kinora-fcgi")
    wait_until(lambda: own.pid("kinora-fcgi") not in (None, pid))
    client.sendall(bytes(MIB - 10))
    assert client.recv(100).startswith(b"HTTP/1.1 400 ")  # its bytes are no film
    client.close()
    wait_until(lambda: spooled(own) == [])


def test_no_second_try(serve, mp4):
    """The dead one may have taken the file: who asks again for it would get nothing, or another's."""
    instance = serve(dispatch="no", env={"OMP_NUM_THREADS": "1"})  # nproc obeys it: one nginx worker
    create(instance)
    claim = instance.claim(CLASS)
    # nginx keeps the connections of these, and the next requests come on them: the check's and the upload's. On a
    # new one the upload would wait for the next responder.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: instance.claim(CLASS, wait=2), range(8))) == [None] * 8
    client = begin_put(instance, claim, 2 * MIB)
    client.sendall(bytes(MIB))
    wait_until(lambda: spooled(instance))
    pid = instance.kill("kinora-fcgi", signal.SIGSTOP)
    client.sendall(bytes(MIB - 10))
    wait_until(lambda: spooled(instance)[0].stat().st_size == 2 * MIB)
    (worker,) = children(instance.pid("nginx"))
    wait_until(lambda: is_asleep(worker))  # it has passed that on, and waits for the next event
    instance.kill("kinora-fcgi")
    assert client.recv(12)[9:] == b"503"
    client.close()
    wait_until(lambda: spooled(instance) == [] and instance.pid("kinora-fcgi") not in (None, pid))
    assert put(instance, claim, mp4).status_code == 204


def test_a_killed_nginx(serve):
    instance = serve(dispatch="no")
    create(instance)
    claim = instance.claim(CLASS)
    client = begin_put(instance, claim, 100 * MIB)
    client.sendall(bytes(MIB))
    wait_until(lambda: list((instance.dir / "spool").glob("*")))
    os.killpg(instance.pid("nginx"), signal.SIGKILL)
    client.close()
    wait_until(lambda: not list((instance.dir / "spool").glob("*")))
    wait_until(lambda: instance.process.poll() is None and instance.pid("nginx"))


# --- the parameter ---


def attach(instance, claim, body_file, length, data=b""):
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        return connection.ask(
            "PUT",
            f"/worker/v1/jobs/{claim['job']['id']}/assets/video",
            data,
            CONTENT_TYPE="",
            CONTENT_LENGTH=str(length),
            HTTP_X_LEASE_TOKEN=claim["token"],
            KINORA_BODY_FILE=str(body_file),
        )


def test_only_files_that_nginx_spooled(own, claim, mp4, tmp_path):
    spool = own.dir / "spool"
    outside = own.dir / "jobs" / "0000000009"
    outside.write_bytes(mp4)
    odd = {
        "../jobs/0000000009": None,
        str(outside): None,  # only its last part counts, and that is not there
        "0000000001": None,
        "kinora.conf": None,
        "..": None,
        "0000000002/": None,
        "0000000003": lambda path: path.symlink_to(outside),
        "0000000004": lambda path: os.link(outside, path),
        "0000000005": lambda path: path.mkdir(),
        "0000000006": lambda path: os.mkfifo(path),
        "0000000007": lambda path: path.write_bytes(mp4 + b"longer"),
    }
    if os.geteuid() == 0:

        def strangers(path):
            path.write_bytes(mp4)
            os.chown(path, 12345, 12345)

        odd["0000000008"] = strangers
    for name, make in odd.items():
        if make:
            make(spool / name)
        answer = attach(own, claim, name, len(mp4))
        assert answer.status == 500, name
        assert make is None or os.path.lexists(spool / name), name
    assert outside.read_bytes() == mp4
    outside.unlink()
    for path in spool.iterdir():
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    (spool / "0000000010").write_bytes(mp4)
    assert attach(own, claim, spool / "0000000010", len(mp4)).status == 204
    wait_until(lambda: list(spool.iterdir()) == [])


def test_without_a_spool_the_body_is_read(own, claim, mp4):
    """As from Apache, or from a nginx of another user."""
    answer = attach(own, claim, "", len(mp4), mp4)
    assert answer.status == 204
    assert own.report(claim, "complete").status_code == 200


def test_a_nginx_of_another_user(serve, mp4, tmp_path):
    """As installed beside a stock nginx: the body is passed on and written again, in no more memory."""
    instance = serve(dispatch="no")
    (instance.dir / "nginx" / "spool.conf").unlink()
    workers = set(children(instance.pid("nginx")))
    instance.kill("nginx", signal.SIGHUP)
    wait_until(lambda: not workers & set(children(instance.pid("nginx"))))
    create(instance)
    claim = instance.claim(CLASS)
    watch = Watch(instance)
    with film_of(mp4, 50 * MIB, tmp_path / "film") as film:
        assert put(instance, claim, film).status_code == 204
    watch.stop()
    assert watch.inodes == set()
    assert IS_SANITIZED or watch.memory < 8 * MIB
    assert instance.report(claim, "complete").status_code == 200
    wait_until(lambda: spooled(instance) == [])


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as pids:
        return [int(child) for child in pids.read().split()]


def is_asleep(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "S"


def test_no_client_can_name_a_file(own, claim, mp4):
    victim = own.dir / "spool" / "0000000042"
    victim.write_bytes(mp4)
    names = ["KINORA_BODY_FILE", "Kinora-Body-File", "HTTP_KINORA_BODY_FILE", "KINORA_CHECK"]
    headers = {name: str(victim) for name in names}
    assert put(own, claim, b"no film", **headers).status_code == 400
    answer = requests.post(own.url + "/api/generate", json={"prompt": "x"}, headers=headers)
    assert answer.status_code == 200 and "job_id" in answer.json()
    assert victim.read_bytes() == mp4
    victim.unlink()


# --- refused before it is taken ---


def refusal(client):
    client.settimeout(patiently(30))
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return answer.status, answer.read()


def test_no_stranger_fills_the_disk(start_instance, mp4):
    instance = start_instance(dispatch="no", worker_token="secret")
    stranger = {"job": {"id": "job_000000000000"}, "token": "x"}
    client = begin_put(instance, stranger, 1 << 30)
    status, body = refusal(client)
    assert (status, body) == (401, b'{"error":"unauthorized","message":"Missing or invalid credentials"}')
    client.close()
    client = begin_put(instance, stranger, 1 << 30, "Authorization: Bearer secret\r\nExpect: 100-continue\r\n")
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.close()
    wait_until(lambda: spooled(instance) == [])
    answer = requests.post(instance.url + "/extension/complete", files={"video": mp4}, data={"job_id": "x"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Missing or invalid credentials"})
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer = requests.delete(instance.url + "/worker/v1/jobs/x/assets/video")
    assert answer.status_code == 405 and "PUT" in answer.headers["Allow"]


class OtherResponder(threading.Thread):
    """Answers on the instance's socket, in place of its responder, with these headers."""

    def __init__(self, instance, headers):
        super().__init__(daemon=True)
        instance.fcgi_socket.unlink()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(instance.fcgi_socket))
        self.socket.listen()
        self.answer = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                with client:
                    got = b""
                    while not got.endswith(fastcgi.record(fastcgi.STDIN)) and (piece := client.recv(65536)):
                        got += piece
                    client.sendall(fastcgi.record(fastcgi.STDOUT, self.answer) + fastcgi.record(fastcgi.STDOUT)
                                   + fastcgi.record(fastcgi.END, bytes(8)))

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join()  # its last connection is closed by then: nginx keeps none for the next one
        self.socket.close()


@pytest.fixture(scope="module")
def alone(start_instance):
    """nginx without a responder, and nobody who starts one."""
    instance = start_instance(dispatch="no")
    instance.process.send_signal(signal.SIGSTOP)
    instance.kill("kinorad")
    instance.kill("kinora-fcgi")
    yield instance
    instance.fcgi_socket.unlink(missing_ok=True)
    instance.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("path, closing", [("/worker/v1/jobs/x/assets/video", {"error": "busy", "message": ""}),
                                           ("/extension/complete", {"detail": ""})])
def test_no_responder_to_ask(alone, path, closing):
    answer = requests.request("PUT" if "worker" in path else "POST", alone.url + path, data=b"x" * MIB)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert {**answer.json(), **dict.fromkeys([list(closing)[-1]], "")} == closing


# As the table of errors has them, where a check may come to them.
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 414, 500, 503, 507])
def test_the_refusal_is_what_the_responder_said(alone, status):
    refusal = '{"error":"some","message":"words"}'
    other = OtherResponder(alone, {"Status": "403 Forbidden", "X-Kinora-Status": status, "X-Kinora-Refusal": refusal,
                                   "Retry-After": 7})
    try:
        answer = requests.put(alone.url + "/worker/v1/jobs/x/assets/video", data=b"x" * MIB)
    finally:
        other.stop()
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (status, refusal, "7")


def test_an_upload_of_the_largest_size(start_instance, mp4):
    instance = start_instance(dispatch="no", max_upload_size=MIB)
    create(instance)
    claim = instance.claim(CLASS)
    assert instance.put_asset(claim, "video", mp4 + bytes(MIB - len(mp4))).status_code == 204
    for larger in (MIB + 1, 4 * MIB):
        answer = instance.put_asset(claim, "video", mp4 + bytes(larger - len(mp4)))
        assert (answer.status_code, answer.json()) == (413, {"error": "too_large", "message": "The body is too large"})


@pytest.mark.parametrize("mark", ["1%", "1000T"])
def test_past_the_high_water_mark(start_instance, mp4, mark):
    instance = start_instance(dispatch="no", disk_high_water=mark)
    full = "Not enough storage space"
    job = create(instance)
    claim = instance.claim(CLASS)
    answer = instance.put_asset(claim, "video", mp4)
    assert (answer.status_code, answer.json()) == (507, {"error": "full", "message": full})
    url = f"{instance.url}/worker/v1/jobs/{job['id']}/assets/video"
    answer = requests.post(url, data={"token": claim["token"]}, files={"file": ("x", mp4)})
    assert (answer.status_code, answer.json()) == (507, {"error": "full", "message": full})
    answer = requests.post(instance.url + "/extension/complete", files={"video": mp4}, data={"job_id": job["id"]})
    assert (answer.status_code, answer.json()) == (507, {"detail": full})
    # A large picture is an upload, too; a small one is not.
    body = {"model": "grok", "prompt": "A cat", "image": "A" * (2 * MIB)}
    answer = requests.post(instance.url + "/v1/video/generations", json=body)
    assert (answer.status_code, answer.json()) == (507, {"detail": full})
    client = Client(instance)
    answer = client.post("generate", data={"prompt": "A"}, files={"image": bytes(2 * MIB)})
    assert (answer.status_code, answer.json()) == (507, {"error": full, "details": full})
    assert requests.post(instance.url + "/api/generate", json={"prompt": "x"}).status_code == 200
    client.create()
    # The job is none the worse for it.
    assert instance.report(claim, "progress").status_code == 200
    wait_until(lambda: spooled(instance) == [])


def test_what_would_lead_past_the_mark(start_instance, mp4):
    """There is room now, but not for so much: known before the first byte."""
    stat = os.statvfs("/tmp")
    left = stat.f_bavail * stat.f_frsize  # of which others may take and give back a quarter meanwhile
    if left < 1000 * MIB:
        pytest.skip("the disk has no GB left")
    instance = start_instance(dispatch="no", disk_high_water=left // 2, max_upload_size=left)
    create(instance)
    claim = instance.claim(CLASS)
    client = begin_put(instance, claim, left * 3 // 4)
    assert refusal(client)[0] == 507
    client.close()
    assert instance.put_asset(claim, "video", mp4).status_code == 204


def test_no_mark(start_instance, mp4):
    instance = start_instance(dispatch="no", disk_high_water=0)
    create(instance)
    assert instance.put_asset(instance.claim(CLASS), "video", mp4).status_code == 204
