#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irqbed in QEMU with several CPUs: cpu= says where what judges a CPU runs."""

import re
import sys

sys.dont_write_bytecode = True
from tap import boot, check, contains, main, test

from irqbed import taplog

# Takes NMIs on the CPU it runs on, and on no other.
CASE = "nmi.if_does_not_hold_it_off"


def nmis(folder, args):
    """Status, log, and how many NMIs each of four CPUs took."""
    status, out, data = boot(folder, "--smp", "4", "--tests", CASE,
                             "--args", args)
    check(status, 0, out)
    text = data.decode("ascii")
    check([r.verdict for r in taplog.parse(data).results], [taplog.PASS])
    row = re.search(r"^# *NMI:((?: +\d+)+)  ", text, re.M)
    return text, [int(n) for n in row.group(1).split()]


def chosen(text):
    """Which CPU the log names."""
    found = re.search(r"^# cpu=(\d+) runs what judges a CPU, too", text, re.M)
    return int(found.group(1)) if found else 0


@test
def cpu_3_runs_it_after_the_boot_cpu(folder):
    text, counts = nmis(folder, "cpu=3")
    check(chosen(text), 3)
    check([n > 0 for n in counts], [True, False, False, True], counts)


@test
def cpu_0_is_the_boot_cpu_alone(folder):
    text, counts = nmis(folder, "cpu=0")
    check(chosen(text), 0)
    check([n > 0 for n in counts], [True, False, False, False], counts)


@test
def a_cpu_that_is_not_there_is_said_and_the_seed_chooses(folder):
    text, counts = nmis(folder, "cpu=9 seed=5")
    contains(text, "# options.error=cpu=9: no such CPU is online, 4 are")
    cpu = chosen(text)
    assert cpu in (1, 2, 3), cpu
    assert counts[0] and counts[cpu] and not sum(counts) - counts[0] \
        - counts[cpu], counts
    text, _ = nmis(folder, "seed=5")
    check(chosen(text), cpu, "the same seed")
    assert "options.error" not in text


@test
def what_is_no_number_of_a_cpu_is_said(folder):
    text, _ = nmis(folder, "cpu=512")
    contains(text, "options.error='cpu=512': cpu takes 0..511")


main()
