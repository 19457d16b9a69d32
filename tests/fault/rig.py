"""The instance under test, with workers that are quick, and ways to hurt it."""

import contextlib
import os
import pathlib
import re
import signal
import time

from control_client import Control, ControlError
from disk import Disk, files_below
from harness import Instance
from model import ATTEMPTS, LOCAL_CLASSES, MP4
from waiting import wait_until

LOG_BYTES = 8 << 20
END = re.compile(r"kinora-fcgi (\d+) (?:was ended by signal (\d+)|exited with status (\d+))")

# A lock that lasts as long as the process says whether two run for one job.
WORKER = """#!/bin/sh
job=$(cat)
it=${KINORA_WORK_DIR##*/}
exec 9>"%(witness)s/${it%%.*}"
flock -n 9
[ $? -ne 1 ] || echo "$it" >>"%(witness)s/double" # 1: somebody has it; it may also have been killed
echo '{"version":1}'
case $job in *" slow "*) sleep 0.7 ;; esac
case $job in *" bad "*) echo '{"type":"error","code":"bad","message":"It is bad"}'; exit 1 ;; esac
case $job in *" again "*) [ "${it#*.}" -gt 1 ] || exit 75 ;; esac
{ printf '%(mp4)s'; echo "$it"; } >out.mp4
echo '{"type":"progress","progress":50}'
echo '{"type":"asset","name":"video","file":"out.mp4"}'
"""


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Rig(Instance):
    def __init__(self, directory):
        directory = pathlib.Path(directory)
        self.disk = Disk(directory / "data", directory / "disk")
        self.log_read = 0
        self.witness = directory / "witness"
        self.witness.mkdir(parents=True)
        script = directory / "worker"
        script.write_text(WORKER % {"witness": self.witness, "mp4": "".join(f"\\{byte:03o}" for byte in MP4)})
        script.chmod(0o755)
        section = (f"[worker quick]\nserves = {' '.join(sorted(LOCAL_CLASSES))}\ncommand = {script}\nslots = 2\n"
                   f"deadline = 20s\nattempts = {ATTEMPTS}\n")
        super().__init__(directory / "data", section, self.disk.environment, job_timeout_seconds=30, threads=32,
                         daily_job_limit=1000000000, max_upload_size="16M")
        self.disk.settle()
        self.key = self.ctl("keys", "create", "--name", "fault", "--hour-limit", 10**9, "--day-limit", 10**9).split()[-1]

    def control(self, op, timeout=15, **body):
        with Control(self.dir / "run" / "control.sock", timeout) as control:
            return control.call(op, **body)

    def is_whole(self):
        """Every part answers, the store's writer too."""
        with contextlib.suppress(OSError, ControlError, ValueError):
            pids = [self.pid(part) for part in ("nginx", "kinora-fcgi", "kinorad")]
            return all(pid and is_running(pid) for pid in pids) and self.control("ping", 2)["pid"] == pids[1]

    def wait_whole(self, seconds):
        wait_until(self.is_whole, seconds, 0.05)

    # --- violence ---

    def workers(self):
        """pids of local workers and what they started."""
        return self._with_environment(f"KINORA_WORK_DIR={self.dir}/work/")

    def _with_environment(self, text):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if text.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
        return found

    def signal_part(self, part, sig):
        """True when there was such a part."""
        pid = self.pid(part)
        with contextlib.suppress(ProcessLookupError):
            if pid:
                os.kill(pid, sig)
                return True
        return False

    def cut(self):
        """Everything ends at once, as in a power cut; the responder first, so that nothing is answered later."""
        self.signal_part("kinora-fcgi", signal.SIGKILL)
        self.signal_part("kinorad", signal.SIGKILL)
        self.process.kill()
        end = time.monotonic() + 20
        while pids := [pid for pid in [*self.processes(), *self.workers()] if is_running(pid)]:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert time.monotonic() < end, f"cannot be killed: {pids}"
            time.sleep(0.01)
        self.process.wait()
        self.process.stdout.close()

    # --- logs ---

    def new_ends(self):
        """(pid, signal, status) of each responder that ended since the last call."""
        with open(self.dir / "logs" / "kinorad.log", errors="replace") as log:
            log.seek(self.log_read)
            ends = END.findall(log.read())
            self.log_read = log.tell()
        return ends

    def shorten_logs(self):
        """They are appended to: whoever writes goes on at the new end."""
        for path, stat in files_below(self.dir / "logs"):
            if stat.st_size > LOG_BYTES:
                os.truncate(path, 0)
                if path.name == "kinorad.log":
                    self.log_read = 0

    # --- measurements ---

    def sample(self):
        """Resident KiB (all, and without mapped files) and descriptors of each part, and bytes on disk."""
        figures = {}
        for part in ("kinora-fcgi", "kinorad", "nginx"):
            pid = self.pid(part)
            with contextlib.suppress(OSError, KeyError):
                lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                status = dict(line.split(":", 1) for line in lines)
                figures[part] = {"pid": pid, "rss_kib": int(status["VmRSS"].split()[0]),
                                 "anon_kib": int(status["RssAnon"].split()[0]),
                                 "fds": len(os.listdir(f"/proc/{pid}/fd"))}
        names = ("store", "videos", "output", "jobs", "incoming", "spool", "work", "tmp")
        figures["disk"] = {name: size_of(self.dir / name) for name in names}
        return figures


def size_of(path):
    return sum(stat.st_blocks * 512 for _, stat in files_below(path))
