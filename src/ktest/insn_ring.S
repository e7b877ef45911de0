/* SPDX-License-Identifier: MIT */
/*
 * insn_ring.S - instructions for CPL 1 and 2, whose pages are the supervisor's:
 * 32 bytes each, INT DL_BACK behind it, its name from byte 16 on. See
 * include/ktest/insn_ring.h.
 */
#include <ktest/insn_delivery.h>
#include <ktest/insn_ring.h>

	.macro sym name
	.balign	RING_SLOT, 0xcc
	.globl	insn_ring_\name
	.hidden	insn_ring_\name
insn_ring_\name:
	.endm

	.macro slot insn:vararg
	.balign	RING_SLOT, 0xcc
9:	\insn
	int	$DL_BACK
	.org	9b + RING_NAME, 0xcc
	.asciz	"\insn"
	.endm

	.text
sym privileged
slot hlt
slot clts
slot mov %cr0, %rax
slot mov %cr2, %rax
slot mov %cr3, %rax
slot mov %cr4, %rax
slot mov %cr8, %rax
slot mov %rbx, %cr0
slot mov %r9, %cr2
slot mov %rbp, %cr3
slot mov %r8, %cr4
slot mov %r9, %cr8
slot mov %dr0, %rax
slot mov %dr6, %rax
slot mov %dr7, %rax
slot mov %r9, %dr0
slot mov %r10, %dr7
slot lgdt (%rdi)
slot lidt (%rsi)
slot lldt %r9w
slot ltr %r9w
slot lmsw %bx
slot invlpg (%rdi)
slot rdmsr
slot wrmsr
slot swapgs
slot sysretq
sym privileged_end

sym wbinvd
slot wbinvd
sym umip
slot sgdt (%rdi)
slot sidt (%rsi)
slot sldt %eax
slot smsw %eax
slot str %eax
sym umip_end

sym clac
slot clac
slot stac
sym clac_end

sym monitor
slot monitor
slot mwait
sym monitor_end

sym io
slot cli
slot sti
slot inb $0x80, %al
slot outb %al, $0x80
sym io_end

sym rdtsc
slot rdtsc
sym popf
slot popfq
sym iretq
slot iretq
sym lretq
slot lretq
sym mov_es
slot mov %eax, %es
sym mov_ss
slot mov %eax, %ss
sym store
slot mov %rax, (%rdx)

	.section .note.GNU-stack, "", @progbits
