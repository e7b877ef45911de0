#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The host companion: its protocol, and what becomes of cases without one."""

import json
import os
import re
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from tap import (FAKE_QEMU, boot, check, contains, main, make_log, test, tool,
                 write)

from irqbed import companion, qmp

PASSING = make_log("ok 1 - a.one")
ASKING = "lint1.*,keyboard.*,sci.*,mc.*"
COM4 = 0x2e8


def talk(*chunks, action=lambda words: ""):
    """The answers to these bytes, and the words that were performed."""
    done = []

    def perform(words):
        done.append(words)
        return action(words)

    protocol = companion.Protocol(perform)
    return b"".join(protocol.feed(chunk) for chunk in chunks), done


def ask(seq, words):
    return companion.seal(f"ask {seq} {words}")


class Recorder:
    """Stands in for the QMP connection."""

    def __init__(self, said=""):
        self.said, self.commands = said, []

    def execute(self, name, **arguments):
        self.commands.append((name, arguments))
        return self.said


@test
def the_checksum_is_zlibs_crc32(folder):
    check(companion.seal("ask 1 ping"), b"ask 1 ping *5ccb64b4\n")


@test
def what_is_asked_is_done_and_answered(folder):
    got, done = talk(ask(7, "inject-nmi"))
    check(got, companion.seal("ok 7"))
    check(done, ["inject-nmi"])


@test
def a_refusal_says_why(folder):
    got, _ = talk(ask(8, "mce 1"), action=lambda words: "no such CPU")
    check(got, companion.seal("error 8 no such CPU"))


@test
def a_line_may_come_in_pieces(folder):
    line = ask(3, "send-key a")
    got, done = talk(*[bytes([byte]) for byte in line])
    check((got, done), (companion.seal("ok 3"), ["send-key a"]))


@test
def several_lines_may_come_at_once(folder):
    got, done = talk(ask(1, "ping") + ask(2, "inject-nmi"))
    check(got, companion.seal("ok 1") + companion.seal("ok 2"))
    check(done, ["ping", "inject-nmi"])


@test
def asked_again_it_does_nothing_twice(folder):
    got, done = talk(ask(5, "inject-nmi"), ask(5, "inject-nmi"))
    check(got, companion.seal("ok 5") * 2)
    check(done, ["inject-nmi"])


@test
def a_greeting_begins_the_count_anew(folder):
    got, done = talk(ask(5, "inject-nmi"), ask(1, "ping"),
                     ask(5, "inject-nmi"))
    check(done.count("inject-nmi"), 2, got)


@test
def a_changed_byte_is_not_obeyed(folder):
    line = bytearray(ask(4, "mce 0 9 0xbd00 0x5 0x1000 0x0"))
    for at in range(len(line) - 1):
        line[at] ^= 4
        check(talk(bytes(line)), (b"", []), at)
        line[at] ^= 4
    check(len(talk(bytes(line))[1]), 1)


@test
def noise_before_a_line_costs_nothing_but_itself(folder):
    noise = b"\x1b[2J\xff\x00 menu \r\n" + b"ask x\n" + b"ask 1 ping\n\n"
    got, done = talk(noise + ask(9, "ping"))
    check((got, done), (companion.seal("ok 9"), ["ping"]))


@test
def a_flood_without_a_line_is_not_kept(folder):
    protocol = companion.Protocol(lambda words: "")
    for _ in range(1000):
        check(protocol.feed(b"x" * 4096), b"")
        assert len(protocol.held) < 1000
    check(protocol.feed(b"\n" + ask(2, "ping")), companion.seal("ok 2"))


@test
def unknown_words_are_refused(folder):
    link = Recorder()
    for words, why in (("quit", "unknown word quit"),
                       ("inject-nmi 3", "inject-nmi takes other words"),
                       ("send-key", "send-key takes other words"),
                       ("send-key a-b!", "not the name of a key"),
                       ("mce 0 9", "mce takes 6 numbers, and perhaps "
                        "broadcast"),
                       ("mce 0 9 x 0 0 0", "not a number"),
                       ("mce 0 9 1 0 0 0 all", "mce takes 6 numbers, and "
                        "perhaps broadcast"),
                       ("after 1", "after takes no silence"),
                       ("after 1 quit", "after takes no quit"),
                       ("after 1 after 1 ping", "after takes no after"),
                       ("after 1001 inject-nmi", "after takes 0..1000 ms"),
                       ("after -1 inject-nmi", "after takes 0..1000 ms"),
                       ("after", "after takes other words")):
        check(companion.perform(link, words), why, words)
    check(link.commands, [])


@test
def words_become_commands(folder):
    link = Recorder()
    for words in ("inject-nmi", "system_powerdown", "send-key ret",
                  "mce 0 9 0xb2 0x5 16 0", "mce 0 9 1 2 3 4 broadcast"):
        check(companion.perform(link, words), "", words)
    began = time.monotonic()
    check(companion.perform(link, "after 20 inject-nmi"), "")
    assert time.monotonic() - began >= 0.02
    check(link.commands.pop(), ("inject-nmi", {}))
    check(link.commands, [
        ("inject-nmi", {}), ("system_powerdown", {}),
        ("send-key", {"keys": [{"type": "qcode", "data": "ret"}],
                      "hold-time": 1}),
        ("human-monitor-command", {"command-line": "mce 0 9 0xb2 0x5 16 0"}),
        ("human-monitor-command", {"command-line": "mce -b 0 9 1 2 3 4"})])


@test
def what_the_monitor_complains_of_is_the_reason(folder):
    why = companion.perform(Recorder("CPU 0: *no*\r\nbank\u00e4\n"),
                            "mce 0 9 1 2 3 4")
    check(why, "CPU 0: no bank")


@test
def qemu_gone_is_a_refusal(folder):
    link = qmp.Qmp(os.path.join(folder, "nobody"))
    contains(companion.perform(link, "inject-nmi"), "no answer from QEMU")


def fake(folder, asked, *words, end="33", **env):
    """What COM2 and QMP of a stand-in for QEMU saw."""
    efi = write(folder, "x.efi", b"MZ")
    path = os.path.join(folder, "irqbed.img")
    status, out = tool("mkimage", efi, path)
    check(status, 0, out)
    answers = os.path.join(folder, "answers")
    status, out = tool(
        "run-qemu", "--image", path, *words, QEMU=FAKE_QEMU, FAKE_END=end,
        FAKE_LOG=write(folder, "log", PASSING),
        FAKE_ASK=write(folder, "ask", asked), FAKE_ANSWERS=answers, **env)
    with open(answers, encoding="ascii") as source:
        return status, out, source.read()


@test
def the_runner_performs_what_com2_asks(folder):
    status, out, got = fake(folder, b"\nBdsDxe\n" + ask(1, "ping") +
                            ask(2, "inject-nmi"))
    check(status, 0, out)
    contains(got, companion.seal("ok 1").decode())
    contains(got, companion.seal("ok 2").decode())
    command = json.dumps({"execute": "inject-nmi", "arguments": {}})
    check(got.count(command), 1, got)


@test
def the_runner_says_what_qemu_refused(folder):
    got = fake(folder, ask(2, "send-key a"), FAKE_QMP="error")
    check(got[0], 0, got)
    contains(got[2], companion.seal("error 2 not here").decode())


@test
def a_monitor_that_hangs_up_does_not_end_the_run(folder):
    got = fake(folder, ask(2, "inject-nmi"), FAKE_QMP="drop")
    check(got[0], 0, got)
    contains(got[2], "error 2 no answer from QEMU")


@test
def a_flood_does_not_end_the_run(folder):
    status, out, got = fake(folder, b"\xffgarbage" * 200000 + b"\n" +
                            ask(2, "ping"))
    check((status, got), (0, companion.seal("ok 2").decode()), out)


@test
def a_run_that_is_cut_is_judged_as_ever(folder):
    got = fake(folder, ask(2, "ping"), "--timeout", "6", end="hang")
    check(got[0], 0, got)
    got = fake(folder, ask(2, "ping")[:-3], end="kill 9")
    check(got[0], 2, got)
    contains(got[1], "QEMU died of SIGKILL")


@test
def nothing_is_left_of_it(folder):
    spare = os.path.join(folder, "tmp")
    os.mkdir(spare)
    check(fake(folder, ask(2, "ping"), TMPDIR=spare)[0], 0)
    check(os.listdir(spare), [])


def on_com4(*words, more=""):
    """The companion is looked for on COM4, which these words describe."""
    return "--args", f"companion={COM4:#x} {more}", "--", *words


SOON = "scale=1"  # where the deadline of an answer must pass


def skipped_run(folder, reason, *words):
    """Boot: nothing fails, what asks is skipped. (plan, log) of it."""
    status, out, log = boot(folder, "--tests", ASKING, *words)
    check(status, 0, out)
    lines = re.findall(rb"(?m)^(?:not )?ok \d+ - (\w+)\S+(.*)", log)
    asks = [note.decode() for suite, note in lines if suite != b"mc"]
    assert asks and all(reason in note for note in asks), out
    return re.search(rb"1\.\.\d+", log)[0], log


class Host:
    """Listens for QEMU's COM4; serve(link) is all that it does."""

    def __init__(self, folder, serve):
        self.path = os.path.join(folder, "com4")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.serve = serve
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            self.serve(self.listener.accept()[0])
        except OSError:
            pass  # QEMU has left

    def words(self, **more):
        return on_com4("-chardev", f"socket,id=com4,path={self.path}",
                       "-serial", "chardev:com4", **more)


@test
def what_is_asked_of_the_real_one_happens(folder):
    status, out, log = boot(folder, "--tests", "lint1.*,keyboard.*,sci.*")
    check(status, 0, out)
    contains(log.decode(), "# companion=ready\r\n")
    contains(out, " 0 skipped")


@test
def absent_its_cases_skip_and_the_plan_is_the_same(folder):
    plan, log = skipped_run(folder, "this machine lacks a companion",
                            "--args", "companion=0")
    assert b"companion=" not in log, log
    _, _, whole = boot(folder, "--tests", ASKING, "--args", "list")
    cases = len(re.findall(rb"(?m)^# \w+\.\w+\t", whole))
    check(plan, f"1..{cases}".encode())


@test
def silent_its_cases_skip(folder):
    _, log = skipped_run(folder, "lacks a companion",
                         *on_com4("-serial", "null", more=SOON))
    contains(log.decode(), "# companion=silent\r\n")


@test
def on_no_port_its_cases_skip(folder):
    _, log = skipped_run(folder, "lacks a companion", *on_com4())
    contains(log.decode(), "# companion=none: no usable UART at 0x2e8\r\n")


@test
def babbling_its_cases_skip(folder):
    def babble(link):
        while True:
            link.sendall(b"ok 1\nok 1 *00000000\n\xff\x00 error 1 x" * 99)

    host = Host(folder, babble)
    _, log = skipped_run(folder, "lacks a companion",
                         *host.words(more=SOON))
    contains(log.decode(), "# companion=silent\r\n")


@test
def refused_a_case_skips_with_the_reason(folder):
    def refuse(link):
        protocol = companion.Protocol(
            lambda words: "" if words == "ping" else "not today")
        while data := link.recv(4096):
            link.sendall(protocol.feed(data))

    host = Host(folder, refuse)
    skipped_run(folder, "the companion refused: not today", *host.words())


@test
def one_that_falls_silent_fails_the_case(folder):
    def greet(link):
        protocol = companion.Protocol(lambda words: "")
        answer = b""
        while not answer:
            answer = protocol.feed(link.recv(4096))
        link.sendall(answer)
        while link.recv(4096):
            pass

    host = Host(folder, greet)
    status, out, _ = boot(folder, "--tests", "lint1.masked*",
                          *host.words(more=SOON))
    check(status, 1, out)
    contains(out, "err == 0")


@test
def an_unexpected_machine_check_is_reported_bank_by_bank(folder):
    status, out, _ = boot(folder, "--tests", "selftest.machine_check*")
    check(status, 1, out)
    for line in (
            "---- unexpected exception: #MC, machine check ----",
            "# #MC: MCG_STATUS 0x5: [RIPV MCIP]",
            "# #MC: bank 0: status 0x900000005a5a0134: [VAL EN] [], "
            "corrected",
            "# #MC: bank 9: status 0xbd8000005a5a0134: [VAL UC EN MISCV "
            "ADDRV] [TCC], uncorrected",
            "# #MC: bank 9: cache hierarchy: data read, data, L0, "
            "model-specific code 0x5a5a",
            "# #MC: bank 9: address 0x0000123456789000: ",
            "# #MC: bank 9: misc 0x000000000000008c"):
        contains(out, line)


main()
