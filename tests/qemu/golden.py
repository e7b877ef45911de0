# SPDX-License-Identifier: MIT
"""Reports made comparable: what another build or boot changes has a word.

The golden files hold whole symbolized reports. What stays is what the report
says: every label, name, bit and reason, which function, which file. What a
compiler, a firmware or the weather decides is replaced, by these rules in
this order; a rule that is not needed is not here.
"""

import functools
import os
import re

from tap import HOME

SOURCE = "tests/selftest/test_crash.c"
# A function added by the compiler to a function's name.
CLONE = re.compile(r"\.(part|constprop|isra|cold)(\.\d+)*")
PLACE = re.compile(r"((?:src|tests|include)/[\w/]+\.[chS]):(\d+)")
NAMED = re.compile(r"([\w.]+)\+0x[0-9a-f]+(?: \(([^()]*)\))?")


@functools.lru_cache(maxsize=None)
def _lines(path):
    with open(os.path.join(HOME, path), encoding="ascii") as source:
        return source.read().split("\n")


@functools.lru_cache(maxsize=None)
def _static(path, function):
    """Is it a static function, which the compiler may inline or not?"""
    pattern = re.compile(rf"static\b[^;]*\b{re.escape(function)}\(", re.S)
    text = "\n".join(_lines(path))
    return any(pattern.match(text, at.start())
               for at in re.finditer(r"^static\b", text, re.M))


def _crashes(path, line):
    return (path == SOURCE and
            "/* CRASH */" in _lines(path)[int(line) - 1])


def _place(match):
    """file:CRASH for a line marked so, file:LINE for any other."""
    return f"{match[1]}:{'CRASH' if _crashes(match[1], match[2]) else 'LINE'}"


def _named(match):
    """function+N (file:LINE); of inlined places, the one that crashed."""
    name, places = CLONE.sub("", match[1]), PLACE.findall(match[2] or "")
    if not places:
        return f"{name}+N"
    path, line = next((p for p in places if _crashes(*p)), places[-1])
    if path != SOURCE and path.endswith(".c") and _static(path, name):
        name = "STATIC"
    return f"{name}+N (" + PLACE.sub(_place, f"{path}:{line}") + ")"


def _number(match):
    """Pointers that a boot decides; 0 and the cases' own numbers stay."""
    value = int(match[2], 16)
    if match[1] in ("cr0", "dr6", "dr7"):
        return match[0]
    if 0x1000 <= value < 1 << 32:
        return f"{match[1]} ADDRESS"
    return f"{match[1]} STACK" if value >> 32 == 0xfffffe80 else match[0]


def _code(line):
    """Bytes are the compiler's, but which could be read is not."""
    return re.sub(r"\b[0-9a-f]{2}\b", "xx", line)


def _register(line):
    """Names stay: that every one is there is what a report owes."""
    line = line.split("  <- ")[0]
    return re.sub(r"0x[0-9a-f]{16}", "VALUE", line)


def _flags(line):
    """Arithmetic flags are left over from whatever was computed last."""
    line = re.sub(r"rflags 0x[0-9a-f]+", "rflags VALUE", line)
    return re.sub(r"\b(CF|PF|AF|ZF|SF|OF) ", "", line)


def _line(line, faulted):
    """One line of a report, or None where another compiler has none."""
    if re.match(r"# #PF: PML5 ", line):
        return None  # newer firmware uses five levels
    if re.match(r"# r[a-z0-9]+ +0x\w+  r", line):
        return _register(line)
    if line.startswith("# code "):
        return _code(line)
    if line.startswith("# cs 0x"):
        line = _flags(line)
    if line.startswith("# cr0 0x") and not faulted:  # an older one
        line = re.sub("cr2 0x[0-9a-f]+", "cr2 VALUE", line)
    if line.startswith("# #DF: cr2 0x") and not faulted:
        return "# #DF: cr2 VALUE"
    if line.startswith("# cr4 0x"):  # what the CPU has and a boot enables
        line = re.sub("(cr4|efer) 0x[0-9a-f]+", r"\1 VALUE", line)
    if " entry at 0x" in line:  # page tables: the words after it stay
        line = re.sub(r"= 0x[0-9a-f]{16}", "= ENTRY", line)
    if re.match(r"# #\w+: gate 0x\w+ at ", line):  # its words follow
        line = re.sub(r"= 0x[0-9a-f]{16} .*", "= GATE", line)
    if "port 0x61 is" in line:  # its low bits count
        line = re.sub(r"is 0x[0-9a-f]{2}", "is VALUE", line)
    line = NAMED.sub(_named, line) if "<-" in line else line
    if re.match(r"#  +0x.*<- (STATIC|exc_\w+)\+", line):
        return None  # another compiler inlines it; exc_*() end in a jump
    line = PLACE.sub(_place, line)
    line = re.sub(r"(\S*) (0x[0-9a-f]{16})", _number, line)
    line = re.sub(r"(\.\w+(?: \(\w+\))?)\+0x[0-9a-f]+", r"\1+N", line)
    line = re.sub(r"\b0x[0-9a-f]+ bytes", "N bytes", line)
    return re.sub(r"\b\d+ (times|ms)\b", r"N \1", line)  # ms are scaled


def normalise(lines):
    """The report that is to be compared, as text."""
    faulted = (any(re.match("# vector (8|14),", line) for line in lines) and
               not any("the push was #SS" in line for line in lines))
    kept = (_line(line.rstrip(), faulted) for line in lines)
    kept = [line for line in kept if line is not None]
    # A word found on the stack is sure to be there behind assembly alone.
    return "".join(f"{line}\n" for before, line in zip([""] + kept, kept)
                   if not line.startswith("#     ? ") or
                   re.match(r"#   rip .*\.S:LINE\)$", before))


def blocks(text):
    """{case: lines before and with its result} of a symbolized log."""
    found, held = {}, []
    for line in text.splitlines():
        held.append(line)
        if result := re.match(r"(?:not )?ok \d+ - (\S+)", line):
            held[-1] = re.sub(r"ok \d+", "ok", line, count=1)
            found[result[1]] = held
            held = []
        elif line.startswith("# watchdog="):
            held = []  # the header's last line
    return found
