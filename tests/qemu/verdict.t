#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irqbed in QEMU: what a case that fails, passes or does not exist leads to.

The suite selftest runs only when it is named: its cases misbehave on purpose.
"""

import sys

sys.dont_write_bytecode = True
from tap import boot, check, contains, main, test

from irqbed import taplog


def selftest(folder, names, *words):
    globs = ",".join(f"selftest.{name}" for name in names)
    status, out, data = boot(folder, "--tests", globs, *words)
    log = taplog.parse(data)
    return status, out, {r.name.partition(".")[2]: r for r in log.results}


@test
def a_passing_case_is_0(folder):
    status, out, results = selftest(folder, ["passes"])
    check(status, 0, out)
    check(results["passes"].verdict, taplog.PASS)
    contains(out, "PASS: 1 passed, 0 failed")


@test
def bad_cases_are_1_each_by_itself_and_the_run_goes_on(folder):
    names = ["fails", "hangs", "leaks", "no_checks", "passes"]
    status, out, results = selftest(folder, names)
    check(status, 1, out)
    check(sorted(results), sorted(names), "every case has a result")
    for name in names[:-1]:
        check(results[name].verdict, taplog.FAIL, f"{name}: {out}")
    check(results["passes"].verdict, taplog.PASS)


@test
def a_failed_check_says_where_what_and_by_which_rule(folder):
    _, out, results = selftest(folder, ["fails"])
    notes = "\n".join(results["fails"].notes)
    for part in (".c:", "got ", "want "):
        contains(notes, part)


@test
def a_hung_case_is_reported_with_registers(folder):
    _, out, results = selftest(folder, ["hangs"])
    contains("\n".join(results["hangs"].notes).lower(), "rip")


@test
def a_case_that_leaks_names_what_it_left_changed(folder):
    _, out, results = selftest(folder, ["leaks"])
    contains("\n".join(results["leaks"].notes).lower(), "cr4")


@test
def a_glob_without_a_case_is_3_and_named(folder):
    status, out, _ = boot(folder, "--tests", "absent.*")
    check(status, 3, out)
    contains(out, "absent.*")


@test
def a_skip_that_leaves_no_case_is_3_and_named(folder):
    status, out, _ = boot(folder, "--tests", "ud.ud2*", "--skip", "ud.*,a*")
    check(status, 3, out)
    contains(out, "no case matches 'ud.ud2*' once skip='ud.*,a*' is out")


@test
def an_unknown_option_is_named_and_the_run_goes_on(folder):
    # So are words there is no room for; the last one to fit is cut in two.
    status, out, data = boot(folder, "--tests", "selftest.passes",
                             "--args", "colour=blue repeat=x" +
                             " verbose" * 600)
    check(status, 0, out)
    text = data.decode("ascii", "replace")
    contains(text, "colour")
    contains(text, "repeat")
    contains(text, "# options.error=words beyond 4095 characters")
    check(text.count("options.error"), 3, text)


@test
def the_raw_log_is_whole_and_the_platform_is_echoed(folder):
    _, _, data = boot(folder, "--tests", "selftest.passes")
    log = taplog.parse(data)
    check(log.problems, [])
    assert log.facts["platform"].startswith("tcg-"), log.facts
    contains(data.decode("ascii", "replace"), "image.base=0x")


main()
