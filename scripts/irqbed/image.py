# SPDX-License-Identifier: MIT
"""The bootable disk: a GPT with one FAT32 EFI System Partition.

Some boards ignore a stick without a partition table and some want FAT32 on
an ESP, so it is both. Everything in it is fixed (GUIDs, serial, dates): the
same irqbed.efi gives the same image, byte for byte. Needs mtools, not root.

Layout: UEFI specification, "GUID Partition Table (GPT) Disk Layout".
"""

import os
import shutil
import struct
import subprocess
import uuid
import zlib

SECTOR = 512
ENTRIES, ENTRY_SIZE = 128, 128
TABLE_SECTORS = ENTRIES * ENTRY_SIZE // SECTOR
ESP_FIRST = 2048  # 1 MiB, where every partitioning tool puts the first one
ESP_SECTORS = 64 * 2048  # 64 MiB: more than 65,525 clusters of 512 bytes
DISK_SECTORS = ESP_FIRST + ESP_SECTORS + 2048

ESP_TYPE = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
DISK_GUID = uuid.UUID("69727162-6564-4000-8000-000000000001")
ESP_GUID = uuid.UUID("69727162-6564-4000-8000-000000000002")
VOLUME_ID = "69727162"

HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
ENTRY = struct.Struct("<16s16sQQQ72s")
SIGNATURE, REVISION = b"EFI PART", 0x10000


class ImageError(Exception):
    """The image cannot be built or is not what it should be."""


def _protective_mbr():
    size = min(DISK_SECTORS - 1, 0xFFFFFFFF)
    # status, CHS of LBA 1, type EEh, CHS beyond what CHS can say, LBA, size
    entry = struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", 0xEE,
                        b"\xff\xff\xff", 1, size)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"


def _entries():
    esp = ENTRY.pack(ESP_TYPE.bytes_le, ESP_GUID.bytes_le, ESP_FIRST,
                     ESP_FIRST + ESP_SECTORS - 1, 0,
                     "EFI System Partition".encode("utf-16-le"))
    return esp.ljust(ENTRIES * ENTRY_SIZE, b"\0")


def _header(lba, other_lba, table_lba, table):
    def pack(crc):
        return HEADER.pack(SIGNATURE, REVISION, HEADER.size, crc, 0, lba,
                           other_lba, 2 + TABLE_SECTORS,
                           DISK_SECTORS - 2 - TABLE_SECTORS,
                           DISK_GUID.bytes_le, table_lba, ENTRIES, ENTRY_SIZE,
                           zlib.crc32(table))
    return pack(zlib.crc32(pack(0)))


def write_gpt(path):
    """Make path a sparse disk whose one partition is still empty."""
    table, last = _entries(), DISK_SECTORS - 1
    pieces = {
        0: _protective_mbr(),
        1: _header(1, last, 2, table),
        2: table,
        last - TABLE_SECTORS: table,
        last: _header(last, 1, last - TABLE_SECTORS, table),
    }
    with open(path, "wb") as disk:
        disk.truncate(DISK_SECTORS * SECTOR)
        for lba, data in pieces.items():
            disk.seek(lba * SECTOR)
            disk.write(data)


def _check_header(disk, lba):
    disk.seek(lba * SECTOR)
    raw = disk.read(HEADER.size)
    if len(raw) < HEADER.size or raw[:8] != SIGNATURE:
        raise ImageError(f"no GPT header at LBA {lba}")
    fields = HEADER.unpack(raw)
    if zlib.crc32(raw[:16] + bytes(4) + raw[20:]) != fields[3]:
        raise ImageError(f"GPT header at LBA {lba}: wrong CRC")
    if fields[5] != lba:
        raise ImageError(f"GPT header at LBA {lba} says it is at {fields[5]}")
    table_lba, count, size, crc = fields[10:14]
    disk.seek(table_lba * SECTOR)
    table = disk.read(count * size)
    if zlib.crc32(table) != crc:
        raise ImageError(f"GPT entries at LBA {table_lba}: wrong CRC")
    return fields, table


def find_esp(path):
    """(first LBA, last LBA) of the ESP, both GPT headers having been checked."""
    with open(path, "rb") as disk:
        first, table = _check_header(disk, 1)
        second, other = _check_header(disk, first[6])
        if table != other or second[6] != 1:
            raise ImageError("primary and backup GPT differ")
    for at in range(0, len(table), first[12]):
        entry = ENTRY.unpack_from(table, at)
        if entry[0] == ESP_TYPE.bytes_le:
            return entry[2], entry[3]
    raise ImageError("no EFI System Partition in the GPT")


def _mtool(name, path, lba, *words):
    if not shutil.which(name):
        raise ImageError(f"{name} is missing: install mtools (scripts/setup)")
    env = dict(os.environ, MTOOLS_SKIP_CHECK="1", SOURCE_DATE_EPOCH="315532800",
               TZ="UTC0")  # FAT begins in 1980
    command = [name, "-i", f"{path}@@{lba * SECTOR}", *words]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImageError(f"{name}: {done.stderr.strip() or 'failed'}")


def copy_in(path, source, name):
    """Put the file source into the image's ESP as name, replacing it."""
    lba, _ = find_esp(path)
    _mtool("mcopy", path, lba, "-o", source, f"::{name}")


def make(efi, path, cfg=None):
    """Build the whole image; path appears only when it is complete."""
    partial = f"{path}.part"
    try:
        write_gpt(partial)
        _mtool("mformat", partial, ESP_FIRST, "-F", "-c", "1", "-h", "255",
               "-s", "63", "-H", str(ESP_FIRST), "-T", str(ESP_SECTORS),
               "-N", VOLUME_ID, "-v", "IRQBED", "::")
        _mtool("mmd", partial, ESP_FIRST, "::/EFI", "::/EFI/BOOT")
        copy_in(partial, efi, "/EFI/BOOT/BOOTX64.EFI")
        if cfg:
            copy_in(partial, cfg, "/irqbed.cfg")
        os.replace(partial, path)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
