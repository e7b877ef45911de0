// SPDX-License-Identifier: MIT
/*
 * NMI from outside: the platform raises every CPU's LINT1, and what that means
 * is what each one's local vector table says. The host companion presses the
 * button. The boot CPU's entry is the case's; at the others it is NMI, and each
 * must get as many as were asked for.
 *
 * Spec: SDM 3A "Nonmaskable Interrupt (NMI)", "Local Vector Table"; APM 2
 *       "NMI-Non-Maskable-Interrupt Exception (Vector 2)"; the PC's NMI status
 *       and control register, port 61H.
 */
#include <apic/lapic.h>
#include <asm/io.h>
#include <asm/special_insns.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/arrivals.h>
#include <ktest/pin.h>
#include <lib/errno.h>
#include <trap/traps.h>

#include "outside.h"

#define RULE	 "SDM 3A Nonmaskable Interrupt (NMI)"
#define LVT_RULE "SDM 3A Local Vector Table"
#define NMI	 "inject-nmi"

static struct pin pin = { .vector = 0x61 };
static u32 lvt1[NR_CPUS];
static u64 cr8;

static void make_nmi(void *unused)
{
	lvt1[smp_processor_id()] = apic_read(APIC_LVT1);
	apic_write(APIC_LVT1, APIC_DM_NMI);
}

static void put_back(void *unused)
{
	apic_write(APIC_LVT1, lvt1[smp_processor_id()]);
}

/* The firmware's word on where NMI arrives is not judged here: it is made so.
 */
static int setup(void)
{
	cr8 = read_cr8();
	outside_reset();
	trap_hook(X86_TRAP_NMI, outside_not_here, NULL);
	return run_on_each(make_nmi, NULL) ? 0 : -EIO;
}

static void teardown(void)
{
	write_cr8(cr8);
	run_on_each(put_back, NULL);
	pins_close();
}

/* Where it hits is judged: no tick may be there. */
SUITE(lint1, .needs = NEEDS_COMPANION, .uses = USES_APIC_TIMER, .setup = setup,
      .teardown = teardown);

/* Ask, wait for n in all, then see that no more come. */
static bool expect_nmis(const struct outside_note *s, u32 n)
{
	u32 before = READ_ONCE(s->n);

	if (!companion_did(companion_ask(NMI)))
		return false;
	outside_raised_nmis(n > before);
	WAIT_FOR(READ_ONCE(s->n) >= n, WAIT_DEFAULT_US);
	pin_settle();
	return EXPECT_EQ(s->n, n);
}

TEST(lint1, an_nmi_from_outside_is_vector_2_on_its_own_stack, RULE)
{
	struct trap got;

	if (outside_event(&got, X86_TRAP_NMI, IST_STACK(IST_NMI), NMI))
		outside_expect_elsewhere(1);
}

TEST(lint1, an_nmi_from_outside_runs_once, RULE)
{
	struct outside_note s = { 0 };

	trap_hook(X86_TRAP_NMI, outside_count, &s);
	for (u32 n = 1; n <= 4 && ktest_ok(); n++)
		if (!expect_nmis(&s, n) || !outside_expect_elsewhere(n))
			return;
	EXPECT_EQ(s.stack, IST_STACK(IST_NMI));
}

TEST(lint1, if_does_not_hold_off_an_nmi_from_outside, RULE)
{
	struct trap got;
	bool came;

	local_irq_disable();
	came = outside_event(&got, X86_TRAP_NMI, IST_STACK(IST_NMI), NMI);
	EXPECT_TRUE(irqs_disabled());
	local_irq_enable();
	if (came)
		outside_expect_elsewhere(1);
}

TEST(lint1, tpr_does_not_hold_off_an_nmi_from_outside, RULE)
{
	struct outside_note s = { 0 };

	trap_hook(X86_TRAP_NMI, outside_count, &s);
	write_cr8(15);
	if (expect_nmis(&s, 1))
		outside_expect_elsewhere(1);
}

TEST(lint1, an_nmi_from_outside_at_cpl_3, RULE)
{
	struct trap got;

	if (outside_user_event(&got, X86_TRAP_NMI, NMI))
		outside_expect_elsewhere(1);
}

TEST(lint1, an_nmi_from_outside_ends_hlt_with_if_0, "SDM 2A HLT")
{
	outside_hlt(X86_TRAP_NMI, NMI, true);
}

/* What the handler asks for comes when it has ended, not inside. */
static u32 seen_inside;
static int asked_inside;

static bool ask_for_another(struct pt_regs *regs, void *note)
{
	struct outside_note *s = note;

	outside_count(regs, s);
	if (smp_processor_id() || s->n > 1)
		return true;
	outside_await_elsewhere(1);
	asked_inside = companion_ask(NMI);
	udelay(20);
	seen_inside = s->n;
	return true;
}

TEST(lint1, an_nmi_from_outside_waits_for_iret, "SDM 3A Handling Multiple NMIs")
{
	struct outside_note s = { 0 };

	if (!companion_did(companion_prepare(NMI)))
		return;
	trap_hook(X86_TRAP_NMI, ask_for_another, &s);
	companion_fire(); /* the handler throws its answer away */
	WAIT_FOR(READ_ONCE(s.n) >= 2, WAIT_DEFAULT_US);
	pin_settle();
	if (!s.n) { /* refused */
		companion_did(companion_answer());
		return;
	}
	if (!companion_did(asked_inside))
		return;
	outside_raised_nmis(true);
	outside_raised_nmis(true);
	EXPECT_EQ(seen_inside, 1);
	EXPECT_EQ(s.n, 2);
	outside_expect_elsewhere(2);
}

static u64 unknown_nmis_of_all(void)
{
	u64 n = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		n += unknown_nmi_count_cpu(cpu);
	return n;
}

/* Nobody's: counted, once at each CPU, and nothing more. */
TEST(lint1, an_nmi_nobody_expects_is_counted_and_harmless, RULE)
{
	u64 here = unknown_nmi_count(), all = unknown_nmis_of_all();
	u32 cpus = num_online_cpus();

	trap_hook(X86_TRAP_NMI, NULL, NULL);
	if (!companion_did(companion_ask(NMI)))
		return;
	outside_raised_nmis(true);
	WAIT_FOR(unknown_nmis_of_all() >= all + cpus, WAIT_DEFAULT_US);
	pin_settle();
	EXPECT_EQ(unknown_nmi_count(), here + 1);
	EXPECT_EQ(unknown_nmis_of_all(), all + cpus);
}

TEST(lint1, masked_lint1_delivers_nothing, LVT_RULE ", Mask")
{
	struct outside_note s = { 0 };

	trap_hook(X86_TRAP_NMI, outside_count, &s);
	apic_write(APIC_LVT1, APIC_DM_NMI | APIC_LVT_MASKED);
	if (!expect_nmis(&s, 0))
		return;
	outside_expect_elsewhere(1);
	apic_write(APIC_LVT1, APIC_DM_NMI);
	expect_nmis(&s, 1);
	outside_expect_elsewhere(2);
}

static bool lint1_is_fixed(u32 bits)
{
	if (!EXPECT_EQ(pin_claim(&pin), 0))
		return false;
	apic_write(APIC_LVT1, APIC_DM_FIXED | pin.vector | bits);
	return true;
}

TEST(lint1, fixed_delivery_gives_the_vector_and_no_nmi,
     LVT_RULE ", Delivery Mode")
{
	struct outside_note s = { 0 };

	trap_hook(X86_TRAP_NMI, outside_count, &s);
	if (!lint1_is_fixed(0))
		return;
	for (u32 n = 1; n <= 3 && ktest_ok(); n++) {
		if (!companion_did(companion_ask(NMI)))
			return;
		outside_raised_nmis(false);
		EXPECT_EQ(pin_wait(&pin, n), n);
		outside_expect_elsewhere(n);
	}
	EXPECT_TRUE(pin.isr);
	EXPECT_FALSE(pin.tmr);
	EXPECT_TRUE(pin.irqs_off);
	EXPECT_EQ(s.n, 0);
}

TEST(lint1, fixed_delivery_waits_for_if_in_irr, LVT_RULE ", Delivery Mode")
{
	bool asked;

	if (!lint1_is_fixed(0))
		return;
	local_irq_disable();
	asked = companion_did(companion_ask(NMI));
	if (asked) {
		outside_raised_nmis(false);
		EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, pin.vector),
				     WAIT_DEFAULT_US));
		EXPECT_EQ(pin.count, 0);
	}
	local_irq_enable();
	if (asked) {
		EXPECT_EQ(pin_wait(&pin, 1), 1);
		outside_expect_elsewhere(1);
	}
}

TEST(lint1, fixed_delivery_waits_for_the_task_priority,
     "SDM 3A Task and Processor Priorities")
{
	if (!lint1_is_fixed(0))
		return;
	write_cr8(pin.vector >> 4);
	if (companion_did(companion_ask(NMI))) {
		outside_raised_nmis(false);
		EXPECT_EQ(pin_wait(&pin, 0), 0);
		EXPECT_TRUE(lapic_test(APIC_IRR, pin.vector));
		write_cr8(cr8);
		EXPECT_EQ(pin_wait(&pin, 1), 1);
		outside_expect_elsewhere(1);
	}
}

/* The button raises LINT1; neither SERR# nor IOCHK# has been asserted. */
TEST(lint1, port_61h_names_no_source_of_the_chipset,
     "ICH NMI Status and Control Register")
{
	struct outside_note s = { 0 };
	u8 before = inb(0x61);

	if (before == 0xff)
		SKIP(return, "nothing answers at port 61H");
	trap_hook(X86_TRAP_NMI, outside_count, &s);
	if (expect_nmis(&s, 1))
		outside_expect_elsewhere(1);
	EXPECT_EQ(inb(0x61) & 0xc0, 0);
}
