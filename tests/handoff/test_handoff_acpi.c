// SPDX-License-Identifier: MIT
/*
 * test_handoff_acpi.c - what ACPI says of this machine, against the machine.
 *
 * Spec: ACPI 6.5 "Root System Description Pointer (RSDP)", "Multiple APIC
 *       Description Table (MADT)", "Fixed ACPI Description Table (FADT)".
 */
#include "handoff.h"

#include <acpi/tables.h>
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <cpu/percpu.h>
#include <lib/string.h>
#include <time/clock.h>
#include <time/hpet.h>
#include <trap/extable.h>

#define RSDP "ACPI 6.5 \"Root System Description Pointer (RSDP) Structure\""
#define MADT "ACPI 6.5 \"Multiple APIC Description Table (MADT)\""

static u8 sum_of(const u8 *bytes, u32 n)
{
	u8 sum = 0;

	while (n--)
		sum = (u8)(sum + *bytes++);
	return sum;
}

TEST(handoff, the_rsdp_is_signed_and_sums_to_zero, RSDP)
{
	u8 rsdp[36];
	u32 length;

	if (!boot_info()->rsdp)
		SKIP(return, "the firmware offers no ACPI");
	if (!EXPECT_EQ(copy_from_kernel_nofault(rsdp, (void *)boot_info()->rsdp,
						sizeof(rsdp)),
		       0))
		return;
	EXPECT_EQ(memcmp(rsdp, "RSD PTR ", 8), 0);
	EXPECT_EQ(sum_of(rsdp, 20), 0);
	EXPECT_EQ(rsdp[15], acpi_tables.revision);
	if (rsdp[15] < 2)
		return;
	memcpy(&length, rsdp + 20, sizeof(length));
	EXPECT_EQ(length, 36);
	EXPECT_EQ(sum_of(rsdp, 36), 0);
}

TEST(handoff, acpis_tables_are_free_of_errors,
     "ACPI 6.5 \"System Description Table Header\"")
{
	const struct acpi_complaints *c = &acpi_tables.complaints;

	if (!boot_info()->rsdp)
		SKIP(return, "the firmware offers no ACPI");
	EXPECT_EQ(c->count, 0);
	for (u32 i = 0; i < c->count && i < ACPI_MAX_COMPLAINTS; i++)
		ktest_note("%s", c->text[i]);
	EXPECT_GT(acpi_tables.nr_tables, 0);
}

TEST(handoff, acpis_tables_lie_in_acpi_memory, X64_PLATFORMS)
{
	if (!acpi_tables.nr_tables)
		SKIP(return, "the firmware offers no ACPI");
	for (u32 i = 0; i < acpi_tables.nr_tables; i++) {
		const struct acpi_table *t = &acpi_tables.table[i];
		const struct mem_region *r = handoff_region(t->address);

		if (!EXPECT_TRUE(r && (r->type == MEM_ACPI_RECLAIM ||
				       r->type == MEM_ACPI_NVS)))
			ktest_note("%s: memory type %d", t->signature,
				   r ? (int)r->type : -1);
		EXPECT_TRUE(r && t->address + t->length <=
					 r->base + r->pages * PAGE_SIZE);
	}
}

TEST(handoff, the_madt_lists_this_cpu_once, MADT)
{
	const struct acpi_madt *m = &acpi_tables.madt;
	u32 found = 0;

	if (!m->present)
		SKIP(return, "there is no MADT");
	for (u32 i = 0; i < m->nr_cpus; i++) {
		found += m->cpu[i].enabled &&
			 m->cpu[i].apic_id == this_cpu(apic_id);
		for (u32 j = 0; j < i; j++)
			EXPECT_NE(m->cpu[i].apic_id, m->cpu[j].apic_id);
	}
	EXPECT_EQ(found, 1);
	EXPECT_EQ(m->cpus_dropped, 0);
	EXPECT_EQ(lapic_id(), this_cpu(apic_id));
}

TEST(handoff, the_madts_local_apic_address_is_the_cpus, MADT)
{
	u64 base = boot_info()->fw.apic_base & MSR_IA32_APICBASE_BASE;

	if (!acpi_tables.madt.present)
		SKIP(return, "there is no MADT");
	EXPECT_EQ(acpi_tables.madt.lapic_address, base);
}

TEST(handoff, every_ioapic_of_the_madt_answers,
     "ACPI 6.5 \"I/O APIC Structure\"", .needs = NEEDS_IOAPIC)
{
	const struct acpi_madt *m = &acpi_tables.madt;

	EXPECT_EQ(nr_ioapics, m->nr_ioapics);
	for (u32 i = 0; i < nr_ioapics; i++) {
		const struct ioapic *a = &ioapics[i];

		EXPECT_NE(a->version, 0xff);
		EXPECT_GE(a->pins, 16);
		EXPECT_LE(a->pins, 240);
		for (u32 j = 0; j < i; j++) {
			const struct ioapic *b = &ioapics[j];

			EXPECT_NE(a->base, b->base);
			EXPECT_TRUE(a->gsi_base >= b->gsi_base + b->pins ||
				    b->gsi_base >= a->gsi_base + a->pins);
		}
	}
}

TEST(handoff, overrides_lead_to_pins_that_exist,
     "ACPI 6.5 \"Interrupt Source Override Structure\"", .needs = NEEDS_IOAPIC)
{
	const struct acpi_madt *m = &acpi_tables.madt;
	u32 pin;

	for (u32 i = 0; i < m->nr_overrides; i++) {
		EXPECT_LT(m->override[i].irq, 16);
		EXPECT_NE(ioapic_of_gsi(m->override[i].gsi, &pin), NULL);
		for (u32 j = 0; j < i; j++)
			EXPECT_NE(m->override[i].irq, m->override[j].irq);
	}
	for (u32 i = 0; i < m->nr_nmis; i++)
		EXPECT_NE(ioapic_of_gsi(m->nmi[i].gsi, &pin), NULL);
	EXPECT_LE(m->nr_overrides, 16);
}

TEST(handoff, the_hpet_table_says_what_the_hpet_says,
     "HPET \"The HPET Description Table\"", .needs = NEEDS_HPET)
{
	u32 cap = boot_info()->fw.hpet.cap;

	if (!acpi_tables.hpet.present)
		SKIP(return, "there is no HPET table");
	EXPECT_EQ(acpi_tables.hpet.id & ~(u32)HPET_CAP_REV,
		  cap & ~(u32)HPET_CAP_REV);
	EXPECT_EQ(acpi_tables.hpet.address % 1024, 0);
}

TEST(handoff, the_fadts_power_management_timer_counts,
     "ACPI 6.5 \"Power Management Timer (PM_TMR)\"")
{
	const struct acpi_fadt *f = &acpi_tables.fadt;

	if (!f->present || f->pm_timer.space != ACPI_SPACE_IO ||
	    !f->pm_timer.address)
		SKIP(return, "the FADT names no PM timer port");
	EXPECT_NE(clock_get(CLOCK_PMTIMER), NULL);
	ktest_note("fw.sci=%u fw.acpi_revision=%u fw.hw_reduced=%u", f->sci_irq,
		   f->revision, !!(f->flags & ACPI_FADT_HW_REDUCED));
}
