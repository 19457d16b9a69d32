"""What the benches share: an instance, the empty responder behind a second nginx of the same configuration, and wrk."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import Instance, free_ports  # noqa: E402

ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("KINORA_BUILD") or ROOT / "build")
SECONDS = int(os.environ.get("BENCH_SECONDS", 5))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 5))
CONNECTIONS = 32


def build(*programs):
    """Programs of this directory, made by the tree's makefile."""
    subprocess.run(["make", "-s", "-C", BUILD, *(f"tests/bench/{p}" for p in programs)], check=True)
    return [BUILD / "tests" / "bench" / p for p in programs]


@contextlib.contextmanager
def workspace():
    top = pathlib.Path(tempfile.mkdtemp(prefix="kinora-bench-", dir=os.environ.get("BENCH_DIR")))
    try:
        yield top
    finally:
        shutil.rmtree(top, ignore_errors=True)


@contextlib.contextmanager
def instance(directory, **options):
    one = Instance(directory, dispatch="no", request_log="off", **options)
    try:
        yield one
    finally:
        one.stop()


@contextlib.contextmanager
def empty(one):
    """The URL of an empty responder behind the instance's nginx configuration."""
    directory = one.dir.parent / "empty"
    (directory / "run").mkdir(parents=True)
    (directory / "tmp").mkdir()
    (directory / "logs").mkdir()
    port, text_port = free_ports(2)
    shutil.copytree(one.dir / "nginx", directory / "nginx")
    shutil.copy(one.dir / "nginx.conf", directory)
    for path in [directory / "nginx.conf", *(directory / "nginx").iterdir()]:
        text = path.read_text().replace(str(one.dir), str(directory))
        path.write_text(text.replace(f":{one.port}", f":{port}").replace(f":{one.text_port}", f":{text_port}"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(directory / "run" / "fcgi.sock"))
    listener.listen(511)
    (program,) = build("empty")
    parts = [
        subprocess.Popen([program, "64"], stdin=listener, start_new_session=True),
        subprocess.Popen(["nginx", "-p", directory, "-e", directory / "logs/nginx.log", "-c", directory / "nginx.conf"]),
    ]
    try:
        time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        for part in parts:
            part.send_signal(signal.SIGTERM)
        for part in parts:
            part.wait()


def wrk(url, script=None, connections=CONNECTIONS, seconds=SECONDS, **environment):
    """(requests per second, {percentile: milliseconds}, answers that were not 2xx or 3xx)"""
    command = ["wrk", "--latency", "-t2" if connections > 1 else "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["-s", HERE / f"{script}.lua"] if script else []
    done = subprocess.run(
        [str(word) for word in [*command, url]],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1])
    scale = {"us": 1e-3, "ms": 1, "s": 1e3}
    latency = {int(p): float(v) * scale[u] for p, v, u in re.findall(r"(\d\d)%\s+([\d.]+)(us|ms|s)", done)}
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    return rate, latency, int(failed[1]) if failed else 0


def compare(name, ours, theirs, wanted):
    """Turn by turn, so that what else the machine does hits both; prints the medians and their ratio."""
    rates = [(ours(), theirs()) for _ in range(ROUNDS)]
    mine, base = (statistics.median(column) for column in zip(*rates))
    verdict("%s" % name, mine / base, wanted, f"{mine:,.0f}/s against {base:,.0f}/s of an empty responder")


def verdict(name, value, wanted, note="", at_most=False):
    good = value <= wanted if at_most else value >= wanted
    sign = "<=" if at_most else ">="
    print(f"{'ok  ' if good else 'MISS'} {name}: {value:.2f} (wanted {sign} {wanted}) {note}", flush=True)


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
