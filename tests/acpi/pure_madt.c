// SPDX-License-Identifier: MIT
/* The MADT: every kind of entry, in any order, with lengths that lie. */
#include "fake.h"
#include <lib/errno.h>
#include <lib/string.h>

#define MADT "ACPI 6.5 \"Multiple APIC Description Table (MADT)\""
#define ISO  "ACPI 6.5 \"Interrupt Source Override Structure\""
#define NMI  "ACPI 6.5 \"Local APIC NMI Structure\""
#define FAIL ((u64)(s64)-EINVAL)

/* Address and flags, then entries. */
/* clang-format off */
#define HEAD(flags)	LE32(0xfee00000), LE32(flags)
#define LAPIC(uid, id, flags) 0, 8, (uid), (id), LE32(flags)
#define IOAPIC(id, address, base) 1, 12, (id), 0, LE32(address), LE32(base)
#define OVERRIDE(bus, irq, gsi, flags) \
	2, 10, (bus), (irq), LE32(gsi), LE16(flags)
#define NMI_SOURCE(flags, gsi) 3, 8, LE16(flags), LE32(gsi)
#define LAPIC_NMI(uid, flags, lint) 4, 6, (uid), LE16(flags), (lint)
#define LAPIC_ADDRESS(address) 5, 12, 0, 0, LE64(address)
#define X2APIC(id, flags, uid) \
	9, 16, 0, 0, LE32(id), LE32(flags), LE32(uid)
#define X2APIC_NMI(flags, uid, lint) \
	10, 12, LE16(flags), LE32(uid), (lint), 0, 0, 0
/* clang-format on */

#define PARSE(...)                                         \
	({                                                 \
		static const u8 body[] = { __VA_ARGS__ };  \
		fake_parse("APIC", 3, body, sizeof(body)); \
	})

static const struct acpi_madt *const madt = &fake_info.madt;

/* What QEMU's q35 says, but for the second CPU. */
TEST(acpi, madt_of_a_small_pc, MADT)
{
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 0, 1), LAPIC(1, 4, 1),
			IOAPIC(0, 0xfec00000, 0), OVERRIDE(0, 0, 2, 0),
			OVERRIDE(0, 9, 9, 0xd), LAPIC_NMI(0xff, 0, 1)),
		  0);
	EXPECT_TRUE(madt->present && madt->pcat_compat);
	EXPECT_EQ(madt->lapic_address, 0xfee00000);
	EXPECT_EQ(madt->nr_cpus, 2);
	EXPECT_EQ(madt->cpu[1].apic_id, 4);
	EXPECT_EQ(madt->cpu[1].uid, 1);
	EXPECT_TRUE(madt->cpu[1].enabled);
	EXPECT_FALSE(madt->cpu[1].x2apic);
	EXPECT_EQ(madt->nr_ioapics, 1);
	EXPECT_EQ(madt->ioapic[0].address, 0xfec00000);
	EXPECT_EQ(madt->nr_overrides, 2);
	EXPECT_EQ(madt->override[1].gsi, 9);
	EXPECT_EQ(madt->override[1].flags, ACPI_IRQ_LEVEL);
	EXPECT_EQ(madt->cpu[0].lint_nmi[0], 0);
	EXPECT_EQ(madt->cpu[0].lint_nmi[1], ACPI_IRQ_NMI);
	EXPECT_EQ(madt->cpu[1].lint_nmi[1], ACPI_IRQ_NMI);
}

TEST(acpi, madt_without_8259s, MADT)
{
	EXPECT_EQ(PARSE(HEAD(0), LAPIC(0, 0, 1)), 0);
	EXPECT_FALSE(madt->pcat_compat);
	EXPECT_FALSE(acpi_has_pic(&fake_info));
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 0, 1)), 0);
	EXPECT_TRUE(acpi_has_pic(&fake_info));
}

TEST(acpi, madt_processor_flags, "ACPI 6.5 \"Local APIC Flags\"")
{
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 0, 1), LAPIC(1, 1, 0), LAPIC(2, 2, 2),
			LAPIC(3, 0xff, 0), LAPIC(4, 3, 3)),
		  0);
	EXPECT_EQ(madt->nr_cpus, 3);
	EXPECT_EQ(madt->nr_disabled, 2);
	EXPECT_EQ(madt->cpu[1].apic_id, 2);
	EXPECT_FALSE(madt->cpu[1].enabled);
	EXPECT_TRUE(madt->cpu[2].enabled);
}

TEST(acpi, madt_x2apic_entries, "ACPI 6.5 \"Processor Local x2APIC\"")
{
	EXPECT_EQ(PARSE(HEAD(1), X2APIC(0x12345, 1, 7), LAPIC(0, 0, 1),
			X2APIC(255, 1, 8), X2APIC(0x100, 0, 9)),
		  0);
	EXPECT_EQ(madt->nr_cpus, 3);
	EXPECT_EQ(madt->nr_disabled, 1);
	EXPECT_EQ(madt->cpu[0].apic_id, 0x12345);
	EXPECT_EQ(madt->cpu[0].uid, 7);
	EXPECT_TRUE(madt->cpu[0].x2apic && madt->cpu[0].enabled);
	EXPECT_EQ(madt->cpu[2].apic_id, 255);
}

TEST(acpi, madt_broadcast_ids_are_refused, "SDM 3A \"Local APIC ID\"")
{
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 0xff, 1), X2APIC(0xffffffff, 1, 1)),
		  2);
	EXPECT_EQ(madt->nr_cpus, 0);
	EXPECT_STREQ(fake_info.complaints.text[0],
		     "MADT +0x2c: CPU with the broadcast ID 0xff");
}

/* One CPU in both kinds of entry is common; twice in one kind is wrong. */
TEST(acpi, madt_cpu_listed_twice_is_one_cpu, MADT)
{
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 5, 1), X2APIC(5, 1, 0)), 0);
	EXPECT_EQ(madt->nr_cpus, 1);
	EXPECT_EQ(
		PARSE(HEAD(1), LAPIC(2, 4, 1), LAPIC(0, 5, 1), LAPIC(1, 5, 1)),
		1);
	EXPECT_EQ(madt->nr_cpus, 2);
}

TEST(acpi, madt_address_override, "ACPI 6.5 \"Local APIC Address Override\"")
{
	EXPECT_EQ(PARSE(HEAD(1), LAPIC_ADDRESS(0x1fee00000)), 0);
	EXPECT_EQ(madt->lapic_address, 0x1fee00000);
	EXPECT_EQ(PARSE(HEAD(1), LAPIC_ADDRESS(0)), 1);
	EXPECT_EQ(madt->lapic_address, 0xfee00000);
	EXPECT_EQ(PARSE(LE32(0), LE32(1)), 1);
	EXPECT_EQ(madt->lapic_address, 0xfee00000);
}

TEST(acpi, madt_ioapics, "ACPI 6.5 \"I/O APIC Structure\"")
{
	EXPECT_EQ(PARSE(HEAD(1), IOAPIC(2, 0xfec00000, 0),
			IOAPIC(3, 0xfec01000, 24)),
		  0);
	EXPECT_EQ(madt->nr_ioapics, 2);
	EXPECT_EQ(madt->ioapic[1].id, 3);
	EXPECT_EQ(madt->ioapic[1].gsi_base, 24);
	EXPECT_EQ(PARSE(HEAD(1), IOAPIC(2, 0xfec00000, 0),
			IOAPIC(3, 0xfec00000, 24), IOAPIC(4, 0, 48),
			IOAPIC(5, 0xfec02000, 0)),
		  3);
	EXPECT_EQ(madt->nr_ioapics, 1);
	EXPECT_EQ(PARSE(HEAD(1), IOAPIC(2, 0xfec00000, 0),
			IOAPIC(3, 0xfec01000, 24), IOAPIC(4, 0xfec02000, 24)),
		  1);
	EXPECT_EQ(madt->nr_ioapics, 2);
}

TEST(acpi, madt_overrides_of_isa_only, ISO)
{
	EXPECT_EQ(PARSE(HEAD(1), OVERRIDE(1, 0, 2, 0), OVERRIDE(0, 16, 2, 0),
			OVERRIDE(0, 15, 15, 0), OVERRIDE(0, 3, 19, 0xf),
			OVERRIDE(0, 3, 20, 0)),
		  3);
	EXPECT_EQ(madt->nr_overrides, 2);
	EXPECT_EQ(madt->override[1].gsi, 19);
	EXPECT_EQ(madt->override[1].flags, ACPI_IRQ_LEVEL | ACPI_IRQ_LOW);
}

static void expect_isa(u8 irq, u32 want_gsi, u16 want_flags)
{
	u32 gsi = ~0u;
	u16 flags = 0xffff;

	EXPECT_EQ(acpi_isa_irq_to_gsi(&fake_info, irq, &gsi, &flags), 0);
	EXPECT_EQ(gsi, want_gsi);
	EXPECT_EQ(flags, want_flags);
}

TEST(acpi, isa_irq_to_gsi, ISO)
{
	u32 gsi;
	u16 flags;

	EXPECT_EQ(PARSE(HEAD(1), OVERRIDE(0, 0, 2, 0), OVERRIDE(0, 5, 5, 0xd),
			OVERRIDE(0, 7, 23, 0x3), OVERRIDE(0, 8, 8, 0x5),
			OVERRIDE(0, 9, 9, 0xa)),
		  0);
	expect_isa(0, 2, 0); /* "conforms" is edge, high on ISA */
	expect_isa(1, 1, 0);
	expect_isa(5, 5, ACPI_IRQ_LEVEL);
	expect_isa(7, 23, ACPI_IRQ_LOW);
	expect_isa(8, 8, 0);
	expect_isa(15, 15, 0);
	expect_isa(9, 9, 0); /* reserved encodings */
	EXPECT_EQ(acpi_isa_irq_to_gsi(&fake_info, 16, &gsi, &flags), FAIL);
}

TEST(acpi, madt_nmi_sources, "ACPI 6.5 \"NMI Source Structure\"")
{
	EXPECT_EQ(PARSE(HEAD(1), NMI_SOURCE(0xf, 21), NMI_SOURCE(0, 3)), 0);
	EXPECT_EQ(madt->nr_nmis, 2);
	EXPECT_EQ(madt->nmi[0].gsi, 21);
	EXPECT_EQ(madt->nmi[0].flags, ACPI_IRQ_LEVEL | ACPI_IRQ_LOW);
	EXPECT_EQ(madt->nmi[1].flags, 0);
}

TEST(acpi, madt_nmi_of_one_cpu_before_the_cpu, NMI)
{
	EXPECT_EQ(PARSE(HEAD(1), LAPIC_NMI(7, 3, 0), X2APIC_NMI(0, 300, 1),
			LAPIC_NMI(99, 0, 1), LAPIC(6, 0, 1), LAPIC(7, 1, 1),
			X2APIC(0x200, 1, 300)),
		  0);
	EXPECT_EQ(madt->cpu[0].lint_nmi[0], 0);
	EXPECT_EQ(madt->cpu[0].lint_nmi[1], 0);
	EXPECT_EQ(madt->cpu[1].lint_nmi[0], ACPI_IRQ_NMI | ACPI_IRQ_LOW);
	EXPECT_EQ(madt->cpu[2].lint_nmi[0], 0);
	EXPECT_EQ(madt->cpu[2].lint_nmi[1], ACPI_IRQ_NMI);
	EXPECT_EQ(madt->cpu[3].lint_nmi[1], 0); /* past the last */
}

TEST(acpi, madt_nmi_of_all_cpus, NMI)
{
	EXPECT_EQ(PARSE(HEAD(1), X2APIC_NMI(0, 0xffffffff, 0), LAPIC(0, 0, 1),
			X2APIC(0x200, 1, 1), LAPIC_NMI(0xff, 0xd, 1),
			LAPIC_NMI(0xff, 0, 2)),
		  1);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(madt->cpu[i].lint_nmi[0], ACPI_IRQ_NMI);
		EXPECT_EQ(madt->cpu[i].lint_nmi[1],
			  ACPI_IRQ_NMI | ACPI_IRQ_LEVEL);
	}
}

TEST(acpi, madt_unknown_entries_are_passed_over, MADT)
{
	EXPECT_EQ(PARSE(HEAD(1), 6, 2, 200, 4, 1, 2, 11, 3, 0, LAPIC(0, 3, 1)),
		  0);
	EXPECT_EQ(madt->nr_cpus, 1);
	EXPECT_EQ(madt->cpu[0].apic_id, 3);
}

TEST(acpi, madt_short_entry_is_named_and_left_out, MADT)
{
	EXPECT_EQ(PARSE(HEAD(1), 0, 7, 9, 9, 1, 0, 0, LAPIC(0, 3, 1)), 1);
	EXPECT_EQ(madt->nr_cpus, 1);
	EXPECT_EQ(madt->cpu[0].apic_id, 3);
	EXPECT_STREQ(fake_info.complaints.text[0],
		     "MADT +0x2c: type 0 of length 7, want 8");
}

/* Lengths 0 and 1 would walk for ever; 9 runs past the end. */
TEST(acpi, madt_impossible_length_ends_the_walk, MADT)
{
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 1, 1), 0, 0, 1, 2), 1);
	EXPECT_EQ(madt->nr_cpus, 1);
	EXPECT_STREQ(fake_info.complaints.text[0],
		     "MADT +0x34: type 0 of length 0, 4 bytes left");
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 1, 1), 0, 1, LAPIC(0, 2, 1)), 1);
	EXPECT_EQ(madt->nr_cpus, 1);
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 1, 1), 0, 9, 1, 2, 1, 0, 0, 0), 1);
	EXPECT_STREQ(fake_info.complaints.text[0],
		     "MADT +0x34: type 0 of length 9, 8 bytes left");
	EXPECT_EQ(madt->nr_cpus, 1);
	EXPECT_EQ(PARSE(HEAD(1), LAPIC(0, 1, 1), 0), 1);
	EXPECT_EQ(madt->nr_cpus, 1);
}

TEST(acpi, madt_shorter_than_its_head_is_refused, MADT)
{
	static const u8 zeros[44];

	EXPECT_EQ(PARSE(LE32(0xfee00000), 1, 0, 0), 1);
	EXPECT_FALSE(madt->present);
	EXPECT_EQ(acpi_parse_madt(zeros, 43, &fake_info), FAIL);
}

TEST(acpi, madt_more_cpus_than_room, MADT)
{
	static u8 body[8 + (ACPI_MAX_CPUS + 3) * 16];

	for (u32 i = 0; i < ACPI_MAX_CPUS + 3; i++) {
		const u8 entry[] = { X2APIC(i, 1, i) };

		memcpy(body + 8 + i * 16, entry, sizeof(entry));
	}
	body[0] = 1;
	EXPECT_EQ(fake_parse("APIC", 3, body, sizeof(body)), 1);
	EXPECT_EQ(madt->nr_cpus, ACPI_MAX_CPUS);
	EXPECT_EQ(madt->cpus_dropped, 3);
}

TEST(acpi, madt_more_ioapics_and_nmis_than_room, MADT)
{
	static u8 body[8 + 20 * (12 + 8)];

	for (u32 i = 0; i < 20; i++) {
		const u8 entry[] = { IOAPIC(i, 0xfec00000 + i * 4096, i * 24),
				     NMI_SOURCE(0, i) };

		memcpy(body + 8 + i * sizeof(entry), entry, sizeof(entry));
	}
	body[0] = 1;
	EXPECT_EQ(fake_parse("APIC", 3, body, sizeof(body)), 8);
	EXPECT_EQ(madt->nr_ioapics, ACPI_MAX_IOAPICS);
	EXPECT_EQ(madt->nr_nmis, ACPI_MAX_NMIS);
}

/* IDs with holes, one that may be plugged in later, one for x2APIC only. */
TEST(acpi, madt_cpus_to_start_are_the_enabled_ones_in_reach,
     "SDM 3A \"Local APIC ID\"; ACPI 6.5 \"Local APIC Flags\"")
{
	u32 ids[3], unreachable;

	PARSE(HEAD(1), LAPIC(0, 0, 1), LAPIC(1, 2, 1), LAPIC(2, 5, 2),
	      X2APIC(254, 1, 3), X2APIC(0x1ff, 1, 4), LAPIC(5, 9, 1));
	EXPECT_EQ(acpi_startable_cpus(madt, 2, 0xfe, ids, 3, &unreachable), 3);
	EXPECT_EQ(ids[0], 0);
	EXPECT_EQ(ids[1], 254);
	EXPECT_EQ(ids[2], 9);
	EXPECT_EQ(unreachable, 1);
	EXPECT_EQ(acpi_startable_cpus(madt, 0, ~0u, ids, 3, &unreachable), 3);
	EXPECT_EQ(ids[2], 0x1ff);
	EXPECT_EQ(unreachable, 0);
}
