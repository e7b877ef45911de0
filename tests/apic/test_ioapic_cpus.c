// SPDX-License-Identifier: MIT
/*
 * What an entry does with other CPUs than this one: lowest priority chooses
 * one of several, INIT makes one wait for SIPI.
 *
 * Spec: 82093AA "I/O Redirection Table Registers"; SDM 3A "Lowest Priority
 *       Delivery Mode", "Local APIC State After an INIT Reset".
 */
#include <apic/lapic.h>
#include <ktest/arrivals.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>
#include <smp/smp.h>

#define MODE_RULE "82093AA I/O Redirection Table Registers, Delivery Mode"

#define WHERE_VECTOR 0x51 /* claimed on every CPU */
#define RUN_US	     2000000

static struct pin pin = { .vector = 0x61 };
static enum wire wire;

static bool start(union ioapic_rte rte)
{
	wire = pin_on_any_wire(&pin, rte);
	return wire < NR_WIRES;
}

static void hold(bool on)
{
	if (on)
		wire_raise(wire);
	else
		wire_lower(wire);
}

static void aim_lowest(u32 dest)
{
	union ioapic_rte rte = { .vector = WHERE_VECTOR,
				 .delivery_mode = APIC_DM_LOWEST >> 8,
				 .dest_logical = 1,
				 .dest = (u8)dest };

	gsi_write_rte(pin.gsi, rte);
}

TEST(ioapic, lowest_priority_chooses_one_of_several,
     MODE_RULE "; SDM 3A Lowest Priority Delivery Mode", .needs = NEEDS_SMP)
{
	if (!start(PIN_EDGE))
		SKIP(return, NO_WIRE);
	if (!arrivals_open(WHERE_VECTOR))
		return;
	if (!apic_is_x2apic)
		logical_model_begin(APIC_DFR_FLAT, 0x01);
	judge_one_of_several(aim_lowest, hold);
	logical_model_end();
	arrivals_close();
	pins_close();
}

static void nothing(void *unused)
{
}

static void init_by_the_pin(u32 cpu)
{
	hold(true);
	pin_settle();
	hold(false);
}

/*
 * Only a CPU that was hit by INIT takes a SIPI. The vector is ignored. INIT
 * takes back what is pending: so that nothing is, it does something first.
 */
TEST(ioapic, init_mode_makes_a_cpu_wait_for_sipi, MODE_RULE, .needs = NEEDS_SMP)
{
	u32 cpu = nr_cpu_ids - 1, id = cpu_hot(cpu)->apic_id;
	union ioapic_rte rte = { .delivery_mode = APIC_DM_INIT >> 8,
				 .dest = (u8)id };

	if (id >= 0xff)
		SKIP(return, "8 bits cannot name ID 0x%x", id);
	if (!start(rte))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(run_on(cpu, nothing, NULL, RUN_US), 0);
	if (!EXPECT_EQ(smp_restart_cpu_by(cpu, init_by_the_pin), 0))
		smp_restart_cpu(cpu);
	EXPECT_EQ(run_on(cpu, nothing, NULL, RUN_US), 0);
	EXPECT_EQ(pin.count, 0);
}
