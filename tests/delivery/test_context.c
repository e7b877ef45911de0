// SPDX-License-Identifier: MIT
/*
 * Everything a program has in the CPU survives an event that returns. These
 * cases run on the live IDT: irqbed's own entry code is what they judge.
 *
 * Spec: SDM 3A "Exception and Interrupt Handling"; SysV ABI (the handlers are
 *       C and overwrite what the ABI lets them).
 */
#include <asm/special_insns.h>
#include <bh/softirq.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "delivery.h"

#define RULE "SDM 3A Interrupt and Exception Handling: resuming the program"

static struct dl_context context;
static u32 handled, served;
static u64 handler_flags; /* all handlers' RFLAGS, or-ed */
static softirq_action_t action_before;

static void fill(u64 flags)
{
	u8 *xmm = &context.xmm_in[0][0];

	memset(&context, 0, sizeof(context));
	for (u32 i = 0; i < 15; i++)
		context.gpr_in[i] = 0x9e3779b97f4a7c15ull * (i + 1);
	for (u32 i = 0; i < sizeof(context.xmm_in); i++)
		xmm[i] = (u8)(i * 37 + 11);
	context.flags_in = flags;
	handled = served = 0;
	handler_flags = 0;
}

static void judge(u64 flags)
{
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ(context.gpr_out[i], context.gpr_in[i]);
	for (u32 i = 0; i < 16; i++)
		EXPECT_EQ(memcmp(context.xmm_out[i], context.xmm_in[i], 16), 0);
	EXPECT_EQ(without_rf(context.flags_out), flags);
	EXPECT_EQ(context.sp, 0); /* RSP is where it was */
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(handler_flags & X86_EFLAGS_DF, 0); /* as C wants it */
}

#define PATTERN \
	(FLAGS0 | X86_EFLAGS_CF | X86_EFLAGS_ZF | X86_EFLAGS_DF | X86_EFLAGS_ID)

static bool on_trap(struct pt_regs *regs, void *insn)
{
	handled++;
	handler_flags |= native_save_fl();
	if (insn && regs->ip == (u64)insn)
		regs->ip += 2;
	insn_dl_clobber();
	return true;
}

static irqreturn_t on_irq(int irq, void *raise)
{
	handled++;
	handler_flags |= native_save_fl();
	if (raise)
		raise_softirq_irqoff(NET_RX_SOFTIRQ);
	insn_dl_clobber();
	return IRQ_HANDLED;
}

static void on_softirq(void)
{
	served++;
	handler_flags |= native_save_fl();
	insn_dl_clobber();
}

TEST(delivery, all_registers_survive_a_trap_that_returns, RULE)
{
	u64 flags = local_irq_save();

	fill(PATTERN);
	trap_hook(X86_TRAP_BP, on_trap, NULL);
	insn_dl_context_int3(&context);
	trap_hook(X86_TRAP_BP, NULL, NULL);
	local_irq_restore(flags);
	judge(PATTERN);
}

TEST(delivery, all_registers_survive_a_fault_that_returns, RULE)
{
	u64 flags = local_irq_save();

	fill(PATTERN);
	trap_hook(X86_TRAP_UD, on_trap, insn_dl_context_ud2_insn);
	insn_dl_context_ud2(&context);
	trap_hook(X86_TRAP_UD, NULL, NULL);
	local_irq_restore(flags);
	judge(PATTERN);
}

TEST(delivery, all_registers_survive_an_exception_on_its_own_stack, RULE)
{
	u64 flags = local_irq_save();

	fill(PATTERN);
	trap_hook(X86_TRAP_DB, on_trap, NULL);
	insn_dl_context_icebp(&context);
	trap_hook(X86_TRAP_DB, NULL, NULL);
	write_dr6(DR6_RESERVED);
	local_irq_restore(flags);
	judge(PATTERN);
}

/* One interrupt in the window between STI and CLI of the context code. */
static void interrupt_once(void *raise)
{
	u64 flags = local_irq_save();

	fill(PATTERN);
	if (EXPECT_EQ(irq_claim_vector(IRQ_LOW, on_irq, raise), 0)) {
		if (EXPECT_TRUE(pend(IRQ_LOW)))
			insn_dl_context_irq(&context);
		irq_release_vector(IRQ_LOW);
	}
	local_irq_restore(flags);
	judge(PATTERN); /* the CLI has cleared IF again */
}

TEST(delivery, all_registers_survive_an_interrupt, RULE)
{
	interrupt_once(NULL);
	EXPECT_EQ(served, 0);
}

TEST(delivery, all_registers_survive_a_softirq_run_at_irq_exit, RULE)
{
	action_before = softirq_action(NET_RX_SOFTIRQ);
	open_softirq(NET_RX_SOFTIRQ, on_softirq);
	interrupt_once(&context);
	open_softirq(NET_RX_SOFTIRQ, action_before);
	EXPECT_EQ(served, 1);
}

static struct pt_regs interrupted, at_ud2, after_nmi;
static u64 second_ip;

/*
 * The first NMI may hit anywhere. It leaves another one pending and returns
 * to a state of our own, at whose first instruction that one then hits.
 */
static bool on_nmi(struct pt_regs *regs, void *data)
{
	if (++handled > 1) {
		second_ip = regs->ip;
		handler_flags |= native_save_fl();
		insn_dl_clobber();
		return true;
	}
	interrupted = *regs;
	apic_send_nmi(this_cpu(apic_id));
	udelay(200);
	for (u32 i = 0; i < 15; i++)
		(&regs->r15)[i] = 0x9e3779b97f4a7c15ull * (i + 5);
	regs->ip = (u64)insn_dl_ud2;
	regs->sp = probe_stack(RUN_STACK) - 3; /* any will do */
	regs->flags = PATTERN;
	at_ud2 = *regs;
	return true;
}

/* And from there back to where the first one hit. */
static bool on_ud2(struct pt_regs *regs, void *data)
{
	after_nmi = *regs;
	*regs = interrupted;
	return true;
}

TEST(delivery, all_registers_survive_an_nmi, RULE)
{
	u64 flags = local_irq_save();

	handled = 0;
	handler_flags = 0;
	trap_hook(X86_TRAP_NMI, on_nmi, NULL);
	trap_hook(X86_TRAP_UD, on_ud2, NULL);
	raised_nmis(2);
	apic_send_nmi(this_cpu(apic_id));
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(handled) == 2, WAIT_DEFAULT_US));
	trap_hook(X86_TRAP_NMI, NULL, NULL);
	trap_hook(X86_TRAP_UD, NULL, NULL);
	local_irq_restore(flags);
	EXPECT_EQ(second_ip, insn_dl_ud2);
	EXPECT_EQ(handler_flags & X86_EFLAGS_DF, 0);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((&after_nmi.r15)[i], (&at_ud2.r15)[i]);
	EXPECT_EQ(after_nmi.ip, at_ud2.ip);
	EXPECT_EQ(without_rf(after_nmi.flags), PATTERN);
	EXPECT_EQ(after_nmi.sp, at_ud2.sp);
	EXPECT_EQ(after_nmi.ss, at_ud2.ss);
}
