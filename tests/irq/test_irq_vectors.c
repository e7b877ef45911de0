// SPDX-License-Identifier: MIT
/*
 * test_irq_vectors.c - who owns which vector: the tables, the bitmap, the IDT
 * as the CPU reads it, and vector_irq[] must tell one story.
 *
 * Linux: arch/x86/include/asm/irq_vectors.h, arch/x86/kernel/idt.c.
 */
#include "irq.h"

#include <acpi/tables.h>
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <asm/special_insns.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <entry/idt.h>
#include <irq/sysvec.h>
#include <ktest/insn_irq.h>
#include <ktest/pin.h>
#include <ktest/raised.h>
#include <lib/errno.h>

#define LAYOUT "Linux asm/irq_vectors.h, \"IDT vectors usage\""
#define GATES  "SDM 3A \"64-Bit Mode IDT\""

static u32 calls; /* of all probes, for their order */

irqreturn_t irq_probe_handler(int irq, void *dev)
{
	struct irq_probe *probe = dev;

	probe->calls++;
	probe->irq = irq;
	probe->order = ++calls;
	if (probe->then)
		probe->then();
	return probe->answer;
}

/* A vector that a line owns is that line's interrupt. */
static void say(u32 vector)
{
	const struct irq_desc *desc = *this_vector_irq(vector);

	if (desc->chip)
		raised_irqs(desc->irq, 1);
}

bool irq_raise(u32 vector, const struct irq_probe *probe)
{
	u32 before = READ_ONCE(probe->calls);

	say(vector);
	return !apic_send_self(vector) &&
	       WAIT_FOR(READ_ONCE(probe->calls) != before, WAIT_DEFAULT_US);
}

bool irq_have_line(void)
{
	u32 pin;

	return ioapic_of_gsi(irq_to_desc(QUIET_IRQ)->gsi, &pin);
}

static int setup(void)
{
	calls = 0;
	return 0;
}

static void teardown(void)
{
	irq_sources_close();
	affinity_close();
	far_close();
	irq_release_vector(VECTOR_LOW);
	irq_release_vector(VECTOR_HIGH);
	soft_close();
	pins_close();
	irq_spurious_window = 100000;
	irq_spurious_gap_us = 100000;
}

SUITE(irq, .setup = setup, .teardown = teardown);

TEST(irq, isa_irqs_have_vectors_0x30_to_0x3f, LAYOUT)
{
	EXPECT_EQ(ISA_IRQ_VECTOR(0), 0x30);
	for (u8 irq = 0; irq < NR_LEGACY_IRQS; irq++) {
		const struct irq_desc *desc = irq_to_desc(irq);

		EXPECT_EQ(desc->irq, irq);
		EXPECT_EQ(desc->vector, 0x30u + irq);
		EXPECT_EQ(desc->action, NULL);
	}
	EXPECT_EQ(irq_to_desc(NR_IRQS), NULL);
}

TEST(irq, isa_lines_follow_the_madts_overrides,
     "ACPI 6.5 \"Interrupt Source Override Structure\"")
{
	for (u8 irq = 0; irq < NR_LEGACY_IRQS; irq++) {
		const struct irq_desc *desc = irq_to_desc(irq);
		u16 flags;
		u32 gsi;

		EXPECT_EQ(acpi_isa_irq_to_gsi(&acpi_tables, irq, &gsi, &flags),
			  0);
		EXPECT_EQ(desc->gsi, gsi);
		EXPECT_EQ(desc->level, !!(flags & ACPI_IRQ_LEVEL));
		EXPECT_EQ(desc->active_low, !!(flags & ACPI_IRQ_LOW));
	}
}

#define X(vector, name) vector,
static const u8 sysvec_of[] = { SYSVEC_LIST(X) };
static const u8 trap_of[] = { IDTENTRY_LIST(X) IDTENTRY_PARANOID_LIST(X) };
#undef X
#define X(vector, name) asm_sysvec_##name,
static void (*const sysvec_stub[])(void) = { SYSVEC_LIST(X) };
#undef X
#define X(vector, name) asm_exc_##name,
static void (*const trap_stub[])(void) = { IDTENTRY_LIST(X)
						   IDTENTRY_PARANOID_LIST(X) };
#undef X

/* The stub of a vector by the lists alone; a device vector's by its stride. */
static u64 stub_of(u32 vector)
{
	for (u32 i = 0; i < ARRAY_SIZE(trap_of); i++) {
		if (trap_of[i] == vector)
			return (u64)trap_stub[i];
	}
	for (u32 i = 0; i < ARRAY_SIZE(sysvec_of); i++) {
		if (sysvec_of[i] == vector)
			return (u64)sysvec_stub[i];
	}
	if (vector == IA32_SYSCALL_VECTOR)
		return (u64)asm_int80;
	return (u64)irq_entries_start +
	       (vector - FIRST_EXTERNAL_VECTOR) * IRQ_STUB_SIZE;
}

/* In a run with the option lockdep all enter by its stubs. */
static u64 stub_now_of(u32 vector)
{
	u64 stub = stub_of(vector);

	if (!lockdep_on() || vector < FIRST_EXTERNAL_VECTOR ||
	    vector == IA32_SYSCALL_VECTOR)
		return stub;
	return (u64)traced_irq_entries_start +
	       (vector - FIRST_EXTERNAL_VECTOR) * IRQ_STUB_SIZE;
}

static bool is_device_vector(u32 vector)
{
	return vector >= FIRST_EXTERNAL_VECTOR &&
	       stub_of(vector) ==
		       (u64)irq_entries_start +
			       (vector - FIRST_EXTERNAL_VECTOR) * IRQ_STUB_SIZE;
}

TEST(irq, system_vectors_are_those_of_the_tables, LAYOUT)
{
	for (u32 v = 0; v < NR_VECTORS; v++) {
		if (!EXPECT_EQ(is_system_vector(v), !is_device_vector(v)))
			ktest_note("vector 0x%x", v);
	}
	EXPECT_EQ(ARRAY_SIZE(trap_of), NR_EXCEPTIONS);
}

/* The table in IDTR, not the array we believe is there. */
static const gate_desc *live_idt(void)
{
	struct desc_ptr ptr;

	store_idt(&ptr);
	return (const gate_desc *)ptr.address;
}

TEST(irq, all_256_gates_are_present_interrupt_gates, GATES)
{
	const gate_desc *idt = live_idt();

	for (u32 v = 0; v < NR_VECTORS; v++) {
		bool dpl3 = v == X86_TRAP_BP || v == X86_TRAP_OF ||
			    v == IA32_SYSCALL_VECTOR;
		bool ok = EXPECT_EQ(idt[v].bits.p, 1);

		ok &= EXPECT_EQ(idt[v].bits.type, GATE_INTERRUPT);
		ok &= EXPECT_EQ(idt[v].bits.zero, 0);
		ok &= EXPECT_EQ(idt[v].bits.dpl, dpl3 ? 3 : 0);
		ok &= EXPECT_EQ(idt[v].segment, __KERNEL_CS);
		ok &= EXPECT_EQ(idt[v].reserved, 0);
		if (!ok)
			ktest_note("vector 0x%x", v);
	}
}

TEST(irq, every_gate_leads_to_its_own_stub, GATES)
{
	const gate_desc *idt = live_idt();

	if (ktest_tracing())
		SKIP(return, "a traced run's gates lead another way");
	for (u32 v = 0; v < NR_VECTORS; v++) {
		if (!EXPECT_EQ(gate_offset(&idt[v]), stub_now_of(v)))
			ktest_note("vector 0x%x", v);
	}
}

TEST(irq, five_events_have_a_stack_of_their_own, GATES)
{
	static const u8 want[NR_VECTORS] = {
		[X86_TRAP_DF] = IST_DF, [X86_TRAP_NMI] = IST_NMI,
		[X86_TRAP_DB] = IST_DB, [X86_TRAP_MC] = IST_MCE,
		[X86_TRAP_VC] = IST_VC,
	};
	const gate_desc *idt = live_idt();

	for (u32 v = 0; v < NR_VECTORS; v++) {
		if (!EXPECT_EQ(idt[v].bits.ist, want[v]))
			ktest_note("vector 0x%x", v);
	}
}

/* One claim at a time, raised by INT n: the stub's own number must arrive. */
TEST(irq, every_device_vector_arrives_as_itself, LAYOUT)
{
	struct irq_probe probe = { .answer = IRQ_HANDLED };
	u32 sent = 0;

	for (u32 v = FIRST_EXTERNAL_VECTOR; v < NR_VECTORS && ktest_ok(); v++) {
		if (!is_device_vector(v))
			continue;
		if (v >= FIRST_SYSTEM_VECTOR)
			continue; /* device stubs, but not for claiming */
		EXPECT_EQ(irq_claim_vector(v, irq_probe_handler, &probe), 0);
		EXPECT_TRUE(irq_raise(v, &probe));
		irq_release_vector(v);
		EXPECT_EQ(probe.calls, ++sent);
		EXPECT_EQ(probe.irq, v);
	}
	EXPECT_EQ(sent, FIRST_SYSTEM_VECTOR - FIRST_EXTERNAL_VECTOR - 1);
}

TEST(irq, no_vector_is_taken_before_anyone_asks, LAYOUT)
{
	if (ktest_tracing())
		SKIP(return, "a traced run's gates lead another way");
	for (u32 v = 0; v < NR_VECTORS; v++)
		EXPECT_EQ(*this_vector_irq(v), VECTOR_UNUSED);
}

TEST(irq, claim_refuses_what_is_not_a_device_vector,
     "irqbed include/irq/irq.h, irq_claim_vector()")
{
	struct irq_probe p = { .answer = IRQ_HANDLED };

	EXPECT_EQ(irq_claim_vector(X86_TRAP_GP, irq_probe_handler, &p),
		  -EINVAL);
	EXPECT_EQ(irq_claim_vector(0x1f, irq_probe_handler, &p), -EINVAL);
	EXPECT_EQ(irq_claim_vector(IA32_SYSCALL_VECTOR, irq_probe_handler, &p),
		  -EINVAL);
	EXPECT_EQ(irq_claim_vector(FIRST_SYSTEM_VECTOR, irq_probe_handler, &p),
		  -EINVAL);
	EXPECT_EQ(irq_claim_vector(NR_VECTORS, irq_probe_handler, &p), -EINVAL);
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, NULL, &p), -EINVAL);
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &p), 0);
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &p), -EBUSY);
	irq_release_vector(VECTOR_LOW);
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &p), 0);
}

TEST(irq, claims_run_out_and_come_back,
     "irqbed include/irq/irq.h, irq_claim_vector()")
{
	struct irq_probe probe = { .answer = IRQ_HANDLED };
	u32 first = 0x81, n = 0;
	int err = 0;

	while (first + n < FIRST_SYSTEM_VECTOR && !err) {
		err = irq_claim_vector(first + n, irq_probe_handler, &probe);
		n += !err;
	}
	EXPECT_EQ(err, -ENOMEM);
	EXPECT_GE(n, 16);
	EXPECT_TRUE(irq_raise(first + n - 1, &probe));
	EXPECT_EQ(probe.irq, first + n - 1);
	while (n)
		irq_release_vector(first + --n);
	EXPECT_EQ(irq_claim_vector(VECTOR_HIGH, irq_probe_handler, &probe), 0);
}
