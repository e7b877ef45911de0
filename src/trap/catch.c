// SPDX-License-Identifier: MIT
/*
 * catch.c - the chain of catch frames of each CPU, and resuming in one.
 */
#include <trap/catch.h>

#include <asm/desc_defs.h>
#include <asm/irqflags.h>
#include <console/printk.h>
#include <cpu/percpu.h>
#include <cpu/preempt.h>
#include <cpu/sections.h>
#include <trap/abandon.h>

#include "internal.h"

static_assert(offsetof(struct catch_frame, bx) == 0x00, "catch.S");
static_assert(offsetof(struct catch_frame, bp) == 0x08, "catch.S");
static_assert(offsetof(struct catch_frame, r15) == 0x28, "catch.S");
static_assert(offsetof(struct catch_frame, sp) == 0x30, "catch.S");
static_assert(offsetof(struct catch_frame, ip) == 0x38, "catch.S");
static_assert(offsetof(struct catch_frame, flags) == 0x40, "catch.S");

bool catch_run(struct catch_frame *frame, enum catch_kind kind,
	       void (*fn)(void *), void *arg)
{
	bool caught;

	frame->kind = kind;
	frame->trap = (struct trap){ .nr = TRAP_NONE };
	frame->preempt_count = preempt_count();
	frame->irq_regs = this_cpu(irq_regs);
	frame->outer = this_cpu(catch_top);
	this_cpu(catch_top) = frame;
	caught = catch_call(frame, fn, arg);
	this_cpu(catch_top) = frame->outer;
	return caught;
}

struct trap catch_trap(void (*fn)(void *), void *arg)
{
	struct catch_frame frame;

	catch_run(&frame, CATCH_VALUE, fn, arg);
	return frame.trap;
}

static void leave_to_user(void *arg)
{
	struct pt_regs regs = *(const struct pt_regs *)arg;

	native_irq_disable();
	enter_user(&regs);
}

static void sysret_to_user(void *arg)
{
	struct pt_regs regs = *(const struct pt_regs *)arg;

	regs.cx = regs.ip;
	regs.r11 = regs.flags;
	native_irq_disable();
	enter_user_sysret(&regs);
}

struct trap catch_user(const struct pt_regs *regs)
{
	return catch_trap(leave_to_user, (void *)regs);
}

struct trap catch_user_sysret(const struct pt_regs *regs)
{
	return catch_trap(sysret_to_user, (void *)regs);
}

static void record(struct trap *trap, const struct pt_regs *regs,
		   const struct trap_event *event)
{
	trap->nr = event->nr;
	trap->error_code = regs->error_code;
	trap->ip = regs->ip;
	trap->cs = regs->cs;
	trap->flags = regs->flags;
	trap->sp = regs->sp;
	trap->ss = regs->ss;
	trap->cr2 = event->cr2;
	trap->dr6 = event->dr6;
	trap->handler_flags = native_save_fl();
	trap->handler_sp = (u64)(regs + 1);
	trap->stack = stack_of((u64)regs).kind;
	trap->info = event_siginfo(regs, event);
	trap->regs = *regs;
}

static void resume(struct pt_regs *regs, struct catch_frame *frame)
{
	regs->bx = frame->bx;
	regs->bp = frame->bp;
	regs->r12 = frame->r12;
	regs->r13 = frame->r13;
	regs->r14 = frame->r14;
	regs->r15 = frame->r15;
	regs->sp = frame->sp;
	regs->ip = frame->ip;
	regs->flags = frame->flags;
	regs->cs = __KERNEL_CS;
	regs->ss = __KERNEL_DS;
	regs->ax = 1;
	this_cpu(preempt_count) = frame->preempt_count;
	this_cpu(irq_regs) = frame->irq_regs;
	this_cpu(catch_top) = frame;
	nmi_abandon(regs, frame->sp);
	printk_abandon(); /* what was interrupted, a line perhaps, is over */
}

/* An event of a handler that interrupted fn is the handler's own. */
static bool same_context(const struct catch_frame *frame)
{
	u32 mask = HARDIRQ_MASK | SOFTIRQ_OFFSET;

	return (preempt_count() & mask) == (frame->preempt_count & mask);
}

bool catch_value(struct pt_regs *regs, const struct trap_event *event)
{
	struct catch_frame *frame = this_cpu(catch_top);

	if (!frame || frame->kind != CATCH_VALUE || !same_context(frame))
		return false;
	record(&frame->trap, regs, event);
	resume(regs, frame);
	return true;
}

void (*abandon_stack_hook)(u64 sp);

/* To the runner, from any context: no handler and no report goes on. */
bool catch_guard(struct pt_regs *regs, const struct trap_event *event)
{
	struct catch_frame *frame = this_cpu(catch_top);

	while (frame && frame->kind != CATCH_GUARD)
		frame = frame->outer;
	if (!frame)
		return false;
	record(&frame->trap, regs, event);
	if (abandon_stack_hook)
		abandon_stack_hook(frame->sp);
	resume(regs, frame);
	report_end();
	return true;
}

void trap_abandon_cpu(u32 cpu)
{
	per_cpu_ptr((struct pcpu_hot *)__per_cpu_start, cpu)->catch_top = NULL;
	nmi_forget(cpu);
	report_forget(cpu);
}
