/* SPDX-License-Identifier: MIT */
/*
 * entry.S - every vector's way into irqbed, and every way back.
 *
 * Stubs make the stack uniform (error code, vector), macros save the
 * registers, C gets one struct pt_regs. See calling.h for the picture.
 *
 * GS: from CPL 3 swapgs, from CPL 0 it is ours already; only NMI, #DB, #DF
 * and #MC may hit between those two states, and so trust nothing (paranoid).
 *
 * Spec: SDM 3A "Interrupt and Exception Handling", "64-Bit Mode Stack Frame".
 */
#include <asm/irq_vectors.h>
#include <asm/trapnr.h>
#include <irq/sysvec.h>
#include <trap/extable.h>
#include <trap/idtentry.h>

#include "calling.h"

	.text

/* An exception on the interrupted stack, or on RSP0's from CPL 3. */
	.macro idtentry vector name
	.balign	16
SYM_START asm_exc_\name
	ERROR_CODE_AND_VECTOR \vector
	SWAPGS_IF_USER CS_FROM_STUB
	PUSH_REGS
	FIX_GS_AFTER_BAD_IRET
	movq	%rsp, %rdi
	call	exc_\name
	jmp	return_from_event
	.endm

/*
 * An exception on an IST stack; not NMI, see nmi.S. From CPL 3 the IST stack
 * is left for the entry stack (#DF excepted), and all goes on as for any
 * exception.
 */
	.macro idtentry_paranoid vector name
	.balign	16
SYM_START asm_exc_\name
	ERROR_CODE_AND_VECTOR \vector
	testb	$3, CS_FROM_STUB(%rsp)
	jnz	.Lfrom_user_\@
	PUSH_REGS
	PARANOID_CALL exc_\name
	POP_REGS_AND_STUB
	iretq
.Lfrom_user_\@:
	swapgs
	CLAC_IF_SMAP
	PUSH_REGS
	.if \vector != X86_TRAP_DF	/* it may be RSP0 that is bad */
	movq	%rsp, %rdi
	call	sync_regs		/* to the entry stack */
	movq	%rax, %rsp
	.endif
	movq	%rsp, %rdi
	call	exc_\name
	jmp	return_from_event
	.endm

/* A system vector: its own handler, no table between. */
	.macro idtentry_sysvec vector name
	.balign	16
SYM_START asm_sysvec_\name
	endbr64
	pushq	$0
	pushq	$\vector
	cld
	SWAPGS_IF_USER CS_FROM_STUB
	PUSH_REGS
	.if \vector == RESCHEDULE_VECTOR	/* does nothing that needs room */
	movq	%rsp, %rdi
	call	sysvec_\name
	jmp	return_from_event
	.else
	CALL_ON_IRQ_STACK sysvec_\name
	.endif
	.endm

#define X(vector, name) idtentry vector name;
IDTENTRY_LIST(X)
#undef X
#define X(vector, name) idtentry_paranoid vector name;
IDTENTRY_IST_LIST(X)
#undef X
#define X(vector, name) idtentry_sysvec vector name;
SYSVEC_LIST(X)
#undef X

	.balign	16
SYM_START asm_int80
	endbr64
	pushq	$0
	pushq	$IA32_SYSCALL_VECTOR
	cld
	SWAPGS_IF_USER CS_FROM_STUB
	PUSH_REGS
	movq	%rsp, %rdi
	call	do_int80
	jmp	return_from_event

/* A stub a vector, a fixed stride apart: no symbol and no label for each. */
	.macro irq_entries start to
	.balign	16
SYM_START \start
	.set	vec, FIRST_EXTERNAL_VECTOR
	.rept	NR_VECTORS - FIRST_EXTERNAL_VECTOR
	.balign	16, 0xcc
	endbr64
	pushq	$0
	pushq	$vec
	jmp	\to
	.set	vec, vec + 1
	.endr
	.org	\start + 16 * (NR_VECTORS - FIRST_EXTERNAL_VECTOR)
	.endm

	irq_entries irq_entries_start asm_common_interrupt
	/* Where gates lead while src/lockdep/ wants to see. */
	irq_entries traced_irq_entries_start asm_traced_interrupt

SYM_START asm_common_interrupt
	cld
	SWAPGS_IF_USER CS_FROM_STUB
	PUSH_REGS
	CALL_ON_IRQ_STACK common_interrupt

SYM_START asm_traced_interrupt
	cld
	SWAPGS_IF_USER CS_FROM_STUB
	PUSH_REGS
	CALL_ON_IRQ_STACK traced_interrupt

return_preempt:
	call	preempt_schedule_irq
SYM_START return_from_event
	RETURN_FROM_EVENT
return_special:
	btrl	$16, PT_CS(%rsp)	/* CS_PREEMPT */
	jc	return_preempt
	btrl	$17, PT_CS(%rsp)	/* CS_TRACED */
	jnc	return_to_user
	movq	%rsp, %rdi
	leaq	return_from_event(%rip), %rsi
	call	lockdep_irq_return
	jmp	return_from_event
return_to_user:
	cli
	POP_REGS_AND_STUB
	swapgs
SYM_START native_irq_return_user
	iretq				/* may fault: X86_TRAP_IRET */

/*
 * bool enter_user(const struct pt_regs *regs)
 *
 * Leave for CPL 3 with everything regs says. IF=0. Comes back only through a
 * catch frame.
 */
SYM_START enter_user
	movq	%rdi, %rsp
	POP_REGS_AND_STUB
	swapgs
	jmp	native_irq_return_user

/*
 * The first 32 vectors, before any of the above is installed: fixed-size
 * stubs into one handler that can only report.
 */
	.balign	16
SYM_START early_idt_handler_array
	.set	vec, 0
	.rept	NR_EXCEPTIONS
	.balign	16, 0xcc
	endbr64
	.if ((TRAP_ERROR_CODE_MASK >> vec) & 1) == 0
	pushq	$0
	.endif
	pushq	$vec
	jmp	early_idt_handler_common
	.set	vec, vec + 1
	.endr
	.org	early_idt_handler_array + 16 * NR_EXCEPTIONS

early_idt_handler_common:
	cld
	PUSH_REGS
	movq	%rsp, %rdi
	call	do_early_exception
	POP_REGS_AND_STUB
	iretq

	.section .note.GNU-stack, "", @progbits
