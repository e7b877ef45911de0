#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The event trace of a real run, and what scripts/irqbed-trace makes of it.

Linux: Documentation/trace/ftrace.rst "Output format", the TP_printk() of
include/trace/events/. Trace Event Format: Google's document of that name.
"""

import json
import os
import re
import sys
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
from tap import boot, check, contains, main, make_log, test, tool, write

from irqbed import ftrace, spans, traceevent

PTR = "0x[0-9a-f]+"
COMM = r"\S.{0,14}"
PRINTK = {
    "irq_handler_entry": r"irq=\d+ name=\S+",
    "irq_handler_exit": r"irq=\d+ ret=(handled|unhandled)",
    "softirq_raise softirq_entry softirq_exit":
        r"vec=\d \[action=(HI|TIMER|NET_TX|NET_RX|BLOCK|IRQ_POLL|TASKLET|SCHED"
        r"|HRTIMER|RCU)\]",
    "tasklet_entry tasklet_exit": f"tasklet={PTR} function={PTR}",
    "hrtimer_expire_entry": rf"hrtimer={PTR} function={PTR} now=\d+",
    "hrtimer_expire_exit": f"hrtimer={PTR}",
    "timer_expire_entry": rf"timer={PTR} function={PTR} now=\d+ baseclk=\d+",
    "timer_expire_exit": f"timer={PTR}",
    "workqueue_queue_work": rf"work struct={PTR} function={PTR} "
                            r"workqueue=\S+ req_cpu=\d+ cpu=(\d+|-1)",
    "workqueue_activate_work": f"work struct {PTR} function={PTR} ",
    "workqueue_execute_start workqueue_execute_end":
        f"work struct {PTR}: function {PTR}",
    "sched_switch": rf"prev_comm={COMM} prev_pid=\d+ prev_prio=\d+ "
                    rf"prev_state=(R|R\+|S|D|X) ==> next_comm={COMM} "
                    r"next_pid=\d+ next_prio=\d+",
    "sched_waking sched_wakeup":
        rf"comm={COMM} pid=\d+ prio=\d+ target_cpu=\d{{3}}",
    "ipi_send_cpu": rf"cpu=\d+ callsite={PTR} callback={PTR}",
    "page_fault_user page_fault_kernel":
        f"address={PTR} ip={PTR} error_code=0x[0-9a-f]+",
    "nmi_handler": rf"{PTR} delta_ns: \d+ handled: [01]",
}
VECTORS = {"local_timer": 236, "irq_work": 246, "x86_platform_ipi": 247,
           "threshold_apic": 249, "thermal_apic": 250,
           "call_function_single": 251, "call_function": 252,
           "reschedule": 253, "error_apic": 254, "spurious_apic": 255}
FIELDS = {name: text for names, text in PRINTK.items()
          for name in names.split()}
FIELDS.update({f"{name}_{what}": f"vector={vector}"
               for name, vector in VECTORS.items()
               for what in ("entry", "exit")})
HEADER = """\
# tracer: nop
#
# entries-in-buffer/entries-written: {}/{}   #P:{}
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
"""
LINE = re.compile(r"(?=.{16,}?-\d)( *\S.*?)-(\d+) *\[(\d{3})\] "
                  r"([.dbD][.N][.hsHzZ][.1-9a-f]\.) +(\d+)\.(\d{6}): "
                  r"(\w+): (.*)")
CASES = ("sched.*,bh.tasklet*,bh.runs*,smp.*,soft.null_read,irq.a_oneshot*,"
         "user.user_rsp*")


def traced(folder, *words):
    """Boot with trace: (the lines of the text, the log's path)."""
    status, out, _ = boot(folder, "--smp", "2", "--args",
                          " ".join(("trace", *words)), "--tests", CASES)
    check(status, 0, out)
    log = os.path.join(folder, "serial.log")
    status, out = tool("irqbed-trace", log, "--text", "-")
    check(status, 0, out)
    return out, log


def judge_line(line):
    """One event, to the letter: (cpu, pid, time, name, fields, flags)."""
    match = LINE.fullmatch(line)
    assert match, f"no event: {line!r}"
    comm, pid, cpu, flags, sec, usec, name, text = match.groups()
    start = f"{comm.strip():>16}-{pid:<7} [{cpu}] {flags} {int(sec):5}.{usec}"
    assert line.startswith(f"{start}: {name}: "), f"widths: {line!r}"
    assert name in FIELDS, f"no event of Linux: {line!r}"
    assert re.fullmatch(FIELDS[name], text), f"fields: {line!r}"
    if pid == "0":
        check(comm.strip(), "<idle>")
    return int(cpu), int(pid), int(sec + usec), name, text, flags


def judge_context(name, flags):
    """The flags that an event's place in the code implies."""
    base = name.removesuffix("_entry").removesuffix("_exit")
    if base in VECTORS or base in ("irq_handler", "hrtimer_expire"):
        assert flags[0] in "dD" and flags[2] in "hHZ", (name, flags)
    elif base == "timer_expire":  # TIMER_IRQSAFE: with interrupts off
        assert flags[0] in ".bd" and flags[2] == "s", (name, flags)
    elif base in ("softirq", "tasklet") and base != name:
        assert flags[0] in ".b" and flags[2] == "s", (name, flags)
    elif name == "nmi_handler":
        assert flags[0] in "dD" and flags[2] in "Zh.s", (name, flags)
    elif name in ("sched_switch", "sched_waking", "sched_wakeup"):
        assert flags[0] in "dD", (name, flags)
    elif name.startswith("workqueue_execute"):
        check(flags[:1] + flags[2:], "....", name)


def judge_text(out):
    """All of a file: the header, each line, and how they follow each other."""
    lines = out.splitlines()
    first = next(n for n, ln in enumerate(lines) if not ln.startswith("#"))
    counts = re.search(r": (\d+)/(\d+)   #P:(\d+)", lines[2]).groups()
    check("".join(ln + "\n" for ln in lines[:first]), HEADER.format(*counts))
    events, lost, then = [], 0, 0
    for line in lines[first:]:
        if match := re.fullmatch(r"CPU:(\d+) \[LOST (\d+) EVENTS\]", line):
            lost += int(match[2])
            continue
        cpu, pid, time, name, text, flags = judge_line(line)
        judge_context(name, flags)
        assert time >= then, f"time goes back: {line!r}"
        then = time
        if name == "sched_switch":
            check(re.search(r"prev_pid=(\d+)", text)[1], str(pid), line)
        events.append((cpu, name, text))
    check(len(events), int(counts[0]), "entries in the buffer")
    check(len(events) + lost, int(counts[1]), "entries written")
    return events


def dumps(log):
    """Each dump of a log: its events as judge_line() has them, per CPU.

    What precedes one on its CPU is not known at the dump's begin, as tracing
    is off between two, nor after lost events: None stands there.
    """
    cpus = None
    for line in log.splitlines():
        line = line.removeprefix("# ")
        if line == "# tracer: nop":
            cpus = {}
        elif match := re.fullmatch(r"CPU:(\d+) \[LOST \d+ EVENTS\]", line):
            cpus.setdefault(int(match[1]), [None]).append(None)
        elif LINE.fullmatch(line):
            event = judge_line(line)
            cpus.setdefault(event[0], [None]).append(event)
        elif line.startswith("# entries-printed: "):
            yield from cpus.values()


def judge_switches(events):
    """Who is switched to is who the next line names. Of one CPU's dump."""
    current = None
    for event in events:
        if not event:
            current = None
            continue
        _, pid, _, name, text, _ = event
        if current is not None:
            check(pid, current, f"after a switch, {event}")
        current = pid
        if name == "sched_switch":
            current = int(re.search(r"next_pid=(\d+)", text)[1])


def judge_pairs(events):
    """An exit ends the innermost entry. Of one CPU's dump.

    It may begin and end inside some: but no thread runs before all are left.
    """
    stack, whole = [], False
    for event in events:
        if not event:
            stack, whole = [], False
            continue
        name, flags = event[3], event[5]
        base, _, what = name.rpartition("_")
        if what == "entry":
            stack.append(base)
        elif what == "exit" and (stack or whole):
            check(base, stack.pop() if stack else None, f"the exit {event}")
        elif flags[2] == ".":
            check(stack, [], f"entries without exit before {event}")
            whole = True


def judge_dumps(log):
    """What follows what, in each dump of a log."""
    with open(log, encoding="ascii") as source:
        each = list(dumps(source.read()))
    assert each, "no dump in the log"
    for events in each:
        judge_switches(events)
        judge_pairs(events)


def judge_json(document):
    """Required keys, pairs, and time, as the Trace Event Format has them."""
    stacks, times, flows = {}, {}, {}
    for event in document["traceEvents"]:
        for key in ("ph", "name", "cat", "pid", "tid", "ts"):
            assert key in event, f"no {key}: {event}"
        phase, where = event["ph"], (event["pid"], event["tid"])
        assert phase in "MBEXisf", event
        if phase == "M":
            assert event["args"], event
            continue
        assert event["ts"] >= times.get(where, 0), f"time goes back: {event}"
        times[where] = event["ts"]
        if phase == "B":
            stacks.setdefault(where, []).append(event["name"])
        elif phase == "E":
            check(stacks[where].pop(), event["name"], "E's B")
        elif phase == "X":
            assert event["dur"] >= 0, event
        elif phase == "i":
            assert event["s"] in "tpg", event
        else:
            key = event["cat"], event["id"]
            flows[key] = flows.get(key, "") + phase
    check({w: s for w, s in stacks.items() if s}, {}, "B without E")
    assert set(flows.values()) <= {"sf"}, flows
    return document["traceEvents"]


def judge_svg(path):
    """Well-formed, alone, inside its own edges; all its text."""
    root = xml.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    check(root.tag, space + "svg")
    tags = {e.tag.removeprefix(space) for e in root.iter()}
    assert tags <= {"svg", "title", "style", "defs", "marker", "path", "rect",
                    "text", "circle"}, tags
    wide, high = float(root.get("width")), float(root.get("height"))
    for rect in root.iter(space + "rect"):
        if rect.get("width") != "100%":
            assert 0 <= float(rect.get("x")) <= wide, rect.attrib
            assert float(rect.get("x")) + float(rect.get("width")) <= wide + 1
            assert float(rect.get("y")) + float(rect.get("height")) <= high
            assert float(rect.get("width")) > 0, rect.attrib
    return "\n".join(e.text or "" for e in root.iter())


@test
def a_traced_run_is_ftraces_text_json_and_a_picture(folder):
    out, log = traced(folder)
    events = judge_text(out)
    judge_dumps(log)
    names = {name for _, name, _ in events}
    for name in ("sched_switch", "sched_wakeup", "workqueue_execute_start",
                 "softirq_raise", "local_timer_entry", "ipi_send_cpu",
                 "hrtimer_expire_entry", "reschedule_entry"):
        assert name in names, f"no {name} in {sorted(names)}"
    check({cpu for cpu, _, _ in events}, {0, 1})
    paths = [os.path.join(folder, n) for n in ("out.json", "out.svg")]
    status, said = tool("irqbed-trace", log, "--json", paths[0], "--svg",
                        paths[1])
    check(status, 0, said)
    with open(paths[0], encoding="utf-8") as source:
        rows = judge_json(json.load(source))
    shown = {row["name"] for row in rows}
    for name in ("CPU 1", "TIMER", "local_timer", "reschedule"):
        assert name in shown | {row["args"]["name"] for row in rows
                                if row["name"] == "process_name"}, name
    contains(judge_svg(paths[1]), "CPU 1")


@test
def with_verbose_each_case_has_its_own_and_none_is_lost(folder):
    out, log = traced(folder, "verbose")
    with open(log, encoding="ascii") as source:
        text = source.read()
    check(text.count("# # tracer: nop"), text.count("# running "))
    judge_dumps(log)
    events = judge_text(out)
    check("page_fault_kernel" in {name for _, name, _ in events}, True)


def line(time, name, text, who=("ktest", 1), cpu=0, flags="....."):
    """One event as the log has it."""
    return (f"# {who[0]:>16}-{who[1]:<7} [{cpu:03}] {flags} "
            f"{time // 1000000:5}.{time % 1000000:06}: {name}: {text}")


def dump(*lines, said=None, written=None):
    """A trace as the log has it."""
    count = sum("[LOST" not in ln for ln in lines)
    head = HEADER.format(count, written or count, 1).splitlines()
    return [f"# {ln}" for ln in head] + list(lines) + [
        f"# # entries-printed: {count if said is None else said}"]


def log_of(*lines):
    """A whole log around them."""
    return make_log("ok 1 - a.one", *lines)


HARD, SOFT = "d.h..", "..s.."
SAMPLE = (
    line(10, "local_timer_entry", "vector=236", flags=HARD),
    line(12, "softirq_raise", "vec=6 [action=TASKLET]", flags=HARD),
    line(14, "local_timer_exit", "vector=236", flags=HARD),
    line(15, "softirq_entry", "vec=6 [action=TASKLET]", flags=SOFT),
    line(16, "tasklet_entry", "tasklet=0x1 function=0x2", flags=SOFT),
    line(17, "sched_waking", "comm=kworker/0:1 pid=4 prio=120 target_cpu=000",
         flags="d.s1."),
    line(18, "tasklet_exit", "tasklet=0x1 function=0x2", flags=SOFT),
    line(18, "softirq_exit", "vec=6 [action=TASKLET]", flags=SOFT),
    line(20, "sched_switch", "prev_comm=ktest prev_pid=1 prev_prio=139 "
         "prev_state=R+ ==> next_comm=kworker/0:1 next_pid=4 next_prio=120",
         flags="dN..."),
    line(22, "workqueue_execute_start", "work struct 0x9: function 0x8",
         ("kworker/0:1", 4)),
    line(25, "nmi_handler", "0x7 delta_ns: 2000 handled: 1",
         ("kworker/0:1", 4), flags="d.Z.."),
    line(30, "workqueue_execute_end", "work struct 0x9: function 0x8",
         ("kworker/0:1", 4)),
)


@test
def the_text_is_the_logs_without_its_comment_signs(folder):
    path = write(folder, "log", log_of(*dump(*SAMPLE)))
    status, out = tool("irqbed-trace", path, "--text", "-")
    check(status, 0, out)
    check(out, "".join(ln[2:] + "\n" for ln in dump(*SAMPLE)[:-1]))
    judge_text(out)


@test
def other_lines_between_are_left_out(folder):
    lines = dump(*SAMPLE)
    lines.insert(15, "# CPU 1: No irq handler for vector 0x51")
    path = write(folder, "log", log_of(*lines))
    status, out = tool("irqbed-trace", path, "--text", "-")
    check((status, len(out.splitlines())), (0, 12 + len(SAMPLE)))


@test
def spans_nest_in_their_lanes(_folder):
    line_ = spans.build(ftrace.parse(log_of(*dump(*SAMPLE))).events)
    check([(s.lane, s.name, s.begin, s.end, s.depth, s.cut)
           for s in line_.spans],
          [("thread", "ktest-1", 0, 8, 0, False),
           ("hardirq", "local_timer", 0, 2, 0, False),
           ("softirq", "TASKLET", 3, 7, 0, False),
           ("softirq", "tasklet", 4, 6, 1, False),
           ("thread", "kworker/0:1-4", 8, 11, 0, True),
           ("thread", "work 0x8", 9, 11, 1, False),
           ("nmi", "NMI", 10, 10, 0, False)])
    check([(a.source, a.to) for a in line_.arrows], [(5, 8)])


@test
def a_work_that_is_switched_away_goes_on_later(_folder):
    away = "prev_comm={} prev_pid={} prev_prio=120 prev_state=D ==> " \
        "next_comm={} next_pid={} next_prio=120"
    line_ = spans.build(ftrace.parse(log_of(*dump(
        line(1, "workqueue_execute_start", "work struct 0x9: function 0x8"),
        line(2, "sched_switch", away.format("ktest", 1, "swapper/0", 0)),
        line(5, "sched_switch", away.format("swapper/0", 0, "ktest", 1),
             ("<idle>", 0)),
        line(9, "workqueue_execute_end", "work struct 0x9: function 0x8")
    ))).events)
    check([(s.begin, s.end) for s in line_.spans if s.name == "work 0x8"],
          [(0, 1), (2, 3)])


@test
def what_is_lost_leaves_no_half_span(_folder):
    lost = "# CPU:0 [LOST 7 EVENTS]"
    trace = ftrace.parse(log_of(*dump(
        line(5, "local_timer_exit", "vector=236", flags=HARD), SAMPLE[0],
        lost, SAMPLE[3], SAMPLE[6], SAMPLE[7])))
    check((len(trace.events), trace.lost()), (5, 7))
    rows = judge_json(traceevent.convert(trace))
    check([r["name"] for r in rows if r["ph"] == "B"],
          ["ktest-1", "local_timer", "ktest-1", "TASKLET"])


@test
def what_ran_before_the_first_switch_is_no_span(_folder):
    rows = judge_json(traceevent.convert(
        ftrace.parse(log_of(*dump(*SAMPLE[8:])))))
    check([r["name"] for r in rows if r["ph"] == "B"],
          ["kworker/0:1-4", "work 0x8"])


@test
def two_dumps_become_one(folder):
    path = write(folder, "log", log_of(
        *dump(*SAMPLE[:4]), *dump("# CPU:0 [LOST 3 EVENTS]", *SAMPLE[4:],
                                  written=11)))
    status, out = tool("irqbed-trace", path, "--text", "-")
    check(status, 0, out)
    contains(out, f"{len(SAMPLE)}/{len(SAMPLE) + 3}   #P:1")
    check(out.count("# tracer"), 1)
    judge_text(out)


@test
def what_runs_as_a_dump_ends_is_cut_there(_folder):
    line_ = spans.build(ftrace.parse(log_of(
        *dump(*SAMPLE[:2]), *dump(*SAMPLE[10:]))).events)
    check([(s.name, s.begin, s.end, s.cut) for s in line_.spans[:2]],
          [("ktest-1", 0, 1, True), ("local_timer", 0, 1, True)])
    check([(s.name, s.begin) for s in line_.spans[2:]],
          [("kworker/0:1-4", 2), ("NMI", 2)])


@test
def the_json_has_every_key_and_every_pair(_folder):
    rows = judge_json(traceevent.convert(
        ftrace.parse(log_of(*dump(*SAMPLE)))))
    check([(r["ph"], r["ts"], r["dur"]) for r in rows if r["name"] == "NMI"],
          [("X", 23, 2)])
    check([r["ph"] for r in rows if r["cat"] == "wakeup"], ["s", "f"])


@test
def the_picture_shows_names_and_a_wake_up(folder):
    path = write(folder, "log", log_of(*dump(*SAMPLE)))
    svg = os.path.join(folder, "out.svg")
    check(tool("irqbed-trace", path, "--svg", svg)[0], 0)
    text = judge_svg(svg)
    for part in ("CPU 0", "hardirq", "softirq", "local_timer: 4 us from 10",
                 "wakeup: kworker/0:1", "work 0x8", "NMI"):
        contains(text, part)


@test
def a_window_of_time_can_be_drawn(folder):
    path = write(folder, "log", log_of(*dump(*SAMPLE)))
    svg = os.path.join(folder, "out.svg")
    status, out = tool("irqbed-trace", path, "--svg", svg, "--begin",
                       "0.000015", "--end", "0.000019")
    check(status, 0, out)
    contains(judge_svg(svg), "events 4 to 8 of 12")
    status, out = tool("irqbed-trace", path, "--svg", svg, "--begin", "9")
    check(status, 2, out)


@test
def names_that_xml_would_misread_are_escaped(folder):
    path = write(folder, "log", log_of(*dump(
        line(1, "irq_handler_entry", "irq=4 name=<a&b>", ("<x>&", 3),
             flags=HARD),
        line(900, "irq_handler_exit", "irq=4 ret=handled", ("<x>&", 3),
             flags=HARD))))
    svg = os.path.join(folder, "out.svg")
    check(tool("irqbed-trace", path, "--svg", svg)[0], 0)
    contains(judge_svg(svg), "irq 4 <a&b>")


@test
def half_a_trace_is_status_2(folder):
    for lines, why in ((dump(*SAMPLE)[:-1], "in the middle"),
                       (dump(*SAMPLE, said=13), "says 13"),
                       ([], "holds no trace")):
        status, out = tool("irqbed-trace",
                           write(folder, "log", log_of(*lines)))
        check(status, 2, out)
        contains(out, why)
    check(tool("irqbed-trace", os.path.join(folder, "absent"))[0], 3)
    check(tool("irqbed-trace", "--bogus")[0], 3)


main()
