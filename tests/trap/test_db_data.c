// SPDX-License-Identifier: MIT
/*
 * #DB by data and I/O breakpoint: which accesses meet one. Every size of
 * access against every length, at each place where the answer changes.
 *
 * Spec: SDM 3B "Breakpoint Field Recognition", "Data Memory and I/O
 *       Breakpoint Exception Conditions"; APM 2 "Data-Access Breakpoints".
 */
#include <mm/page_alloc.h>
#include <mm/paging.h>

#include "db.h"
#include "nmi.h"

#define FIELDS	 "SDM 3B Breakpoint Field Recognition"
#define DATA	 "SDM 3B Data Memory and I/O Breakpoint Exception Conditions"
#define IO_PORT	 0x84 /* DMA page registers, as 0x80: nobody uses them */
#define OTHER_VA 0x0000530000000000ull

struct access {
	const char *name, *insn, *at;
	u32 size;
	bool write;
};

#define ACCESS(n, s, w)                                   \
	{                                                 \
#n, insn_one_##n, insn_one_##n##_at, s, w \
	}

static const struct access memory[] = {
	ACCESS(store1, 1, true),   ACCESS(store2, 2, true),
	ACCESS(store4, 4, true),   ACCESS(store8, 8, true),
	ACCESS(store16, 16, true), ACCESS(load1, 1, false),
	ACCESS(load2, 2, false),   ACCESS(load4, 4, false),
	ACCESS(load8, 8, false),   ACCESS(load16, 16, false),
	ACCESS(rmw, 1, true),
};

static const struct access ports[] = {
	ACCESS(in1, 1, false), ACCESS(in2, 2, false), ACCESS(in4, 4, false),
	ACCESS(out1, 1, true), ACCESS(out2, 2, true), ACCESS(out4, 4, true),
};

static const struct {
	u32 field, bytes;
} lens[] = {
	{ DR_LEN_1, 1 }, { DR_LEN_2, 2 }, { DR_LEN_4, 4 }, { DR_LEN_8, 8 }
};

/* Breakpoint n was met once, and said so behind the access; or not at all. */
static bool expect_met(bool met, u32 n, const void *at)
{
	bool ok = EXPECT_EQ(db.n, met);

	if (met && db.n) {
		ok &= EXPECT_EQ(db.at[0].ip, at);
		ok &= EXPECT_EQ(db.at[0].dr6, DR6_RESERVED | DR_TRAP0 << n);
		ok &= EXPECT_EQ(db.at[0].flags & ~(u64)X86_EFLAGS_STATUS,
				X86_EFLAGS_FIXED);
	}
	return ok;
}

static void access_at(const struct access *a, u32 rw, u32 l, int off)
{
	static u32 turn; /* all four registers take part */
	bool overlap = off + (int)a->size > 0 && off < (int)lens[l].bytes;
	struct pt_regs *regs = db_begin(a->insn);
	u32 n = turn++ % 4;
	bool met;

	if (rw == DR_RW_IO)
		regs->dx = IO_PORT + (u64)off;
	else
		regs->di += (u64)off;
	met = overlap && (rw != DR_RW_WRITE || a->write);
	regs->ax = 0;
	db_break(n, rw == DR_RW_IO ? (void *)IO_PORT : &db_mem[64], rw,
		 lens[l].field);
	db_run();
	db.at[0].flags &= ~(u64)(X86_EFLAGS_ZF | X86_EFLAGS_PF | X86_EFLAGS_AF |
				 X86_EFLAGS_SF | X86_EFLAGS_CF);
	if (!expect_met(met, n, a->at))
		ktest_note("%s at %d, length %u", a->name, off, lens[l].bytes);
}

/* On both edges, one byte beyond them, and at the start. */
static void overlaps(const struct access *a, u32 rw, u32 l)
{
	int size = (int)a->size, len = (int)lens[l].bytes;
	int off[] = { -size, 1 - size, 0, len - 1, len };

	for (u32 i = 0; i < ARRAY_SIZE(off) && ktest_ok(); i++)
		access_at(a, rw, l, off[i]);
}

TEST(db, a_write_breakpoint_is_met_by_each_write_that_overlaps, FIELDS)
{
	for (u32 i = 0; i < ARRAY_SIZE(memory); i++) {
		for (u32 l = 0; l < ARRAY_SIZE(lens); l++)
			overlaps(&memory[i], DR_RW_WRITE, l);
	}
}

TEST(db, an_access_breakpoint_is_met_by_each_access_that_overlaps, FIELDS)
{
	for (u32 i = 0; i < ARRAY_SIZE(memory); i++) {
		for (u32 l = 0; l < ARRAY_SIZE(lens); l++)
			overlaps(&memory[i], DR_RW_READWRITE, l);
	}
}

TEST(db, an_io_breakpoint_is_met_by_each_in_and_out_that_overlaps, FIELDS)
{
	for (u32 i = 0; i < ARRAY_SIZE(ports); i++) {
		for (u32 l = 0; l < 3; l++)
			overlaps(&ports[i], DR_RW_IO, l);
	}
}

/* insn with breakpoint 0 as given is met, or not. */
static void one(const char *insn, const char *at, const void *addr, u32 rw,
		bool met)
{
	db_begin(insn);
	db_break(0, addr, rw, DR_LEN_1);
	db_run();
	expect_met(met, 0, at);
}

#define ONE(name, addr, rw, met) \
	one(insn_one_##name, insn_one_##name##_at, addr, rw, met)

TEST(db, an_io_breakpoint_is_met_by_string_io, DATA)
{
	ONE(outs, (void *)0x80, DR_RW_IO, true);
	ONE(ins, (void *)0x80, DR_RW_IO, true);
}

/* Memory at the address of a port, and the other way. */
TEST(db, an_io_breakpoint_is_not_met_by_memory, DATA)
{
	ONE(store1, &db_mem[64], DR_RW_IO, false);
	ONE(out, (void *)0x80, DR_RW_READWRITE, false);
}

TEST(db, a_string_move_meets_at_its_source_and_its_destination, DATA)
{
	ONE(movs, &db_mem[0], DR_RW_READWRITE, true);
	ONE(movs, &db_mem[64], DR_RW_WRITE, true);
	ONE(movs, &db_mem[0], DR_RW_WRITE, false);
}

TEST(db, a_push_meets_on_the_stack_and_at_its_source, DATA)
{
	struct pt_regs *regs = db_begin(insn_one_push);

	db_break(0, (void *)(regs->sp - 8), DR_RW_WRITE, DR_LEN_8);
	db_run();
	expect_met(true, 0, insn_one_push_at);
	ONE(push_mem, &db_mem[64], DR_RW_READWRITE, true);
}

/* They name an address and do not access it. */
TEST(db, lea_and_invlpg_meet_nothing, DATA)
{
	ONE(lea, &db_mem[64], DR_RW_READWRITE, false);
	ONE(invlpg, &db_mem[64], DR_RW_READWRITE, false);
}

TEST(db, an_instruction_breakpoint_is_not_met_by_data, DATA)
{
	ONE(load1, &db_mem[64], DR_RW_EXECUTE, false);
	ONE(store1, &db_mem[64], DR_RW_EXECUTE, false);
}

/* LE and GE: exactness is not a choice any more. */
TEST(db, le_and_ge_change_nothing, "SDM 3B DR7: LE and GE")
{
	db_begin(insn_one_store1);
	db_dr7(DR7_LE | DR7_GE);
	db_break(2, &db_mem[64], DR_RW_WRITE, DR_LEN_1);
	db_run();
	expect_met(true, 2, insn_one_store1_at);
	db_begin(insn_one_store1);
	db_dr7(DR7_LE | DR7_GE);
	db_run();
	expect_met(false, 0, NULL);
}

/* Two pages side by side; a store across is met on either. */
TEST(db, an_access_across_a_page_meets_on_both_sides, FIELDS)
{
	u64 page = alloc_pages(2);

	if (!EXPECT_NE(page, 0))
		return;
	for (int off = -1; off <= 0; off++) {
		struct pt_regs *regs = db_begin(insn_one_store8);

		regs->di = page + PAGE_SIZE - 4;
		db_break(0, (char *)page + PAGE_SIZE + off, DR_RW_WRITE,
			 DR_LEN_1);
		db_run();
		expect_met(true, 0, insn_one_store8_at);
	}
	free_pages(page, 2);
}

/* Linear addresses are compared: an alias of the page is another one. */
TEST(db, an_alias_of_the_page_does_not_meet, "SDM 3B Debug Address Registers")
{
	u64 page = alloc_pages(1);
	struct pt_regs *regs;

	if (!EXPECT_NE(page, 0))
		return;
	EXPECT_EQ(map_range(OTHER_VA, page, PAGE_SIZE, PAGE_KERNEL), 0);
	for (u32 alias = 0; alias < 2; alias++) {
		regs = db_begin(insn_one_store1);
		regs->di = alias ? OTHER_VA : page;
		db_break(0, (void *)page, DR_RW_WRITE, DR_LEN_1);
		db_run();
		expect_met(!alias, 0, insn_one_store1_at);
	}
	unmap_range(OTHER_VA, PAGE_SIZE);
	free_pages(page, 1);
}

/*
 * The trap follows the iteration that met it, or a later one: a CPU may do
 * many at once. Never an earlier one.
 */
TEST(db, a_rep_meets_at_or_behind_its_iteration, DATA)
{
	struct pt_regs *regs = db_begin(insn_one_rep_stos);

	regs->cx = 4;
	db_break(0, &db_mem[66], DR_RW_WRITE, DR_LEN_1);
	db_run();
	EXPECT_EQ(db.n, 1);
	EXPECT_EQ(db.at[0].dr6, DR6_RESERVED | DR_TRAP0);
	EXPECT_LE(db.at[0].cx, 1);
	EXPECT_EQ(db.at[0].ip,
		  db.at[0].cx ? insn_one_rep_stos : insn_one_rep_stos_at);
}
