# SPDX-License-Identifier: MIT
"""`make test`: pure code on the host, the tools, then every machine.

prove reads the TAP of what runs on the host; its JUnit output is what is
counted here.
"""

import concurrent.futures
import glob
import os
import subprocess
import time
import xml.etree.ElementTree as xml

from . import HOME, matrix
from .matrix import Count

JOBS = 2  # QEMU's software CPU fills a core each
LIMIT = 900  # seconds for one test file, however loaded the host is
# Those that boot take longest: they start first.
SLOW = ("smp.t", "crash.t", "report.t", "order.t", "verdict.t", "runner.t",
        "trace.t", "bench.t")


def prove(path):
    """Run one TAP-speaking program through prove; returns its Count."""
    name = os.path.relpath(path, HOME)
    began = time.monotonic()
    words = ["prove", "--merge", "--formatter", "TAP::Formatter::JUnit"]
    if not path.endswith(".t"):
        words += ["--exec", ""]
    try:
        done = subprocess.run(words + [path], cwd=HOME, timeout=LIMIT,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              check=False)
        root = xml.fromstring(done.stdout)
    except subprocess.TimeoutExpired:
        return Count(name, failed=1, details=[f"more than {LIMIT} s"])
    except (OSError, xml.ParseError) as error:
        return Count(name, failed=1, details=[f"prove: {error}"])
    count = Count(name, seconds=time.monotonic() - began)
    text = "".join(s.text or "" for s in root.iter("system-out"))
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif f"ok {case.get('name')} # SKIP" in text:
            count.skipped += 1
        else:
            count.passed += 1
    if done.returncode or not count.passed + count.failed + count.skipped:
        count.failed = max(1, count.failed)
        count.details = text.splitlines()
    return count


def host_steps():
    """What runs without the machine's suite: functions that give a Count."""
    pure = os.path.join(HOME, "build", "host", "irqbed-host-tests")
    files = sorted(glob.glob(os.path.join(HOME, "tests", "qemu", "*.t")),
                   key=lambda f: (os.path.basename(f) not in SLOW, f))
    return [lambda f=f: prove(f) for f in [pure, *files]]


def run_all(steps):
    """Run the steps, JOBS at a time; report each as it ends, in order."""
    counts = []
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for future in [pool.submit(step) for step in steps]:
            counts.append(future.result())
            show(counts[-1])
    return counts


def show(count):
    """One line a step, and what explains a failure."""
    print(count)
    if count.failed:
        for line in count.details[-200:]:
            print("   ", line)
    print(end="", flush=True)


def close(counts):
    """The closing lines; returns the exit status."""
    passed = sum(c.passed for c in counts)
    failed = sum(c.failed for c in counts)
    skipped = sum(c.skipped for c in counts)
    known = sum(c.known for c in counts)
    print(f"{skipped} skipped, {known} known defects of the platform")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


def boots(first=()):
    """The suite on every machine; returns the Counts."""
    counts = run_all([lambda m=m: matrix.boot(m, first)
                      for m in matrix.machines()])
    counts.append(matrix.compare(counts, not first))
    show(counts[-1])
    return counts
