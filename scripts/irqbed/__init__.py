# SPDX-License-Identifier: MIT
"""What the host does for irqbed: build its disk, boot it, read its log.

image     GPT disk with one FAT32 ESP: write it, read it back
pe        the PE image objcopy made: finish it, look at its sections
qemu      find the firmware, ask the emulator's version, build its command line
taplog    one boot's log: carve it, check it, say what it proves
defects   tests/known-defects: which platform is known to fail which case
report    TAP, JUnit and words for people, made from a checked log
runner    scripts/run-qemu: start, stream, stop in time, judge
symbols   addresses of a log turned into function+offset and file:line
"""
