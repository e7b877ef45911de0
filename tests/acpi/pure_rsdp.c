// SPDX-License-Identifier: MIT
/* From the RSDP to the tables: which root is used, what is refused. */
#include "fake.h"
#include <lib/errno.h>
#include <lib/string.h>

#define RSDP "ACPI 6.5 \"Root System Description Pointer (RSDP)\""
#define SDT  "ACPI 6.5 \"System Description Table Header\""
#define FAIL ((u64)(s64)-EINVAL)

static const u8 hpet[] = {
	LE32(0x8086a201), GAS(0, 64, 0, 0xfed00000), 0, LE16(100), 0,
};

static const char *complaint(u32 i)
{
	return fake_info.complaints.text[i];
}

TEST(acpi, rsdp_2_uses_the_xsdt, RSDP)
{
	fake_reset();
	fake_table("HPET", 1, hpet, sizeof(hpet));
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_TRUE(fake_info.from_xsdt);
	EXPECT_TRUE(fake_info.hpet.present);
	EXPECT_EQ(fake_info.revision, 2);
	EXPECT_STREQ(fake_info.oem, "IRQBED");
	EXPECT_EQ(fake_info.nr_tables, 1);
	EXPECT_STREQ(fake_info.table[0].signature, "HPET");
	EXPECT_EQ(fake_info.table[0].length, 56);
	EXPECT_EQ(fake_info.complaints.count, 0);
}

TEST(acpi, rsdp_0_uses_the_rsdt, RSDP)
{
	fake_reset();
	fake_table("HPET", 1, hpet, sizeof(hpet));
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(0), 20), 0);
	EXPECT_FALSE(fake_info.from_xsdt);
	EXPECT_TRUE(fake_info.hpet.present);
	EXPECT_EQ(fake_info.complaints.count, 0);
}

TEST(acpi, rsdp_wrong_signature_is_refused, RSDP)
{
	u8 *rsdp;

	fake_reset();
	rsdp = fake_rsdp(2);
	rsdp[7] = '_';
	fake_fix_rsdp(rsdp);
	EXPECT_EQ(fake_parse_rsdp(rsdp, 36), FAIL);
	EXPECT_EQ(acpi_parse(NULL, fake_map, &fake_info), FAIL);
	EXPECT_STREQ(complaint(0), "RSDP: none");
}

TEST(acpi, rsdp_wrong_checksum_is_refused, RSDP)
{
	u8 *rsdp;

	fake_reset();
	rsdp = fake_rsdp(0);
	rsdp[9]++;
	EXPECT_EQ(fake_parse_rsdp(rsdp, 36), FAIL);
	EXPECT_STREQ(complaint(0), "RSDP: wrong checksum");
}

TEST(acpi, rsdp_bad_second_part_falls_back_to_the_rsdt, RSDP)
{
	u8 *rsdp;

	fake_reset();
	fake_table("HPET", 1, hpet, sizeof(hpet));
	rsdp = fake_rsdp(2);
	rsdp[32]++;
	EXPECT_EQ(fake_parse_rsdp(rsdp, 36), 0);
	EXPECT_FALSE(fake_info.from_xsdt);
	EXPECT_TRUE(fake_info.hpet.present);
	EXPECT_EQ(fake_info.complaints.count, 1);
}

TEST(acpi, rsdp_bad_xsdt_falls_back_to_the_rsdt, RSDP)
{
	u64 nowhere = 0x123456789abcull;
	u8 *rsdp;

	fake_reset();
	fake_table("HPET", 1, hpet, sizeof(hpet));
	rsdp = fake_rsdp(2);
	memcpy(rsdp + 24, &nowhere, 8);
	fake_fix_rsdp(rsdp);
	EXPECT_EQ(fake_parse_rsdp(rsdp, 36), 0);
	EXPECT_FALSE(fake_info.from_xsdt);
	EXPECT_TRUE(fake_info.hpet.present);
	EXPECT_STREQ(complaint(0), "XSDT: none at 0x123456789abc");
}

TEST(acpi, rsdp_without_any_root_is_refused, RSDP)
{
	u8 *rsdp;

	fake_reset();
	rsdp = fake_rsdp(0);
	memset(rsdp + 16, 0, 4);
	fake_fix_rsdp(rsdp);
	EXPECT_EQ(fake_parse_rsdp(rsdp, 20), FAIL);
	EXPECT_STREQ(complaint(0), "RSDP: no usable root table");
}

TEST(acpi, table_with_wrong_checksum_is_not_used, SDT)
{
	u64 phys;

	fake_reset();
	phys = fake_table("HPET", 1, hpet, sizeof(hpet));
	fake_at(phys)[44]++;
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_FALSE(fake_info.hpet.present);
	EXPECT_STREQ(complaint(0), "HPET: wrong checksum, table not used");
	EXPECT_EQ(fake_info.nr_tables, 1);
}

/* Shorter than its own header, past 1 MiB, past what is mapped. */
TEST(acpi, table_with_impossible_length_is_not_used, SDT)
{
	static const u32 lengths[] = { 0, 35, 0x100001, 0xffffffff, 0x8000 };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		u64 phys;

		fake_reset();
		phys = fake_table("HPET", 1, hpet, sizeof(hpet));
		memcpy(fake_at(phys) + 4, &lengths[i], 4);
		EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
		EXPECT_FALSE(fake_info.hpet.present);
		EXPECT_EQ(fake_info.complaints.count, 1);
	}
}

TEST(acpi, table_listed_twice_is_read_once, SDT)
{
	static const u8 other[] = {
		LE32(1), GAS(0, 64, 0, 0xfed40000), 0, LE16(1), 0,
	};

	fake_reset();
	fake_table("SSDT", 1, hpet, 1);
	fake_table("HPET", 1, hpet, sizeof(hpet));
	fake_table("HPET", 1, other, sizeof(other));
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_EQ(fake_info.hpet.address, 0xfed00000);
	EXPECT_EQ(fake_info.nr_tables, 3);
	EXPECT_STREQ(complaint(0), "HPET: a second one, not used");
}

TEST(acpi, root_entry_that_is_not_mapped_is_named, SDT)
{
	u64 phys, nowhere = 0;
	u8 *rsdp;

	fake_reset();
	fake_table("HPET", 1, hpet, sizeof(hpet));
	fake_table("SSDT", 1, hpet, 1);
	rsdp = fake_rsdp(2);
	memcpy(&phys, rsdp + 24, 8);
	memcpy(fake_at(phys) + 36, &nowhere, 8);
	fake_fix(phys);
	EXPECT_EQ(fake_parse_rsdp(rsdp, 36), 0);
	EXPECT_STREQ(complaint(0), "XSDT: entry 0 is not mapped");
	EXPECT_STREQ(fake_info.table[0].signature, "SSDT");
}

TEST(acpi, root_with_a_part_of_an_entry_is_read, SDT)
{
	u64 phys;
	u8 *rsdp;

	fake_reset();
	fake_table("HPET", 1, hpet, sizeof(hpet));
	rsdp = fake_rsdp(2);
	memcpy(&phys, rsdp + 24, 8);
	fake_at(phys)[4] += 3; /* runs into what follows, which is zero */
	fake_fix(phys);
	EXPECT_EQ(fake_parse_rsdp(rsdp, 36), 0);
	EXPECT_TRUE(fake_info.hpet.present);
	EXPECT_EQ(fake_info.complaints.count, 1);
}

TEST(acpi, signatures_are_shown_as_ascii, SDT)
{
	fake_reset();
	fake_table("\x01\xff"
		   "~ ",
		   1, hpet, 1);
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_STREQ(fake_info.table[0].signature, "\?\?~ ");
}

TEST(acpi, more_tables_than_room_still_parse, SDT)
{
	fake_reset();
	for (int i = 0; i < ACPI_MAX_TABLES + 5; i++)
		fake_table("SSDT", 1, hpet, 1);
	fake_table("HPET", 1, hpet, sizeof(hpet));
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_EQ(fake_info.nr_tables, ACPI_MAX_TABLES);
	EXPECT_TRUE(fake_info.hpet.present);
}

TEST(acpi, complaints_beyond_room_are_counted, "irqbed include/acpi/acpi.h")
{
	fake_reset();
	fake_table("HPET", 1, hpet, sizeof(hpet));
	for (int i = 0; i < ACPI_MAX_COMPLAINTS + 4; i++)
		fake_table("HPET", 1, hpet, 1);
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_EQ(fake_info.complaints.count, ACPI_MAX_COMPLAINTS + 4);
	EXPECT_TRUE(fake_info.hpet.present);
}
