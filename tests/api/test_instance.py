"""What nginx does by itself: files, limits, errors as JSON, and going on when a part dies."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time

import pytest
import requests

import fastcgi
from waiting import best_of, patiently, wait_until


def raw(instance, data, seconds=patiently(30), port=None):
    """What comes back for bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", port or instance.port), timeout=seconds) as s:
        s.sendall(data)
        answer = b""
        while chunk := s.recv(65536):
            answer += chunk
    return answer.decode()


def post_length(instance, path, length, port=None):
    """The answer to a POST that announces a body and sends none of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port or instance.port, timeout=patiently(30))
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


@pytest.fixture(scope="module")
def video(instance):
    path = instance.dir / "videos" / "job_instancetest.mp4"
    path.write_bytes(bytes(range(256)) * 1000)
    yield path
    path.unlink()


def test_both_ports_answer(instance):
    health = requests.get(instance.url + "/").json()
    assert health["status"] == "ok"
    assert "jobs" in requests.get(instance.text_url + "/jobs").json()
    assert "jobs" in requests.get(instance.url + "/text-to-video/api/v1/jobs").json()


def test_video_whole_and_in_parts(instance, video):
    url = f"{instance.url}/videos/{video.name}"
    whole = requests.get(url)
    assert whole.content == video.read_bytes()
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Access-Control-Allow-Origin"] == "*"
    assert whole.headers["Server"] == "nginx"  # no version
    part = requests.get(url, headers={"Range": "bytes=256-511"})
    assert part.status_code == 206
    assert part.content == bytes(range(256))
    assert part.headers["Content-Range"] == "bytes 256-511/256000"
    same = requests.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert same.status_code == 304
    beyond = requests.get(url, headers={"Range": "bytes=999999-"})
    assert beyond.status_code == 416
    assert beyond.json() == {"detail": "The range cannot be satisfied"}
    assert requests.head(url).headers["Content-Length"] == "256000"


def test_video_without_responder(serve, mp4):
    own = serve(dispatch="no")
    (own.dir / "videos" / "job_x.mp4").write_bytes(mp4)
    daemon = own.kill("kinorad", signal.SIGSTOP)  # which would replace the other one
    own.kill("kinora-fcgi", signal.SIGSTOP)  # it answers nothing
    try:
        assert requests.get(own.url + "/videos/job_x.mp4", timeout=patiently(20)).content == mp4
    finally:
        os.kill(daemon, signal.SIGCONT)
        own.kill("kinora-fcgi")


@pytest.mark.parametrize("name", ["job_nothere.mp4", "a-b_C.mp4"])
def test_video_not_found_is_json(instance, name):
    answer = requests.get(f"{instance.url}/videos/{name}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"detail": "Video not found"}


@pytest.mark.parametrize("path", ["/videos/.job.mp4", "/videos/../kinora.conf", "/videos/%2e%2e/kinora.conf",
                                  "/_files/kinora.conf", "/_files/videos/job_instancetest.mp4", "/_examples/"])
def test_only_videos_are_served(instance, video, path):
    answer = raw(instance, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith("HTTP/1.1 404 "), answer
    assert "application/json" in answer


def test_other_methods_on_videos_reach_the_responder(instance, video):
    url = f"{instance.url}/videos/{video.name}"
    preflight = requests.options(url, headers={"Origin": "http://a", "Access-Control-Request-Method": "DELETE"})
    assert preflight.status_code in (200, 204)
    methods = {"GET", "HEAD", "DELETE", "OPTIONS"}
    assert set(preflight.headers["Access-Control-Allow-Methods"].split(", ")) == methods
    for refused in (requests.post(url, data="x"), requests.put(url, data="x")):
        assert refused.status_code == 405
        assert set(refused.headers["Allow"].split(", ")) == methods
    # No job has this file, so there is nothing that a client might delete.
    assert requests.delete(url).status_code == 404
    assert video.exists()


@pytest.mark.parametrize("path,shape", [
    ("/v1/video/generations", {"detail": "The body is too large"}),
    ("/api/generate", {"error": "The body is too large"}),
    ("/api/v1/generate", {"error": "The body is too large", "details": []}),
    ("/text-to-video/api/v1/generate", {"error": "The body is too large"}),
    ("/extension/complete", {"detail": "The body is too large"}),
    ("/worker/v1/claim", {"error": "too_large", "message": "The body is too large"}),
])
def test_too_large_in_the_words_of_the_dialect(instance, path, shape):
    assert post_length(instance, path, 1 << 41) == (413, shape)


def test_too_large_on_the_text_port(instance):
    answer = post_length(instance, "/api/v1/generate", 1 << 30, instance.text_port)
    assert answer == (413, {"error": "The body is too large"})


@pytest.mark.parametrize("request_bytes,status,text", [
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "The URI is too long"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431, "The request header is too large"),
    (b"GET / HTTP/1.1\r\n\r\n", 400, "Invalid request"),
    (b"nonsense\r\n\r\n", 400, "Invalid request"),
    (b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Invalid request"),
    (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Method not allowed"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: y\r\n\r\n", 501, "The transfer coding is not supported"),
    (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, "The version of HTTP is not supported"),
])
def test_errors_of_nginx_are_json(instance, request_bytes, status, text):
    answer = raw(instance, request_bytes)
    assert answer.endswith('{"detail":"%s"}' % text), answer
    if answer.startswith("HTTP"):  # what is not even a request line is answered as HTTP/0.9
        assert answer.startswith(f"HTTP/1.1 {status} ")


@pytest.mark.parametrize("uri,answer", [
    ("/api/status/%00", '{"error":"TEXT"}'),
    ("http://x/api/status/%00", '{"error":"TEXT"}'),
    ("/text-to-video/api/v1/status/%00", '{"error":"TEXT"}'),
    ("/api/v1/status/%00", '{"error":"TEXT","details":[]}'),
    ("/worker/v1/jobs/%00", '{"error":"WORD","message":"TEXT"}'),
    ("/jobs/%00?/api/", '{"detail":"TEXT"}'),
])
def test_errors_of_nginx_are_in_the_words_of_the_dialect(instance, uri, answer):
    for end, status, word, text in (
        ("", 400, "invalid", "Invalid request"),
        ("a" * 9000, 414, "uri_too_long", "The URI is too long"),
    ):
        got = raw(instance, f"GET {uri}{end} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert got.startswith(f"HTTP/1.1 {status} ")
        assert got.endswith(answer.replace("TEXT", text).replace("WORD", word)), got


@pytest.mark.parametrize("uri,status,text", [
    ("/api/v1/status/%00", 400, "Invalid request"),
    ("/../x", 400, "Invalid request"),
    ("/" + "a" * 9000, 414, "The URI is too long"),
], ids=["undecodable", "above the root", "too long"])
def test_errors_of_nginx_on_the_text_port(instance, uri, status, text):
    got = raw(instance, f"GET {uri} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), port=instance.text_port)
    assert got.startswith(f"HTTP/1.1 {status} ") and got.endswith('{"error":"%s"}' % text), got


def test_a_file_that_nginx_cannot_open(serve, mp4):
    """It is told another path than the responder."""
    own = serve(dispatch="no")
    job_id = requests.post(f"{own.text_url}/generate", json={"text": "A story"}).json()["job_id"]
    claim = own.claim("text_to_video/default")
    own.put_asset(claim, "video", mp4)
    assert own.report(claim, "complete").status_code == 200
    url = f"{own.text_url}/download/{job_id}"
    assert requests.get(url).content == mp4
    conf = own.dir / "nginx" / "kinora-server.conf"
    conf.write_text(conf.read_text().replace(f'alias "{own.dir}/";', f'alias "{own.dir}/elsewhere/";'))
    own.kill("nginx", signal.SIGHUP)

    def refusals():  # an old worker may still answer the first
        return [answer for answer in [requests.get(url)] if answer.status_code != 200]

    (answer,) = wait_until(refusals)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/json")
    assert answer.json() == {"error": "Error sending file: nginx cannot open it"}


def test_requests_wait_while_the_responder_restarts(serve):
    own = serve(dispatch="no")
    statuses, stop = [], threading.Event()

    def ask():
        with requests.Session() as session:
            while not stop.is_set():
                statuses.append(session.get(own.url + "/v1/video/generations", timeout=patiently(30)).status_code)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for _ in range(3):
        time.sleep(0.3)
        before = own.kill("kinora-fcgi")
        wait_until(lambda: own.pid("kinora-fcgi") not in (None, before))
    time.sleep(0.3)
    stop.set()
    for asker in askers:
        asker.join()
    assert set(statuses) == {200}


def test_what_was_asked_before_the_end_is_answered(serve):
    """SIGTERM finds requests in kept connections that no thread has woken up for yet."""
    own = serve(dispatch="no")
    for _ in range(4):
        pid = own.pid("kinora-fcgi")
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(fastcgi.Connection(own.fcgi_socket)) for _ in range(40)]
            for connection in connections:
                assert connection.ask("GET", "/").status == 200
            os.kill(pid, signal.SIGSTOP)
            for connection in connections:
                connection.send(fastcgi.request("POST", "/v1/video/generations", b'{"model": "grok", "prompt": "x"}'))
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGCONT)
            answers = [connection.answer() for connection in connections]
        assert [answer and answer.status for answer in answers] == [201] * 40
        wait_until(lambda: own.pid("kinora-fcgi") not in (None, pid))


def test_a_wedged_responder_is_replaced(serve):
    """It is noticed within 5 s; what is asked meanwhile waits, or hears when to come again."""
    own = serve(dispatch="no", log_level="debug")
    # Before its first answer to kinorad it would be given the time of a long recovery.
    wait_until(lambda: f"kinora-fcgi {own.pid('kinora-fcgi')} answers" in own.logs())
    before = own.kill("kinora-fcgi", signal.SIGSTOP)
    begun = time.monotonic()

    def ask(i):
        time.sleep(i * 0.2)
        if i % 2:
            answer = requests.get(own.url + "/v1/video/generations", timeout=patiently(30))
        else:
            answer = requests.post(own.url + "/v1/video/generations", json={"model": "grok", "prompt": str(i)}, timeout=patiently(30))
        return answer, time.monotonic() - begun

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(ask, i) for i in range(20)]
        wait_until(lambda: own.pid("kinora-fcgi") not in (None, before))
        noticed = time.monotonic() - begun
        answers = [one.result() for one in asked]
    assert noticed < patiently(15)  # 5 s, and what a busy machine needs
    for answer, at in answers:
        assert answer.status_code in (200, 201, 503), answer.text
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
        assert at < patiently(20)
    # Reads wait in every case: they may be asked again.
    assert {answer.status_code for answer, _ in answers if answer.request.method == "GET"} == {200}
    created = [answer.json()["id"] for answer, _ in answers if answer.status_code == 201]
    assert created
    for job_id in created:
        assert requests.get(f"{own.url}/v1/video/generations/{job_id}").status_code == 200


@pytest.mark.parametrize("program", ["nginx", "kinorad", "kinora-fcgi"])
def test_a_killed_part_is_back_within_two_seconds(serve, program):
    own = serve(dispatch="no")

    def seconds_until_back(rest):  # quickstart starts what dies once a second
        def is_whole():
            try:
                return own.pid(program) not in (None, before) and requests.get(own.url + "/", timeout=patiently(10)).ok
            except requests.RequestException:
                return False

        time.sleep(rest)
        before = own.kill(program)
        began = time.monotonic()
        wait_until(is_whole)
        seconds = time.monotonic() - began
        own.ctl("ping")
        return seconds

    best = best_of(lambda: seconds_until_back(2), patiently(2))
    assert min(best, seconds_until_back(0)) < patiently(2)


def test_no_way_to_the_responder_is_503(serve):
    own = serve(dispatch="no")
    (own.dir / "run" / "fcgi.sock").unlink()
    own.kill("kinora-fcgi")  # and with it the connections that nginx has kept
    answer = requests.get(own.url + "/")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json() == {"detail": "The service is busy"}
    answer = requests.delete(own.url + "/videos/job_x.mp4")
    assert (answer.status_code, answer.json()) == (503, {"detail": "The service is busy"})
    answer = requests.post(own.url + "/v1/video/generations", json={})
    assert (answer.status_code, answer.json()) == (503, {"detail": "The service is busy"})
    answer = requests.get(own.text_url + "/jobs")
    assert answer.json() == {"error": "The service is busy"}


def test_a_length_that_shows_only_in_the_end(instance):
    """A chunk of 4 GiB that is announced while its refusal is on the way: no redirect finds it too large again."""
    head = b"PUT /worker/v1/jobs/%ff/assets/video HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    request = head + b"ffffffffffffffff\r\nx\r\n"
    for _ in range(60):
        with socket.create_connection(("127.0.0.1", instance.port), timeout=patiently(30)) as client:
            with contextlib.suppress(ConnectionError):  # refused before it had all of it; the answer is there
                for at in range(0, len(request), 10):
                    client.sendall(request[at : at + 10])
                    time.sleep(0.001)
            answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 4"), answer
