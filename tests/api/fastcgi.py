"""A FastCGI client that may misbehave: it speaks to the responder's socket as nginx does, or worse."""

import socket
import struct

from waiting import patiently

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
KEEP_CONN = 1


def record(kind, content=b"", request_id=1):
    """One record; longer content than 65,535 bytes makes several."""
    out = b""
    while True:
        piece, content = content[:65528], content[65528:]
        out += struct.pack(">BBHHBB", 1, kind, request_id, len(piece), 0, 0) + piece
        if not content:
            return out


def begin(keep=True, request_id=1):
    return record(BEGIN, struct.pack(">HB5x", 1, KEEP_CONN if keep else 0), request_id)


def params(values, request_id=1):
    out = b""
    for name, value in values.items():
        name, value = name.encode(), value if isinstance(value, bytes) else str(value).encode()
        for length in (len(name), len(value)):
            out += struct.pack(">B", length) if length < 128 else struct.pack(">I", length | 1 << 31)
        out += name + value
    return record(PARAMS, out, request_id) + record(PARAMS, b"", request_id)


def request(method, path, body=b"", keep=True, dialects="grok_imagine grok_3d vivid_flow worker", **more):
    """The bytes of a whole request. Keyword arguments are further parameters; None leaves one out."""
    values = {
        "REQUEST_METHOD": method,
        "DOCUMENT_URI": path,
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "KINORA_DIALECTS": dialects,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)) if body else "",
    }
    values.update(more)
    values = {name: value for name, value in values.items() if value is not None}
    return begin(keep) + params(values) + (record(STDIN, body) if body else b"") + record(STDIN)


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.headers = {}
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.status = int(self.headers.get("status", "0 ").split()[0])


class Connection:
    def __init__(self, path, timeout=patiently(30)):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def answer(self):
        """The next whole answer, or None when the responder closes the connection instead."""
        out = b""
        try:
            while True:
                _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", self._read(8))
                content = self._read(length)
                self._read(padding)
                if kind == STDOUT:
                    out += content
                elif kind == END:
                    return Answer(out)
        except (EOFError, ConnectionResetError):
            return None

    def ask(self, *args, **kwargs):
        try:
            self.send(request(*args, **kwargs))
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self.answer()
