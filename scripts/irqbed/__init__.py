# SPDX-License-Identifier: MIT
"""What the host does for irqbed: build its disk, boot it, read its log.

image     GPT disk with one FAT32 ESP: write it, read it back
pe        the PE image objcopy made: finish it, look at its sections
taplog    one boot's log: carve it, check it, say what it proves
defects   tests/known-defects/: which platform is known to fail which case
report    status, TAP, JUnit and words for people, made from a checked log
ftrace    the event trace in a log: its text, its events
spans     what each CPU did from when to when, who woke whom
traceevent, timeline  that as JSON for Perfetto, as a picture
symbols   addresses of a log turned into function+offset and file:line
qemu      find the firmware, ask the emulator's version, build its command line
boot      one boot: start QEMU, stream its log, stop it in time
runner    scripts/run-qemu: arguments, a boot, its verdict
cases     every case and its rule, read from the sources
rules     tests/rules: what the manuals say, and which case judges it
coverage  docs/coverage.md, made from these
skips     tests/skips: why cases may SKIP on the machines of make test
matrix    the suite on every machine QEMU can be
suite     scripts/test: everything `make test` runs, counted
cli       how every tool here takes its arguments
"""

import os

HOME = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))
KNOWN_DEFECTS = os.path.join(HOME, "tests", "known-defects")
SKIPS = os.path.join(HOME, "tests", "skips")
