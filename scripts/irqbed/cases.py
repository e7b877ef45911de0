# SPDX-License-Identifier: MIT
"""Every case of the tree and the rule it carries, read from the sources.

The preprocessor reads them: a rule may be a macro, or several strings, and a
case may come from a macro of its file. Nothing has to be built for that.

A rule is citations, "; " between them: a short name of ARCHITECTURE.md's table
of manuals, a blank, the section's title, quoted or plain, perhaps a detail.
"""

import glob
import os
import re
import shlex
import subprocess
from dataclasses import dataclass

from . import HOME

FILES = ("tests/*/test_*.c", "tests/*/pure_*.c")
WORDS = "-E -w -std=gnu11 -ffreestanding -Iinclude"
STRING = r'"(?:[^"\\]|\\.)*"'
CASE = re.compile(rf'^# \d+ "(?P<file>[^"]+)"|'
                  rf'\.name = (?P<name>{STRING}(?:\s*{STRING})+)\s*,\s*'
                  rf'\.rule = (?P<rule>{STRING}(?:\s*{STRING})*)', re.M)
SECTION = "## Manuals by title"
# Their citations name a file of theirs, before a comma, a colon or the end.
BY_FILE = re.compile(r"(Linux|irqbed) ([\w./-]+\.\w+)(?=[,: ]|$)")


class CasesError(Exception):
    """The sources cannot be read; the text says why."""


@dataclass(frozen=True)
class Case:
    """One TEST(): its name, its rule, where it stands."""
    name: str
    rule: str
    file: str

    @property
    def suite(self):
        """What stands before the dot."""
        return self.name.split(".")[0]

    def citations(self):
        """The rule's parts."""
        return self.rule.split("; ")


def _text(literals):
    """What adjacent C strings say."""
    parts = re.findall(STRING, literals)
    return re.sub(r"\\(.)", r"\1", "".join(p[1:-1] for p in parts))


def load(home=HOME):
    """Every case of the tree, in the order of files and lines."""
    files = sorted(os.path.relpath(f, home) for pattern in FILES
                   for f in glob.glob(os.path.join(home, pattern)))
    compiler = shlex.split(os.environ.get("CC", "gcc"))
    done = subprocess.run([*compiler, *WORDS.split(), *files], cwd=home,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise CasesError(done.stderr.strip())
    cases, file = [], ""
    for found in CASE.finditer(done.stdout):
        if found["file"]:
            # What a header says stands for the file that includes it.
            file = found["file"] if found["file"] in files else file
        else:
            cases.append(Case(_text(found["name"]), _text(found["rule"]),
                              file))
    if not cases:
        raise CasesError("no TEST() found in tests/")
    return cases


def manuals(home=HOME):
    """The short names of the manuals, from ARCHITECTURE.md's table."""
    with open(os.path.join(home, "ARCHITECTURE.md"),
              encoding="utf-8") as paper:
        table = paper.read().partition(SECTION)[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| .+ \|$", table, re.M)[1:]
    return [name for row in rows for name in row.split(", ")]


def manual_of(citation, names):
    """(short name, section) of a citation; ("", citation) if none fits."""
    for name in sorted(names, key=len, reverse=True):
        if citation.startswith(name + " "):
            return name, citation[len(name) + 1:].strip()
    return "", citation


def complaint(citation, names, home=HOME):
    """What is wrong with one citation, or ""."""
    manual, section = manual_of(citation, names)
    if not manual:
        return (f"'{citation}' begins with no manual of ARCHITECTURE.md, "
                f'"{SECTION.removeprefix("## ")}"')
    if not section:
        return f"'{citation}' names no section"
    if section.count('"') % 2:
        return f"'{citation}': a quotation mark is missing"
    if manual.startswith("SDM 3A") and re.match(r'"?Interrupt \d+[-—]', section):
        return f"'{citation}': the number is enough, as in SDM 3A Interrupt 6"
    if manual in ("Linux", "irqbed"):
        file = BY_FILE.match(citation)
        if not file:
            return f"'{citation}' names no file"
        if manual == "irqbed" and not os.path.exists(
                os.path.join(home, file[2])):
            return f"'{citation}': {file[2]} does not exist"
    return ""


def check(cases, names, home=HOME):
    """Everything wrong with the rules of the cases, a line each."""
    return [f"{case.file}: {case.name}: {why}" for case in cases
            for why in (complaint(c, names, home) for c in case.citations())
            if why]
