#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check-image and pe-finish: what the build must not let through."""

import os
import struct
import sys
import zlib

sys.dont_write_bytecode = True
from tap import check, contains, main, run, test, tool, write

from irqbed import HOME, pe

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


@test
def pe_finish_packs_the_constants(folder):
    path = make_pe(folder, (b".rodata", 0x40000040), (b".data", 0xC0000040),
                   (b".reloc", 0x42000040), (b".spare", 0))
    with open(path, "r+b") as file:
        data = bytearray(file.read()).ljust(4096, b"\0")
        for at, size in ((0, 1000), (1, 512), (2, 12)):
            row = list(pe.SECTION.unpack_from(data, 64 + 264 + 40 * at))
            row[1], row[3], row[4] = size, 1024 >> bool(at), 1024 + 1024 * at
            pe.SECTION.pack_into(data, 64 + 264 + 40 * at, *row)
        data[1024:2024] = b"constant" * 125
        data[2048:2560] = b"d" * 512
        struct.pack_into("<H", data, 64 + 6, 3)
        file.seek(0)
        file.write(data)
    status, out = tool("pe-finish", "--pack", path)
    check(status, 0, out)
    with open(path, "rb") as file:
        data = file.read()
    rows = [pe.SECTION.unpack_from(data, 64 + 264 + 40 * at)
            for at in range(4)]
    check([row[0].rstrip(b"\0") for row in rows],
          [b".rodata", b".data", b".reloc", b".packed"])
    check((rows[0][1], rows[0][3]), (1000, 0), "no room in the file")
    check(data[rows[1][4]:rows[1][4] + 512], b"d" * 512, "what came behind")
    check(rows[3][2], 0x4000, "a page of its own")
    packed = data[rows[3][4]:rows[3][4] + rows[3][1]]
    check(zlib.decompress(packed, -15), b"constant" * 125)


@test
def what_unpacks_the_constants_has_none(folder):
    for name in ("build/src/lib/inflate.c.o", "build/efi/unpack.c.o"):
        status, out = run("size", "-A", os.path.join(HOME, name))
        check(status, 0, out)
        for line in out.splitlines():
            words = line.split()
            if words and words[0].startswith(".rodata"):
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
