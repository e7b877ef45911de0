// SPDX-License-Identifier: MIT
/*
 * The reference model of page faults against the manuals' own sentences, each
 * as a row that was written by hand: the judge is judged first.
 */
#include "pf_model.h"

#include <asm/pgtable.h>
#include <ktest/ktest.h>

#define RULE "SDM 3A Page-Fault Exceptions"

#define P   _PAGE_PRESENT
#define W   _PAGE_RW
#define U   _PAGE_USER
#define NX  _PAGE_NX
#define PS  _PAGE_PSE
#define ALL (P | W | U)
#define KEY _PAGE_PKEY(3)
#define AD  (1u << 6)
#define WD  (2u << 6)

#define NONE (~0ull) /* no fault */

enum on { WP = 1, NXE = 2, SMEP = 4, SMAP = 8, PKE = 16, PKS = 32, AMD = 64 };

struct row {
	u32 on;
	enum pf_access access;
	char who; /* 'k' CPL 0, 'a' CPL 0 with AC, 'u' CPL 3, 'i' implicit */
	u64 pml4e, pdpte, pde, pte;
	u32 key_rights;
	u64 want;
	u64 open;
};

static void judge_row(const struct row *row)
{
	struct pf_mode mode = {
		.wp = row->on & WP,
		.nxe = row->on & NXE,
		.smep = row->on & SMEP,
		.smap = row->on & SMAP,
		.pke = row->on & PKE,
		.pks = row->on & PKS,
		.amd = row->on & AMD,
		.gbpages = true,
		.maxphyaddr = 40,
		.pkru = row->key_rights,
		.pkrs = row->key_rights,
	};
	struct pf_ask ask = {
		.access = row->access,
		.cpl3 = row->who == 'u' || row->who == 'i',
		.implicit = row->who == 'i',
		.ac = row->who == 'a' || row->who == 'i',
		.levels = 4,
		.entry = { row->pml4e, row->pdpte, row->pde, row->pte },
	};
	struct pf_answer a = pf_model(&mode, &ask);

	EXPECT_EQ(a.fault ? a.code : NONE, row->want);
	EXPECT_EQ(a.open, row->open);
}

static void judge_rows(const struct row *row, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		judge_row(&row[i]);
		if (!ktest_ok())
			return ktest_note("row %u", i);
	}
}

#define JUDGE(...)                                                \
	do {                                                      \
		static const struct row rows[] = { __VA_ARGS__ }; \
		judge_rows(rows, ARRAY_SIZE(rows));               \
	} while (0)

/* clang-format off */
TEST(pf_model, data_rights, "SDM 3A Determination of Access Rights")
{
	JUDGE(
	{ 0, PF_READ, 'k', ALL, ALL, ALL, P, 0, NONE, 0 },
	{ 0, PF_WRITE, 'k', ALL, ALL, ALL, P, 0, NONE, 0 },
	{ WP, PF_WRITE, 'k', ALL, ALL, ALL, P, 0, 0x3, 0 },
	{ WP, PF_WRITE, 'k', P | U, ALL, ALL, P | W, 0, 0x3, 0 },
	{ 0, PF_READ, 'u', ALL, ALL, ALL, P | W, 0, 0x5, 0 },
	{ 0, PF_READ, 'u', ALL, P | W, ALL, ALL, 0, 0x5, 0 },
	{ 0, PF_WRITE, 'u', ALL, ALL, ALL, P | U, 0, 0x7, 0 },
	{ SMAP, PF_READ, 'k', ALL, ALL, ALL, ALL, 0, 0x1, 0 },
	{ SMAP, PF_READ, 'k', ALL, ALL, P | W, ALL, 0, NONE, 0 },
	{ SMAP, PF_WRITE, 'a', ALL, ALL, ALL, ALL, 0, NONE, 0 },
	{ SMAP, PF_WRITE, 'i', ALL, ALL, ALL, ALL, 0, 0x3, 0 },
	{ 0, PF_WRITE, 'i', ALL, ALL, ALL, P, 0, NONE, 0 },
	{ WP, PF_WRITE, 'i', ALL, ALL, ALL, P, 0, 0x3, 0 });
}

TEST(pf_model, fetch_rights, "SDM 3A Determination of Access Rights")
{
	JUDGE(
	{ NXE, PF_FETCH, 'k', ALL, ALL, ALL, P, 0, NONE, 0 },
	{ NXE, PF_FETCH, 'k', ALL | NX, ALL, ALL, P, 0, 0x11, 0 },
	{ NXE, PF_FETCH, 'u', ALL, ALL, ALL | NX, ALL, 0, 0x15, 0 },
	{ NXE, PF_FETCH, 'u', ALL, ALL, ALL, P, 0, 0x15, 0 },
	{ NXE | SMEP, PF_FETCH, 'k', ALL, ALL, ALL, ALL, 0, 0x11, 0 },
	{ NXE | SMEP, PF_FETCH, 'a', ALL, ALL, ALL, ALL, 0, 0x11, 0 },
	{ NXE | SMEP | SMAP, PF_FETCH, 'u', ALL, ALL, ALL, ALL, 0, NONE, 0 },
	{ SMEP, PF_FETCH, 'k', ALL, ALL, ALL, ALL, 0, 0x11, 0 },
	{ SMEP | AMD, PF_FETCH, 'k', ALL, ALL, ALL, ALL, 0, 0x11, 0x10 },
	{ 0, PF_FETCH, 'u', ALL, ALL, ALL, P, 0, 0x5, 0 });
}

TEST(pf_model, absent_and_reserved, RULE)
{
	JUDGE(
	{ NXE, PF_READ, 'k', 0, BIT(45), BIT(45), BIT(45), 0, 0x0, 0 },
	{ NXE, PF_WRITE, 'u', ALL, ALL, ALL, BIT(45), 0, 0x6, 0 },
	{ NXE, PF_FETCH, 'k', ALL, ALL, 0, 0, 0, 0x10, 0 },
	{ NXE, PF_READ, 'k', ALL, ALL, ALL, P | BIT(40), 0, 0x9, 0 },
	{ NXE, PF_READ, 'k', ALL, ALL, ALL, P | BIT(39), 0, NONE, 0 },
	{ NXE, PF_READ, 'k', ALL, ALL, ALL, P | BIT(52), 0, NONE, 0 },
	{ NXE, PF_WRITE, 'u', ALL | PS, ALL, ALL, P, 0, 0xf, 0 },
	{ NXE, PF_READ, 'k', ALL, P | PS | BIT(29), 0, 0, 0, 0x9, 0 },
	{ NXE, PF_READ, 'k', ALL, P | PS | BIT(12), 0, 0, 0, NONE, 0 },
	{ NXE, PF_READ, 'k', ALL, ALL, P | PS | BIT(20), 0, 0, 0x9, 0 },
	{ NXE, PF_READ, 'k', ALL, ALL, P | PS | BIT(21), 0, 0, NONE, 0 },
	{ 0, PF_READ, 'k', ALL, ALL, ALL, P | NX, 0, 0x9, 0 },
	{ 0, PF_FETCH, 'k', ALL | NX, ALL, ALL, P, 0, 0x9, 0 });
}

TEST(pf_model, protection_keys, "SDM 3A Protection Keys")
{
	JUDGE(
	{ 0, PF_READ, 'u', ALL, ALL, ALL, ALL | KEY, AD, NONE, 0 },
	{ PKE, PF_READ, 'u', ALL, ALL, ALL, ALL | KEY, AD, 0x25, 0 },
	{ PKE, PF_READ, 'u', ALL, ALL, ALL, ALL, AD, NONE, 0 },
	{ PKE, PF_READ, 'u', ALL | KEY, ALL, ALL, ALL, AD, NONE, 0 },
	{ PKE, PF_READ, 'k', ALL, ALL, ALL, ALL | KEY, AD, 0x21, 0 },
	{ PKE, PF_READ, 'k', ALL, ALL, ALL, P | W | KEY, AD, NONE, 0 },
	{ PKS, PF_READ, 'k', ALL, ALL, ALL, P | W | KEY, AD, 0x21, 0 },
	{ PKS, PF_READ, 'k', ALL, ALL, ALL, ALL | KEY, AD, NONE, 0 },
	{ PKE, PF_READ, 'u', ALL, ALL, ALL, ALL | KEY, WD, NONE, 0 },
	{ PKE, PF_WRITE, 'u', ALL, ALL, ALL, ALL | KEY, WD, 0x27, 0 },
	{ PKE, PF_WRITE, 'k', ALL, ALL, ALL, ALL | KEY, WD, NONE, 0 },
	{ PKE | WP, PF_WRITE, 'k', ALL, ALL, ALL, ALL | KEY, WD, 0x23, 0 },
	{ PKE, PF_FETCH, 'u', ALL, ALL, ALL, ALL | KEY, AD, NONE, 0 },
	{ PKE, PF_READ, 'u', ALL, P | U | PS | KEY, 0, 0, AD, 0x25, 0 },
	/* Two reasons at once: both are told; the APM says of neither. */
	{ PKE, PF_WRITE, 'u', ALL, ALL, ALL, P | U | KEY, AD, 0x27, 0 },
	{ PKE | AMD, PF_WRITE, 'u', ALL, ALL, ALL, P | U | KEY, AD, 0x27, 0x20 },
	{ PKS, PF_READ, 'u', ALL, ALL, ALL, P | W | KEY, AD, 0x25, 0x20 });
}
/* clang-format on */
