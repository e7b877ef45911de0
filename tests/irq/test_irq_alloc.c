// SPDX-License-Identifier: MIT
/*
 * test_irq_alloc.c - vectors and descriptors are handed out once, in order,
 * and come back; when there are none left the request says so.
 *
 * Linux: arch/x86/kernel/apic/vector.c, kernel/irq/irqdesc.c.
 */
#include "irq.h"

#include <apic/ioapic.h>
#include <lib/errno.h>

#define VECTORS "Linux arch/x86/kernel/apic/vector.c, assign_vector_locked()"
#define DESCS	"Linux kernel/irq/irqdesc.c, __irq_alloc_descs()"

/* Whoever holds a vector, for these cases. */
static struct irq_desc holder;

/* Take every free vector of first..last, so that few are left. */
static void hold(u32 first, u32 last)
{
	for (u32 v = first; v <= last; v++) {
		if (*this_vector_irq(v) == VECTOR_UNUSED)
			*this_vector_irq(v) = &holder;
	}
}

static void let_go(void)
{
	for (u32 v = 0; v < NR_VECTORS; v++) {
		if (*this_vector_irq(v) == &holder)
			*this_vector_irq(v) = VECTOR_UNUSED;
	}
}

static struct irq_probe a;

static int request(u32 irq)
{
	a = (struct irq_probe){ .answer = IRQ_HANDLED };
	return request_irq(irq, irq_probe_handler, 0, "a", &a);
}

static const struct irq_chip chip = { .name = "alloc" };

#define LINES 4

TEST(irq, vectors_are_unique_ascend_and_pass_over_int80, VECTORS)
{
	static const u8 want[LINES] = { 0x7f, 0x81, 0x82, 0x83 };
	int irq[LINES];

	hold(ISA_IRQ_VECTOR(NR_LEGACY_IRQS), 0x7e);
	for (u32 i = 0; i < LINES; i++) {
		irq[i] = irq_alloc_desc(&chip, NULL);
		if (!EXPECT_GT(irq[i], 0) ||
		    !EXPECT_EQ(request((u32)irq[i]), 0))
			break;
		EXPECT_EQ(irq_to_desc((u32)irq[i])->vector, want[i]);
		EXPECT_EQ(*this_vector_irq(want[i]), irq_to_desc((u32)irq[i]));
	}
	let_go();
	for (u32 i = 0; i < LINES && irq[i] > 0; i++) {
		EXPECT_EQ(free_irq((u32)irq[i], &a), 0);
		EXPECT_EQ(*this_vector_irq(want[i]), VECTOR_UNUSED);
		irq_free_desc((u32)irq[i]);
	}
}

/* The last is the highest below the system vectors. */
TEST(irq, vectors_run_out_and_come_back, VECTORS)
{
	struct irq_desc *desc = soft_line();
	u32 last = FIRST_SYSTEM_VECTOR - 1;

	if (!desc)
		return;
	hold(FIRST_EXTERNAL_VECTOR, last);
	EXPECT_EQ(request(soft.irq), -ENOSPC);
	EXPECT_EQ(request(soft.irq), -ENOSPC);
	EXPECT_EQ(desc->action, NULL);
	*this_vector_irq(last) = VECTOR_UNUSED;
	EXPECT_EQ(request(soft.irq), 0);
	EXPECT_EQ(desc->vector, last);
	soft_raise(1);
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(free_irq(soft.irq, &a), 0);
	let_go();
	EXPECT_EQ(request(soft.irq), 0);
	EXPECT_EQ(desc->vector, last); /* the one it had */
}

/* An ISA line's own vector is its own again, whatever it had meanwhile. */
TEST(irq, an_isa_line_prefers_its_own_vector, VECTORS, .needs = NEEDS_IOAPIC)
{
	const struct irq_desc *desc = irq_to_desc(QUIET_IRQ);
	u32 own = ISA_IRQ_VECTOR(QUIET_IRQ);

	if (!irq_have_line())
		SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ);
	hold(own, own);
	EXPECT_EQ(request(QUIET_IRQ), 0);
	EXPECT_EQ(desc->vector, ISA_IRQ_VECTOR(NR_LEGACY_IRQS));
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	let_go();
	EXPECT_EQ(request(QUIET_IRQ), 0);
	EXPECT_EQ(desc->vector, own);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

/* Every one that has no pin, each once; a descriptor in use stays. */
TEST(irq, descriptors_run_out_and_come_back, DESCS)
{
	u8 taken[NR_IRQS] = { 0 };
	u32 pin, n = 0;
	int irq;

	while ((irq = irq_alloc_desc(&chip, NULL)) >= 0 && n < NR_IRQS) {
		EXPECT_EQ(taken[irq]++, 0);
		n++;
	}
	EXPECT_EQ(irq, -ENOSPC);
	for (u32 i = 0; i < NR_IRQS; i++) {
		if (EXPECT_EQ(taken[i],
			      i >= NR_LEGACY_IRQS && !ioapic_of_gsi(i, &pin)))
			continue;
		ktest_note("irq %u", i);
	}
	EXPECT_EQ(request(NR_IRQS - 1), 0);
	irq_free_desc(NR_IRQS - 1);
	EXPECT_EQ(irq_alloc_desc(&chip, NULL), -ENOSPC);
	EXPECT_EQ(free_irq(NR_IRQS - 1, &a), 0);
	for (u32 i = 0; i < NR_IRQS; i++)
		irq_free_desc(i);
	EXPECT_EQ(irq_alloc_desc(&chip, NULL), NR_IRQS - 1);
	irq_free_desc(NR_IRQS - 1);
}
