// SPDX-License-Identifier: MIT
/*
 * LTR: what a TSS descriptor must be in 64-bit mode. A refused one leaves TR
 * and the descriptor as they were.
 *
 * Spec: SDM 2A LTR; SDM 3A "TSS Descriptor in 64-bit mode"; APM 3 "LTR".
 */
#include <asm/special_insns.h>
#include <ktest/insn_seg.h>
#include <lib/string.h>

#include "delivery.h"

#define RULE		"SDM 2A LTR: 64-bit mode exceptions"
#define SLOT		10 /* free in our GDT, and the next */
#define SEL		(SLOT * 8)
#define TSS16_AVAILABLE 1

static u16 tr; /* as LTR left it */

static void ltr(void *sel)
{
	insn_ltr(sel);
	tr = store_tr();
}

/* An available TSS in the slot, to be spoilt. */
static struct tss_desc *slot(void)
{
	struct tss_desc *desc = (void *)&probe.gdt[SLOT];

	probe_reset();
	probe.use_tss = true;
	memcpy(desc, &probe.gdt[GDT_ENTRY_TSS], sizeof(*desc));
	desc->type = DESC_TSS_AVAILABLE;
	return desc;
}

static void refused(u64 sel, u32 vector, u64 code)
{
	struct tss_desc before;

	memcpy(&before, &probe.gdt[SLOT], sizeof(before));
	probe_clear();
	if (!EXPECT_TRUE(probe_call(ltr, (void *)sel))) {
		ktest_note("selector 0x%llx, type 0x%x, P %u",
			   (unsigned long long)sel, before.type, before.p);
		return;
	}
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, vector, code, insn_ltr);
	EXPECT_EQ(memcmp(&before, &probe.gdt[SLOT], sizeof(before)), 0);
}

TEST(delivery, ltr_of_null_is_gp_0, RULE)
{
	for (u64 rpl = 0; rpl <= 3; rpl++) {
		slot();
		refused(rpl, X86_TRAP_GP, 0);
	}
}

TEST(delivery, ltr_of_what_is_no_available_tss_is_gp, RULE)
{
	for (u32 type = 0; type < 32; type++) {
		struct tss_desc *desc = slot();

		if (type == DESC_TSS_AVAILABLE || type == TSS16_AVAILABLE)
			continue;
		desc->type = type & 0xf;
		desc->zero0 = type >> 4 & 1; /* S: code and data */
		refused(SEL, X86_TRAP_GP, SEL);
	}
}

/* Type 1, available in 32-bit mode, is reserved in this one. */
TEST(delivery, ltr_of_a_16_bit_tss_is_gp, RULE)
{
	slot()->type = TSS16_AVAILABLE;
	refused(SEL, X86_TRAP_GP, SEL);
}

TEST(delivery, ltr_checks_the_type_before_presence, RULE)
{
	struct tss_desc *desc = slot();

	desc->type = DESC_TSS_BUSY;
	desc->p = 0;
	refused(SEL, X86_TRAP_GP, SEL);
	desc->type = DESC_TSS_AVAILABLE;
	refused(SEL, X86_TRAP_NP, SEL);
}

TEST(delivery, ltr_of_the_ldt_or_beyond_the_gdt_is_gp, RULE)
{
	slot();
	refused(SEL | 4, X86_TRAP_GP, SEL | 4);
	refused(GDT_ENTRIES * 8, X86_TRAP_GP, GDT_ENTRIES * 8);
	refused(0xfff8, X86_TRAP_GP, 0xfff8);
}

/* Sixteen bytes, of which the GDT's limit cuts off the upper eight. */
TEST(delivery, ltr_of_half_a_descriptor_is_gp, RULE)
{
	u64 last = GDT_ENTRIES - 1;

	slot();
	probe.gdt[last] = probe.gdt[SLOT];
	refused(last * 8, X86_TRAP_GP, last * 8);
}

/* The type field of the upper half, too, must say something: 0. */
TEST(delivery, ltr_of_a_descriptor_with_an_upper_type_is_gp, RULE)
{
	for (u32 bit = 8; bit <= 11; bit++) {
		slot()->zero2 = 1u << bit;
		refused(SEL, X86_TRAP_GP, SEL);
	}
}

/* Intel's manual has no such rule for what a descriptor holds. */
TEST(delivery, ltr_of_a_base_not_canonical_is_gp, "APM 2 System Descriptors")
{
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		SKIP(return, "a rule of the APM alone");
	slot()->base3 = 1u << 31;
	refused(SEL, X86_TRAP_GP, SEL);
}

TEST(delivery, ltr_marks_the_tss_busy, "SDM 3A TSS Descriptor in 64-bit mode")
{
	struct tss_desc *desc = slot();

	probe_clear();
	EXPECT_FALSE(probe_call(ltr, (void *)SEL));
	EXPECT_EQ(tr, SEL);
	EXPECT_EQ(desc->type, DESC_TSS_BUSY);
	EXPECT_EQ(probe.hits, 0);
}
