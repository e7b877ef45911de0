// SPDX-License-Identifier: MIT
/*
 * Where the IDT, the GDT and the TSS lie, and what of them is reserved.
 *
 * Spec: SDM 3A "Interrupt Descriptor Table (IDT)", "64-Bit Mode IDT", "Task
 *       Register"; APM 2 "Interrupt Descriptor Table Register".
 */
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define IDT    "SDM 3A Interrupt Descriptor Table (IDT)"
#define TR     "SDM 3A TSS Descriptor in 64-bit mode"
#define SLOT   10 /* free in our GDT, and the next */
#define SEL    (SLOT * 8)
#define IDT_SZ (NR_VECTORS * sizeof(gate_desc))

static void judge_taken(u64 sp)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
	EXPECT_EQ(probe.hit[0].sp, sp);
}

static u64 pages;

static bool take_pages(void)
{
	pages = alloc_pages(2);
	return EXPECT_NE(pages, 0);
}

TEST(delivery, the_idt_may_begin_at_any_byte, IDT)
{
	if (!take_pages())
		return;
	for (u64 off = 0; off < sizeof(gate_desc); off++) {
		probe_reset();
		memcpy((void *)(pages + off), probe.idt, IDT_SZ);
		probe.idt = (gate_desc *)(pages + off);
		judge_taken(sp_plain(probe_stack(RUN_STACK)));
	}
	free_pages(pages, 2);
}

TEST(delivery, the_gdt_may_begin_at_any_byte,
     "SDM 3A Memory-Management Registers")
{
	if (!take_pages())
		return;
	for (u64 off = 0; off < sizeof(union desc_struct); off++) {
		probe_reset();
		probe.use_tss = true;
		memcpy((void *)(pages + off), probe.gdt, GDT_ENTRIES * 8);
		probe.gdt = (union desc_struct *)(pages + off);
		judge_taken(sp_plain(probe_stack(RUN_STACK)));
	}
	free_pages(pages, 2);
}

TEST(delivery, the_tss_may_begin_at_any_byte, TR)
{
	if (!take_pages())
		return;
	for (u64 off = 0; off < 16; off++) {
		probe_reset();
		probe.use_tss = true;
		memcpy((void *)(pages + off), probe.tss, sizeof(struct tss));
		gdt_fill(probe.gdt, (struct tss *)(pages + off));
		probe_gate(DL_INT)->bits.ist = 7;
		judge_taken(sp_plain(probe_stack(7)));
	}
	free_pages(pages, 2);
}

/*
 * The IDT at DL_PAGE_VA, DL_INT's gate across the page boundary. Without the
 * second page, all of the gate's last half is absent.
 */
static void split_gate(u64 first_bytes, bool second_page)
{
	u64 start = PAGE_SIZE - DL_INT * sizeof(gate_desc) - first_bytes;

	probe_reset();
	memcpy((void *)(pages + start), probe.idt, IDT_SZ);
	EXPECT_EQ(map_range(DL_PAGE_VA, pages,
			    second_page ? 2 * PAGE_SIZE : PAGE_SIZE,
			    PAGE_KERNEL),
		  0);
	probe.idt = (gate_desc *)(DL_PAGE_VA + start);
}

TEST(delivery, a_gate_may_lie_across_two_pages, IDT)
{
	if (!take_pages())
		return;
	for (u64 bytes = 1; bytes < sizeof(gate_desc); bytes++) {
		split_gate(bytes, true);
		judge_taken(sp_plain(probe_stack(RUN_STACK)));
		unmap_range(DL_PAGE_VA, 2 * PAGE_SIZE);
	}
	free_pages(pages, 2);
}

/* Up to 11: of a gate's last four bytes the CPU needs nothing. */
TEST(delivery, a_gate_half_absent_is_a_page_fault, IDT)
{
	u64 second = DL_PAGE_VA + PAGE_SIZE;

	if (!take_pages())
		return;
	for (u64 bytes = 1; bytes < 12; bytes++) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		split_gate(bytes, false);
		run(&regs);
		unmap_range(DL_PAGE_VA, PAGE_SIZE);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_PF, 0, insn_dl_int_back);
		EXPECT_EQ(coded(0)->sp, regs.sp);
		EXPECT_GE(probe.hit[0].cr2, second);
		EXPECT_LT(probe.hit[0].cr2, second + sizeof(gate_desc) - bytes);
	}
	free_pages(pages, 2);
}

/* What lies beyond the limit is not even read. */
TEST(delivery, the_limit_is_checked_before_the_gate_is_read, IDT)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	if (!take_pages())
		return;
	split_gate(0, false);
	probe.idt_limit = DL_INT * sizeof(gate_desc) - 1;
	run(&regs);
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, IDT_CODE(DL_INT), insn_dl_int_back);
	free_pages(pages, 2);
}

/* AMD: reserved, ignored. Intel: reserved, so that either may come of it. */
TEST(delivery, a_gates_reserved_bits_are_ignored,
     "APM 2 Long-Mode Interrupt Control Transfers")
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	for (u32 bit = 0; bit < 37; bit++) {
		probe_reset();
		if (bit < 32)
			probe_gate(DL_INT)->reserved = 1u << bit;
		else
			probe_gate(DL_INT)->bits.zero = 1u << (bit - 32);
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		if (boot_cpu_data.vendor == VENDOR_INTEL &&
		    probe.hit[0].vector == X86_TRAP_GP)
			EXPECT_EQ(probe.hit[0].top[0], IDT_CODE(DL_INT));
		else
			EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
	}
}

static void ltr_and_enter(void *regs)
{
	load_tr(SEL);
	probe_enter(regs);
}

/* The code of #TS is what LTR loaded, not where irqbed has its TSS. */
TEST(delivery, ts_names_the_selector_in_tr, "SDM 3A Interrupt 10")
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe.use_tss = true;
	memcpy(&probe.gdt[SLOT], &probe.gdt[GDT_ENTRY_TSS],
	       sizeof(struct tss_desc));
	probe.gdt[SLOT].type = DESC_TSS_AVAILABLE;
	probe.gdt[SLOT].limit0 = offsetof(struct tss, ist[6]);
	probe_gate(DL_INT)->bits.ist = 7;
	run_by(ltr_and_enter, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_TS, SEL, insn_dl_int_back);
}
