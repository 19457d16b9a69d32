"""The man pages: every option is in kinora.conf(5), every command in kinoractl(1), and groff has no complaint."""

import pathlib
import re
import shutil
import subprocess

import pytest

from daemon_pair import BUILD, CTL

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PAGES = {name: DOCS / name for name in ("kinoractl.1", "kinorad.8", "kinora-fcgi.8")}
PAGES["kinora.conf.5"] = BUILD / "kinora.conf.5"


def headings(page):
    """What the page explains: the first bold words after each .TP."""
    found = re.findall(r"^\.TP\n\.BR? (.*)$", PAGES[page].read_text(), re.MULTILINE)
    return [line.replace("\\-", "-") for line in found]


def test_every_option_has_its_place():
    sample = subprocess.run([CTL, "config", "sample"], capture_output=True, text=True, check=True).stdout
    options = re.findall(r"^#(\w+) = ", sample, re.MULTILINE)
    assert len(options) > 40 and headings("kinora.conf.5") == options


def test_every_command_has_its_place():
    usage = subprocess.run([CTL, "--help"], capture_output=True, text=True, check=True).stdout
    commands = usage.partition("Commands:\n")[2].partition("\n\n")[0]
    page = PAGES["kinoractl.1"].read_text()
    for command in re.findall(r"^  ([a-z]+)", commands, re.MULTILINE):
        assert re.search(rf"^\.B[RI]? \"?{command}\b", page, re.MULTILINE), command


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
@pytest.mark.parametrize("page", PAGES)
def test_groff_has_no_complaint(page):
    command = ["groff", "-man", "-ww", "-Tutf8", "-rCHECKSTYLE=1", PAGES[page]]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
