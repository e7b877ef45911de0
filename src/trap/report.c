// SPDX-License-Identifier: MIT
/*
 * report.c - everything there is to say about an unexpected exception.
 *
 * Read:    report_exception(): whose turn it is, and what a fault inside a
 *          report may still do; report_print(): the parts, each caught.
 * Uses:    report_*.c for the parts, decode*.c for words.
 * Context: any, also on a broken stack: the parts run on the report stack.
 */
#include <trap/report.h>

#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/halt.h>
#include <cpu/percpu.h>
#include <cpu/preempt.h>
#include <cpu/sections.h>
#include <cpu/stacks.h>
#include <lib/compiler.h>
#include <lib/format.h>
#include <mm/regions.h>
#include <trap/catch.h>
#include <trap/decode.h>

#include "internal.h"
#include "report_parts.h"

/* Reports begun and not ended, by the CPU itself. */
static u8 depth[NR_CPUS];

/* 1 + the CPU whose report is being printed, or 0. Changed by cmpxchg. */
static u32 turn;

const char *report_context(const struct report *r)
{
	if (user_mode(r->regs))
		return "user";
	if (r->preempt_count & NMI_MASK)
		return "nmi";
	if (r->preempt_count & HARDIRQ_MASK)
		return "hardirq";
	if (r->preempt_count & SOFTIRQ_OFFSET)
		return "softirq";
	return "task";
}

const char *report_stack(u64 sp, char *buf, size_t size)
{
	/* An empty stack's RSP is the first byte of the next slot. */
	struct stack_info info = stack_of(sp - 1);

	char where[64];

	if (report_on_boot_stack(sp - 1))
		scnprintf(buf, size, "boot stack, 0x%lx bytes used",
			  (u64)boot_stack_top - sp);
	else if (info.kind == STACK_NONE)
		scnprintf(buf, size, "none of ours: %s",
			  region_name(sp, where, sizeof(where)));
	else if (info.guard)
		scnprintf(buf, size,
			  "%s stack of CPU %u, overflowed: rsp is "
			  "0x%lx bytes below it",
			  stack_name(info.kind), info.cpu,
			  report_guard_depth(sp));
	else
		scnprintf(buf, size, "%s stack of CPU %u, 0x%lx bytes used",
			  stack_name(info.kind), info.cpu,
			  (u64)(stack_top(info.cpu, info.kind + info.thread) -
				sp));
	return buf;
}

/* What each class says about the RIP it reports. */
static const char class_text[][40] = {
	[TRAP_CLASS_FAULT] = "rip is the instruction itself",
	[TRAP_CLASS_TRAP] = "rip is the next instruction",
	[TRAP_CLASS_ABORT] = "rip is not to be relied on",
	[TRAP_CLASS_INTERRUPT] = "rip is the next instruction",
	[TRAP_CLASS_RESERVED] = "no CPU is known to raise it",
};

static void print_head(const struct report *r)
{
	const struct pt_regs *regs = r->regs;
	const struct trap_info *info = trap_info((u32)regs->vector);
	enum trap_class class = regs->vector == X86_TRAP_DB
					? debug_class(r->dr6, r->dr7)
					: info->class;
	char text[96];

	printk("# ---- %s: %s, %s ----", r->why, info->mnemonic, info->name);
	printk("# vector %lu, class %s: %s", regs->vector,
	       trap_class_name(class), class_text[class]);
	printk("# CPU %u, APIC ID 0x%x", r->cpu, r->apic_id);
	decode_error_code(text, sizeof(text), (u32)regs->vector,
			  regs->error_code);
	if (trap_has_error_code((u32)regs->vector))
		printk("# error code 0x%lx: %s", regs->error_code, text);
	printk("# context %s, preempt_count 0x%08x, CPL %lu, interrupts %s",
	       report_context(r), r->preempt_count, regs->cs & 3,
	       regs->flags & X86_EFLAGS_IF ? "on" : "off");
	printk("# stack: %s", report_stack(regs->sp, text, sizeof(text)));
	printk("# handler's stack: %s",
	       report_stack(r->handler_sp, text, sizeof(text)));
}

static void print_depth(const struct report *r)
{
	switch (r->regs->vector) {
	case X86_TRAP_DB:
		report_db(r);
		break;
	case X86_TRAP_UD:
		report_ud(r);
		break;
	case X86_TRAP_TS:
	case X86_TRAP_NP:
	case X86_TRAP_SS:
	case X86_TRAP_GP:
		report_selector(r);
		break;
	case X86_TRAP_PF:
		report_pf(r);
		break;
	case X86_TRAP_DF:
		report_df(r);
		break;
	case X86_TRAP_MC:
		report_mc();
		break;
	}
}

static void print_registers(const struct report *r)
{
	report_regs(r->regs);
	report_system(r);
	report_code(r->regs->ip);
}

static void print_backtrace(const struct report *r)
{
	report_backtrace_regs(r->regs);
}

static void print_signal(const struct report *r)
{
	char text[64];

	decode_signal(text, sizeof(text), (u32)r->regs->vector,
		      r->regs->error_code, r->dr6);
	printk("# signal Linux would send: %s", text);
}

struct part {
	void (*print)(const struct report *r);
	const struct report *report;
};

static void print_part(void *arg)
{
	const struct part *part = arg;

	part->print(part->report);
}

/* A part that faults is cut short; the others still come. */
static void report_print(void *arg)
{
	static void (*const parts[])(const struct report *) = {
		print_head,	 print_depth,  print_registers,
		print_backtrace, print_signal,
	};
	struct catch_frame frame;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		struct part part = { parts[i], arg };

		if (catch_run(&frame, CATCH_VALUE, print_part, &part))
			printk("# report: cut short by %s, error code 0x%lx, "
			       "rip 0x%016lx, cr2 0x%016lx",
			       trap_info(frame.trap.nr)->mnemonic,
			       frame.trap.error_code, frame.trap.ip,
			       frame.trap.cr2);
	}
	printk("# ---- end of report ----");
}

/* Before the stacks are mapped, and on the report stack itself: stay. */
static void print_on_own_stack(struct report *r)
{
	u64 top = stack_top(r->cpu, STACK_REPORT), probe;

	if (stack_of(r->handler_sp).kind == STACK_REPORT ||
	    !peek(&probe, top - sizeof(probe), sizeof(probe)))
		report_print(r);
	else
		call_on_stack(report_print, r, top);
}

static bool have_turn(u32 cpu)
{
	return __sync_bool_compare_and_swap(&turn, 0, cpu + 1) ||
	       READ_ONCE(turn) == cpu + 1 || panic_elsewhere();
}

/*
 * One CPU's report at a time; one that hangs delays the others, no more. If
 * the run ends with that report, this one is not printed: it is stopped.
 */
static void take_turn(u32 cpu)
{
	WAIT_FOR(have_turn(cpu), WAIT_DEFAULT_US);
	if (panic_elsewhere())
		halt_forever();
}

void report_forget(u32 cpu)
{
	depth[cpu] = 0;
	__sync_bool_compare_and_swap(&turn, cpu + 1, 0);
}

void report_end(void)
{
	report_forget(smp_processor_id());
}

/*
 * A part of the report that faults is cut short. A fault anywhere else in a
 * report gets one line, a fault inside that line none: it must end. A nested
 * report never returns into the outer one (the runner recovers or the run
 * ends), so with a frame to recover to the count starts anew; with none it
 * stays, and whatever follows is short, then silent.
 */
void report_exception(struct pt_regs *regs, const char *why)
{
	u32 cpu = smp_processor_id();
	u32 level = ++depth[cpu];
	struct report r;

	if (level == 1) {
		report_snapshot(&r, regs, why);
		take_turn(cpu);
		print_on_own_stack(&r);
	} else if (level == 2) {
		printk("# %s while reporting: %s, error code 0x%lx, "
		       "rip 0x%016lx, cr2 0x%016lx",
		       why, trap_info((u32)regs->vector)->mnemonic,
		       regs->error_code, regs->ip, read_cr2());
	}
	/* What follows is bail_out(): nobody else's turn comes before it. */
	if (!this_cpu(catch_top))
		return;
	report_end();
}
