# SPDX-License-Identifier: MIT
"""tests/known-defects/: which platform is known to fail which case.

A list is a file of rows, or a directory of such files that end in .defects:
one a platform, or a part of one's. A row is four fields separated by tabs:
case, platform, the rule broken, what was seen. The platform is a name and a version or range, then perhaps
conditions on the facts of the log's header:

    tcg 9.0..10.x           QEMU's software CPU, 9.0 up to any 10
    tcg 9.0.. apic=x2apic   from 9.0 on, when the header says apic=x2apic

Where what was seen begins with "the emulator ends", the case is not run there:
nothing would come after it.
"""

import fnmatch
import glob
import os
import re
from dataclasses import dataclass, field

CASE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
VERSION = re.compile(r"\d+(\.\d+)*(\.x)?")
OUTSIDE_QUOTES = r'(?=(?:[^"]*"[^"]*")*[^"]*$)'


class DefectsError(Exception):
    """The list cannot be read; the text names file and line."""


@dataclass(frozen=True)
class Defect:
    """One row."""
    case: str
    platform: str
    rule: str
    seen: str
    where: str = field(default="", compare=False)  # file and line

    def citations(self):
        """The rule's parts, up to the colon before what they say."""
        return re.split(": " + OUTSIDE_QUOTES, self.rule)[0].split("; ")

    def applies(self, facts):
        """Is this row about the platform whose header has these facts?"""
        name, _, version = facts.get("platform", "").partition("-")
        words = self.platform.split()
        if words[0] != name or not in_range(version, words[1]):
            return False
        return all(facts.get(k) == v for k, v in
                   (word.split("=", 1) for word in words[2:]))


def _numbers(version):
    return [int(n) for n in version.split(".") if n.isdigit()]


def in_range(version, wanted):
    """Is version ('10.0.2') in wanted ('10.0.2', '9.0..10.x', '9.0..')?"""
    if not VERSION.fullmatch(version):
        return False
    have = _numbers(version)
    low, dots, high = wanted.partition("..")
    if not dots:
        high = low
    least, most = _numbers(low), _numbers(high)
    if have < least:
        return False
    if not high:
        return True
    # 10.x and 10.0 take in 10.0.2: a bound says only what it says.
    return have[:len(most)] <= most


def _row(where, text):
    fields = [f.strip() for f in text.split("\t") if f.strip()]
    if len(fields) != 4:
        raise DefectsError(f"{where}: {len(fields)} fields instead of 4 "
                           "(case, platform, rule, what was seen)")
    row = Defect(*fields, where=where)
    if not CASE.fullmatch(row.case):
        raise DefectsError(f"{where}: '{row.case}' is no case name")
    words = row.platform.split()
    if len(words) < 2:
        raise DefectsError(f"{where}: a platform needs a name and versions")
    low, dots, high = words[1].partition("..")
    for version in (low, high) if dots else (low,):
        if not VERSION.fullmatch(version) and (version or version is low):
            raise DefectsError(f"{where}: '{version}' is no version")
    for word in words[2:]:
        if "=" not in word:
            raise DefectsError(f"{where}: '{word}' is no key=value")
    return row


def files(path):
    """The files of a list: itself, or those of its directory."""
    if not os.path.isdir(path):
        return [path]
    found = sorted(glob.glob(os.path.join(glob.escape(path), "*.defects")))
    if not found:
        raise DefectsError(f"{path}: no file in it ends in .defects")
    return found


def load(path):
    """Every row of the list, checked; a case and platform stand once."""
    rows, seen = [], {}
    for name in files(path):
        with open(name, encoding="ascii") as source:
            lines = list(enumerate(source, 1))
        for number, line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            row = _row(f"{name}:{number}", line.rstrip("\n"))
            first = seen.setdefault((row.case, row.platform), row)
            if first is not row:
                raise DefectsError(f"{row.where}: {row.case} is listed for "
                                   f"this platform at {first.where} too")
            rows.append(row)
    return rows


def for_platform(rows, facts):
    """{case: row} of the rows that hold where the log was made."""
    return {row.case: row for row in rows if row.applies(facts)}


def fatal(rows, platform, tests=""):
    """Rows of what would end the emulator itself, among tests' globs."""
    globs = [g for g in tests.split(",") if g] or ["*"]
    return [row for row in rows
            if row.seen.startswith("the emulator ends")
            and row.applies({"platform": platform})
            and any(fnmatch.fnmatchcase(row.case, g) for g in globs)
            and row.case not in globs]
