#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/known-defects/: how rows are read, matched, and kept true."""

import os
import sys

sys.dont_write_bytecode = True
from tap import HOME, check, contains, main, make_log, run, test, tool, write

from irqbed import defects

ROW = "a.two\ttcg 9.0..10.x\tSDM 3A \"EOI\"\tno #GP\n"
FAILING = make_log("ok 1 - a.one", "not ok 2 - a.two")


def judge(folder, data, rows, *words):
    return tool("irqbed-log", write(folder, "log", data), "--defects",
                write(folder, "rows", rows), *words)


@test
def the_list_of_the_tree_can_be_read(folder):
    rows = defects.load(os.path.join(HOME, "tests", "known-defects"))
    assert len(rows) > 100, len(rows)


@test
def a_list_may_be_a_directory_of_files(folder):
    os.mkdir(lists := os.path.join(folder, "lists"))
    log = write(folder, "log", FAILING)
    write(lists, "README.md", "not a row\n")
    status, out = tool("irqbed-log", log, "--defects", lists)
    check(status, 3, out)
    contains(out, f"{lists}: no file in it ends in .defects")
    write(lists, "a.defects", ROW.replace("a.two", "a.three"))
    check(tool("irqbed-log", log, "--defects", lists)[0], 1)
    write(lists, "b.defects", "# a platform\n" + ROW)
    check(tool("irqbed-log", log, "--defects", lists)[0], 0)
    write(lists, "c.defects", ROW)
    status, out = tool("irqbed-log", log, "--defects", lists)
    check(status, 3, out)
    for part in ("c.defects:1: a.two is listed", "b.defects:2 too"):
        contains(out, part)


@test
def ranges_hold_what_they_say(folder):
    for version, wanted, inside in (
            ("10.0.2", "10.0.2", True), ("10.0.3", "10.0.2", False),
            ("10.0.2", "9.0..10.x", True), ("10.99", "9.0..10.x", True),
            ("11.0", "9.0..10.x", False), ("8.2.1", "9.0..10.x", False),
            ("9.0.0", "9.0..10.x", True), ("12.1", "9.0..", True),
            ("10.0.2", "10.x", True), ("10.0.2", "9.0..10.0", True),
            ("10.1.0", "9.0..10.0", False), ("odd", "9.0..", False)):
        check(defects.in_range(version, wanted), inside,
              f"{version} in {wanted}")


@test
def what_ends_the_emulator_is_not_run_there(folder):
    rows = defects.load(write(folder, "rows", ROW.replace(
        "no #GP", "the emulator ends: fatal error") + "a.one\ttcg 9.0..\t"
        "SDM 3A \"EOI\"\tno #GP\n"))
    for platform, tests, names in (
            ("tcg-10.0.2", "", ["a.two"]), ("tcg-8.0", "", []),
            ("tcg-10.0.2", "a.*", ["a.two"]), ("tcg-10.0.2", "b.*", []),
            ("tcg-10.0.2", "a.two", [])):  # asked for by name: so be it
        check([row.case for row in defects.fatal(rows, platform, tests)],
              names, f"{platform} {tests}")


@test
def a_listed_failure_passes(folder):
    status, out = judge(folder, FAILING, ROW)
    check(status, 0, out)
    contains(out, "1 passed, 0 failed, 0 skipped, 1 known defects")


@test
def a_platform_without_rows_is_said_when_a_case_fails(folder):
    hint = "no known-defects rows for tcg-10.0.2: failures may be the platform"
    other = ROW.replace("9.0..10.x", "7.2")
    contains(judge(folder, FAILING, other)[1], hint)
    for data, rows in ((FAILING, ROW), (make_log("ok 1 - a.two"), other)):
        assert hint not in judge(folder, data, rows)[1]


@test
def a_listed_case_that_passes_is_status_1(folder):
    data = make_log("ok 1 - a.one", "ok 2 - a.two")
    status, out = judge(folder, data, ROW)
    check(status, 1, out)
    contains(out, "passed, but listed as a known defect: a.two")


@test
def a_listed_case_that_is_skipped_is_no_error(folder):
    data = make_log("ok 1 - a.one", "ok 2 - a.two # SKIP no x2APIC")
    check(judge(folder, data, ROW)[0], 0)


@test
def another_platform_is_not_excused(folder):
    for facts in (["platform=tcg-11.0.0"], ["platform=kvm-10.0.2"], []):
        data = make_log("not ok 1 - a.two", facts=facts)
        check(judge(folder, data, ROW)[0], 1, facts)


@test
def a_condition_must_hold_too(folder):
    row = ROW.replace("10.x", "10.x apic=x2apic")
    for apic, want in (("x2apic", 0), ("xapic", 1)):
        data = make_log("not ok 1 - a.two",
                        facts=["platform=tcg-10.0.2", f"apic={apic}"])
        check(judge(folder, data, row)[0], want, apic)


@test
def another_failure_is_not_hidden(folder):
    data = make_log("not ok 1 - a.one", "not ok 2 - a.two")
    status, out = judge(folder, data, ROW)
    check(status, 1, out)
    contains(out, "failed: a.one")


@test
def prove_takes_a_listed_failure_as_known(folder):
    tap = os.path.join(folder, "tap")
    judge(folder, FAILING, ROW, "--tap", tap)
    check(run("prove", "-e", "cat", tap)[0], 0)
    with open(tap, encoding="ascii") as source:
        contains(source.read(), "not ok 2 - a.two # TO" "DO SDM 3A")


@test
def junit_shows_a_listed_failure_as_expected(folder):
    import xml.etree.ElementTree as xml
    out = os.path.join(folder, "out.xml")
    judge(folder, FAILING, ROW, "--junit", out)
    cases = list(xml.parse(out).getroot().iter("testcase"))
    check([c.find("failure") is None for c in cases], [True, True])
    check(cases[1].find("skipped").get("type"), "xfail")


@test
def prove_does_not_take_a_stale_row(folder):
    tap = os.path.join(folder, "tap")
    judge(folder, make_log("ok 1 - a.two"), ROW, "--tap", tap)
    assert run("prove", "-e", "cat", tap)[0] != 0


@test
def bad_rows_are_refused_with_file_and_line(folder):
    for row in ("a.two\ttcg 9.0..\tonly three\n", ROW + ROW,
                ROW.replace("a.two", "A two"), ROW.replace("tcg 9", "tcg x9"),
                ROW.replace("tcg 9.0..10.x", "tcg"),
                ROW.replace("10.x", "10.x apic")):
        status, out = judge(folder, FAILING, row)
        check(status, 3, row + out)
        contains(out, "rows:")


main()
