#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/symbolize: the right name, or none."""

import os
import struct
import sys

sys.dont_write_bytecode = True
from tap import check, contains, main, run, test, tool, write

from irqbed import pe

SOURCE = """int data[4] = { 1 };
int gap __attribute__((aligned(256))) = 2;
__attribute__((noreturn)) void die(void);
static inline int twice(int x)
{
	return *(volatile int *)data * x;
}
int call(void);
int call(void)
{
	return twice(3);
}
void last(void);
void last(void)
{
	die();
}
void next(void);
void next(void)
{
}
__attribute__((noreturn)) void die(void)
{
	for (;;)
		;
}
"""
BASE = 0x7000000


def build(folder, checksum=None, version="v1"):
    """x.so, with the .efi and the version a build has beside it."""
    elf = os.path.join(folder, "x.so")
    status, out = run(
        "gcc", "-g", "-O1", "-ffreestanding", "-fpic", "-nostdlib", "-shared",
        "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
        "-fno-toplevel-reorder", "-Wl,-Bsymbolic", "-o", elf,
        write(folder, "x.c", SOURCE))
    check(status, 0, out)
    if checksum is not None:
        head = bytearray(1024)
        head[:2], head[64:68] = b"MZ", b"PE\0\0"
        struct.pack_into("<I", head, 0x3C, 64)
        struct.pack_into("<HHIIIHH", head, 68, 0x8664, 0, 0, 0, 0, 240, 0)
        struct.pack_into("<H", head, 88, pe.PE32_PLUS)
        struct.pack_into("<I", head, 88 + pe.OPT_CHECKSUM, checksum)
        struct.pack_into("<H", head, 88 + pe.OPT_SUBSYSTEM, 10)
        write(folder, "x.efi", bytes(head))
    if version:
        write(folder, "version", version + "\n")
    return elf


def marked(folder, checksum, beside=None):
    """x.so, whose own word it is which image it is of; beside it an .efi."""
    elf = build(folder, beside, version=None)
    status, out = run(
        "objcopy", "--only-keep-debug",
        "--add-section", ".irqbed.checksum=" +
        write(folder, "checksum", f"{checksum:#010x}\n"),
        "--add-section", ".irqbed.version=" + write(folder, "v", "v1\n"), elf)
    check(status, 0, out)
    return elf


def address(elf, name):
    """Of a symbol, in the ELF."""
    _, out = run("nm", elf)
    return next(int(line.split()[0], 16) for line in out.splitlines()
                if line.endswith(f" {name}"))


def head(base=BASE, **facts):
    more = "".join(f" image.{k}={v:#010x}" for k, v in facts.items())
    return ("TAP version 13\r\n1..1\r\n"
            "# IRQBED-BEGIN run=1234abcd version=v1\r\n"
            f"# image.base={base:#018x} image.size=0x8000{more}\r\n")


def symbolize(folder, elf, text, *words):
    return tool("symbolize", write(folder, "log", text), "--debug", elf,
                *words)


def last_line(folder, elf, text):
    status, out = symbolize(folder, elf, head() + text)
    check(status, 0, out)
    return out.splitlines()[-1]


@test
def it_names_function_offset_and_line(folder):
    elf = build(folder)
    at = BASE + address(elf, "die")
    line = f"# rip {at:#018x}  .text+0x1000"
    named = last_line(folder, elf, line + "\r\n")
    # The compiler chooses which of the function's lines is its first.
    contains(named, f"{line}  <- die+0x0 ({folder}/x.c:2")


@test
def a_return_address_names_the_call_before_it(folder):
    elf = build(folder)
    # last() ends in its call: what is behind it is another function.
    at = BASE + address(elf, "next")
    for line in (f"#       {at:#018x}  .text", f"#     ? {at:#018x}  .text",
                 f"# smashed, called from {at:#018x}: .text",
                 f"# #PF: call of NULL from {at:#018x}: .text"):
        named = last_line(folder, elf, line)
        contains(named, "  <- last+0x")
        contains(named, "x.c:16)")
    contains(last_line(folder, elf, f"#   rip {at:#018x}  .text"), "<- next+0x0 ")


@test
def inlined_lines_are_named_outwards(folder):
    elf = build(folder)
    at = BASE + address(elf, "call")
    contains(last_line(folder, elf, f"# rip {at + 6:#018x}"), "x.c:6 in ")


@test
def of_several_addresses_each_name_says_whose_it_is(folder):
    elf = build(folder)
    code, data = address(elf, "die") + BASE, address(elf, "data") + BASE
    line = last_line(folder, elf, f"# rax {code:#018x}  rbx {data:#018x}  "
                     "rcx 0x0000000000000001\r\n")
    contains(line, "  <- rax: die+0x0 (")
    contains(line, ", rbx: data+0x0")
    assert "rcx:" not in line, line


@test
def what_is_not_in_the_image_is_left_alone(folder):
    elf = build(folder)
    at = BASE + address(elf, "data")
    for line in (f"# rip {BASE - 1:#018x}", f"# rip {BASE + 0x8000:#018x}",
                 f"# between two variables {at + 64:#018x}",
                 f"# #PF: PT   entry at {at:#018x} = {at:#018x}  RO",
                 "# cs 0x0010", "# rip 0x0000000000000000"):
        check(last_line(folder, elf, line), line)


@test
def each_boot_of_a_log_has_its_own_base(folder):
    elf = build(folder)
    at = address(elf, "die")
    other = BASE + 0x1000000
    text = (f"# early {BASE + at:#018x}\r\n" + head() +
            f"# rip {BASE + at:#018x}\r\n" + head(other) +
            f"# rip {other + at:#018x}\r\n# rip {BASE + at:#018x}\r\n")
    status, out = symbolize(folder, elf, text)
    check(status, 0, out)
    check(["<- die" in line for line in out.splitlines()],
          [False] * 5 + [True] + [False] * 4 + [True, False])


@test
def a_log_cut_anywhere_is_named_as_far_as_it_goes(folder):
    from irqbed import symbols
    elf = build(folder)
    at = BASE + address(elf, "die")
    text = head() + f"# rip {at:#018x}\r\n# backtrace:\r\n#   rip {at:#018x}"
    status, out = symbolize(folder, elf, text)
    check((status, out.count("<- die")), (0, 2))
    start = len(head())
    for length in range(start, len(text), 7):
        named, _ = symbols.annotate(text[:length], elf)
        contains(named, "image.base")


@test
def another_builds_log_is_refused(folder):
    elf = build(folder, checksum=0x1234)
    text = f"# rip {BASE + address(elf, 'die'):#018x}\r\n"
    status, out = symbolize(folder, elf, head(checksum=0x1234) + text)
    check(status, 0, out)
    contains(out, "<- die")
    status, out = symbolize(folder, elf, head(checksum=0x1235) + text)
    check(status, 1, out)
    contains(out, "the log is of another build")
    contains(out, "image.checksum is 0x00001235 in the log, 0x00001234 in")
    status, out = symbolize(folder, elf, head(checksum=0x1235) + text,
                            "--force")
    check(status, 0, out)
    contains(out, "<- die")


@test
def without_a_checksum_the_version_tells(folder):
    text = head() + "# rip 0x0000000007001000\r\n"
    check(symbolize(folder, build(folder, version="v1"), text)[0], 0)
    status, out = symbolize(folder, build(folder, version="v2"), text)
    check(status, 1, out)
    contains(out, "version is v1 in the log, v2 in the build")


@test
def of_two_builds_in_a_log_one_is_named(folder):
    elf = build(folder, checksum=0x1234)
    line = f"# rip {BASE + address(elf, 'die'):#018x}\r\n"
    status, out = symbolize(folder, elf, head(checksum=1) + line +
                            head(checksum=0x1234) + line)
    check(status, 0, out)
    check(out.count("<- die"), 1)
    contains(out, "a boot is left alone: the log is of another build")


@test
def the_elfs_own_word_is_what_counts(folder):
    # With an .efi beside it that would mislead, and without one.
    for checksum in (None, 0x1234):
        elf = marked(folder, 0x5678, checksum)
        at = BASE + address(elf, "die")
        text = f"# rip {at:#018x}\r\n"
        status, out = symbolize(folder, elf, head(checksum=0x1234) + text)
        check(status, 1, out)
        contains(out, f"the log is of another build than {elf}: image."
                 "checksum is 0x00001234 in the log, 0x00005678 in the build")
        status, out = symbolize(folder, elf, head(checksum=0x5678) + text)
        check(status, 0, out)
        contains(out, "<- die")


@test
def what_nothing_tells_is_not_believed(folder):
    elf = build(folder, version=None)
    line = f"# rip {BASE + address(elf, 'die'):#018x}\r\n"
    for words in (head(checksum=1), head()):
        status, out = symbolize(folder, elf, words + line)
        check(status, 1, out)
        contains(out, f"nothing tells whether the log is of {elf}: no checksum")
        contains(out, "--force")
        status, out = symbolize(folder, elf, words + line, "--force")
        check(status, 0, out)
        contains(out, "<- die")


@test
def a_dirty_version_tells_only_what_differs(folder):
    for version, reason in (("v1-dirty", "nothing tells"),
                            ("v2-dirty", "the log is of another build")):
        text = head().replace("=v1", "=v1-dirty")
        status, out = symbolize(folder, build(folder, version=version), text)
        check(status, 1, out)
        contains(out, reason)


@test
def the_builds_own_symbols_say_whose_they_are(folder):
    from irqbed import HOME, symbols
    folder = os.path.join(HOME, "build")
    with open(os.path.join(folder, "irqbed.efi"), "rb") as source:
        want = pe.Image(source.read()).checksum()
    found = symbols.Build(os.path.join(folder, "irqbed.debug"))
    with open(os.path.join(folder, "version"), encoding="ascii") as source:
        check((found.checksum, found.version), (want, source.read().strip()))


@test
def it_says_what_it_lacks(folder):
    elf = build(folder)
    status, out = symbolize(folder, elf, "no base\n")
    check(status, 1, out)
    contains(out, "no image.base")
    check(symbolize(folder, "/absent", head())[0], 1)
    check(tool("symbolize", "/absent", "--debug", elf)[0], 1)
    status, out = tool("symbolize", "--help")
    check(status, 0, out)
    contains(out, "build/irqbed.debug")
    contains(out, "--force")


main()
