#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The host companion: its protocol, and what becomes of cases without one."""

import json
import os
import sys

sys.dont_write_bytecode = True
from tap import FAKE_QEMU, check, contains, main, make_log, test, tool, write

from irqbed import companion, qmp

PASSING = make_log("ok 1 - a.one")


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
                        "perhaps broadcast")):
        check(companion.perform(link, words), why, words)
    check(link.commands, [])


@test
def words_become_commands(folder):
    link = Recorder()
    for words in ("inject-nmi", "system_powerdown", "send-key ret",
                  "mce 0 9 0xb2 0x5 16 0", "mce 0 9 1 2 3 4 broadcast"):
        check(companion.perform(link, words), "", words)
    check(link.commands, [
        ("inject-nmi", {}), ("system_powerdown", {}),
        ("send-key", {"keys": [{"type": "qcode", "data": "ret"}]}),
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


main()
