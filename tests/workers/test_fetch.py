"""Pictures by URL: what is fetched, and that nothing of ours is reached, whatever a URL, a name server or a
server says. internet.py is the internet; it needs namespaces, which root has, and others on most systems."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from test_motion import WORKER, job

HERE = pathlib.Path(__file__).parent
PUBLIC = ("93.184.216.34 ", "93.184.216.35 ", "2606:2800:220:1::5 ")

pytestmark = pytest.mark.skipif(not WORKER.exists(), reason=f"{WORKER} is not built")


@pytest.fixture(scope="module")
def internet():
    """internet(directory, url): what the worker did with the URL."""
    user = ["--user", "--map-root-user"] if os.geteuid() else []
    command = ["unshare", "--mount", "--net", *user, sys.executable, HERE / "internet.py", WORKER]
    for program in ("unshare", "ip", "openssl"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    child = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    if child.stdout.readline() != '"ready"\n':
        child.stdin.close()
        pytest.skip("no namespaces here: " + child.stderr.read()[-300:])

    def fetch(directory, url):
        order = {"directory": str(directory),
                 "job": job("wan2.1", image_url=url, width=320, height=180, length=2)}
        child.stdin.write(json.dumps(order) + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    yield fetch
    child.stdin.close()
    assert child.wait(20) == 0, child.stderr.read()
    child.stdout.close()
    child.stderr.close()


@pytest.mark.parametrize("url, hits", [
    ("https://good.test/picture.png", ["93.184.216.34 /picture.png"]),
    ("HTTPS://GOOD.TEST:443/picture.png", ["93.184.216.34 /picture.png"]),
    ("https://93.184.216.34/picture.png", ["93.184.216.34 /picture.png"]),
    ("https://six.test/picture.png", ["2606:2800:220:1::5 /picture.png"]),
    ("https://[2606:2800:220:1::5]/picture.png", ["2606:2800:220:1::5 /picture.png"]),
    ("https://good.test/hops/3", [f"93.184.216.34 {p}" for p in ("/hops/3", "/hops/2", "/hops/1", "/picture.png")]),
    ("https://good.test/to?https://other.test/picture.png",
     ["93.184.216.34 /to?https://other.test/picture.png", "93.184.216.35 /picture.png"]),
    # What is connected to is what was looked at: the second answer, 127.0.0.1, is never used.
    ("https://rebind.test/picture.png", ["93.184.216.34 /picture.png"]),
    ("https://rebind.test/to?https://rebind.test/picture.png",
     ["93.184.216.34 /to?https://rebind.test/picture.png", "93.184.216.34 /picture.png"]),
    # Of two addresses only the public one is spoken to.
    ("https://either.test/picture.png", ["93.184.216.34 /picture.png"]),
])
def test_fetched(internet, tmp_path, url, hits):
    result = internet(tmp_path, url)
    assert result["code"] == 0, result["lines"]
    assert result["hits"] == hits


NOT_PUBLIC, UNKNOWN, NO_ANSWER = "not on the public internet", "host is unknown", "server does not answer"
ONLY_HTTPS, USERINFO, INVALID = "only https:// and gs://", "user or password", "URL is not valid"
CERTIFICATE, NO_PICTURE, TOO_LARGE = "certificate", "it is not a PNG, JPEG, WebP or GIF", "larger than 20 MiB"
TOO_SLOW, TOO_OFTEN = "took too long", "redirects too often"

HOSTILE = [
    # Addresses, in all their spellings.
    *[(f"https://{host}/picture.png", NOT_PUBLIC) for host in (
        "127.0.0.1", "2130706433", "0177.0.0.1", "017700000001", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "127.1",
        "0.0.0.0", "0", "10.0.0.5", "10.5", "0xa000005", "012.0.0.5", "192.168.7.7", "3232237319",
        "169.254.169.254", "0xa9fea9fe", "100.64.0.1", "255.255.255.255", "224.0.0.1", "localhost", "LOCALHOST",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:10.0.0.5]", "[::ffff:a9fe:a9fe]",
        "[::10.0.0.5]", "[64:ff9b::10.0.0.5]", "[2002:a00:5::]", "[2001::a00:5]", "[fd00::5]", "[fe80::5]",
        "[fe80::5%25lo]", "[ff02::1]")],
    ("https://127.0.0.1./picture.png", UNKNOWN),
    # Unicode that some make digits and dots of.
    *[(f"https://{host}/picture.png", INVALID) for host in ("127。0。0。1", "①⓪.0.0.5", "１０.0.0.5")],
    # Names, of which the name server says so.
    *[(f"https://{name}.test/picture.png", NOT_PUBLIC)
      for name in ("private", "metadata", "loopback", "mapped", "local6", "flip")],
    ("https://nobody.test/picture.png", UNKNOWN),
    # Who is the host?
    ("https://good.test@10.0.0.5/picture.png", USERINFO),
    ("https://good.test:443@10.0.0.5/picture.png", USERINFO),
    ("https://user:secret@good.test/picture.png", USERINFO),
    ("https://10.0.0.5#@good.test/picture.png", NOT_PUBLIC),
    ("https://10.0.0.5?@good.test/picture.png", NOT_PUBLIC),
    ("https://10.0.0.5\\@good.test/picture.png", None),
    ("https://good.test%00.10.0.0.5/picture.png", INVALID),
    ("https://good.test%2f@10.0.0.5/picture.png", None),
    ("https://good.test /picture.png", INVALID),
    ("https://good.test\r\nHost: 10.0.0.5/picture.png", INVALID),
    ("https://[::1/picture.png", INVALID),
    ("https:///10.0.0.5/picture.png", NOT_PUBLIC),
    # Ports.
    ("https://good.test:80/picture.png", "no TLS"),
    ("https://good.test:22/picture.png", NO_ANSWER),
    ("https://good.test:99999/picture.png", INVALID),
    ("https://good.test:-1/picture.png", INVALID),
    ("https://10.0.0.5:6379/picture.png", NOT_PUBLIC),
    # Schemes.
    *[(f"{scheme}://good.test/picture.png", ONLY_HTTPS) for scheme in ("http", "ftp", "gopher", "dict", "ldap", "smb")],
    ("file:///etc/passwd", ONLY_HTTPS),
    # Redirects.
    *[(f"https://good.test/to?{target}", NOT_PUBLIC) for target in (
        "https://169.254.169.254/latest/meta-data/", "https://metadata.test/latest/meta-data/",
        "https://127.0.0.1/picture.png", "//10.0.0.5/picture.png", "https://[::ffff:10.0.0.5]/picture.png")],
    *[(f"https://good.test/to?{target}", ONLY_HTTPS) for target in (
        "http://good.test/picture.png", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd",
        "gopher://10.0.0.5:6379/_INFO")],
    ("https://good.test/to?gs://bucket/picture.png", ONLY_HTTPS),
    ("https://good.test/to?https://user:secret@good.test/picture.png", USERINFO),
    ("https://good.test/hops/4", TOO_OFTEN),
    ("https://good.test/loop", TOO_OFTEN),
    ("https://good.test/nowhere", "status 302"),
    # Certificates.
    ("https://selfsigned.test/picture.png", CERTIFICATE),
    ("https://expired.test/picture.png", CERTIFICATE),
    ("https://wrong-name.test/picture.png", CERTIFICATE),
    # Bodies.
    ("https://good.test/huge", TOO_LARGE),
    ("https://good.test/endless", TOO_LARGE),
    ("https://good.test/drip", TOO_SLOW),
    ("https://good.test/silence", TOO_SLOW),
    ("https://good.test/headers", None),
    ("https://good.test/bomb.png", "could not be decoded"),
    *[(f"https://good.test/{page}", NO_PICTURE) for page in ("svg", "html", "empty", "playlist", "gzip")],
    ("https://good.test/cut", "too early"),
    ("https://good.test/noise", None),
    ("https://good.test/status/404", "status 404"),
    ("https://good.test/status/500", "status 500"),
    ("https://good.test/status/204", "status 204"),
    ("https://closed.test/picture.png", NO_ANSWER),
]  # fmt: skip


@pytest.mark.parametrize("url, why", HOSTILE)
def test_refused(internet, tmp_path, url, why):
    result = internet(tmp_path, url)
    assert result["code"] not in (0, 75), "an honest failure, and no retry"
    (error,) = [line for line in result["lines"] if line.get("type") == "error"]
    assert error["code"] in ("image_fetch", "image")
    assert why is None or why in error["message"], error
    # What a stranger may not learn: our addresses, files and names.
    assert not re.search(r"\d+\.\d+\.\d+\.\d+|/tmp|/etc|secret|root:", error["message"]), error
    assert [hit for hit in result["hits"] if not hit.startswith(PUBLIC)] == []
    assert not (tmp_path / "image").exists() or error["code"] == "image"
    assert not (tmp_path / "video.mp4").exists()
