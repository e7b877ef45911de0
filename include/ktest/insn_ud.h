/* SPDX-License-Identifier: MIT */
/* insn_ud.h - what is, or may be, an invalid opcode: src/ktest/insn_ud.S. */
#pragma once

#define INSN(name) void insn_##name(void *arg);
#include <ktest/insn_ud.list.h>
#undef INSN
