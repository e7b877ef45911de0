# SPDX-License-Identifier: MIT
"""One boot's log: carve it out of the serial noise and check all of it.

A log that was cut, doubled or garbled must never read as a pass, so nothing
is believed before everything fits: version line, plan, BEGIN, numbers in
sequence, unique names, the counts of END, and END's CRC over every byte.

    \\r\\nTAP version 13\\r\\n
    1..N
    # IRQBED-BEGIN run=HEX version=...
    # key=value ...                         facts, measurements, explanations
    ok 1 - suite.case | not ok 1 - suite.case | ok 1 - suite.case # SKIP why
    Bail out! why                           perhaps
    # IRQBED-END run=HEX pass=N fail=N skip=N crc32=HEX
"""

import re
import zlib
from dataclasses import dataclass, field

PASS, FAIL, SKIP = "pass", "fail", "skip"

# The line end in front is the message's first byte. The firmware's own words
# come before it; a capture tool may have dropped every CR.
VERSION = re.compile(rb"(?:\A|\r\n)(TAP version 13\r\n)"
                     rb"|(?:\A|(?<!\r)\n)(TAP version 13\n)")
ANY_VERSION = re.compile(rb"TAP version \d+\r?\n")
END = re.compile(rb"# IRQBED-END run=([0-9a-f]{8}) pass=(\d+) fail=(\d+)"
                 rb" skip=(\d+) crc32=([0-9a-f]{8})(\r?\n)")
BEGIN = re.compile(r"# IRQBED-BEGIN run=([0-9a-f]{8}) version=\S+")
PLAN = re.compile(r"1\.\.(\d+)")
RESULT = re.compile(r"(ok|not ok) (\d+) - ([a-z0-9_.]+)( # SKIP( .+)?)?")
FACT = re.compile(r"([a-z][a-z0-9_.]*)=(\S+)")
LISTED = re.compile(r"# ([a-z0-9_]+(?:\.[a-z0-9_]+)+)\t(.+)")
RUNNING = re.compile(r"# running ([a-z0-9_.]+)")
NO_MATCH = re.compile(r"no case matches '.*'")


@dataclass
class Result:
    """One result line and the explanations printed before it."""
    number: int
    name: str
    verdict: str
    reason: str = ""
    notes: list = field(default_factory=list)


@dataclass
class Log:
    """What a log says, and in problems why it cannot be believed."""
    plan: int = None
    run: str = None
    header: str = ""
    facts: dict = field(default_factory=dict)
    results: list = field(default_factory=list)
    listed: list = field(default_factory=list)
    running: str = None
    bailed: str = None
    tail: list = field(default_factory=list)  # notes after the last result
    problems: list = field(default_factory=list)
    complete: bool = False

    def count(self, verdict):
        """How many results have this verdict."""
        return sum(r.verdict == verdict for r in self.results)

    def next_case(self):
        """'case N of M, after X': where a run that ended early was."""
        done = len(self.results)
        after = f", after {self.results[-1].name}" if self.results else ""
        return f"case {done + 1} of {self.plan}{after}"


def parse(data):
    """Read a raw serial capture (bytes) into a Log."""
    log = Log()
    body, end = _carve(data, log)
    for text in body.decode("ascii", "backslashreplace").split("\n"):
        _line(log, text.removesuffix("\r"))
    _check_whole(log)
    if end:
        _check_end(log, body, end)
    return log


def _carve(data, log):
    """(bytes from the version line to END, END's match or None)."""
    start = VERSION.search(data)
    if not start:
        other = ANY_VERSION.search(data)
        log.problems.append("the version line is damaged" if other else
                            "no 'TAP version 13' line: irqbed did not start")
        return b"", None
    at = start.start(start.lastindex)
    rest = data[at:]
    again = ANY_VERSION.search(rest, 1)
    if again:
        log.problems.append("a second start in one log: unexpected reset at "
                            f"byte {at + again.start()}")
        rest = rest[:again.start()]
    end = END.search(rest)
    if not end or not start[start.lastindex].endswith(b"3" + end[6]):
        log.problems.append("no END line: the log is truncated")
        # The last line may be half a line: it proves nothing.
        return rest[:rest.rfind(b"\n") + 1], None
    if rest.find(b"\n# IRQBED-", end.end() - 1) >= 0:
        log.problems.append("more of a log after END")
    log.complete = True
    return rest[:end.start()], end


def _line(log, text):
    if text in ("", "TAP version 13"):
        return
    if log.bailed is not None:
        if not text.startswith("#"):
            log.problems.append(f"line after 'Bail out!': {text!r}")
    elif text.startswith("#"):
        _comment(log, text)
    elif match := RESULT.fullmatch(text):
        _result(log, match)
    elif text.startswith("Bail out!"):
        log.bailed = text.removeprefix("Bail out!").strip() or "no reason"
    elif (match := PLAN.fullmatch(text)) and log.plan is None:
        if log.results or log.run:
            log.problems.append("the plan is not the first line")
        log.plan = int(match[1])
    else:
        log.problems.append(f"no line of ours: {text[:60]!r}")


def _comment(log, text):
    if text.startswith("# IRQBED-"):
        match = BEGIN.match(text)
        if not match:
            log.problems.append(f"damaged marker: {text[:60]!r}")
        elif log.run:
            log.problems.append("a second BEGIN: unexpected reset")
        else:
            log.run, log.header = match[1], text
        return
    if match := RUNNING.fullmatch(text):
        log.running = match[1]
        return
    if match := LISTED.fullmatch(text):
        log.listed.append((match[1], match[2]))
    if not log.results and (log.run or not log.facts):
        for key, value in FACT.findall(text):
            log.facts.setdefault(key, value)
    log.tail.append(text)


def _result(log, match):
    verdict = PASS if match[1] == "ok" else FAIL
    if match[4]:
        if verdict == FAIL:
            log.problems.append(f"'not ok' with SKIP: {match[3]}")
        verdict = SKIP
    due = log.results[-1].number + 1 if log.results else 1
    if int(match[2]) != due:
        log.problems.append(f"result {match[2]} where {due} was due: "
                            "a line is lost")
    log.results.append(Result(int(match[2]), match[3], verdict,
                              (match[5] or "").strip(), log.tail))
    log.tail, log.running = [], None


def _check_whole(log):
    if log.bailed is None and (log.complete or log.results):
        if log.plan is None:
            log.problems.append("no plan")
        if log.run is None:
            log.problems.append("no BEGIN line")
    seen = {}
    for result in log.results:
        # What LAVA and JUnit readers make of a name must differ as well.
        key = result.name.replace(".", "_")
        if key in seen:
            log.problems.append(f"two results for one name: {seen[key]} and "
                                f"{result.name}")
        seen[key] = result.name
    done = len(log.results)
    if log.plan not in (None, done) and log.bailed is None:
        log.problems.append(f"the plan says {log.plan} cases, the log has "
                            f"{done}")
    if log.plan == 0 and not log.listed and log.bailed is None:
        log.problems.append("a run of no case")


def _check_end(log, body, end):
    run = end[1].decode()
    if log.run is not None and run != log.run:
        log.problems.append(f"END is of run {run}, BEGIN of {log.run}")
    for at, verdict in ((2, PASS), (3, FAIL), (4, SKIP)):
        said, found = int(end[at]), log.count(verdict)
        if said != found:
            log.problems.append(f"END says {verdict}={said}, the log has "
                                f"{found}")
    said = int(end[5], 16)
    # A capture tool may have dropped every CR: that alone is no damage.
    candidates = {zlib.crc32(body)}
    if b"\r" not in body:
        candidates.add(zlib.crc32(body.replace(b"\n", b"\r\n")))
    if said not in candidates:
        log.problems.append(f"END says crc32={said:08x}, the log has "
                            f"{zlib.crc32(body):08x}: damaged")
