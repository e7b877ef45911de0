#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/irqbed-log on logs made for it: only a whole one is a pass."""

import os
import sys

sys.dont_write_bytecode = True
from tap import check, contains, main, make_log, run, test, tool, write

GOOD = make_log("ok 1 - a.one", "# a.note=5", "ok 2 - a.two # SKIP no HPET",
                "ok 3 - b.one")
NOISE = b"\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001\r\nfoo \xff\x00 bar"


def judge(folder, data, *words):
    return tool("irqbed-log", write(folder, "log", data), *words)


def refuse(folder, data, reason):
    status, out = judge(folder, data)
    check(status, 2, f"status, {out}")
    contains(out, reason)


@test
def a_whole_log_passes(folder):
    status, out = judge(folder, GOOD)
    check(status, 0, out)
    contains(out, "2 passed, 0 failed, 1 skipped")


@test
def noise_before_the_log_does_not_matter(folder):
    check(judge(folder, NOISE + GOOD)[0], 0)


@test
def noise_after_the_log_does_not_matter(folder):
    check(judge(folder, GOOD + NOISE)[0], 0)


@test
def a_capture_without_carriage_returns_passes(folder):
    check(judge(folder, NOISE + GOOD.replace(b"\r\n", b"\n"))[0], 0)


@test
def a_failed_case_is_status_1_and_named(folder):
    status, out = judge(folder, make_log("ok 1 - a.one", "not ok 2 - a.two"))
    check(status, 1, out)
    contains(out, "failed: a.two")


@test
def a_log_cut_anywhere_is_refused(folder):
    from irqbed import report
    for length in range(len(GOOD)):
        check(report.judge(GOOD[:length], None).status(), 2, length)


@test
def a_flipped_bit_anywhere_is_refused(folder):
    from irqbed import report
    for at in range(len(GOOD)):
        for bit in range(8):
            damaged = bytearray(GOOD)
            damaged[at] ^= 1 << bit
            status = report.judge(bytes(damaged), None).status()
            assert status in (1, 2), f"byte {at} bit {bit}: status {status}"


@test
def a_lost_byte_anywhere_is_refused(folder):
    from irqbed import report
    for at in range(2, len(GOOD)):
        data = GOOD[:at] + GOOD[at + 1:]
        check(report.judge(data, None).status(), 2, f"byte {at}")


@test
def a_second_boot_is_refused(folder):
    refuse(folder, NOISE + GOOD + NOISE + GOOD, "unexpected reset")


@test
def a_reset_in_the_middle_is_refused(folder):
    refuse(folder, GOOD[:len(GOOD) // 2] + b"\r\n" + NOISE + GOOD,
           "unexpected reset")


@test
def an_empty_log_is_refused(folder):
    refuse(folder, b"", "did not start")


@test
def another_version_is_refused(folder):
    refuse(folder, GOOD.replace(b"version 13", b"version 14"),
           "version line is damaged")


@test
def a_missing_plan_is_refused(folder):
    data = make_log("ok 1 - a.one")
    refuse(folder, data.replace(b"1..1\r\n", b""), "no plan")


@test
def a_missing_begin_is_refused(folder):
    data = make_log("ok 1 - a.one")
    at = data.index(b"# IRQBED-BEGIN")
    refuse(folder, data[:at] + data[data.index(b"\n", at) + 1:], "no BEGIN")


@test
def a_gap_in_the_numbers_is_refused(folder):
    refuse(folder, make_log("ok 1 - a.one", "ok 3 - a.two"), "a line is lost")


@test
def a_short_run_is_refused(folder):
    refuse(folder, make_log("ok 1 - a.one", plan=2), "the plan says 2")


@test
def a_run_of_no_case_is_refused(folder):
    refuse(folder, make_log(), "a run of no case")


@test
def one_name_twice_is_refused(folder):
    refuse(folder, make_log("ok 1 - a.one", "ok 2 - a.one"), "one name")


@test
def names_that_readers_mix_up_are_refused(folder):
    refuse(folder, make_log("ok 1 - a.b_c", "ok 2 - a_b.c"), "one name")


@test
def counts_that_do_not_fit_are_refused(folder):
    refuse(folder, make_log("ok 1 - a.one", **{"pass": 2}), "END says pass=2")


@test
def an_end_of_another_run_is_refused(folder):
    refuse(folder, make_log("ok 1 - a.one", run="ffffffff"), "END is of run")


@test
def a_wrong_crc_is_refused(folder):
    refuse(folder, make_log("ok 1 - a.one", crc32="00000000"), "crc32")


@test
def a_stray_line_is_refused(folder):
    refuse(folder, make_log("ok 1 - a.one", "hello"), "no line of ours")


@test
def a_bail_out_is_status_2(folder):
    data = make_log("ok 1 - a.one", "Bail out! #DF at 0x1000", plan=5)
    status, out = judge(folder, data)
    check(status, 2, out)
    contains(out, "bailed out: #DF at 0x1000")


@test
def a_glob_without_a_case_is_status_3(folder):
    data = make_log("Bail out! no case matches 'zzz*'", plan=0)
    status, out = judge(folder, data)
    check(status, 3, out)


@test
def a_list_is_status_0(folder):
    data = make_log("# a.one\tSDM 3A Interrupt 6", "# a.two\tAPM 2", plan=0)
    check(judge(folder, data)[0], 0)


@test
def the_tap_passes_prove(folder):
    tap = os.path.join(folder, "tap")
    judge(folder, NOISE + GOOD, "--tap", tap)
    check(run("prove", "-e", "cat", tap)[0], 0)


@test
def the_tap_of_a_damaged_log_fails_prove(folder):
    tap = os.path.join(folder, "tap")
    judge(folder, make_log("ok 1 - a.one", crc32="00000000"), "--tap", tap)
    assert run("prove", "-e", "cat", tap)[0] != 0


@test
def junit_names_cases_as_the_log_does(folder):
    import xml.etree.ElementTree as xml
    out = os.path.join(folder, "out.xml")
    judge(folder, GOOD, "--junit", out)
    cases = list(xml.parse(out).getroot().iter("testcase"))
    check([c.get("name") for c in cases], ["a.one", "a.two", "b.one"])
    check([c.find("skipped") is not None for c in cases],
          [False, True, False])


@test
def junit_shows_a_failure(folder):
    import xml.etree.ElementTree as xml
    out = os.path.join(folder, "out.xml")
    judge(folder, make_log("ok 1 - a.one", "not ok 2 - a.two"), "--junit", out)
    cases = list(xml.parse(out).getroot().iter("testcase"))
    check([c.find("failure") is not None for c in cases], [False, True])


@test
def a_bad_argument_is_status_3(folder):
    check(tool("irqbed-log", "--bogus")[0], 3)
    check(tool("irqbed-log", os.path.join(folder, "absent"))[0], 3)


main()
