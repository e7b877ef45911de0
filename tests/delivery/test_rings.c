// SPDX-License-Identifier: MIT
/*
 * CPL 1 and 2, which 64-bit mode has too: IRETQ goes there, gates lead there
 * on RSP1 and RSP2, and NULL is a stack segment for them.
 *
 * Their pages are the supervisor's, so that our own code will do.
 *
 * Spec: SDM 3A "Stack Switching in IA-32e Mode"; SDM 2A "INT n", "IRET";
 *       APM 2 "Stack Switch".
 */
#include <mm/page_alloc.h>

#include "ring.h"

#define STACK	"SDM 3A Stack Switching in IA-32e Mode"
#define NULL_SS "SDM 2A IRET: a NULL stack segment's RPL"
#define CODE	RING_CODE
#define DATA	RING_DATA

void use_ring(u32 ring)
{
	probe_reset();
	probe.use_tss = true;
	probe.gdt[CODE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[CODE].dpl = ring;
	probe.gdt[DATA] = probe.gdt[GDT_ENTRY_KERNEL_DS];
	probe.gdt[DATA].dpl = ring;
	probe_gate(DL_INT)->bits.dpl = 3;
	probe_gate(DL_BACK)->bits.dpl = 3;
}

struct pt_regs ring_regs(u32 ring, const void *ip)
{
	struct pt_regs regs = kernel_regs(ip);

	regs.cs = CODE_SEL | ring;
	regs.ss = DATA_SEL | ring;
	regs.sp = probe_stack(4 + ring);
	return regs;
}

TEST(delivery, cpl_1_and_2_come_in_on_rsp0, STACK)
{
	for (u32 ring = 1; ring <= 2; ring++) {
		struct pt_regs regs;

		use_ring(ring);
		regs = ring_regs(ring, insn_dl_int_back);
		probe.action[DL_INT] = PROBE_RETURN;
		run(&regs);
		EXPECT_EQ(probe.hits, 2);
		for (u32 i = 0; i < 2; i++) {
			EXPECT_PLAIN(i, i ? DL_BACK : DL_INT,
				     insn_dl_int_back + 2 + 2 * i);
			EXPECT_EQ(plain(i)->cs, regs.cs);
			EXPECT_EQ(plain(i)->sp, regs.sp);
			EXPECT_EQ(plain(i)->ss, regs.ss);
			EXPECT_EQ(probe.hit[i].sp, sp_plain(probe_stack(0)));
			EXPECT_EQ(probe.hit[i].cs, __KERNEL_CS);
			EXPECT_EQ(probe.hit[i].ss, 0);
		}
	}
}

TEST(delivery, a_gate_to_cpl_1_or_2_uses_rsp1_or_rsp2, STACK)
{
	for (u32 ring = 1; ring <= 2; ring++) {
		struct pt_regs regs = user_regs(insn_dl_u_int_back);
		const struct iret_frame *inner;
		u64 top = probe_stack(4 + ring);

		use_ring(ring);
		probe.tss->sp[ring] = top;
		probe_gate(DL_INT)->segment = CODE_SEL;
		probe_gate_offset(DL_INT, (u64)insn_dl_nop);
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
		EXPECT_EQ(plain(0)->cs, CODE_SEL | ring);
		EXPECT_EQ(plain(0)->ss, ring); /* NULL, RPL the new CPL */
		EXPECT_EQ(plain(0)->sp, sp_plain(top));
		inner = (const struct iret_frame *)sp_plain(top);
		EXPECT_EQ(inner->ip, insn_dl_u_int_back + 2);
		EXPECT_EQ(inner->cs, __USER_CS);
		EXPECT_EQ(inner->flags, FLAGS0);
		EXPECT_EQ(inner->sp, regs.sp);
		EXPECT_EQ(inner->ss, __USER_DS);
	}
}

TEST(delivery, a_gate_to_the_same_cpl_keeps_stack_and_ss, STACK)
{
	for (u32 ring = 1; ring <= 2; ring++) {
		struct pt_regs regs;

		use_ring(ring);
		regs = ring_regs(ring, insn_dl_int_back);
		probe_gate(DL_INT)->segment = CODE_SEL;
		probe_gate_offset(DL_INT, (u64)insn_dl_nop);
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
		EXPECT_EQ(plain(0)->cs, regs.cs);
		EXPECT_EQ(plain(0)->ss, regs.ss);
		EXPECT_EQ(plain(0)->sp, sp_plain(regs.sp));
	}
}

TEST(delivery, a_gate_never_leads_outwards, "SDM 2A INT n: DPL above CPL")
{
	struct pt_regs regs;

	use_ring(2);
	probe.gdt[DATA + 1] = probe.gdt[CODE];
	probe.gdt[DATA + 1].dpl = 1;
	regs = kernel_regs(insn_dl_int_back);
	regs.cs = (DATA_SEL + 8) | 1;
	regs.ss = 1;
	probe_gate(DL_INT)->segment = CODE_SEL;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, CODE_SEL, insn_dl_int_back);
	EXPECT_EQ(coded(0)->cs, regs.cs);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
}

TEST(delivery, int_n_at_cpl_1_and_2_needs_the_gates_dpl,
     "SDM 3A Protection of Exception- and Interrupt-Handler Procedures")
{
	for (u32 ring = 1; ring <= 2; ring++) {
		for (u32 dpl = 0; dpl <= 3; dpl++) {
			struct pt_regs regs;

			use_ring(ring);
			probe_gate(DL_INT)->bits.dpl = dpl;
			regs = ring_regs(ring, insn_dl_int_back);
			run(&regs);
			EXPECT_EQ(probe.hits, 1);
			if (dpl >= ring)
				EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
			else
				EXPECT_CODED(0, X86_TRAP_GP, IDT_CODE(DL_INT),
					     insn_dl_int_back);
		}
	}
}

TEST(delivery, iretq_takes_a_null_ss_whose_rpl_is_the_new_cpl, NULL_SS)
{
	for (u32 ring = 0; ring <= 2; ring++) {
		struct pt_regs regs;

		use_ring(ring);
		regs = ring_regs(ring, insn_dl_nop);
		regs.ss = ring;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
		EXPECT_EQ(plain(0)->cs, CODE_SEL | ring);
		EXPECT_EQ(plain(0)->ss, ring);
		EXPECT_EQ(plain(0)->sp, regs.sp);
	}
}

TEST(delivery, iretq_refuses_a_null_ss_of_another_rpl, NULL_SS)
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "AMD's manual knows no RPL of a NULL SS");
	for (u32 n = 0; n < 12; n++) {
		u32 ring = n / 4, rpl = n % 4;
		struct pt_regs regs;

		if (rpl == ring)
			continue;
		use_ring(ring);
		regs = ring_regs(ring, insn_dl_nop);
		regs.ss = rpl;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_GP, 0, probe_enter_iretq);
	}
}

/*
 * AMD's manual has IRET compare the RPLs of SS and CS, and take NULL below
 * CPL 3, and does not say which goes first. One answer for all nine: loaded as
 * given, or #GP(0) of IRETQ with nothing loaded.
 */
TEST(delivery, iretq_takes_or_refuses_every_null_ss_of_another_rpl,
     "APM 3 IRET; APM 2 Nested IRETs to 64-Bit Mode Procedures")
{
	u32 taken = 0, refused = 0;

	if (boot_cpu_data.vendor == VENDOR_INTEL)
		SKIP(return, "Intel's manual refuses each");
	for (u32 n = 0; n < 12; n++) {
		u32 ring = n / 4, rpl = n % 4;
		struct pt_regs regs;

		if (rpl == ring)
			continue;
		use_ring(ring);
		regs = ring_regs(ring, insn_dl_nop);
		regs.ss = rpl;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		if (probe.hit[0].vector == X86_TRAP_GP) {
			refused++;
			EXPECT_CODED(0, X86_TRAP_GP, 0, probe_enter_iretq);
			EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
			EXPECT_EQ(coded(0)->ss, __KERNEL_DS);
			continue;
		}
		taken++;
		EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
		EXPECT_EQ(plain(0)->cs, CODE_SEL | ring);
		EXPECT_EQ(plain(0)->ss, rpl);
		EXPECT_EQ(plain(0)->sp, regs.sp);
	}
	EXPECT_TRUE(!taken || !refused);
}

/* A conforming handler runs at the CPL it interrupts, on the same stack. */
TEST(delivery, a_conforming_handler_keeps_cpl_3_and_its_stack, STACK)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);
	u64 page = alloc_pages(1);
	const struct iret_frame *inner;

	EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0);
	use_ring(0);
	probe.gdt[CODE].type = 0xf;
	probe_gate(DL_INT)->segment = CODE_SEL;
	probe_gate_offset(DL_INT, (u64)insn_dl_u_nop);
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_u_nop + 4);
	EXPECT_EQ(plain(0)->cs, CODE_SEL | 3);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->sp, sp_plain(regs.sp));
	inner = (const void *)(page + sp_plain(regs.sp) % PAGE_SIZE);
	EXPECT_EQ(inner->ip, insn_dl_u_int_back + 2);
	EXPECT_EQ(inner->cs, __USER_CS);
	EXPECT_EQ(inner->sp, regs.sp);
	EXPECT_EQ(inner->ss, __USER_DS);
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
}
