// SPDX-License-Identifier: MIT
/*
 * Interrupt commands by every destination there is: to this CPU, to others, to
 * nobody. Exactly one arrival a send at each CPU that is meant, none elsewhere.
 *
 * Spec: SDM 3A "Interrupt Command Register (ICR)", "Determining IPI
 *       Destination", "Logical Destination Mode in x2APIC Mode", "SELF IPI
 *       Register"; APM 2 "Interprocessor Interrupts (IPI)".
 */
#include "lapic_case.h"

#include <acpi/tables.h>
#include <cpu/cpufeature.h>
#include <irq/irqstat.h>
#include <ktest/arrivals.h>
#include <smp/smp.h>

#define DEST_RULE "SDM 3A Determining IPI Destination"

/* Whom the manual says this command is for. */
static struct cpumask destination(u32 low, u32 dest)
{
	struct cpumask mask = cpu_online_mask;

	switch (low & APIC_DEST_ALLBUT) {
	case APIC_DEST_SELF:
		return cpumask_self();
	case APIC_DEST_ALLBUT:
		cpumask_clear_cpu(smp_processor_id(), &mask);
		return mask;
	case APIC_DEST_ALLINC:
		return mask;
	}
	return low & APIC_DEST_LOGICAL ? logical_dest(dest)
				       : physical_dest(dest);
}

static u64 icr_left; /* what judge_send() left in it */

/* Send low to dest: once at each CPU that is meant; this is one, or is not. */
static void judge_send(u32 low, u32 dest, bool here)
{
	struct cpumask who = destination(low, dest);

	EXPECT_EQ(cpumask_test_cpu(smp_processor_id(), &who), here);
	if (!arrivals_open(VEC_A))
		return;
	EXPECT_EQ(apic->icr_write(low | APIC_INT_ASSERT | VEC_A, dest), 0);
	EXPECT_EQ(apic_wait_icr_idle(), 0);
	icr_left = apic->icr_read(); /* arrivals_expect() sends more */
	EXPECT_FALSE(icr_left & APIC_ICR_BUSY);
	if (!arrivals_expect(&who))
		ktest_note("ICR 0x%08x to 0x%x", low | APIC_INT_ASSERT | VEC_A,
			   dest);
	EXPECT_TRUE(lapic_only(APIC_IRR, -1));
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
	arrivals_close();
}

TEST(lapic, self_shorthand_arrives_once, DEST_RULE)
{
	judge_send(APIC_DEST_SELF, 0, 1);
}

TEST(lapic, self_shorthand_ignores_the_destination, DEST_RULE)
{
	judge_send(APIC_DEST_SELF, lapic_id() ^ 1, 1);
	judge_send(APIC_DEST_SELF | APIC_DEST_LOGICAL, 0, 1);
}

TEST(lapic, all_including_self_arrives_once, DEST_RULE)
{
	judge_send(APIC_DEST_ALLINC, 0, 1);
}

TEST(lapic, all_excluding_self_does_not_arrive_here, DEST_RULE)
{
	judge_send(APIC_DEST_ALLBUT, lapic_id(), 0);
}

TEST(lapic, physical_destination_of_itself_arrives_once, DEST_RULE)
{
	judge_send(APIC_DEST_PHYSICAL, lapic_id(), 1);
}

/* 255 IDs in xAPIC mode, 2^32 - 1 in x2APIC mode; the last is for all. */
TEST(lapic, physical_broadcast_arrives_once, DEST_RULE)
{
	judge_send(APIC_DEST_PHYSICAL, apic_is_x2apic ? 0xffffffff : 0xff, 1);
}

/* In x2APIC mode 0xff is the ID of one CPU. */
TEST(lapic, x2apic_destination_255_is_no_broadcast, DEST_RULE,
     .needs = NEEDS_X2APIC)
{
	if (lapic_id() == 0xff)
		SKIP(return, "this CPU's APIC ID is 255");
	judge_send(APIC_DEST_PHYSICAL, 0xff, 0);
}

TEST(lapic, x2apic_ldr_follows_from_the_id,
     "SDM 3A Deriving Logical x2APIC ID from the Local x2APIC ID",
     .needs = NEEDS_X2APIC)
{
	u32 id = lapic_id();

	EXPECT_EQ(apic_read(APIC_LDR), (id >> 4) << 16 | 1u << (id & 0xf));
}

TEST(lapic, x2apic_logical_destination_of_itself_arrives_once,
     "SDM 3A Logical Destination Mode in x2APIC Mode", .needs = NEEDS_X2APIC)
{
	u32 ldr = apic_read(APIC_LDR);

	judge_send(APIC_DEST_LOGICAL, ldr, 1);
	judge_send(APIC_DEST_LOGICAL, ldr | 0xffff, 1);
	judge_send(APIC_DEST_LOGICAL, 0xffffffff, 1);
}

TEST(lapic, x2apic_logical_destination_of_others_does_not_arrive,
     "SDM 3A Logical Destination Mode in x2APIC Mode", .needs = NEEDS_X2APIC)
{
	u32 ldr = apic_read(APIC_LDR);

	judge_send(APIC_DEST_LOGICAL, ldr ^ 0x10000, 0);
	judge_send(APIC_DEST_LOGICAL, ldr & 0xffff0000, 0);
	judge_send(APIC_DEST_LOGICAL, ldr ^ 0xffff, 0);
}

/* LDR and DFR as the case wants them, whatever it finds. */
static void judge_logical(u32 dfr, u8 ldr, u8 dest, bool here)
{
	logical_model_begin(dfr, ldr);
	judge_send(APIC_DEST_LOGICAL, dest, here);
	logical_model_end();
}

#define FLAT_RULE    "SDM 3A Flat Model"
#define CLUSTER_RULE "SDM 3A Cluster Model"

TEST(lapic, xapic_flat_destination_is_a_bit_set, FLAT_RULE,
     .needs = NEEDS_XAPIC)
{
	for (u32 bit = 0; bit < 8; bit++)
		judge_logical(APIC_DFR_FLAT, (u8)(1u << bit), (u8)(1u << bit),
			      1);
	judge_logical(APIC_DFR_FLAT, 0x04, 0xff, 1);
	judge_logical(APIC_DFR_FLAT, 0x81, 0x80, 1);
}

TEST(lapic, xapic_flat_destination_without_its_bit_does_not_arrive, FLAT_RULE,
     .needs = NEEDS_XAPIC)
{
	judge_logical(APIC_DFR_FLAT, 0x04, 0xfb, 0);
	judge_logical(APIC_DFR_FLAT, 0x00, 0x7f, 0);
}

TEST(lapic, xapic_cluster_destination_needs_cluster_and_bit, CLUSTER_RULE,
     .needs = NEEDS_XAPIC)
{
	judge_logical(APIC_DFR_CLUSTER, 0x12, 0x12, 1);
	judge_logical(APIC_DFR_CLUSTER, 0x12, 0x1f, 1);
	judge_logical(APIC_DFR_CLUSTER, 0x12, 0x14, 0);
	judge_logical(APIC_DFR_CLUSTER, 0x12, 0x22, 0);
	judge_logical(APIC_DFR_CLUSTER, 0x12, 0x10, 0);
}

/* Cluster 15 with all bits: everybody. */
TEST(lapic, xapic_cluster_broadcast_arrives_once, CLUSTER_RULE,
     .needs = NEEDS_XAPIC)
{
	judge_logical(APIC_DFR_CLUSTER, 0x12, 0xff, 1);
}

/*
 * Whether a CPU can send it is model-specific: then the message is dropped
 * and ESR says "redirectable IPI".
 */
static void judge_lowest(u32 mode, u32 dest)
{
	u32 low = mode | APIC_DM_LOWEST | APIC_INT_ASSERT | VEC_A;
	struct cpumask who = destination(mode, dest);
	bool refused;

	if (!arrivals_open(VEC_A))
		return;
	lapic_esr();
	this_irq_stat()->last_esr = 0;
	apic->icr_write(low, dest);
	lapic_flush();
	refused = lapic_esr() & APIC_ESR_REDIR_IPI ||
		  this_irq_stat()->last_esr & APIC_ESR_REDIR_IPI;
	arrivals_expect_among(&who, refused ? 0 : 1);
	arrivals_close();
}

TEST(lapic, lowest_priority_to_itself_arrives_once_or_is_refused, DEST_RULE)
{
	judge_lowest(APIC_DEST_PHYSICAL, lapic_id());
}

TEST(lapic, lowest_priority_to_its_logical_id_arrives_once_or_is_refused,
     DEST_RULE)
{
	u32 ldr = apic_read(APIC_LDR);

	judge_lowest(APIC_DEST_LOGICAL, apic_is_x2apic ? ldr : ldr >> 24);
}

/*
 * Intel: level and trigger mode have no meaning but for INIT de-assert. AMD
 * has them; asserted, it is the same one interrupt.
 */
TEST(lapic, a_fixed_ipi_marked_level_arrives_once,
     "SDM 3A Interrupt Command Register (ICR)")
{
	judge_send(APIC_DEST_PHYSICAL | APIC_INT_LEVELTRIG, lapic_id(), 1);
	judge_send(APIC_DEST_SELF | APIC_INT_LEVELTRIG, 0, 1);
}

/* Two ways to ask for one vector: while it is pending they are one. */
TEST(lapic, x2apic_self_ipi_and_icr_merge_while_pending,
     "SDM 3A SELF IPI Register", .needs = NEEDS_X2APIC)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	local_irq_disable();
	wrmsr(X2APIC_MSR(APIC_SELF_IPI), VEC_A);
	apic_send_self(VEC_A);
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US));
	udelay(SETTLE_US);
	local_irq_enable();
	lapic_arrived(&a, 1);
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

/* The lowest ID the MADT does not list, even as disabled; 0xff: none. */
static u32 absent_id(void)
{
	const struct acpi_madt *m = &acpi_tables.madt;

	for (u32 id = 0; id < 0xff; id++) {
		bool used = id == lapic_id();

		for (u32 i = 0; i < m->nr_cpus && !used; i++)
			used = m->cpu[i].apic_id == id;
		if (!used)
			return id;
	}
	return 0xff;
}

/*
 * Intel sets no error for it; AMD may say "sent accept error". Errors logged
 * before are nobody's concern here.
 */
TEST(lapic, a_send_to_an_absent_id_changes_nothing, DEST_RULE)
{
	u32 id = absent_id(), before, after, allowed;
	u64 strays = stray_count();

	if (id == 0xff)
		SKIP(return, "every APIC ID may belong to a CPU");
	allowed = boot_cpu_data.vendor == VENDOR_INTEL ? 0 : APIC_ESR_SEND_ACC;
	lapic_esr();
	before = lapic_esr();
	judge_send(APIC_DEST_PHYSICAL, id, 0);
	after = lapic_esr();
	EXPECT_EQ(after & ~before & ~allowed, 0);
	EXPECT_EQ(stray_count(), strays);
}

/*
 * AMD's alone: a message that reads a register of another CPU's APIC, and ICR
 * says how it went. No CPUID bit declares it.
 */
enum { READ_INVALID, READ_PENDING, READ_VALID };

static u32 remote_read(u32 id, u32 reg)
{
	u32 status = READ_PENDING;

	EXPECT_EQ(apic->icr_write(APIC_DM_REMOTE_READ | reg >> 4, id), 0);
	WAIT_FOR((status = FIELD_GET(APIC_ICR_READ_STATUS,
				     (u32)apic->icr_read())) != READ_PENDING,
		 WAIT_DEFAULT_US);
	return status;
}

static void read_there(void *arg)
{
	*(u32 *)arg = apic_read(*(u32 *)arg);
}

static void judge_remote_read(u32 reg)
{
	u32 cpu = nr_cpu_ids - 1, want = reg;

	if (EXPECT_EQ(run_on(cpu, read_there, &want, 2000000), 0) &&
	    EXPECT_EQ(remote_read(cpu_hot(cpu)->apic_id, reg), READ_VALID))
		EXPECT_EQ(apic_read(APIC_RRR), want);
}

#define REMOTE_RULE "APM 2 Interprocessor Interrupts (IPI)"
#define ONLY_AMDS   "only AMD's manual has remote reads"

TEST(lapic, a_remote_read_reads_another_cpus_register, REMOTE_RULE,
     .needs = NEEDS_SMP)
{
	static const u16 regs[] = { APIC_ID, APIC_LVR, APIC_SPIV };

	if (boot_cpu_data.vendor != VENDOR_AMD)
		SKIP(return, ONLY_AMDS);
	for (u32 i = 0; i < ARRAY_SIZE(regs) && ktest_ok(); i++)
		judge_remote_read(regs[i]);
}

TEST(lapic, a_remote_read_of_an_absent_apic_is_invalid, REMOTE_RULE)
{
	u32 id = absent_id();

	if (boot_cpu_data.vendor != VENDOR_AMD)
		SKIP(return, ONLY_AMDS);
	if (id == 0xff)
		SKIP(return, "every APIC ID may belong to a CPU");
	EXPECT_EQ(remote_read(id, APIC_LVR), READ_INVALID);
	lapic_esr(); /* "sent accept error", maybe */
}

TEST(lapic, a_hundred_sends_are_a_hundred_arrivals, DEST_RULE)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	for (u32 i = 1; i <= 100 && ktest_ok(); i++) {
		apic_send_self(VEC_A);
		EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.count) >= i, WAIT_DEFAULT_US));
	}
	udelay(SETTLE_US);
	EXPECT_EQ(a.count, 100);
	irq_release_vector(VEC_A);
}

TEST(lapic, x2apic_self_ipi_register_arrives_once, "SDM 3A SELF IPI Register",
     .needs = NEEDS_X2APIC)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	for (u32 i = 1; i <= 3; i++) {
		wrmsr(X2APIC_MSR(APIC_SELF_IPI), VEC_A);
		EXPECT_TRUE(lapic_arrived(&a, i));
	}
	EXPECT_EQ(a.count, 3);
	irq_release_vector(VEC_A);
}

/* Edge-triggered, like every IPI: its TMR bit is clear. */
TEST(lapic, x2apic_self_ipi_is_edge_triggered, "SDM 3A SELF IPI Register",
     .needs = NEEDS_X2APIC)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	local_irq_disable();
	wrmsr(X2APIC_MSR(APIC_SELF_IPI), VEC_A);
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US));
	EXPECT_TRUE(lapic_only(APIC_IRR, VEC_A));
	EXPECT_FALSE(lapic_test(APIC_TMR, VEC_A));
	local_irq_enable();
	lapic_arrived(&a, 1);
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

/* What was written stays readable, but for the delivery status. */
TEST(lapic, icr_reads_back_what_was_sent,
     "SDM 3A Interrupt Command Register (ICR)")
{
	u32 low = APIC_DEST_SELF | APIC_INT_ASSERT | VEC_A;

	judge_send(APIC_DEST_SELF, 0, 1);
	EXPECT_EQ((u32)icr_left, low);
}

/* Every mode and shorthand that sends nothing to this CPU. */
TEST(lapic, icr_reads_back_mode_and_shorthand,
     "SDM 3A Interrupt Command Register (ICR)")
{
	static const u32 modes[] = { APIC_DEST_ALLBUT,
				     APIC_DEST_ALLBUT | APIC_DEST_LOGICAL,
				     APIC_DEST_LOGICAL };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		judge_send(modes[i], 0, 0);
		EXPECT_EQ((u32)icr_left, modes[i] | APIC_INT_ASSERT | VEC_A);
	}
}

TEST(lapic, xapic_icr_keeps_its_destination,
     "SDM 3A Interrupt Command Register (ICR)", .needs = NEEDS_XAPIC)
{
	judge_send(APIC_DEST_SELF, 0xa5, 1);
	EXPECT_EQ(icr_left >> 32, 0xa5);
	judge_send(APIC_DEST_SELF, 0x5a, 1);
	EXPECT_EQ(icr_left >> 32, 0x5a);
}

/* Only the low half sends. */
TEST(lapic, xapic_icr_high_half_sends_nothing,
     "SDM 3A Interrupt Command Register (ICR)", .needs = NEEDS_XAPIC)
{
	struct arrivals a = { 0 };

	judge_send(APIC_DEST_PHYSICAL, lapic_id(), 1);
	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	apic_write(APIC_ICR2, lapic_id() << 24);
	udelay(5 * SETTLE_US);
	EXPECT_EQ(a.count, 0);
	irq_release_vector(VEC_A);
}

/* Destination and command in one 64-bit register, one write. */
TEST(lapic, x2apic_icr_is_one_64_bit_register,
     "SDM 3A ICR Operation in x2APIC Mode", .needs = NEEDS_X2APIC)
{
	u64 icr = (u64)0x12345678 << 32 | APIC_DEST_SELF | APIC_INT_ASSERT |
		  VEC_A;

	judge_send(APIC_DEST_SELF, 0x12345678, 1);
	EXPECT_EQ(icr_left, icr);
}
