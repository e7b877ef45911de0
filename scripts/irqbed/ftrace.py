# SPDX-License-Identifier: MIT
"""The event trace in a log: out of its comments, into events.

src/trace/dump.c prints what `cat trace` shows on Linux, "# " before each line.
Without those two characters it is a file that ftrace's readers take. With the
options trace and verbose there is a dump after each case, its own events in
it: they follow each other in time and become one, with time between them of
which nothing is known.
"""

import re
from dataclasses import dataclass, field

BEGIN = "# # tracer: nop"
END = re.compile(r"# # entries-printed: (\d+)")
COUNTS = re.compile(r"# entries-in-buffer/entries-written: (\d+)/(\d+)"
                    r"   #P:(\d+)")
# "%16s-%-7d [%03d] %c%c%c%c%c %5lu.%06lu: NAME: FIELDS"
LINE = re.compile(r" *(?P<comm>\S.*?)-(?P<pid>\d+) +\[(?P<cpu>\d{3})\] "
                  r"(?P<flags>[.dbD][.Nnp][.hsHzZ][.0-9a-f][.0-9a-f]) "
                  r"+(?P<sec>\d+)\.(?P<usec>\d{6}): (?P<name>\w+): "
                  r"(?P<text>.*)")
LOST = re.compile(r"CPU:(\d+) \[LOST (\d+) EVENTS\]")
# A value ends where the next key begins: comm= may hold blanks.
FIELD = re.compile(r"(\w+)[=:] ?(.*?)(?= \w+[=:] ?|\s*$)")


class TraceError(ValueError):
    """The log holds no trace, or half of one."""


@dataclass
class Event:
    """One line. time is in microseconds."""
    comm: str
    pid: int
    cpu: int
    flags: str
    time: int
    name: str
    text: str
    fields: dict
    lost: int = 0  # events of its CPU that were dropped just before
    dump: int = 0  # which of the log's it stands in, from 0


@dataclass
class Trace:
    """All dumps of a log."""
    events: list = field(default_factory=list)
    kept: int = 0
    written: int = 0
    cpus: int = 0
    header: list = field(default_factory=list)
    dumps: int = 0

    def lost(self):
        """How many events gave way to later ones."""
        return sum(e.lost for e in self.events)


def fields(name, text):
    """The values by name. "==>" of sched_switch parts nothing."""
    found = dict(FIELD.findall(text.replace(" ==> ", " ")))
    if name == "nmi_handler":
        found["handler"] = text.split(" ")[0]
    if name.startswith("workqueue_"):
        match = re.match(r"work struct[ =](\w+)(?:: function (\w+))?", text)
        found["work"] = match[1]
        if match[2]:
            found["function"] = match[2]
    return found


def event(line):
    """An Event, or None for what is no event's line."""
    match = LINE.fullmatch(line)
    if not match:
        return None
    return Event(match["comm"], int(match["pid"]), int(match["cpu"]),
                 match["flags"], int(match["sec"]) * 1000000 +
                 int(match["usec"]), match["name"], match["text"],
                 fields(match["name"], match["text"]))


def _dumps(data):
    """The lines of each dump, "# " taken away, and how many it says."""
    lines = None
    for raw in data.decode("ascii", "backslashreplace").splitlines():
        end = END.fullmatch(raw)
        if raw == BEGIN:
            lines = []
        if lines is None or not raw.startswith("# "):
            continue
        if end:
            yield lines, int(end[1])
            lines = None
        else:
            lines.append(raw[2:])
    if lines is not None:
        raise TraceError("the log ends in the middle of a trace")


def _dump(trace, lines, said):
    """One dump's events behind those of the dumps before."""
    lost, header, count = {}, [], 0
    for line in lines:
        if match := COUNTS.fullmatch(line):
            trace.kept += int(match[1])
            trace.written += int(match[2])
            trace.cpus = int(match[3])
        if line.startswith("#"):
            header.append(line)
        elif match := LOST.fullmatch(line):
            lost[int(match[1])] = int(match[2])
        elif found := event(line):
            found.lost = lost.pop(found.cpu, 0)
            found.dump = trace.dumps
            trace.events.append(found)
            count += 1
    if count != said:
        raise TraceError(f"a trace says {said} events, the log has {count}")
    trace.header = trace.header or header
    trace.dumps += 1


def parse(data):
    """The Trace of a raw serial capture (bytes)."""
    trace = Trace()
    for lines, said in _dumps(data):
        _dump(trace, lines, said)
    if not trace.header:
        raise TraceError("the log holds no trace: run with --args trace")
    return trace


def text(trace):
    """What `cat trace` would show: one header, all events."""
    lines = [re.sub(r"(?<=written: )\d+/\d+", f"{trace.kept}/{trace.written}",
                    line) for line in trace.header]
    for e in trace.events:
        if e.lost:
            lines.append(f"CPU:{e.cpu} [LOST {e.lost} EVENTS]")
        lines.append(f"{e.comm:>16}-{e.pid:<7} [{e.cpu:03}] {e.flags} "
                     f"{e.time // 1000000:5}.{e.time % 1000000:06}: "
                     f"{e.name}: {e.text}")
    return "".join(f"{line}\n" for line in lines)
