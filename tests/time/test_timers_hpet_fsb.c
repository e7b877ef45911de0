// SPDX-License-Identifier: MIT
/*
 * HPET timers that write their interrupt as a message to the local APIC, by
 * no pin. QEMU has them with -global hpet.msi=on.
 *
 * Spec: IA-PC HPET Specification 1.0a, "FSB Interrupt Delivery"; SDM 3A
 *       "Message Address Register Format", "Message Data Register Format".
 */
#include <dev/pci_decode.h>
#include <irq/irq.h>

#include "hpet_case.h"

#define RULE "HPET Timer N FSB Interrupt Route Register"

/* Timer n's messages to this CPU: fixed, edge, the case's vector. */
static bool start_fsb(u32 timer)
{
	struct hpet_timer_info info;
	struct msi_msg msg;

	hpet_timer_info(timer, &info);
	if (!info.fsb_cap)
		SKIP(return false, "timer %u sends no FSB messages", timer);
	if (!hpet_start(timer, false))
		return false;
	pin_mask(&hpet_pin.pin, true);
	hpet_wants.route = HPET_ROUTE_FSB;
	if (irq_msi_compose_msg(&msg, this_cpu(apic_id), hpet_pin.pin.vector))
		SKIP(return false, "no message reaches this CPU's APIC ID");
	hpet_wants.fsb_addr = msg.address_lo.raw;
	hpet_wants.fsb_data = msg.data.raw;
	return true;
}

TEST(timers, hpet_fsb_message_arrives_without_a_pin, RULE, HPET)
{
	if (!start_fsb(0))
		return;
	hpet_one_shot(0, TICKS_OF_US(200));
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, (u32)hpet_comparator(0));
}

TEST(timers, hpet_fsb_messages_of_every_timer_are_edges, RULE, HPET)
{
	for (u32 n = 0; n < hpet_timers() && ktest_ok(); n++) {
		if (!start_fsb(n))
			return;
		hpet_one_shot(n, TICKS_OF_US(100));
		EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
		EXPECT_FALSE(hpet_pin.pin.tmr);
		pins_close();
		hpet_timer_stop(n);
	}
}

TEST(timers, hpet_fsb_messages_come_once_a_period, RULE, HPET)
{
	u32 period = (u32)TICKS_OF_US(1000), first;
	int timer = hpet_periodic_timer();

	if (timer < 0)
		SKIP(return, "no timer is periodic");
	if (!start_fsb((u32)timer))
		return;
	hpet_arm((u32)timer, period, true);
	first = (u32)hpet_comparator((u32)timer);
	SLEEP_FOR(hpet_pin.pin.count >= 4, WAIT_DEFAULT_US);
	for (u32 k = 0; k < 4 && ktest_ok(); k++)
		hpet_expect_after(k, first + k * period);
}

TEST(timers, hpet_fsb_bit_is_kept_where_it_is_declared,
     "HPET Timer N Configuration and Capabilities, FSB Interrupt Enable", HPET)
{
	for (u32 n = 0; n < hpet_timers(); n++) {
		u32 cfg = hpet_readl(HPET_Tn_CFG(n));

		timers_use_hpet(n);
		hpet_writel(cfg | HPET_TN_FSB, HPET_Tn_CFG(n));
		if (!EXPECT_EQ(!!(hpet_readl(HPET_Tn_CFG(n)) & HPET_TN_FSB),
			       !!(cfg & HPET_TN_FSB_CAP)))
			ktest_note("timer %u", n);
		hpet_writel(cfg, HPET_Tn_CFG(n));
	}
}
