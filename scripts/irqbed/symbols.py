# SPDX-License-Identifier: MIT
"""Turn the addresses of a log into function+offset and file:line.

The ELF is linked at address 0 and the log says where the firmware put it
("# image.base=0x... image.size=0x..."), so address - base is the ELF's own.
"""

import bisect
import os
import re
import subprocess

from . import HOME

BASE = re.compile(r"\bimage\.base=0x([0-9a-f]+)")
SIZE = re.compile(r"\bimage\.size=0x([0-9a-f]+)")
ADDRESS = re.compile(r"\b0x([0-9a-f]{4,16})\b|\b([0-9a-f]{16})\b")


class SymbolError(Exception):
    """No base in the log, or binutils or symbols are missing."""


def _run(tool, *words, text=""):
    name = os.environ.get("CROSS_COMPILE", "") + tool
    try:
        done = subprocess.run([name, *words], input=text, text=True,
                              capture_output=True, check=False)
    except OSError as error:
        raise SymbolError(f"{name}: {error}") from None
    if done.returncode:
        raise SymbolError(f"{name}: {done.stderr.strip()}")
    return done.stdout


class Symbols:
    """The symbols and lines of one ELF."""

    def __init__(self, path):
        self.path = path
        rows = []
        for line in _run("nm", "-n", "--defined-only", path).splitlines():
            address, kind, name = line.split(None, 2)
            if kind not in "aA":
                rows.append((int(address, 16), name))
        if not rows:
            raise SymbolError(f"{path} has no symbols")
        self.addresses = [address for address, _ in rows]
        self.names = [name for _, name in rows]
        self.lines = {}

    def look_up(self, addresses):
        """Ask addr2line for all addresses at once."""
        asked = sorted(set(addresses))
        answer = _run("addr2line", "-e", self.path,
                      text="".join(f"{a:#x}\n" for a in asked)).splitlines()
        self.lines.update(zip(asked, answer))

    def name(self, address):
        """'function+0x12 (src/room/file.c:34)', as much as is known."""
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0:
            return ""
        text = f"{self.names[at]}+{address - self.addresses[at]:#x}"
        line = self.lines.get(address, "??").split(" (")[0]
        line = line.removeprefix(f"{HOME}/")
        return text if line.startswith("??") or line.endswith(":?") \
            else f"{text} ({line})"


def annotate(text, debug):
    """The log with what its addresses mean appended to each line."""
    base, size = BASE.search(text), SIZE.search(text)
    if not base:
        raise SymbolError("no image.base=0x... in the log")
    symbols = Symbols(debug)
    start = int(base[1], 16)
    length = int(size[1], 16) if size else symbols.addresses[-1] + 0x1000

    def inside(line):
        if BASE.search(line):
            return []
        values = (int(m[1] or m[2], 16) for m in ADDRESS.finditer(line))
        return [v - start for v in dict.fromkeys(values)
                if start <= v < start + length]

    lines = text.splitlines()
    found = [inside(line) for line in lines]
    symbols.look_up(a for addresses in found for a in addresses)
    out = []
    for line, addresses in zip(lines, found):
        names = [n for n in map(symbols.name, addresses) if n]
        out.append(line + (f"  <- {', '.join(names)}" if names else ""))
    return "\n".join(out) + "\n"
