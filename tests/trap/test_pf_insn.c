// SPDX-License-Identifier: MIT
/*
 * #PF of instructions that do more than one access, or none: read and write,
 * strings, pushes and pops. A fault leaves every register as it was, or, in a
 * string, as the last whole iteration left it.
 *
 * Spec: SDM 2 of each instruction; SDM 3A "Program or Task Restart"; APM 3.
 */
#include <ktest/insn_pf.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "pf.h"

#define RULE	"SDM 3A Interrupt 14"
#define RESTART "SDM 3A Program or Task Restart"
#define STRINGS "SDM 2B REP/REPE/REPZ/REPNE/REPNZ"

/* fn faults at its access, all else as judge.h has it. */
static void refused(const char *name, void (*fn)(void *), const char *at,
		    u64 addr, u64 code)
{
	const struct trap *got =
		judge(PLACE(name), fn, (void *)addr,
		      WANT(X86_TRAP_PF, code, at, .fault = true));

	if (got->nr == X86_TRAP_PF)
		EXPECT_EQ(got->cr2, addr);
}

#define REFUSED(insn, addr, code) \
	refused(#insn, insn_##insn, insn_##insn##_at, addr, code)

TEST(pf, read_and_write_of_a_read_only_page_is_a_write, RULE)
{
	set_entry(PTE1, FIRST, _PAGE_RW, 0);
	REFUSED(pf_add, FIRST, X86_PF_PROT | X86_PF_WRITE);
	REFUSED(pf_lock_add, FIRST, X86_PF_PROT | X86_PF_WRITE);
	REFUSED(pf_inc, FIRST, X86_PF_PROT | X86_PF_WRITE);
	REFUSED(pf_bts, FIRST, X86_PF_PROT | X86_PF_WRITE);
	REFUSED(pf_xchg, FIRST, X86_PF_PROT | X86_PF_WRITE);
	REFUSED(pf_xadd, FIRST, X86_PF_PROT | X86_PF_WRITE);
}

/* The destination receives a write cycle whatever the comparison says. */
TEST(pf, comparison_that_fails_is_a_write_all_the_same, "SDM 2A CMPXCHG")
{
	set_entry(PTE1, FIRST, _PAGE_RW, 0);
	REFUSED(pf_cmpxchg, FIRST, X86_PF_PROT | X86_PF_WRITE);
	REFUSED(pf_lock_cmpxchg, FIRST, X86_PF_PROT | X86_PF_WRITE);
	REFUSED(pf_cmpxchg8b, FIRST, X86_PF_PROT | X86_PF_WRITE);
	if (cpu_has(X86_FEATURE_CX16))
		REFUSED(pf_cmpxchg16b, FIRST, X86_PF_PROT | X86_PF_WRITE);
}

TEST(pf, instructions_that_access_nothing_do_not_fault, RULE)
{
	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	EXPECT_RETURNS(insn_pf_lea, FIRST);
	EXPECT_RETURNS(insn_pf_nop, FIRST);
	EXPECT_RETURNS(insn_pf_prefetch, FIRST);
	EXPECT_RETURNS(insn_pf_prefetchw, FIRST);
	EXPECT_RETURNS(insn_pf_invlpg, FIRST);
}

/* For rights it is a read. */
TEST(pf, clflush_of_an_absent_page_is_a_read, "SDM 2A CLFLUSH")
{
	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	REFUSED(pf_clflush, FIRST, 0);
}

/* A string instruction, how far each iteration goes, and what it leads. */
struct string {
	const char *name;
	void (*fn)(void *);
	const char *at;
	u32 size;
	bool si, di;
	u64 code;
};

/* clang-format off */
#define STRING(n, ...) { #n, insn_##n, insn_##n##_at, __VA_ARGS__ }
/* clang-format on */

static u64 other[16]; /* the operand that does not fault */

/*
 * Five iterations more than fit before SECOND, which is absent; the last that
 * fits ends part bytes before it. The operand picked by which crosses.
 */
static void stops(const struct string *s, bool by_si, u64 part)
{
	u32 fit = (32 - (u32)part) / s->size;
	u64 from = SECOND - part - fit * s->size;
	struct string_regs regs = { (u64)other, (u64)other, fit + 5 };
	struct trap got;

	*(by_si ? &regs.si : &regs.di) = from;
	got = catch_trap(s->fn, &regs);
	if (EXPECT_TRAP(got, X86_TRAP_PF)) {
		u64 done = (u64)fit * s->size;

		EXPECT_EQ(got.error_code, by_si ? 0 : s->code);
		EXPECT_EQ(got.cr2, SECOND);
		EXPECT_EQ(got.ip, s->at);
		EXPECT_EQ(got.flags & X86_EFLAGS_RF, X86_EFLAGS_RF);
		EXPECT_EQ(got.regs.cx, 5);
		EXPECT_EQ(got.regs.si, regs.si + (s->si ? done : 0));
		EXPECT_EQ(got.regs.di, regs.di + (s->di ? done : 0));
	}
	if (!ktest_ok())
		ktest_note("%s, %llu bytes of the last in the page", s->name,
			   (unsigned long long)part);
}

static const struct string strings[] = {
	STRING(pf_rep_movsb, 1, true, true, X86_PF_WRITE),
	STRING(pf_rep_movsq, 8, true, true, X86_PF_WRITE),
	STRING(pf_rep_stosb, 1, false, true, X86_PF_WRITE),
	STRING(pf_rep_stosq, 8, false, true, X86_PF_WRITE),
	STRING(pf_rep_lodsb, 1, true, false, 0),
	STRING(pf_rep_scasb, 1, false, true, 0),
	STRING(pf_rep_cmpsb, 1, true, true, 0),
};

TEST(pf, string_stops_where_its_destination_ends, STRINGS)
{
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	memset((u8 *)pf.page + PAGE_SIZE - 64, 0, 64);
	for (u32 i = 0; i < ARRAY_SIZE(strings) && ktest_ok(); i++) {
		if (strings[i].di)
			stops(&strings[i], false, 0);
	}
}

TEST(pf, string_stops_where_its_source_ends, STRINGS)
{
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	memset((u8 *)pf.page + PAGE_SIZE - 64, 0, 64);
	for (u32 i = 0; i < ARRAY_SIZE(strings) && ktest_ok(); i++) {
		if (strings[i].si)
			stops(&strings[i], true, 0);
	}
}

/* An element across the page's end belongs to no whole iteration. */
TEST(pf, string_stops_before_an_element_that_straddles, STRINGS)
{
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	for (u64 part = 1; part < 8 && ktest_ok(); part++) {
		stops(&strings[1], false, part);
		stops(&strings[1], true, part);
		stops(&strings[3], false, part);
	}
}

TEST(pf, string_going_down_stops_at_the_page_below, STRINGS)
{
	struct string_regs regs = { (u64)other + 15, SECOND + 3, 9 };
	struct trap got;

	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	got = catch_trap(insn_pf_rep_movsb_down, &regs);
	if (!EXPECT_TRAP(got, X86_TRAP_PF))
		return;
	EXPECT_EQ(got.error_code, X86_PF_WRITE);
	EXPECT_EQ(got.cr2, SECOND - 1);
	EXPECT_EQ(got.regs.cx, 5);
	EXPECT_EQ(got.regs.si, (u64)other + 11);
	EXPECT_EQ(got.regs.di, SECOND - 1);
	EXPECT_EQ(got.flags & X86_EFLAGS_DF, X86_EFLAGS_DF);
	EXPECT_EQ(got.handler_flags & X86_EFLAGS_DF, 0);
}

TEST(pf, string_of_no_iteration_accesses_nothing, STRINGS)
{
	struct string_regs regs = { FIRST, FIRST, 0 };

	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	EXPECT_RETURNS(insn_pf_rep_movsb, &regs);
	EXPECT_RETURNS(insn_pf_rep_stosq, &regs);
	EXPECT_RETURNS(insn_pf_rep_lodsb, &regs);
}

static u32 mapped;

static bool map_second(struct pt_regs *regs, void *data)
{
	set_entry(PTE2, SECOND, 0, _PAGE_PRESENT);
	return ++mapped == 1; /* a second fault is the case's */
}

/* The handler maps the page; the string ends as if nothing had been. */
TEST(pf, string_goes_on_where_it_faulted, RESTART)
{
	struct string_regs regs = { (u64)other, SECOND - 40, sizeof(other) };
	u8 *to = (u8 *)pf.page + PAGE_SIZE - 40;

	for (u32 i = 0; i < sizeof(other); i++)
		((u8 *)other)[i] = (u8)(i + 1);
	mapped = 0;
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	trap_hook(X86_TRAP_PF, map_second, NULL);
	EXPECT_RETURNS(insn_pf_rep_movsb, &regs);
	trap_hook(X86_TRAP_PF, NULL, NULL);
	EXPECT_EQ(mapped, 1);
	EXPECT_EQ(memcmp(to, other, sizeof(other)), 0);
	EXPECT_EQ(to[sizeof(other)], 0);
	memset(other, 0, sizeof(other));
}

/* insn at CPL 3 with its stack pointer at sp; registers stay. */
static void stack_refused(const char *insn, u64 sp, u64 code, u64 cr2)
{
	struct pt_regs *regs = user_regs((u64)insn);
	const struct trap *got;

	regs->sp = sp;
	regs->bp = SECOND;
	regs->di = SECOND + 64;
	regs->ax = 0x1122334455667788;
	got = judge_user(
		PLACE("the instruction at CPL 3"), regs,
		WANT(X86_TRAP_PF, code | X86_PF_USER, insn, .fault = true));
	if (got->nr != X86_TRAP_PF)
		return ktest_note("it is the one at user_pf_push + 0x%llx",
				  (unsigned long long)(insn - user_pf_push));
	EXPECT_EQ(got->cr2, cr2);
	EXPECT_EQ(got->regs.bp, regs->bp);
	EXPECT_EQ(got->regs.di, regs->di);
	EXPECT_EQ(got->regs.ax, regs->ax);
}

static void user_pages(u64 *absent, u64 va)
{
	set_entry(PTE1, FIRST, 0, _PAGE_USER);
	set_entry(PTE2, SECOND, 0, _PAGE_USER);
	set_entry(absent, va, _PAGE_PRESENT, 0);
}

TEST(pf, push_into_an_absent_page_leaves_rsp, RESTART)
{
	const char *const insn[] = { user_pf_push,  user_pf_push_imm,
				     user_pf_pushf, user_pf_push_mem,
				     user_pf_call,  user_pf_call_mem,
				     user_pf_enter };

	user_pages(PTE1, FIRST);
	for (u32 i = 0; i < ARRAY_SIZE(insn) && ktest_ok(); i++)
		stack_refused(insn[i], SECOND, X86_PF_WRITE, SECOND - 8);
}

TEST(pf, push_across_a_page_end_leaves_rsp, RESTART)
{
	user_pages(PTE1, FIRST);
	stack_refused(user_pf_push, SECOND + 4, X86_PF_WRITE, SECOND - 4);
	user_pages(PTE2, SECOND);
	set_entry(PTE1, FIRST, 0, _PAGE_PRESENT);
	stack_refused(user_pf_push, SECOND + 4, X86_PF_WRITE, SECOND);
}

TEST(pf, pop_from_an_absent_page_leaves_rsp, RESTART)
{
	const char *const insn[] = { user_pf_pop, user_pf_popf, user_pf_ret };

	user_pages(PTE2, SECOND);
	for (u32 i = 0; i < ARRAY_SIZE(insn) && ktest_ok(); i++)
		stack_refused(insn[i], SECOND, 0, SECOND);
	/* LEAVE: RSP is RBP only once the pop is done. */
	stack_refused(user_pf_leave, FIRST + 0x800, 0, SECOND);
}

TEST(pf, pop_to_and_push_of_an_absent_page_leave_rsp, RESTART)
{
	user_pages(PTE2, SECOND);
	stack_refused(user_pf_pop_mem, FIRST + 0x800, X86_PF_WRITE,
		      SECOND + 64);
	stack_refused(user_pf_push_mem, FIRST + 0x800, 0, SECOND + 64);
	stack_refused(user_pf_call_mem, FIRST + 0x800, 0, SECOND + 64);
}

/*
 * ENTER tries a write at the RSP it would leave, says the SDM; the APM leaves
 * it open.
 */
TEST(pf, enter_tries_its_last_stack_pointer, "SDM 2A ENTER")
{
	struct pt_regs *regs = user_regs((u64)user_pf_enter_far);
	struct trap got;

	user_pages(PTE1, FIRST);
	regs->sp = SECOND + 0x100;
	regs->bp = SECOND;
	got = catch_user(regs);
	if (got.nr == 0x80 && boot_cpu_data.vendor != VENDOR_INTEL)
		return (void)EXPECT_EQ(got.sp, SECOND + 0xf8 - 0x1000);
	if (!EXPECT_TRAP(got, X86_TRAP_PF))
		return;
	EXPECT_EQ(got.error_code, X86_PF_USER | X86_PF_WRITE);
	EXPECT_EQ(ALIGN_DOWN(got.cr2, PAGE_SIZE), FIRST);
	EXPECT_EQ(got.ip, user_pf_enter_far);
	EXPECT_EQ(got.sp, SECOND + 0x100);
	EXPECT_EQ(got.regs.bp, SECOND);
}
