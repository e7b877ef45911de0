# SPDX-License-Identifier: MIT
"""A timeline in the Trace Event Format, for ui.perfetto.dev, chrome://tracing.

A process a CPU, a thread a context of it. Spans are B and E in pairs, NMIs X
(only their end is an event), points i, wake-ups and IPIs flows from s to f.
Times are microseconds, as the format wants them.
"""

import json

from . import spans


def _tid(lane):
    return spans.LANES.index(lane)


def _names(cpus):
    """M: what processes and threads are called, and their order."""
    for cpu in cpus:
        rows = [("process_name", 0, {"name": f"CPU {cpu}"}),
                ("process_sort_index", 0, {"sort_index": cpu})]
        for lane in spans.LANES:
            order = len(spans.LANES) - _tid(lane)
            rows += [("thread_name", _tid(lane), {"name": lane}),
                     ("thread_sort_index", _tid(lane), {"sort_index": order})]
        for name, tid, args in rows:
            yield {"ph": "M", "name": name, "cat": "__metadata", "pid": cpu,
                   "tid": tid, "ts": 0, "args": args}


def _base(event, lane, phase, name, category):
    return {"ph": phase, "name": name, "cat": category, "pid": event.cpu,
            "tid": _tid(lane), "ts": event.time}


def _span(line, span):
    """(number, order, event) of both ends; at one number ends come first."""
    begin, end = line.events[span.begin], line.events[span.end]
    if span.lane == spans.NMI:
        took = int(span.fields["delta_ns"]) / 1000
        yield span.begin, 2, dict(
            _base(begin, span.lane, "X", span.name, span.lane), dur=took,
            ts=begin.time - took, args=span.fields)
        return
    args = dict(span.fields, end="not known") if span.cut else span.fields
    yield span.begin, 2 + span.depth, dict(
        _base(begin, span.lane, "B", span.name, span.lane), args=args)
    # An E that closes what began at that very event follows its B.
    order = -span.depth if span.end != span.begin else 1000 - span.depth
    yield span.end, order, dict(
        _base(end, span.lane, "E", span.name, span.lane), pid=span.cpu)


def _point(line, at):
    event = line.events[at]
    lane = spans.lane_of(event)
    yield at, 1001, dict(_base(event, lane, "i", event.name, "event"), s="t",
                         args=event.fields)


def _arrow(line, number, arrow):
    """A flow: bound to the spans that hold its two ends."""
    if arrow.to is None:
        return
    source, to = line.events[arrow.source], line.events[arrow.to]
    lane = spans.THREAD if arrow.kind == "wakeup" else spans.HARDIRQ
    yield arrow.source, 1002, dict(
        _base(source, spans.lane_of(source), "s", arrow.kind, arrow.kind),
        id=number)
    yield arrow.to, 1002, dict(_base(to, lane, "f", arrow.kind, arrow.kind),
                               id=number, bp="e")


def convert(trace):
    """The whole document, as what json.dump() takes."""
    line = spans.build(trace.events)
    rows = []
    for span in line.spans:
        rows += _span(line, span)
    for at in line.points:
        rows += _point(line, at)
    for number, arrow in enumerate(line.arrows, 1):
        rows += _arrow(line, number, arrow)
    rows.sort(key=lambda row: row[:2])
    rows.sort(key=lambda row: row[2]["ts"])  # an X began before it was seen
    cpus = sorted({e.cpu for e in trace.events})
    return {"traceEvents": [*_names(cpus), *(row[2] for row in rows)],
            "displayTimeUnit": "ns",
            "otherData": {"source": "irqbed", "events": len(trace.events),
                          "lost": trace.lost()}}


def text(trace):
    """One event a line: a difference of two can be read."""
    document = convert(trace)
    events = document.pop("traceEvents")
    rest = json.dumps(document)[1:]
    rows = ",\n".join(json.dumps(e) for e in events)
    return f'{{"traceEvents": [\n{rows}\n], {rest}\n'
