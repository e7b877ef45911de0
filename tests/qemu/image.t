#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bootable image: a GPT both ends agree on, one true FAT32, no surprise."""

import os
import sys

sys.dont_write_bytecode = True
from tap import IMAGE, Skip, check, contains, main, run, test, tool, write

from irqbed import image

FAT32_LEAST = 65525  # clusters; fewer is FAT16 to any reader


def make(folder, name="a.img", data=b"MZ" + bytes(5000), *words):
    path = os.path.join(folder, name)
    status, out = tool("mkimage", write(folder, "in.efi", data), path, *words)
    check(status, 0, out)
    return path


@test
def both_partition_tables_agree(folder):
    check(image.find_esp(make(folder)), (2048, 2048 + 131072 - 1))


@test
def a_damaged_table_is_noticed(folder):
    path = make(folder)
    size = os.path.getsize(path)
    for at in (512 + 8, 1024 + 40, size - 512 + 24, size - 33 * 512 + 40):
        with open(path, "r+b") as disk:
            disk.seek(at)
            old = disk.read(1)
            disk.seek(at)
            disk.write(bytes([old[0] ^ 1]))
            disk.flush()
            try:
                image.find_esp(path)
                noticed = False
            except image.ImageError:
                noticed = True
            disk.seek(at)
            disk.write(old)
        assert noticed, f"byte {at}"


@test
def the_protective_mbr_covers_the_disk(folder):
    path = make(folder)
    with open(path, "rb") as disk:
        mbr = disk.read(512)
    check(mbr[510:], b"\x55\xaa")
    check(mbr[446 + 4], 0xEE)
    check(int.from_bytes(mbr[446 + 12:446 + 16], "little"),
          os.path.getsize(path) // 512 - 1)


@test
def the_file_system_is_fat32_to_mtools(folder):
    status, out = run("minfo", "-i", f"{make(folder)}@@1M", "::")
    check(status, 0, out)
    contains(out, 'disk type="FAT32   "')
    free = int(out.split("free clusters=")[1].split()[0])
    assert free > FAT32_LEAST, free


@test
def the_application_is_where_firmware_looks(folder):
    data = b"MZ" + os.urandom(70000)
    path, out = make(folder, data=data), os.path.join(folder, "back")
    status, text = run("mcopy", "-i", f"{path}@@1M",
                       "::/EFI/BOOT/BOOTX64.EFI", out)
    check(status, 0, text)
    with open(out, "rb") as source:
        assert source.read() == data


@test
def options_can_be_put_beside_it(folder):
    cfg = write(folder, "cfg", "tests=ud.*\n")
    path = make(folder, "a.img", b"MZ", "--cfg", cfg)
    check(run("mtype", "-i", f"{path}@@1M", "::/irqbed.cfg"),
          (0, "tests=ud.*\n"))


@test
def the_same_application_gives_the_same_image(folder):
    with open(make(folder, "a.img"), "rb") as one:
        with open(make(folder, "b.img"), "rb") as two:
            assert one.read() == two.read()


@test
def the_image_is_sparse(folder):
    taken = os.stat(make(folder)).st_blocks * 512
    assert taken < 4 << 20, f"{taken} bytes"


@test
def a_missing_application_leaves_no_image(folder):
    path = os.path.join(folder, "a.img")
    status, out = tool("mkimage", os.path.join(folder, "absent.efi"), path)
    assert status != 0, out
    check(os.listdir(folder), [])


@test
def the_built_image_is_such_an_image(folder):
    if not os.path.exists(IMAGE):
        raise Skip("build/irqbed.img is not built")
    image.find_esp(IMAGE)
    status, out = run("mdir", "-i", f"{IMAGE}@@1M", "::/EFI/BOOT")
    check(status, 0, out)
    contains(out, "BOOTX64  EFI")


main()
