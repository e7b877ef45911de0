#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/skips: an unexpected SKIP is a failure, and so is a row unused."""

import sys

sys.dont_write_bytecode = True
from tap import check, contains, main, make_log, test, write

from irqbed import SKIPS, defects, skips, taplog

ROWS = "pc *\ttcg 10.0.2..10.0.x\tno HPET\n*\ttcg 10.0.2..10.0.x\tno MPX\n"


def rows(folder):
    return skips.load(write(folder, "skips", ROWS))


def log(*reasons, platform="tcg-10.0.2"):
    lines = [f"ok {n} - a.case_{n} # SKIP {why}"
             for n, why in enumerate(reasons, 1)]
    return taplog.parse(make_log(*lines, facts=[f"platform={platform}"]))


@test
def the_list_of_the_tree_can_be_read(folder):
    assert len(skips.load(SKIPS)) > 10


@test
def a_skip_with_a_row_passes(folder):
    check(skips.unexpected(rows(folder), "pc max", log("no HPET", "no MPX")),
          [])


@test
def a_skip_without_a_row_for_its_machine_is_named(folder):
    found = skips.unexpected(rows(folder), "q35 max", log("no MPX", "no HPET"))
    check(len(found), 1, found)
    contains(found[0], "a.case_2 is skipped: no HPET")
    contains(found[0], "tests/skips")


@test
def a_platform_that_no_row_names_is_not_judged(folder):
    odd = log("no luck", platform="tcg-7.2.9")
    check(skips.unexpected(rows(folder), "q35 max", odd), [])
    check(skips.stale(rows(folder), [("pc max", odd)]), [])


@test
def a_row_that_no_skip_needs_is_named(folder):
    found = skips.stale(rows(folder), [("pc max", log("no MPX")),
                                       ("q35 max", log("no HPET"))])
    check(len(found), 1, found)
    contains(found[0], "nothing is skipped on pc * because no HPET")


@test
def a_row_of_two_fields_is_refused(folder):
    try:
        skips.load(write(folder, "skips", "*\tno luck\n"))
    except defects.DefectsError as error:
        contains(str(error), "2 fields instead of 3")
    else:
        raise AssertionError("taken")


main()
