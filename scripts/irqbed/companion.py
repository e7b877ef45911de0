# SPDX-License-Identifier: MIT
"""The host companion: stimuli that a machine cannot give itself.

A case asks on COM2, a line at a time, and QEMU's QMP socket does it:

    ask SEQ WORDS *CRC              the case
    ok SEQ *CRC                     done
    error SEQ why *CRC              refused, or QEMU would not

CRC is zlib's CRC-32 of all before " *", 8 hex digits. What is no such line
gets no answer: the case asks again with the same SEQ, and is told the first
answer, so that no stimulus is given twice. "ping" forgets the last SEQ.
The words: PERFORM below.
"""

import re
import select
import socket
import threading
import time
import zlib

from . import qmp

LONGEST = 250  # characters of a line; a longer one is noise
PATIENCE = 2.0  # seconds for the guest's UART to take an answer
LONGEST_DELAY = 1000  # milliseconds; a case waits 2 s for its answer
NUMBER = re.compile(r"0x[0-9a-f]{1,16}|\d{1,19}")
KEY = re.compile(r"[a-z0-9_-]{1,20}")
LINE = re.compile(r"(ask (\d{1,9}) ([ -)+-~]{1,200})) \*([0-9a-f]{8})")


class Refused(Exception):
    """Why it was not done."""


def seal(text):
    """The line with its checksum."""
    return f"{text} *{zlib.crc32(text.encode('ascii')):08x}\n".encode("ascii")


def _numbers(words):
    if not all(NUMBER.fullmatch(word) for word in words):
        raise Refused("not a number")
    return words


def _ping(_link):
    """Is anybody there?"""


def _inject_nmi(link):
    link.execute("inject-nmi")


def _system_powerdown(link):
    link.execute("system_powerdown")


def _send_key(link, key):
    if not KEY.fullmatch(key):
        raise Refused("not the name of a key")
    link.execute("send-key", keys=[{"type": "qcode", "data": key}],
                 **{"hold-time": 1})


def _mce(link, *words):
    """mce CPU BANK STATUS MCG_STATUS ADDR MISC [broadcast]"""
    everybody = len(words) == 7 and words[6] == "broadcast"
    if len(words) != 6 + everybody:
        raise Refused("mce takes 6 numbers, and perhaps broadcast")
    line = " ".join(["mce", *["-b"] * everybody, *_numbers(words[:6])])
    said = link.execute("human-monitor-command", **{"command-line": line})
    if said.strip():
        raise Refused(said)


def _after(link, msec, verb="", *words):
    """after MS WORDS: in the middle of what the case does meanwhile."""
    if not msec.isdecimal() or int(msec) > LONGEST_DELAY:
        raise Refused(f"after takes 0..{LONGEST_DELAY} ms")
    if verb not in PERFORM or verb == "after":
        raise Refused(f"after takes no {verb or 'silence'}")
    time.sleep(int(msec) / 1000)
    PERFORM[verb](link, *words)


PERFORM = {"after": _after, "ping": _ping, "inject-nmi": _inject_nmi,
           "mce": _mce, "send-key": _send_key,
           "system_powerdown": _system_powerdown}


def perform(link, text):
    """Do what the words say; returns "" or why not, in one line."""
    verb, *words = text.split()
    if verb not in PERFORM:
        return f"unknown word {verb}"
    try:
        PERFORM[verb](link, *words)
    except (Refused, qmp.QmpError) as why:
        # A '*' begins the checksum; what is not ASCII is not for this line.
        plain = " ".join(re.sub(r"[^ -)+-~]+", " ", str(why)).split())
        return plain[:120] or "refused"
    except TypeError:
        return f"{verb} takes other words"
    return ""


class Protocol:
    """Bytes of the guest in, bytes for the guest out."""

    def __init__(self, action):
        self.action = action
        self.held = b""
        self.last = (None, b"")  # SEQ, and what it was answered

    def feed(self, data):
        """The answers to every whole line in data and what came before."""
        *lines, self.held = (self.held + data).split(b"\n")
        # A line without end is noise; so is what remains of it.
        self.held = self.held[:LONGEST + 1]
        return b"".join(self._answer(line) for line in lines)

    def _answer(self, line):
        text = line[:LONGEST + 1].decode("ascii", "replace").rstrip("\r")
        match = LINE.fullmatch(text)
        if not match or seal(match[1]) != f"{text}\n".encode("ascii"):
            return b""
        seq, words = match[2], match[3].strip()
        if not words:
            return b""
        if seq == self.last[0] and words != "ping":
            return self.last[1]
        why = self.action(words)
        answer = seal(f"error {seq} {why}" if why else f"ok {seq}")
        self.last = (None if words == "ping" else seq, answer)
        return answer


class Companion:
    """Listens where QEMU's COM2 connects to; serves it until stop()."""

    def __init__(self, path, qmp_path):
        self.link = qmp.Qmp(qmp_path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.ours, self.stopped = socket.socketpair()
        self.guest = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _drop(self):
        if self.guest:
            self.guest.close()
        self.guest = None

    def _accept(self):
        self._drop()
        try:
            self.guest, _ = self.listener.accept()
            self.guest.settimeout(PATIENCE)
        except OSError:
            pass  # it went away before we came
        return Protocol(lambda words: perform(self.link, words))

    def _serve(self, protocol):
        try:
            data = self.guest.recv(4096)
            if data:
                self.guest.sendall(protocol.feed(data))
                return
        except OSError:
            pass  # QEMU is gone, or its guest does not listen
        self._drop()

    def _run(self):
        protocol = None
        while True:
            ends = [e for e in (self.stopped, self.listener, self.guest) if e]
            ready, _, _ = select.select(ends, [], [])
            if self.stopped in ready:
                return
            if self.listener in ready:
                protocol = self._accept()
            elif self.guest in ready:
                self._serve(protocol)

    def stop(self):
        """End it; QEMU is gone by now, so nothing holds it up for long."""
        self.ours.close()
        self.thread.join(2 * qmp.PATIENCE)
        self._drop()
        self.link.close()
        for end in (self.listener, self.stopped):
            end.close()
