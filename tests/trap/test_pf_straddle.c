// SPDX-License-Identifier: MIT
/*
 * #PF in the middle: accesses that lie in two pages, instructions that do,
 * strings, stacks and whole register images. What CR2 says, and what the
 * fault leaves as it was.
 *
 * Spec: SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "Program or Task
 *       Restart"; SDM 2 of each instruction; APM 2 "#PF-Page-Fault Exception
 *       (Vector 14)".
 */
#include <ktest/insn_pf.h>
#include <ktest/insn_user.h>
#include <lib/string.h>

#include "pf.h"

#define RULE	"SDM 3A Interrupt 14"
#define RESTART "SDM 3A Program or Task Restart"

static const struct sized {
	void (*read)(void *);
	void (*write)(void *);
	char *user_read, *user_write;
	u32 size;
} sized[] = {
	{ insn_pf_read2, insn_pf_write2, user_read2, user_write2, 2 },
	{ insn_pf_read4, insn_pf_write4, user_read4, user_write4, 4 },
	{ insn_pf_read8, insn_pf_write8, user_read8, user_write8, 8 },
	{ insn_pf_read16, insn_pf_write16, user_pf_read16, user_pf_write16,
	  16 },
};

static bool refused(void (*fn)(void *), u64 addr, u64 code, u64 cr2)
{
	const struct trap *got = EXPECT_FAULT(fn, addr, X86_TRAP_PF, code);

	if (got->nr == X86_TRAP_PF)
		EXPECT_EQ(got->cr2, cr2);
	if (!ktest_ok())
		ktest_note("the access is to 0x%llx", (unsigned long long)addr);
	return ktest_ok();
}

static bool user_refused(const char *insn, u64 addr, u64 code, u64 cr2)
{
	struct pt_regs *regs = user_regs((u64)insn);
	const struct trap *got;

	regs->di = addr;
	got = judge_user(
		PLACE("the access at CPL 3"), regs,
		WANT(X86_TRAP_PF, code | X86_PF_USER, insn, .fault = true));
	if (got->nr == X86_TRAP_PF)
		EXPECT_EQ(got->cr2, cr2);
	if (!ktest_ok())
		ktest_note("the access is to 0x%llx", (unsigned long long)addr);
	return ktest_ok();
}

/* At each distance from the end that makes it straddle. */
static bool straddling_size(const struct sized *s, bool write, bool from_absent,
			    u64 code)
{
	u64 err = code | (write ? X86_PF_WRITE : 0);

	for (u64 n = 1; n < s->size; n++) {
		u64 addr = SECOND - n;

		if (!refused(write ? s->write : s->read, addr, err,
			     from_absent ? addr : SECOND))
			return false;
	}
	return true;
}

/* Each size. */
static void straddling(bool write, bool from_absent, u64 code)
{
	for (u32 s = 0; s < ARRAY_SIZE(sized); s++) {
		if (!straddling_size(&sized[s], write, from_absent, code))
			return;
	}
}

TEST(pf, cr2_of_an_access_into_the_next_page, RULE)
{
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	straddling(false, false, 0);
	straddling(true, false, 0);
	refused(insn_pf_read8, SECOND, 0, SECOND);
	refused(insn_pf_read8, SECOND + 9, 0, SECOND + 9);
}

TEST(pf, cr2_of_an_access_from_an_absent_page, RULE)
{
	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	straddling(false, true, 0);
	straddling(true, true, 0);
}

/* Rights, too, are each page's own. */
TEST(pf, cr2_of_a_write_into_a_read_only_page, RULE)
{
	set_entry(PTE2, SECOND, _PAGE_RW, 0);
	straddling(true, false, X86_PF_PROT);
}

TEST(pf, cr2_of_a_user_access_into_the_next_page, RULE)
{
	set_entry(PTE1, FIRST, 0, _PAGE_USER);
	for (u32 s = 0; s < ARRAY_SIZE(sized); s++) {
		user_refused(sized[s].user_read, SECOND - 1, X86_PF_PROT,
			     SECOND);
		user_refused(sized[s].user_write, SECOND - 1,
			     X86_PF_PROT | X86_PF_WRITE, SECOND);
	}
}

/* Which page is looked at first is the CPU's affair. */
TEST(pf, straddling_access_with_both_pages_absent, RULE)
{
	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	for (u32 s = 0; s < ARRAY_SIZE(sized); s++) {
		const struct trap *got =
			EXPECT_FAULT(sized[s].read, SECOND - 1, X86_TRAP_PF, 0);

		if (got->cr2 != SECOND)
			EXPECT_EQ(got->cr2, SECOND - 1);
	}
}

/*
 * A fault can be restarted: no byte of either page may be written. SSE stores
 * may be several, of which the first is seen: up to eight bytes here.
 */
TEST(pf, straddling_write_that_faults_writes_nothing,
     RESTART "; SDM 3A Guaranteed Atomic Operations")
{
	u8 *end = (u8 *)pf.page + PAGE_SIZE;
	u32 written = 0;

	for (u32 absent = 0; absent < 2; absent++) {
		pf_put_back();
		set_entry(PTE2, SECOND, 0, _PAGE_PRESENT);
		set_entry(PTE1 + absent, FIRST + absent * PAGE_SIZE,
			  _PAGE_PRESENT, 0);
		memset(end - 16, 0x5a, 32);
		for (u32 s = 0; sized[s].size <= 8; s++)
			straddling_size(&sized[s], true, !absent, 0);
		for (int i = -16; i < 16; i++)
			written += end[i] != 0x5a;
	}
	EXPECT_EQ(written, 0);
}

/* Present and allowed on both sides, it is one access like others. */
TEST(pf, straddling_access_to_two_pages_is_done, RULE)
{
	u8 *end = (u8 *)pf.page + PAGE_SIZE;

	for (u64 n = 1; n < 8; n++) {
		memset(end - 16, 0, 32);
		EXPECT_RETURNS(insn_pf_write8, SECOND - n);
		for (int i = -16; i < 16; i++)
			EXPECT_EQ(end[i],
				  i >= -(int)n && i < 8 - (int)n ? 0xff : 0);
	}
}

/* MOV $imm64, %rax, n of its ten bytes in the first page; then the way back. */
static u64 put_code(u32 n, bool user)
{
	u8 *code = (u8 *)pf.page + PAGE_SIZE - n;

	memset(code, 0, 10);
	code[0] = 0x48;
	code[1] = 0xb8;
	code[10] = user ? 0xcd : 0xc3;
	code[11] = 0x80;
	/* Written at another address than it is fetched from: serialize. */
	invlpg(SECOND);
	return SECOND - n;
}

static void fetches(u64 user_bit, u64 clear, u64 set, u64 code)
{
	set_entry(PTE1, FIRST, _PAGE_NX, user_bit);
	set_entry(PTE2, SECOND, _PAGE_NX | clear, (user_bit & ~clear) | set);
	for (u32 n = 1; n < 10 && ktest_ok(); n++) {
		u64 at = put_code(n, user_bit);
		const struct trap *got;

		if (user_bit)
			got = judge_user(
				PLACE("a jump at CPL 3"), user_regs(at),
				WANT(X86_TRAP_PF, code, at, .fault = true));
		else
			got = EXPECT_FAULT_AT(insn_mem_fetch, at, X86_TRAP_PF,
					      code, at);
		EXPECT_EQ(got->cr2, SECOND);
	}
}

TEST(pf, instruction_that_ends_in_an_absent_page, RULE)
{
	fetches(0, _PAGE_PRESENT, 0, X86_PF_INSTR);
	fetches(_PAGE_USER, _PAGE_PRESENT, 0, X86_PF_INSTR | X86_PF_USER);
}

TEST(pf, instruction_that_ends_in_a_page_without_code, RULE)
{
	fetches(0, 0, _PAGE_NX, X86_PF_INSTR | X86_PF_PROT);
	fetches(_PAGE_USER, 0, _PAGE_NX,
		X86_PF_INSTR | X86_PF_PROT | X86_PF_USER);
}

TEST(pf, user_instruction_that_ends_in_a_supervisor_page, RULE)
{
	fetches(_PAGE_USER, _PAGE_USER, 0,
		X86_PF_INSTR | X86_PF_PROT | X86_PF_USER);
}

/* The fetch asks for no byte beyond the instruction. */
TEST(pf, instruction_that_ends_with_its_page, RULE)
{
	((u8 *)pf.page)[PAGE_SIZE - 1] = 0xc3;
	set_entry(PTE1, FIRST, _PAGE_NX, 0);
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	EXPECT_RETURNS(insn_mem_fetch, SECOND - 1);
}

TEST(pf, instruction_across_two_pages_runs, RULE)
{
	set_entry(PTE1, FIRST, _PAGE_NX, 0);
	set_entry(PTE2, SECOND, _PAGE_NX, 0);
	for (u32 n = 1; n < 11; n++)
		EXPECT_RETURNS(insn_mem_fetch, put_code(n, false));
}

/* The page within which the CPU first notices: its order is its own. */
static void image_refused(void (*fn)(void *), const char *at, u64 addr,
			  u64 code)
{
	struct trap got = catch_trap(fn, (void *)addr);

	if (!EXPECT_TRAP(got, X86_TRAP_PF))
		return;
	EXPECT_EQ(got.error_code, code);
	EXPECT_EQ(ALIGN_DOWN(got.cr2, PAGE_SIZE), SECOND);
	EXPECT_EQ(got.ip, at);
	EXPECT_EQ(got.flags & X86_EFLAGS_RF, X86_EFLAGS_RF);
}

TEST(pf, fxsave_and_fxrstor_across_a_page_end, "SDM 2A FXSAVE")
{
	u64 at = SECOND - 256;

	EXPECT_RETURNS(insn_pf_fxsave, at);
	set_entry(PTE2, SECOND, _PAGE_RW, 0);
	image_refused(insn_pf_fxsave, insn_pf_fxsave_at, at,
		      X86_PF_PROT | X86_PF_WRITE);
	EXPECT_RETURNS(insn_pf_fxrstor, at);
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	image_refused(insn_pf_fxsave, insn_pf_fxsave_at, at, X86_PF_WRITE);
	image_refused(insn_pf_fxrstor, insn_pf_fxrstor_at, at, 0);
}

/* The header lies behind the first 512 bytes. */
TEST(pf, xsave_and_xrstor_across_a_page_end, "SDM 2D XSAVE")
{
	u64 at = SECOND - 512;

	if (!cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no XSAVE");
	memset((void *)pf.page, 0, 2 * PAGE_SIZE);
	EXPECT_RETURNS(insn_pf_xsave, at);
	set_entry(PTE2, SECOND, _PAGE_RW, 0);
	image_refused(insn_pf_xsave, insn_pf_xsave_at, at,
		      X86_PF_PROT | X86_PF_WRITE);
	EXPECT_RETURNS(insn_pf_xrstor, at);
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	image_refused(insn_pf_xrstor, insn_pf_xrstor_at, at, 0);
}
