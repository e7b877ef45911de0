#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/setup: deriving bookworm-backports from any way apt is set up."""

import os
import sys
import time

sys.dont_write_bytecode = True
from tap import check, main, test, tool, write

SOURCES = """\
Types: deb
URIs: http://other.test/security
Suites: bookworm-security
Components: main

# the main archive
Types: deb deb-src
# a comment inside
URIs: http://mirror.test/debian http://second.test/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGPL0BUBEADmW5NdOOHwPIJlgPu6JDcKw/NZJPR8lsD3K87ZM18gzyQZJD+w
 -----END PGP PUBLIC KEY BLOCK-----
"""
DERIVED = """\
Types: deb
URIs: http://mirror.test/debian http://second.test/debian
Suites: bookworm-backports
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGPL0BUBEADmW5NdOOHwPIJlgPu6JDcKw/NZJPR8lsD3K87ZM18gzyQZJD+w
 -----END PGP PUBLIC KEY BLOCK-----
"""


def derive(folder, **files):
    os.mkdir(os.path.join(folder, "sources.list.d"))
    for name, text in files.items():
        write(folder, {"main": "sources.list"}.get(
            name, f"sources.list.d/{name.replace('_', '.')}"), text)
    return tool("setup", "--derive", folder)


@test
def from_a_deb822_file(folder):
    check(derive(folder, debian_sources=SOURCES), (0, DERIVED))


@test
def from_a_one_line_entry(folder):
    text = ("# deb http://no.test/debian bookworm main\n"
            "deb-src http://src.test/debian bookworm main\n"
            "deb [ arch=amd64,i386 signed-by=/usr/share/keyrings/k.gpg ] "
            "http://mirror.test/debian/ bookworm main non-free # x\n")
    check(derive(folder, main=text), (0, """\
Types: deb
URIs: http://mirror.test/debian/
Suites: bookworm-backports
Components: main non-free
Architectures: amd64 i386
Signed-By: /usr/share/keyrings/k.gpg
"""))


@test
def from_a_plain_one_line_entry(folder):
    check(derive(folder, x_list="deb http://m.test/debian bookworm main\n"),
          (0, "Types: deb\nURIs: http://m.test/debian\n"
           "Suites: bookworm-backports\nComponents: main\n"))


@test
def both_forms_give_one_entry(folder):
    check(derive(folder, debian_sources=SOURCES,
                 main="deb http://m.test/debian bookworm main\n"),
          (0, DERIVED))


@test
def nothing_from_what_is_disabled_or_of_another_suite(folder):
    check(derive(folder, debian_sources=SOURCES + "Enabled: no\n",
                 main="deb http://m.test/debian trixie main\n"), (0, ""))


@test
def nothing_from_nothing(folder):
    check(derive(folder), (0, ""))


@test
def looking_is_silent_and_quick_when_nothing_is_missing(_folder):
    began = time.monotonic()
    check(tool("setup", "--check", "run", "test"), (0, ""))
    assert time.monotonic() - began < 0.5


@test
def what_is_missing_is_named_with_its_reason(folder):
    # Every program there is, but for one.
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for name in os.listdir(place) if os.path.isdir(place) else ():
            link = os.path.join(folder, name)
            if name != "qemu-system-x86_64" and not os.path.lexists(link):
                os.symlink(os.path.join(place, name), link)
    status, out = tool("setup", "--check", "run", PATH=folder)
    check((status, out), (1, "setup:   qemu-system-x86: the emulated "
                          "machine\n"))


@test
def a_bad_argument_is_refused(_folder):
    assert tool("setup", "--bogus")[0] != 0


@test
def an_emulator_of_the_users_own_is_left_to_run_qemu(_folder):
    check(tool("setup", "--check", "run", QEMU="/nonexistent"), (0, ""))


main()
