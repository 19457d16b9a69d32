"""A disk that can fail, fill up and lose power: what shim.c is told, and what is made of its journal."""

import contextlib
import os
import pathlib
import re
import shutil
import struct
import subprocess

from harness import ROOT

BUILD = pathlib.Path(os.environ.get("KINORA_BUILD") or ROOT / "build")
SHIM = "tests/fault/shim.so"
FIELDS = ("write_enospc", "write_eio", "write_short", "sync_eio", "full", "kinds", "sync_errno")
STORE_LOG, STORE_DB, MEDIA = 2, 3, 4  # of enum kind
ALL_KINDS = 1 << STORE_LOG | 1 << STORE_DB | 1 << MEDIA
UNDO = struct.Struct("<QII")
SMALL_BYTES = 192 << 20
# Of the store, so that small logs are enough to see them change files.
DB_CONFIG = "set_lg_bsize 262144\nset_lg_max 1048576\n"


def files_below(path):
    """(path, stat) of every file; what vanishes meanwhile is left out."""
    for top, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                yield pathlib.Path(top, name), os.lstat(os.path.join(top, name))


def build_shim():
    """Its path, or None in a build with sanitizers, which want to be loaded first."""
    if not (BUILD / "Makefile").exists():
        raise SystemExit("build first: ./quickstart test, or configure and make")
    if re.search(r"^HARDEN_CFLAGS = .*-fsanitize", (BUILD / "Makefile").read_text(), re.MULTILINE):
        return None
    subprocess.run(["make", "-s", "-C", BUILD, SHIM], check=True)
    return BUILD / SHIM


class Disk:
    """`root` is the data directory that instances will have."""

    def __init__(self, root, own):
        self.root, self.own = root, own
        own.mkdir()
        root.mkdir()
        self.is_small = self._mount()
        self.shim = build_shim()
        (root / "store").mkdir(mode=0o700)
        (root / "store" / "DB_CONFIG").write_text(DB_CONFIG)
        self.set()

    def _mount(self):
        """A small file system of its own, where that is permitted."""
        if os.geteuid() != 0:
            return False
        command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "kinora-fault", self.root]
        return subprocess.run(command, capture_output=True).returncode == 0

    def unmount(self):
        if self.is_small:
            subprocess.run(["umount", "-l", self.root], check=True)
            self.is_small = False

    @property
    def environment(self):
        if self.shim is None:
            return {}
        return {"LD_PRELOAD": str(self.shim), "FAULT_ROOT": str(self.root), "FAULT_DIR": str(self.own)}

    def set(self, **fields):
        """Which calls fail from now on, of 10,000; without arguments none do."""
        numbers = [fields.pop(name, 0) for name in FIELDS]
        assert not fields
        with open(self.own / "control", "r+b" if (self.own / "control").exists() else "wb") as control:
            control.write(struct.pack("<8I", *numbers, 0))

    @contextlib.contextmanager
    def filled(self):
        """Not a byte is left."""
        filler = self.root / "filler"
        try:
            with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(1 << 16)):
                    pass
            yield
        finally:
            filler.unlink(missing_ok=True)

    # --- a power cut ---

    def settle(self):
        """What is on the disk now stays there."""
        for path in self.own.glob("undo.*"):
            path.unlink()
        (self.own / "journal").write_bytes(b"")
        self.settled = {stat.st_ino: stat.st_size for _, stat in files_below(self.root)}

    def lose_power(self, rng):
        """After everything was killed: drops and garbles what was not synced, as a disk may."""
        synced, names, renames = self._read_journal()
        self._undo_renames(rng, renames)
        self._undo_names(rng, names)
        self._revert_store(rng, synced)
        for path, stat in files_below(self.root):
            kind = path.relative_to(self.root).parts[0]
            if kind == "store" and not path.name.startswith("log."):
                continue
            if kind in ("store", "videos", "output", "jobs", "incoming", "spool"):
                self._tear(rng, path, stat.st_size, min(synced.get(stat.st_ino, 0), stat.st_size))
        shutil.copy(self.own / "journal", self.own / "journal.last")
        self.settle()

    def _read_journal(self):
        """inode → bytes that are safe; names and renames that are not."""
        synced, names, renames = dict(self.settled), {}, []
        for line in (self.own / "journal").read_text().splitlines():
            what, _, rest = line.partition(" ")
            if what in "ST":
                inode, size = map(int, rest.split())
                synced[inode] = size if what == "S" else min(size, synced.get(inode, 0))
            elif what == "N":
                names[rest] = True
            elif what == "R":
                source, target = rest.split("\t")
                names.pop(source, None)
                renames.append((source, target))
            else:
                names = {name: True for name in names if os.path.dirname(name) != rest}
                renames = [pair for pair in renames if os.path.dirname(pair[1]) != rest]
        return synced, names, renames

    def _undo_renames(self, rng, renames):
        for source, target in reversed(renames):
            with contextlib.suppress(FileNotFoundError):
                if rng.random() < 0.5:
                    os.rename(target, source)

    def _undo_names(self, rng, names):
        for name in names:
            if rng.random() < 0.5:
                if os.path.isdir(name):
                    shutil.rmtree(name)
                else:
                    pathlib.Path(name).unlink(missing_ok=True)

    def _revert_store(self, rng, synced):
        """Of what was written since the last sync each page of a database may have reached the disk or not; of a log
        nothing behind some point did, or it is garbled."""
        share = rng.choice([0, 1, rng.random()])
        for path, stat in list(files_below(self.root / "store")):
            undo = self.own / f"undo.{stat.st_ino}"
            if not undo.exists():
                continue
            writes = list(read_undo(undo.read_bytes()))
            is_log = path.name.startswith("log.")
            end = min((offset for offset, _, _ in writes), default=0)
            end = rng.randint(end, max(offset + n for offset, _, n in writes)) if writes else 0
            with open(path, "r+b") as file:
                for offset, old, n in reversed(writes):
                    old += bytes(n - len(old))
                    if is_log:
                        keep = min(max(end - offset, 0), n)
                        file.seek(offset + keep)
                        file.write(rng.randbytes(n - keep) if rng.random() < 0.3 else old[keep:])
                    elif rng.random() < share:
                        file.seek(offset)
                        file.write(old)
                if share == 1 and not is_log:
                    file.truncate(synced.get(stat.st_ino, 0))

    def _tear(self, rng, path, size, safe):
        if size == safe:
            return
        how = rng.choice(["drop", "cut", "garble", "zero", "keep"])
        with open(path, "r+b") as file:
            if how in ("drop", "cut"):
                file.truncate(safe if how == "drop" else rng.randint(safe, size))
            elif how in ("garble", "zero"):
                begin = rng.randrange(safe, size)
                end = rng.randint(begin, size)
                file.seek(begin)
                file.write(rng.randbytes(end - begin) if how == "garble" else bytes(end - begin))


def read_undo(data):
    at = 0
    while at < len(data):
        offset, old, new = UNDO.unpack_from(data, at)
        at += UNDO.size
        yield offset, data[at:at + old], new
        at += old
