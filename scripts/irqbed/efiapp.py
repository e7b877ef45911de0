# SPDX-License-Identifier: MIT
"""Small EFI applications beside irqbed, built as gnu-efi's own examples are."""

import os
import subprocess

LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib", "/usr/lib64")
CFLAGS = ("-std=gnu11 -O2 -fpic -ffreestanding -fno-stack-protector "
          "-fshort-wchar -mno-red-zone -maccumulate-outgoing-args "
          "-fcf-protection=none -DGNU_EFI_USE_MS_ABI "
          "-isystem /usr/include/efi -isystem /usr/include/efi/x86_64").split()
SECTIONS = ".text .rodata .data .dynamic .dynsym .rela .reloc".split()


def build(source, folder):
    """Compile the C file source into folder; the .efi file's path."""
    lib = next(d for d in LIBRARIES
               if os.path.exists(f"{d}/crt0-efi-x86_64.o"))
    name = os.path.splitext(os.path.basename(source))[0]
    base = os.path.join(folder, name)
    for words in (
            ["gcc", *CFLAGS, "-c", source, "-o", f"{base}.o"],
            ["ld.bfd", "-nostdlib", "-shared", "-Bsymbolic", "-znocombreloc",
             "-T", f"{lib}/elf_x86_64_efi.lds", f"{lib}/crt0-efi-x86_64.o",
             f"{base}.o", f"-L{lib}", "-lefi", "-lgnuefi", "-o",
             f"{base}.so"],
            ["objcopy", *(w for s in SECTIONS for w in ("-j", s)),
             "--output-target=efi-app-x86_64", f"{base}.so", f"{base}.efi"]):
        subprocess.run(words, check=True)
    return f"{base}.efi"
