// SPDX-License-Identifier: MIT
/* Bits of interrupt remapping, each where the specification has it. */
#include <apic/intr_remap.h>
#include <ktest/ktest.h>

#define IRTE_RULE                                                     \
	"VT-d \"Interrupt Remapping Table Entry (IRTE) for Remapped " \
	"Interrupts\""
#define REQUEST_RULE "VT-d \"Interrupt Requests in Remappable Format\""
#define RTE_RULE     "VT-d \"I/OxAPIC Programming\""

TEST(vtd, irte_fields_lie_where_the_unit_reads_them, IRTE_RULE)
{
	static const struct {
		union irte irte;
		u64 low, high;
	} rows[] = {
		{ { .present = 1 }, BIT(0), 0 },
		{ { .fpd = 1 }, BIT(1), 0 },
		{ { .dst_mode = 1 }, BIT(2), 0 },
		{ { .redir_hint = 1 }, BIT(3), 0 },
		{ { .trigger_mode = 1 }, BIT(4), 0 },
		{ { .dlvry_mode = 7 }, GENMASK(7, 5), 0 },
		{ { .pst = 1 }, BIT(15), 0 },
		{ { .vector = 0xff }, GENMASK(23, 16), 0 },
		{ { .dest_id = ~0u }, GENMASK(63, 32), 0 },
		{ { .sid = 0xffff }, 0, GENMASK(15, 0) },
		{ { .sq = 3 }, 0, GENMASK(17, 16) },
		{ { .svt = 3 }, 0, GENMASK(19, 18) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].irte.low, rows[i].low);
		EXPECT_EQ(rows[i].irte.high, rows[i].high);
	}
}

/* Without it an APIC ID is the second byte of the field. */
TEST(vtd, irte_destination_is_32_bits_with_eim, IRTE_RULE)
{
	EXPECT_EQ(prepare_irte(0x61, 0x12345678, true).low, 0x1234567800610001);
	EXPECT_EQ(prepare_irte(0x61, 0x78, false).low, 0x0000780000610001);
	EXPECT_EQ(prepare_irte(0x61, 0x78, false).high, 0);
}

TEST(vtd, a_remappable_rte_splits_the_index, RTE_RULE)
{
	static const struct {
		u16 index;
		u64 raw;
	} rows[] = { { 0, 0x0001000000000071 },
		     { 1, 0x0003000000000071 },
		     { 0x7fff, 0xffff000000000071 },
		     { 0x8000, 0x0001000000000871 },
		     { 0xa5c3, 0x4b87000000000871 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(ir_ioapic_rte(rows[i].index, 0x71).raw, rows[i].raw);
}

TEST(vtd, a_remappable_msi_address_splits_the_index, REQUEST_RULE)
{
	EXPECT_EQ(ir_msi_address(0, false), 0xfee00010);
	EXPECT_EQ(ir_msi_address(0, true), 0xfee00018);
	EXPECT_EQ(ir_msi_address(1, false), 0xfee00030);
	EXPECT_EQ(ir_msi_address(0x7fff, false), 0xfeeffff0);
	EXPECT_EQ(ir_msi_address(0x8000, false), 0xfee00014);
	EXPECT_EQ(ir_msi_address(0xa5c3, true), 0xfee4b87c);
}
