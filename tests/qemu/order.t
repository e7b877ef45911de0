#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irqbed in QEMU: list, skip, repeat, and shuffle that can be repeated."""

import sys

sys.dont_write_bytecode = True
from tap import boot, check, main, test

from irqbed import cases, taplog

FEW = "lib.*"  # enough cases for an order to be told from another


def names(folder, *words):
    status, out, data = boot(folder, *words)
    check(status, 0, out)
    log = taplog.parse(data)
    return [r.name for r in log.results] or [n for n, _ in log.listed]


@test
def list_names_every_case_with_its_rule_and_runs_none(folder):
    status, out, data = boot(folder, "--args", "list")
    check(status, 0, out)
    log = taplog.parse(data)
    check((log.plan, len(log.results)), (0, 0))
    assert len(log.listed) >= 120, len(log.listed)
    assert len({name for name, _ in log.listed}) == len(log.listed)
    assert not any(n.startswith("selftest.") for n, _ in log.listed)
    found = {case.name: case.rule for case in cases.load()}
    check({n: found.get(n) for n, _ in log.listed}, dict(log.listed))
    suites = {name.split(".")[0] for name, _ in log.listed}
    check([n for n in found if n.split(".")[0] in suites
           and n not in dict(log.listed)], [], "in the sources only")


@test
def list_gives_the_order_a_run_has(folder):
    check(names(folder, "--tests", FEW, "--args", "list"),
          names(folder, "--tests", FEW))


@test
def skip_takes_cases_out(folder):
    every = names(folder, "--tests", FEW, "--args", "list")
    check(names(folder, "--tests", FEW, "--skip", every[0],
                "--args", "list"), every[1:])


@test
def one_seed_gives_one_order(folder):
    words = ("--tests", FEW, "--args")
    first = names(folder, *words, "list shuffle seed=7")
    check(names(folder, *words, "list shuffle seed=7"), first)
    plain = names(folder, *words, "list")
    assert first != plain and sorted(first) == sorted(plain), first


@test
def repeat_gives_one_result_line_a_case(folder):
    check(names(folder, "--tests", "selftest.passes", "--args", "repeat=3"),
          ["selftest.passes"])


main()
