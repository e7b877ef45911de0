# SPDX-License-Identifier: MIT
"""scripts/run-qemu: boot irqbed in QEMU, stream its log, judge the run."""

import argparse
import dataclasses
import math
import os
import re
import signal
import subprocess
import sys
import time

from . import (HOME, KNOWN_DEFECTS, boot, cli, defects, image, qemu, report,
               symbols)

DESCRIPTION = """\
Boot irqbed in QEMU with OVMF, stream its log, end with a verdict.

Exit status: 0 every case passed, was skipped, or is a listed known defect of
this platform; 1 a case failed; 2 the run did not complete (hang, reset,
triple fault, truncated or damaged log); 3 it could not start (missing tool,
bad argument). build/ is never changed.
"""
TOTAL, IDLE = 180.0, 60.0  # seconds, times the scale of a loaded host
# Guest CPUs that make a boot take as long again: they share the host's. What
# is silent longest is the firmware, which starts them all.
TOTAL_CPUS, IDLE_CPUS = 16, 64
MEMORY, MEMORY_CPUS = 256, 64  # MiB; for each CPU more another one
ICOUNT = 10  # how much longer a boot takes under -icount shift=0
SHARED = 32  # guest CPUs on one of the host's: each has to wait for its turn
GDB_HELP = """\
Waiting for gdb: target remote :1234, then continue; once the log has said
image.base: add-symbol-file build/irqbed.debug -o BASE"""
LONGEST_GLOB = 511  # include/lib/options.h: OPT_TEXT


def _positive(text):
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return int(text)


def _smp(text):
    """QEMU's own words for more: 6,sockets=2,cores=3 has holes in its IDs."""
    count = text.split(",")[0]
    if not re.fullmatch(r"[a-z0-9]+(,(sockets|dies|clusters|modules|cores|"
                        r"threads|maxcpus)=\d+)*", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of CPUs")
    _positive(count)
    return text


def cpus(smp):
    """How many CPUs run, of --smp's words."""
    return int(str(smp).split(",")[0])


def memory(smp):
    """MiB for so many CPUs."""
    return MEMORY + max(0, cpus(smp) - MEMORY_CPUS)


def limits(args, scale):
    """Seconds for the whole boot, and for a silence in it."""
    slow = scale * (ICOUNT if "-icount" in args.extra else 1)
    n = cpus(args.smp)
    return {"total": args.timeout or TOTAL * slow * (1 + n / TOTAL_CPUS),
            "idle": IDLE * slow * (1 + n / IDLE_CPUS)}


def _seconds(text):
    if not re.fullmatch(r"\d{1,9}(\.\d*)?", text) or not float(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no time in seconds")
    return float(text)


def _globs(text):
    if not re.fullmatch(r"[a-z0-9_.*?,\[\]!-]+", text):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no list of globs of case names")
    if len(text) > LONGEST_GLOB:
        raise argparse.ArgumentTypeError(
            f"more than {LONGEST_GLOB} characters of globs")
    return text


def _words(text):
    if not text.isascii():
        raise argparse.ArgumentTypeError("not ASCII")
    return text


def parser():
    """The contract's options, and two for the tests."""
    p = cli.Parser("run-qemu", DESCRIPTION,
                   epilog="Environment: QEMU names another emulator binary.")
    p.add_argument("--machine", choices=("q35", "pc"), default="q35")
    p.add_argument("--cpu", metavar="MODEL", default="max")
    p.add_argument("--smp", metavar="N", type=_smp, default="1",
                   help="CPUs; QEMU's topology words may follow")
    p.add_argument("--memory", metavar="MIB", type=_positive,
                   help=f"default {MEMORY}, more for more than "
                   f"{MEMORY_CPUS} CPUs")
    p.add_argument("--firmware", metavar="CODE.fd")
    p.add_argument("--tests", metavar="GLOB[,GLOB]", type=_globs)
    p.add_argument("--skip", metavar="GLOB[,GLOB]", type=_globs)
    p.add_argument("--args", metavar="'KEY=VALUE ...'", type=_words,
                   default="", help="more options for the application")
    p.add_argument("--timeout", metavar="S", type=_seconds,
                   help="limit of the whole run in seconds "
                   f"(default {TOTAL:g}, more on a loaded host and for "
                   "many CPUs)")
    p.add_argument("--log", metavar="FILE", help="keep the raw serial log")
    p.add_argument("--gdb", action="store_true",
                   help="wait for gdb on port 1234; no time limit")
    p.add_argument("--image", metavar="IMG", help=argparse.SUPPRESS,
                   default=os.path.join(HOME, "build", "irqbed.img"))
    p.add_argument("--quiet", action="store_true", help=argparse.SUPPRESS)
    p.usage = p.format_usage().removeprefix("usage: ").rstrip() + (
        " [-- EXTRA QEMU ARGUMENTS]")
    return p


def parse_arguments(words):
    """The namespace; what follows -- is QEMU's, untouched."""
    at = words.index("--") if "--" in words else len(words)
    args = parser().parse_args(words[:at])
    args.extra = words[at + 1:]
    return args


def load_scale(most=8):
    """How much slower than idle this host is: every limit grows with it."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(most, max(1, math.ceil(busy)))


def guest_scale(smp):
    """The guest's own limits are shorter, and its CPUs share the host's."""
    return load_scale(32) + cpus(smp) // (SHARED * (os.cpu_count() or 1))


def options_text(args, platform, scale):
    """\\irqbed.cfg; the user's own words come last, so they win."""
    words = [f"platform={platform}", f"scale={scale}", "finish=exit",
             f"companion={qemu.COMPANION:#x}"]
    if args.tests:
        words.append(f"tests={args.tests}")
    if args.skip:
        words.append(f"skip={args.skip}")
    return " ".join(words + args.args.split())


def _finish_word(options):
    return [w for w in options.split() if w.startswith("finish=")][-1]


def _name_the_case(judgement, replay):
    """Which case was running when the log ended?"""
    log = judgement.log
    if log.running:
        return f"{log.running} was running ({log.next_case()})"
    if log.plan and len(log.results) < log.plan:
        names = replay()
        if len(names) == log.plan:
            return (f"{names[len(log.results)]} was running "
                    f"({log.next_case()})")
        return f"what was running: {log.next_case()}"
    return ""


def _symbolized(text, args, log):
    """The text with its addresses named, where symbols are at hand."""
    facts = {k: v for k, v in log.facts.items() if k.startswith("image.")}
    head = " ".join(f"{k}={v}" for k, v in facts.items())
    try:
        named, _ = symbols.annotate(
            f"{head}\n{text}", os.path.splitext(args.image)[0] + ".debug")
    except symbols.SymbolError:
        return text
    return named.split("\n", 1)[1].rstrip("\n")


def _ending_problems(ending, judgement, options):
    """What QEMU's end says that the log does not."""
    log = judgement.log
    if ending.status is not None and ending.status < 0:
        name = signal.Signals(-ending.status).name
        yield f"QEMU died of {name}"
    elif ending.status not in (None, 0, *qemu.DEBUG_EXIT) and (
            not log.complete):
        yield f"QEMU left with status {ending.status}"
    if "Bad icount read" in ending.complaint:
        yield ("this QEMU cannot have -icount and x2APIC together: "
               "add --cpu max,-x2apic")
    if ending.why and not log.complete:
        yield f"stopped by {ending.why}"
    if ending.status == 0 and not log.complete:
        yield ("a triple fault reset the machine" if ending.triple_fault
               else "the machine was reset or switched off")
    said = qemu.DEBUG_EXIT.get(ending.status)
    if said and log.complete and _finish_word(options) == "finish=exit":
        if log.bailed is not None:
            want = "bailed out"
        else:
            want = "some failed" if log.count("fail") else "all passed"
        if said != want:
            yield f"QEMU's exit status says '{said}', the log '{want}'"


def _verdict(args, ending, judgement, options, replay, what):
    """Print the end of the run; returns the exit status."""
    log = judgement.log
    problems = list(_ending_problems(ending, judgement, options))
    status = report.NOT_COMPLETED if problems else judgement.status()
    if not log.complete and not ending.data and ending.status == 1:
        status = report.NOT_STARTED
    if status == report.NOT_COMPLETED and (
            not log.complete or log.bailed is not None):
        if where := _name_the_case(judgement, replay):
            problems.append(where)
    lines = problems + judgement.summary()
    if ending.complaint and status != report.ALL_PASSED:
        lines[:0] = [f"qemu: {s}" for s in ending.complaint.splitlines()]
    if ending.registers:
        print("The machine as it hangs, from QEMU's monitor:")
        print(_symbolized(ending.registers, args, log))
    word = ("PASS", "FAIL", "INCOMPLETE", "NOT STARTED")[status]
    lines[-1] = f"{word}: {lines[-1]} ({what})"
    print("\n".join(f"irqbed: {line}" for line in lines), flush=True)
    return status


def run(args):
    """Everything after the arguments; returns the exit status."""
    emulator = qemu.find_emulator()
    code, variables = qemu.find_firmware(args.firmware)
    if not os.path.isfile(args.image):
        raise image.ImageError(f"no image '{args.image}': run make")
    platform = f"{qemu.accelerator(args.extra)}-{qemu.version(emulator)}"
    scale = load_scale()
    for row in defects.fatal(defects.load(KNOWN_DEFECTS), platform,
                             args.tests or ""):
        print(f"irqbed: not run: {row.case}: {row.seen}", flush=True)
        args.skip = ",".join(filter(None, (args.skip, row.case)))
    options = options_text(args, platform, guest_scale(args.smp))
    plain = boot.Run(args.machine, args.cpu, args.smp,
                     args.memory or memory(args.smp), code, variables,
                     gdb=args.gdb)
    bounds = limits(args, scale)
    if args.gdb:
        print(GDB_HELP, flush=True)

    def once(words, log, show):
        return boot.boot(emulator, dataclasses.replace(plain), args.extra,
                         args.image, words, log=log, show=show, **bounds)

    began = time.monotonic()
    ending = once(options, args.log, not args.quiet)
    took = time.monotonic() - began
    judgement = report.judge(ending.data, KNOWN_DEFECTS)

    def replay():
        """The order of the cases: ask the application to list them."""
        seed = judgement.log.facts.get("seed")
        words = options + " list" + (f" seed={seed}" if seed else "")
        listing = report.judge(once(words, None, False).data, None)
        return [name for name, _ in listing.log.listed]

    what = f"{args.machine}, {args.cpu}, {args.smp} CPU, {platform}, " \
        f"{took:.1f} s"
    return _verdict(args, ending, judgement, options, replay, what)


def _interrupted(number, _frame):
    raise KeyboardInterrupt(signal.Signals(number).name)


def main(argv=None):
    args = parse_arguments(sys.argv[1:] if argv is None else argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        return run(args)
    except BrokenPipeError:
        # Nobody reads the log any more; nor would the words of an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return report.NOT_COMPLETED
    except (qemu.QemuError, image.ImageError, defects.DefectsError, OSError,
            subprocess.CalledProcessError) as error:
        print(f"run-qemu: {error}", file=sys.stderr)
        return report.NOT_STARTED
    except KeyboardInterrupt:
        print("run-qemu: interrupted", file=sys.stderr)
        return report.NOT_COMPLETED
