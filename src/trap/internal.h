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

/* nofault.S: 0, or -EFAULT where src could not be read. */
long copy_nofault_asm(void *dst, const void *src, size_t len);

/* report.c: this CPU's report, if it was in one, is over. */
void report_end(void);

/* Called by entry.S. */
struct pt_regs *sync_regs(const struct pt_regs *regs);
void do_int80(struct pt_regs *regs);
void do_early_exception(struct pt_regs *regs);
