// SPDX-License-Identifier: MIT
/*
 * #DB, Debug, by breakpoint: vector 1, no error code. An instruction
 * breakpoint and DR7.GD are faults, a data or I/O breakpoint is a trap.
 *
 * Spec: SDM 3B "Debug Registers", "Debug Exceptions"; SDM 3A "Interrupt 1-
 *       Debug Exception (#DB)"; APM 2 "Software-Debug Resources". Bits B0-B3
 *       of breakpoints that are not enabled may be set: there are none here.
 */
#include <asm/special_insns.h>
#include <cpu/percpu.h>
#include <ktest/insn.h>
#include <ktest/insn_db.h>
#include <ktest/insn_user.h>
#include <trap/traps.h>

#include "judge.h"

#define RULE	 "SDM 3B Debug Exceptions"
#define DB_STACK ((enum stack_kind)(STACK_IST1 + IST_DB - 1))

static u64 watched[3] __aligned(8);

static void db_teardown(void)
{
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
}

SUITE(db, .teardown = db_teardown);

static void set_address(u32 n, const void *addr)
{
	static void (*const mov[])(void *) = { insn_mov_to_dr0, insn_mov_to_dr1,
					       insn_mov_to_dr2,
					       insn_mov_to_dr3 };

	mov[n]((void *)addr);
}

/* One breakpoint alone, enabled as given (DR7_L(n) or DR7_G(n)). */
static void set_bp(u32 n, const void *addr, u32 rw, u32 len, u32 enable)
{
	for (u32 i = 0; i < 4; i++) /* B0-B3 may tell of disabled ones too */
		set_address(i, i == n ? addr : NULL);
	write_dr7(DR7_FIXED | enable | DR7_RW(n, rw) | DR7_LEN(n, len));
}

/* fn(arg) must raise one #DB, at ip, for breakpoint n alone. */
static void hits(const struct place *at, void (*fn)(void *), const void *arg,
		 const void *ip, u32 n)
{
	const struct trap *got =
		judge(at, fn, (void *)arg,
		      WANT(X86_TRAP_DB, 0, ip, .stack = DB_STACK));

	EXPECT_EQ(got->dr6, DR6_RESERVED | DR_TRAP0 << n);
}

#define HITS(fn, arg, n) hits(PLACE(#fn), fn, arg, fn##_at, n)

struct hits {
	u32 n;
	u64 ip, dr6;
};

/* Count, and step over an instruction breakpoint as software must: RF. */
static bool on_hit(struct pt_regs *regs, void *data)
{
	struct hits *h = data;

	h->n++;
	h->ip = regs->ip;
	h->dr6 = this_cpu(debug_dr6);
	regs->flags |= X86_EFLAGS_RF;
	return true;
}

TEST(db, exec_breakpoint_is_a_fault_of_each_register, RULE)
{
	for (u32 n = 0; n < 4; n++) {
		set_bp(n, insn_ret, DR_RW_EXECUTE, DR_LEN_1, DR7_L(n));
		hits(PLACE("L"), insn_ret, NULL, insn_ret, n);
		set_bp(n, insn_ret, DR_RW_EXECUTE, DR_LEN_1, DR7_G(n));
		hits(PLACE("G"), insn_ret, NULL, insn_ret, n);
		write_dr7(DR7_FIXED);
	}
}

TEST(db, user_exec_breakpoint_is_a_fault, RULE)
{
	const struct trap *got;

	set_bp(0, user_nop, DR_RW_EXECUTE, DR_LEN_1, DR7_G(0));
	got = EXPECT_USER_TRAPPED(user_nop, X86_TRAP_DB, user_nop);
	EXPECT_EQ(got->dr6, DR6_RESERVED | DR_TRAP0);
}

/* RF lets one instruction pass, and the CPU clears it behind that. */
TEST(db, rf_passes_an_exec_breakpoint_once, "SDM 3B Instruction-Breakpoint")
{
	struct hits h = { 0 };

	trap_hook(X86_TRAP_DB, on_hit, &h);
	set_bp(0, insn_loop3_at, DR_RW_EXECUTE, DR_LEN_1, DR7_G(0));
	EXPECT_RETURNS(insn_loop3, NULL);
	write_dr7(DR7_FIXED);
	EXPECT_EQ(h.n, 3);
	EXPECT_EQ(h.ip, insn_loop3_at);
	EXPECT_EQ(h.dr6, DR6_RESERVED | DR_TRAP0);
}

/* The second byte of an instruction is no instruction. */
TEST(db, exec_breakpoint_inside_an_instruction_is_none, RULE)
{
	set_bp(0, (char *)insn_ud2 + 1, DR_RW_EXECUTE, DR_LEN_1, DR7_G(0));
	EXPECT_FAULT(insn_ud2, NULL, X86_TRAP_UD, 0);
	set_bp(0, (char *)insn_loop3_at + 1, DR_RW_EXECUTE, DR_LEN_1, DR7_G(0));
	EXPECT_RETURNS(insn_loop3, NULL);
}

TEST(db, write_breakpoint_is_a_trap_of_each_register, RULE)
{
	for (u32 n = 0; n < 4; n++) {
		set_bp(n, watched, DR_RW_WRITE, DR_LEN_1, DR7_L(n));
		HITS(insn_store1, watched, n);
		set_bp(n, watched, DR_RW_WRITE, DR_LEN_1, DR7_G(n));
		HITS(insn_store1, watched, n);
		EXPECT_RETURNS(insn_load1, watched);
		write_dr7(DR7_FIXED);
	}
}

TEST(db, access_breakpoint_is_a_trap_of_each_register, RULE)
{
	for (u32 n = 0; n < 4; n++) {
		set_bp(n, watched, DR_RW_READWRITE, DR_LEN_1, DR7_G(n));
		HITS(insn_load1, watched, n);
		HITS(insn_store1, watched, n);
		write_dr7(DR7_FIXED);
	}
}

/* Fetching is no data access. */
TEST(db, access_breakpoint_does_not_see_a_fetch, RULE)
{
	set_bp(0, insn_ret, DR_RW_READWRITE, DR_LEN_1, DR7_G(0));
	EXPECT_RETURNS(insn_ret, NULL);
}

TEST(db, breakpoint_not_enabled_is_none, "SDM 3B DR7: L0 through G3")
{
	for (u32 n = 0; n < 4; n++) {
		set_bp(n, watched, DR_RW_WRITE, DR_LEN_8, 0);
		EXPECT_RETURNS(insn_store8, watched);
		set_bp(n, insn_ret, DR_RW_EXECUTE, DR_LEN_1, 0);
		EXPECT_RETURNS(insn_ret, NULL);
	}
}

/* Bytes 8 to 8+len-1 of watched; one byte before and one behind are not. */
static void covers(u32 n, u32 len, u32 bytes)
{
	char *base = (char *)watched + 8;

	set_bp(n, base, DR_RW_WRITE, len, DR7_G(n));
	EXPECT_RETURNS(insn_store1, base - 1);
	for (u32 i = 0; i < bytes; i++)
		HITS(insn_store1, base + i, n);
	EXPECT_RETURNS(insn_store1, base + bytes);
	write_dr7(DR7_FIXED);
}

TEST(db, length_1_covers_one_byte, "SDM 3B DR7: LEN0 through LEN3")
{
	covers(0, DR_LEN_1, 1);
}

TEST(db, length_2_covers_two_bytes, "SDM 3B DR7: LEN0 through LEN3")
{
	covers(1, DR_LEN_2, 2);
}

TEST(db, length_4_covers_four_bytes, "SDM 3B DR7: LEN0 through LEN3")
{
	covers(2, DR_LEN_4, 4);
}

TEST(db, length_8_covers_eight_bytes, "SDM 3B DR7: LEN0 through LEN3")
{
	covers(3, DR_LEN_8, 8);
}

/* Any byte in common is enough, aligned or not. */
TEST(db, unaligned_access_that_overlaps, "SDM 3B Breakpoint Field Recognition")
{
	char *base = (char *)watched + 8;

	set_bp(0, base, DR_RW_WRITE, DR_LEN_1, DR7_G(0));
	HITS(insn_store2, base - 1, 0);
	HITS(insn_store4, base - 3, 0);
	HITS(insn_store8, base - 7, 0);
	EXPECT_RETURNS(insn_store8, base - 8);
	set_bp(0, base, DR_RW_READWRITE, DR_LEN_4, DR7_G(0));
	HITS(insn_load8, base + 3, 0);
	EXPECT_RETURNS(insn_load8, base + 4);
}

TEST(db, two_breakpoints_of_one_access_set_both_bits, "SDM 3B DR6")
{
	const struct trap *got;

	set_address(0, NULL);
	set_address(3, NULL);
	set_address(1, watched);
	set_address(2, watched);
	write_dr7(DR7_FIXED | DR7_G(1) | DR7_G(2) | DR7_RW(1, DR_RW_WRITE) |
		  DR7_RW(2, DR_RW_READWRITE));
	got = judge(PLACE("store1"), insn_store1, watched,
		    WANT(X86_TRAP_DB, 0, insn_store1_at, .stack = DB_STACK));
	EXPECT_EQ(got->dr6, DR6_RESERVED | DR_TRAP0 << 1 | DR_TRAP0 << 2);
}

/* CR4.DE makes R/W 2 an I/O breakpoint. Port 0x80 takes anything. */
TEST(db, io_breakpoint_is_a_trap, "SDM 3B DR7: R/W0 through R/W3")
{
	EXPECT_TRUE(read_cr4() & X86_CR4_DE);
	set_bp(0, (void *)0x80, DR_RW_IO, DR_LEN_1, DR7_G(0));
	HITS(insn_outb, NULL, 0);
	set_bp(0, (void *)0x81, DR_RW_IO, DR_LEN_1, DR7_G(0));
	EXPECT_RETURNS(insn_outb, NULL);
}

/* The CPU clears GD on entry, or the handler could not look. */
TEST(db, general_detect_is_a_fault_and_clears_gd, "SDM 3B DR7: GD")
{
	struct trap got;
	u64 dr7;

	write_dr7(DR7_FIXED | DR7_GD);
	got = catch_trap(insn_mov_to_dr0, NULL);
	dr7 = read_dr7();
	EXPECT_TRAP(got, X86_TRAP_DB);
	EXPECT_EQ(got.ip, insn_mov_to_dr0);
	EXPECT_EQ(got.dr6, DR6_RESERVED | DR_BD);
	EXPECT_EQ(got.stack, DB_STACK);
	EXPECT_EQ(dr7, DR7_FIXED);
}

/* Without CR4.DE they are DR6 and DR7 by other names. */
TEST(db, dr4_and_dr5_are_aliases_without_de, "SDM 3B Debug Registers DR4, DR5")
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~(u64)X86_CR4_DE);
	EXPECT_RETURNS(insn_mov_to_dr4, DR6_RESERVED | DR_STEP);
	EXPECT_EQ(read_dr6(), DR6_RESERVED | DR_STEP);
	EXPECT_RETURNS(insn_mov_to_dr5, DR7_FIXED | DR7_RW(3, DR_RW_WRITE));
	EXPECT_EQ(read_dr7(), DR7_FIXED | DR7_RW(3, DR_RW_WRITE));
	EXPECT_RETURNS(insn_mov_from_dr4, NULL);
	EXPECT_RETURNS(insn_mov_from_dr5, NULL);
	write_cr4(cr4);
}

TEST(db, dr4_and_dr5_are_invalid_with_de, "SDM 3B Debug Registers DR4, DR5")
{
	EXPECT_FAULT(insn_mov_to_dr4, NULL, X86_TRAP_UD, 0);
	EXPECT_FAULT(insn_mov_to_dr5, NULL, X86_TRAP_UD, 0);
	EXPECT_FAULT(insn_mov_from_dr4, NULL, X86_TRAP_UD, 0);
	EXPECT_FAULT(insn_mov_from_dr5, NULL, X86_TRAP_UD, 0);
}

TEST(db, upper_half_of_dr6_and_dr7_is_reserved,
     "SDM 3B Debug Registers and Intel 64 Processors")
{
	static const u8 bit[] = { 32, 33, 47, 63 };

	for (u32 i = 0; i < ARRAY_SIZE(bit); i++) {
		EXPECT_FAULT(insn_mov_to_dr6, BIT(bit[i]), X86_TRAP_GP, 0);
		EXPECT_FAULT(insn_mov_to_dr7, BIT(bit[i]), X86_TRAP_GP, 0);
	}
}

/* Canonical or not: they are numbers to compare with. */
TEST(db, dr0_to_dr3_take_any_value,
     "SDM 3B Debug Registers and Intel 64 Processors")
{
	u64 value = 0x8123456789abcdefull;

	for (u32 n = 0; n < 4; n++)
		set_address(n, (void *)(value + n));
	EXPECT_EQ(read_dr0(), value);
	EXPECT_EQ(read_dr1(), value + 1);
	EXPECT_EQ(read_dr2(), value + 2);
	EXPECT_EQ(read_dr3(), value + 3);
}

TEST(db, reserved_bits_read_as_the_manual_says, "SDM 3B DR6, DR7 figures")
{
	write_dr6(0); /* bits 11 and 16 may be BLD and RTM: not reserved */
	EXPECT_EQ(read_dr6() & 0xfffe17f0, 0xfffe07f0);
	write_dr7(0);
	EXPECT_EQ(read_dr7(), DR7_FIXED);
}
