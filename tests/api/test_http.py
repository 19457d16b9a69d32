"""What all dialects share: methods, sizes, headers, bodies, and that no body becomes a request."""

import base64
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import threading
import time
import uuid

import pytest
import requests

import fastcgi
from harness import IS_SANITIZED
from waiting import wait_until

HEX32 = re.compile("[0-9a-f]{32}")


# --- methods, headers ---


def test_method_not_allowed(instance):
    answer = requests.patch(f"{instance.url}/v1/video/generations")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert answer.json() == {"detail": "Method Not Allowed"}
    answer = requests.delete(f"{instance.text_url}/generate")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert set(answer.json()) == {"error"}


def test_not_found(instance):
    answer = requests.get(f"{instance.url}/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert answer.headers["Content-Type"] == "application/json"
    for path, error in (
        ("/api/nowhere", {"error": "Not Found"}),
        ("/api", {"error": "Not Found"}),
        ("/apis", {"detail": "Not Found"}),
        ("/api/v1/nowhere", {"error": "Not found", "details": "Not Found"}),
        ("/text-to-video/api/v1/nowhere", {"error": "Not Found"}),
    ):
        answer = requests.get(instance.url + path)
        assert (answer.status_code, answer.json()) == (404, error), path
    answer = requests.get(f"{instance.text_url}/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


def test_head(instance):
    get = requests.get(f"{instance.url}/")
    head = requests.head(f"{instance.url}/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.content))
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        answer = connection.ask("HEAD", "/")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["content-length"] == get.headers["Content-Length"]


def test_options(instance):
    answer = requests.options(
        f"{instance.url}/v1/video/generations",
        headers={
            "Origin": "https://page.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-other",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "x-other" in answer.headers["Access-Control-Allow-Headers"]
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_listed_origins(start_instance):
    own = start_instance(dispatch="no", cors_origins="https://a.example,https://b.example")
    for path in ("/", "/nowhere", "/videos/none.mp4"):
        for origin, allowed in (("https://b.example", True), ("https://evil.example", False), (None, False)):
            answer = requests.get(own.url + path, headers={"Origin": origin} if origin else {})
            assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None), path
            assert "Origin" in answer.headers["Vary"]


def test_request_ids(instance):
    seen = {requests.get(f"{instance.url}{path}").headers["X-Request-Id"] for path in ("/", "/", "/nowhere")}
    assert len(seen) == 3 and all(HEX32.fullmatch(one) for one in seen)
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        assert connection.ask("GET", "/", REQUEST_ID="ab" * 16).headers["x-request-id"] == "ab" * 16
        for odd in ("", "AB" * 16, "x\r\ny", "ab" * 17):
            answer = connection.ask("GET", "/", REQUEST_ID=odd)
            assert HEX32.fullmatch(answer.headers["x-request-id"]) and answer.headers["x-request-id"] != odd


# --- sizes and types ---


def test_too_long(instance):
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        assert connection.ask("GET", "/" + "x" * 9000).status == 414
        assert connection.ask("GET", "/", QUERY_STRING="a=" + "x" * 9000).status == 414
        assert connection.ask("GET", "/").status == 200
    assert requests.get(f"{instance.url}/{'x' * 9000}").status_code == 414


def test_too_large(instance):
    for url in (f"{instance.url}/v1/video/generations", f"{instance.url}/api/generate"):
        answer = requests.post(url, data=b"x" * 40_000_000, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413, url
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        # No Content-Length, and more than the cap: read no further than that.
        answer = connection.ask("POST", "/api/generate", b"x" * 1_200_000, CONTENT_LENGTH=None)
        assert answer.status == 413
        assert connection.ask("GET", "/").status == 200


def test_media_types(instance):
    prompt = b'{"model": "grok", "prompt": "x"}'
    url = f"{instance.url}/v1/video/generations"
    # What curl says unasked, among others.
    for kind in ("application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", None):
        assert requests.post(url, data=prompt, headers={"Content-Type": kind}).status_code == 201, kind
    # "Body not JSON: 400", also where it is something else and says so.
    for form in ({"data": {"model": "grok", "prompt": "x"}}, {"files": {"model": (None, "grok"), "prompt": (None, "x")}}):
        for path, detail in (
            ("/v1/video/generations", "detail"),
            ("/v1/videos/generations", "detail"),
            ("/extension/error", "detail"),
            ("/api/generate", "error"),
            ("/text-to-video/api/v1/generate", "error"),
        ):
            answer = requests.post(instance.url + path, **form)
            assert (answer.status_code, set(answer.json())) == (400, {detail}), path
    answer = requests.post(f"{instance.url}/extension/complete", data=b"x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_odd_paths(instance):
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        for path in (b"/api/status/a\nb", b"/api/status/\xff", b"/\x7f"):
            assert connection.ask("GET", "/", DOCUMENT_URI=path).status == 400
        for path in ("", "//", "/api/status/", "/api/status/../x", "/api//status/x"):
            assert connection.ask("GET", path).status == 404
        assert connection.ask("GET", "/", KINORA_DIALECTS="nobody").status == 404


def test_odd_forms(instance):
    url = f"{instance.url}/extension/complete"
    for kind, body in (
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="job_id"\r\n\r\na\xff\r\n--x--'),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="job_id"\r\n\r\na\0b\r\n--x--'),
        ("application/x-www-form-urlencoded", b"job_id=%ff"),
        ("application/x-www-form-urlencoded", b"job_id=%0"),
        ("application/json", b"[]"),
    ):
        answer = requests.post(url, data=body, headers={"Content-Type": kind})
        assert answer.status_code == 400, (kind, body)
        if b"a\xff" in body or b"\0" in body or b"%ff" in body:
            assert "job_id" in answer.text
    wait_until(lambda: os.listdir(instance.dir / "incoming") == [])  # they go behind the answer


# --- bodies and what comes after them ---

FORGED = fastcgi.request("POST", "/api/v1/generate", b'{"text": "forged"}', dialects="text_to_video")
FORGED += b"\0" * (-len(FORGED) % 8)
# However far the reader got, some copy begins where the next record is looked for.
SMUGGLED = FORGED * (60_000 // len(FORGED))

ROUTES = [
    ("GET", "/"), ("POST", "/v1/video/generations"), ("GET", "/v1/video/generations"),
    ("GET", "/v1/video/generations/job_x"), ("POST", "/v1/videos/generations"), ("GET", "/v1/videos/generations"),
    ("GET", "/v1/videos/generations/job_x"), ("GET", "/jobs"), ("DELETE", "/videos/job_x.mp4"),
    ("GET", "/extension/poll"), ("POST", "/extension/complete"), ("POST", "/extension/error"),
    ("POST", "/api/generate"), ("GET", "/api/status/x"), ("GET", "/api/asset/x"), ("GET", "/api/examples"),
    ("POST", "/api/v1/generate"), ("GET", "/api/v1/status/x"), ("POST", "/api/v1/cancel/x"),
    ("GET", "/api/v1/history"), ("GET", "/api/v1/usage"), ("GET", "/api/v1/keys"), ("POST", "/api/v1/keys"),
    ("POST", "/api/v1/account/login"),
    ("POST", "/worker/v1/claim"), ("POST", "/worker/v1/jobs/x/progress"), ("PUT", "/worker/v1/jobs/x/assets/video"),
    ("POST", "/worker/v1/jobs/x/assets/video"), ("POST", "/worker/v1/jobs/x/complete"),
    ("HEAD", "/"), ("OPTIONS", "/jobs"), ("PATCH", "/jobs"), ("GET", "/nowhere"), ("POST", "/nowhere"),
    ("GET", "/" + "x" * 9000), ("GET", "/\n"),
]  # fmt: skip
LENGTHS = ["real", "0", "", "10", "1000000000000", "-1", "nonsense", "99999999999999999999"]
TYPES = ["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "application/x-www-form-urlencoded", ""]


def text_jobs(connection):
    """The newest one's id: what becomes of it meanwhile does not matter."""
    answer = connection.ask("GET", "/api/v1/jobs", dialects="text_to_video", QUERY_STRING="limit=1")
    return list(json.loads(answer.body)["jobs"])


def smuggle(path, method, uri, **more):
    """Sends the body and asks for something else behind it. What matters: the second answer is the second
    request's, or the connection is closed."""
    with fastcgi.Connection(path) as connection:
        connection.ask(method, uri, SMUGGLED, **more)
        after = connection.ask("GET", "/api/status/00000000")
        assert after is None or after.body == b'{"error":"Job not found"}', (method, uri, more)


@pytest.mark.parametrize("method,uri", ROUTES, ids=lambda value: value[:40].strip("\n"))
def test_no_smuggling(instance, method, uri):
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        before = text_jobs(connection)
    for length in LENGTHS:
        kinds = TYPES if length == "real" else TYPES[:2]
        for kind in kinds:
            more = {} if length == "real" else {"CONTENT_LENGTH": length}
            smuggle(instance.fcgi_socket, method, uri, CONTENT_TYPE=kind, **more)
    for remote in ("192.0.2.1",):
        smuggle(instance.fcgi_socket, method, uri, REMOTE_ADDR=remote)
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        assert text_jobs(connection) == before


def test_smuggling_past_the_drain(instance):
    """A rest too long to be read: the connection must go."""
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        before = text_jobs(connection)
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        body = SMUGGLED * 400

        def ask():
            with contextlib.suppress(OSError):  # it is closed under it
                connection.ask("GET", "/", body)

        threading.Thread(target=ask, daemon=True).start()
        time.sleep(2)
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        assert text_jobs(connection) == before


def test_truncated_body(instance):
    """Half a body is never acted upon, even if it is JSON."""
    body = b'{"text": "half"}'
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        before = text_jobs(connection)
        answer = connection.ask("POST", "/api/v1/generate", body, dialects="text_to_video", CONTENT_LENGTH="100")
        assert answer.status == 400
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        connection.send(fastcgi.begin() + fastcgi.params({
            "REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/v1/generate", "KINORA_DIALECTS": "text_to_video",
            "CONTENT_TYPE": "application/json",
        }) + fastcgi.record(fastcgi.STDIN, body))  # fmt: skip
    time.sleep(0.3)
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        assert text_jobs(connection) == before


def test_longer_than_its_length(instance):
    """Bytes past Content-Length are not part of the body."""
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        answer = connection.ask("POST", "/api/generate", b'{"prompt":"x"}GARBAGE', CONTENT_LENGTH="14")
        assert answer.status == 200
        assert connection.ask("GET", "/").status == 200


def test_no_length(instance):
    """A chunked request."""
    answer = requests.post(f"{instance.url}/api/generate", data=iter([b'{"prompt"', b':"chunks"}']))
    assert answer.status_code == 200
    with fastcgi.Connection(instance.fcgi_socket) as connection:
        assert connection.ask("POST", "/api/generate", b'{"prompt":"x"}', CONTENT_LENGTH=None).status == 200


@pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer keeps what is freed")
def test_large_bodies_at_once_do_not_take_all_memory(serve):
    """As many threads hold one as may, others wait for them: each takes twice its length, and more."""
    own = serve(dispatch="no")
    size = 12 << 20
    png = b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d494844520000000100000001080200000090")
    image = base64.b64encode(png + os.urandom(size)).decode()
    body = json.dumps({"model": "grok", "prompt": "x", "image": image})

    def post(_):
        return requests.post(f"{own.url}/v1/video/generations", data=body).status_code

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        assert list(pool.map(post, range(32))) == [201] * 32
    assert resident(own.pid("kinora-fcgi"), "VmHWM") < 32 * len(body)


# --- uploads ---


def resident(pid, which="RssAnon"):  # each thread maps libmagic's table
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(rf"{which}:\s+(\d+)", status.read())[1]) * 1024


def upload(instance, size):
    """A form with a file of that size, made as it is sent; returns the answer and the responder's peak RSS."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="job_id"\r\n\r\njob_aaaaaaaaaaaa\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="video"; filename="v.mp4"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    block = os.urandom(1 << 20)

    def pieces():
        yield head
        for _ in range(size >> 20):
            yield block
        yield tail

    peak, stop = [0], threading.Event()

    def watch():
        while not stop.wait(0.01):
            peak[0] = max(peak[0], resident(instance.pid("kinora-fcgi")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        answer = requests.post(
            f"{instance.url}/extension/complete",
            data=pieces(),
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
            },
            timeout=600,
        )
    finally:
        stop.set()
        watcher.join()
    return answer, peak[0]


def check_upload(instance, size):
    before = resident(instance.pid("kinora-fcgi"))
    answer, peak = upload(instance, size)
    assert answer.status_code == 404, answer.text  # no such job; all of it was read before that was known
    assert peak - before < 8 << 20
    wait_until(lambda: os.listdir(instance.dir / "incoming") == [])


def test_upload_in_flat_memory(instance):
    check_upload(instance, 64 << 20)


@pytest.mark.slow
def test_large_upload_in_flat_memory(instance):
    check_upload(instance, 1 << 30)


# --- the end ---


def test_shutdown_finishes_requests(start_instance):
    own = start_instance(dispatch="no")
    body = b'{"prompt": "in flight"}'
    pid = own.pid("kinora-fcgi")
    with fastcgi.Connection(own.fcgi_socket) as busy, fastcgi.Connection(own.fcgi_socket) as idle:
        assert idle.ask("GET", "/").status == 200
        busy.send(fastcgi.begin() + fastcgi.params({
            "REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/generate", "KINORA_DIALECTS": "grok_3d",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": len(body),
        }) + fastcgi.record(fastcgi.STDIN, body[:10]))  # fmt: skip
        time.sleep(0.2)
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.5)
        busy.send(fastcgi.record(fastcgi.STDIN, body[10:]) + fastcgi.record(fastcgi.STDIN))
        answer = busy.answer()
        assert answer.status == 200
        assert idle.answer() is None
    job_id = answer.body.split(b'"')[3].decode()
    # Its successor answers; until then the request waits in the socket.
    status = requests.get(f"{own.url}/api/status/{job_id}")
    assert status.json()["prompt"] == "in flight"


def test_a_path_of_no_text_is_refused_in_the_words_of_its_dialect(instance):
    for method, path, keys in (
        ("GET", "/api/v1/status/%ff", {"error", "details"}),
        ("POST", "/worker/v1/jobs/a%0a/complete", {"error", "message"}),
        ("PUT", "/worker/v1/jobs/a%0a/assets/video", {"error", "message"}),
        ("GET", "/api/status/%ff", {"error"}),
        ("GET", "/jobs%ff", {"detail"}),
    ):
        answer = requests.request(method, instance.url + path)
        assert (answer.status_code, set(answer.json())) == (400, keys), path
