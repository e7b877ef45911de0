/* SPDX-License-Identifier: MIT */
/* insn_crash.h - UD2 with bad stack registers. See src/ktest/insn_crash.S. */
#pragma once

#define INSN(name) void insn_##name(void *arg)
INSN(crash_on_frame);
INSN(crash_on_stack);
#undef INSN
