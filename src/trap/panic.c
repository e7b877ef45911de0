// SPDX-License-Identifier: MIT
/*
 * panic.c - the end of a run that cannot go on, always with a last word.
 */
#include <trap/report.h>

#include <asm/irqflags.h>
#include <console/console.h>
#include <console/printk.h>
#include <cpu/halt.h>
#include <lib/format.h>

#define REASON_MAX 160

void (*bail_out_hook)(void);

/* 1: the reason; 2: something failed while giving it; then only HLT. */
static u32 attempts;

static __noreturn void last_words(const char *reason)
{
	printk("Bail out! %s", reason);
	if (bail_out_hook)
		bail_out_hook();
	halt_forever();
}

static void begin(void)
{
	native_irq_disable();
	if (__atomic_add_fetch(&attempts, 1, __ATOMIC_SEQ_CST) > 2)
		halt_forever();
	console_release();
}

__noreturn void bail_out(const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list args;

	begin();
	report_backtrace((u64)__builtin_return_address(0),
			 *(u64 *)__builtin_frame_address(0));
	va_start(args, fmt);
	vscnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	last_words(reason);
}

__noreturn void bail_out_reported(const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list args;

	begin();
	va_start(args, fmt);
	vscnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	last_words(reason);
}

/* UD2 makes an exception of it: a full report, and the run may go on. */
__noreturn void bug(const char *what, const char *file, int line)
{
	printk("# BUG: %s at %s:%d", what, file, line);
	__builtin_trap();
}
