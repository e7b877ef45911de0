#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a crash prints, whole: suite crash against tests/qemu/golden/.

golden.py says what is compared and what is not. `make golden` (this file with
--update) writes the files anew: read the difference before it is committed.
"""

import difflib
import os
import sys

sys.dont_write_bytecode = True
import golden
from tap import HOME, boot, check, contains, main, test, tool

FOLDER = os.path.join(HOME, "tests", "qemu", "golden")
_log = {}


def symbolized(folder):
    """The blocks of one boot of the whole suite: made once."""
    if not _log:
        status, out, data = boot(folder, "--tests", "crash.*")
        check(status, 1, out)  # failed cases, and a complete log
        path = os.path.join(folder, "serial.log")
        status, out = tool("symbolize", path)
        check(status, 0, out)
        _log.update(golden.blocks(out), data=data)
    return {k: v for k, v in _log.items() if k.startswith("crash.")}


def file_of(case):
    return os.path.join(FOLDER, case.removeprefix("crash.") + ".txt")


@test
def every_report_is_as_its_golden_file_has_it(folder):
    wrong = []
    for case, lines in symbolized(folder).items():
        try:
            with open(file_of(case), encoding="ascii") as source:
                want = source.read()
        except FileNotFoundError:
            wrong.append(f"no {file_of(case)}: make golden")
            continue
        wrong += difflib.unified_diff(
            want.splitlines(), golden.normalise(lines).splitlines(),
            case, "now", lineterm="", n=1)
    assert not wrong, "\n".join(wrong)


@test
def every_golden_file_has_its_case(folder):
    have = {file_of(case) for case in symbolized(folder)}
    check({os.path.join(FOLDER, n) for n in os.listdir(FOLDER)}, have)


@test
def every_crash_names_its_statement(folder):
    for case, lines in symbolized(folder).items():
        text = golden.normalise(lines)
        if "/* CRASH */" in case_source(case):
            contains(text, f"{golden.SOURCE}:CRASH")


def case_source(case):
    """The text of a case, from its TEST() to the next."""
    with open(os.path.join(HOME, golden.SOURCE), encoding="ascii") as source:
        text = source.read()
    at = text.index(f"TEST(crash, {case.removeprefix('crash.')},")
    return text[at:].split("\n}\n")[0]


@test
def a_report_in_the_middle_of_a_line_is_whole(folder):
    status, out, data = boot(folder, "--tests", "selftest.crashes_in_a_line")
    check(status, 2, out)  # the line it broke off is lost
    lines = data.decode("ascii", "replace").replace("\r", "").split("\n")
    at = lines.index("# ---- unexpected exception: #DB, debug exception ----")
    report = lines[at:lines.index("# ---- end of report ----")]
    for start in ("# vector 1, ", "# #DB: B0: I/O breakpoint at port 0x03f8",
                  "# rip 0x", "# cr0 0x", "# code ", "# backtrace:",
                  "# signal "):
        check(sum(line.startswith(start) for line in report), 1, start)
    assert not any(line == "" for line in report), report


def update():
    """make golden"""
    import tempfile
    with tempfile.TemporaryDirectory(prefix="irqbed-t-") as folder:
        new = symbolized(folder)
    for name in os.listdir(FOLDER):
        os.unlink(os.path.join(FOLDER, name))
    for case, lines in new.items():
        with open(file_of(case), "w", encoding="ascii") as out:
            out.write(golden.normalise(lines))
    print(f"{len(new)} reports written to {FOLDER}")


if sys.argv[1:] == ["--update"]:
    update()
else:
    main()
