// SPDX-License-Identifier: MIT
/*
 * How an NMI is sent, and that it ends a HLT. By IOAPIC pin: suite ioapic;
 * from outside the machine: test_nmi_outside.c.
 *
 * Spec: SDM 3A "Interrupt Command Register (ICR)", "Determining IPI
 *       Destination", "HLT" in 2A; APM 2 "Interrupt Command Register".
 */
#include <apic/ioapic.h>
#include <asm/special_insns.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <dev/hpet.h>
#include <lib/errno.h>
#include <lib/string.h>

#include "judge.h"
#include "nmi.h"

#define ICR "SDM 3A Interrupt Command Register (ICR)"

static u32 nmis;

static enum probe_action count_nmi(struct probe_regs *regs)
{
	nmis++;
	return PROBE_RETURN;
}

struct ipi {
	u32 low, dest;
};

static void send(void *arg)
{
	const struct ipi *ipi = arg;

	apic->icr_write(ipi->low, ipi->dest);
	WAIT_FOR(READ_ONCE(nmis) > 0, 100);
	udelay(20);
}

/* Send it on the scratch IDT; returns the NMIs, and nothing else came. */
static u32 sent(u32 low, u32 dest)
{
	struct ipi ipi = { low, dest };

	nmis = 0;
	if (!EXPECT_EQ(probe_reset(), 0))
		return 0;
	probe_take_gate(X86_TRAP_NMI);
	probe_gate(X86_TRAP_NMI)->bits.ist = IST_TEST_A;
	probe.hook[X86_TRAP_NMI] = count_nmi;
	probe_call(send, &ipi);
	EXPECT_EQ(probe.hits, nmis);
	probe_teardown();
	return nmis;
}

TEST(nmi, by_physical_destination_once, ICR)
{
	EXPECT_EQ(sent(APIC_DM_NMI, this_cpu(apic_id)), 1);
}

/* x2APIC's logical ID is the hardware's; xAPIC's is ours to choose. */
TEST(nmi, by_logical_destination_once, "SDM 3A Logical Destination Mode")
{
	u32 ldr = apic_read(APIC_LDR), dfr;

	if (apic->x2apic) {
		EXPECT_EQ(sent(APIC_DM_NMI | APIC_DEST_LOGICAL, ldr), 1);
		return;
	}
	dfr = apic_read(APIC_DFR);
	apic_write(APIC_DFR, APIC_DFR_FLAT);
	apic_write(APIC_LDR, 1u << 31);
	EXPECT_EQ(sent(APIC_DM_NMI | APIC_DEST_LOGICAL, 0x80), 1);
	apic_write(APIC_LDR, ldr);
	apic_write(APIC_DFR, dfr);
}

TEST(nmi, is_not_sent_to_a_logical_id_of_nobody,
     "SDM 3A Logical Destination Mode")
{
	if (apic->x2apic) /* cluster 0xffee has no CPU on earth */
		EXPECT_EQ(sent(APIC_DM_NMI | APIC_DEST_LOGICAL, 0xffee0001), 0);
	else
		EXPECT_EQ(sent(APIC_DM_NMI | APIC_DEST_LOGICAL, 0), 0);
}

/* Neither taken for the vector, nor an error where it is an illegal one. */
TEST(nmi, the_vector_field_is_ignored, ICR)
{
	static const u8 vector[] = { 2, 5, 15, 0x41, 0xff };

	u32 before;

	lapic_esr();
	before = lapic_esr(); /* 0, or bits that this platform never clears */
	for (u32 i = 0; i < ARRAY_SIZE(vector); i++)
		EXPECT_EQ(sent(APIC_DM_NMI | vector[i], this_cpu(apic_id)), 1);
	EXPECT_EQ(lapic_esr(), before);
}

/* It has no vector, so no priority, and no EOI belongs to it. */
TEST(nmi, goes_into_neither_irr_nor_isr, "SDM 3A Interrupt Acceptance")
{
	u32 vector = NMI_DEVICE;

	EXPECT_EQ(sent(APIC_DM_NMI | vector, this_cpu(apic_id)), 1);
	EXPECT_FALSE(lapic_test(APIC_IRR, vector));
	EXPECT_FALSE(lapic_test(APIC_ISR, vector));
	EXPECT_FALSE(lapic_test(APIC_IRR, X86_TRAP_NMI));
}

/* Invalid combinations, so nothing is said of what they do: but no harm. */
TEST(nmi, by_a_shorthand_for_oneself_comes_at_most_once,
     "SDM 3A Valid Combinations for the ICR")
{
	EXPECT_LE(sent(APIC_DM_NMI | APIC_DEST_SELF, 0), 1);
	lapic_esr();
}

static struct hpet_setup hlt_setup;
static u64 hlt_ticks;

/* A moment that had passed when it was written may never come: another. */
static void arm(void)
{
	u32 tries = 64;

	while (hpet_oneshot(0, &hlt_setup, hlt_ticks) == -EAGAIN && --tries)
		cpu_relax();
}

/* Came before the HLT: another one, or nothing would end it. */
static enum probe_action again_unless_halted(struct probe_regs *regs)
{
	if (regs->top[0] == (u64)insn_nmi_hlt_at)
		nmis++;
	else
		arm();
	return PROBE_RETURN;
}

static void halt(void *arg)
{
	arm();
	insn_nmi_hlt(NULL);
}

/* IF=0: only an NMI (SMI, INIT) ends it, and it returns behind the HLT. */
TEST(nmi, ends_a_hlt_with_if_0, "SDM 2A HLT",
     .needs = NEEDS_HPET | NEEDS_IOAPIC, .uses = USES_HPET | USES_PIT)
{
	union ioapic_rte rte = { .delivery_mode = APIC_DM_NMI >> 8,
				 .dest = this_cpu(apic_id) };
	struct hpet_timer_state saved;
	int gsi = hpet_pick_gsi(0, 0xfffef8); /* not 0 to 2, nor 8 */

	if (gsi < 0)
		SKIP(return, "HPET timer 0 has no IOAPIC input of its own");
	hlt_setup = (struct hpet_setup){ .route = HPET_ROUTE_IOAPIC,
					 .gsi = (u8)gsi,
					 .wide = hpet_timer_is_wide(0) };
	hlt_ticks = hpet_ns_to_ticks(300000);
	if (!EXPECT_EQ(probe_reset(), 0))
		return;
	probe_take_gate(X86_TRAP_NMI);
	probe_gate(X86_TRAP_NMI)->bits.ist = IST_TEST_A;
	probe.hook[X86_TRAP_NMI] = again_unless_halted;
	nmis = 0;
	hpet_timer_save(0, &saved);
	gsi_write_rte((u32)gsi, rte);
	probe_call(halt, NULL);
	gsi_write_rte((u32)gsi, (union ioapic_rte){ .masked = 1 });
	hpet_timer_stop(0);
	hpet_timer_restore(0, &saved);
	probe_teardown();
	EXPECT_EQ(nmis, 1);
	EXPECT_EQ(probe.count[X86_TRAP_NMI], probe.hits);
}
