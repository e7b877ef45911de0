// SPDX-License-Identifier: MIT
/*
 * #DF, Double Fault: vector 8, an abort, error code 0, on a stack of its own.
 * Raised when delivering a contributory exception raises another one, or
 * delivering a page fault raises either; other pairs are served one by one.
 *
 * Delivery is made to fail by a gate in a scratch IDT that is not present
 * (#NP) or no gate at all (#GP), or whose IST stack is not mapped (#PF).
 *
 * Spec: SDM 3A "Interrupt 8-Double Fault Exception (#DF)", tables "Interrupt
 *       and Exception Classes", "Conditions for Generating a Double Fault";
 *       APM 2 "#DF-Double-Fault Exception (Vector 8)".
 */
#include <apic/lapic.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <ktest/insn.h>
#include <ktest/insn_de.h>
#include <ktest/insn_fpu.h>
#include <ktest/insn_seg.h>
#include <ktest/insn_user.h>
#include <trap/traps.h>

#include "judge.h"

#define RULE	  "SDM 3A Conditions for Generating a Double Fault"
#define DF_STACK  ((enum stack_kind)(STACK_IST1 + IST_DF - 1))
#define NO_STACK  USER_VA /* nothing is mapped there */
#define PF_WRITE  2	  /* error code: not present, write, supervisor */
#define TEST_GATE 0x81

/* A first event: what raises it, and as which vector. */
struct event {
	const char *name;
	u32 nr;
	void (*fn)(void *);
	u64 arg;
	const char *at; /* NULL: RIP is not judged */
};

static struct division by_zero;

static const struct event contributory[] = {
	{ "#DE", X86_TRAP_DE, insn_div64, (u64)0, NULL },
	{ "#NP", X86_TRAP_NP, insn_mov_ds, __NOT_PRESENT_DS, NULL },
	{ "#SS", X86_TRAP_SS, insn_mov_ss, __NOT_PRESENT_DS, NULL },
	{ "#GP", X86_TRAP_GP, insn_load, NONCANONICAL, NULL },
};

static const struct event page_fault[] = {
	{ "#PF", X86_TRAP_PF, insn_load, NO_STACK, NULL },
};

static const struct event benign[] = {
	{ "#UD", X86_TRAP_UD, insn_ud2, 0, (const char *)insn_ud2 },
	{ "#BP", X86_TRAP_BP, insn_int3, 0, (const char *)insn_int3 },
	{ "#OF", X86_TRAP_OF, insn_int_4, 0, (const char *)insn_int_4 },
	{ "#DB", X86_TRAP_DB, insn_icebp, 0, NULL },
	{ "#NM", X86_TRAP_NM, insn_fld1, 0, (const char *)insn_fld1 },
	{ "#MF", X86_TRAP_MF, insn_fdiv_fwait, 0, insn_fdiv_fwait_at },
	{ "INT", TEST_GATE, insn_int_0x81, 0, (const char *)insn_int_0x81 },
};

/* How the gate of the first event fails: the second event. */
enum failure { NOT_PRESENT, NO_GATE, NO_IST };

static void spoil(u32 nr, enum failure how)
{
	if (how == NOT_PRESENT)
		scratch_idt[nr].bits.p = 0;
	else if (how == NO_GATE)
		scratch_idt[nr].bits.type = GATE_CALL;
	else
		scratch_idt[nr].bits.ist = IST_TEST_A;
}

/* Raise e with its gate spoilt; all else is as it was afterwards. */
static struct trap raise(const struct event *e, enum failure how)
{
	struct tss *tss = this_cpu(tss);
	u64 ist = tss->ist[IST_TEST_A - 1], cr0 = read_cr0();
	struct trap got;
	void *arg = e->fn == insn_div64 ? &by_zero : (void *)e->arg;

	scratch_idt_begin();
	spoil(e->nr, how);
	tss->ist[IST_TEST_A - 1] = NO_STACK;
	if (e->nr == X86_TRAP_NM)
		write_cr0(cr0 | X86_CR0_TS);
	got = catch_trap(e->fn, arg);
	write_cr0(cr0);
	tss->ist[IST_TEST_A - 1] = ist;
	scratch_idt_end();
	if (e->nr == X86_TRAP_MF)
		fninit();
	return got;
}

static void expect_df(const struct event *e, enum failure how)
{
	struct trap got = raise(e, how);

	if (!EXPECT_TRAP(got, X86_TRAP_DF))
		ktest_note("first event %s", e->name);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.handler_sp, stack_top(smp_processor_id(), DF_STACK));
	EXPECT_EQ(got.handler_flags & X86_EFLAGS_IF, 0);
}

/* The second event arrives as itself. EXT is judged in suite delivery. */
static void expect_serial(const struct event *e, enum failure how)
{
	struct trap got = raise(e, how);
	u32 nr = how == NO_IST	      ? X86_TRAP_PF
		 : how == NOT_PRESENT ? X86_TRAP_NP
				      : X86_TRAP_GP;
	u64 error_code = how == NO_IST ? PF_WRITE : e->nr * 8 + 2;

	if (!EXPECT_TRAP(got, nr)) {
		ktest_note("first event %s", e->name);
		return;
	}
	if (how == NO_IST)
		EXPECT_EQ(got.cr2, NO_STACK - 8);
	else
		got.error_code &= ~1ull;
	EXPECT_EQ(got.error_code, error_code);
	if (e->at)
		EXPECT_EQ(got.ip, e->at);
	EXPECT_EQ(got.stack, STACK_TASK);
}

#define EACH(list, judge, how)                             \
	do {                                               \
		for (u32 i = 0; i < ARRAY_SIZE(list); i++) \
			judge(&(list)[i], how);            \
	} while (0)

TEST(df, contributory_then_not_present_gate, RULE)
{
	EACH(contributory, expect_df, NOT_PRESENT);
}

TEST(df, contributory_then_general_protection, RULE)
{
	EACH(contributory, expect_df, NO_GATE);
}

/* The one pair of two severe events that is not a double fault. */
TEST(df, contributory_then_page_fault_is_served_serially, RULE)
{
	EACH(contributory, expect_serial, NO_IST);
}

TEST(df, page_fault_then_not_present_gate, RULE)
{
	EACH(page_fault, expect_df, NOT_PRESENT);
}

TEST(df, page_fault_then_general_protection, RULE)
{
	EACH(page_fault, expect_df, NO_GATE);
}

TEST(df, page_fault_then_page_fault, RULE)
{
	EACH(page_fault, expect_df, NO_IST);
}

TEST(df, benign_then_not_present_gate_is_served_serially, RULE)
{
	EACH(benign, expect_serial, NOT_PRESENT);
}

TEST(df, benign_then_general_protection_is_served_serially, RULE)
{
	EACH(benign, expect_serial, NO_GATE);
}

TEST(df, benign_then_page_fault_is_served_serially, RULE)
{
	EACH(benign, expect_serial, NO_IST);
}

static void send_and_wait(void *arg)
{
	apic_send_self(TEST_GATE);
	WAIT_FOR(lapic_test(APIC_ISR, TEST_GATE), WAIT_DEFAULT_US);
}

/* The interrupt is in service when its gate fails: EOI is owed. */
TEST(df, external_interrupt_then_not_present_gate_is_served_serially, RULE)
{
	static const struct event external = { "external", TEST_GATE,
					       send_and_wait, 0, NULL };

	expect_serial(&external, NOT_PRESENT);
	EXPECT_TRUE(lapic_test(APIC_ISR, TEST_GATE));
	apic_eoi();
}

static void send_nmi_and_wait(void *arg)
{
	apic_send_nmi(this_cpu(apic_id));
	udelay(WAIT_DEFAULT_US / 1000);
}

TEST(df, nmi_then_not_present_gate_is_served_serially, RULE)
{
	static const struct event nmi = { "NMI", X86_TRAP_NMI,
					  send_nmi_and_wait, 0, NULL };

	expect_serial(&nmi, NOT_PRESENT);
}

/* Every stack push fails: #UD's, then #PF's. The #DF stack does not. */
TEST(df, rsp_that_points_to_nothing, RULE)
{
	struct trap got;

	local_irq_disable();
	got = catch_trap(insn_ud2_on, (void *)NO_STACK);
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.sp, NO_STACK);
	EXPECT_EQ(got.cr2, NO_STACK - 8);
}

TEST(df, rsp_that_is_not_canonical, RULE)
{
	struct trap got;

	local_irq_disable();
	got = catch_trap(insn_ud2_on, (void *)NONCANONICAL);
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.sp, NONCANONICAL);
}

/* From CPL 3 all frames go to RSP0: #UD's, then #PF's, cannot. */
TEST(df, rsp0_that_points_to_nothing, RULE)
{
	struct tss *tss = this_cpu(tss);
	u64 rsp0 = tss->sp[0], gs = rdmsr(MSR_GS_BASE);
	struct trap got;

	local_irq_disable();
	tss->sp[0] = NO_STACK;
	got = catch_user(user_regs((u64)user_ud2));
	tss->sp[0] = rsp0;
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.cs, __USER_CS);
	EXPECT_EQ(got.sp, USER_SP);
	EXPECT_EQ(got.cr2, NO_STACK - 8);
	EXPECT_EQ(rdmsr(MSR_GS_BASE), gs);
}

/* A push at the stack's lowest word, the next would be in the guard. */
TEST(df, stack_overflow_into_the_guard_page, RULE)
{
	u64 bottom = stack_top(smp_processor_id(), STACK_TASK) - STACK_SIZE;
	struct trap got;

	local_irq_disable();
	got = catch_trap(insn_push, (void *)bottom);
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.cr2, bottom - 8);
	EXPECT_TRUE(stack_of(got.cr2).guard);
	EXPECT_EQ(stack_of(got.cr2).kind, STACK_TASK);
	EXPECT_EQ(got.sp, bottom);
}
