#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make bench`: every path costs as few instructions as README.md says."""

import re
import sys

sys.dont_write_bytecode = True
from tap import HOME, check, main, run, test


@test
def every_limit_of_suite_bench_is_kept(_folder):
    # What is built is what is measured: -o all keeps make from building.
    status, out = run("make", "-s", "-C", HOME, "-o", "all", "bench",
                      timeout=800, MAKEFLAGS="", CPU="max")
    check(status, 0, out)
    results = re.findall(r"^((?:not )?ok \d+ - .*)$", out, re.M)
    assert results, out
    # A known defect would be ours, and a SKIP no measurement.
    check([r for r in results if r.startswith("not") or "# SKIP" in r], [])


main()
