// SPDX-License-Identifier: MIT
/*
 * A local descriptor table: gates, returns, call gates and segment registers
 * that name a segment of it, and error codes that say so by TI.
 *
 * Spec: SDM 3A "Segment Selectors", "Error Code", "Local Descriptor Table
 *       Register (LDTR)"; SDM 2A "LLDT"; APM 2 "Local Descriptor Table".
 */
#include <asm/special_insns.h>
#include <ktest/insn_ring.h>
#include <ktest/insn_syscall.h>
#include <ktest/insn_user_fault.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE	 "SDM 3A Segment Selectors"
#define LDT_SLOT 14 /* its descriptor's two slots of our GDT */
#define LDT_DESC 2  /* its type */

/* Slots of the LDT, and a selector of one. */
enum { CODE = 1, DATA, USER_CODE, USER_DATA, ABSENT, GATE, NR_SLOTS = 8 };
#define SEL(slot) ((slot)*8 + 4)

static u8 room[NR_SLOTS * 8 + 8] __aligned(8);
static union desc_struct *ldt;

/* A table of bytes bytes that begins off bytes into its room. */
static void use_ldt(u32 off, u32 bytes)
{
	union desc_struct *d = &probe.gdt[LDT_SLOT];
	u64 base = (u64)room + off;

	ldt = (union desc_struct *)base;
	memset(room, 0, sizeof(room));
	ldt[CODE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	ldt[DATA] = probe.gdt[GDT_ENTRY_KERNEL_DS];
	ldt[USER_CODE] = probe.gdt[GDT_ENTRY_USER_CS];
	ldt[USER_DATA] = probe.gdt[GDT_ENTRY_USER_DS];
	ldt[ABSENT] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	ldt[ABSENT].p = 0;
	d[0].raw = 0;
	d[0].limit0 = (u16)(bytes - 1);
	d[0].base0 = (u16)base;
	d[0].base1 = base >> 16 & 0xff;
	d[0].base2 = base >> 24 & 0xff;
	d[0].type = LDT_DESC;
	d[0].p = 1;
	d[1].raw = base >> 32;
}

static int ldt_setup(void)
{
	int err = probe_reset();

	if (err)
		return err;
	probe.use_tss = true;
	probe_gate(DL_INT)->bits.dpl = 3;
	probe_gate(DL_BACK)->bits.dpl = 3;
	use_ldt(0, NR_SLOTS * 8);
	return 0;
}

SUITE(ldt, .setup = ldt_setup, .teardown = probe_teardown);

static void enter_with_ldt(void *regs)
{
	load_ldt(LDT_SLOT * 8);
	probe_enter(regs);
}

static void run_with_ldt(const struct pt_regs *regs)
{
	run_by(enter_with_ldt, regs);
	load_ldt(0);
}

TEST(ldt, a_gate_may_lead_to_its_code, RULE)
{
	for (u32 user = 0; user < 2; user++) {
		struct pt_regs regs = user ? user_regs(insn_dl_u_int_back)
					   : kernel_regs(insn_dl_int_back);
		u64 top = user ? probe_stack(0) : regs.sp;
		const struct iret_frame *inner = (const void *)sp_plain(top);

		probe_gate(DL_INT)->segment = SEL(CODE);
		probe_gate_offset(DL_INT, (u64)insn_dl_nop);
		probe_gate(DL_BACK)->bits.ist = 6;
		run_with_ldt(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
		EXPECT_EQ(plain(0)->cs, SEL(CODE));
		EXPECT_EQ(plain(0)->sp, inner);
		EXPECT_EQ(inner->ip, regs.ip + 2);
		EXPECT_EQ(inner->cs, regs.cs);
	}
}

static void returns_into_it(void)
{
	struct pt_regs kernel = kernel_regs(insn_dl_nop);
	struct pt_regs user = user_regs(insn_dl_u_nop);

	kernel.cs = SEL(CODE);
	kernel.ss = SEL(DATA);
	user.cs = SEL(USER_CODE) | 3;
	user.ss = SEL(USER_DATA) | 3;
	for (u32 i = 0; i < 2; i++) {
		const struct pt_regs *regs = i ? &user : &kernel;

		run_with_ldt(regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, regs->ip + 4);
		EXPECT_EQ(plain(0)->cs, regs->cs);
		EXPECT_EQ(plain(0)->ss, regs->ss);
		EXPECT_EQ(plain(0)->sp, regs->sp);
	}
}

TEST(ldt, iretq_takes_cs_and_ss_of_it, RULE)
{
	returns_into_it();
}

TEST(ldt, it_may_begin_at_any_byte, RULE)
{
	for (u32 off = 1; off < 8; off++) {
		use_ldt(off, NR_SLOTS * 8);
		returns_into_it();
	}
}

/* Entered, it faults with TI in its code; at is where. */
static void refused(const struct pt_regs *regs, u32 nr, u32 slot,
		    const void *at)
{
	run_with_ldt(regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, nr, SEL(slot), at);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	if (!ktest_ok())
		ktest_note("slot %u of the LDT", slot);
}

static void bad_code(u32 slot, u32 nr)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe_gate(DL_INT)->segment = (u16)SEL(slot);
	refused(&regs, nr, slot, insn_dl_int_back);
	regs.cs = SEL(slot);
	refused(&regs, nr, slot, probe_enter_iretq);
}

TEST(ldt, bad_code_of_it_is_named_with_ti, "SDM 3A Error Code")
{
	bad_code(ABSENT, X86_TRAP_NP);
	bad_code(DATA, X86_TRAP_GP);
	bad_code(USER_CODE, X86_TRAP_GP);
	bad_code(NR_SLOTS, X86_TRAP_GP);
}

TEST(ldt, bad_segments_for_registers_are_named_with_ti, "SDM 3A Error Code")
{
	struct pt_regs regs = kernel_regs(insn_ring_mov_es);

	ldt[DATA].p = 0;
	regs.ax = SEL(DATA);
	refused(&regs, X86_TRAP_NP, DATA, insn_ring_mov_es);
	regs.ip = (u64)insn_ring_mov_ss;
	refused(&regs, X86_TRAP_SS, DATA, insn_ring_mov_ss);
	regs.ax = SEL(CODE);
	refused(&regs, X86_TRAP_GP, CODE, insn_ring_mov_ss);
	regs.ax = SEL(NR_SLOTS);
	refused(&regs, X86_TRAP_GP, NR_SLOTS, insn_ring_mov_ss);
}

TEST(ldt, its_limit_is_the_last_byte_of_a_descriptor,
     "SDM 3A Limit Checking in 64-bit Mode")
{
	struct pt_regs regs = kernel_regs(insn_ring_mov_es);

	regs.ax = SEL(DATA);
	use_ldt(0, (DATA + 1) * 8);
	run_with_ldt(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_ring_mov_es + 4);
	for (u32 less = 1; less <= 8; less++) {
		use_ldt(0, (DATA + 1) * 8 - less);
		refused(&regs, X86_TRAP_GP, DATA, insn_ring_mov_es);
	}
}

static enum probe_action drop_ldt(struct probe_regs *regs)
{
	load_ldt(0);
	return PROBE_RETURN;
}

/* What is loaded goes on to be used; a load of it again does not succeed. */
TEST(ldt, without_it_its_code_runs_on_but_is_not_returned_to, "SDM 2A LLDT")
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	regs.cs = SEL(CODE);
	probe.hook[DL_INT] = drop_ldt;
	run_with_ldt(&regs);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
	EXPECT_EQ(plain(0)->cs, SEL(CODE));
	EXPECT_EQ(probe.hit[1].vector, X86_TRAP_GP);
	EXPECT_EQ(probe.hit[1].top[0], SEL(CODE));
	EXPECT_EQ(coded(1)->cs, __KERNEL_CS);
}

/* SDM 3A, figure "Call-Gate Descriptor in IA-32e Mode", DPL 3. */
static void make_gate(u64 to)
{
	ldt[GATE].raw = (to & 0xffff) | (u64)SEL(CODE) << 16 |
			(u64)(0xe0 | GATE_CALL) << 40 | (to & 0xffff0000) << 32;
	ldt[GATE + 1].raw = to >> 32;
}

TEST(ldt, a_call_gate_in_it_leads_to_its_code, "SDM 3A IA-32e Mode Call Gates")
{
	u64 page = alloc_pages(1);

	if (!EXPECT_NE(page, 0))
		return;
	EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0);
	*(u32 *)page = 0xdeadbeef; /* nothing to a gate */
	*(u16 *)(page + 4) = SEL(GATE) | 3;
	make_gate((u64)insn_sc_target_int);
	probe_gate(DL_BACK)->bits.ist = 6;
	for (u32 user = 0; user < 2; user++) {
		struct pt_regs regs =
			user ? user_regs(uf_lcall) : kernel_regs(insn_sc_lcall);
		u64 top = user ? probe_stack(0) - 32 : regs.sp - 16;

		regs.di = user ? DL_USER_VA : page;
		run_with_ldt(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_sc_target_int + 2);
		EXPECT_EQ(plain(0)->cs, SEL(CODE));
		EXPECT_EQ(plain(0)->sp, top);
		EXPECT_EQ(((const u64 *)top)[1], regs.cs);
	}
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
}

TEST(ldt, a_call_gate_beyond_it_is_gp_with_ti, "SDM 3A Error Code")
{
	struct pt_regs regs = kernel_regs(insn_sc_lcall);
	static u16 to[4] __aligned(8) = { 0, 0, SEL(GATE) };

	use_ldt(0, (GATE + 1) * 8); /* half of it */
	make_gate((u64)insn_sc_target_int);
	regs.di = (u64)to;
	refused(&regs, X86_TRAP_GP, GATE, insn_sc_lcall);
	use_ldt(0, NR_SLOTS * 8);
	make_gate((u64)insn_sc_target_int);
	ldt[GATE].p = 0;
	refused(&regs, X86_TRAP_NP, GATE, insn_sc_lcall);
}
