// SPDX-License-Identifier: MIT
/*
 * handoff.c - what the firmware left in the interrupt controllers and timers,
 * read just before irqbed takes each of them over; suite handoff reports it.
 *
 * Spec: SDM 3A "Local APIC", Intel 8259A datasheet "OCW3", IA-PC HPET
 *       Specification 1.0a.
 */
#include "platform.h"

#include <acpi/tables.h>
#include <apic/i8259.h>
#include <apic/lapic.h>
#include <asm/io.h>
#include <mm/paging.h>
#include <time/hpet.h>

static struct boot_info *kept; /* written by boot_info_keep() */

const struct boot_info *boot_info(void)
{
	return kept;
}

void boot_info_keep(struct boot_info *info)
{
	kept = info;
}

void handoff_read_pic(void)
{
	struct firmware_pic *pic = &kept->fw.pic;

	pic->imr = i8259_read_imr();
	pic->irr = i8259_read_irr();
	pic->isr = i8259_read_isr();
}

/* By LVT number, in the order in which versions added them. */
static u32 lvt_register(u32 n)
{
	static const u16 reg[FIRMWARE_LVTS] = {
		APIC_LVTT,  APIC_LVT0,	  APIC_LVT1,	APIC_LVTERR,
		APIC_LVTPC, APIC_LVTTHMR, APIC_LVTCMCI,
	};

	return reg[n];
}

/*
 * After lapic_select(): a step from xAPIC to x2APIC mode keeps all of this.
 * Two readings of the count show whether the timer runs.
 */
void handoff_read_lapic(void)
{
	struct firmware_lapic *l = &kept->fw.lapic;

	l->svr = apic_read(APIC_SPIV);
	l->tpr = apic_read(APIC_TASKPRI);
	l->nr_lvts = min(lapic_lvt_count(), (u32)FIRMWARE_LVTS);
	for (u32 n = 0; n < l->nr_lvts; n++)
		l->lvt[n] = apic_read(lvt_register(n));
	l->tmict = apic_read(APIC_TMICT);
	l->tdcr = apic_read(APIC_TDCR);
	l->tmcct[0] = apic_read(APIC_TMCCT);
	for (u32 i = 0; i < 8; i++) {
		l->isr[i] = apic_read(APIC_ISR + i * 0x10);
		l->irr[i] = apic_read(APIC_IRR + i * 0x10);
	}
	l->tmcct[1] = apic_read(APIC_TMCCT);
	l->read = true;
}

/* Before clocks_init(), which stops its timers. */
void handoff_read_hpet(void)
{
	struct firmware_hpet *h = &kept->fw.hpet;
	u64 base = acpi_tables.hpet.address;
	u32 last;

	if (!acpi_tables.hpet.present || !base || ioremap(base, HPET_SIZE))
		return;
	h->cap = readl(base + HPET_CAP);
	h->config = readl(base + HPET_CFG);
	if (h->cap == ~0u)
		return;
	last = (u32)FIELD_GET(HPET_CAP_NUM_TIM, h->cap);
	for (u32 n = 0; n <= last && n < HPET_MAX_TIMERS; n++) {
		if (readl(base + HPET_Tn_CFG(n)) & HPET_TN_ENABLE)
			h->enabled_timers |= 1u << n;
	}
	h->read = true;
}
