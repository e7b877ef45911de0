/* SPDX-License-Identifier: MIT */
/*
 * insn_ud.h - what is, or may be, an invalid opcode, in groups: src/ktest/
 * insn_ud*.S. Each encoding has a slot of its own, RETs behind it, so that
 * every slot is a function; RDI is its memory operand, if it has one.
 */
#pragma once

#define UD_SLOT 32

#ifndef __ASSEMBLER__
#define GROUP(name) extern const char insn_ud_##name[], insn_ud_##name##_end[];
#include <ktest/insn_ud.list.h>
#undef GROUP
#endif
