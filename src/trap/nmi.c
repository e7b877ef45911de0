// SPDX-License-Identifier: MIT
/*
 * nmi.c - C's part in keeping an NMI's frame: see src/entry/nmi.S, whose
 * first instructions this repeats.
 */
#include <asm/desc_defs.h>
#include <asm/trapnr.h>
#include <cpu/percpu.h>
#include <cpu/stacks.h>

#include "internal.h"

#define NMI_STACK ((enum stack_kind)(STACK_IST1 + IST_NMI - 1))

struct iret_words {
	u64 ip, cs, flags, sp, ss;
};

/* The stack's top, as the entry leaves it. */
struct nmi_top {
	struct iret_words copy;
	u64 ax;
	struct iret_words cpu;
};
static_assert(sizeof(struct nmi_top) == 88, "nmi.S");
static_assert(offsetof(struct stack_bottom, nmi_executing) == 8, "calling.h");
static_assert(STACK_SIZE == 0x4000, "calling.h");
static_assert(STACK_AREA_PER_CPU == 0x200000, "calling.h");
static_assert(STACK_AREA_BASE % STACK_AREA_PER_CPU == 0, "nmi.S");
static_assert((STACK_ENTRY + 1) * STACK_SLOT == 0x48000, "calling.h");

static u64 nmi_stack_top(void)
{
	return stack_top(smp_processor_id(), NMI_STACK);
}

static volatile u32 *nmi_executing_of(u32 cpu)
{
	u64 bottom = stack_top(cpu, NMI_STACK) - STACK_SIZE;

	return &((struct stack_bottom *)bottom)->nmi_executing;
}

static volatile u32 *nmi_executing(void)
{
	return nmi_executing_of(smp_processor_id());
}

void nmi_forget(u32 cpu)
{
	*nmi_executing_of(cpu) = 0;
}

static bool within(u64 ip, const char *from, const char *end)
{
	return ip >= (u64)from && ip < (u64)end;
}

static void resume_at(struct pt_regs *regs, struct iret_words *frame,
		      const char *ip)
{
	regs->ip = (u64)ip;
	regs->sp = (u64)frame;
}

/* A nested one asks for another run and returns, to the exit's beginning. */
static void finish_nested(struct pt_regs *regs, const struct iret_words *frame)
{
	bool at_exit = within(frame->ip, nmi_exit, nmi_exit_end);

	*nmi_executing() = 2;
	regs->ip = at_exit ? (u64)nmi_again : frame->ip;
	regs->cs = frame->cs;
	regs->flags = frame->flags;
	regs->sp = frame->sp;
	regs->ss = frame->ss;
}

void nmi_finish_entry(struct pt_regs *regs)
{
	struct nmi_top *nmi = (struct nmi_top *)nmi_stack_top() - 1;
	struct iret_words *user;

	if (!within(regs->ip, (char *)asm_exc_nmi, nmi_repeat))
		return;
	if (regs->ip == (u64)nmi_again) { /* all copied */
		*nmi_executing() = 1;
		regs->ip = (u64)nmi_repeat;
		return;
	}
	if (regs->ip >= (u64)nmi_rax_saved)
		regs->ax = nmi->ax;
	if ((nmi->cpu.cs & 3) == 3) {
		user = (struct iret_words *)stack_top(smp_processor_id(),
						      STACK_ENTRY);
		*--user = nmi->cpu;
		resume_at(regs, user, nmi_from_user);
	} else if (*nmi_executing() ||
		   within(nmi->cpu.ip, nmi_exit, nmi_exit_end)) {
		finish_nested(regs, &nmi->cpu);
	} else {
		nmi->copy = nmi->cpu;
		*nmi_executing() = 1;
		resume_at(regs, &nmi->copy, nmi_repeat);
	}
}

/*
 * The way out that the event's own IRETQ does not take: of an NMI's handler,
 * by another exception in it.
 */
void nmi_abandon(const struct pt_regs *regs, u64 sp)
{
	bool own_exit = regs->vector == X86_TRAP_NMI &&
			stack_of((u64)regs).kind == NMI_STACK;

	if (!own_exit && stack_of(sp).kind != NMI_STACK)
		*nmi_executing() = 0;
}
