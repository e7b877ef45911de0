# SPDX-License-Identifier: MIT
"""The PE image: what objcopy cannot set, and a look at its sections.

NX_COMPAT is a promise firmware with memory mitigations reads: this image
never executes data. objcopy has no option for it, so it is set here, and the
checksum, which signing tools and some firmware look at, is made to fit.

Layout: Microsoft, "PE Format", "Optional Header" and "Section Table".
"""

import collections
import struct
import zlib

from . import basereloc

NX_COMPAT = 0x0100
SCN_DATA, SCN_ZEROS = 0x40, 0x80
SCN_EXECUTE, SCN_READ, SCN_WRITE = 0x20000000, 0x40000000, 0x80000000
PE32_PLUS, SUBSYSTEM_EFI_APP = 0x20B, 10
OPT_ALIGNMENT, OPT_CHECKSUM, OPT_SUBSYSTEM, OPT_DLLCHAR = 32, 64, 68, 70
OPT_IMAGE_SIZE, OPT_RELOC_DIRECTORY = 56, 152
FILE_ALIGNMENT = 512
PACKED = (b".cases", b".rodata", b".relro")
MARK = 0x4F4C4552  # "RELO", above an address that efi/unpack.c relocates
SECTION = struct.Struct("<8sIIIIIIHHI")

Section = collections.namedtuple("Section", "name address size flags")


class PEError(Exception):
    """The file is no PE32+ EFI application, or not an acceptable one."""


class Image:
    """A PE32+ file in memory."""

    def __init__(self, data):
        self.data = bytearray(data)
        try:
            self._locate()
        except struct.error:
            raise PEError("the file is too short to be a PE image") from None

    def _u(self, form, at):
        return struct.unpack_from(form, self.data, at)[0]

    def _locate(self):
        if self.data[:2] != b"MZ":
            raise PEError("no MZ signature")
        pe = self._u("<I", 0x3C)
        if self.data[pe:pe + 4] != b"PE\0\0":
            raise PEError("no PE signature")
        self.count = self._u("<H", pe + 6)
        self.opt = pe + 24
        self.table = self.opt + self._u("<H", pe + 20)
        if self._u("<H", self.opt) != PE32_PLUS:
            raise PEError("not a PE32+ image")
        if self._u("<H", self.opt + OPT_SUBSYSTEM) != SUBSYSTEM_EFI_APP:
            raise PEError("not an EFI application (subsystem 10)")

    def sections(self):
        """Every section, in the file's order."""
        for index in range(self.count):
            row = SECTION.unpack_from(self.data,
                                      self.table + index * SECTION.size)
            yield Section(row[0].rstrip(b"\0").decode("ascii", "replace"),
                          row[2], row[1], row[9])

    def _row(self, name):
        """(index, section header's fields) of the section, or PEError."""
        for index in range(self.count):
            row = list(SECTION.unpack_from(self.data,
                                           self.table + index * SECTION.size))
            if row[0].rstrip(b"\0") == name:
                return index, row
        raise PEError(f"no section {name.decode()}")

    def _pack(self, index, row):
        SECTION.pack_into(self.data, self.table + index * SECTION.size, *row)

    def _store(self, address, value):
        for index in range(self.count):
            row = SECTION.unpack_from(self.data,
                                      self.table + index * SECTION.size)
            if row[2] <= address <= row[2] + row[3] - 8:
                struct.pack_into("<q", self.data, row[4] + address - row[2],
                                 value)
                return
        raise PEError(f"a relocation at {address:#x} lies in no section")

    def fold_relocations(self, pack=False):
        """Let firmware relocate: .rela becomes .reloc, the last section.

        An image without .rela needs none. What pack() is to take out must
        stand as it is until it is unpacked: there, addresses are marked.
        """
        if all(section.name != ".rela" for section in self.sections()):
            return
        index, rela = self._row(b".rela")
        last, reloc = self._row(b".reloc")
        _, dynamic = self._row(b".dynamic")
        if (index, last) != (self.count - 2, self.count - 1):
            raise PEError(".rela and .reloc are not the last sections")
        try:
            places = basereloc.offsets(
                self.data[rela[4]:rela[4] + min(rela[1], rela[3])],
                self._store)
        except ValueError as error:
            raise PEError(str(error)) from None
        if pack:
            places = self._mark(places)
        raw = basereloc.blocks(places)
        at = dynamic[4]
        self.data[at:at + dynamic[3]] = basereloc.without_rela(
            self.data[at:at + dynamic[3]])
        size = -(-len(raw) // FILE_ALIGNMENT) * FILE_ALIGNMENT
        self.data[rela[4]:] = raw.ljust(size, b"\0")
        self._pack(index, [reloc[0], len(raw), rela[2], size, rela[4],
                           *reloc[5:]])
        self._pack(last, [b"", *[0] * 9])
        self.count -= 1
        struct.pack_into("<H", self.data, self.opt - 18, self.count)
        struct.pack_into("<II", self.data, self.opt + OPT_RELOC_DIRECTORY,
                         rela[2], len(raw))
        struct.pack_into("<I", self.data, self.opt + OPT_IMAGE_SIZE,
                         -(-(rela[2] + len(raw)) // 4096) * 4096)

    def _mark(self, places):
        """Mark the addresses in .relro; the places outside all of PACKED."""
        spans = [(name, row[2], row[2] + row[1], row[4] - row[2])
                 for name in PACKED for _, row in [self._row(name)]]
        _, start, end, shift = spans[-1]
        inside = {at for at in places if start <= at < end}
        for at in range(start, end, 8):
            value = self._u("<Q", at + shift)
            if at in inside and value >> 32 == 0:
                self._store(at, MARK << 32 | value)
                inside.remove(at)
            elif value >> 32 == MARK:
                raise PEError(f"what lies at {at:#x} looks like a mark")
        for at in inside:
            raise PEError(f"cannot mark the address at {at:#x}")
        for name, start, end, _ in spans[:-1]:
            if any(start <= at < end for at in places):
                raise PEError(f"a relocation in {name.decode()}")
        return [at for at in places if not spans[0][1] <= at < spans[-1][2]]

    def pack(self):
        """PACKED as raw DEFLATE in a last section, for efi/unpack.c.

        Their own bytes then take no room in the file; the application fills
        them in as it starts, and gives them their rights after: to firmware
        they are data, and nothing is ever writable and executable. What is
        packed has its Adler-32 before it, so that damage is noticed.
        """
        _, end = self._row(b".reloc")
        _, cases = self._row(PACKED[0])
        raw = self._take_out(PACKED)
        raw = absolute_calls(raw[:cases[1]], cases[2]) + raw[cases[1]:]
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
        packed = deflate.compress(raw) + deflate.flush()
        packed = struct.pack("<I", zlib.adler32(packed)) + packed
        address = -(-(end[2] + end[1]) // 4096) * 4096
        size = -(-len(packed) // FILE_ALIGNMENT) * FILE_ALIGNMENT
        self._pack(self.count, [b".packed", len(packed), address, size,
                                len(self.data), 0, 0, 0, 0,
                                SCN_DATA | SCN_READ])
        self.data += packed.ljust(size, b"\0")
        self.count += 1
        struct.pack_into("<H", self.data, self.opt - 18, self.count)
        struct.pack_into("<I", self.data, self.opt + OPT_IMAGE_SIZE,
                         -(-(address + len(packed)) // 4096) * 4096)

    def _take_out(self, names):
        """The bytes of sections that follow one another; they are zeros now."""
        raw, first = b"", self._row(names[0])[1][2]
        for name in names:
            index, row = self._row(name)
            if row[2] != first + len(raw):
                raise PEError(f"{name.decode()} does not begin where the one "
                              "before it ends")
            raw += self.data[row[4]:row[4] + min(row[1], row[3])].ljust(
                row[1], b"\0")
            del self.data[row[4]:row[4] + row[3]]
            self._move_down(index, row[4], row[3])
            self._pack(index, [*row[:3], 0, 0, *row[5:9],
                               SCN_ZEROS | SCN_READ | SCN_WRITE])
        return raw

    def checksum(self):
        """What finish() wrote: irqbed's log says it too."""
        return self._u("<I", self.opt + OPT_CHECKSUM)

    def problems(self):
        """What firmware that enforces W^X would refuse, a line each."""
        alignment = self._u("<I", self.opt + OPT_ALIGNMENT)
        if alignment % 4096:
            yield f"section alignment {alignment:#x} is less than a page"
        for section in self.sections():
            if section.flags & SCN_WRITE and section.flags & SCN_EXECUTE:
                yield f"{section.name} is writable and executable"
            if section.address % 4096:
                yield f"{section.name} is not page-aligned"

    def trim_zeros(self):
        """Drop the zeros a section ends in: the loader fills up to its size.

        .data ends in what was .bss, which objcopy can only write out in full.
        """
        for index in range(self.count):
            at = self.table + index * SECTION.size
            row = list(SECTION.unpack_from(self.data, at))
            raw = bytes(self.data[row[4]:row[4] + row[3]])
            keep = -(-len(raw.rstrip(b"\0")) // FILE_ALIGNMENT)
            cut = row[3] - max(keep, 1) * FILE_ALIGNMENT
            if cut <= 0 or row[1] > row[3]:
                continue
            del self.data[row[4] + row[3] - cut:row[4] + row[3]]
            row[3] -= cut
            SECTION.pack_into(self.data, at, *row)
            self._move_down(index, row[4], cut)

    def _move_down(self, trimmed, start, cut):
        """The sections that lay behind start are cut bytes nearer now."""
        for index in range(self.count):
            at = self.table + index * SECTION.size
            row = list(SECTION.unpack_from(self.data, at))
            if index != trimmed and row[4] > start:
                row[4] -= cut
                SECTION.pack_into(self.data, at, *row)

    def finish(self):
        """Set NX_COMPAT, then make the checksum fit."""
        at = self.opt + OPT_DLLCHAR
        flags = self._u("<H", at) | NX_COMPAT
        struct.pack_into("<H", self.data, at, flags)
        struct.pack_into("<I", self.data, self.opt + OPT_CHECKSUM, 0)
        struct.pack_into("<I", self.data, self.opt + OPT_CHECKSUM,
                         checksum(self.data))


def absolute_calls(code, address):
    """CALL and JMP rel32 by target, which is alike wherever they stand.

    What has such an opcode is changed, also where it is data: what undoes it,
    in efi/unpack.c, finds the same.
    """
    out, at = bytearray(code), 0
    while at < len(out) - 4:
        at += 1
        if out[at - 1] & 0xFE == 0xE8:
            target = struct.unpack_from("<I", out, at)[0] + address + at
            struct.pack_into("<I", out, at, target & 0xFFFFFFFF)
            at += 4
    return bytes(out)


def checksum(data):
    """The one's complement sum of 16-bit words, plus the length."""
    padded = bytes(data) + bytes(len(data) % 2)
    total = sum(struct.unpack(f"<{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total + len(data)


def flag_text(flags):
    """Section flags as readelf would put them: R, W, X."""
    return "".join(letter if flags & bit else "-" for letter, bit in
                   (("R", SCN_READ), ("W", SCN_WRITE), ("X", SCN_EXECUTE)))
