// SPDX-License-Identifier: MIT
/*
 * test_boot_image.c - each part of the image has its own rights: in the page
 * tables as walked, and by faults that really happen.
 *
 * Spec: SDM 3A "Page-Level Protection and Execute-Disable Bit".
 */
#include "boot.h"

#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/sections.h>
#include <ktest/insn_boot.h>
#include <trap/decode.h>

static u32 rights_of(const struct pt_walk *walk)
{
	return (walk->write ? W : 0) | (walk->nx ? 0 : X) |
	       (walk->user ? U : 0);
}

void boot_expect_rights(const void *start, const void *end, u32 rights)
{
	u64 va = (u64)start & PAGE_MASK;
	struct pt_walk walk;

	EXPECT_LT(start, end);
	while (va < (u64)end) {
		if (!EXPECT_EQ(paging_walk(va, &walk), 0) ||
		    !EXPECT_EQ(rights_of(&walk), rights)) {
			ktest_note("va=0x%llx", (unsigned long long)va);
			return;
		}
		va = (va & ~(walk.page_size - 1)) + walk.page_size;
	}
}

void boot_expect_absent(u64 va)
{
	struct pt_walk walk;

	if (!EXPECT_NE(paging_walk(va, &walk), 0))
		ktest_note("va=0x%llx", (unsigned long long)va);
}

u64 boot_leaf(u64 va)
{
	struct pt_walk walk;

	return paging_walk(va, &walk) ? 0 : walk.level[walk.levels - 1].entry;
}

void boot_expect_pf(void (*fn)(void *), u64 addr, u64 code, const void *ip)
{
	struct trap got = catch_trap(fn, (void *)addr);
	bool ok = EXPECT_TRAP(got, X86_TRAP_PF);

	ok &= EXPECT_EQ(got.error_code, code);
	ok &= EXPECT_EQ(got.cr2, addr);
	ok &= EXPECT_EQ(got.ip, ip);
	if (!ok)
		ktest_note("address 0x%llx", (unsigned long long)addr);
}

TEST(boot, text_can_be_read_and_executed, RIGHTS)
{
	boot_expect_rights(_text, __user_text_start, R | X);
}

TEST(boot, rodata_can_only_be_read, RIGHTS)
{
	boot_expect_rights(__rodata_start, __rodata_end, R);
}

/* Tables of pointers: relocated once by crt0, constant from then on. */
TEST(boot, relocated_constants_can_only_be_read, RIGHTS)
{
	boot_expect_rights(__data_start, __data_rel_ro_end, R);
}

/* The IDT is of this section too, and has been sealed since. */
TEST(boot, data_can_be_written_and_not_executed, RIGHTS)
{
	boot_expect_rights(__per_cpu_start, __data_end, R | W);
}

TEST(boot, the_pe_header_can_only_be_read, RIGHTS)
{
	boot_expect_rights(ImageBase, _text, R);
}

/* Anything the rows above leave out: no page of it both W and X. */
TEST(boot, no_page_of_the_image_is_writable_and_executable, RIGHTS)
{
	struct pt_walk walk;

	for (u64 va = (u64)ImageBase; va < (u64)_end; va += PAGE_SIZE) {
		EXPECT_EQ(paging_walk(va, &walk), 0);
		EXPECT_NE(rights_of(&walk) & (W | X), W | X);
		EXPECT_EQ(walk.phys, va);
	}
}

static const char constant[] = "in .rodata";
static void (*const pointer_constant)(void *) = insn_boot_read;
static char variable = (char)0xc3; /* RET, if it were code */

TEST(boot, a_write_to_text_faults, PF_ERROR)
{
	boot_expect_pf(insn_boot_rewrite, (u64)insn_boot_read,
		       X86_PF_PROT | X86_PF_WRITE, insn_boot_rewrite_at);
}

TEST(boot, a_write_to_rodata_faults, PF_ERROR)
{
	boot_expect_pf(insn_boot_rewrite, (u64)constant,
		       X86_PF_PROT | X86_PF_WRITE, insn_boot_rewrite_at);
	boot_expect_pf(insn_boot_rewrite, (u64)&pointer_constant,
		       X86_PF_PROT | X86_PF_WRITE, insn_boot_rewrite_at);
}

TEST(boot, executing_data_faults, PF_ERROR)
{
	char on_stack[16] = { (char)0xc3 };

	boot_expect_pf(insn_boot_call, (u64)&variable,
		       X86_PF_PROT | X86_PF_INSTR, &variable);
	boot_expect_pf(insn_boot_call, (u64)on_stack,
		       X86_PF_PROT | X86_PF_INSTR, on_stack);
	boot_expect_pf(insn_boot_call, (u64)constant,
		       X86_PF_PROT | X86_PF_INSTR, constant);
}

TEST(boot, page_0_is_absent, RIGHTS)
{
	boot_expect_absent(0);
	boot_expect_absent(PAGE_SIZE - 1);
}

TEST(boot, null_pointers_fault_however_used, PF_ERROR)
{
	for (u64 addr = 0; addr < PAGE_SIZE; addr += PAGE_SIZE - 1) {
		boot_expect_pf(insn_boot_read, addr, 0, insn_boot_read);
		boot_expect_pf(insn_boot_write, addr, X86_PF_WRITE,
			       insn_boot_write);
		boot_expect_pf(insn_boot_call, addr, X86_PF_INSTR,
			       (const void *)addr);
	}
}

TEST(boot, user_text_is_the_users_to_execute, RIGHTS)
{
	boot_expect_rights(__user_text_start, __user_text_end, R | X | U);
}

TEST(boot, smep_keeps_us_from_executing_user_text,
     "SDM 3A \"Determination of Access Rights\", SMEP")
{
	if (!cpu_has(X86_FEATURE_SMEP))
		SKIP(return, "this CPU has no SMEP");
	boot_expect_pf(insn_boot_call, (u64)insn_boot_user_ret,
		       X86_PF_PROT | X86_PF_INSTR, insn_boot_user_ret);
}

TEST(boot, smap_keeps_us_from_reading_user_text,
     "SDM 3A \"Determination of Access Rights\", SMAP")
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_SMAP))
		SKIP(return, "this CPU has no SMAP");
	boot_expect_pf(insn_boot_read, (u64)insn_boot_user_ret, X86_PF_PROT,
		       insn_boot_read);
	stac();
	got = catch_trap(insn_boot_read, insn_boot_user_ret);
	clac();
	EXPECT_TRAP(got, TRAP_NONE);
}
