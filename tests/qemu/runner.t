#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/run-qemu against a stand-in for QEMU: every ending has its status.

What takes a real machine is in verdict.t and crash.t.
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from tap import (FAKE_QEMU, SCRIPTS, check, contains, main, make_log, test,
                 tool, write)

PASSING = make_log("ok 1 - a.one", "ok 2 - a.two # SKIP no HPET")
FAILING = make_log("ok 1 - a.one", "not ok 2 - a.two")
LISTING = make_log("# a.one\tSDM", "# a.two\tSDM", plan=0)


def image(folder):
    path = os.path.join(folder, "irqbed.img")
    if not os.path.exists(path):
        status, out = tool("mkimage", write(folder, "x.efi", b"MZ"), path)
        check(status, 0, out)
    return path


def fake(folder, log, *words, end="33", **env):
    if log is not None:
        env["FAKE_LOG"] = write(folder, "fake.log", log)
    return tool("run-qemu", "--image", image(folder), *words, QEMU=FAKE_QEMU,
                FAKE_END=end, **env)


def expect(got, status, *parts):
    check(got[0], status, got[1])
    for part in parts:
        contains(got[1], part)


@test
def all_passed_is_0(folder):
    expect(fake(folder, PASSING), 0, "PASS: 1 passed, 0 failed, 1 skipped")


@test
def a_failed_case_is_1(folder):
    expect(fake(folder, FAILING, end="35"), 1, "failed: a.two", "FAIL:")


@test
def the_log_file_is_the_serial_line_byte_for_byte(folder):
    data = b"\x1b[2Jnoise\xff\x00\r\n" + PASSING
    log = os.path.join(folder, "raw")
    expect(fake(folder, data, "--log", log), 0)
    with open(log, "rb") as source:
        check(source.read(), data)


@test
def the_terminal_gets_no_escape_sequence(folder):
    status, out = fake(folder, b"\x1b[2J\x1b[01;01Hnoise\r\n" + PASSING)
    check(status, 0)
    assert "\x1b" not in out and "\r" not in out
    contains(out, "noise\n\nTAP version 13\n1..2\n")


@test
def a_triple_fault_is_2_and_named(folder):
    got = fake(folder, PASSING[:-70], end="0",
               FAKE_RESET="CPU Reset (CPU 0)\nTriple fault\n")
    expect(got, 2, "a triple fault reset the machine")


@test
def a_reset_is_2(folder):
    expect(fake(folder, PASSING[:-70], end="0"), 2, "reset or switched off")


@test
def a_hang_is_2_within_its_limit_and_names_the_case(folder):
    began = time.monotonic()
    listing = write(folder, "list", LISTING)
    cut = PASSING[:PASSING.index(b"ok 2")]
    got = fake(folder, cut, "--timeout", "2", end="hang", FAKE_LIST=listing)
    expect(got, 2, "stopped by the time limit of 2 s",
           "a.two was running (case 2 of 2, after a.one)")
    assert time.monotonic() - began < 30


@test
def a_hang_in_a_case_that_said_it_runs_is_named_at_once(folder):
    cut = PASSING[:PASSING.index(b"ok 2")] + b"# running a.two\r\n"
    expect(fake(folder, cut, "--timeout", "2", end="hang"), 2,
           "a.two was running")


@test
def a_machine_that_stays_after_a_whole_log_is_judged_by_the_log(folder):
    expect(fake(folder, PASSING, "--timeout", "20", end="hang"), 0)
    expect(fake(folder, FAILING, "--timeout", "20", end="hang"), 1)


@test
def an_emulator_that_dies_is_2(folder):
    expect(fake(folder, PASSING[:-70], end="kill 6"), 2, "QEMU died of SIGABRT")


@test
def an_emulator_that_gives_up_is_2(folder):
    expect(fake(folder, PASSING[:-70], end="1",
                FAKE_STDERR="qemu: Bad icount read"), 2,
           "QEMU left with status 1", "--cpu max,-x2apic")


@test
def an_exit_status_that_contradicts_the_log_is_2(folder):
    expect(fake(folder, PASSING, end="35"), 2, "QEMU's exit status says")


@test
def a_bail_out_is_2(folder):
    data = make_log("ok 1 - a.one", "Bail out! #DF", plan=3)
    expect(fake(folder, data, end="37"), 2, "bailed out: #DF")


@test
def a_glob_without_a_case_is_3(folder):
    data = make_log("Bail out! no case matches 'zzz'", plan=0)
    expect(fake(folder, data, "--tests", "zzz", end="37"), 3, "NOT STARTED")


@test
def an_emulator_that_cannot_start_is_3(folder):
    expect(fake(folder, None, end="1", FAKE_STDERR="no such CPU"), 3,
           "no such CPU")


@test
def a_missing_emulator_is_3(folder):
    expect(tool("run-qemu", "--image", image(folder), QEMU="absent-qemu"), 3,
           "no emulator 'absent-qemu'")


@test
def what_is_no_emulator_is_3(folder):
    expect(tool("run-qemu", "--image", image(folder), QEMU="/bin/true"), 3,
           "not a QEMU")


@test
def a_missing_firmware_is_3(folder):
    expect(fake(folder, PASSING, "--firmware", "/absent/OVMF_CODE.fd"), 3,
           "no firmware '/absent/OVMF_CODE.fd'")


@test
def a_firmware_without_its_variable_store_is_3(folder):
    code = write(folder, "MY_CODE.fd", b"x")
    expect(fake(folder, PASSING, "--firmware", code), 3, "no variable store")


@test
def a_missing_image_is_3(folder):
    expect(tool("run-qemu", "--image", "/absent.img", QEMU=FAKE_QEMU), 3,
           "no image")


@test
def bad_arguments_are_3(folder):
    for words in (["--bogus"], ["stray"], ["--machine", "isapc"],
                  ["--smp", "0"], ["--smp", "x"], ["--memory", "-1"],
                  ["--timeout", "0"], ["--timeout", "soon"],
                  ["--tests", "a b"], ["--tests", "a" * 600],
                  ["--args", "\u00e4=1"], ["--tests"]):
        expect(fake(folder, PASSING, *words), 3, "run-qemu: ")


@test
def the_options_reach_the_application(folder):
    # The stand-in shows what stands in irqbed.cfg by listing on request.
    listing = write(folder, "list", LISTING)
    expect(fake(folder, PASSING, "--args", "verbose list", FAKE_LIST=listing),
           0, "# a.two\tSDM")


@test
def the_image_is_not_changed(folder):
    path = image(folder)
    with open(path, "rb") as source:
        before = source.read()
    expect(fake(folder, PASSING, "--tests", "a.*"), 0)
    with open(path, "rb") as source:
        assert source.read() == before


@test
def a_terminated_runner_takes_the_emulator_with_it(folder):
    spare, mark = os.path.join(folder, "tmp"), os.path.join(folder, "pid")
    os.mkdir(spare)
    env = dict(os.environ, QEMU=FAKE_QEMU, FAKE_END="hang", TMPDIR=spare,
               FAKE_PID=mark)
    with subprocess.Popen(
            [os.path.join(SCRIPTS, "run-qemu"), "--image", image(folder)],
            env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL) as child:
        for _ in range(200):
            if os.path.exists(mark):
                break
            time.sleep(0.1)
        child.terminate()
        check(child.wait(20), 2)
    with open(mark, encoding="ascii") as source:
        pid = int(source.read())
    try:
        os.kill(pid, 0)
        raise AssertionError(f"process {pid} is still there")
    except ProcessLookupError:
        pass
    check(os.listdir(spare), [])


@test
def nothing_is_left_in_the_temporary_folder(folder):
    spare = os.path.join(folder, "tmp")
    os.mkdir(spare)
    expect(fake(folder, PASSING, TMPDIR=spare), 0)
    check(os.listdir(spare), [])


main()
