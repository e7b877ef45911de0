# SPDX-License-Identifier: MIT
"""A timeline as a picture: SVG, no scripts, nothing loaded from elsewhere.

A lane a CPU, in it a row a context, hardirqs on top. Each event has a place
of its own; what lies between two is as wide as it lasted, but never narrower
than can be seen nor wider than is worth it: the longer gaps are cut by a
dotted line that says how long they are.
"""

from xml.sax.saxutils import escape

from . import spans

LEFT, TOP, ROW, GAP, FOOT = 104, 76, 22, 26, 40
NARROW, WIDE = 9, 130  # pixels between two events
CHAR = 5.9  # of a label, 10 px high
ROWS = (spans.NMI, spans.HARDIRQ, spans.SOFTIRQ, spans.THREAD)
FILL = {spans.NMI: "#8e44ad", spans.HARDIRQ: "#d9453d",
        spans.SOFTIRQ: "#f0a030", "idle": "#e4e7ea"}
THREADS = ("#4a90d9", "#50a878", "#7a88c9", "#3fa7b5", "#8fae4b", "#6c9bd2")
STYLE = """text{font:10px sans-serif;fill:#222}
.w{fill:#fff}.h{font-size:14px;font-weight:bold}.s{fill:#667}
.c{font-size:12px;font-weight:bold}.k{stroke:#99a;stroke-dasharray:2 3}
.wakeup{stroke:#1b7f3b;fill:none}.ipi{stroke:#a0307f;fill:none;
stroke-dasharray:4 2}.g{stroke:#dde}"""


class Picture:
    """events[first:last] of a timeline; x by number, y by CPU and lane."""

    def __init__(self, line, first, last):
        self.line, self.first, self.last = line, first, last
        self.events = line.events[first:last]
        self.cpus = sorted({e.cpu for e in line.events})
        self.rows = {cpu: self._rows(cpu) for cpu in self.cpus}
        self.cuts = []
        self.at = self._places()
        self.out = []

    def _visible(self, span):
        return span.end >= self.first and span.begin < self.last

    def _rows(self, cpu):
        """How many lines each of this CPU's rows needs: they nest."""
        need = {lane: 0 for lane in ROWS}
        need[spans.THREAD] = 1
        for span in self.line.spans:
            if span.cpu == cpu and self._visible(span):
                need[span.lane] = max(need[span.lane], span.depth + 1)
        for event in self.events:
            if event.cpu == cpu and event.name in spans.POINTS:
                lane = spans.lane_of(event)
                need[lane] = max(need[lane], 1)
        return need

    def _places(self):
        """x of each event, and of what is cut out of the time between."""
        gaps = sorted(b.time - a.time for a, b in
                      zip(self.events, self.events[1:]) if b.time > a.time)
        unit = max(1, gaps[len(gaps) // 2]) if gaps else 1
        at, x = [], LEFT + 10.0
        for number, event in enumerate(self.events):
            if number:
                took = event.time - self.events[number - 1].time
                width = max(NARROW, 30 * took / unit)
                if width > WIDE:
                    self.cuts.append((x + WIDE / 2, took))
                x += min(width, WIDE)
            at.append(x)
        return at

    def x(self, number):
        """Of an event, or of the edge it lies behind."""
        if number < self.first:
            return LEFT + 2
        if number >= self.last:
            return self.at[-1] + 14
        return self.at[number - self.first]

    def height(self, cpu):
        """Of a CPU's lane."""
        return ROW * sum(self.rows[cpu].values())

    def top(self, cpu):
        """y of a CPU's lane."""
        return TOP + sum(self.height(c) + GAP for c in self.cpus if c < cpu)

    def y(self, cpu, lane, depth=0):
        """y of a row: the innermost of one context is the highest."""
        above = sum(self.rows[cpu][r] for r in ROWS[:ROWS.index(lane)])
        inner = max(self.rows[cpu][lane] - 1 - depth, 0)
        return self.top(cpu) + ROW * (above + inner)

    def put(self, text):
        """Another element."""
        self.out.append(text)

    def label(self, x, y, text, kind="", anchor=""):
        """A line of text."""
        more = f' class="{kind}"' if kind else ""
        more += f' text-anchor="{anchor}"' if anchor else ""
        self.put(f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>')


def _fill(span):
    if span.lane != spans.THREAD:
        return FILL[span.lane]
    if span.key == ("work",):
        return "#2d6a4f"
    return THREADS[span.pid % len(THREADS)] if span.pid else FILL["idle"]


def _box(picture, span):
    x, end = picture.x(span.begin), picture.x(span.end)
    if span.lane == spans.NMI:
        x, end = end - 5, end + 5
    y = picture.y(span.cpu, span.lane, span.depth)
    begun = picture.line.events[span.begin].time
    took = picture.line.events[span.end].time - begun
    text = "; ".join(f"{k}={v}" for k, v in span.fields.items())
    title = escape(f"{span.name}: {took} us from {begun} us {text}")
    picture.put(f'<rect x="{x:.1f}" y="{y + 1}" width="{max(end - x, 2):.1f}" '
                f'height="{ROW - 3}" rx="2" fill="{_fill(span)}">'
                f"<title>{title}</title></rect>")
    room = int((end - x - 4) / CHAR)
    name = span.name if len(span.name) <= room else span.name[:room - 1] + "…"
    if room >= 3:
        picture.label(x + 3, y + 14, name, "" if span.pid == 0 else "w")


def _arrow(picture, arrow):
    """From the waker to who is woken; a stub where that is not seen."""
    source = picture.line.events[arrow.source]
    if not picture.first <= arrow.source < picture.last:
        return
    x = picture.x(arrow.source)
    y = picture.y(source.cpu, spans.lane_of(source)) + ROW / 2
    seen = arrow.to is not None and arrow.to < picture.last
    if seen:
        to = picture.line.events[arrow.to]
        lane = (spans.THREAD if arrow.kind == "wakeup" else spans.HARDIRQ)
        x2, y2 = picture.x(arrow.to), picture.y(to.cpu, lane) + ROW / 2
    else:
        x2, y2 = x + 8, y - 8
    title = escape(f"{arrow.kind}: {arrow.name} at {source.time} us")
    bend = (x + x2) / 2
    picture.put(f'<path class="{arrow.kind}" d="M{x:.1f} {y} C{bend:.1f} {y} '
                f'{bend:.1f} {y2} {x2:.1f} {y2}"'
                + (f' marker-end="url(#{arrow.kind})"' if seen else "")
                + f"><title>{title}</title></path>")
    picture.put(f'<circle class="{arrow.kind}" cx="{x:.1f}" cy="{y}" r="2"/>')


def _point(picture, at):
    """A tick under the row where it happened."""
    event = picture.line.events[at]
    y = picture.y(event.cpu, spans.lane_of(event)) + ROW
    title = escape(f"{event.name}: {event.text} at {event.time} us")
    picture.put(f'<path d="M{picture.x(at):.1f} {y - 4}l3 6h-6z" '
                f'fill="#445"><title>{title}</title></path>')


def _axis(picture):
    """Microseconds since the first event, where there is room; the cuts."""
    bottom = TOP + sum(picture.height(c) + GAP for c in picture.cpus)
    zero, free = picture.events[0].time, 0
    for number, event in enumerate(picture.events):
        x = picture.at[number]
        if x < free:
            continue
        picture.put(f'<path class="g" d="M{x:.1f} {TOP - 6}V{bottom}"/>')
        text = f"{event.time - zero} us"
        picture.label(x, TOP - 10, text, "s", "middle")
        free = x + max(70, len(text) * CHAR + 14)
    for x, took in picture.cuts:
        picture.put(f'<path class="k" d="M{x:.1f} {TOP - 4}V{bottom}"/>')
        text = f"{took} us" if took < 10000 else f"{took / 1000:.0f} ms"
        picture.label(x, bottom + 12, text, "s", "middle")
    return bottom


def _legend(picture, trace):
    names = (("NMI", FILL[spans.NMI]), ("hardirq", FILL[spans.HARDIRQ]),
             ("softirq", FILL[spans.SOFTIRQ]), ("threads", THREADS[0]),
             ("work", "#2d6a4f"), ("idle", FILL["idle"]))
    picture.label(12, 20, "irqbed: what ran on each CPU", "h")
    picture.label(12, 36, f"events {picture.first + 1} to {picture.last} of "
                  f"{len(trace.events)}, {trace.lost()} lost; from "
                  f"{picture.events[0].time / 1e6:.6f} s", "s")
    x = 300
    for name, colour in names:
        picture.put(f'<rect x="{x}" y="10" width="14" height="12" rx="2" '
                    f'fill="{colour}"/>')
        picture.label(x + 19, 20, name)
        x += 34 + len(name) * 7
    for kind, name in (("wakeup", "wake-up"), ("ipi", "IPI")):
        picture.put(f'<path class="{kind}" d="M{x} 16h22" '
                    f'marker-end="url(#{kind})"/>')
        picture.label(x + 32, 20, name)
        x += 90
    return x


def _lanes(picture, width):
    for cpu in picture.cpus:
        top, high = picture.top(cpu), picture.height(cpu)
        picture.put(f'<rect x="{LEFT}" y="{top}" width="{width - LEFT - 8:.1f}"'
                    f' height="{high}" fill="#f7f8fa"/>')
        picture.label(10, top + high / 2 + 4, f"CPU {cpu}", "c")
        for lane in ROWS:
            if picture.rows[cpu][lane]:
                y = picture.y(cpu, lane) + 14
                picture.label(LEFT - 4, y, lane, "s", "end")


def draw(trace, first, last):
    """The SVG of events[first:last], as text."""
    picture = Picture(spans.build(trace.events), first, last)
    picture.out = []
    legend = _legend(picture, trace)
    width = max(picture.x(last) + 16, legend + 20)
    _lanes(picture, width)
    bottom = _axis(picture)
    for span in picture.line.spans:
        if span.end >= first and span.begin < last:
            _box(picture, span)
    for at in picture.line.points:
        if first <= at < last:
            _point(picture, at)
    for arrow in picture.line.arrows:
        _arrow(picture, arrow)
    heads = "".join(
        f'<marker id="{kind}" markerWidth="8" markerHeight="8" refX="6" '
        f'refY="3" orient="auto"><path d="M0 0L7 3L0 6z" fill="{colour}"/>'
        "</marker>" for kind, colour in (("wakeup", "#1b7f3b"),
                                         ("ipi", "#a0307f")))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
            f'height="{bottom + FOOT}" viewBox="0 0 {width:.0f} '
            f'{bottom + FOOT}">\n<title>irqbed event trace</title>\n'
            f"<style>{STYLE}</style>\n<defs>{heads}</defs>\n"
            '<rect width="100%" height="100%" fill="#fff"/>\n'
            + "\n".join(picture.out) + "\n</svg>\n")
