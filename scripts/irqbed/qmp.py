# SPDX-License-Identifier: MIT
"""QEMU's machine protocol, one command at a time, each with a deadline."""

import json
import socket

PATIENCE = 5.0  # seconds for one answer


class QmpError(Exception):
    """QEMU refused the command, or did not answer."""


class Qmp:
    """A connection that is made when first needed, and again if it broke."""

    def __init__(self, path):
        self.path = path
        self.link = None
        self.reader = None

    def _connect(self):
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(PATIENCE)
        self.link.connect(self.path)
        self.reader = self.link.makefile("rb")
        self.reader.readline()  # the greeting
        self._command("qmp_capabilities", {})

    def _command(self, name, arguments):
        words = {"execute": name, "arguments": arguments}
        self.link.sendall(json.dumps(words).encode() + b"\n")
        while True:
            line = self.reader.readline()
            if not line:
                raise OSError("QEMU closed the connection")
            answer = json.loads(line)
            if "error" in answer:
                raise QmpError(answer["error"]["desc"])
            if "return" in answer:  # what is neither is an event
                return answer["return"]

    def execute(self, name, **arguments):
        """The command's return value; QmpError says why there is none."""
        try:
            if not self.link:
                self._connect()
            return self._command(name, arguments)
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.close()
            raise QmpError(f"no answer from QEMU: {error}") from None

    def close(self):
        """Forget the connection."""
        for end in (self.reader, self.link):
            if end:
                end.close()
        self.link = self.reader = None
