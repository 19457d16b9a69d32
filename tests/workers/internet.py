"""A small internet, in namespaces of its own: public and private addresses, names that lie, servers that are hostile.

Started by `unshare --mount --net`. Reads one line {"directory", "job"} at a time, runs the motion worker with
that job in that directory, and answers with a line {"code", "lines", "hits"}: hits are the requests that servers
got meanwhile, as "address path".

Every address answers on ports 80 (http) and 443 (https), so that a request that should not have been made is seen.
"""

import collections
import gzip
import http.server
import json
import os
import pathlib
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib

PUBLIC, PUBLIC6, OTHER = "93.184.216.34", "2606:2800:220:1::5", "93.184.216.35"
ADDRESSES = [PUBLIC, OTHER, "10.0.0.5", "169.254.169.254", "100.64.0.1", "192.168.7.7", PUBLIC6, "fd00::5", "fe80::5"]

# name: its addresses, for one query after the other; the last goes on.
NAMES = {
    "good.test": [[PUBLIC]],
    "other.test": [[OTHER]],
    "six.test": [[PUBLIC6]],
    "private.test": [["10.0.0.5"]],
    "metadata.test": [["169.254.169.254"]],
    "loopback.test": [["127.0.0.1"]],
    "mapped.test": [["::ffff:10.0.0.5"]],
    "local6.test": [["fd00::5"]],
    "either.test": [["10.0.0.5", PUBLIC]],
    "rebind.test": [[PUBLIC], ["127.0.0.1"]],
    "flip.test": [["127.0.0.1"], [PUBLIC]],
    "selfsigned.test": [[PUBLIC]],
    "expired.test": [[PUBLIC]],
    "wrong-name.test": [[PUBLIC]],
    "closed.test": [["93.184.216.99"]],
}

hits = []


# --- names ---


class Names(socketserver.BaseRequestHandler):
    asked = collections.Counter()

    def handle(self):
        data, sock = self.request
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        name, kind = ".".join(labels).lower(), struct.unpack(">H", data[at + 1 : at + 3])[0]
        answers = NAMES.get(name)
        found = []
        if answers:
            turn = min(self.asked[name, kind], len(answers) - 1)
            self.asked[name, kind] += 1
            family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
            found = [socket.inet_pton(family, a) for a in answers[turn] if (":" in a) == (kind == 28)] if family else []
        head = data[:2] + struct.pack(">HHHHH", 0x8180 | (0 if answers else 3), 1, len(found), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(a)) + a for a in found)
        sock.sendto(head + data[12 : at + 5] + body, self.client_address)


# --- pages ---


def png(width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE = png(64, 64, (b"\0" + b"\x80\x40\x20" * 64) * 64)
PNG = {"Content-Type": "image/png"}


def endless(write, data, pause=0.0, chunked=False):
    while True:
        write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
        time.sleep(pause)


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.close_connection = True
        address = self.connection.getsockname()[0].removeprefix("::ffff:")
        hits.append(f"{address} {self.path}")
        url = urllib.parse.urlsplit(self.path)
        try:
            getattr(self, "page_" + url.path.strip("/").split("/")[0].partition(".")[0], self.nothing)(url)
        except OSError:
            pass

    def send(self, status, headers, data=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def send_all(self, data, headers=PNG):
        self.send(200, {"Content-Length": str(len(data)), **headers}, data)

    def nothing(self, url):
        self.send(404, {"Content-Length": "9"}, b"not here\n")

    def page_picture(self, url):
        self.send_all(PICTURE)

    def page_to(self, url):
        """/to?URL"""
        self.send(302, {"Location": urllib.parse.unquote(url.query), "Content-Length": "0"})

    def page_hops(self, url):
        """/hops/N: N redirects, then a picture."""
        left = int(url.path.split("/")[2])
        self.send(302, {"Location": f"/hops/{left - 1}" if left > 1 else "/picture.png", "Content-Length": "0"})

    def page_loop(self, url):
        self.send(302, {"Location": "/loop", "Content-Length": "0"})

    def page_nowhere(self, url):
        self.send(302, {"Content-Length": "0"})

    def page_huge(self, url):
        self.send(200, {"Content-Length": str(10 << 30), **PNG})
        endless(self.wfile.write, PICTURE)

    def page_endless(self, url):
        self.send(200, {"Transfer-Encoding": "chunked", **PNG})
        endless(self.wfile.write, b"\0" * 65536, chunked=True)

    def page_drip(self, url):
        self.send(200, {"Content-Length": str(len(PICTURE)), **PNG})
        endless(self.wfile.write, b"x", 0.2)

    def page_silence(self, url):
        time.sleep(60)

    def page_headers(self, url):
        self.send_response(200)
        endless(self.wfile.write, b"X-Filler: " + b"x" * 60000 + b"\r\n")

    def page_bomb(self, url):
        self.send_all(png(60000, 60000, b"\0" * 10_000_000))

    def page_svg(self, url):
        self.send_all(b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>")

    def page_html(self, url):
        self.send_all(b"<!DOCTYPE html><img src='picture.png'>")

    def page_empty(self, url):
        self.send_all(b"")

    def page_playlist(self, url):
        self.send_all(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")

    def page_gzip(self, url):
        self.send_all(gzip.compress(PICTURE + b"\0" * (64 << 20)), {**PNG, "Content-Encoding": "gzip"})

    def page_cut(self, url):
        self.send(200, {"Content-Length": str(2 * len(PICTURE)), **PNG}, PICTURE)

    def page_noise(self, url):
        self.wfile.write(b"\0\1\2\3" * 100)

    def page_status(self, url):
        self.send(int(url.path.split("/")[2]), {"Content-Length": "0"})

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    tls = None

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        socketserver.TCPServer.server_bind(self)

    def finish_request(self, request, client_address):
        if self.tls:  # the handshake is the connection's own thread's
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, *args):
        pass  # clients that hang up are what this is about


# --- certificates ---


def certify(top):
    """A CA and contexts for good and bad names: the default, and by name."""

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], cwd=top, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-days", 2, "-subj", "/CN=Test CA")  # fmt: skip
    good = [f"DNS:{name}" for name in NAMES if name not in ("selfsigned.test", "expired.test", "wrong-name.test")]
    good += [f"IP:{a}" for a in [*ADDRESSES, "127.0.0.1", "::1"]] + ["DNS:localhost"]
    wanted = {"good": (good, 2), "expired.test": (["DNS:expired.test"], -1), "wrong-name.test": (["DNS:x.test"], 2)}
    contexts = {}
    for name, (names, days) in wanted.items():
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.csr", "-subj", "/CN=server")  # fmt: skip
        (top / "ext").write_text("subjectAltName=" + ",".join(names))
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.pem", "-days", days, "-extfile", "ext")  # fmt: skip
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(top / f"{name}.pem", top / f"{name}.key")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "self.key",
            "-out", "self.pem", "-days", 2, "-subj", "/CN=selfsigned.test")  # fmt: skip
    contexts["selfsigned.test"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexts["selfsigned.test"].load_cert_chain(top / "self.pem", top / "self.key")

    def choose(connection, name, _):
        connection.context = contexts.get(name, contexts["good"])

    contexts["good"].sni_callback = choose
    return contexts["good"]


# --- the machine ---


def mount_over(path, source):
    subprocess.run(["mount", "--bind", source, os.path.realpath(path)], check=True)


def furnish(top):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in ADDRESSES:
        length = "128" if ":" in address else "32"
        subprocess.run(["ip", "address", "add", f"{address}/{length}", "dev", "lo"], check=True)
    (top / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:5 attempts:3\n")
    mount_over("/etc/resolv.conf", top / "resolv.conf")
    mount_over("/etc/ssl/certs/ca-certificates.crt", top / "ca.pem")


def serve(tls):
    names = socketserver.ThreadingUDPServer(("127.0.0.1", 53), Names)
    http_, https = Server(("::", 80), Page), Server(("::", 443), Page)
    https.tls = tls
    for server in (names, http_, https):
        threading.Thread(target=server.serve_forever, daemon=True).start()


def work(program, order):
    Names.asked.clear()
    hits.clear()
    text = json.dumps(order["job"]).encode()
    done = subprocess.run([program], input=text, stdout=subprocess.PIPE, cwd=order["directory"], timeout=120)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {"code": done.returncode, "lines": lines, "hits": list(hits)}


def main():
    with tempfile.TemporaryDirectory(prefix="kinora-internet-") as name:
        top = pathlib.Path(name)
        tls = certify(top)
        furnish(top)
        serve(tls)
        print(json.dumps("ready"), flush=True)
        for line in sys.stdin:
            print(json.dumps(work(sys.argv[1], json.loads(line))), flush=True)
        for path in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
            subprocess.run(["umount", os.path.realpath(path)], check=False)


main()
