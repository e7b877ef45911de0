// SPDX-License-Identifier: MIT
/*
 * A load of SS at CPL 3 whose operand is watched, and behind it what enters
 * the kernel: CVE-2018-8897. The #DB is held until that is done, and then
 * comes at the kernel's first instruction, at CPL 0, or is lost; at CPL 3 it
 * never comes.
 *
 * Spec: SDM 3A "Masking Exceptions and Interrupts When Switching Stacks"; SDM
 *       2B "MOV", "POP"; APM 3 "MOV"; APM 2 "Debug Exceptions (#DB)".
 */
#include <cpu/desc.h>
#include <ktest/insn_compat.h>
#include <mm/page_alloc.h>

#include "syscall.h"

#define SS     "SDM 3A Masking Exceptions and Interrupts When Switching Stacks"
#define DB_IST 7 /* nobody else's: it may come while another stub begins */

static void watch(const void *addr)
{
	write_dr6(DR6_RESERVED);
	write_dr0((u64)addr);
	write_dr7(DR7_FIXED | DR7_G(0) | DR7_RW(0, DR_RW_READWRITE) |
		  DR7_LEN(0, DR_LEN_2));
}

static void unwatch(void)
{
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	write_dr0(0);
}

/*
 * Hit 0, if it is a #DB: at CPL 0 at entry, on its own stack, the interrupted
 * one being sp. How many there were.
 */
static u32 judge_db(u64 entry, u64 sp, u32 ist)
{
	u32 n = probe.count[X86_TRAP_DB];

	EXPECT_LE(n, 1);
	if (!n)
		return 0;
	EXPECT_PLAIN(0, X86_TRAP_DB, entry);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(0)->sp, sp);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(ist)));
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | DR_BT | 0xf), DR_TRAP0);
	return n;
}

static const struct {
	const char *name;
	char *insn;
	u32 vector, next; /* bytes up to behind the software interrupt */
	bool compat;
} entry[] = {
	{ "MOV SS, INT n", insn_sc_u_mov_ss_int, DL_INT, 4, false },
	{ "MOV SS, INT3", insn_sc_u_mov_ss_int3, X86_TRAP_BP, 3, false },
	{ "POP SS, INT n", insn_compat_pop_ss_int, DL_INT, 3, true },
};

static void enter(u32 i, u64 operand)
{
	struct pt_regs regs = user_regs(entry[i].insn);
	u32 v = entry[i].vector, db;

	if (entry[i].compat) {
		regs.cs = __USER32_CS;
		regs.sp = operand = (u64)insn_compat_user_ds;
	}
	regs.di = operand;
	watch((void *)operand);
	run(&regs);
	unwatch();
	db = judge_db(gate_offset(probe_gate(v)), sp_plain(probe_stack(0)),
		      DB_IST);
	EXPECT_EQ(probe.hits, db + 1);
	EXPECT_PLAIN(db, v, entry[i].insn + entry[i].next);
	EXPECT_EQ(plain(db)->cs, regs.cs);
	EXPECT_EQ(plain(db)->sp, regs.sp + (entry[i].compat ? 4 : 0));
	EXPECT_EQ(plain(db)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[db].sp, sp_plain(probe_stack(0)));
	if (!ktest_ok())
		ktest_note("%s", entry[i].name);
}

/* What MOV SS reads, at CPL 3. 0: the case has failed. */
static u64 map_operand(void)
{
	u64 page = alloc_pages(1);

	if (!EXPECT_NE(page, 0))
		return 0;
	*(u16 *)page = __USER_DS;
	EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0);
	return page;
}

static void unmap_operand(u64 page)
{
	unmap_range(DL_USER_VA, PAGE_SIZE);
	if (page)
		free_pages(page, 1);
}

TEST(delivery, a_watched_load_of_ss_at_cpl_3_is_not_reported_before_int, SS)
{
	u64 page = map_operand();

	probe.use_tss = true;
	probe.action[X86_TRAP_DB] = PROBE_RETURN;
	probe_gate(X86_TRAP_DB)->bits.ist = DB_IST;
	probe_gate(X86_TRAP_BP)->bits.dpl = 3;
	probe_gate(DL_INT)->bits.dpl = 3;
	for (u32 i = 0; page && i < ARRAY_SIZE(entry); i++)
		if (!entry[i].compat || !((u64)entry[i].insn >> 32))
			enter(i, DL_USER_VA);
	unmap_operand(page);
}

/* RSP is still the user's then: #DB must not push there. */
TEST(delivery, a_watched_load_of_ss_at_cpl_3_is_not_reported_before_syscall, SS)
{
	struct pt_regs regs = user_regs(insn_sc_u_mov_ss_syscall);
	struct sc_msrs msrs = sc_default();
	u64 page = map_operand();
	u32 db;

	regs.di = DL_USER_VA;
	probe.action[X86_TRAP_DB] = PROBE_RETURN;
	watch((void *)DL_USER_VA);
	sc_run(&msrs, &regs);
	unwatch();
	unmap_operand(page);
	db = judge_db(msrs.lstar, regs.sp, SC_STACK);
	EXPECT_EQ(probe.hits, db + 1);
	EXPECT_PLAIN(db, DL_BACK, insn_sc_target + 4);
	EXPECT_EQ(plain(db)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(db)->sp, regs.sp);
	EXPECT_EQ(probe.hit[db].regs.cx, insn_sc_u_mov_ss_syscall + 4);
	EXPECT_EQ(probe.hit[db].regs.r11, regs.flags);
}
