// SPDX-License-Identifier: MIT
/*
 * NMI: vector 2, on its own stack, held off by nothing but another NMI, until
 * the next IRET. Sent by ICR to this CPU's own ID: shorthands that mean
 * oneself are invalid with NMI.
 *
 * Spec: SDM 3A "Nonmaskable Interrupt (NMI)", "Handling Multiple NMIs";
 *       APM 2 "NMI-Non-Maskable-Interrupt Exception (Vector 2)".
 */
#include <apic/lapic.h>
#include <asm/special_insns.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <cpu/preempt.h>
#include <ktest/insn.h>
#include <ktest/insn_de.h>
#include <ktest/insn_user.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "judge.h"

#define RULE	     "SDM 3A Nonmaskable Interrupt (NMI)"
#define HANDLING     "SDM 3A Handling Multiple NMIs"
#define QUIET_US     20 /* so long nothing must come; waits are not judged */
#define NMI_STACK    ((enum stack_kind)(STACK_IST1 + IST_NMI - 1))
#define TEST_A_STACK ((enum stack_kind)(STACK_IST1 + IST_TEST_A - 1))

/* What the handler found, and what it is to do at its first run. */
struct nmis {
	u32 n, seen_inside, resend;
	bool unblock, to_user;
	enum stack_kind stack[4];
	u64 handler_flags[4];
	u32 count[4]; /* preempt count */
	struct trap at_user;
};

static int send_nmi(void)
{
	return apic_send_nmi(this_cpu(apic_id));
}

/*
 * An IRET while one is latched. The nested NMI gets another stack: on its own
 * the entry would put it off (test_nmi_nest.c), and show nothing of the CPU.
 */
static void unblock(struct nmis *s)
{
	scratch_idt[X86_TRAP_NMI].bits.ist = IST_TEST_A;
	if (s->to_user) {
		s->at_user = catch_user(user_regs((u64)user_spin));
		return;
	}
	insn_int3(NULL);
	WAIT_FOR(READ_ONCE(s->n) == 2, WAIT_DEFAULT_US);
}

static bool on_nmi(struct pt_regs *regs, void *data)
{
	struct nmis *s = data;
	u32 i = READ_ONCE(s->n);

	WRITE_ONCE(s->n, i + 1);
	if (i >= ARRAY_SIZE(s->stack))
		return true;
	s->stack[i] = stack_of((u64)regs).kind;
	s->handler_flags[i] = native_save_fl();
	s->count[i] = preempt_count();
	if (i)
		return !s->to_user;
	for (u32 k = 0; k < s->resend; k++)
		send_nmi();
	if (s->unblock)
		unblock(s);
	else
		udelay(QUIET_US);
	s->seen_inside = READ_ONCE(s->n);
	return true;
}

/* Send one, wait for n to have come, then see that no more do. */
static void expect_nmis(struct nmis *s, u32 n)
{
	raised_nmis(n);
	trap_hook(X86_TRAP_NMI, on_nmi, s);
	EXPECT_EQ(send_nmi(), 0);
	WAIT_FOR(READ_ONCE(s->n) >= n, WAIT_DEFAULT_US);
	udelay(QUIET_US);
	trap_hook(X86_TRAP_NMI, NULL, NULL);
	EXPECT_EQ(s->n, n);
}

TEST(nmi, by_own_id_runs_once_on_its_own_stack, RULE)
{
	struct nmis s = { 0 };
	u32 before = preempt_count();

	expect_nmis(&s, 1);
	EXPECT_EQ(s.stack[0], NMI_STACK);
	EXPECT_EQ(s.handler_flags[0] & (X86_EFLAGS_IF | X86_EFLAGS_TF), 0);
	EXPECT_EQ(s.count[0], before + NMI_OFFSET + HARDIRQ_OFFSET);
	EXPECT_EQ(preempt_count(), before);
}

/* At IF=1 to the end: xAPIC mode's apic_send_nmi() masks around its writes. */
static void send_and_wait(void *arg)
{
	struct nmis never = { 0 };

	raised_nmis(1);
	if (!apic_is_x2apic) {
		apic_write(APIC_ICR2, this_cpu(apic_id) << 24);
		apic_write(APIC_ICR, APIC_DM_NMI | APIC_INT_ASSERT);
	} else {
		send_nmi();
	}
	WAIT_FOR(READ_ONCE(never.n), WAIT_DEFAULT_US);
}

/*
 * The frame: no error code, the interrupted CS, SS, IF; from the IST's top.
 * There it still is, untouched, after the entry made its copy.
 */
TEST(nmi, pushes_no_error_code_from_the_top_of_its_stack, RULE)
{
	u64 top = stack_top(smp_processor_id(), NMI_STACK);
	struct trap got = catch_trap(send_and_wait, NULL);

	if (!EXPECT_TRAP(got, X86_TRAP_NMI))
		return;
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.cs, __KERNEL_CS);
	EXPECT_EQ(got.ss, __KERNEL_DS);
	EXPECT_EQ(got.flags & X86_EFLAGS_IF, X86_EFLAGS_IF);
	EXPECT_EQ(got.stack, NMI_STACK);
	EXPECT_EQ(got.handler_sp, top - NMI_COPY);
	EXPECT_EQ(memcmp((u64 *)top - 5, &got.regs.ip, 5 * sizeof(u64)), 0);
	EXPECT_EQ(stack_of(got.sp).kind, STACK_TASK);
}

/* RF is for faults, and for interrupts between two iterations of REP. */
TEST(nmi, leaves_rf_as_it_was, "SDM 3B RF - Resume Flag")
{
	struct trap got = catch_trap(send_and_wait, NULL);

	EXPECT_TRAP(got, X86_TRAP_NMI);
	EXPECT_EQ(got.flags & X86_EFLAGS_RF, 0);
}

TEST(nmi, if_does_not_hold_it_off, RULE)
{
	struct nmis s = { 0 };

	local_irq_disable();
	expect_nmis(&s, 1);
	EXPECT_TRUE(irqs_disabled());
	local_irq_enable();
}

TEST(nmi, tpr_does_not_hold_it_off,
     "SDM 3A Task Priority; SDM 3A Handling Multiple NMIs")
{
	struct nmis s = { 0 };
	u64 cr8 = read_cr8();

	write_cr8(15);
	expect_nmis(&s, 1);
	write_cr8(cr8);
}

TEST(nmi, second_one_waits_for_iret, HANDLING)
{
	struct nmis s = { .resend = 1 };

	expect_nmis(&s, 2);
	EXPECT_EQ(s.seen_inside, 1);
	EXPECT_EQ(s.stack[1], NMI_STACK);
}

/* One is latched; a third and fourth are the second. */
TEST(nmi, more_than_one_waiting_collapse, HANDLING)
{
	struct nmis s = { .resend = 3 };

	expect_nmis(&s, 2);
	EXPECT_EQ(s.seen_inside, 1);
}

static bool go_on(struct pt_regs *regs, void *data)
{
	return true;
}

/* Any IRET unblocks, even that of an exception inside the handler. */
TEST(nmi, iret_of_an_exception_inside_unblocks, HANDLING)
{
	struct nmis s = { .resend = 1, .unblock = true };

	scratch_idt_begin();
	trap_hook(X86_TRAP_BP, go_on, NULL);
	expect_nmis(&s, 2);
	scratch_idt_end();
	EXPECT_EQ(s.seen_inside, 2);
	EXPECT_EQ(s.stack[0], NMI_STACK);
	EXPECT_EQ(s.stack[1], TEST_A_STACK);
}

/* The handler leaves for CPL 3, with one latched: it comes there at once. */
TEST(nmi, at_cpl_3, RULE)
{
	struct nmis s = { .resend = 1, .unblock = true, .to_user = true };
	const struct trap *got = &s.at_user;
	u64 gs = rdmsr(MSR_GS_BASE);

	scratch_idt_begin();
	expect_nmis(&s, 2);
	scratch_idt_end();
	EXPECT_TRAP(*got, X86_TRAP_NMI);
	EXPECT_EQ(got->error_code, 0);
	EXPECT_EQ(got->ip, user_spin);
	EXPECT_EQ(got->cs, __USER_CS);
	EXPECT_EQ(got->ss, __USER_DS);
	EXPECT_EQ(got->sp, USER_SP);
	EXPECT_EQ(got->flags & ~(u64)X86_EFLAGS_RF,
		  X86_EFLAGS_IF | X86_EFLAGS_FIXED);
	EXPECT_EQ(got->stack, STACK_ENTRY);
	EXPECT_EQ(rdmsr(MSR_GS_BASE), gs);
}

/* As an exception in a handler does that ends the case: no IRETQ of its own. */
static bool leave_by_ud2(struct pt_regs *regs, void *data)
{
	preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET); /* or none catches it */
	insn_ud2(NULL);
	return true;
}

TEST(nmi, a_handler_left_by_an_exception_is_over, "irqbed src/entry/nmi.S")
{
	struct nmis s = { 0 };
	struct trap got;

	trap_hook(X86_TRAP_NMI, leave_by_ud2, NULL);
	got = catch_trap(send_and_wait, NULL);
	EXPECT_TRAP(got, X86_TRAP_UD);
	EXPECT_EQ(got.stack, NMI_STACK);
	expect_nmis(&s, 1);
}
