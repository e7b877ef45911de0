# SPDX-License-Identifier: MIT
"""docs/coverage.md: rule by rule, which cases judge it and who fails them.

Made from the catalogue (rules), the cases (cases), tests/known-defects/
(defects) and tests/skips (skips), and from nothing else, so that it changes
only when they do.
"""

import os
from collections import Counter

from . import HOME, cases, defects, rules, skips

PATH = os.path.join("docs", "coverage.md")
DEFECTS = os.path.join("tests", "known-defects")
HEAD = """\
<!-- SPDX-License-Identifier: MIT -->
<!-- Made by `make coverage` from tests/rules/, the cases, tests/known-defects/
     and tests/skips: change those, not this. -->
# Coverage

What the manuals say about events, and which case judges it. A rule is a
sentence of ours for one thing a manual demands; "in part" says what is left.
A case that stands alone in a list is a rule by its own name.

| not judged | because |
|---|---|
"""
COLUMNS = ("rules", "judged", "part", *rules.WHY)
TITLES = {"part": "in part", "needs": "needs hardware",
          "stage": "later stage"}


def _code(names):
    return ", ".join(f"`{name}`" for name in names)


def _table(head, lines):
    """A table whose columns of numbers stand to the right."""
    right = {n for line in lines for n, c in enumerate(line)
             if isinstance(c, int)}
    yield "| " + " | ".join(head) + " |"
    yield "|" + "".join("---:|" if n in right else "---|"
                        for n in range(len(head)))
    for line in lines:
        yield "| " + " | ".join(str(c or "") for c in line) + " |"


def _counts(listed):
    count = Counter(rule.state() for rule in listed)
    count["rules"] = len(listed)
    return [count[column] for column in COLUMNS]


def _summary(catalogue):
    lines = [[title, *_counts([r for r in catalogue.rules
                               if r.section == title])]
             for title in catalogue.sections]
    lines.append(["**all**", *_counts(catalogue.rules)])
    yield "## Summary"
    yield ""
    yield from _table(("section", *(TITLES.get(c, c) for c in COLUMNS)),
                      lines)


def _platforms(defect_rows, skip_rows, catalogue):
    yield from (
        "", "## Platforms", "",
        "`make test` boots every machine of scripts/suite-matrix on QEMU's "
        "software CPU (TCG).", "What is judged below holds on each, except "
        "for the cases that tests/known-defects", "lists with what was seen, "
        "and for those that are skipped because of what a machine", "lacks.",
        "")
    lines = []
    for platform in sorted({row.platform for row in defect_rows}):
        failing = {r.case for r in defect_rows if r.platform == platform}
        touched = sum(bool(failing & set(r.cases)) for r in catalogue.rules)
        lines.append([f"`{platform}`", touched, len(failing)])
    yield from _table(("known to fail on", "rules below", "cases"), lines)
    yield ""
    lines = [[f"`{row.machine}`", f"`{row.platform}`", row.reason]
             for row in skip_rows]
    yield from _table(("skipped on", "platform", "because"), lines)


def _rule(rule, failing):
    yield f"- {rule.text}"
    if rule.cases:
        yield f"  - judged by {_code(sorted(rule.cases))}"
    for platform in sorted({p for c in rule.cases for p in failing.get(c, ())}):
        broken = [c for c in sorted(rule.cases)
                  if platform in failing.get(c, ())]
        which = "" if len(broken) == len(rule.cases) else f": {_code(broken)}"
        yield f"  - known to fail on `{platform}`{which}"
    for why in rule.why:
        yield f"  - {'not judged' if rule.cases else '**not judged**'}: {why}"


def _by_name(names, failing):
    """Cases that no rule names: each name is the sentence it judges."""
    for name in sorted(names):
        broken = [f"`{p}`" for p in failing.get(name, ())]
        yield (f"- `{name}`" +
               (f", known to fail on {', '.join(broken)}" if broken else ""))


def _outside(catalogue, found):
    counts = Counter(case.suite for case in found)
    yield ""
    yield "## Suites whose manuals are not catalogued here"
    yield ""
    yield from _table(("suite", "cases", "what it judges"),
                      [[f"`{s}`", counts[s], why]
                       for s, why in sorted(catalogue.outside.items())])


def document(catalogue, found, defect_rows, skip_rows):
    """The whole of docs/coverage.md."""
    failing = {}
    for row in defect_rows:
        failing.setdefault(row.case, []).append(row.platform)
    lines = [f"| {TITLES.get(w, w)} | {why} |"
             for w, why in rules.WHY.items()] + [""]
    lines += list(_summary(catalogue))
    lines += list(_platforms(defect_rows, skip_rows, catalogue))
    lines += ["", "## Rules"]
    others = [t for t in catalogue.unclaimed if t not in catalogue.sections]
    for title in [*catalogue.sections, *sorted(others)]:
        lines += ["", f"### {title}", ""]
        for rule in catalogue.rules:
            if rule.section == title:
                lines += list(_rule(rule, failing))
        lines += list(_by_name(catalogue.unclaimed.get(title, ()), failing))
    lines += list(_outside(catalogue, found))
    return HEAD + "\n".join(lines) + "\n"


def _defects(rows, found, names, home):
    """Rows of no case, and rows whose rule cites no manual."""
    known = {case.name for case in found}
    for row in rows:
        where = f"{os.path.relpath(row.where, home)}: {row.case}"
        if row.case not in known:
            yield f"{where}: there is no such case"
        for citation in row.citations():
            why = cases.complaint(citation, names, home)
            if why:
                yield f"{where}: {why}"


def make(home=HOME):
    """(the document, every problem found on the way)."""
    names, found = cases.manuals(home), cases.load(home)
    catalogue = rules.load(names, home)
    rules.match(catalogue, found, names)
    lists = (defects.load(os.path.join(home, DEFECTS)),
             skips.load(os.path.join(home, "tests", "skips")))
    problems = cases.check(found, names, home) + catalogue.problems
    problems += _defects(lists[0], found, names, home)
    return document(catalogue, found, *lists), problems
