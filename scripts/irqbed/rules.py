# SPDX-License-Identifier: MIT
"""tests/rules: every rule of the manuals that software might judge.

A file a chapter, NAME.rules:

    = SDM 3A Interrupt Stack Table          a section; its rules follow
    IST 0 leaves the stack as it is.        a rule: a sentence of our own
    	delivery.ist_0_keeps_the_stack      what judges it: names or globs
    A 16-bit gate pushes 16-bit words.
    	- unreachable: there is none in 64-bit mode

A rule with names and a "- " line is judged in part; the line says what is
left. The first word after "- " is one of WHY. tests/rules/outside lists the
suites that judge something else, or whose manuals are not catalogued yet:
suite, tab, why. A case of any other suite that no rule names is listed in the
section its TEST() cites: its name reads as a rule of its own.
"""

import fnmatch
import glob
import os
import re
from dataclasses import dataclass, field

from . import HOME, cases

FOLDER = os.path.join("tests", "rules")
OUTSIDE = os.path.join(FOLDER, "outside")
WHY = {"undefined": "the manual leaves it open",
       "unreachable": "no case can get there, or see it",
       "needs": "hardware that the standard machines lack",
       "stage": "to come with a later stage",
       "open": "a case could judge it: none does yet"}
GLOB = re.compile(r"[a-z0-9_]+\.[a-z0-9_*?\[\]]+")


@dataclass
class Rule:
    """One sentence, what judges it, and why something is left."""
    text: str
    section: str
    where: str
    globs: list = field(default_factory=list)
    why: list = field(default_factory=list)  # "word: text"
    cases: list = field(default_factory=list)

    def state(self):
        """judged, part, or the first word of why not."""
        if self.globs:
            return "part" if self.why else "judged"
        return re.match(r"\w+", self.why[0])[0] if self.why else ""


@dataclass
class Catalogue:
    """All sections and rules, and in problems what is wrong with them."""
    rules: list = field(default_factory=list)
    sections: dict = field(default_factory=dict)  # title -> file, in order
    outside: dict = field(default_factory=dict)  # suite -> why
    unclaimed: dict = field(default_factory=dict)  # section -> case names
    problems: list = field(default_factory=list)

    def complain(self, where, what):
        """Remember one problem."""
        self.problems.append(f"{where}: {what}")


def _why(catalogue, rule, where, text):
    word = re.match(r"(undefined|unreachable|open): .|needs \S|stage \d", text)
    if not word:
        catalogue.complain(where, "after '- ' stands 'undefined: why', "
                           "'unreachable: why', 'open: what', 'needs "
                           "HARDWARE' or 'stage N: what'")
        return
    rule.why.append(text)


def _detail(catalogue, rule, where, text):
    if rule is None:
        catalogue.complain(where, "an indented line before any rule")
    elif text.startswith("- "):
        _why(catalogue, rule, where, text[2:])
    else:
        for word in text.split():
            if not GLOB.fullmatch(word):
                catalogue.complain(where, f"'{word}' is no suite.case")
            elif word.endswith(".*"):
                catalogue.complain(where, f"'{word}' claims a whole suite: "
                                   "name the cases that judge this rule")
            else:
                rule.globs.append(word)


def _section(catalogue, title, where, names, home):
    complaint = cases.complaint(title, names, home)
    if complaint:
        catalogue.complain(where, complaint)
    if title in catalogue.sections:
        catalogue.complain(where, f"'{title}' has a section already, in "
                           f"{catalogue.sections[title]}")
    catalogue.sections.setdefault(title, where.split(":")[0])


def _file(catalogue, path, names, home):
    section, rule = None, None
    with open(os.path.join(home, path), encoding="ascii") as source:
        for number, line in enumerate(source, 1):
            where, line = f"{path}:{number}", line.rstrip()
            if not line or line.startswith("# ") or line == "#":
                continue  # "#UD ..." begins a rule
            if line.startswith("= "):
                section, rule = line[2:], None
                _section(catalogue, section, where, names, home)
            elif line[0].isspace():
                _detail(catalogue, rule, where, line.strip())
            elif section is None:
                catalogue.complain(where, "a rule before any '= SECTION'")
            else:
                rule = Rule(line, section, where)
                catalogue.rules.append(rule)


def _outside(catalogue, home):
    with open(os.path.join(home, OUTSIDE), encoding="ascii") as source:
        for number, line in enumerate(source, 1):
            if not line.strip() or line.startswith("#"):
                continue
            suite, _, why = line.strip().partition("\t")
            if not why:
                catalogue.complain(f"{OUTSIDE}:{number}",
                                   "want suite, tab, why")
            catalogue.outside[suite] = why.strip()


def load(names, home=HOME):
    """Read all files of the catalogue."""
    catalogue = Catalogue()
    for path in sorted(glob.glob(os.path.join(home, FOLDER, "*.rules"))):
        _file(catalogue, os.path.relpath(path, home), names, home)
    _outside(catalogue, home)
    seen = {}
    for rule in catalogue.rules:
        if not rule.globs and not rule.why:
            catalogue.complain(rule.where, "neither a case nor why not: add "
                               "an indented line with either")
        same = seen.setdefault((rule.section, rule.text), rule)
        if same is not rule:
            catalogue.complain(rule.where, f"stands at {same.where} too")
    return catalogue


def _plain(citation):
    """A citation without quotation marks and what follows the title."""
    return re.split(r"[:\"]\s*(?=$|[:,])|: ", citation.replace(' "', " "))[0]


def section_of(catalogue, case):
    """The section that a case's rule cites, as the catalogue writes it."""
    cited = [_plain(citation) for citation in case.citations()]
    for title in catalogue.sections:
        for citation in cited:
            if (title == citation or citation.startswith(title + ", ")
                    or title.startswith((citation + "/", citation + " (",
                                         citation + ": "))):
                return title
    return cited[0]


def _claimed_where_cited(catalogue, found, manuals):
    """A case is claimed by a rule of a volume it cites, whoever else does."""
    volumes = {}
    for rule in catalogue.rules:
        for name in rule.cases:
            volumes.setdefault(name, set()).add(
                cases.manual_of(rule.section, manuals)[0])
    for case in found:
        cited = {cases.manual_of(c, manuals)[0] for c in case.citations()}
        claimed = volumes.get(case.name, cited)
        if case.suite in catalogue.outside or "" in cited:
            continue  # the second has been complained of already
        if not cited & claimed:
            catalogue.complain(
                case.file, f"{case.name} cites {', '.join(sorted(cited))}, "
                f"but only rules of {', '.join(sorted(claimed))} claim it: "
                "cite their section too, or claim it where it is cited")


def match(catalogue, found, manuals):
    """Give every rule its cases; complain of what does not fit."""
    names = [case.name for case in found]
    claimed = set()
    for rule in catalogue.rules:
        for pattern in rule.globs:
            hits = [n for n in names if fnmatch.fnmatchcase(n, pattern)]
            if not hits:
                catalogue.complain(rule.where, f"no case matches '{pattern}'")
            rule.cases += [n for n in hits if n not in rule.cases]
        claimed.update(rule.cases)
    _claimed_where_cited(catalogue, found, manuals)
    suites = {case.suite for case in found}
    for suite in sorted(catalogue.outside.keys() - suites):
        catalogue.complain(OUTSIDE, f"there is no suite {suite}")
    for case in found:
        if case.suite not in catalogue.outside and case.name not in claimed:
            catalogue.unclaimed.setdefault(section_of(catalogue, case),
                                           []).append(case.name)
