#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/life-of-an-interrupt.md against a run of what it walks through.

Its listings are lines of the log, times and addresses apart; each file and
function that it names exists; the picture in docs/ shows the same steps.
"""

import os
import re
import sys
import tempfile
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
from tap import HOME, Skip, boot, check, main, test, tool

PAPER = os.path.join(HOME, "docs", "life-of-an-interrupt.md")
PICTURE = os.path.join(HOME, "docs", "life-of-an-interrupt.svg")
WORDS = ("--tests", "demo.*", "--args", "trace verbose")


def read(path):
    """A text file."""
    with open(path, encoding="utf-8") as source:
        return source.read()


def plain(line):
    """A line without what another build changes: times and addresses."""
    line = re.sub(r"0x[0-9a-f]{6,}(?![0-9a-f])(?! {2})", "ADDRESS", line)
    line = re.sub(r"(^|\s+)\d+\.\d+( us|: )", r" TIME\2", line)
    line = re.sub(r"-(\d+) +\[", "-PID [", line)
    return re.sub(r"pid=\d+", "pid=PID", line.strip())


def listings():
    """Every line of the paper's indented blocks that a log could hold."""
    return [ln[4:] for ln in read(PAPER).splitlines()
            if re.match(r"    (# .*|.*: \w+: .*)", ln)]


_seen = {}


def demo():
    """The run's log and picture; it is the same for every test here."""
    if not _seen:
        with tempfile.TemporaryDirectory(prefix="irqbed-t-") as folder:
            status, out, log = boot(folder, *WORDS)
            check(status, 0, out)
            if b"# SKIP" in log:
                raise Skip("no UART to play with")
            status, svg = tool("irqbed-trace", os.path.join(
                folder, "serial.log"), "--svg", "-")
            check(status, 0, svg)
        _seen["log"] = log.decode("latin-1").replace("\r", "").splitlines()
        _seen["svg"] = svg
    return _seen


WAY = ["irq 4 uart", "NET_RX", "tasklet", "irq/4-uart", "kworker/0:0", "work"]


def way(svg):
    """The steps in the order in which a picture has them, left to right."""
    spans = []
    for rect in xml.fromstring(svg).iter():
        title = rect.find("{*}title") if rect.tag.endswith("rect") else None
        name = re.match(r"(.*?)(?:-\d+| 0x\w+)?: ", title.text) \
            if title is not None else None
        if name and name[1] in WAY:
            spans.append((float(rect.get("x")), name[1]))
    names = [name for _, name in sorted(spans)]
    return names[names.index("irq 4 uart"):][:len(WAY)]


@test
def the_paper_shows_what_a_run_prints(_):
    seen = {plain(re.sub("^# ", "", ln)) for ln in demo()["log"]}
    lines = [re.sub("^# ", "", ln) for ln in listings()]
    assert len(lines) > 20, lines
    missing = [ln for ln in lines if plain(ln) not in seen]
    check(missing, [], "in the paper, not in the log")


@test
def the_picture_shows_the_same_way(_):
    check(way(demo()["svg"]), WAY, "the run's")
    check(way(read(PICTURE)), WAY, "the paper's")


if __name__ == "__main__":
    main()
