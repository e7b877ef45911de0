# SPDX-License-Identifier: MIT
"""The emulator: which one, which firmware, which command line.

Measured on QEMU 10.0.2 with OVMF 2022.11 (CPU seconds of a boot that does
nothing, q35): virtio-blk 3.1, NVMe 3.3, AHCI 3.4, USB 3.5; its bootindex
saves 0.3, because the firmware then connects nothing else. A framebuffer by
ramfb costs nothing, by any PCI display 0.2 to 0.3.
"""

import functools
import os
import re
import shutil
import subprocess

COMPANION = 0x2f8  # COM2
DEBUG_EXIT = {0x10 << 1 | 1: "all passed", 0x11 << 1 | 1: "some failed",
              0x12 << 1 | 1: "bailed out"}

# Debian; Fedora; Arch; openSUSE. The first that exists wins.
FIRMWARE = (
    "/usr/share/OVMF/OVMF_CODE_4M.fd",
    "/usr/share/OVMF/OVMF_CODE.fd",
    "/usr/share/edk2/ovmf/OVMF_CODE.fd",
    "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
    "/usr/share/qemu/ovmf-x86_64-code.bin",
)


# PCI functions that interrupt when software says so: QEMU's own, network and
# NVMe controllers and a port with a hot-plug slot as PCs have them. On both
# boards they share the line of INTA#. They cost a boot nothing that could be
# measured.
SOURCES = {
    "e1000e": "e1000e,addr=0x02,romfile=",
    "edu": "edu,addr=0x06",
    "igb": "igb,addr=0x0a,romfile=",
    "ioh3420": "ioh3420,addr=0x0e,chassis=1,slot=1",
    "nvme": "nvme,addr=0x12,serial=irqbed",  # a controller without a medium
}
BOARD_SOURCES = {"q35": ("e1000e", "edu", "igb", "ioh3420", "nvme"),
                 "pc": ("e1000e", "edu", "igb", "nvme")}
# 7.2 aborts when MSI-X is switched off while a timer of e1000e runs.
SINCE = {"e1000e": 10}


class QemuError(Exception):
    """QEMU or its firmware cannot be used as asked."""


def find_emulator():
    """The path of the emulator: $QEMU, else the one on PATH."""
    name = os.environ.get("QEMU") or "qemu-system-x86_64"
    path = shutil.which(name)
    if not path:
        raise QemuError(f"no emulator '{name}': run scripts/setup, or set "
                        "QEMU to one")
    return path


def version(emulator):
    """'10.0.2', from --version."""
    try:
        done = subprocess.run([emulator, "--version"], capture_output=True,
                              stdin=subprocess.DEVNULL, text=True,
                              timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise QemuError(f"{emulator} --version: {error}") from None
    match = re.search(r"version (\d+(?:\.\d+)+)", done.stdout)
    if not match:
        raise QemuError(f"{emulator} --version: not a QEMU")
    return match[1]


def accelerator(extra):
    """'tcg', or what the user's own arguments ask for."""
    if "-enable-kvm" in extra:
        return "kvm"
    for option, value in zip(extra, extra[1:]):
        found = None
        if option in ("-accel", "--accel"):
            found = re.match(r"(?:accel=)?(\w+)", value)
        elif option in ("-machine", "-M", "--machine"):
            found = re.search(r"(?:^|,)accel=(\w+)", value)
        if found:
            return found[1]
    return "tcg"


def find_firmware(code=None):
    """(code, variables): the firmware and its empty variable store.

    variables is None for an image that holds both (-bios).
    """
    if code is None:
        code = next((f for f in FIRMWARE if os.path.exists(f)), None)
        if code is None:
            raise QemuError("no OVMF firmware found: run scripts/setup, or "
                            "name one with --firmware")
    if not os.path.isfile(code):
        raise QemuError(f"no firmware '{code}'")
    folder, name = os.path.split(code)
    if not re.search("code", name, re.IGNORECASE):
        return code, None
    twin = name.replace("CODE", "VARS").replace("code", "vars")
    plain = re.sub(r"\.(secboot|strictnx|ms|snakeoil)(?=[.])", "", twin)
    for candidate in (twin, re.sub(r"\.strictnx", "", twin), plain):
        path = os.path.join(folder, candidate)
        if os.path.isfile(path):
            return code, path
    raise QemuError(f"no variable store '{twin}' beside '{code}'")


def board(machine, extra):
    """'q35', or what the user's own arguments make of it."""
    for option, value in zip(extra, extra[1:]):
        if option in ("-machine", "-M", "--machine"):
            found = re.match(r"(?:type=)?([^,=]+)(?:,|$)", value)
            machine = found[1] if found else machine
    return machine


@functools.cache
def _known_devices(emulator):
    """What -device takes: some builds lack some."""
    done = subprocess.run([emulator, "-device", "help"], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, timeout=30,
                          check=False)
    return set(re.findall(r'^name "([^"]+)"', done.stdout, re.MULTILINE))


@functools.cache
def _at_least(emulator, major):
    return int(version(emulator).split(".")[0]) >= major


def sources(emulator, machine, extra):
    """The words that give the board its PCI interrupt sources."""
    words = []
    for name in BOARD_SOURCES.get(board(machine, extra), ()):
        if name in _known_devices(emulator) and (
                name not in SINCE or _at_least(emulator, SINCE[name])):
            words += ["-device", SOURCES[name]]
    return words


def _quoted(path):
    """A path inside a QEMU option: a comma in it is written twice."""
    return path.replace(",", ",,")


def command(emulator, run, extra):
    """The whole command line for one boot.

    run has machine, cpu, smp, memory, code, variables, disk, serial_log,
    reset_log, monitor, qmp, companion and gdb; extra comes last, so it overrides.
    """
    words = [
        emulator, "-nodefaults", "-no-reboot", "-display", "none",
        "-machine", run.machine, "-cpu", run.cpu, "-smp", str(run.smp),
        "-m", str(run.memory), "-nic", "none",
        "-device", "ramfb",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        # COM1 the log, COM2 the companion, COM3 a UART for the cases.
        "-chardev", "socket,id=companion,"
        f"path={_quoted(run.companion)}",
        "-serial", f"file:{run.serial_log}",
        "-serial", "chardev:companion", "-serial", "null",
        "-qmp", f"unix:{_quoted(run.qmp)},server=on,wait=off",
        "-monitor", f"unix:{run.monitor},server=on,wait=off",
        # A triple fault and a reset both end QEMU with status 0; this tells.
        "-d", "cpu_reset", "-D", run.reset_log,
        "-global", "hpet.msi=on",
        "-drive", f"if=none,id=disk,format=raw,file={_quoted(run.disk)}",
        # Two queues, and on the sources' line, since it is one of them; what
        # it is asked is done when the write that asks returns.
        "-device", "virtio-blk-pci,drive=disk,bootindex=0,addr=0x16,"
        "num-queues=2,ioeventfd=off",
    ]
    if accelerator(extra) == "tcg" and "-accel" not in extra:
        words += ["-accel", "tcg"]
    if run.variables:
        words += ["-drive", "if=pflash,format=raw,unit=0,readonly=on,"
                  f"file={_quoted(run.code)}",
                  "-drive", "if=pflash,format=raw,unit=1,"
                  f"file={_quoted(run.variables)}"]
    else:
        words += ["-bios", run.code]
    words += sources(emulator, run.machine, extra)
    if run.gdb:
        words += ["-gdb", "tcp:127.0.0.1:1234", "-S"]
    return words + list(extra)
