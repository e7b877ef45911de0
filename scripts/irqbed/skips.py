# SPDX-License-Identifier: MIT
"""tests/skips: why cases may SKIP on the machines that `make test` boots.

A row is machine (a glob), platform (as in tests/known-defects) and reason,
separated by tabs. On a platform that some row names, a SKIP without a row is
a failure, and so is a row without a SKIP.
"""

import fnmatch
from dataclasses import dataclass

from . import defects, taplog


@dataclass(frozen=True)
class Row:
    """Where a reason is expected."""
    machine: str
    platform: str
    reason: str

    def applies(self, machine, facts):
        """Is this row about that machine of that platform?"""
        return (fnmatch.fnmatchcase(machine, self.machine)
                and on_platform(self, facts))


def on_platform(row, facts):
    """Does the row name the platform whose log has these facts?"""
    return defects.Defect("", row.platform, "", "").applies(facts)


def load(path):
    """Every row of the file."""
    rows = []
    with open(path, encoding="ascii") as source:
        for number, line in enumerate(source, 1):
            if not line.strip() or line.startswith("#"):
                continue
            fields = line.strip().split("\t")
            if len(fields) != 3:
                raise defects.DefectsError(
                    f"{path}:{number}: {len(fields)} fields instead of 3 "
                    "(machine, platform, reason)")
            rows.append(Row(*fields))
    return rows


def unexpected(rows, machine, log):
    """A line for each SKIP of this log that no row expects."""
    if not any(on_platform(row, log.facts) for row in rows):
        return []
    known = {r.reason for r in rows if r.applies(machine, log.facts)}
    return [f"{r.name} is skipped: {r.reason}: mend what finds that out, or "
            "add the reason for this machine to tests/skips"
            for r in log.results
            if r.verdict == taplog.SKIP and r.reason not in known]


def stale(rows, logs):
    """A line for each row that no SKIP needs; logs is [(machine, log)]."""
    lines = []
    for row in rows:
        about = [log for machine, log in logs
                 if row.applies(machine, log.facts)]
        if about and not any(r.verdict == taplog.SKIP
                             and r.reason == row.reason
                             for log in about for r in log.results):
            lines.append(f"tests/skips: nothing is skipped on {row.machine} "
                         f"because {row.reason}: remove the row")
    return lines
