// SPDX-License-Identifier: MIT
/*
 * Tables with bytes changed at random, checksums put right: whatever they
 * say, no access outside them (ASan judges that on the host), no endless
 * walk, no count beyond its array.
 */
#include "fake.h"
#include <lib/random.h>
#include <lib/string.h>

#define RULE   "irqbed include/acpi/acpi.h: each length is checked"
#define ROUNDS (__STDC_HOSTED__ ? 5000 : 200)

/* clang-format off */
static const u8 madt[] = {
	LE32(0xfee00000), LE32(1),
	0, 8, 0, 0, LE32(1), 0, 8, 1, 1, LE32(1),
	1, 12, 0, 0, LE32(0xfec00000), LE32(0),
	2, 10, 0, 0, LE32(2), LE16(0), 2, 10, 0, 9, LE32(9), LE16(13),
	3, 8, LE16(0), LE32(7), 4, 6, 255, LE16(0), 1,
	5, 12, 0, 0, LE64(0xfee00000), 9, 16, 0, 0, LE32(300), LE32(1), LE32(2),
	10, 12, LE16(0), LE32(2), 1, 0, 0, 0,
};
static const u8 hpet[] = {
	LE32(0x8086a201), GAS(0, 64, 0, 0xfed00000), 0, LE16(100), 0,
};
static const u8 mcfg[] = {
	LE64(0), LE64(0xb0000000), LE16(0), 0, 255, LE32(0),
};
static const u8 dmar[] = {
	38, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	LE16(0), LE16(24), 1, 0, LE16(0), LE64(0xfed90000),
	3, 8, 0, 0, 0, 0xff, 0, 0,
	LE16(1), LE16(4), LE16(0), LE16(16), 1, 0, LE16(0), LE64(0xfed91000),
};
/* clang-format on */
static const u8 spcr[44] = { 0, 0, 0, 0, GAS(1, 8, 1, 0x3f8), 3, 4 };
static const u8 fadt[240] = { [91 - 36] = 4, [112 - 36] = 0, 4 };

/* The firmware, and where its tables are. */
static u64 address[6];

static void build(void)
{
	fake_reset();
	address[0] = fake_table("APIC", 3, madt, sizeof(madt));
	address[1] = fake_table("FACP", 3, fadt, sizeof(fadt));
	address[2] = fake_table("HPET", 1, hpet, sizeof(hpet));
	address[3] = fake_table("MCFG", 1, mcfg, sizeof(mcfg));
	address[4] = fake_table("DMAR", 1, dmar, sizeof(dmar));
	address[5] = fake_table("SPCR", 4, spcr, sizeof(spcr));
}

static bool counts_are_sane(void)
{
	const struct acpi_madt *m = &fake_info.madt;

	return EXPECT_LE(m->nr_cpus, ACPI_MAX_CPUS) &&
	       EXPECT_LE(m->nr_ioapics, ACPI_MAX_IOAPICS) &&
	       EXPECT_LE(m->nr_overrides, ACPI_MAX_OVERRIDES) &&
	       EXPECT_LE(m->nr_nmis, ACPI_MAX_NMIS) &&
	       EXPECT_LE(fake_info.mcfg.nr, ACPI_MAX_MCFG) &&
	       EXPECT_LE(fake_info.dmar.nr_drhds, ACPI_MAX_DRHD) &&
	       EXPECT_LE(fake_info.dmar.nr_scopes, ACPI_MAX_DRHD_SCOPES) &&
	       EXPECT_LE(fake_info.nr_tables, ACPI_MAX_TABLES);
}

/* Change a few bytes of each table, its length's low byte too, at times. */
static void bend(u64 *state, u64 phys)
{
	u8 *table = fake_at(phys);
	u32 len = table[4] | table[5] << 8;

	for (u32 n = random_below(state, 4); n; n--)
		table[36 + random_below(state, len - 36)] =
			(u8)random_next(state);
	if (random_below(state, 4) == 0)
		table[4] = (u8)random_below(state, table[4] + 1);
	len = table[4] | table[5] << 8;
	if (len >= 36)
		fake_fix(phys);
}

TEST(acpi, survives_any_table_bodies, RULE)
{
	u64 state = 1;

	for (int i = 0; i < ROUNDS; i++) {
		build();
		for (size_t t = 0; t < ARRAY_SIZE(address); t++)
			bend(&state, address[t]);
		if (!EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0) ||
		    !counts_are_sane())
			return;
	}
}

/* Any byte of everything, no checksum put right but the RSDP's. */
TEST(acpi, survives_any_bytes_at_all, RULE)
{
	u64 state = 2;

	for (int i = 0; i < ROUNDS; i++) {
		u8 *rsdp, revision = random_below(&state, 2) ? 2 : 0;

		build();
		rsdp = fake_rsdp(revision);
		for (u32 n = random_below(&state, 30); n; n--)
			*fake_at(FAKE_BASE + random_below(&state, 1200)) =
				(u8)random_next(&state);
		rsdp[15] = revision;
		fake_fix_rsdp(rsdp);
		fake_parse_rsdp(rsdp, revision ? 36 : 20);
		if (!counts_are_sane())
			return;
	}
}

/* Root tables that point anywhere, at themselves too. */
TEST(acpi, survives_any_root_entries, RULE)
{
	u64 state = 3;

	for (int i = 0; i < ROUNDS; i++) {
		u64 root, entry;
		u8 *rsdp;

		build();
		rsdp = fake_rsdp(2);
		memcpy(&root, rsdp + 24, sizeof(root));
		for (u32 n = 0; n < ARRAY_SIZE(address); n++) {
			entry = FAKE_BASE + random_below(&state, FAKE_SIZE + 9);
			if (random_below(&state, 3) == 0)
				memcpy(fake_at(root) + 36 + n * 8, &entry, 8);
		}
		fake_fix(root);
		EXPECT_EQ(fake_parse_rsdp(rsdp, 36), 0);
		if (!counts_are_sane())
			return;
	}
}
