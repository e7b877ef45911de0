// SPDX-License-Identifier: MIT
/*
 * What CPL 1 and 2 may do. To pages they are supervisors, SMEP and SMAP
 * included; to privileged instructions they are not CPL 0; segments and IOPL
 * know all four levels.
 *
 * Spec: SDM 3A "Privileged Instructions", "Determination of Access Rights",
 *       "Privilege Level Checking When Accessing Data Segments"; SDM 1 "I/O
 *       Privilege Level"; APM 2 "Segment-Protection Checks", "Page-Protection
 *       Checks".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_ring.h>
#include <mm/page_alloc.h>

#include "ring.h"

static u32 in_use; /* the ring that the tables are made for; 0: none */

static int ring_setup(void)
{
	in_use = 0;
	return probe_reset();
}

SUITE(ring, .setup = ring_setup, .teardown = probe_teardown,
      .uses = USES_APIC_TIMER);

#define PF_CODE_FETCH 0x11 /* of a page that is present */
#define FREE_SEL      (RING_FREE * 8)

static struct desc_ptr gdtr, idtr;

/* 0 and 4 are RSP0's and the registers' own. */
static u64 stack_of(u32 ring)
{
	return probe_stack(ring % 3 ? 4 + ring : 7);
}

/* What every instruction of the groups would take, were it allowed. */
static struct pt_regs group_regs(u32 ring, const char *at)
{
	struct pt_regs regs;

	if (in_use != ring || !ring)
		use_ring(ring);
	in_use = ring;
	store_gdt(&gdtr);
	store_idt(&idtr);
	regs = ring_regs(ring, at);
	regs.sp = stack_of(ring);
	regs.di = (u64)&gdtr;
	regs.si = (u64)&idtr;
	regs.bx = read_cr0();
	regs.bp = read_cr3();
	regs.r8 = read_cr4();
	regs.r10 = DR7_FIXED;
	regs.cx = MSR_CSTAR;
	return regs;
}

/* It faulted at its own address, and nothing else came of it. */
static bool refused(const struct pt_regs *regs, u32 nr, u64 code)
{
	bool coded_one = nr != X86_TRAP_UD;
	const struct iret_frame *got = coded_one ? coded(0) : plain(0);
	u64 top = probe_stack(0);
	bool ok = EXPECT_EQ(probe.hits, 1) & EXPECT_EQ(probe.hit[0].vector, nr);

	if (!ok)
		return false;
	if (coded_one)
		ok &= EXPECT_EQ(probe.hit[0].top[0], code);
	ok &= EXPECT_EQ(got->ip, regs->ip);
	ok &= EXPECT_EQ(got->cs, regs->cs);
	ok &= EXPECT_EQ(got->flags, regs->flags | X86_EFLAGS_RF);
	ok &= EXPECT_EQ(got->sp, regs->sp);
	ok &= EXPECT_EQ(got->ss, regs->ss);
	if (regs->cs & 3)
		ok &= EXPECT_EQ(probe.hit[0].sp,
				coded_one ? sp_coded(top) : sp_plain(top));
	return ok;
}

static void each_refused(const char *from, const char *end, u32 nr)
{
	for (const char *at = from; at < end; at += RING_SLOT) {
		for (u32 ring = 1; ring <= 2; ring++) {
			struct pt_regs regs = group_regs(ring, at);

			run(&regs);
			if (!refused(&regs, nr, 0))
				ktest_note("CPL %u: %s", ring, at + RING_NAME);
		}
	}
}

#define EACH_REFUSED(name, nr) \
	each_refused(insn_ring_##name, insn_ring_##name##_end, nr)

TEST(ring, cpl_1_and_2_have_no_privileged_instruction,
     "SDM 3A Privileged Instructions")
{
	u64 efer = rdmsr(MSR_EFER);

	wrmsr(MSR_EFER, efer | EFER_SCE); /* else SYSRET is #UD */
	EACH_REFUSED(privileged, X86_TRAP_GP);
	wrmsr(MSR_EFER, efer);
}

TEST(ring, wbinvd_is_privileged_for_cpl_1_and_2,
     "SDM 3A Privileged Instructions; SDM 2D WBINVD; APM 3 WBINVD")
{
	each_refused(insn_ring_wbinvd, insn_ring_wbinvd + RING_SLOT,
		     X86_TRAP_GP);
}

TEST(ring, umip_hides_the_tables_from_cpl_1_and_2, "SDM 3A CR4.UMIP")
{
	if (!cpu_has(X86_FEATURE_UMIP))
		SKIP(return, "this CPU has no UMIP");
	EXPECT_TRUE(read_cr4() & X86_CR4_UMIP);
	EACH_REFUSED(umip, X86_TRAP_GP);
}

TEST(ring, clac_and_stac_are_invalid_at_cpl_1_and_2,
     "SDM 3A Privileged Instructions; SDM 2A CLAC, STAC")
{
	EACH_REFUSED(clac, X86_TRAP_UD);
}

TEST(ring, monitor_and_mwait_are_invalid_at_cpl_1_and_2,
     "SDM 3A Privileged Instructions; SDM 2B MONITOR")
{
	EACH_REFUSED(monitor, X86_TRAP_UD);
}

TEST(ring, tsd_makes_rdtsc_privileged_for_cpl_1_and_2,
     "SDM 3A Privileged Instructions; SDM 2B RDTSC")
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 | X86_CR4_TSD);
	each_refused(insn_ring_rdtsc, insn_ring_rdtsc + RING_SLOT, X86_TRAP_GP);
	write_cr4(cr4);
}

/* CPL <= IOPL; no port has a bit in the map that would allow it. */
TEST(ring, iopl_is_compared_with_each_cpl, "SDM 1 I/O Privilege Level")
{
	for (u32 n = 0; n < 12; n++) {
		u32 ring = n / 4, iopl = n % 4;

		for (const char *at = insn_ring_io; at < insn_ring_io_end;
		     at += RING_SLOT) {
			struct pt_regs regs = group_regs(ring, at);
			bool ok;

			regs.flags |= iopl * 0x1000;
			run(&regs);
			if (ring > iopl)
				ok = refused(&regs, X86_TRAP_GP, 0);
			else
				ok = EXPECT_EQ(probe.hit[0].vector, DL_BACK);
			if (!ok)
				ktest_note("CPL %u, IOPL %u: %s", ring, iopl,
					   at + RING_NAME);
		}
	}
}

/* All of IF and IOPL is asked for; what came of it. */
static void loads_flags(bool iret)
{
	u64 asked = FLAGS_IF | X86_EFLAGS_IOPL, cr8 = read_cr8();

	for (u32 n = 0; n < 12; n++) {
		u32 ring = n / 4, iopl = n % 4;
		struct pt_regs regs = group_regs(ring, iret ? insn_ring_iretq
							    : insn_ring_popf);
		u64 want = FLAGS0 | (ring ? iopl * 0x1000 : X86_EFLAGS_IOPL);

		if (ring <= iopl)
			want |= X86_EFLAGS_IF;
		regs.flags |= iopl * 0x1000;
		regs.sp -= sizeof(struct iret_frame);
		if (iret)
			*(struct iret_frame *)regs.sp =
				(struct iret_frame){ (u64)insn_dl_nop, regs.cs,
						     asked, regs.sp, regs.ss };
		else
			*(u64 *)regs.sp = asked;
		write_cr8(15); /* what IF lets in stays out */
		run(&regs);
		write_cr8(cr8);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_EQ(probe.hit[0].vector, DL_BACK);
		if (!EXPECT_EQ(plain(0)->flags, want))
			ktest_note("CPL %u, IOPL %u", ring, iopl);
	}
}

TEST(ring, popf_loads_if_by_iopl_and_iopl_at_cpl_0,
     "SDM 1 I/O Privilege Level; SDM 2B POPF")
{
	loads_flags(false);
}

TEST(ring, iretq_loads_if_by_iopl_and_iopl_at_cpl_0, "SDM 2A IRET")
{
	loads_flags(true);
}

/* Each DPL and RPL at each CPL that has pages of ours. */
static void load_matrix(const char *at, bool stack)
{
	for (u32 n = 0; n < 48; n++) {
		u32 ring = n / 16, dpl = n / 4 % 4, rpl = n % 4;
		struct pt_regs regs = group_regs(ring, at);
		bool allowed = stack ? dpl == ring && rpl == ring
				     : dpl >= ring && dpl >= rpl;
		bool ok;

		probe.gdt[RING_FREE] = probe.gdt[GDT_ENTRY_KERNEL_DS];
		probe.gdt[RING_FREE].dpl = dpl;
		regs.ax = FREE_SEL | rpl;
		run(&regs);
		if (!allowed)
			ok = refused(&regs, X86_TRAP_GP, FREE_SEL);
		else
			ok = EXPECT_EQ(probe.hit[0].vector, DL_BACK) &&
			     EXPECT_EQ(plain(0)->ss, stack ? regs.ax : regs.ss);
		if (!ok)
			ktest_note("CPL %u, DPL %u, RPL %u", ring, dpl, rpl);
	}
}

TEST(ring, data_segments_need_dpl_of_at_least_cpl_and_rpl,
     "SDM 3A Privilege Level Checking When Accessing Data Segments")
{
	load_matrix(insn_ring_mov_es, false);
}

TEST(ring, stack_segments_need_cpl_rpl_and_dpl_alike,
     "SDM 3A Privilege Level Checking When Loading the SS Register")
{
	load_matrix(insn_ring_mov_ss, true);
}

/* The frame of a return from ring to new, on ring's stack. */
static struct pt_regs return_regs(u32 ring, u32 new, bool iret)
{
	struct pt_regs regs =
		group_regs(ring, iret ? insn_ring_iretq : insn_ring_lretq);
	u64 *top = (u64 *)(regs.sp -= sizeof(struct iret_frame));

	probe.gdt[RING_FREE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[RING_FREE].dpl = new;
	probe.gdt[RING_FREE + 1] = probe.gdt[GDT_ENTRY_KERNEL_DS];
	probe.gdt[RING_FREE + 1].dpl = new;
	*top++ = (u64)(new == 3 ? insn_dl_u_nop : insn_dl_nop);
	*top++ = FREE_SEL | new;
	if (iret)
		*top++ = FLAGS0;
	*top++ = stack_of(new) - 256;
	*top = (FREE_SEL + 8) | new;
	return regs;
}

static void returns_inwards(bool iret)
{
	for (u32 ring = 1; ring <= 2; ring++) {
		for (u32 new = 0; new < ring; new ++) {
			struct pt_regs regs = return_regs(ring, new, iret);

			run(&regs);
			if (!refused(&regs, X86_TRAP_GP, FREE_SEL))
				ktest_note("from CPL %u to %u", ring, new);
		}
	}
}

TEST(ring, iretq_never_leads_inwards, "SDM 2A IRET: RPL below CPL")
{
	returns_inwards(true);
}

TEST(ring, far_returns_never_lead_inwards, "SDM 2B RET: RPL below CPL")
{
	returns_inwards(false);
}

static void returns_outwards(bool iret)
{
	for (u32 ring = 0; ring <= 2; ring++) {
		for (u32 new = ring + 1; new <= 3; new ++) {
			struct pt_regs regs = return_regs(ring, new, iret);
			const char *to = new == 3 ? insn_dl_u_nop : insn_dl_nop;

			run(&regs);
			EXPECT_EQ(probe.hits, 1);
			EXPECT_PLAIN(0, DL_BACK, to + 4);
			EXPECT_EQ(plain(0)->cs, FREE_SEL | new);
			EXPECT_EQ(plain(0)->ss, (FREE_SEL + 8) | new);
			EXPECT_EQ(plain(0)->sp, stack_of(new) - 256);
			if (!ktest_ok())
				ktest_note("from CPL %u to %u", ring, new);
		}
	}
}

TEST(ring, iretq_leads_to_each_outer_level, "SDM 2A IRET")
{
	returns_outwards(true);
}

TEST(ring, far_returns_lead_to_each_outer_level, "SDM 2B RET")
{
	returns_outwards(false);
}

#define RIGHTS "SDM 3A Determination of Access Rights"

/* Entered, it faults with that code, or comes through if there is none. */
static void page_access(struct pt_regs *regs, bool faults, u64 code, u64 cr2)
{
	run(regs);
	if (!faults) {
		EXPECT_EQ(probe.hit[0].vector, DL_BACK);
		return;
	}
	if (refused(regs, X86_TRAP_PF, code))
		EXPECT_EQ(probe.hit[0].cr2, cr2);
}

/* U/S of the code is 0; AC lifts SMAP as at CPL 0. */
TEST(ring, smap_holds_at_cpl_1_and_2, RIGHTS)
{
	u64 page = alloc_pages(1);
	bool smap = read_cr4() & X86_CR4_SMAP;

	EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0);
	for (u32 n = 0; n < 8; n++) {
		bool write = n & 1, ac = n & 2;
		struct pt_regs regs = group_regs(
			1 + n / 4, write ? insn_ring_store : insn_dl_load);

		regs.dx = DL_USER_VA;
		regs.flags |= ac ? X86_EFLAGS_AC : 0;
		page_access(&regs, smap && !ac, write ? 3 : 1, DL_USER_VA);
	}
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
}

TEST(ring, smep_holds_at_cpl_1_and_2, RIGHTS)
{
	bool smep = read_cr4() & X86_CR4_SMEP;

	for (u32 n = 0; n < 4; n++) {
		struct pt_regs regs = group_regs(1 + n / 2, insn_dl_u_nop);

		regs.flags |= n & 1 ? X86_EFLAGS_AC : 0;
		page_access(&regs, smep, PF_CODE_FETCH, regs.ip);
	}
}

TEST(ring, page_faults_of_cpl_1_and_2_are_the_supervisors,
     "SDM 3A Page-Fault Exceptions")
{
	for (u32 n = 0; n < 4; n++) {
		struct pt_regs regs = group_regs(
			1 + n / 2, n & 1 ? insn_ring_store : insn_dl_load);

		regs.dx = DL_PAGE_VA; /* absent */
		page_access(&regs, true, n & 1 ? 2 : 0, DL_PAGE_VA);
	}
}

TEST(ring, alignment_is_not_checked_at_cpl_1_and_2, "SDM 3A Interrupt 17")
{
	EXPECT_TRUE(read_cr0() & X86_CR0_AM);
	for (u32 ring = 1; ring <= 2; ring++) {
		struct pt_regs regs = group_regs(ring, insn_dl_load);

		regs.dx = regs.sp - 63;
		regs.flags |= X86_EFLAGS_AC;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_dl_load_next + 2);
	}
}
