// SPDX-License-Identifier: MIT
/*
 * dump.c - the rings into the log, as what `cat trace` shows; and the threads'
 * names. scripts/irqbed-trace takes it out of the log again.
 *
 * Linux: kernel/trace/trace.c print_func_help_header_irq(), print_trace_line(),
 * trace_sched_switch.c saved_cmdlines.
 */
#include <trace/trace.h>

#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <lib/string.h>

#define LINE_MAX 256

/* Linux keeps 128. Two CPUs may fill one place at once: one name is lost. */
#define SAVED_CMDLINES 256

static struct {
	u32 pid;
	char comm[TRACE_NAME_LEN];
} cmdlines[SAVED_CMDLINES];

void trace_save_cmdline(u32 pid, const char *comm)
{
	u32 i = pid % SAVED_CMDLINES;

	if (!pid || READ_ONCE(cmdlines[i].pid) == pid)
		return;
	WRITE_ONCE(cmdlines[i].pid, pid);
	strscpy(cmdlines[i].comm, comm, sizeof(cmdlines[i].comm));
}

const char *trace_find_cmdline(u32 pid)
{
	u32 i = pid % SAVED_CMDLINES;

	if (!pid)
		return "<idle>";
	return cmdlines[i].pid == pid ? cmdlines[i].comm : "<...>";
}

/* clang-format off */
static const char *const help[] = {
	"#                                _-----=> irqs-off/BH-disabled",
	"#                               / _----=> need-resched",
	"#                              | / _---=> hardirq/softirq",
	"#                              || / _--=> preempt-depth",
	"#                              ||| / _-=> migrate-disable",
	"#                              |||| /     delay",
	"#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION",
	"#              | |         |   |||||     |         |",
};
/* clang-format on */

static void print_header(void)
{
	printk("# # tracer: nop");
	printk("# #");
	printk("# # entries-in-buffer/entries-written: %llu/%llu   #P:%u",
	       (unsigned long long)trace_in_buffer(),
	       (unsigned long long)trace_written(), num_online_cpus());
	printk("# #");
	for (u32 i = 0; i < ARRAY_SIZE(help); i++)
		printk("# %s", help[i]);
}

void trace_dump(void)
{
	struct trace_entry e;
	u64 lost, n = 0;

	print_header();
	trace_rewind();
	while (trace_read(&e, &lost)) {
		char line[LINE_MAX];

		if (lost)
			printk("# CPU:%u [LOST %llu EVENTS]", e.cpu,
			       (unsigned long long)lost);
		trace_format(line, sizeof(line), &e, tsc_to_us(e.tsc),
			     trace_find_cmdline);
		printk("# %s", line);
		n++;
	}
	printk("# # entries-printed: %llu", (unsigned long long)n);
}
