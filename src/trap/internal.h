/* SPDX-License-Identifier: MIT */
/* internal.h - the room's assembly, and what entry.S calls besides exc_*(). */
#pragma once

#include <asm/ptrace.h>

struct catch_frame;

/* catch.S: 0 if fn returned, 1 if resumed by an exception. */
int catch_call(struct catch_frame *frame, void (*fn)(void *), void *arg);

/* entry.S */
void enter_user(struct pt_regs *regs) __attribute__((noreturn));
extern char native_irq_return_user[];
extern char asm_exc_divide_error[], early_idt_handler_array[]; /* its ends */

/* nmi.S, in this order, and where an NMI from CPL 3 goes on. */
void asm_exc_nmi(void);
extern char nmi_rax_saved[], nmi_again[], nmi_repeat[], nmi_exit[];
extern char nmi_exit_end[], nmi_from_user[];

/*
 * For the first line of what can interrupt an NMI's entry, before any IRETQ:
 * if it did, do the rest of that, and let regs go on behind it.
 */
void nmi_finish_entry(struct pt_regs *regs);

/* regs are about to resume at sp: if that leaves an NMI's handler, say so. */
void nmi_abandon(const struct pt_regs *regs, u64 sp);

/* cpu was stopped by INIT, in an NMI's handler or a report perhaps. */
void nmi_forget(u32 cpu);
void report_forget(u32 cpu);

/* syscall.S */
void enter_user_sysret(struct pt_regs *regs) __attribute__((noreturn));

/* nofault.S: 0, or -EFAULT where src could not be read. */
long copy_nofault_asm(void *dst, const void *src, size_t len);

/* report.c: this CPU's report, if it was in one, is over. */
void report_end(void);

/* Called by entry.S. */
struct pt_regs *sync_regs(const struct pt_regs *regs);
void do_int80(struct pt_regs *regs);
bool do_syscall_64(struct pt_regs *regs);
void do_early_exception(struct pt_regs *regs);
