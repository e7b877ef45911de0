// SPDX-License-Identifier: MIT
/*
 * test_handoff_irq.c - interrupt controllers, timers and descriptor tables as
 * the firmware left them: reported, since UEFI says nothing of them; a
 * case judges only that the facts were taken and are possible.
 *
 * Spec: SDM 3A "Local APIC", Intel 8259A and 82093AA datasheets.
 */
#include "handoff.h"

#include <apic/i8259.h>
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <asm/desc_defs.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <time/hpet.h>

#define LAPIC "SDM 3A \"Local APIC Status and Location\""

TEST(handoff, descriptor_tables_are_reported, "SDM 3A \"64-Bit Mode IDT\"")
{
	const struct firmware_state *fw = &boot_info()->fw;
	const struct mem_region *idt = handoff_region(fw->idt_base);
	const struct mem_region *gdt = handoff_region(fw->gdt_base);

	ktest_note("fw.idt=0x%llx+0x%x fw.idt_memory=%d",
		   (unsigned long long)fw->idt_base, fw->idt_limit,
		   idt ? (int)idt->type : -1);
	ktest_note("fw.gdt=0x%llx+0x%x fw.gdt_memory=%d fw.cs=0x%x fw.ss=0x%x "
		   "fw.tr=0x%x",
		   (unsigned long long)fw->gdt_base, fw->gdt_limit,
		   gdt ? (int)gdt->type : -1, fw->cs, fw->ss, fw->tr);
	EXPECT_NE(fw->cs & ~7, 0);
	EXPECT_LE((fw->cs & ~7) + 7, fw->gdt_limit);
	EXPECT_EQ(fw->cs & 3, 0);
}

TEST(handoff, the_apic_is_globally_enabled_in_a_legal_mode, LAPIC)
{
	u64 base = boot_info()->fw.apic_base;
	bool on = base & MSR_IA32_APICBASE_ENABLE;
	bool x2 = base & MSR_IA32_APICBASE_EXTD;

	ktest_note("fw.apic_base=0x%llx fw.apic_mode=%s",
		   (unsigned long long)base,
		   x2	? "x2apic"
		   : on ? "xapic"
			: "disabled");
	EXPECT_TRUE(on || !x2);
	EXPECT_TRUE(base & MSR_IA32_APICBASE_BSP);
}

TEST(handoff, the_local_apics_state_is_reported, LAPIC)
{
	static const char *const name[FIRMWARE_LVTS] = {
		"timer", "lint0", "lint1", "error", "pmc", "thermal", "cmci",
	};
	const struct firmware_lapic *l = &boot_info()->fw.lapic;

	if (!EXPECT_TRUE(l->read))
		return;
	ktest_note("fw.svr=0x%x fw.tpr=0x%x", l->svr, l->tpr);
	for (u32 n = 0; n < l->nr_lvts; n++)
		ktest_note("fw.lvt.%s=0x%x%s", name[n], l->lvt[n],
			   l->lvt[n] & APIC_LVT_MASKED ? "" : " unmasked");
	ktest_note("fw.timer.initial=0x%x fw.timer.divide=0x%x "
		   "fw.timer.running=%u",
		   l->tmict, l->tdcr, l->tmict && l->tmcct[0] != l->tmcct[1]);
	EXPECT_GE(l->nr_lvts, 3);
}

static void report_bits(const char *what, const u32 *word, u32 *count)
{
	for (u32 v = 0; v < 256; v++) {
		if (!(word[v / 32] >> (v % 32) & 1))
			continue;
		ktest_note("fw.%s=0x%x", what, v);
		++*count;
	}
}

/* In service after the last handler returned: that handler sent no EOI. */
TEST(handoff, interrupts_left_behind_are_reported,
     "SDM 3A \"Interrupt Acceptance for Fixed Interrupts\"")
{
	const struct firmware_lapic *l = &boot_info()->fw.lapic;
	u32 in_service = 0, pending = 0;

	EXPECT_TRUE(l->read);
	report_bits("isr", l->isr, &in_service);
	report_bits("irr", l->irr, &pending);
	ktest_note("fw.in_service=%u fw.pending=%u", in_service, pending);
	EXPECT_EQ((l->isr[0] | l->irr[0]) & 0xffff, 0); /* never real vectors */
}

static u32 bits_set(u64 word)
{
	u32 n = 0;

	for (; word; word &= word - 1)
		n++;
	return n;
}

TEST(handoff, unmasked_lines_are_reported, "82093AA Interrupt Mask; 8259A OCW1")
{
	const struct firmware_pic *pic = &boot_info()->fw.pic;

	if (!nr_ioapics && !i8259_present())
		SKIP(return, "there is neither an IOAPIC nor an 8259");
	if (i8259_present())
		ktest_note("fw.pic.imr=0x%04x fw.pic.irr=0x%04x "
			   "fw.pic.isr=0x%04x fw.pic.unmasked=%u",
			   pic->imr, pic->irr, pic->isr,
			   bits_set((u16)~pic->imr));
	for (u32 i = 0; i < nr_ioapics; i++) {
		ktest_note("fw.ioapic%u.unmasked=%u fw.ioapic%u.pins=0x%llx", i,
			   bits_set(ioapics[i].firmware_unmasked), i,
			   (unsigned long long)ioapics[i].firmware_unmasked);
		EXPECT_EQ(ioapics[i].pins < 64 ? ioapics[i].firmware_unmasked >>
							 ioapics[i].pins
					       : 0,
			  0);
	}
	if (i8259_present())
		EXPECT_EQ(i8259_read_imr(), 0xffff); /* by now */
}

TEST(handoff, the_hpets_state_is_reported,
     "HPET \"General Configuration Register\"", .needs = NEEDS_HPET)
{
	const struct firmware_hpet *h = &boot_info()->fw.hpet;

	if (!EXPECT_TRUE(h->read))
		return;
	ktest_note("fw.hpet.running=%u fw.hpet.legacy=%u fw.hpet.timers=0x%x",
		   !!(h->config & HPET_CFG_ENABLE),
		   !!(h->config & HPET_CFG_LEGACY), h->enabled_timers);
	EXPECT_EQ(h->config & 0xffff00fc, 0); /* reserved; 15:8 are non-OS */
}

TEST(handoff, memory_types_and_pat_are_reported,
     "SDM 3A \"Page Attribute Table (PAT)\"")
{
	u64 pat = boot_info()->fw.pat;

	ktest_note("fw.pat=0x%016llx", (unsigned long long)pat);
	for (u32 i = 0; i < 8; i++) {
		u32 type = pat >> (8 * i) & 0xff;

		EXPECT_TRUE(type <= 7 && type != 2 && type != 3);
	}
}
