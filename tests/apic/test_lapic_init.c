// SPDX-License-Identifier: MIT
/*
 * What INIT makes of a local APIC. The last CPU fills its registers with other
 * values than reset's, has one interrupt in service and another pending; INIT
 * hits it there. What SIPI starts then reads them all before our own code has
 * touched one.
 *
 * Spec: SDM 3A "Local APIC State After an INIT Reset ("Wait-for-SIPI" State)",
 *       "Local APIC State After Power-Up or Reset", "x2APIC State
 *       Transitions"; APM 2 "APIC Registers".
 */
#include "lapic_case.h"

#include <cpu/percpu.h>
#include <smp/smp.h>

#define INIT_RULE                                                         \
	"SDM 3A Local APIC State After an INIT Reset (\"Wait-for-SIPI\" " \
	"State)"

#define IN_SERVICE VEC_B
#define PENDING	   VEC_A

/* In apic_look.row's order; before: in the handler that INIT ends. */
static struct seen {
	u16 reg[APIC_LOOK_REGS];
	u32 want[APIC_LOOK_REGS], before[APIC_LOOK_REGS];
	bool ready, done;
} seen;

static u32 this_mode(void)
{
	return apic_is_x2apic ? LR_X2APIC : LR_XAPIC;
}

/* There in this mode, and readable by both manuals. */
static bool listed(const struct lapic_reg *r)
{
	return r->access & this_mode() && r->access & LR_R &&
	       !(r->access & LR_AMD_X2APIC) && r->lvts <= lapic_lvt_count();
}

static void list_registers(void)
{
	u32 n = 0;

	for (u32 i = 0; i < lapic_table_rows; i++) {
		const struct lapic_reg *r = &lapic_table[i];

		for (u32 j = 0; listed(r) && j < r->count; j++, n++) {
			u32 reg = r->reg + j * 0x10u;

			seen.reg[n] = (u16)reg;
			seen.want[n] = r->reset;
			apic_look.row[n].at =
				apic_is_x2apic ? X2APIC_MSR(reg) : reg;
		}
	}
	apic_look.count = n;
	apic_look.mmio = apic_is_x2apic ? 0 : apic_mmio;
}

/* May software write it in this mode? */
static bool writable(const struct lapic_reg *r)
{
	return r->trial && listed(r) &&
	       (r->access & LR_W ||
		(r->access & LR_XAPIC_W && !apic_is_x2apic));
}

/* Until INIT, or a deadline: IN_SERVICE is, for no EOI was sent yet. */
static irqreturn_t fill_and_wait(int vector, void *dev)
{
	for (u32 i = 0; i < lapic_table_rows; i++) {
		if (writable(&lapic_table[i]))
			apic_write(lapic_table[i].reg, lapic_table[i].trial);
	}
	apic_send_self(PENDING);
	WAIT_FOR(lapic_test(APIC_IRR, PENDING), WAIT_DEFAULT_US);
	for (u32 i = 0; i < apic_look.count; i++)
		seen.before[i] = apic_read(seen.reg[i]);
	apic_look.want = rdmsr(MSR_IA32_APICBASE);
	__atomic_store_n(&seen.ready, true, __ATOMIC_RELEASE);
	WAIT_FOR(!READ_ONCE(seen.ready), WAIT_DEFAULT_US);
	return IRQ_HANDLED;
}

static bool init_hits_it(u32 cpu)
{
	bool ok;

	if (!EXPECT_EQ(apic_send_ipi(cpu_hot(cpu)->apic_id, IN_SERVICE), 0) ||
	    !EXPECT_TRUE(
		    WAIT_FOR(__atomic_load_n(&seen.ready, __ATOMIC_ACQUIRE),
			     WAIT_DEFAULT_US)))
		return false;
	smp_startup_hook = insn_lapic_look;
	ok = EXPECT_EQ(smp_restart_cpu(cpu), 0);
	smp_startup_hook = NULL;
	return ok;
}

/* Once for all that judge it: INIT takes 10 ms. False: the case has failed. */
static bool look(void)
{
	if (seen.done)
		return true;
	list_registers();
	apic_look.taken = 0;
	if (!EXPECT_EQ(irq_claim_vector_everywhere(IN_SERVICE, fill_and_wait,
						   NULL),
		       0))
		return false;
	seen.done = init_hits_it(nr_cpu_ids - 1);
	irq_release_vector(IN_SERVICE);
	return seen.done;
}

TEST(lapic, init_keeps_the_mode_and_the_base,
     INIT_RULE "; SDM 3A x2APIC State Transitions", .needs = NEEDS_SMP)
{
	if (look())
		EXPECT_EQ(apic_look.base, apic_look.want);
}

/* In x2APIC mode the logical ID follows from the ID. */
static bool is_kept(u32 reg)
{
	return reg == APIC_ID || reg == APIC_LVR ||
	       (reg == APIC_LDR && apic_is_x2apic);
}

static void judge_after(bool kept)
{
	if (!look() || !EXPECT_EQ(apic_look.taken, 1))
		return;
	for (u32 i = 0; i < apic_look.count; i++) {
		u32 want = kept ? seen.before[i] : seen.want[i];

		if (is_kept(seen.reg[i]) == kept &&
		    !EXPECT_EQ(apic_look.row[i].val, want))
			ktest_note("register 0x%03x, 0x%08x before INIT",
				   seen.reg[i], seen.before[i]);
	}
}

TEST(lapic, init_keeps_the_id_and_the_version, INIT_RULE, .needs = NEEDS_SMP)
{
	judge_after(true);
}

/* What INIT found was neither reset's values nor an idle APIC. */
static void judge_before(void)
{
	for (u32 i = 0; i < apic_look.count; i++) {
		u32 reg = seen.reg[i], is = seen.before[i];
		const struct lapic_reg *r = lapic_reg_at(reg);

		if (writable(r))
			EXPECT_EQ(is, r->trial);
		if (reg == APIC_ISR + IN_SERVICE / 32 * 0x10)
			EXPECT_EQ(is, BIT(IN_SERVICE % 32));
		if (reg == APIC_IRR + PENDING / 32 * 0x10)
			EXPECT_EQ(is, BIT(PENDING % 32));
	}
}

TEST(lapic, init_makes_all_registers_as_after_power_up,
     INIT_RULE "; SDM 3A Local APIC State After Power-Up or Reset",
     .needs = NEEDS_SMP)
{
	judge_after(false);
	judge_before();
}
