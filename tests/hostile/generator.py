"""Hostile requests, as bytes. Request number n of a seed is always the same, up to the ids of the instance."""

import base64
import dataclasses
import json
import random

SMALL_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclasses.dataclass
class Targets:
    """What of the instance a request may name."""

    ids: dict  # by dialect: ids of jobs, of others too
    video: str  # id of a Grok Imagine job that has a film
    key: str  # of Vivid Flow; not the owner of ids["vivid_flow"]
    worker_token: str


@dataclasses.dataclass
class Hostile:
    kind: str
    pieces: list  # bytes, sent one after the other
    port: str = "main"  # or "text"
    dialect: str = ""  # whose error shape is due; "": anybody's
    leave: bool = False  # the client is gone when the last byte is sent
    patience: float = 60  # seconds that it waits for the answers
    methods: list = dataclasses.field(default_factory=lambda: ["GET"])  # one per answer


# port, method, path, dialect, kind of body, fields
J, F, RAW, NO = "json", "form", "raw", "none"
VIVID = (
    "prompt model image_url image negative_prompt cfg width height length steps seed duration_seconds resolution "
    "camera_motion subject_animation environmental_animation enhance_prompt unknown"
).split()
ROUTES = [
    ("main", "GET", "/", "grok_imagine", NO, []),
    ("main", "POST", "/v1/video/generations", "grok_imagine", J, ["model", "prompt", "image"]),
    ("main", "POST", "/v1/videos/generations", "grok_imagine", J, ["model", "prompt", "image"]),
    ("main", "GET", "/v1/video/generations", "grok_imagine", NO, []),
    ("main", "GET", "/v1/videos/generations", "grok_imagine", NO, []),
    ("main", "GET", "/v1/video/generations/{grok_imagine}", "grok_imagine", NO, []),
    ("main", "GET", "/v1/videos/generations/{grok_imagine}", "grok_imagine", NO, []),
    ("main", "GET", "/jobs", "grok_imagine", NO, []),
    ("main", "GET", "/videos/{video}.mp4", "grok_imagine", NO, []),
    ("main", "DELETE", "/videos/{grok_imagine}.mp4", "grok_imagine", NO, []),
    ("main", "GET", "/extension/poll", "grok_imagine", NO, []),
    ("main", "POST", "/extension/complete", "grok_imagine", F, ["job_id", "video"]),
    ("main", "POST", "/extension/error", "grok_imagine", J, ["job_id", "error"]),
    ("text", "POST", "/api/v1/generate", "text_to_video", J, ["text", "voice", "language"]),
    ("text", "GET", "/api/v1/status/{text_to_video}", "text_to_video", NO, []),
    ("text", "GET", "/api/v1/download/{text_to_video}", "text_to_video", NO, []),
    ("text", "GET", "/api/v1/jobs", "text_to_video", NO, []),
    ("main", "POST", "/text-to-video/api/v1/generate", "text_to_video", J, ["text", "voice", "language"]),
    ("main", "GET", "/text-to-video/api/v1/status/{text_to_video}", "text_to_video", NO, []),
    ("main", "POST", "/api/generate", "grok_3d", J, ["prompt", "seed"]),
    ("main", "GET", "/api/status/{grok_3d}", "grok_3d", NO, []),
    ("main", "GET", "/api/asset/{grok_3d}", "grok_3d", NO, []),
    ("main", "GET", "/api/examples", "grok_3d", NO, []),
    ("main", "GET", "/api/asset/ex_xai-robot", "grok_3d", NO, []),
    ("main", "POST", "/api/v1/generate", "vivid_flow", F, VIVID),
    ("main", "GET", "/api/v1/status/{vivid_flow}", "vivid_flow", NO, []),
    ("main", "POST", "/api/v1/cancel/{vivid_flow}", "vivid_flow", NO, []),
    ("main", "GET", "/api/v1/history", "vivid_flow", NO, []),
    ("main", "GET", "/api/v1/usage", "vivid_flow", NO, []),
    ("main", "GET", "/results/{vivid_flow}.mp4", "vivid_flow", NO, []),
    ("main", "GET", "/api/v1/keys", "vivid_flow", NO, []),
    ("main", "POST", "/api/v1/keys", "vivid_flow", J, ["name", "expires_in_days"]),
    ("main", "DELETE", "/api/v1/keys/x", "vivid_flow", NO, []),
    ("main", "GET", "/api/v1/account", "vivid_flow", NO, []),
    ("main", "POST", "/api/v1/account/register", "vivid_flow", J, ["username", "password"]),
    ("main", "POST", "/api/v1/account/login", "vivid_flow", J, ["username", "password"]),
    ("main", "POST", "/api/v1/account/logout", "vivid_flow", NO, []),
    ("main", "POST", "/worker/v1/claim", "worker", J, ["models", "worker", "wait", "lease"]),
    ("main", "POST", "/worker/v1/jobs/{grok_imagine}/progress", "worker", J,
     ["token", "progress", "stage", "message", "log", "lease"]),
    ("main", "PUT", "/worker/v1/jobs/{grok_imagine}/assets/video", "worker", RAW, []),
    ("main", "POST", "/worker/v1/jobs/{grok_imagine}/assets/video", "worker", F, ["token", "file"]),
    ("main", "GET", "/worker/v1/jobs/{grok_imagine}/inputs/image", "worker", NO, []),
    ("main", "POST", "/worker/v1/jobs/{grok_imagine}/complete", "worker", J, ["token"]),
    ("main", "POST", "/worker/v1/jobs/{grok_imagine}/fail", "worker", J, ["token", "code", "message", "again"]),
    ("main", "POST", "/worker/v1/jobs/{grok_imagine}/release", "worker", J, ["token"]),
    ("main", "GET", "/account/", "", NO, []),
]  # fmt: skip

GOOD = {
    "model": "grok", "prompt": "a cat", "text": "Once upon a time.", "voice": "en", "language": "en", "seed": 1,
    "image_url": "https://192.0.2.1/a.png", "error": "no", "username": "ann", "password": "password", "name": "k",
    "models": ["grok_imagine/grok"], "worker": "w", "progress": 50, "stage": "s", "message": "m", "log": ["l"],
    "lease": 60, "token": "0" * 32, "code": "oom", "again": True, "job_id": "job_000000000000", "cfg": 7.5,
}  # fmt: skip

NASTY = [
    None, True, False, 0, -1, 1.5, -0.0, 1e308, 2**31, 2**53, 2**63, 2**64, 10**400, "", " ", "\t\r\n", "\0", "a\0b",
    "a" * 501, "a" * 20001, "é" * 2001, "\u202e\u2066", "\ud800", "\ufffe", "\U0001f600" * 300, "NaN", "Infinity",
    "../../../etc/passwd", "%s%n%x%p", "{{7*7}}", "<script>alert(1)</script>", "' OR 1=1 --", "a\r\nSet-Cookie: x=y",
    "{\\an8}", "data:image/png;base64,AAAA", "data:image/svg+xml;base64,PHN2Zy8+", "data:,", "file:///etc/passwd",
    "gs://b/../../x", "https://127.0.0.1/", "https://[::1]:1/x", "http://x", "*", [], {}, [[]], [None], [{}] * 50,
    {"a": {"b": []}}, ["*"] * 40, {"$ne": 1}, "job_" + "z" * 12, "x" * 70000,
]  # fmt: skip


class Generator:
    def __init__(self, seed, targets):
        self.seed = seed
        self.targets = targets

    def request(self, number):
        self.rng = random.Random(f"{self.seed}/{number}")
        make = self.rng.choices([family for family, _ in FAMILIES], [weight for _, weight in FAMILIES])[0]
        self.is_somebodys = True
        request = make(self)
        if not self.is_somebodys:
            request.dialect = ""
        if not request.kind:
            request.kind = make.__name__
        return request

    # --- parts ---

    def route(self, *bodies):
        return self.rng.choice([route for route in ROUTES if not bodies or route[4] in bodies])

    def path(self, template):
        for name, ids in {**self.targets.ids, "video": [self.targets.video]}.items():
            if "{" + name + "}" in template:
                good = self.rng.random() < 0.7
                one = self.rng.choice(ids if good else BAD_IDS)
                self.is_somebodys &= one not in OTHER_PATHS
                template = template.replace("{" + name + "}", one)
        return template

    def headers(self, dialect, **more):
        """Those that let a request through, most of the time."""
        headers = [("Host", "localhost")]
        chance = self.rng.random()
        if dialect == "vivid_flow":
            key = self.targets.key if chance < 0.8 else self.rng.choice(BAD_KEYS)
            headers.append(self.rng.choice([("X-API-Key", key), ("Authorization", "Bearer " + key)]))
        if dialect in ("worker", "grok_imagine") and chance < 0.8:
            headers.append(("X-Worker-Token", self.targets.worker_token))
        elif dialect == "worker":
            headers.append(("Authorization", self.rng.choice(["Bearer x", "Bearer ", "Basic eDp5", "\xff", "Bearer " + "x" * 3000])))
        return headers + [(name.replace("_", "-"), value) for name, value in more.items()]

    def value(self):
        return self.rng.choice(NASTY)

    def object(self, fields):
        chosen = {name: GOOD[name] for name in fields if name in GOOD and self.rng.random() < 0.9}
        for name in self.rng.sample(fields, min(len(fields), self.rng.choice((0, 0, 0, 1, 1, 1, 2, 3)))):
            chosen[name] = self.value()
        if "model" in chosen and "image_url" in fields and chosen["model"] == "grok":
            del chosen["model"]
        return chosen

    def json(self, fields):
        return json.dumps(self.object(fields), ensure_ascii=self.rng.random() < 0.8).encode(errors="surrogatepass")

    def whole(self, route, headers, body=b"", method=None, path=None, version="HTTP/1.1", **more):
        """The bytes of a request with a true Content-Length, and who answers it."""
        port, given, template, dialect, _, _ = route
        method = method or given
        if body and not any(name in ("Content-Length", "Transfer-Encoding") for name, _ in headers):
            headers = headers + [("Content-Length", str(len(body)))]
        head = f"{method} {path or self.path(template)} {version}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
        data = head.encode("latin-1", "replace") + body
        return Hostile("", self.pieces(data), port, dialect, methods=[method], **more)

    def pieces(self, data):
        """Mostly in one; else in up to twenty."""
        if len(data) > 20000 or self.rng.random() < 0.8:
            return [data]
        size = max(self.rng.choice((1, 7, 100, 1400)), len(data) // 20 + 1)
        return [data[i : i + size] for i in range(0, len(data), size)]

    def with_body(self, route, kind=None):
        """Headers and body of a request that is as the route wants it, but for values."""
        _, _, _, dialect, wanted, fields = route
        kind = kind or wanted
        if kind == J or (kind == F and self.rng.random() < 0.3 and "video" not in fields and "file" not in fields):
            return self.headers(dialect, Content_Type="application/json"), self.json(fields)
        if kind == F and self.rng.random() < 0.3:
            return self.headers(dialect, Content_Type="application/x-www-form-urlencoded"), self.urlencoded(fields)
        if kind == F:
            body = self.multipart(fields, "XyZ")
            return self.headers(dialect, Content_Type="multipart/form-data; boundary=XyZ"), body
        if kind == RAW:
            return self.headers(dialect, X_Lease_Token="0" * 32), self.rng.randbytes(self.rng.choice((0, 1, 5000, 300000)))
        return self.headers(dialect), b""

    def urlencoded(self, fields):
        values = self.object(fields)
        return "&".join(f"{name}={value}" for name, value in values.items()).encode(errors="surrogatepass")

    def part(self, name, value, filename=None):
        head = f'Content-Disposition: form-data; name="{name}"'
        if filename is not None:
            head += f'; filename="{filename}"'
        return head.encode(errors="surrogatepass") + b"\r\n\r\n" + value + b"\r\n"

    def multipart(self, fields, boundary):
        out = b""
        for name, value in self.object(fields).items():
            value = str(value).encode(errors="surrogatepass")
            filename = None
            if name in ("image", "video", "file"):
                value, filename = self.rng.choice([SMALL_PNG, b"", b"GIF89a", b"\0" * 5000]), "x" * self.rng.choice((0, 5, 900))
            out += b"--" + boundary.encode() + b"\r\n" + self.part(name, value, filename)
        return out + b"--" + boundary.encode() + b"--\r\n"

    # --- families ---

    def plain(self):
        route = self.route()
        headers, body = self.with_body(route)
        request = self.whole(route, headers, body)
        if b'"wait"' in body or any(name == "Prefer" for name, _ in headers):
            request.patience = 0.3
        return request

    def wrong_method(self):
        route = self.route()
        headers, body = self.with_body(route)
        method = self.rng.choice("GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT PROPFIND get G X-Y".split())
        request = self.whole(route, headers, body, method=method)
        request.patience = 0.3 if b'"wait"' in body else 60
        request.dialect = request.dialect if method not in ("TRACE", "CONNECT", "get") else ""
        return request

    def broken_json(self):
        route = self.route(J)
        good = self.json(route[5])
        body = self.rng.choice([
            lambda: good[: self.rng.randrange(len(good))],
            lambda: b"[" * 100000,
            lambda: b'{"a":' * 100000 + b"1" + b"}" * 100000,
            lambda: b"[" + b"[]," * 20000 + b"[]]",
            lambda: b'{"prompt":' + b"9" * 50000 + b"}",
            lambda: b'{"prompt":"a","prompt":{},"model":"grok","model":[]}',
            lambda: b'{"model":NaN,"prompt":-Infinity}',
            lambda: b'{"prompt":"\xff\xfe\xed\xa0\x80"}',
            lambda: b'{"prompt":"\\u0000","text":"a\\u0000b","model":"grok"}',
            lambda: b"\xef\xbb\xbf" + good,
            lambda: good + b"\0\0",
            lambda: b"\x1f\x8b\x08" + self.rng.randbytes(100),
            lambda: self.rng.randbytes(self.rng.choice((1, 10, 1000))),
            lambda: b"null", lambda: b'"x"', lambda: b"[]", lambda: b"1e999999", lambda: b" " * 100000, lambda: b"",
            lambda: b'{"' + b"k" * 100000 + b'":1}',
            lambda: b"{" + b",".join(b'"k%d":1' % i for i in range(20000)) + b"}",
        ])()  # fmt: skip
        kind = self.rng.choice(["application/json"] * 4 + ["text/plain", "", "application/json; charset=utf-16", "a" * 2000, "x/y;;;=\""])
        return self.whole(route, self.headers(route[3], Content_Type=kind), body)

    def broken_multipart(self):
        route = self.route(F)
        good = self.multipart(route[5], "XyZ")
        name = self.rng.choice(route[5])
        kind = "multipart/form-data; boundary=XyZ"
        part = self.part(name, b"1")
        body = self.rng.choice([
            lambda: good[: self.rng.randrange(len(good))],
            lambda: b"".join(b"--XyZ\r\n" + self.part(f"f{i}", b"1") for i in range(10000)) + b"--XyZ--\r\n",
            lambda: b"--XyZ\r\nContent-Type: multipart/mixed; boundary=in\r\n" + part + b"--in\r\n" + part + b"--in--\r\n--XyZ--",
            lambda: b"--XyZ\r\n" + self.part("", b"1") + b"--XyZ--",
            lambda: b"--XyZ\r\n" + self.part(name, b"1", "../" * 300 + "x") + b"--XyZ--",
            lambda: b"--XyZ\r\n" + self.part(name, b"1", "n" * 100000) + b"--XyZ--",
            lambda: b"--XyZ\r\n" + self.part("x\0y", b"\0", "a\0b") + b"--XyZ--",
            lambda: b"--XyZ\r\n" + self.part(name, b"a" * 1200000) + b"--XyZ--",
            lambda: b"--XyZ\r\n" + b"X-Y: " + b"z" * 9000 + b"\r\n" + part + b"--XyZ--",
            lambda: good.replace(b"\r\n", b"\n"),
            lambda: b"--XyZ\r\n\r\n\r\n--XyZ--",
            lambda: b"--XyZ" * 5000,
            lambda: b"--XyZ--\r\n" + good,
            lambda: (b"--XyZ\r\n" + part) * 3 + b"--XyZ--",
            lambda: b"\r\n" * 50000 + good,
            lambda: self.rng.randbytes(3000),
            lambda: b"",
        ])()  # fmt: skip
        if self.rng.random() < 0.3:
            kind = self.rng.choice([
                "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 71,
                'multipart/form-data; boundary="X', "multipart/form-data; boundary=Other", "multipart/mixed; boundary=XyZ",
                "multipart/form-data; boundary=XyZ; boundary=XyZ", "multipart/form-data;boundary=\xff",
            ])  # fmt: skip
        return self.whole(route, self.headers(route[3], Content_Type=kind), body)

    def broken_urlencoded(self):
        route = self.route(F)
        name = self.rng.choice(route[5]).encode()
        body = self.rng.choice([
            lambda: b"a&" * 100000, lambda: name + b"=%", lambda: name + b"=%zz&%=1", lambda: name + b"=%00",
            lambda: name + b"=%ff%fe", lambda: name + b"=" + b"a" * 500000, lambda: b"&&&&=&==&" * 50,
            lambda: b"&".join(name + b"=%d" % i for i in range(70)), lambda: self.rng.randbytes(500), lambda: b"",
        ])()  # fmt: skip
        return self.whole(route, self.headers(route[3], Content_Type="application/x-www-form-urlencoded"), body)

    def lying_length(self):
        route = self.route(J, F, RAW)
        headers, body = self.with_body(route)
        length = self.rng.choice([
            str(len(body) + 10), str(max(len(body) - 5, 0)), "-1", "abc", "1e3", "0x10", "+5", "999999999999999999",
            "99999999999999999999999999", "", " 7 ", "7, 7", "0", str(3 << 20), str(5 << 20), str(60 << 20),
        ])  # fmt: skip
        headers.append(("Content-Length", length))
        if self.rng.random() < 0.15:
            headers.append(("Content-Length", str(len(body))))
        return self.whole(route, headers, body, leave=self.rng.random() < 0.7, patience=1)

    def chunked(self):
        route = self.route(J, F, RAW)
        headers, body = self.with_body(route)
        good = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 3000]), body[i : i + 3000]) for i in range(0, len(body), 3000))
        coded, ends = self.rng.choice([
            (good + b"0\r\n\r\n", True), (good + b"0\r\nX-Trailer: y\r\n\r\n", True), (good, False),
            (b"5;ext=" + b"e" * 3000 + b"\r\nhello\r\n0\r\n\r\n", True), (b"zz\r\nhello\r\n0\r\n\r\n", True),
            (b"ffffffffffffffff\r\nx\r\n0\r\n\r\n", False), (b"-1\r\n\r\n", True), (b"0\r\n\r\n", True), (b"5\r\nhel", False),
            (b"5\nhello\n0\n\n", False), (b"7fffffff\r\n" + b"x" * 5000, False), (b"1\r\nx\r\n" * 3000 + b"0\r\n\r\n", True),
            (b"\0\0\r\n", True),
        ])  # fmt: skip
        headers.append(("Transfer-Encoding", self.rng.choice(["chunked"] * 6 + ["Chunked", "chunked, chunked", "gzip", "identity", "xchunked"])))
        if self.rng.random() < 0.1:
            headers.append(("Content-Length", str(len(body))))
        return self.whole(route, headers, coded, leave=not ends or self.rng.random() < 0.2, patience=1)

    def truncated(self):
        route = self.route(J, F, RAW)
        headers, body = self.with_body(route)
        request = self.whole(route, headers, body)
        data = b"".join(request.pieces)
        cut = data[: self.rng.randrange(1, len(data))]
        return dataclasses.replace(request, pieces=self.pieces(cut), leave=True)

    def strange_path(self):
        route = self.route()
        good = self.path(route[2])
        path = self.rng.choice([
            good + "/", "/" + good, good + "%00", good + "%00.mp4", good.replace("/", "//"), good + "/../" * 3,
            "/videos/../../../../etc/passwd", "/videos/%2e%2e/%2e%2e/etc/passwd", "/videos/..%2f..%2fetc%2fpasswd",
            "/videos/%252e%252e%252fx", "/_files/jobs/x/video.mp4", "/_error/400", "/_files/../store/log.0000000001",
            "/videos/.mp4", "/videos/" + "v" * 5000 + ".mp4", "/results/" + "0" * 36 + ".mp4?md5=x&expires=1", "/%ff%fe",
            "/%0d%0aSet-Cookie:%20x=y", good + "%0aX: y", "/\x7f\x01", "/" + "a" * 9000, "/" + "a/" * 4500, "/" + "%41" * 3000,
            "/" + "a" * 40000, "*", "http://other.example" + good, "//other.example" + good, "/.git/config", "/account/../jobs",
            "/account/%2e%2e/x", "/account/..%5c..%5cx", good + "#frag", good + ";p=1", good.upper(), "/é", "",
            "/worker/v1/jobs/..%2f..%2fx/inputs/image", "/worker/v1/jobs/x/assets/..%2f..%2fy", good + "%", good + "%z",
        ])  # fmt: skip
        headers, body = self.with_body(route)
        request = self.whole(route, headers, body, path=path)
        # Whose path it is, is not for us to say.
        return dataclasses.replace(request, dialect="", patience=0.3 if b'"wait"' in body else 60)

    def strange_query(self):
        route = self.route(NO)
        name = self.rng.choice(["limit", "after", "status", "asset_type", "token", "", "md5"])
        value = self.rng.choice([
            "-1", "0", "1001", "99999999999999999999", "1e3", "0x1", "%31", "%00", "%ff", "%zz", "%", "a" * 7000, "a" * 30000,
            "pending", "failed%00", "../", "job_" + "0" * 12, "1&limit=2", "%20%20", "NULL", "glb", "💩", "+1", "1;2",
        ])  # fmt: skip
        query = "&".join([f"{name}={value}"] * self.rng.choice((1, 1, 1, 2, 200 if len(value) < 40 else 1)))
        path = self.path(route[2]) + "?" + query.encode().decode("latin-1")
        request = self.whole(route, self.headers(route[3]), path=path)
        return dataclasses.replace(request, dialect=request.dialect if len(path) < 7000 else "")

    def strange_headers(self):
        route = self.route()
        headers, body = self.with_body(route)
        extra = self.rng.choice([
            [("X-Big", "x" * 40000)], [(f"X-{i}", "y" * 50) for i in range(200)], [("X-Cr", "a\rb")], [("X-Lf", "a\nSet-Cookie: b=c")],
            [("X-Nul", "a\0b")], [("X-Fold", "a\r\n b")], [("Host", "other")], [("Cookie", "kinora_session=" + "f" * 64)],
            [("Cookie", "kinora_session=\xff;;;=" + "x" * 4000)], [("Cookie", "; " * 1000 + "kinora_session")],
            [("Range", "bytes=" + ",".join(f"{i}-{i}" for i in range(1000)))], [("Range", "bytes=-1"), ("If-Range", '"x"')],
            [("Range", "bytes=18446744073709551615-")], [("Range", "bytes=0-,0-,0-,0-")], [("Range", "lines=1-2")],
            [("If-Modified-Since", "Sat, 99 Nonsense")], [("If-None-Match", '"' * 500)], [("Expect", "100-continue")],
            [("Expect", "the-unexpected")], [("Idempotency-Key", "k" * 300)], [("Idempotency-Key", "\xff\x01")], [("Idempotency-Key", "")],
            [("Idempotency-Key", self.rng.choice("abc"))], [("Origin", "null")], [("Origin", "https://e\x01vil")],
            [("Access-Control-Request-Headers", "x" * 3000)], [("X-Forwarded-For", "127.0.0.1" * 100)], [("Forwarded", "for=x")],
            [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", "eA==")],
            [("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk"), ("Connection", "Upgrade, HTTP2-Settings")],
            [("X-API-Key", ""), ("X-API-Key", "x")], [("Authorization", "Bearer"), ("Authorization", "Digest x")],
            [("X-CSRF-Token", "0" * 64)], [("Proxy", "http://evil.example")], [("Content-Encoding", "gzip")],
            [("Connection", "close, keep-alive, X-API-Key")], [("Accept", "*/*;q=x" * 200)], [("X_Under_Score", "1")],
            [("X-Accel-Redirect", "/_files/store/x")], [("Status", "200 OK")], [("Bad Name", "x")], [("", "empty")], [(":path", "/")],
            [("Prefer", "wait=" + self.rng.choice(["1", "-5", "999999999999999999999", "x"]))],
        ])  # fmt: skip
        if self.rng.random() < 0.1:
            headers = [header for header in headers if header[0] != "Host"]
        request = self.whole(route, headers + extra, body)
        request.dialect = ""
        request.patience = 0.3 if b'"wait"' in body or extra[0][0] == "Prefer" else 3
        return request

    def strange_line(self):
        route = self.route(NO)
        if self.rng.random() < 0.5:
            version = self.rng.choice(["HTTP/1.0", "HTTP/1.0", "HTTP/1.1 ", "HTTP/9.9", "HTTP/2.0", "HTTP/1", "http/1.1", "FTP/1.1", "HTTP/1.1x"])
            request = self.whole(route, self.headers(route[3]), version=version, patience=3)
            return dataclasses.replace(request, dialect="")
        data = self.rng.choice([
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", b"GET\r\n\r\n", b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\nHost: x\n\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + self.rng.randbytes(500), b"\0" * 100,
            b"GET  /  HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"A" * 50000, self.rng.randbytes(2000),
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", b"GET /\r\n", b"GET /jobs HTTP/1.1\r\nHost : x\r\n\r\n",
            b"GET /jobs HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
        ])  # fmt: skip
        return Hostile("", [data], self.rng.choice(["main", "text"]), leave=True, patience=1)

    def pipelined(self):
        requests, port = [], self.rng.choice(["main", "text"])
        for _ in range(self.rng.randrange(2, 15)):
            route = self.rng.choice([route for route in ROUTES if route[0] == port and "wait" not in route[5]])
            headers, body = self.with_body(route)
            requests.append(self.whole(route, headers, body))
        data = b"".join(b"".join(one.pieces) for one in requests)
        return Hostile("", self.pieces(data), port, "", methods=[one.methods[0] for one in requests])

    def ranges(self):
        route = ("main", "GET", "/videos/{video}.mp4", "", NO, [])
        spec = self.rng.choice([
            ",".join(f"{self.rng.randrange(3000)}-{self.rng.randrange(3000)}" for _ in range(self.rng.randrange(1, 500))),
            "-", "0-0", "-0", "5-2", "0-18446744073709551616", "-18446744073709551616", " 0 - 5", "a-b", "0-,-1", "999999-",
        ])  # fmt: skip
        return self.whole(route, [("Host", "x"), ("Range", "bytes=" + spec)])


BAD_IDS = [
    "x", "..", ".", "%2e%2e", "job_", "job_000000000000", "job_" + "z" * 200, "0" * 8, "ex_", "ex_..%2f..", "%00", "%ff",
    "00000000-0000-4000-8000-000000000000", "-", "_", "a" * 39, "a" * 40, "é", "'", "%25s%25n", "null", "job_%0a", "a/b",
]  # fmt: skip
# As ids, they make another path of it, which is nobody's.
OTHER_PATHS = ("..", ".", "%2e%2e", "a/b", "ex_..%2f..", "%00")
BAD_KEYS = ["", "x", "kn_", "kn_" + "0" * 72, "kn_" + "g" * 72, "k" * 5000, "\xff\xfe", "kn_" + "0" * 71, "a b", "%00"]

FAMILIES = [
    (Generator.plain, 22), (Generator.wrong_method, 6), (Generator.broken_json, 10), (Generator.broken_multipart, 8),
    (Generator.broken_urlencoded, 4), (Generator.lying_length, 6), (Generator.chunked, 6), (Generator.truncated, 5),
    (Generator.strange_path, 9), (Generator.strange_query, 7), (Generator.strange_headers, 9), (Generator.strange_line, 3),
    (Generator.pipelined, 3), (Generator.ranges, 2),
]  # fmt: skip
