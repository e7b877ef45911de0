/* SPDX-License-Identifier: MIT */
/*
 * insn_companion.S - the last byte of a question, and the instructions that
 * the stimulus then meets. See insn_companion.h.
 */
#include "insn_trap.h"

	.macro fire
	movl	%edi, %edx
	movb	$'\n', %al
	outb	%al, %dx
	.endm

	.text
insn fire
	fire
at fire
	await
	.globl	insn_fire_end
	.hidden	insn_fire_end
insn_fire_end:
	ret

insn fire_hlt
	fire
at fire_hlt
	hlt
	.globl	insn_fire_hlt_after
	.hidden	insn_fire_hlt_after
insn_fire_hlt_after:
	ret

	.section .user.text, "ax"
	.globl	user_fire, user_fire_at, user_fire_end
	.hidden	user_fire, user_fire_at, user_fire_end
user_fire:
	fire
user_fire_at:
	await
user_fire_end:
	int	$0x80

	.section .note.GNU-stack, "", @progbits
