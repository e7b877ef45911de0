// SPDX-License-Identifier: MIT
/*
 * The end of 4 GiB in compatibility mode: offsets, linear addresses, EIP and
 * ESP have 32 bits, and what is carried out of them is lost. Only of a single
 * access across it do the manuals leave it to the CPU whether it faults.
 *
 * Spec: SDM 3A "Limit Checking", "Logical Address Translation in IA-32e Mode";
 *       SDM 1 "Compatibility Mode"; APM 2 "Compatibility Mode", "Canonical
 *       Address Form"; APM 1 "Compatibility Mode".
 */
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <trap/decode.h>

#include "compat.h"

#define RULE	"SDM 3A Logical Address Translation in IA-32e Mode"
#define LIMIT	"SDM 3A Limit Checking"
#define PATTERN 0x5a17c3e9u

static u64 page; /* the last one below 4 GiB is this, while it is mapped */

static bool map_last_page(u64 prot)
{
	page = alloc_pages(1);
	return EXPECT_NE(page, 0) &&
	       EXPECT_EQ(map_range(DL_LOW_VA, page, PAGE_SIZE, prot), 0);
}

static void unmap_last_page(void)
{
	unmap_range(DL_LOW_VA, PAGE_SIZE);
	free_pages(page, 1);
}

/* The user's data segment, its base elsewhere. */
static void based_at(u32 base)
{
	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_USER_DS];
	probe.gdt[SLOT].base0 = (u16)base;
	probe.gdt[SLOT].base1 = (u8)(base >> 16);
	probe.gdt[SLOT].base2 = (u8)(base >> 24);
}

/* What comes to 10H, in the page at NULL, the carries dropped. */
static const struct {
	char *insn, *at;
	u32 base, edx;
} wraps[] = {
	{ insn_compat_load, insn_compat_load_at, 0xfffffff0, 0x20 },
	{ insn_compat_load, insn_compat_load_at, 0x80000000, 0x80000010 },
	{ insn_compat_load_disp, insn_compat_load_disp_at, 0, 0xfffffff0 },
	{ insn_compat_load_disp, insn_compat_load_disp_at, 0xfffffff8,
	  0xfffffff8 },
};

TEST(compat, offsets_and_linear_addresses_wrap_at_4_gib, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(wraps); i++) {
		struct pt_regs regs = compat_regs(wraps[i].insn);

		based_at(wraps[i].base);
		regs.ax = SEL;
		regs.dx = wraps[i].edx;
		if (!compat_enter(&regs))
			return;
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_PF, X86_PF_USER, wraps[i].at);
		EXPECT_EQ(probe.hit[0].cr2, 0x10);
		compat_judge(coded(0), wraps[i].at, &regs);
	}
}

TEST(compat, the_last_doubleword_below_4_gib_is_read, LIMIT)
{
	struct pt_regs regs = compat_regs(insn_compat_load);

	if (!map_last_page(PAGE_USER_RW))
		return;
	*(u32 *)(page + PAGE_SIZE - 4) = PATTERN;
	regs.dx = 0xfffffffc;
	if (compat_enter(&regs)) {
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_compat_load_at + 4);
		EXPECT_EQ((u32)probe.hit[0].regs.cx, PATTERN);
	}
	unmap_last_page();
}

/* #GP(0) for the limit, or the rest is looked for at 0, where no page is. */
static void judge_across(const struct pt_regs *regs, const void *at,
			 u64 pf_code)
{
	bool pf = probe.hit[0].vector == X86_TRAP_PF;

	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, pf ? X86_TRAP_PF : X86_TRAP_GP, pf ? pf_code : 0, at);
	if (pf)
		EXPECT_EQ(probe.hit[0].cr2, 0);
	compat_judge(coded(0), at, regs);
}

TEST(compat, a_read_across_4_gib_wraps_or_is_gp, LIMIT)
{
	struct pt_regs regs = compat_regs(insn_compat_load);

	if (!map_last_page(PAGE_USER_RW))
		return;
	for (regs.dx = 0xfffffffd; regs.dx <= 0xffffffff; regs.dx++)
		if (compat_enter(&regs))
			judge_across(&regs, insn_compat_load_at, X86_PF_USER);
	unmap_last_page();
}

TEST(compat, a_push_at_esp_0_wraps_to_4_gib, RULE)
{
	struct pt_regs regs = compat_regs(insn_compat_push);

	if (!map_last_page(PAGE_USER_RW))
		return;
	regs.sp = 0;
	regs.dx = PATTERN;
	if (compat_enter(&regs)) {
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_compat_push + 3);
		EXPECT_EQ(plain(0)->sp, 0xfffffffc);
		EXPECT_EQ(*(u32 *)(page + PAGE_SIZE - 4), PATTERN);
	}
	unmap_last_page();
}

#define FETCH (X86_PF_USER | X86_PF_INSTR)

/* Run len bytes of code at the end of the last page, but for gap bytes. */
static struct pt_regs run_at_end(const u8 *code, u32 len, u32 gap)
{
	u32 off = (u32)PAGE_SIZE - gap - len;
	struct pt_regs regs = compat_regs((char *)(DL_LOW_VA + off));

	memcpy((u8 *)page + off, code, len);
	run(&regs);
	return regs;
}

static void judge_fetch(const struct pt_regs *regs, u64 at)
{
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_PF, FETCH, at);
	EXPECT_EQ(probe.hit[0].cr2, at);
	compat_judge(coded(0), (void *)at, regs);
}

/* Behind the last byte, and by a jump: EIP goes on from 0. */
TEST(compat, eip_wraps_at_4_gib, RULE)
{
	static const u8 nop[] = { 0x90 }, jmp[] = { 0xeb, 0x20 };
	struct pt_regs regs;

	if (!map_last_page(PAGE_USER_RX))
		return;
	regs = run_at_end(nop, sizeof(nop), 0);
	judge_fetch(&regs, 0);
	regs = run_at_end(jmp, sizeof(jmp), 4);
	judge_fetch(&regs, 0x1c);
	unmap_last_page();
}

TEST(compat, an_instruction_across_4_gib_wraps_or_is_gp, LIMIT)
{
	static const u8 mov[] = { 0x89 }; /* ModRM is the next byte */
	struct pt_regs regs;

	if (!map_last_page(PAGE_USER_RX))
		return;
	regs = run_at_end(mov, sizeof(mov), 0);
	judge_across(&regs, (void *)regs.ip, FETCH);
	unmap_last_page();
}
