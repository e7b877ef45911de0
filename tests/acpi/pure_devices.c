// SPDX-License-Identifier: MIT
/* HPET, SPCR, MCFG and DMAR. */
#include "fake.h"
#include <lib/errno.h>
#include <lib/string.h>

#define HPET	   "HPET \"The ACPI 2.0 HPET Description Table\""
#define SPCR	   "Microsoft \"Serial Port Console Redirection Table (SPCR)\""
#define MCFG	   "PCI Firmware 3.3 \"MCFG Table Description\""
#define DMAR	   "VT-d \"DMA Remapping Reporting Structure\""
#define DMAR_SCOPE "VT-d \"Device Scope Structure\""
#define FAIL	   ((u64)(s64)-EINVAL)

TEST(acpi, hpet_fields, HPET)
{
	static const u8 body[] = {
		LE32(0x8086a201), GAS(0, 64, 0, 0x1fed00000), 2, LE16(100), 1,
	};

	EXPECT_EQ(fake_parse("HPET", 1, body, sizeof(body)), 0);
	EXPECT_TRUE(fake_info.hpet.present);
	EXPECT_EQ(fake_info.hpet.address, 0x1fed00000);
	EXPECT_EQ(fake_info.hpet.id, 0x8086a201);
	EXPECT_EQ(fake_info.hpet.number, 2);
	EXPECT_EQ(fake_info.hpet.min_tick, 100);
	EXPECT_EQ(fake_parse("HPET", 1, body, sizeof(body) - 1), 1);
	EXPECT_FALSE(fake_info.hpet.present);
}

TEST(acpi, hpet_must_lie_in_memory, HPET)
{
	static const u8 port[] = {
		LE32(0), GAS(1, 64, 0, 0xfed00000), 0, LE16(0), 0,
	};
	static const u8 zero[] = {
		LE32(0), GAS(0, 64, 0, 0), 0, LE16(0), 0,
	};

	EXPECT_EQ(fake_parse("HPET", 1, port, sizeof(port)), 1);
	EXPECT_FALSE(fake_info.hpet.present);
	EXPECT_EQ(fake_parse("HPET", 1, zero, sizeof(zero)), 1);
	EXPECT_FALSE(fake_info.hpet.present);
}

struct uart {
	u8 type, space, width, access;
	u64 address;
	u8 baud;
	u32 precise; /* revision 4 */
};

static u32 parse_spcr_of(u8 revision, size_t len, struct uart u)
{
	/* clang-format off */
	const u8 body[90 - 36] = {
		u.type, 0, 0, 0, GAS(u.space, u.width, u.access, u.address),
		3, 4, LE32(4), u.baud,
		[80 - 36] = LE32(u.precise),
	};
	/* clang-format on */

	return fake_parse("SPCR", revision, body, len - 36);
}

static u32 parse_spcr(u8 revision, struct uart u)
{
	return parse_spcr_of(revision, revision >= 4 ? 90 : 80, u);
}

TEST(acpi, spcr_uart_at_a_port, SPCR)
{
	const struct acpi_spcr *spcr = &fake_info.spcr;

	EXPECT_EQ(parse_spcr(2, (struct uart){ .space = 1,
					       .width = 8,
					       .access = 1,
					       .address = 0x3f8,
					       .baud = 7 }),
		  0);
	EXPECT_TRUE(spcr->present);
	EXPECT_EQ(spcr->uart.space, ACPI_SPACE_IO);
	EXPECT_EQ(spcr->uart.address, 0x3f8);
	EXPECT_EQ(spcr->stride, 1);
	EXPECT_EQ(spcr->baud, 115200);
	EXPECT_EQ(spcr->gsi, 4);
}

TEST(acpi, spcr_stride_is_the_access_size, SPCR)
{
	static const struct {
		u8 width, access, stride;
	} rows[] = {
		{ 8, 1, 1 },  { 32, 3, 4 },  { 8, 3, 4 }, { 16, 2, 2 },
		{ 32, 0, 4 }, { 16, 0, 2 },  { 8, 0, 1 }, { 0, 0, 1 },
		{ 32, 4, 4 }, { 8, 255, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(parse_spcr(2, (struct uart){ .type = 0x12,
						       .width = rows[i].width,
						       .access = rows[i].access,
						       .address = 0xfe034000 }),
			  0);
		EXPECT_TRUE(fake_info.spcr.present);
		EXPECT_EQ(fake_info.spcr.stride, rows[i].stride);
	}
}

TEST(acpi, spcr_baud_rates, SPCR)
{
	static const u32 want[] = { 0, 0, 0, 9600, 19200, 0, 57600, 115200, 0 };
	struct uart u = { .space = 1, .address = 0x2f8, .precise = 921600 };

	for (u8 code = 0; code < ARRAY_SIZE(want); code++) {
		u.baud = code;
		EXPECT_EQ(parse_spcr(2, u), 0);
		EXPECT_EQ(fake_info.spcr.baud, want[code]);
	}
	EXPECT_EQ(parse_spcr(4, u), 0);
	EXPECT_EQ(fake_info.spcr.baud, 921600);
	u.baud = 3;
	EXPECT_EQ(parse_spcr_of(2, 90, u), 0);
	EXPECT_EQ(fake_info.spcr.baud, 9600);
	EXPECT_EQ(parse_spcr_of(4, 83, u), 0);
	EXPECT_EQ(fake_info.spcr.baud, 9600);
	EXPECT_EQ(parse_spcr_of(4, 84, u), 0);
	EXPECT_EQ(fake_info.spcr.baud, 921600);
}

TEST(acpi, spcr_types, SPCR)
{
	struct uart u = { .space = 1, .address = 0x2f8 };

	for (u32 type = 0; type < 256; type++) {
		bool ours = type == 0 || type == 1 || type == 0x12;

		u.type = (u8)type;
		EXPECT_EQ(parse_spcr(2, u), ours ? 0 : 1);
		EXPECT_EQ(fake_info.spcr.present, ours);
	}
}

TEST(acpi, spcr_address_zero_is_redirection_off, SPCR)
{
	EXPECT_EQ(parse_spcr(2, (struct uart){ .space = 1 }), 0);
	EXPECT_FALSE(fake_info.spcr.present);
}

TEST(acpi, spcr_refused, SPCR)
{
	static const u8 body[43];

	EXPECT_EQ(parse_spcr(2, (struct uart){ .space = 2, .address = 1 }), 1);
	EXPECT_FALSE(fake_info.spcr.present);
	EXPECT_EQ(parse_spcr(2, (struct uart){ .space = 1, .address = 0xfff9 }),
		  1);
	EXPECT_EQ(parse_spcr(2, (struct uart){ .space = 1, .address = 0xfff8 }),
		  0);
	EXPECT_EQ(fake_parse("SPCR", 2, body, sizeof(body)), 1);
}

/* clang-format off */
#define SEGMENT(base, segment, first, last) \
	LE64(base), LE16(segment), (first), (last), LE32(0)
/* clang-format on */

TEST(acpi, mcfg_entries, MCFG)
{
	static const u8 body[] = {
		LE64(0),
		SEGMENT(0xb0000000, 0, 0, 255),
		SEGMENT(0x8000000000, 1, 16, 31),
	};
	const struct acpi_mcfg *mcfg = &fake_info.mcfg;

	EXPECT_EQ(fake_parse("MCFG", 1, body, sizeof(body)), 0);
	EXPECT_EQ(mcfg->nr, 2);
	EXPECT_EQ(mcfg->entry[0].base, 0xb0000000);
	EXPECT_EQ(mcfg->entry[0].bus_last, 255);
	EXPECT_EQ(mcfg->entry[1].base, 0x8000000000);
	EXPECT_EQ(mcfg->entry[1].segment, 1);
	EXPECT_EQ(mcfg->entry[1].bus_first, 16);
}

TEST(acpi, mcfg_bad_entries_are_left_out, MCFG)
{
	static const u8 body[] = {
		LE64(0),
		SEGMENT(0, 0, 0, 255),
		SEGMENT(0xb0000000, 0, 9, 3),
		SEGMENT(0xc0000000, 0, 0, 7),
		1,
		2,
		3,
	};

	EXPECT_EQ(fake_parse("MCFG", 1, body, sizeof(body)), 3);
	EXPECT_EQ(fake_info.mcfg.nr, 1);
	EXPECT_EQ(fake_info.mcfg.entry[0].base, 0xc0000000);
	EXPECT_EQ(fake_parse("MCFG", 1, body, 7), 1);
	EXPECT_FALSE(fake_info.mcfg.present);
}

TEST(acpi, mcfg_more_entries_than_room, MCFG)
{
	static u8 body[8 + 16 * (ACPI_MAX_MCFG + 2)];

	for (size_t i = 8; i < sizeof(body); i += 16)
		body[i + 3] = 0xb0;
	EXPECT_EQ(fake_parse("MCFG", 1, body, sizeof(body)), 1);
	EXPECT_EQ(fake_info.mcfg.nr, ACPI_MAX_MCFG);
}

/* clang-format off */
/* Width 39 bits, ten reserved bytes. */
#define DMAR_HEAD(flags)	     38, (flags), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define DRHD(flags, len, seg, base) \
	LE16(0), LE16(len), (flags), 0, LE16(seg), LE64(base)
#define SCOPE(type, id, bus, dev, fn) \
	(type), 8, 0, 0, (id), (bus), (dev), (fn)
/* clang-format on */

TEST(acpi, dmar_units, DMAR)
{
	static const u8 body[] = {
		DMAR_HEAD(3),
		DRHD(0, 24, 0, 0xfed90000),
		SCOPE(3, 0, 0xf0, 0x1f, 0),
		LE16(1),
		LE16(4), /* an RMRR, of no interest */
		DRHD(1, 16, 2, 0xfed91000),
	};
	const struct acpi_dmar *dmar = &fake_info.dmar;

	EXPECT_EQ(fake_parse("DMAR", 1, body, sizeof(body)), 0);
	EXPECT_TRUE(dmar->present);
	EXPECT_EQ(dmar->address_width, 39);
	EXPECT_TRUE(dmar->flags & ACPI_DMAR_INTR_REMAP);
	EXPECT_TRUE(dmar->flags & ACPI_DMAR_X2APIC_OPT_OUT);
	EXPECT_EQ(dmar->nr_drhds, 2);
	EXPECT_EQ(dmar->drhd[0].base, 0xfed90000);
	EXPECT_EQ(dmar->drhd[1].segment, 2);
	EXPECT_EQ(dmar->drhd[1].flags, ACPI_DRHD_ALL_DEVICES);
}

TEST(acpi, dmar_scopes_name_source_ids, DMAR_SCOPE)
{
	static const u8 body[] = {
		DMAR_HEAD(1),
		DRHD(0, 34, 0, 0xfed90000),
		SCOPE(1, 0, 0, 2, 1),
		1,
		10,
		0,
		0,
		0,
		0,
		1,
		0,
		0,
		0, /* behind a bridge */
		DRHD(1, 32, 0, 0xfed91000),
		SCOPE(3, 2, 0xf0, 0x1f, 7),
		SCOPE(4, 0, 0xff, 0, 0),
	};
	const struct acpi_dmar *dmar = &fake_info.dmar;
	const struct acpi_drhd_scope *s;

	EXPECT_EQ(fake_parse("DMAR", 1, body, sizeof(body)), 0);
	EXPECT_EQ(dmar->nr_scopes, 4);
	EXPECT_EQ(dmar->scope[1].hops, 2);
	s = acpi_dmar_scope(dmar, ACPI_SCOPE_IOAPIC, 2);
	if (EXPECT_NE(s, NULL)) {
		EXPECT_EQ(s->drhd, 1);
		EXPECT_EQ(s->sid, 0xf0ff);
	}
	s = acpi_dmar_scope(dmar, ACPI_SCOPE_HPET, 0);
	EXPECT_TRUE(s && s->sid == 0xff00);
	EXPECT_EQ(acpi_dmar_scope(dmar, ACPI_SCOPE_IOAPIC, 0), NULL);
	EXPECT_EQ(acpi_dmar_unit_of(dmar, 0, 2 << 3 | 1), 0);
	EXPECT_EQ(acpi_dmar_unit_of(dmar, 0, 1 << 3), 1);
	EXPECT_EQ(acpi_dmar_unit_of(dmar, 1, 2 << 3 | 1), (u64)(s64)-ENODEV);
}

TEST(acpi, dmar_scopes_that_lie, DMAR_SCOPE)
{
	static const u8 past[] = {
		DMAR_HEAD(1), DRHD(1, 24, 0, 0xfed90000), 3, 9, 0, 0, 0, 0, 0, 0
	};
	static const u8 brief[] = {
		DMAR_HEAD(1), DRHD(1, 24, 0, 0xfed90000), 3, 7, 0, 0, 0, 0, 0, 0
	};
	static const u8 stump[] = { DMAR_HEAD(1), DRHD(1, 17, 0, 0xfed90000),
				    3 };

	EXPECT_EQ(fake_parse("DMAR", 1, past, sizeof(past)), 1);
	EXPECT_EQ(fake_info.dmar.nr_scopes, 0);
	EXPECT_EQ(fake_parse("DMAR", 1, brief, sizeof(brief)), 1);
	EXPECT_EQ(fake_info.dmar.nr_scopes, 0);
	EXPECT_EQ(fake_parse("DMAR", 1, stump, sizeof(stump)), 1);
	EXPECT_EQ(fake_info.dmar.nr_scopes, 0);
	EXPECT_EQ(fake_info.dmar.nr_drhds, 1);
}

TEST(acpi, dmar_more_scopes_than_room, DMAR_SCOPE)
{
	static u8 body[12 + 16 + 8 * (ACPI_MAX_DRHD_SCOPES + 1)];
	u32 len = sizeof(body) - 12;

	body[12 + 2] = (u8)len;
	body[12 + 3] = (u8)(len >> 8);
	body[12 + 9] = 0x10;
	for (size_t i = 28; i < sizeof(body); i += 8) {
		body[i] = ACPI_SCOPE_ENDPOINT;
		body[i + 1] = 8;
	}
	EXPECT_EQ(fake_parse("DMAR", 1, body, sizeof(body)), 1);
	EXPECT_EQ(fake_info.dmar.nr_scopes, ACPI_MAX_DRHD_SCOPES);
}

TEST(acpi, dmar_lengths_that_lie, DMAR)
{
	static const u8 zero[] = { DMAR_HEAD(1), LE16(0), LE16(0), 0, 0 };
	static const u8 past[] = { DMAR_HEAD(1), DRHD(1, 17, 0, 0xfed90000) };
	static const u8 nowhere[] = { DMAR_HEAD(1), DRHD(1, 16, 0, 0) };
	static const u8 brief[] = { DMAR_HEAD(1),
				    LE16(0),
				    LE16(8),
				    1,
				    0,
				    0,
				    0,
				    DRHD(1, 16, 0, 0xfed90000) };

	EXPECT_EQ(fake_parse("DMAR", 1, zero, sizeof(zero)), 1);
	EXPECT_TRUE(fake_info.dmar.present);
	EXPECT_EQ(fake_info.dmar.nr_drhds, 0);
	EXPECT_EQ(fake_parse("DMAR", 1, past, sizeof(past)), 1);
	EXPECT_EQ(fake_info.dmar.nr_drhds, 0);
	EXPECT_EQ(fake_parse("DMAR", 1, brief, sizeof(brief)), 1);
	EXPECT_EQ(fake_info.dmar.nr_drhds, 1);
	EXPECT_EQ(fake_parse("DMAR", 1, nowhere, sizeof(nowhere)), 1);
	EXPECT_EQ(fake_info.dmar.nr_drhds, 0);
	EXPECT_EQ(fake_parse("DMAR", 1, zero, 11), 1);
	EXPECT_FALSE(fake_info.dmar.present);
}

TEST(acpi, dmar_more_units_than_room, DMAR)
{
	static u8 body[12 + 16 * (ACPI_MAX_DRHD + 1)];

	for (size_t i = 12; i < sizeof(body); i += 16) {
		body[i + 2] = 16;
		body[i + 9] = 0x10;
	}
	EXPECT_EQ(fake_parse("DMAR", 1, body, sizeof(body)), 1);
	EXPECT_EQ(fake_info.dmar.nr_drhds, ACPI_MAX_DRHD);
}

/* What a parser returns when called by itself, complaint or not. */
TEST(acpi, parsers_return_their_verdict, "irqbed include/acpi/acpi.h")
{
	static const u8 zeros[80];
	static const u8 hpet[56] = { [44] = 1 };
	static const u8 spcr[80] = { [40] = 1, [45] = 3 };

	fake_reset();
	EXPECT_EQ(acpi_parse_hpet(hpet, 56, &fake_info), 0);
	EXPECT_EQ(acpi_parse_hpet(zeros, 56, &fake_info), FAIL);
	EXPECT_EQ(acpi_parse_spcr(spcr, 80, &fake_info), 0);
	EXPECT_EQ(acpi_parse_spcr(zeros, 80, &fake_info), 0);
	EXPECT_EQ(acpi_parse_spcr(zeros, 79, &fake_info), FAIL);
	EXPECT_EQ(acpi_parse_mcfg(zeros, 44, &fake_info), 0);
	EXPECT_EQ(acpi_parse_mcfg(zeros, 45, &fake_info), FAIL);
	EXPECT_EQ(acpi_parse_dmar(zeros, 48, &fake_info), 0);
	EXPECT_EQ(acpi_parse_dmar(zeros, 49, &fake_info), FAIL);
	EXPECT_EQ(acpi_parse_madt(zeros, 44, &fake_info), 0);
	EXPECT_EQ(acpi_parse_madt(zeros, 46, &fake_info), FAIL);
}
