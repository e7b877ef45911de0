/* SPDX-License-Identifier: MIT */
/* insn_ud_slot.h - the macros of insn_ud*.S: groups of slots, see insn_ud.h. */
#pragma once
/* clang-format off */

#include <ktest/insn_ud.h>

	.macro group name
	.balign	UD_SLOT
	.globl	insn_ud_\name
	.hidden	insn_ud_\name
insn_ud_\name:
	.endm

	.macro end name
	.globl	insn_ud_\name\()_end
	.hidden	insn_ud_\name\()_end
insn_ud_\name\()_end:
	.endm

	/* One encoding; what runs past it finds a RET at every byte. */
	.macro slot list:vararg
	.byte	\list
	.balign	UD_SLOT, 0xc3
	.endm

	/* ModRM of registers: EAX and ECX, which nobody misses. */
#define REG(n)	(0xc1 + (n) * 8)
#define MEM(n)	(0x07 + (n) * 8)	/* (RDI) */
