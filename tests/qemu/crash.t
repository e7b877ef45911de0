#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irqbed in QEMU: no way of dying may look like a pass or last for ever."""

import sys
import time

sys.dont_write_bytecode = True
from tap import boot, check, contains, main, test


@test
def a_triple_fault_is_2_and_names_the_case(folder):
    status, out, _ = boot(folder, "--tests", "selftest.triple_fault")
    check(status, 2, out)
    contains(out, "a triple fault reset the machine")
    contains(out, "selftest.triple_fault was running")


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
