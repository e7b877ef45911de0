# SPDX-License-Identifier: MIT
"""From events to spans: what each CPU did from when to when, and who woke whom.

A lane is one context of one CPU: thread, softirq, hardirq, NMI. An entry whose
exit was lost ends where it is known to have ended: at an outer one's exit, or
with its dump; an exit without its entry is passed over.
"""

from dataclasses import dataclass, field

THREAD, SOFTIRQ, HARDIRQ, NMI = LANES = ("thread", "softirq", "hardirq", "nmi")
SOFT = {"softirq", "tasklet", "timer_expire"}
POINTS = {"softirq_raise", "sched_waking", "sched_wakeup", "ipi_send_cpu",
          "workqueue_queue_work", "workqueue_activate_work",
          "page_fault_user", "page_fault_kernel"}
IPIS = {"reschedule", "call_function", "call_function_single"}


@dataclass
class Span:
    """begin and end are numbers of events; open: the trace ends before it."""
    cpu: int
    lane: str
    name: str
    begin: int
    end: int = None
    depth: int = 0
    fields: dict = field(default_factory=dict)
    key: tuple = ()
    pid: int = None  # a thread's
    cut: bool = False  # its end is not known


@dataclass
class Arrow:
    """From one event to another: a wake-up, or an IPI. to: None, not seen."""
    kind: str
    source: int
    to: int = None
    name: str = ""


@dataclass
class Timeline:
    """All of a trace; numbers are places in trace.events."""
    events: list
    spans: list = field(default_factory=list)
    points: list = field(default_factory=list)  # numbers
    arrows: list = field(default_factory=list)


def lane_of(event):
    """Where a point of this event belongs, by its flags."""
    if event.flags[2] in "zZ":
        return NMI
    if event.flags[2] in "hH":
        return HARDIRQ
    return SOFTIRQ if event.flags[2] == "s" else THREAD


def _name(base, event):
    """What a span is called."""
    if base == "irq_handler":
        return f"irq {event.fields['irq']} {event.fields['name']}"
    if base == "softirq":
        return event.text.split("action=")[1].rstrip("]")
    return base.removesuffix("_expire")


class Builder:
    """Reads events in order; stacks of open spans by CPU and lane."""

    def __init__(self, events):
        self.line = Timeline(events)
        self.stacks = {}
        self.works = {}  # pid: (name, fields) of the work it is in
        self.woken = {}  # pid: Arrow
        self.sent = {}  # target CPU: Arrows

    def stack(self, cpu, lane):
        """Open spans, the outermost first."""
        return self.stacks.setdefault((cpu, lane), [])

    def open(self, at, lane, name, key, **more):
        """A span begins."""
        cpu = self.line.events[at].cpu
        stack = self.stack(cpu, lane)
        span = Span(cpu, lane, name, at, depth=len(stack), key=key, **more)
        stack.append(span)
        self.line.spans.append(span)

    def close(self, at, lane, key):
        """The innermost of that key ends, and what is left open inside."""
        stack = self.stack(self.line.events[at].cpu, lane)
        if not any(s.key == key for s in stack):
            return
        while stack:
            span = stack.pop()
            span.end, span.cut = at, span.key != key
            if span.key == key:
                return

    def entry_or_exit(self, at, event):
        """Events in pairs. A vector that an IPI made is that arrow's end."""
        base, _, what = event.name.rpartition("_")
        lane = SOFTIRQ if base in SOFT else HARDIRQ
        values = tuple(event.fields.get(k) for k in
                       ("irq", "vec", "tasklet", "timer", "hrtimer", "vector"))
        if what == "exit":
            self.close(at, lane, (base, *values))
            return
        self.open(at, lane, _name(base, event), (base, *values),
                  fields=event.fields)
        if base in IPIS and self.sent.get(event.cpu):
            self.sent[event.cpu].pop(0).to = at

    def thread(self, at, event, pid, comm):
        """pid runs on event's CPU from here on, perhaps in a work."""
        self.open(at, THREAD, f"{comm}-{pid}", ("thread",), pid=pid)
        if pid in self.works:
            self.open(at, THREAD, self.works[pid][0], ("work",),
                      fields=self.works[pid][1])
        arrow = self.woken.pop(pid, None)
        if arrow:
            arrow.to = at

    def switch(self, at, event):
        """sched_switch: a prev that is not known began with the trace."""
        self.close(at, THREAD, ("thread",))
        comm, pid = event.fields["next_comm"], int(event.fields["next_pid"])
        self.thread(at, event, pid, comm)

    def work(self, at, event):
        """A work's begin and end, in the thread that runs."""
        if event.name == "workqueue_execute_start":
            name = f"work {event.fields['function']}"
            self.works[event.pid] = name, event.fields
            self.open(at, THREAD, name, ("work",), fields=event.fields)
        else:
            self.works.pop(event.pid, None)
            self.close(at, THREAD, ("work",))

    def point(self, at, event):
        """An instant; a wake-up or an IPI begins an arrow."""
        self.line.points.append(at)
        if event.name == "sched_waking":
            arrow = Arrow("wakeup", at, name=event.fields["comm"])
            self.woken[int(event.fields["pid"])] = arrow
            self.line.arrows.append(arrow)
        elif event.name == "ipi_send_cpu":
            arrow = Arrow("ipi", at, name="IPI")
            self.sent.setdefault(int(event.fields["cpu"]), []).append(arrow)
            self.line.arrows.append(arrow)

    def lose(self, at, event):
        """Events were lost: nothing that was open is known to be."""
        for lane in LANES:
            stack = self.stack(event.cpu, lane)
            while stack:
                span = stack.pop()
                span.end, span.cut = at, True
        self.sent.pop(event.cpu, None)

    def add(self, at, event):
        """The next event."""
        if event.lost:
            self.lose(at, event)
        # A switch ends who ran before; of that one nothing else is known.
        if not self.stack(event.cpu, THREAD) and event.name != "sched_switch":
            comm = event.comm if event.pid else f"swapper/{event.cpu}"
            self.thread(at, event, event.pid, comm)
        if event.name == "sched_switch":
            self.switch(at, event)
        elif event.name == "nmi_handler":
            self.line.spans.append(Span(event.cpu, NMI, "NMI", at, at,
                                        fields=event.fields))
        elif event.name.startswith("workqueue_execute_"):
            self.work(at, event)
        elif event.name in POINTS:
            self.point(at, event)
        elif event.name.endswith(("_entry", "_exit")):
            self.entry_or_exit(at, event)

    def cut(self, last):
        """A dump ends with that event; what is still open is cut there."""
        for stack in self.stacks.values():
            for span in stack:
                span.end, span.cut = last, True
            stack.clear()
        for known in (self.works, self.woken, self.sent):
            known.clear()


def build(events):
    """The Timeline of a trace's events."""
    builder = Builder(events)
    for at, event in enumerate(events):
        if at and event.dump != events[at - 1].dump:
            builder.cut(at - 1)
        builder.add(at, event)
    builder.cut(len(events) - 1)
    return builder.line
