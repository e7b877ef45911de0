# SPDX-License-Identifier: MIT
"""ELF relocations into PE base relocations: 24 bytes each into 2.

gnu-efi's crt0 would apply .rela at start; firmware does it as it loads the
image when they are where PE wants them, and there are thousands: each case has
several. Afterwards crt0 finds no DT_RELA and has nothing to do.

Layout: Microsoft, "PE Format", "The .reloc Section"; System V ABI, "Dynamic
Section".
"""

import itertools
import struct

R_NONE, R_RELATIVE = 0, 8  # R_X86_64_*
DIR64 = 10 << 12           # IMAGE_REL_BASED_DIR64
DT_NULL = 0
DT_RELAS = (7, 8, 9)       # DT_RELA, DT_RELASZ, DT_RELAENT
DT_IGNORED = 0x60000000    # in the range for an OS's own: nobody reads it
RELA, DYN = struct.Struct("<QQq"), struct.Struct("<QQ")


def offsets(rela, store):
    """Give store(address, addend) each fixup; the addresses, sorted."""
    places = []
    for at, info, addend in RELA.iter_unpack(rela[:len(rela) // 24 * 24]):
        kind = info & 0xFFFFFFFF
        if kind == R_NONE:
            continue
        if kind != R_RELATIVE:
            raise ValueError(f"relocation type {kind} at {at:#x}")
        store(at, addend)
        places.append(at)
    return sorted(places)


def blocks(places):
    """The content of a .reloc section: a block a page."""
    out = b""
    for page, group in itertools.groupby(places, lambda at: at & ~0xFFF):
        words = [DIR64 | at & 0xFFF for at in group]
        words += [0] * (len(words) % 2)  # "absolute": padding to 4 bytes
        out += struct.pack(f"<II{len(words)}H", page, 8 + 2 * len(words),
                           *words)
    return out


def without_rela(dynamic):
    """The dynamic section with its three words on RELA ignored."""
    out = bytearray(dynamic)
    for at in range(0, len(out) // 16 * 16, 16):
        tag, value = DYN.unpack_from(out, at)
        if tag == DT_NULL:
            break
        if tag in DT_RELAS:
            DYN.pack_into(out, at, DT_IGNORED, value)
    return bytes(out)
