// SPDX-License-Identifier: MIT
/*
 * #BR in 64-bit mode, which only MPX raises: each of its three checks on both
 * sides of the bound, and a bound directory that has no entry, at CPL 0 under
 * BNDCFGS and at CPL 3 under BNDCFGU. BNDSTATUS says which of the two it was.
 *
 * Spec: SDM 3A "Interrupt 5-BOUND Range Exceeded Exception (#BR)"; SDM 2A
 *       "BNDCL", "BNDCU/BNDCN", "BNDLDX", "BNDSTX"; SDM 1 "Intel MPX
 *       Configuration and Status Registers".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_mpx.h>
#include <lib/string.h>

#include "delivery.h"

#define RULE	 "SDM 3A Interrupt 5; SDM 2A BNDCL, BNDCU, BNDCN"
#define TABLES	 "SDM 3A Interrupt 5; SDM 2A BNDLDX, BNDSTX"
#define BOUND	 0x123456789000ull
#define BY_CHECK 1 /* BNDSTATUS: a bound was exceeded */
#define BY_TABLE 2 /* an entry of the directory is not valid; its address */
#define BNDCSR	 4 /* the component of XSAVE */

/* Legacy region, header, and then as CPUID says. */
static u8 image[PAGE_SIZE] __aligned(64);
static u64 directory[PAGE_SIZE / 8] __aligned(PAGE_SIZE); /* nothing valid */
static u64 xcr0, bndcfgs;

struct bndcsr {
	u64 cfgu, status;
};

static struct bndcsr *bndcsr(void)
{
	u32 offset = cpuid_count(0xd, BNDCSR).ebx;

	return (struct bndcsr *)(image + offset);
}

/* BNDCFGU as given, BNDSTATUS 0. */
static void set_bndcfgu(u64 cfgu)
{
	memset(image, 0, sizeof(image));
	*(u64 *)(image + 512) = XCR0_MPX; /* XSTATE_BV */
	*bndcsr() = (struct bndcsr){ .cfgu = cfgu };
	insn_mpx_xrstor(image);
}

static bool mpx_begin(u64 kernel_cfg, u64 user_cfg)
{
	if (!cpu_has(X86_FEATURE_MPX) || !cpu_has(X86_FEATURE_XSAVE) ||
	    cpuid_count(0xd, BNDCSR).ebx > sizeof(image) - 16)
		SKIP(return false,
			    "this CPU has no MPX, or no XSAVE to enable it");
	EXPECT_EQ(probe_reset(), 0);
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	xcr0 = xgetbv(0);
	bndcfgs = rdmsr(MSR_IA32_BNDCFGS);
	xsetbv(0, xcr0 | XCR0_MPX);
	wrmsr(MSR_IA32_BNDCFGS, kernel_cfg);
	set_bndcfgu(user_cfg);
	return true;
}

static void mpx_end(void)
{
	set_bndcfgu(0);
	wrmsr(MSR_IA32_BNDCFGS, bndcfgs);
	xsetbv(0, xcr0);
	probe_teardown();
}

static struct pt_regs mpx_regs(bool user, const char *insn, u64 ax)
{
	struct pt_regs regs = user ? user_regs(insn) : kernel_regs(insn);

	regs.dx = BOUND;
	regs.ax = ax;
	return regs;
}

/* #BR at the check, or none; BNDSTATUS, which no other event changes. */
static void judge(const struct pt_regs *regs, const char *at, u64 status)
{
	set_bndcfgu(bndcsr()->cfgu);
	run(regs);
	insn_mpx_xsave(image);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(bndcsr()->status, status);
	if (!status) {
		EXPECT_EQ(probe.hit[0].vector, DL_BACK);
		return;
	}
	EXPECT_PLAIN(0, X86_TRAP_BR, at);
	EXPECT_EQ(plain(0)->cs, regs->cs);
	EXPECT_EQ(plain(0)->flags, regs->flags | X86_EFLAGS_RF);
	EXPECT_EQ(plain(0)->sp, regs->sp);
	EXPECT_EQ(plain(0)->ss, regs->ss);
}

static const struct check {
	const char *kernel, *kernel_at, *user, *user_at;
	u64 good, bad;
} checks[] = {
#define CHECK(name, good, bad)                                        \
	{                                                             \
		insn_mpx_##name, insn_mpx_##name##_at, uf_mpx_##name, \
			uf_mpx_##name##_at, good, bad                 \
	}
	CHECK(bndcl, BOUND, BOUND - 1),
	CHECK(bndcu, BOUND, BOUND + 1),
	CHECK(bndcn, ~BOUND, ~BOUND + 1),
#undef CHECK
};

/* All three, as far as that configuration lets them fault. */
static void each_check(bool user, bool on)
{
	for (u32 i = 0; i < ARRAY_SIZE(checks); i++) {
		const struct check *c = &checks[i];
		const char *insn = user ? c->user : c->kernel;
		const char *at = user ? c->user_at : c->kernel_at;
		struct pt_regs regs = mpx_regs(user, insn, c->good);

		judge(&regs, at, 0);
		regs.ax = c->bad;
		judge(&regs, at, on ? BY_CHECK : 0);
		if (!ktest_ok())
			ktest_note("check %u", i);
	}
}

TEST(br, each_check_faults_from_the_first_address_out_of_bounds, RULE)
{
	if (!mpx_begin(BNDCFG_ENABLE, 0))
		return;
	each_check(false, true);
	mpx_end();
}

TEST(br, user_each_check_faults_from_the_first_address_out_of_bounds, RULE)
{
	if (!mpx_begin(0, BNDCFG_ENABLE))
		return;
	each_check(true, true);
	mpx_end();
}

TEST(br, checks_that_are_not_enabled_at_their_cpl_do_nothing, RULE)
{
	if (!mpx_begin(0, BNDCFG_ENABLE))
		return;
	each_check(false, false);
	mpx_end();
	if (!mpx_begin(BNDCFG_ENABLE, 0))
		return;
	each_check(true, false);
	mpx_end();
}

/* Entries for address 0, the directory's first; it lies where nothing else is.
 */
static void each_table(bool user)
{
	static const char *const insn[2][2] = {
		{ insn_mpx_bndldx, insn_mpx_bndstx },
		{ uf_mpx_bndldx, uf_mpx_bndstx },
	};
	u64 va = user ? DL_USER_VA : DL_PAGE_VA;
	u64 rights = user ? PAGE_USER_RW : PAGE_KERNEL;

	if (!mpx_begin(user ? 0 : va | BNDCFG_ENABLE,
		       user ? va | BNDCFG_ENABLE : 0))
		return;
	EXPECT_EQ(map_range(va, (u64)directory, PAGE_SIZE, rights), 0);
	for (u32 i = 0; i < 2; i++) {
		struct pt_regs regs = mpx_regs(user, insn[user][i], 0);

		judge(&regs, insn[user][i], va | BY_TABLE);
	}
	unmap_range(va, PAGE_SIZE);
	mpx_end();
}

TEST(br, directory_without_an_entry_is_a_fault, TABLES)
{
	each_table(false);
}

TEST(br, user_directory_without_an_entry_is_a_fault, TABLES)
{
	each_table(true);
}
