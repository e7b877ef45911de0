// SPDX-License-Identifier: MIT
/*
 * An I/O APIC's pin through the remapping table: which interrupt comes is the
 * entry's choice, and the pin's own no longer.
 *
 * Spec: VT-d "Interrupt Remapping", "I/OxAPIC Programming".
 */
#include "vtd.h"

#include <acpi/tables.h>
#include <apic/lapic.h>
#include <asm/desc_defs.h>
#include <asm/trapnr.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <cpu/stacks.h>
#include <ktest/arrivals.h>
#include <ktest/raised.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>
#include <trap/traps.h>

#define RTE_RULE     "VT-d I/OxAPIC Programming"
#define WHERE_VECTOR 0x51 /* claimed on every CPU */

#define FLUSH_RULE "VT-d Interrupt Entry Cache Invalidate Descriptor"

TEST(vtd, the_entry_says_which_vector_comes, RTE_RULE)
{
	static struct pin other = { .vector = 0x71 };

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	EXPECT_EQ(pin_claim(&other), 0);
	vtd_point_pin(ir_ioapic_rte(VTD_INDEX, other.vector));
	EXPECT_EQ(vtd_pulse(1), 1);
	EXPECT_EQ(vtd_pulse(1), 1);
	EXPECT_EQ(other.count, 0);
	EXPECT_TRUE(vtd_pin.isr);
	EXPECT_FALSE(vtd_pin.tmr);
}

/* A walking 1, the ends, and each is the only entry that is present. */
TEST(vtd, a_pin_reaches_each_index_of_the_table, RTE_RULE)
{
	static const u8 index[] = { 0, 1, 2, 4, 8, 16, 32, 64, 128, 255 };

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	vtd_set(VTD_INDEX, (union irte){ .low = 0 });
	for (u32 i = 0; i < ARRAY_SIZE(index) && ktest_ok(); i++) {
		vtd_set(index[i], vtd_irte());
		vtd_point_pin(ir_ioapic_rte(index[i], VTD_VECTOR));
		if (!EXPECT_EQ(vtd_pulse(1), 1))
			ktest_note("index %u", index[i]);
		vtd_set(index[i], (union irte){ .low = 0 });
	}
}

TEST(vtd, a_masked_pin_asks_for_nothing, RTE_RULE)
{
	union ioapic_rte rte = ir_ioapic_rte(VTD_INDEX + 1, VTD_VECTOR);
	struct dmar_fault fault;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	rte.masked = 1;
	vtd_point_pin(rte); /* at an entry that is not present */
	EXPECT_EQ(vtd_pulse(0), 0);
	EXPECT_EQ(dmar_take_faults(vtd, &fault), 0);
}

static bool remote_irr;

static void note_remote_irr(struct pin *p)
{
	remote_irr = pin_remote_irr(&vtd_pin);
}

/* The EOI finds the pin by the RTE's vector, so both must say the same. */
static bool open_level(void)
{
	union ioapic_rte rte = ir_ioapic_rte(VTD_INDEX, VTD_VECTOR);
	union irte irte;

	if (!vtd_open_pin())
		return false;
	irte = vtd_irte();
	irte.trigger_mode = 1;
	vtd_set(VTD_INDEX, irte);
	rte.level = 1;
	vtd_point_pin(rte);
	return true;
}

static void lower_and_note(struct pin *p)
{
	note_remote_irr(p);
	vtd_lower();
}

TEST(vtd, a_level_pin_has_remote_irr_until_the_eoi, RTE_RULE)
{
	if (!open_level())
		SKIP(return, "%s", vtd_why);
	vtd_pin.handler = lower_and_note;
	EXPECT_EQ(vtd_pulse(1), 1);
	EXPECT_TRUE(vtd_pin.tmr);
	EXPECT_TRUE(remote_irr);
	EXPECT_FALSE(pin_remote_irr(&vtd_pin));
}

static void lower_the_third_time(struct pin *p)
{
	if (p->count == 3)
		vtd_lower();
}

TEST(vtd, a_level_that_stays_comes_again_after_the_eoi, RTE_RULE)
{
	if (!open_level())
		SKIP(return, "%s", vtd_why);
	vtd_pin.handler = lower_the_third_time;
	EXPECT_EQ(vtd_pulse(3), 3);
}

TEST(vtd, lowest_priority_delivers_once, IRTE_RULE)
{
	union irte irte;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	irte = vtd_irte();
	irte.dlvry_mode = APIC_DM_LOWEST >> 8;
	irte.redir_hint = 1;
	vtd_set(VTD_INDEX, irte);
	EXPECT_EQ(vtd_pulse(1), 1);
}

static void aim_lowest(u32 dest)
{
	union irte irte = prepare_irte(WHERE_VECTOR, dest, vtd_eim);

	irte.dst_mode = 1;
	irte.dlvry_mode = APIC_DM_LOWEST >> 8;
	irte.redir_hint = 1;
	vtd_set(VTD_INDEX, irte);
}

static void hold(bool on)
{
	if (on)
		vtd_raise();
	else
		vtd_lower();
}

TEST(vtd, lowest_priority_chooses_one_of_several, IRTE_RULE, .needs = NEEDS_SMP)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	if (!arrivals_open(WHERE_VECTOR))
		return;
	if (!apic_is_x2apic)
		logical_model_begin(APIC_DFR_FLAT, 0x01);
	judge_one_of_several(aim_lowest, hold);
	logical_model_end();
	arrivals_close();
}

static struct {
	volatile u32 count;
	enum stack_kind stack;
} nmi;

static bool on_nmi(struct pt_regs *regs, void *data)
{
	nmi.stack = stack_of((u64)regs).kind;
	nmi.count++;
	return true;
}

TEST(vtd, nmi_mode_arrives_as_nmi_whatever_the_vector, IRTE_RULE,
     .uses = USES_NMI)
{
	union irte irte;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	nmi.count = 0;
	trap_hook(X86_TRAP_NMI, on_nmi, NULL);
	irte = vtd_irte();
	irte.dlvry_mode = APIC_DM_NMI >> 8;
	vtd_set(VTD_INDEX, irte);
	raised_nmis(1);
	vtd_raise();
	EXPECT_TRUE(WAIT_FOR(nmi.count, WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_EQ(nmi.count, 1);
	EXPECT_EQ(nmi.stack, STACK_IST1 + IST_NMI - 1);
	EXPECT_EQ(vtd_pin.count, 0);
	EXPECT_FALSE(lapic_test(APIC_IRR, VTD_VECTOR));
}

/* A pulse, by an entry to a logical destination: once at each CPU of it. */
static void judge_logical(u32 dest, bool hint, bool here)
{
	struct cpumask who = logical_dest(dest);
	union irte irte = prepare_irte(WHERE_VECTOR, dest, vtd_eim);

	irte.dst_mode = 1;
	irte.redir_hint = hint;
	vtd_set(VTD_INDEX, irte);
	EXPECT_EQ(cpumask_test_cpu(smp_processor_id(), &who), here);
	vtd_raise();
	if (!arrivals_expect(&who))
		ktest_note("destination 0x%x", dest);
	vtd_lower();
}

TEST(vtd, a_logical_destination_selects_by_ldr, IRTE_RULE)
{
	u32 ldr = apic_read(APIC_LDR);
	u32 mine = apic_is_x2apic ? ldr : ldr >> 24;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	if (!arrivals_open(WHERE_VECTOR))
		return;
	judge_logical(mine ^ 3, false, false); /* others of the cluster */
	judge_logical(mine | 3, false, true);
	judge_logical(mine, true, true);
	arrivals_close();
}

static bool is_cpu(u32 id)
{
	const struct acpi_madt *m = &acpi_tables.madt;

	for (u32 i = 0; i < m->nr_cpus; i++) {
		if (m->cpu[i].apic_id == id)
			return true;
	}
	return id == this_cpu(apic_id);
}

TEST(vtd, a_destination_of_no_apic_interrupts_nobody, IRTE_RULE)
{
	u32 absent = 0xee;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	if (is_cpu(absent))
		SKIP(return, "a CPU has the ID 0x%x", absent);
	vtd_set(VTD_INDEX, prepare_irte(VTD_VECTOR, absent, vtd_eim));
	EXPECT_EQ(vtd_pulse(0), 0);
	EXPECT_FALSE(lapic_test(APIC_IRR, VTD_VECTOR));
	vtd_set(VTD_INDEX, vtd_irte());
	EXPECT_EQ(vtd_pulse(1), 1);
}

/*
 * The unit may have the entry cached: what holds before the flush is open,
 * after it the new entry does.
 */
static void change_vector(int (*flush)(void))
{
	static struct pin changed = { .vector = 0x71 };

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	EXPECT_EQ(pin_claim(&changed), 0);
	EXPECT_EQ(vtd_pulse(1), 1); /* now it is cached */
	write_irte(
		vtd, VTD_INDEX,
		prepare_irte((u8)changed.vector, this_cpu(apic_id), vtd_eim));
	EXPECT_EQ(flush(), 0);
	vtd_raise();
	EXPECT_EQ(pin_wait(&changed, 1), 1);
	vtd_lower();
	EXPECT_EQ(vtd_pin.count, 1);
}

static int flush_all(void)
{
	return qi_global_iec(vtd);
}

static int flush_one(void)
{
	return qi_flush_iec(vtd, VTD_INDEX, 0);
}

/* The largest block that the unit and the table have. */
static int flush_block(void)
{
	u32 mask = (u32)min(FIELD_GET(ECAP_MHMV, vtd->ecap), 8ull);

	return qi_flush_iec(vtd, (u16)(VTD_INDEX & ~0u << mask), mask);
}

TEST(vtd, a_new_vector_holds_after_a_global_flush, FLUSH_RULE)
{
	change_vector(flush_all);
}

TEST(vtd, a_new_vector_holds_after_a_flush_of_its_index, FLUSH_RULE)
{
	change_vector(flush_one);
}

TEST(vtd, a_new_vector_holds_after_a_flush_of_its_block, FLUSH_RULE)
{
	change_vector(flush_block);
}

/* The table's address register alone changes nothing. */
TEST(vtd, another_table_counts_once_sirtp_said_so, SETUP_RULE)
{
	static struct pin second = { .vector = 0x71 };
	union irte *table;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	table = (union irte *)alloc_pages(1);
	if (!EXPECT_NE(table, NULL))
		return;
	EXPECT_EQ(pin_claim(&second), 0);
	table[VTD_INDEX] =
		prepare_irte((u8)second.vector, this_cpu(apic_id), vtd_eim);
	wbinvd(); /* for a unit that does not snoop */
	dmar_writeq(vtd, DMAR_IRTA_REG,
		    (u64)table | INTR_REMAP_SIZE | (vtd_eim ? IRTA_EIME : 0));
	EXPECT_EQ(vtd_pulse(1), 1);
	EXPECT_EQ(intr_remap_set_table(vtd, table, INTR_REMAP_SIZE, vtd_eim),
		  0);
	vtd_raise();
	EXPECT_EQ(pin_wait(&second, 1), 1);
	vtd_lower();
	EXPECT_EQ(vtd_pin.count, 1);
	EXPECT_EQ(intr_remap_set_table(vtd, vtd->irt, INTR_REMAP_SIZE, vtd_eim),
		  0);
	free_pages((u64)table, 1);
}

TEST(vtd, interrupts_of_the_cpus_are_not_remapped,
     "VT-d Interrupt Remapping: requests from devices")
{
	static struct pin ipi = { .vector = VTD_VECTOR };
	struct dmar_fault fault;

	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	EXPECT_EQ(pin_claim(&ipi), 0);
	EXPECT_EQ(apic_send_self(ipi.vector), 0);
	EXPECT_EQ(pin_wait(&ipi, 1), 1);
	EXPECT_EQ(apic_send_ipi(this_cpu(apic_id), ipi.vector), 0);
	EXPECT_EQ(pin_wait(&ipi, 2), 2);
	EXPECT_EQ(dmar_take_faults(vtd, &fault), 0);
}

static union ioapic_rte compatibility_rte(void)
{
	return (union ioapic_rte){ .vector = VTD_VECTOR,
				   .dest = this_cpu(apic_id) };
}

TEST(vtd, switched_off_compatibility_format_works_again, SETUP_RULE)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	EXPECT_EQ(vtd_pulse(1), 1);
	EXPECT_EQ(intr_remap_disable(vtd), 0);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_GSTS_REG) & DMA_GSTS_IRES);
	vtd_point_pin(compatibility_rte());
	EXPECT_EQ(vtd_pulse(1), 1);
}

/* As firmware with an IOMMU of its own may leave it: src/apic/dmar_unit.c. */
TEST(vtd, remapping_left_on_is_taken_over,
     "irqbed include/apic/dmar.h: dmar_init()")
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	EXPECT_TRUE(dmar_readl(vtd, DMAR_GSTS_REG) & DMA_GSTS_IRES);
	EXPECT_EQ(dmar_quiet(vtd), 0);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_GSTS_REG) &
		     (DMA_GSTS_IRES | DMA_GSTS_QIES));
	vtd_point_pin(compatibility_rte());
	EXPECT_EQ(vtd_pulse(1), 1);
}

TEST(vtd, with_cfi_a_compatibility_request_passes, SETUP_RULE,
     .needs = NEEDS_XAPIC)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	EXPECT_EQ(dmar_command(vtd, DMA_GSTS_CFIS, true), 0);
	vtd_point_pin(compatibility_rte());
	EXPECT_EQ(vtd_pulse(1), 1);
}
