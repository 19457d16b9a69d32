"""Sends bytes and reads whatever comes back, without a library that would refuse to."""

import socket
import time

from waiting import patiently


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)


class Garbled(Exception):
    """The server's bytes are no HTTP."""


class Reader:
    def __init__(self, sock):
        self.sock, self.data = sock, b""

    def more(self):
        piece = self.sock.recv(65536)
        if not piece:
            raise EOFError
        self.data += piece

    def line(self):
        while b"\r\n" not in self.data:
            if len(self.data) > 100000:
                raise Garbled("a line without an end")
            self.more()
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def take(self, size):
        while len(self.data) < size:
            self.more()
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def rest(self):
        try:
            while True:
                self.more()
        except EOFError:
            return self.data


def read_chunks(reader):
    body = b""
    while size := int(reader.line(), 16):
        body += reader.take(size)
        reader.line()
    while reader.line():
        pass
    return body


def read_answer(reader, method):
    """One answer, or the one behind a 100 Continue."""
    line = reader.line()
    words = line.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise Garbled(f"status line {line[:100]!r}")
    status, headers = int(words[1]), []
    while line := reader.line():
        name, colon, value = line.partition(b": ")
        if not colon or not name.replace(b"-", b"").isalnum() or any(c < 32 or c == 127 for c in value):
            raise Garbled(f"header {line[:100]!r}")
        headers.append((name.decode().lower(), value.decode("latin-1")))
    answer = Answer(status, headers, b"")
    if status == 100:
        return read_answer(reader, method)
    if method == "HEAD" or status in (204, 304):
        return answer
    if answer.header("transfer-encoding") == "chunked":
        answer.body = read_chunks(reader)
    elif answer.header("content-length") is not None:
        answer.body = reader.take(int(answer.header("content-length")))
    else:
        answer.body = reader.rest()
    return answer


def exchange(address, request):
    """Sends the request; the answers that came, at most one for each of its methods."""
    answers = []
    with socket.create_connection(address, timeout=patiently(20)) as sock:
        try:
            for i, piece in enumerate(request.pieces):
                if i:
                    time.sleep(0.001)
                sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it had all of it; the answer may be there
        if request.leave and request.patience > 1:
            return answers
        sock.settimeout(request.patience)
        reader = Reader(sock)
        try:
            for method in request.methods:
                answers.append(read_answer(reader, method))
                if answers[-1].header("connection") == "close":
                    break
        except TimeoutError:
            if request.patience > 5:
                raise
        except (EOFError, ConnectionResetError):
            pass
    return answers
