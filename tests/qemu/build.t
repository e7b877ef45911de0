#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check-image and pe-finish: what the build must not let through."""

import os
import struct
import subprocess
import sys
import time
import zlib

sys.dont_write_bytecode = True
from tap import SCRIPTS, check, contains, main, run, test, tool, write

from irqbed import HOME, pe

EFI = os.path.join(HOME, "build", "irqbed.efi")
GOOD = "int x = 1;\nint *get(void);\nint *get(void) { return &x; }\n"
OPTIONS = ["-ffreestanding", "-fpic", "-fvisibility=hidden", "-nostdlib",
           "-shared", "-g", "-fno-asynchronous-unwind-tables",
           "-Wl,-z,noexecstack,-z,nocombreloc,-Bsymbolic,--build-id=none,"
           "--no-relax,-z,noseparate-code"]
LDS = """SECTIONS {
	.text 0x1000 : { *(.text*) }
	.rodata ALIGN(4096) : { *(.rodata*) }
	.data ALIGN(4096) : { *(.data*) *(.bss*) *(.got*) }
	.dynamic ALIGN(4096) : { *(.dynamic) }
	.rela ALIGN(4096) : { *(.rela*) }
	.dynsym ALIGN(4096) : { *(.dynsym) }
	.extra ALIGN(4096) : { *(.extra*) }
}
"""


def link(folder, text, *words):
    out = os.path.join(folder, "x.so")
    status, log = run("gcc", *OPTIONS, "-T", write(folder, "x.lds", LDS),
                      *words, "-o", out, write(folder, "x.c", text))
    check(status, 0, log)
    return out


def refused(folder, text, reason, *words):
    status, out = tool("check-image", link(folder, text, *words))
    check(status, 1, out)
    contains(out, reason)


def make_pe(folder, *sections, subsystem=10, size=0):
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 240, 0)
    optional = bytearray(240)
    struct.pack_into("<H", optional, 0, 0x20B)
    struct.pack_into("<I", optional, 32, 4096)
    struct.pack_into("<H", optional, 68, subsystem)
    head += bytes(optional)
    for at, (name, flags) in enumerate(sections, 1):
        head += pe.SECTION.pack(name, 16, at * 4096, 512, 512, 0, 0, 0, 0,
                                flags)
    return write(folder, "x.efi", head.ljust(max(1024, size), b"\0"))


TEXT = (b".text", 0x60000020)


@test
def a_good_image_is_let_through(folder):
    check(tool("check-image", link(folder, GOOD)), (0, ""))


@test
def a_relocation_gnu_efi_ignores_is_refused(folder):
    refused(folder, "extern int y; int *p = &y;\n"
            "__attribute__((visibility(\"default\"))) extern int y;\n",
            "relocations gnu-efi ignores: R_X86_64_64")


@test
def a_section_objcopy_would_drop_is_refused(folder):
    refused(folder, GOOD + "int z __attribute__((section(\".extra\"))) = 1;\n",
            "objcopy would drop section .extra")


@test
def a_writable_and_executable_part_is_refused(folder):
    refused(folder, GOOD, "writable and executable", "-Wl,--omagic")


@test
def a_file_that_is_no_elf_is_refused(folder):
    assert tool("check-image", write(folder, "x", "text"))[0] != 0
    assert tool("check-image", os.path.join(folder, "absent"))[0] != 0


@test
def pe_finish_sets_nx_and_a_checksum_that_fits(folder):
    path = make_pe(folder, TEXT)
    status, out = tool("pe-finish", path)
    check(status, 0, out)
    contains(out, ".text            16  R-X")
    with open(path, "rb") as source:
        data = bytearray(source.read())
    optional = 64 + 24
    assert struct.unpack_from("<H", data, optional + 70)[0] & pe.NX_COMPAT
    said = struct.unpack_from("<I", data, optional + 64)[0]
    struct.pack_into("<I", data, optional + 64, 0)
    check(pe.checksum(data), said)


def relocated_pe(folder, kind):
    """.data at 0x1000 with a word to relocate at 0x1008; .dynamic; .rela."""
    rows = [(b".data", 0xC0000040, 16), (b".dynamic", 0xC0000040, 48),
            (b".rela", 0x40000040, 24), (b".reloc", 0x42000040, 12)]
    path = make_pe(folder, *[(n, f) for n, f, _ in rows],
                   size=1024 + 512 * len(rows))
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        for at, (name, flags, size) in enumerate(rows):
            pe.SECTION.pack_into(data, 64 + 24 + 240 + 40 * at, name, size,
                                 (at + 1) * 4096, 512, 1024 + 512 * at, 0, 0,
                                 0, 0, flags)
        struct.pack_into("<6Q", data, 1024 + 512, 7, 0x3000, 8, 24, 0, 0)
        struct.pack_into("<QQq", data, 1024 + 1024, 0x1008, kind, 0x1234)
        file.seek(0)
        file.write(data)
    return path


@test
def pe_finish_turns_rela_into_base_relocations(folder):
    path = relocated_pe(folder, 8)
    status, out = tool("pe-finish", path)
    check(status, 0, out)
    with open(path, "rb") as file:
        data = file.read()
    image = pe.Image(data)
    check([s.name for s in image.sections()], [".data", ".dynamic", ".reloc"])
    check(struct.unpack_from("<q", data, 1024 + 8), (0x1234,), "the addend")
    check(struct.unpack_from("<IIHH", data, 1024 + 1024),
          (0x1000, 12, 0xA008, 0), "one block")
    check(struct.unpack_from("<II", data, 64 + 24 + 152), (0x3000, 12),
          "the directory")
    check(struct.unpack_from("<QQQ", data, 1024 + 512)[0] in (7, 8, 9), False,
          "crt0 must find no DT_RELA")


ROWS = ((b".cases", 0x60000020, 4096), (b".rodata", 0x40000040, 4096),
        (b".relro", 0xC0000040, 4096), (b".data", 0xC0000040, 512),
        (b".dynamic", 0xC0000040, 16), (b".rela", 0x40000040, 48),
        (b".reloc", 0x42000040, 12))
# A CALL, a JMP, and no room for another CALL's distance.
CASES = (b"\xe8\x01\0\0\0" + b"\xe9\xfa\xff\xff\xff").ljust(
    4092, b"c") + b"\xe8end"
TARGETS = (b"\xe8\x02\x10\0\0" + b"\xe9\x00\x10\0\0").ljust(
    4092, b"c") + b"\xe8end"
RODATA, DATA = b"constant" * 512, b"d" * 512
RELRO = b"pointers" * 512


def unpacked_pe(folder, rows=ROWS, places=(0x3008, 0x4010), relro=RELRO):
    """An image such as --pack wants, with 0x1234 to relocate at two places."""
    raw = {b".cases": CASES, b".rodata": RODATA, b".relro": relro,
           b".data": DATA, b".rela": b"".join(
               struct.pack("<QQq", at, 8, 0x1234) for at in places)}
    path = make_pe(folder, *[(n, f) for n, f, _ in rows])
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        for at, (name, flags, size) in enumerate(rows):
            room = -(-size // 512) * 512
            pe.SECTION.pack_into(data, 64 + 264 + 40 * at, name, size,
                                 (at + 1) * 4096, room, len(data), 0, 0, 0, 0,
                                 flags)
            data += raw.get(name, b"").ljust(room, b"\0")
        file.seek(0)
        file.write(data)
    return path


@test
def pe_finish_packs_cases_and_constants(folder):
    path = unpacked_pe(folder)
    status, out = tool("pe-finish", "--pack", path)
    check(status, 0, out)
    with open(path, "rb") as file:
        data = file.read()
    rows = {row[0].rstrip(b"\0"): row for row in (
        pe.SECTION.unpack_from(data, 64 + 264 + 40 * at) for at in range(7))}
    check(list(rows), [b".cases", b".rodata", b".relro", b".data", b".dynamic",
                       b".reloc", b".packed"])
    for name in (b".cases", b".rodata", b".relro"):
        _, size, _, room, at, *_, flags = rows[name]
        check((size, room, at, flags), (4096, 0, 0, 0xC0000080),
              "no room in the file; zeros that may be written, not executed")
    _, size, address, _, at, *_ = rows[b".packed"]
    check(address, 0x7000, "a page of its own")
    check(data[at:at + 4], struct.pack("<I", zlib.adler32(
        data[at + 4:at + size])), "Adler-32")
    plain = zlib.decompress(data[at + 4:at + size], -15)
    check(plain[:8192], TARGETS + RODATA)
    check(plain[8192:], RELRO[:8] + struct.pack("<II", 0x1234, pe.MARK) +
          RELRO[16:], "the address is marked")
    at = rows[b".data"][4]
    check(data[at:at + 512], DATA[:16] + struct.pack("<Q", 0x1234) +
          DATA[24:], "what came behind")
    at = rows[b".reloc"][4]
    check(struct.unpack_from("<IIHH", data, at), (0x4000, 12, 0xA010, 0),
          "what is left to firmware")


@test
def pe_finish_refuses_relocations_it_cannot_pack(folder):
    mark = struct.pack("<II", 0, pe.MARK)
    for options, reason in (
            ({"places": (0x1008, 0x4010)}, "a relocation in .cases"),
            ({"places": (0x2008, 0x4010)}, "a relocation in .rodata"),
            ({"places": (0x300C, 0x4010)}, "cannot mark the address at 0x300c"),
            ({"relro": RELRO[:-8] + mark}, "at 0x3ff8 looks like a mark")):
        status, out = tool("pe-finish", "--pack", unpacked_pe(folder,
                                                              **options))
        check(status, 1, out)
        contains(out, reason)


@test
def pe_finish_packs_only_what_lies_together(folder):
    status, out = tool("pe-finish", "--pack", unpacked_pe(
        folder, (ROWS[0], ROWS[3], ROWS[1], ROWS[2], *ROWS[4:]),
        places=(0x2008, 0x4010)))
    check(status, 1, out)
    contains(out, ".rodata does not begin where the one before it ends")


@test
def the_image_shows_firmware_no_code_that_it_may_write(folder):
    with open(EFI, "rb") as file:
        image = pe.Image(file.read())
    check(list(image.problems()), [])
    flags = {s.name: pe.flag_text(s.flags) for s in image.sections()}
    check([name for name, f in flags.items() if "X" in f], [".text"])
    check([flags[name] for name in (".text", ".cases", ".rodata", ".relro")],
          ["R-X", "RW-", "RW-", "RW-"])


@test
def no_case_lies_where_nothing_is_packed(folder):
    status, out = run("nm", EFI[:-len("efi")] + "so")
    check(status, 0, out)
    at = {words[2]: int(words[0], 16) for line in out.splitlines()
          if len(words := line.split()) == 3}
    cases = [a for name, a in at.items() if name.startswith("test_boot_")]
    assert len(cases) > 20, cases
    assert min(cases) >= at["__packed_start"]
    assert max(cases) < at["__user_text_start"] < at["__packed_end"]
    assert at["_start"] < at["__packed_start"], "crt0 runs before it is there"


@test
def a_damaged_image_says_so_and_returns(folder):
    with open(EFI, "rb") as file:
        data = bytearray(file.read())
    row = pe.SECTION.unpack_from(data, data.index(b".packed\0"))
    data[row[4]] ^= 0x10  # the Adler-32: DEFLATE alone would not notice
    disk, log = os.path.join(folder, "x.img"), os.path.join(folder, "log")
    status, out = tool("mkimage", write(folder, "x.efi", bytes(data)), disk)
    check(status, 0, out)
    with subprocess.Popen([os.path.join(SCRIPTS, "run-qemu"), "--quiet",
                           "--image", disk, "--log", log,
                           "--tests", "selftest.passes"],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as child:
        said = b""
        while child.poll() is None and b"Load Error" not in said:
            time.sleep(0.2)
            if os.path.exists(log):
                with open(log, "rb") as file:
                    said = file.read()
        child.terminate()
    contains(said.decode("ascii", "replace"), "irqbed: this image is damaged")
    contains(said.decode("ascii", "replace"), "Load Error")


@test
def what_unpacks_the_constants_has_none(folder):
    for name in ("build/src/lib/inflate.c.o", "build/efi/unpack.c.o"):
        status, out = run("size", "-A", os.path.join(HOME, name))
        check(status, 0, out)
        for line in out.splitlines():
            words = line.split()
            if words and words[0].startswith((".rodata", ".data.rel")):
                check(words[1], "0", f"{name} {words[0]}")


@test
def pe_finish_refuses_a_relocation_it_does_not_know(folder):
    status, out = tool("pe-finish", relocated_pe(folder, 6))
    check(status, 1, out)
    contains(out, "relocation type 6 at 0x1008")


@test
def pe_finish_refuses_and_leaves_the_file_alone(folder):
    for words, options, reason in (
            ([(b".text", 0xE0000020)], {}, "writable and executable"),
            ([TEXT], {"size": (1 << 20) + 1}, "is more than"),
            ([TEXT], {"subsystem": 3}, "not an EFI application")):
        path = make_pe(folder, *words, **options)
        with open(path, "rb") as source:
            before = source.read()
        status, out = tool("pe-finish", path)
        check(status, 1, out)
        contains(out, reason)
        with open(path, "rb") as source:
            assert source.read() == before, reason


@test
def pe_finish_refuses_what_is_no_pe(folder):
    for data in (b"", b"MZ", b"\x7fELF" + bytes(100), b"MZ" + bytes(100)):
        status, out = tool("pe-finish", write(folder, "x", data))
        check(status, 1, out)


main()
