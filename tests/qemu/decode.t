#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The #UD decoder's length and verdict against binutils', and against noise."""

import os
import re
import sys

sys.dont_write_bytecode = True
from tap import HOME, check, contains, main, run, test

DECODE = os.path.join(HOME, "build", "host", "decode-corpus")
TABLES = (2, 40)  # the binutils whose extensions the decoder's tables know


def corpus(folder):
    path = os.path.join(folder, "corpus")
    status, out = run(DECODE, "generate", path)
    check(status, 0, out)
    return path, int(re.match(r"(\d+) encodings", out)[1])


def newer():
    """Later ones know more, e.g. D5 as APX's REX2: that is no difference."""
    _, out = run("objdump", "--version")
    version = re.search(r"\) (\d+)\.(\d+)", out)
    return tuple(map(int, version.groups())) > TABLES


def agree(folder, isa):
    path, count = corpus(folder)
    status, out = run("bash", "-o", "pipefail", "-c",
                      f"objdump -D -w -b binary -m i386:x86-64 -M {isa} "
                      f"{path} | {DECODE} compare {path} {isa} "
                      + ("newer" if newer() else ""))
    contains(out, f"{count} compared, 0 differ")
    check(status, 0, out)


@test
def the_corpus_is_large_and_without_doubles(folder):
    path, count = corpus(folder)
    assert count >= 20000, count
    with open(path, "rb") as file:
        data = file.read()
    distinct = {data[i:i + 15] for i in range(0, len(data), 32)}
    assert len(distinct) >= 100000, len(distinct)


@test
def objdump_agrees_on_intel64(folder):
    agree(folder, "intel64")


@test
def objdump_agrees_on_amd64(folder):
    agree(folder, "amd64")


@test
def noise_is_decoded_within_its_bounds(_folder):
    status, out = run(DECODE, "fuzz", "200000")
    check(status, 0, out)
    contains(out, "200000 decoded")


if __name__ == "__main__":
    main()
