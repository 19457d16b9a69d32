"""Ends what tests have left running, once pytest is gone: it may be interrupted, or killed, before its fixtures end.

usage: guard.py DIR, with a pipe from pytest as standard input: at its end all processes go that have
KINORA_TESTS=DIR in their environment, and then DIR."""

import os
import pathlib
import shutil
import signal
import sys
import time


def left(directory):
    """The pids of all but us, and but those that have ended and wait for their parent: they have no environment."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"KINORA_TESTS={directory}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            pass  # it has just ended, or is another user's
    return found


def end(directory, sig, seconds):
    until = time.monotonic() + seconds
    for pid in left(directory):
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass
    while left(directory) and time.monotonic() < until:
        time.sleep(0.1)


def main():
    sys.stdin.buffer.read()
    end(sys.argv[1], signal.SIGTERM, 30)
    end(sys.argv[1], signal.SIGKILL, 10)
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
