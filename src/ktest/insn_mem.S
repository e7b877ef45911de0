/* SPDX-License-Identifier: MIT */
/* insn_mem.S - single accesses, with RFLAGS.AC as it is or set. */
#include "insn_trap.h"

	.text

plain mem_read,		movb (%rdi), %al
plain mem_write,	movb $0, (%rdi)
plain mem_read8,	movq (%rdi), %rax
plain mem_write8,	movq $-1, (%rdi)
plain mem_fetch,	jmp *%rdi
plain mem_call,		call *%rdi
insn mem_return_to
	movq	%rdi, (%rsp)
at mem_return_to
	ret

with_ac mem_read_ac,	movb (%rdi), %al
with_ac mem_write_ac,	movb $0, (%rdi)
with_ac mem_read8_ac,	movq (%rdi), %rax
with_ac mem_fetch_ac,	call *%rdi

	.section .note.GNU-stack, "", @progbits
