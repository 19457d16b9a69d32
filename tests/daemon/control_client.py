"""The control socket and the FastCGI socket, spoken to directly: kinorad's tests need no nginx."""

import json
import socket
import struct

from waiting import patiently


class ControlError(Exception):
    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name = name


class Control:
    """A connection to the responder's control socket."""

    def __init__(self, path, timeout=patiently(30)):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rb")
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def send(self, op, **body):
        self.last_id += 1
        message = {"version": 1, "id": self.last_id, "op": op, "body": body}
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def receive(self):
        line = self.lines.readline()
        if not line:
            raise ConnectionError("the responder closed the connection")
        return json.loads(line)

    def call(self, op, **body):
        self.send(op, **body)
        answer = self.receive()
        assert answer["version"] == 1 and answer["id"] == self.last_id
        if answer["error"] != "ok":
            raise ControlError(answer["error"], answer["text"])
        return answer.get("body")


def _record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def _length(n):
    return struct.pack(">B", n) if n < 128 else struct.pack(">I", n | 0x80000000)


def request(path, method, uri, body=b"", dialects="grok_imagine", timeout=patiently(30)):
    """One request to the responder as nginx would send it. Returns (status, body)."""
    params = {
        "REQUEST_METHOD": method, "REQUEST_URI": uri, "DOCUMENT_URI": uri.split("?")[0],
        "SCRIPT_NAME": uri.split("?")[0], "QUERY_STRING": uri.partition("?")[2],
        "CONTENT_TYPE": "application/json" if body else "", "CONTENT_LENGTH": str(len(body)) if body else "",
        "HTTP_HOST": "localhost", "REQUEST_SCHEME": "http", "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1", "KINORA_DIALECTS": dialects,
    }
    encoded = b"".join(_length(len(k)) + _length(len(v)) + k.encode() + v.encode() for k, v in params.items())
    message = _record(1, struct.pack(">HB5x", 1, 0)) + _record(4, encoded) + _record(4, b"")
    for at in range(0, len(body), 65535):
        message += _record(5, body[at:at + 65535])
    message += _record(5, b"")
    out = b""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout)
        s.connect(str(path))
        s.sendall(message)
        stream = s.makefile("rb")
        while True:
            head = stream.read(8)
            if len(head) < 8:
                raise ConnectionError("the responder closed the connection")
            _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
            content = stream.read(length + padding)[:length]
            if kind == 6:
                out += content
            elif kind == 3:
                break
    headers, _, content = out.partition(b"\r\n\r\n")
    status = 200
    for line in headers.split(b"\r\n"):
        if line.lower().startswith(b"status:"):
            status = int(line.split()[1])
    return status, content
