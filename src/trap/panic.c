// SPDX-License-Identifier: MIT
/*
 * panic.c - the end of a run that cannot go on, always with a last word.
 */
#include <trap/report.h>

#include <asm/irqflags.h>
#include <console/console.h>
#include <console/printk.h>
#include <cpu/halt.h>
#include <cpu/percpu.h>
#include <lib/format.h>

#define REASON_MAX 160
#define NOBODY	   (~0u)

void (*bail_out_hook)(void);
void (*panic_cpus_hook)(void);

/* Linux's name: the CPU whose bail_out() it is. Changed once, by cmpxchg. */
static u32 panic_cpu = NOBODY;

/* 1: the reason; 2: something failed while giving it; then only HLT. */
static u32 attempts;

bool panic_elsewhere(void)
{
	u32 cpu = __atomic_load_n(&panic_cpu, __ATOMIC_ACQUIRE);

	return cpu != NOBODY && cpu != smp_processor_id();
}

/* No lock is waited for in here: whoever holds one may be stopped with it. */
static __noreturn void last_words(const char *reason)
{
	if (attempts == 1 && panic_cpus_hook)
		panic_cpus_hook();
	printk_take_over();
	console_release();
	printk("Bail out! %s", reason);
	if (bail_out_hook)
		bail_out_hook();
	halt_forever();
}

/* The others' NMI handlers still work in HLT: they say where they are. */
static void begin(void)
{
	u32 nobody = NOBODY;

	native_irq_disable();
	__atomic_compare_exchange_n(&panic_cpu, &nobody, smp_processor_id(),
				    false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	if (panic_elsewhere() || ++attempts > 2)
		halt_forever();
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
