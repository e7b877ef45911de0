// SPDX-License-Identifier: MIT
/*
 * hpet_msi.c - the irq_chip of HPET timers that send their interrupts as
 * messages. Linux: arch/x86/kernel/hpet.c, hpet_msi_controller.
 *
 * Read:    hpet_alloc_irq(), then the chip.
 * Context: chip: descriptor locked, IF=0; the rest task context.
 * Spec:    IA-PC HPET Specification 1.0a, "Timer N FSB Interrupt Route
 *          Register".
 */
#include <apic/lapic.h>
#include <cpu/cpumask.h>
#include <dev/hpet.h>
#include <dev/pci_decode.h>
#include <irq/irq.h>
#include <lib/errno.h>

/* By the chip: where each timer's messages go. */
static struct msi_msg messages[HPET_MAX_TIMERS];

static u32 timer_of(const struct irq_desc *desc)
{
	return (u32)(u64)desc->chip_data;
}

static int hpet_msi_startup(struct irq_desc *desc)
{
	return irq_msi_compose_msg(&messages[timer_of(desc)],
				   cpu_hot(desc->cpu)->apic_id, desc->vector);
}

static void hpet_msi_shutdown(struct irq_desc *desc)
{
	hpet_timer_stop(timer_of(desc));
}

/* Vector, then CPU; what was sent has arrived when a read is answered. */
static int hpet_msi_set_affinity(struct irq_desc *desc, u32 cpu, u8 vector)
{
	u32 timer = timer_of(desc);
	struct msi_msg msg;
	int err = irq_msi_compose_msg(&msg, cpu_hot(cpu)->apic_id, vector);

	if (err)
		return err;
	messages[timer] = msg;
	hpet_writel(msg.data.raw, HPET_Tn_FSB_VAL(timer));
	hpet_writel(msg.address_lo.raw, HPET_Tn_FSB_ADDR(timer));
	hpet_readl(HPET_Tn_FSB_ADDR(timer));
	return 0;
}

static void hpet_msi_ack(struct irq_desc *desc)
{
	apic_eoi();
}

/* No mask: what comes while it is disabled the flow handler keeps. */
static const struct irq_chip hpet_msi_chip = {
	.name = "HPET-MSI",
	.irq_startup = hpet_msi_startup,
	.irq_shutdown = hpet_msi_shutdown,
	.irq_ack = hpet_msi_ack,
	.irq_retrigger = apic_retrigger_irq,
	.irq_set_affinity = hpet_msi_set_affinity,
};

int hpet_alloc_irq(u32 timer)
{
	struct hpet_timer_info info;

	if (hpet_timer_info(timer, &info) || !info.fsb_cap)
		return -ENODEV;
	return irq_alloc_desc(&hpet_msi_chip, (void *)(u64)timer);
}

void hpet_irq_setup(u32 timer, struct hpet_setup *setup)
{
	*setup = (struct hpet_setup){
		.route = HPET_ROUTE_FSB,
		.fsb_addr = messages[timer].address_lo.raw,
		.fsb_data = messages[timer].data.raw,
	};
}
