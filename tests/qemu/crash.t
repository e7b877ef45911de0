#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irqbed in QEMU: no way of dying may look like a pass or last for ever."""

import sys
import time

sys.dont_write_bytecode = True
from tap import boot, check, contains, main, test

from irqbed import taplog


def reset(folder, case):
    """case shuts the CPU down: status 2, and the words that name it."""
    status, out, _ = boot(folder, "--tests", f"selftest.passes,{case}")
    check(status, 2, out)
    contains(out, "a triple fault reset the machine")
    contains(out, f"{case} was running")


@test
def a_triple_fault_is_2_and_names_the_case(folder):
    reset(folder, "selftest.triple_fault")


@test
def a_df_gate_not_present_is_a_triple_fault(folder):
    reset(folder, "selftest.triple_fault_by_df_gate")


@test
def a_df_stack_not_present_is_a_triple_fault(folder):
    reset(folder, "selftest.triple_fault_by_df_stack")


@test
def a_tss_without_rsp0_is_a_triple_fault(folder):
    reset(folder, "selftest.triple_fault_by_tss")


@test
def an_overflow_of_each_stack_is_reported_by_its_name(folder):
    names = {"entry": "entry", "irq": "irq", "ist1": "#DF", "ist2": "NMI",
             "ist3": "#DB", "ist4": "#MC", "ist5": "#VC", "ist6": "IST6",
             "ist7": "IST7"}
    status, out, data = boot(folder, "--tests", "selftest.overflows_stack_*")
    check(status, 1, out)
    log = taplog.parse(data)
    check(len(log.results), len(names), "one result a stack")
    for result in log.results:
        stack = names[result.name.rpartition("_")[2]]
        contains("\n".join(result.notes),
                 f"#DF: cause: stack overflow of the {stack} stack of CPU 0")


@test
def a_crash_of_irqbed_is_2_and_reported(folder):
    status, out, data = boot(folder, "--tests", "selftest.crash")
    check(status, 2, out)
    text = data.decode("ascii", "replace")
    contains(text, "Bail out! ")
    contains(text, "# IRQBED-END ")


@test
def a_hang_with_nmis_blocked_ends_at_the_limit_and_names_the_case(folder):
    began = time.monotonic()
    status, out, _ = boot(folder, "--tests",
                          "selftest.passes,selftest.hangs_hard",
                          "--timeout", "30")
    check(status, 2, out)
    contains(out, "selftest.hangs_hard was running")
    # The limit, and one more boot to ask for the name.
    assert time.monotonic() - began < 90, out


main()
