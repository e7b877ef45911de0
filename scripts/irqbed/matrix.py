# SPDX-License-Identifier: MIT
"""The suite on every machine QEMU can be: same names everywhere, no failure.

A boot's log stays in build/test/ for whoever wants to read it.
"""

import os
import subprocess
import time
from dataclasses import dataclass, field

from . import HOME, KNOWN_DEFECTS, SKIPS, report, skips, taplog

LOGS = os.path.join(HOME, "build", "test")
# A board without any legacy interrupt hardware: its cases must all SKIP.
BARE = "q35,pic=off,pit=off,hpet=off,i8042=off"
# A unit that remaps interrupts: with x2APIC in 32-bit IDs, else in 8.
VTD = ("-device", "intel-iommu,intremap=on,eim=on")


@dataclass(frozen=True)
class Machine:
    """One way to boot."""
    name: str
    words: tuple


@dataclass
class Count:
    """What a step adds to the closing line."""
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    known: int = 0
    seconds: float = 0.0
    details: list = field(default_factory=list)
    log: taplog.Log = None

    def __str__(self):
        text = (f"{self.name:<28} {self.passed:4} passed, "
                f"{self.failed} failed")
        if self.skipped:
            text += f", {self.skipped} skipped"
        if self.known:
            text += f", {self.known} known defects"
        return f"{text} ({self.seconds:.1f} s)"


# Board, CPU, and how many there are: two with a watchdog of one peer; four,
# where others can be a majority.
BOARDS = (("q35", "max", 1), ("q35", "max", 4),
          ("q35", "qemu64", 1), ("q35", "qemu64", 2),
          ("pc", "max", 1), ("pc", "max", 2),
          ("pc", "qemu64", 1), ("pc", "qemu64", 4))


def machines():
    """Every combination `make test` boots."""
    rows = [Machine(f"{board} {cpu} {smp} CPU",
                    ("--machine", board, "--cpu", cpu, "--smp", str(smp)))
            for board, cpu, smp in BOARDS]
    rows.append(Machine("q35 max without legacy",
                        ("--", "-machine", BARE)))
    rows += [Machine(f"q35 {cpu} VT-d",
                     ("--cpu", cpu, "--smp", str(smp), "--", *VTD))
             for cpu, smp in (("max", 4), ("qemu64", 1))]
    return rows


def boot(machine, first=()):
    """Run the suite on one machine; returns its Count."""
    os.makedirs(LOGS, exist_ok=True)
    log = os.path.join(LOGS, machine.name.replace(" ", "-") + ".log")
    began = time.monotonic()
    done = subprocess.run(
        [os.path.join(HOME, "scripts", "run-qemu"), "--quiet", "--log", log,
         *first, *machine.words], stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    count = Count(machine.name, seconds=time.monotonic() - began)
    if done.returncode == report.NOT_STARTED or not os.path.exists(log):
        count.failed, count.details = 1, done.stdout.splitlines()
        return count
    with open(log, "rb") as source:
        judged = report.judge(source.read(), KNOWN_DEFECTS)
    bad = judged.failed() + judged.stale()
    count.passed = judged.log.count(taplog.PASS) - len(judged.stale())
    count.failed = len(bad)
    count.skipped = judged.log.count(taplog.SKIP)
    count.known = len(judged.excused())
    count.log = judged.log
    odd = skips.unexpected(skips.load(SKIPS), machine.name, judged.log)
    count.failed += len(odd)
    count.details += odd
    for result in judged.log.results:
        if result.name in bad:
            count.details += result.notes
    if done.returncode:
        count.failed = max(1, count.failed)
        count.details += done.stdout.splitlines()
    return count


def names(count):
    """The cases of a boot, in order."""
    return [r.name for r in count.log.results] if count.log else []


def compare(counts, whole):
    """The plans of all boots against the first one's; whole: all cases."""
    result = Count("the same cases on each")
    first = next((names(c) for c in counts if names(c)), [])
    for count in counts:
        if first and names(count) == first:
            result.passed += 1
            continue
        result.failed += 1
        odd = set(names(count)) ^ set(first)
        result.details.append(
            f"{count.name}: " + (", ".join(sorted(odd)[:10]) if odd else
                                 "the same cases in another order"))
    logs = [(c.name, c.log) for c in counts if c.log]
    if whole and len(logs) == len(counts):
        unused = skips.stale(skips.load(SKIPS), logs)
        result.failed += len(unused)
        result.details += unused
    return result
