// SPDX-License-Identifier: MIT
/* test_judge.c - see judge.h. */
#include "judge.h"

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/preempt.h>
#include <entry/idt.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>
#include <trap/traps.h>

/* What an interrupt gate clears, and DF, which our entry code does. */
#define CLEAR_IN_HANDLER                                                 \
	(X86_EFLAGS_IF | X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_RF | \
	 X86_EFLAGS_VM | X86_EFLAGS_DF)

gate_desc scratch_idt[NR_VECTORS] __aligned(16);

static struct catch_frame frame;
static struct pt_regs regs_of_user;

static void check(const struct place *at, const char *what, u64 got, u64 want)
{
	char text[96];

	scnprintf(text, sizeof(text), "%s: %s", at->text, what);
	ktest_check(at->file, at->line, text, OP_EQ, "the manual's", got, want);
}

/* What was true before the event, for what may not change with it. */
static struct {
	u64 cr2, dr6, taken;
} was;

static void note_before(u32 nr)
{
	was.cr2 = read_cr2();
	was.dr6 = read_dr6();
	was.taken = trap_count(nr);
}

/*
 * CR2 is #PF's alone and DR6 #DB's; what #GP leaves in CR2 is a case by itself,
 * pf.a_noncanonical_address_leaves_cr2_alone, so that a CPU that fails there
 * is still judged by all others.
 */
static void check_nothing_else(const struct place *at, u32 nr)
{
	check(at, "times taken", trap_count(nr) - was.taken,
	      nr < NR_EXCEPTIONS);
	if (nr != X86_TRAP_PF && nr != X86_TRAP_GP)
		check(at, "CR2", read_cr2(), was.cr2);
	if (nr != X86_TRAP_DB)
		check(at, "DR6", read_dr6(), was.dr6);
}

static void check_handler(const struct place *at, const struct trap *got)
{
	check_nothing_else(at, got->nr);
	check(at, "RFLAGS in the handler",
	      got->handler_flags & CLEAR_IN_HANDLER, 0);
	check(at, "preempt count", preempt_count(), frame.preempt_count);
}

static void check_saved_flags(const struct place *at, const struct trap *got,
			      const struct want *want, u64 before)
{
	u64 flags = (before & ~X86_EFLAGS_STATUS) | X86_EFLAGS_FIXED;

	if (want->fault)
		flags |= X86_EFLAGS_RF;
	check(at, "saved RFLAGS", got->flags & ~(u64)X86_EFLAGS_STATUS, flags);
}

/* Where the CPU begins to push: an IST stack's top, or RSP aligned down. */
static u64 push_base(const struct trap *got, const struct want *want)
{
	if (want->stack != STACK_TASK)
		return stack_top(smp_processor_id(), want->stack);
	return ALIGN_DOWN(got->sp, 16);
}

const struct trap *judge(const struct place *at, void (*fn)(void *), void *arg,
			 const struct want *want)
{
	const struct trap *got = &frame.trap;

	memset(&frame, 0, sizeof(frame));
	note_before(want->nr);
	catch_run(&frame, CATCH_VALUE, fn, arg);
	if (!ktest_check_trap(at->file, at->line, at->text, got->nr, want->nr))
		return got;
	if (got->nr == TRAP_NONE)
		return got;
	check(at, "error code", got->error_code, want->error_code);
	check(at, "saved RIP", got->ip, want->ip);
	check(at, "saved CS", got->cs, __KERNEL_CS);
	check(at, "saved SS", got->ss, __KERNEL_DS);
	/* catch_call() pushed RBP and the return address since. */
	check(at, "saved RSP", got->sp, frame.sp - 16);
	check_saved_flags(at, got, want, frame.flags);
	check(at, "stack", got->stack, want->stack);
	check(at, "pushed from", got->handler_sp, push_base(got, want));
	check_handler(at, got);
	return got;
}

struct pt_regs *user_regs(u64 ip)
{
	regs_of_user = (struct pt_regs){
		.ip = ip,
		.cs = __USER_CS,
		.flags = X86_EFLAGS_IF | X86_EFLAGS_FIXED,
		.sp = USER_SP,
		.ss = __USER_DS,
	};
	return &regs_of_user;
}

static void check_user_frame(const struct place *at, const struct trap *got,
			     const struct pt_regs *regs,
			     const struct want *want)
{
	check(at, "error code", got->error_code, want->error_code);
	check(at, "saved RIP", got->ip, want->ip);
	check(at, "saved CS", got->cs, __USER_CS);
	check(at, "saved SS", got->ss, __USER_DS);
	check(at, "saved RSP", got->sp, regs->sp);
	check_saved_flags(at, got, want, regs->flags);
	check(at, "stack", got->stack, STACK_ENTRY);
	check(at, "pushed from", got->handler_sp,
	      stack_top(smp_processor_id(), STACK_ENTRY));
	check_handler(at, got);
	/* CPL 3's AC is no leave for CPL 0: our entry code takes it away. */
	if (cpu_has(X86_FEATURE_SMAP))
		check(at, "RFLAGS.AC in the handler",
		      got->handler_flags & X86_EFLAGS_AC, 0);
}

const struct trap *judge_user(const struct place *at,
			      const struct pt_regs *regs,
			      const struct want *want)
{
	u64 page = alloc_pages(1), gs = rdmsr(MSR_GS_BASE);
	const struct trap *got = &frame.trap;

	frame.preempt_count = preempt_count();
	if (!page || map_range(USER_STACK_VA, page, PAGE_SIZE, PAGE_USER_RW)) {
		check(at, "pages for the stack of CPL 3", 0, 1);
		return got;
	}
	note_before(want->nr);
	frame.trap = catch_user(regs);
	if (ktest_check_trap(at->file, at->line, at->text, got->nr, want->nr))
		check_user_frame(at, got, regs, want);
	check(at, "GS base", rdmsr(MSR_GS_BASE), gs);
	unmap_range(USER_STACK_VA, PAGE_SIZE);
	free_pages(page, 1);
	return got;
}

void scratch_idt_begin(void)
{
	struct desc_ptr ptr = { .size = sizeof(scratch_idt) - 1,
				.address = (u64)scratch_idt };

	memcpy(scratch_idt, (const void *)CPU_ENTRY_IDT, sizeof(scratch_idt));
	load_idt(&ptr);
}

void scratch_idt_end(void)
{
	load_current_idt();
}
