#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irqbed in QEMU: CPUs that hang, and runs that cannot go on.

The cases are suites hang, elsewhere and panic of tests/selftest/.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from tap import HOME, IMAGE, SCRIPTS, boot, check, contains, main, test

from irqbed import efiapp, image, taplog


STALE = 10  # seconds: src/smp/watch.c, STALE_US


def children(pid):
    """Whom pid has started."""
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path, encoding="ascii") as source:
        return [int(word) for word in source.read().split()]


def run(folder, cpus, globs, *words):
    """(status, output, the log parsed, its text) of one boot.

    The cases wait for limits to pass: these are not to grow with the load.
    """
    status, out, data = boot(folder, "--smp", str(cpus), "--tests", globs,
                             "--args", "scale=3", *words)
    return status, out, taplog.parse(data), data.decode("ascii", "replace")


def hang(folder, cpus, skipped):
    """Each way to hang fails its case; every CPU works again after it."""
    status, out, log, text = run(folder, cpus, "hang.*")
    check(status, 1, out)
    check(log.problems, [], out)
    for result in log.results:
        name = result.name.partition(".")[2]
        if name in skipped or "*" in skipped and name != "boot_cpu":
            want = taplog.SKIP
        else:
            want = taplog.FAIL
        if name.startswith("alive_"):
            want = taplog.PASS
        check(result.verdict, want, f"{name}: {out}")
        notes = "\n".join(result.notes)
        if want == taplog.FAIL and "exception" not in name:
            contains(notes, "takes no NMI: INIT" if "nmi" in name
                     else "broken out by NMI")
            if "nmi" not in name:
                contains(notes, "# backtrace:")
    return log, text


@test
def one_cpu_is_broken_out_by_a_timer(folder):
    log, _ = hang(folder, 1, {"*"})
    contains("\n".join(log.results[0].notes), "broken out by NMI (hpet)")


@test
def two_cpus_hang_in_every_way_and_the_run_goes_on(folder):
    log, _ = hang(folder, 2, {"boot_cpu_and_its_watcher", "idle_cpu",
                            "softirq_of_an_idle_cpu"})
    notes = {r.name: "\n".join(r.notes) for r in log.results}
    contains(notes["hang.boot_cpu"], "broken out by NMI (peer)")
    contains(notes["hang.boot_cpu"], "# idle: CPU 1")
    contains(notes["hang.all_at_once"], "broken out by NMI (hpet)")
    contains(notes["hang.exception_in_a_call_function"],
             "# CPU 1, APIC ID 0x1\n# context hardirq")


@test
def four_cpus_hang_in_every_way_and_the_run_goes_on(folder):
    log, _ = hang(folder, 4, set())
    notes = {r.name: "\n".join(r.notes) for r in log.results}
    contains(notes["hang.boot_cpu_and_its_watcher"],
             "broken out by NMI (peer)")
    contains(notes["hang.all_at_once"], "broken out by NMI (hpet)")
    for cpu in range(1, 4):
        contains(notes["hang.all_at_once"], f"# CPU {cpu} hung: broken out")


@test
def a_case_that_goes_wrong_on_another_cpu_has_failed(folder):
    status, out, log, _ = run(folder, 2, "elsewhere.*")
    check(status, 1, out)
    check(log.problems, [], out)
    got = {r.name.partition(".")[2]: r for r in log.results}
    for name, said in (("hangs", "the case hung: its "),
                       ("hangs_in_an_nmi_handler", "takes no NMI: INIT"),
                       ("faults", "#UD, invalid opcode")):
        check(got[name].verdict, taplog.FAIL, out)
        contains("\n".join(got[name].notes), said)
        contains("\n".join(got[name].notes), "failed on CPU 1, not on the")
    check(got["works"].verdict, taplog.PASS, out)


@test
def a_boot_cpu_that_takes_no_nmi_ends_the_run_and_is_named(folder):
    case = "selftest.boot_cpu_hangs_in_an_nmi_handler"
    status, out, log, _ = run(folder, 2, f"selftest.passes,{case}")
    check(status, 2, out)
    contains(log.bailed, "CPU 0 hangs and takes no NMI")
    contains(out, f"{case} was running")


def panic(folder, cpus, name, damaged=False):
    """One reason, one END line behind it; the text between."""
    status, out, log, text = run(folder, cpus, f"panic.{name}")
    check(status, 2, out)
    check(text.count("Bail out! "), 1, out)
    last = text.rstrip("\r\n").rpartition("\n")[2]
    assert re.fullmatch(r"# IRQBED-END run=\w+ pass=\d+ fail=\d+ skip=\d+ "
                        r"crc32=\w+", last), out
    if not damaged:
        check([p for p in log.problems if "CRC" in p or "crc" in p], [], out)
    return text


def where(text, cpu, *parts):
    """The line in which cpu says where it is."""
    lines = re.findall(rf"^# CPU {cpu}, APIC ID .*: context .*$", text, re.M)
    check(len(lines), 1, text[-3000:])
    for part in parts:
        contains(lines[0], part)


@test
def a_panic_of_another_cpu_says_where_the_boot_cpu_was(folder):
    text = panic(folder, 4, "on_another_cpu")
    contains(text, "Bail out! asked for on CPU 3")
    where(text, 0)
    # It waits; it may have just taken a lock, or an interrupt hit it.
    told = re.search(r"^# CPU 0, APIC ID 0x0: (.*)$", text, re.M)[1]
    assert re.match(r"context task, .*task stack of CPU 0"
                    r"|context hardirq, .*irq stack of CPU 0", told), told
    contains(text, "# idle: CPU 1-2")


@test
def a_panic_in_a_call_function_ends_the_run(folder):
    text = panic(folder, 2, "in_a_call_function")
    contains(text, "Bail out! asked for on CPU 1")
    where(text, 0)  # it waits; an interrupt may have hit it there


@test
def of_panics_at_once_one_is_told(folder):
    panic(folder, 4, "of_all_at_once")


@test
def of_faults_at_once_one_is_reported(folder):
    text = panic(folder, 4, "of_all_at_once_by_faults")
    check(text.count("# ---- unexpected exception: "), 1, text[-3000:])
    check(text.count("# ---- end of report ----"), 1, text[-3000:])
    check(len(re.findall(r"^# CPU \d, APIC ID .*: context ", text, re.M)), 3)


@test
def a_panic_stops_a_cpu_that_has_interrupts_off(folder):
    text = panic(folder, 2, "beside_a_cpu_with_interrupts_off")
    where(text, 1, "context task", "interrupts off")
    assert "was not stopped" not in text, text[-3000:]


@test
def a_panic_beside_a_cpu_that_takes_no_nmi_names_it(folder):
    text = panic(folder, 2, "beside_a_cpu_in_an_nmi_handler")
    contains(text, "# CPU 1, APIC ID 0x1, does not answer an NMI")
    contains(text, "# CPU 1 takes no NMI: it was not stopped")


@test
def a_panic_does_not_wait_for_who_holds_the_log(folder):
    text = panic(folder, 2, "beside_a_cpu_that_holds_the_log", damaged=True)
    where(text, 1, "interrupts off, #DB stack of CPU 1")
    contains(text, "Bail out! asked for on CPU 0")


@test
def a_panic_takes_no_lock_of_a_line(folder):
    text = panic(folder, 2, "beside_a_cpu_that_holds_every_lines_lock")
    where(text, 1, "context task", "interrupts off")


@test
def a_cpu_of_the_madt_that_is_not_there_fails_one_case_by_its_apic_id(folder):
    disk = os.path.join(folder, "madt.img")
    shutil.copyfile(IMAGE, disk)
    madt = efiapp.build(os.path.join(HOME, "tests/qemu/madt.c"), folder)
    irqbed = os.path.splitext(IMAGE)[0] + ".efi"
    image.copy_in(disk, irqbed, "/EFI/BOOT/IRQBED.EFI")
    image.copy_in(disk, madt, "/EFI/BOOT/BOOTX64.EFI")
    status, out, log, text = run(folder, 2, "smp.bringup,smp.each*,ud.ud2*",
                                 "--image", disk, "--", "-smp", "2,maxcpus=3")
    check(status, 1, out)
    check(log.problems, [], out)
    contains(text, "# warning: the CPU with APIC ID 0x2 does not answer")
    for result in log.results:
        failed = result.name == "smp.bringup"
        check(result.verdict, taplog.FAIL if failed else taplog.PASS, out)
        if failed:
            contains("\n".join(result.notes), "APIC ID 0x2 does not answer")


@test
def cpus_that_the_host_does_not_run_are_not_hung(folder):
    words = [os.path.join(SCRIPTS, "run-qemu"), "--smp", "4", "--args",
             "scale=1", "--tests", "starved.*", "--log",
             os.path.join(folder, "serial.log")]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, errors="replace") as boot_:
        said = []
        for line in boot_.stdout:
            said.append(line)
            if "stop the emulator now" in line:
                emulator = children(boot_.pid)
                for pid in emulator:
                    os.kill(pid, signal.SIGSTOP)
                time.sleep(STALE + 1)
                for pid in emulator:
                    os.kill(pid, signal.SIGCONT)
    out = "".join(said)
    check(boot_.returncode, 0, out)
    contains(out, "ok 1 - starved.no_idle_cpu_is_taken_for_hung")
    assert "hung" not in out.replace("taken_for_hung", ""), out


# Most of their time they wait for limits: so many share two cores.
main(jobs=4)
