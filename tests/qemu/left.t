#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irqbed in QEMU: what a case leaves behind is named, and gone.

The cases are suite left of tests/selftest/.
"""

import re
import sys

sys.dont_write_bytecode = True
from tap import boot, check, contains, main, test, tool, write

from irqbed import taplog

ASLEEP = r"# left: work 0x\w+ asleep in kworker/"
BREAK = "broken out by NMI"
ENDED = r"# thread left/\d, pid \d+, was ended"

# What each case's report says, as patterns; {0} is the last CPU.
SAID = {
    "thread_asleep": [r"# left: thread left/{0} asleep on CPU {0}, "],
    "thread_dozing": ["# left: thread left/0 asleep on CPU 0, "],
    "thread_not_woken": ["# left: thread left/new not woken on CPU 0, "],
    "thread_not_stopped": ["# left: thread left/0 ended, and not stopped"],
    "thread_ready": ["# left: thread left/0 ready on CPU 0, "],
    "thread_running_elsewhere": [
        "# left: thread left/{0} running on CPU {0}, ", ENDED],
    "thread_ending_elsewhere": [
        "# left: thread left/{0} (running|ended, and not stopped) on CPU {0}"],
    "thread_running_elsewhere_irqs_off": [
        "# left: thread left/{0} running on CPU {0}, ",
        "# CPU {0}, .* interrupts off, thread stack", ENDED],
    "hrtimer": [r"# left: hrtimer 0x\w+ on CPU 0, function 0x"],
    "timer": [r"# left: timer 0x\w+ on CPU 0, function 0x"],
    "delayed_work": [r"# left: delayed work 0x\w+ on CPU 0, function 0x"],
    "work_asleep": [ASLEEP + r"0:\d"],
    "works_pending": ["# left: workqueue left", ASLEEP + r"u:\d",
                      r"# left: work 0x\w+ pending, function 0x"],
    "workqueue": ["# left: workqueue left"],
    "hangs_asleep": [BREAK, "# ktest of CPU 0 is asleep"],
    "hangs_in_flush_work": [BREAK, "# ktest of CPU 0 is asleep",
                            ASLEEP + r"0:\d"],
    "hangs_behind_a_thread": [
        BREAK, r"# thread left/0, pid \d+, runs",
        "# ktest of CPU 0 is ready to run", ENDED],
    "hangs_behind_a_thread_irqs_off": [
        BREAK, r"# thread left/0, pid \d+, runs",
        "# context task, .* interrupts off", ENDED],
    "hangs_with_its_queue_locked": [
        BREAK, "# ktest of CPU 0 is ready to run",
        "# the run queue of CPU 0 stays locked: broken open", ENDED],
    "hangs_beside_an_equal": [BREAK, r"# left: thread left/0 (ready|ended)"],
    "hangs_behind_a_work": [BREAK, r"# thread kworker/0:\d, pid \d+, runs",
                            r"# left: kworker/0:\d was ended"],
    "hangs_asleep_elsewhere": ["# CPU {0} hung: " + BREAK,
                               "# ktest of CPU {0} is asleep"],
    "hangs_elsewhere_behind_a_thread": [
        "# CPU {0} hung: " + BREAK, r"# thread left/{0}, pid \d+, runs",
        "# ktest of CPU {0} is ready to run", ENDED],
    "lock_of_a_cpu_lost_elsewhere": [
        "# CPU {0} takes no NMI: INIT", "taken out of what they did"],
    "thread_that_faults": [
        "#UD, invalid opcode", r"# thread left/fault, pid \d+, was ended",
        "# threads ended by an exception: 1, meant: 0"],
    "work_that_faults": ["#UD, invalid opcode",
                         r"# left: kworker/0:\d was ended"],
}


def left(folder, cpus):
    """Each case but clean_* fails and says why; the log."""
    status, out, data = boot(folder, "--smp", str(cpus), "--tests", "left.*",
                             "--args", "scale=3")
    log = taplog.parse(data)
    check(status, 1, out)
    check(log.problems, [], out)
    for result in log.results:
        name = result.name.partition(".")[2]
        if cpus == 1 and "elsewhere" in name:
            want = taplog.SKIP
        else:
            want = taplog.FAIL if name in SAID else taplog.PASS
        check(result.verdict, want, f"{name}: {out}")
        notes = "\n".join(result.notes)
        for said in SAID[name] if want == taplog.FAIL else []:
            pattern = said.replace("{0}", str(cpus - 1))
            assert re.search(pattern, notes), f"{name}: no {pattern}: {notes}"
    check({n for n in SAID if f"left.{n}" not in
           {r.name for r in log.results}}, set(), "cases without a result")
    return log, data


@test
def one_cpu_leaves_nothing_behind(folder):
    left(folder, 1)


@test
def of_two_cpus_neither_leaves_anything_behind(folder):
    left(folder, 2)


@test
def a_thread_that_faults_is_found_by_symbolize(folder):
    _, _, data = boot(folder, "--tests", "left.thread_that_faults")
    status, out = tool("symbolize", write(folder, "log", data))
    check(status, 0, out)
    for name in ("insn_ud2", "fault", "kthread_main"):
        contains(out, name)


main()
