# SPDX-License-Identifier: MIT
"""Turn the addresses of a log into function+offset and file:line.

The ELF is linked at address 0 and each boot says where the firmware put it
("# image.base=0x... image.size=0x..."), so address - base is the ELF's own.
A log may hold several boots, also of several builds; what no base stands
before is left alone, and so is a boot of another build: a wrong name is worse
than none. The image's own checksum tells builds apart: the log has it, and the
ELF, which the build put it into (MARK_CHECKSUM), or else the .efi beside it;
for want of it, the version. What nothing tells is not believed.
"""

import bisect
import os
import re
import struct
import subprocess

from . import HOME, pe

CHECKSUM = re.compile(r"\bimage\.checksum=0x([0-9a-f]+)")
BASE = re.compile(r"\bimage\.base=0x([0-9a-f]+)")
SIZE = re.compile(r"\bimage\.size=0x([0-9a-f]+)")
BEGIN = re.compile(r"# IRQBED-BEGIN run=[0-9a-f]+ version=(\S+)")
UNSURE = re.compile(r"-dirty$|^unknown$")
PLAN = re.compile(r"^TAP version ")
ADDRESS = re.compile(r"(?:(\w+)[= ]+)?(?<![+\w])"
                     r"(?:0x([0-9a-f]{4,16})|([0-9a-f]{16}))\b")
NOT_ADDRESSES = re.compile(r"image\.base=| entry at 0x")  # page tables'
# The addresses behind these are where a call returns to: the call, which may
# be the last instruction of its function, is just before. See report_trace.c.
RETURNS = re.compile(r"^# +(?:\? )?0x|\bcall of .* from 0x|\bcalled from 0x")
MARK_CHECKSUM, MARK_VERSION = ".irqbed.checksum", ".irqbed.version"
CODE, DATA = "tTwW", "bBdDrRvV"


class SymbolError(Exception):
    """No base in the log, no binutils or symbols, or another build's."""


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
        for line in _run("nm", "-n", "-S", "--defined-only",
                         path).splitlines():
            address, *size, kind, name = line.split()
            if kind not in "aA":
                rows.append((int(address, 16), kind, name,
                             int(size[0], 16) if size else 0))
        if not rows:
            raise SymbolError(f"{path} has no symbols")
        self.addresses = [row[0] for row in rows]
        self.rows = rows
        self.lines = {}

    def look_up(self, addresses):
        """Ask addr2line for all addresses at once, inlined calls too."""
        asked = sorted(set(addresses))
        answer = _run("addr2line", "-a", "-i", "-e", self.path,
                      text="".join(f"{a:#x}\n" for a in asked)).splitlines()
        for line in answer:
            if line.startswith("0x"):
                places = self.lines.setdefault(int(line, 16), [])
                places.clear()
            else:
                line = line.split(" (")[0].removeprefix(f"{HOME}/")
                if not line.startswith("??") and line[-2:] not in (":?",
                                                                   ":0"):
                    places.append(line)

    def name(self, address, called=0):
        """'function+0x12 (src/room/file.c:34)', as much as is known.

        called is 1 for the address a call returns to. Inlined code names
        the lines outwards, the innermost first.
        """
        at = bisect.bisect_right(self.addresses, address - called) - 1
        if at < 0:
            return ""
        start, kind, name, size = self.rows[at]
        # Between two variables there is nothing; code may lack a size.
        if kind not in CODE and address - called >= start + size:
            return ""
        text = f"{name}+{address - start:#x}"
        places = self.lines.get(address - called)
        return f"{text} ({' in '.join(places)})" if places else text


def _sections(path):
    """{name: bytes} of the sections of an ELF64 that begin with .irqbed."""
    with open(path, "rb") as source:
        data = source.read()
    try:
        start, = struct.unpack_from("<Q", data, 0x28)
        size, count, names = struct.unpack_from("<HHH", data, 0x3A)
        rows = [struct.unpack_from("<IIQQQQ", data, start + i * size)
                for i in range(count)]
        names = rows[names][4]
    except (struct.error, IndexError):
        raise SymbolError(f"{path} is no ELF of 64 bits") from None
    found = {}
    for at, _, _, _, offset, length in rows:
        name = data[names + at:data.index(0, names + at)].decode()
        if name.startswith(".irqbed."):
            found[name] = data[offset:offset + length]
    return found


class Build:
    """What is known of the build an ELF is of; None where nothing tells."""

    def __init__(self, debug):
        self.debug, self.checksum, self.version = debug, None, None
        try:
            marks = _sections(debug)
        except OSError as error:
            raise SymbolError(error) from None
        if MARK_CHECKSUM in marks:
            self.checksum = int(marks[MARK_CHECKSUM], 16)
            self.version = marks.get(MARK_VERSION, b"").decode().strip()
            return
        try:
            with open(os.path.splitext(debug)[0] + ".efi", "rb") as source:
                self.checksum = pe.Image(source.read()).checksum()
        except (OSError, pe.PEError):
            pass
        try:
            with open(os.path.join(os.path.dirname(debug), "version"),
                      encoding="ascii") as source:
                self.version = source.read().strip()
        except (OSError, UnicodeDecodeError):
            pass

    def differs(self, checksum, version):
        """Why a boot is not, or may not be, of this build; "" if it is."""
        if checksum is not None and self.checksum is not None:
            if checksum == self.checksum:
                return ""
            return self._other("image.checksum", f"{checksum:#010x}",
                               f"{self.checksum:#010x}")
        if version and self.version and version != self.version:
            return self._other("version", version, self.version)
        # A dirty tree's version is shared by many builds.
        if version and self.version and not UNSURE.search(version):
            return ""
        what = "the log" if checksum is None else self.debug
        return (f"nothing tells whether the log is of {self.debug}: no "
                f"checksum in {what}, and no version that tells; --force "
                "believes it")

    def _other(self, what, log, build):
        return (f"the log is of another build than {self.debug}: {what} is "
                f"{log} in the log, {build} in the build")


class AnyBuild:
    """For --force: whatever the log says, the ELF is its own."""

    @staticmethod
    def differs(_checksum, _version):
        """Never."""
        return ""


class _Boots:
    """Where the image lies, as far as the log has been read."""

    def __init__(self, symbols, build):
        self.symbols, self.build = symbols, build
        self.start, self.length, self.version = None, 0, None
        self.named, self.refused = 0, []

    def _load(self, line):
        """The line that says where the image is."""
        size, checksum = SIZE.search(line), CHECKSUM.search(line)
        self.start = int(BASE.search(line)[1], 16)
        self.length = (int(size[1], 16) if size else
                       self.symbols.addresses[-1] + 0x1000)
        why = self.build.differs(int(checksum[1], 16) if checksum else None,
                                 self.version)
        if why:
            self.start = None
            self.refused.append(why)
        else:
            self.named += 1

    def _head(self, line):
        """Is it one of the lines that say what the others are about?"""
        if begin := BEGIN.search(line):
            self.version = begin[1]
        elif BASE.search(line):
            self._load(line)
        elif PLAN.search(line):
            self.start = self.version = None  # another boot: its base follows
        else:
            return False
        return True

    def addresses(self, line):
        """[(label, address in the ELF, 1 if it is a call's return)]."""
        if self._head(line):
            return []
        if self.start is None or NOT_ADDRESSES.search(line):
            return []
        called = int(RETURNS.search(line) is not None)
        found = {}
        for match in ADDRESS.finditer(line):
            at = int(match[2] or match[3], 16) - self.start
            if 0 <= at < self.length:
                found.setdefault(at, (match[1] or "", at, called))
        return list(found.values())


def _annotation(symbols, line, addresses):
    named = [(label, name) for label, at, called in addresses
             if (name := symbols.name(at, called))]
    if not named:
        return ""
    if len(ADDRESS.findall(line)) == 1:
        return f"  <- {named[0][1]}"
    return "  <- " + ", ".join(f"{label}: {name}" if label else name
                               for label, name in named)


def annotate(text, debug, build=None):
    """(the log with what its addresses mean appended to each line, warnings).

    build is what the ELF is held to be of: as a rule what lies beside it.
    """
    if not BASE.search(text):
        raise SymbolError("no image.base=0x... in the log")
    symbols = Symbols(debug)
    boots, lines = _Boots(symbols, build or Build(debug)), text.splitlines()
    found = [boots.addresses(line) for line in lines]
    if boots.refused and not boots.named:
        raise SymbolError(boots.refused[0])
    symbols.look_up(at - called for row in found for _, at, called in row)
    named = "\n".join(line + _annotation(symbols, line, row)
                      for line, row in zip(lines, found)) + "\n"
    return named, [f"a boot is left alone: {why}" for why in boots.refused]
