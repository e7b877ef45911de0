# SPDX-License-Identifier: MIT
"""What the *.t files here share: TAP for prove, and ways to run the tools.

A test is a function decorated with @test; main() runs them in order. Each
says what is wrong by failing an assert or check(); one that raises is not ok
and the next one runs.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import traceback
import zlib

sys.dont_write_bytecode = True
HOME = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))
SCRIPTS = os.path.join(HOME, "scripts")
sys.path.insert(0, SCRIPTS)
IMAGE = os.path.join(HOME, "build", "irqbed.img")
FAKE_QEMU = os.path.join(HOME, "tests", "qemu", "fake-qemu")

_tests = []


def test(function):
    """Register a test; its name is the function's."""
    _tests.append(function)
    return function


class Skip(Exception):
    """This test cannot run here."""


def check(got, want, what=""):
    """Equal, or say both."""
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def contains(text, part):
    """part is in text, or say what text is."""
    assert part in text, f"no {part!r} in:\n{text[-3000:]}"


def _judge(function):
    """(the words of its line, why it is not ok) of one test."""
    try:
        with tempfile.TemporaryDirectory(prefix="irqbed-t-") as folder:
            function(folder)
    except Skip as reason:
        return "ok", f" # SKIP {reason}", ""
    except Exception:  # pylint: disable=broad-except
        return "not ok", "", traceback.format_exc()
    return "ok", "", ""


def main(jobs=1):
    """Run every test of the file, so many at once; report in their order."""
    print(f"1..{len(_tests)}", flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        verdicts = pool.map(_judge, _tests)
        for number, (word, note, why) in enumerate(verdicts, 1):
            for line in why.splitlines():
                print("#", line)
            bad += word != "ok"
            print(f"{word} {number} - {_tests[number - 1].__name__}{note}",
                  flush=True)
    sys.exit(1 if bad else 0)


def run(*words, timeout=300, **env):
    """(exit status, stdout and stderr together) of a command."""
    done = subprocess.run(words, env=dict(os.environ, **env), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout,
                          check=False, errors="replace")
    return done.returncode, done.stdout


def tool(name, *words, **env):
    """Run one of scripts/."""
    return run(os.path.join(SCRIPTS, name), *words, **env)


def boot(folder, *words, **env):
    """Run irqbed in QEMU: (exit status, output, raw log)."""
    log = os.path.join(folder, "serial.log")
    status, out = tool("run-qemu", "--log", log, *words, **env)
    with open(log, "rb") as source:
        return status, out, source.read()


def write(folder, name, data):
    """Put data into folder/name; returns the path."""
    path = os.path.join(folder, name)
    with open(path, "wb" if isinstance(data, bytes) else "w") as out:
        out.write(data)
    return path


def make_log(*lines, plan=None, facts=("platform=tcg-10.0.2",), **counts):
    """A log as irqbed would print it; counts override what END says."""
    results = [ln for ln in lines if re.match("(not )?ok ", ln)]
    text = ["TAP version 13", f"1..{len(results) if plan is None else plan}",
            "# IRQBED-BEGIN run=1234abcd version=test"]
    text += [f"# {fact}" for fact in facts] + list(lines)
    body = "".join(f"{line}\r\n" for line in text).encode()
    skip = sum(" # SKIP" in ln for ln in results)
    bad = sum(ln.startswith("not ok") for ln in results)
    said = {"pass": len(results) - skip - bad, "fail": bad, "skip": skip,
            "crc32": f"{zlib.crc32(body):08x}", "run": "1234abcd", **counts}
    end = (f"# IRQBED-END run={said['run']} pass={said['pass']} "
           f"fail={said['fail']} skip={said['skip']} crc32={said['crc32']}")
    return b"\r\n" + body + f"{end}\r\n".encode()
