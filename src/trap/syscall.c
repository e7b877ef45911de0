// SPDX-License-Identifier: MIT
/*
 * syscall.c - system calls by SYSCALL, and when SYSRET may end one.
 *
 * Spec: SDM 2B "SYSRET": RIP from RCX, RFLAGS from R11 without RF and VM; APM
 *       3 "SYSRET".
 */
#include <trap/syscall.h>

#include <asm/desc_defs.h>
#include <asm/processor-flags.h>
#include <mm/paging.h>
#include <trap/catch.h>

#include "internal.h"

/* Changed in task context only. */
static struct {
	syscall_fn fn;
	void *data;
} hook;

void syscall_hook(syscall_fn fn, void *data)
{
	hook.data = data;
	hook.fn = fn;
}

/*
 * Linux's conditions. RIP: Intel's SYSRET to a RCX that is not canonical
 * faults at CPL 0 with the user's RSP. TF: SYSRET would trap before the first
 * instruction, IRETQ after it. RF: SYSRET clears it.
 */
static bool sysret_can_load(const struct pt_regs *regs)
{
	return regs->cx == regs->ip && regs->r11 == regs->flags &&
	       is_canonical(regs->ip) && regs->cs == __USER_CS &&
	       regs->ss == __USER_DS &&
	       !(regs->flags & (X86_EFLAGS_RF | X86_EFLAGS_TF));
}

/* entry_SYSCALL_64. True: leave by SYSRET. */
bool do_syscall_64(struct pt_regs *regs)
{
	struct trap_event event = { .nr = TRAP_SYSCALL };

	if (!hook.fn || !hook.fn(regs, hook.data))
		catch_value(regs, &event);
	return sysret_can_load(regs);
}
