# SPDX-License-Identifier: MIT
"""One boot: copy what QEMU may change, start it, stream its log, stop it.

Nothing QEMU writes lies in build/: disk and variable store are copies in a
folder of their own that goes when the boot is over.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from . import companion, image, qemu, taplog

POLL = 0.05  # seconds between looks at the log
GRACE = 3.0  # for QEMU to leave after END, or a slow guest to say nothing
ESCAPES = re.compile(rb"\x1b\[[0-9;=?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


# That we ended it ourselves, that the network controller has no network, and
# that a board without an HPET has no use for what is said of one.
NO_NEWS = re.compile("terminating on|has no peer|hpet.msi=on not used")


@dataclass
class Run:
    """What one boot is asked to be."""
    machine: str = "q35"
    cpu: str = "max"
    smp: str = "1"  # QEMU's words
    memory: int = 256
    code: str = None
    variables: str = None
    disk: str = None
    serial_log: str = None
    reset_log: str = None
    monitor: str = None
    qmp: str = None
    companion: str = None
    gdb: bool = False


@dataclass
class Ending:
    """How one boot ended."""
    data: bytes
    status: int = None  # QEMU's own; None when it had to be stopped
    why: str = ""  # the limit that was passed, for people
    complaint: str = ""  # QEMU's stderr
    triple_fault: bool = False
    registers: str = ""  # of a machine that hung


class Stream:
    """Follow the growing log file; show it without what harms a terminal."""

    def __init__(self, path, show):
        self.file = open(path, "rb")  # noqa: SIM115 - closed by close()
        self.show = show
        self.held = b""
        self.data = bytearray()

    def pump(self):
        """Take what is new; True if there was anything."""
        new = self.file.read()
        if not new:
            return False
        self.data += new
        if self.show:
            whole, newline, self.held = (self.held + new).rpartition(b"\n")
            self._print(whole + newline)
        return True

    def _print(self, text):
        clean = ESCAPES.sub(b"", text).decode("ascii", "backslashreplace")
        if clean:
            sys.stdout.write(clean)
            sys.stdout.flush()

    def ended(self):
        """Has END gone by? Only the tail is looked at."""
        return taplog.END.search(self.data,
                                 max(0, len(self.data) - 200)) is not None

    def close(self):
        self.pump()
        if self.show and self.held:
            self._print(self.held + b"\n")
        self.file.close()


def _ask_monitor(path, words):
    """What QEMU's monitor answers; empty when it does not."""
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(2)
            link.connect(path)
            link.sendall(words.encode() + b"\n")
            while answer.count(b"(qemu)") < 2:
                part = link.recv(65536)
                if not part:
                    break
                answer += part
    except OSError:
        pass
    return ESCAPES.sub(b"", answer).decode("ascii", "replace")


def _registers(path):
    """The registers of every CPU of a machine that still runs."""
    wanted = re.compile(r"CPU#\d|(R\w+ *|CR\d|DR\d|EFER|GDT|IDT|TR )=")
    return "\n".join(line for line in
                     _ask_monitor(path, "info registers -a").splitlines()
                     if wanted.match(line))


def _triple_fault(path):
    """Did QEMU's reset log note a triple fault?"""
    try:
        with open(path, "rb") as source:
            return b"Triple fault" in source.read()
    except OSError:
        return False


def _follow(child, stream, run, total, idle):
    """Pump the log until QEMU leaves or a limit is passed; say which."""
    start = quiet = time.monotonic()
    ended = None
    while child.poll() is None:
        time.sleep(POLL)
        now = time.monotonic()
        if stream.pump():
            quiet = now
        if run.gdb:
            continue
        if ended is None and stream.ended():
            ended = now
        if ended is not None and now - ended > GRACE:
            return "it stayed after END"
        if now - start > total:
            return f"the time limit of {total:g} s"
        if now - quiet > idle:
            return f"{idle:g} s without a line"
    return ""


def _stop(child):
    for sign, patience in ((signal.SIGTERM, 2), (signal.SIGKILL, 5)):
        if child.poll() is not None:
            return
        child.send_signal(sign)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            pass


def _prepare(run, folder, img, options, log):
    run.disk = os.path.join(folder, "disk.img")
    subprocess.run(["cp", "--sparse=always", "--no-preserve=mode", img,
                    run.disk], check=True, stderr=subprocess.DEVNULL)
    cfg = os.path.join(folder, "irqbed.cfg")
    with open(cfg, "w", encoding="ascii") as out:
        out.write(options + "\n")
    image.copy_in(run.disk, cfg, "/irqbed.cfg")
    if run.variables:
        twin = os.path.join(folder, "vars.fd")
        shutil.copyfile(run.variables, twin)
        run.variables = twin
    run.serial_log = log or os.path.join(folder, "serial.log")
    run.reset_log = os.path.join(folder, "reset.log")
    run.monitor = os.path.join(folder, "monitor")
    run.qmp = os.path.join(folder, "qmp")
    run.companion = os.path.join(folder, "companion")
    with open(run.serial_log, "wb"):
        pass  # QEMU appends nothing of an older run


def boot(emulator, run, extra, img, options, *, log=None, show=True,
         total=120.0, idle=60.0):
    """Boot once; returns the Ending. The limits are in seconds."""
    with tempfile.TemporaryDirectory(prefix="irqbed-") as folder:
        _prepare(run, folder, img, options, log)
        errors = os.path.join(folder, "stderr")
        stream = Stream(run.serial_log, show)
        helper = companion.Companion(run.companion, run.qmp)
        child, status, registers = None, None, ""
        try:
            with open(errors, "wb") as sink:
                child = subprocess.Popen(
                    qemu.command(emulator, run, extra),
                    stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
            why = _follow(child, stream, run, total, idle)
            if why and not stream.ended():
                registers = _registers(run.monitor)
        finally:
            if child:
                status = child.poll()
                _stop(child)
            helper.stop()
            stream.close()
        with open(errors, encoding="ascii",
                  errors="backslashreplace") as source:
            complaint = "\n".join(line for line in source.read().splitlines()
                                  if line and not NO_NEWS.search(line))
        return Ending(bytes(stream.data), status, why, complaint,
                      _triple_fault(run.reset_log), registers)
