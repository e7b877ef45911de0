// SPDX-License-Identifier: MIT
/*
 * test_irq_request.c - request_irq() and free_irq(): errors, shared chains,
 * disable depth, and a line nobody cares about.
 *
 * Linux: kernel/irq/manage.c, kernel/irq/spurious.c.
 */
#include "irq.h"

#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <dev/pit.h>
#include <ktest/insn_irq.h>
#include <ktest/raised.h>
#include <lib/errno.h>

#define REQUEST "Linux kernel/irq/manage.c, request_irq(), __setup_irq()"
#define FREE	"Linux kernel/irq/manage.c, __free_irq()"
#define NOBODY	"Linux kernel/irq/spurious.c, note_interrupt()"

#define NEED_LINE(jump)                                                    \
	do {                                                               \
		if (!irq_have_line())                                      \
			SKIP(jump, "no IOAPIC pin for irq %u", QUIET_IRQ); \
	} while (0)

static int request(struct irq_probe *probe, u32 flags)
{
	return request_irq(QUIET_IRQ, irq_probe_handler, flags, "probe", probe);
}

static u32 line_vector(void)
{
	return irq_to_desc(QUIET_IRQ)->vector;
}

static union ioapic_rte line_rte(void)
{
	return gsi_read_rte(irq_to_desc(QUIET_IRQ)->gsi);
}

TEST(irq, request_refuses_what_makes_no_sense, REQUEST, .needs = NEEDS_IOAPIC)
{
	struct irq_probe p = { .answer = IRQ_HANDLED };
	u32 last = NR_IRQS - 1, pin;

	EXPECT_EQ(request_irq(QUIET_IRQ, NULL, 0, "p", &p), -EINVAL);
	EXPECT_EQ(request_irq(NR_IRQS, irq_probe_handler, 0, "p", &p), -EINVAL);
	EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler, IRQF_SHARED, "p",
			      NULL),
		  -EINVAL);
	if (!ioapic_of_gsi(last, &pin))
		EXPECT_EQ(request_irq(last, irq_probe_handler, 0, "p", &p),
			  -ENODEV);
	EXPECT_EQ(free_irq(NR_IRQS, &p), -EINVAL);
	EXPECT_EQ(free_irq(QUIET_IRQ, &p), -ENOENT);
}

/* Both the old and the new must say IRQF_SHARED. */
TEST(irq, a_line_is_shared_only_if_all_agree, REQUEST, .needs = NEEDS_IOAPIC)
{
	struct irq_probe a = { .answer = IRQ_HANDLED };
	struct irq_probe b = { .answer = IRQ_HANDLED };

	NEED_LINE(return );
	EXPECT_EQ(request(&a, 0), 0);
	EXPECT_EQ(request(&b, 0), -EBUSY);
	EXPECT_EQ(request(&b, IRQF_SHARED), -EBUSY);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	free_irq(QUIET_IRQ, &b);
	EXPECT_EQ(request(&a, IRQF_SHARED), 0);
	EXPECT_EQ(request(&b, 0), -EBUSY);
	EXPECT_EQ(request(&b, IRQF_SHARED), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &b), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &b), -ENOENT);
}

TEST(irq, a_shared_line_has_one_trigger, REQUEST, .needs = NEEDS_IOAPIC)
{
	const struct irq_desc *desc = irq_to_desc(QUIET_IRQ);
	struct irq_probe a = { .answer = IRQ_HANDLED };
	struct irq_probe b = { .answer = IRQ_HANDLED };
	bool level = desc->level;
	u32 flags =
		IRQF_SHARED | (level && desc->active_low ? IRQF_TRIGGER_HIGH
							 : IRQF_TRIGGER_LOW);

	NEED_LINE(return );
	EXPECT_EQ(request(&a, IRQF_SHARED), 0);
	EXPECT_EQ(request(&b, flags), -EBUSY);
	EXPECT_EQ(desc->level, level);
	EXPECT_EQ(line_rte().level, level);
	free_irq(QUIET_IRQ, &b);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

TEST(irq, a_requested_line_is_routed_and_a_freed_one_masked, REQUEST,
     .needs = NEEDS_IOAPIC)
{
	const struct irq_desc *desc = irq_to_desc(QUIET_IRQ);
	struct irq_probe a = { .answer = IRQ_HANDLED };

	NEED_LINE(return );
	EXPECT_EQ(request(&a, 0), 0);
	EXPECT_EQ(line_rte().masked, 0);
	EXPECT_EQ(line_rte().vector, ISA_IRQ_VECTOR(QUIET_IRQ));
	EXPECT_EQ(line_rte().dest, this_cpu(apic_id));
	EXPECT_EQ(line_rte().dest_logical, 0);
	EXPECT_EQ(line_rte().delivery_mode, APIC_DM_FIXED >> 8);
	EXPECT_EQ(line_rte().level, desc->level);
	EXPECT_EQ(*this_vector_irq(line_vector()), desc);
	EXPECT_EQ(irq_claim_vector(line_vector(), irq_probe_handler, &a),
		  -EBUSY);
	EXPECT_TRUE(irq_raise(line_vector(), &a));
	EXPECT_EQ(a.irq, QUIET_IRQ);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	EXPECT_EQ(line_rte().masked, 1);
	EXPECT_EQ(*this_vector_irq(line_vector()), VECTOR_UNUSED);
	EXPECT_EQ(a.calls, 1);
}

TEST(irq, a_chain_calls_every_handler_in_order, REQUEST, .needs = NEEDS_IOAPIC)
{
	struct irq_probe p[4] = { { .answer = IRQ_NONE },
				  { .answer = IRQ_HANDLED },
				  { .answer = IRQ_NONE },
				  { .answer = IRQ_HANDLED } };

	NEED_LINE(return );
	for (u32 i = 0; i < ARRAY_SIZE(p); i++)
		EXPECT_EQ(request(&p[i], IRQF_SHARED), 0);
	EXPECT_TRUE(irq_raise(line_vector(), &p[3]));
	for (u32 i = 0; i < ARRAY_SIZE(p); i++) {
		EXPECT_EQ(p[i].calls, 1);
		EXPECT_EQ(p[i].order, i + 1);
	}
	EXPECT_EQ(free_irq(QUIET_IRQ, &p[1]), 0);
	EXPECT_TRUE(irq_raise(line_vector(), &p[3]));
	EXPECT_EQ(p[0].calls, 2);
	EXPECT_EQ(p[1].calls, 1);
	EXPECT_EQ(p[2].calls, 2);
	EXPECT_EQ(p[3].calls, 2);
	for (u32 i = 0; i < ARRAY_SIZE(p); i++)
		EXPECT_EQ(free_irq(QUIET_IRQ, &p[i]), i == 1 ? -ENOENT : 0);
}

/* Whoever holds it: the line must not take it over, and works elsewhere. */
TEST(irq, a_line_whose_vector_is_taken_gets_another, REQUEST,
     .needs = NEEDS_IOAPIC)
{
	struct irq_desc *desc = irq_to_desc(QUIET_IRQ);
	u32 isa = ISA_IRQ_VECTOR(QUIET_IRQ);
	struct irq_probe a = { .answer = IRQ_HANDLED };
	struct irq_probe b = { .answer = IRQ_HANDLED };

	NEED_LINE(return );
	EXPECT_EQ(irq_claim_vector(isa, irq_probe_handler, &a), 0);
	EXPECT_EQ(request(&b, 0), 0);
	EXPECT_NE(desc->vector, isa);
	EXPECT_EQ(line_rte().vector, desc->vector);
	EXPECT_TRUE(irq_raise(isa, &a));
	EXPECT_TRUE(irq_raise(desc->vector, &b));
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(a.irq, isa);
	EXPECT_EQ(b.calls, 1);
	EXPECT_EQ(b.irq, QUIET_IRQ);
	EXPECT_EQ(free_irq(QUIET_IRQ, &b), 0);
	irq_release_vector(isa);
	desc->vector = (u8)isa;
}

#define MANY 80

TEST(irq, handlers_run_out_and_come_back, REQUEST, .needs = NEEDS_IOAPIC)
{
	static struct irq_probe p[MANY];
	u32 n = 0;
	int err = 0;

	NEED_LINE(return );
	while (n < MANY && !err) {
		p[n] = (struct irq_probe){ .answer = IRQ_HANDLED };
		err = request(&p[n], IRQF_SHARED);
		n += !err;
	}
	EXPECT_EQ(err, -ENOMEM);
	EXPECT_GE(n, 32);
	EXPECT_TRUE(irq_raise(line_vector(), &p[n - 1]));
	for (u32 i = 0; i < n; i++) {
		EXPECT_EQ(p[i].calls, 1);
		EXPECT_EQ(free_irq(QUIET_IRQ, &p[i]), 0);
	}
	EXPECT_EQ(request(&p[0], 0), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &p[0]), 0);
}

/* INT n: the line's stub without the APIC, quick enough for thousands. */
#define WINDOW 2000

static void raise_many(u32 n)
{
	raised_irqs(QUIET_IRQ, n);
	for (u32 i = 0; i < n; i++)
		insn_irq_raise(line_vector());
}

TEST(irq, a_line_nobody_cares_about_is_disabled, NOBODY, .needs = NEEDS_IOAPIC)
{
	const struct irq_desc *desc = irq_to_desc(QUIET_IRQ);
	struct irq_probe a = { .answer = IRQ_NONE };
	u32 window = irq_spurious_window;

	NEED_LINE(return );
	EXPECT_EQ(window, 100000);
	irq_spurious_window = WINDOW;
	irq_spurious_gap_us = 10000000; /* though the host may pause us */
	EXPECT_EQ(request(&a, 0), 0);
	raise_many(WINDOW - 1);
	EXPECT_FALSE(desc->state & IRQS_SPURIOUS_DISABLED);
	EXPECT_EQ(line_rte().masked, 0);
	raise_many(1);
	EXPECT_TRUE(desc->state & IRQS_SPURIOUS_DISABLED);
	EXPECT_EQ(desc->depth, 1);
	EXPECT_EQ(line_rte().masked, 1);
	EXPECT_EQ(a.calls, WINDOW);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	irq_spurious_window = window;
	EXPECT_EQ(request(&a, 0), 0);
	EXPECT_FALSE(desc->state & IRQS_SPURIOUS_DISABLED);
	EXPECT_EQ(line_rte().masked, 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

static u32 none_left;

/* Of 1000 one is handled: not more than 99.9 % are unhandled. */
static irqreturn_t mostly_none(int irq, void *dev)
{
	if (none_left--)
		return IRQ_NONE;
	none_left = 999;
	return IRQ_HANDLED;
}

TEST(irq, one_handled_in_a_thousand_keeps_the_line, NOBODY,
     .needs = NEEDS_IOAPIC)
{
	const struct irq_desc *desc = irq_to_desc(QUIET_IRQ);
	u32 window = irq_spurious_window;

	NEED_LINE(return );
	none_left = 999;
	irq_spurious_window = WINDOW;
	EXPECT_EQ(request_irq(QUIET_IRQ, mostly_none, 0, "mostly", NULL), 0);
	raise_many(2 * WINDOW);
	EXPECT_FALSE(desc->state & IRQS_SPURIOUS_DISABLED);
	EXPECT_EQ(desc->irqs_left, WINDOW);
	EXPECT_EQ(line_rte().masked, 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, NULL), 0);
	irq_spurious_window = window;
}

/* A device at last: the PIT, wherever the MADT sends irq 0. */
TEST(irq, the_pit_interrupts_through_its_line, REQUEST,
     .needs = NEEDS_IOAPIC | NEEDS_PIT, .uses = USES_PIT)
{
	struct irq_probe a = { .answer = IRQ_HANDLED };
	u64 before = kstat_irqs(0);
	struct pit_state pit;

	pit_save(&pit);
	EXPECT_EQ(request_irq(0, irq_probe_handler, 0, "pit", &a), 0);
	raised_irqs(0, 1);
	EXPECT_EQ(pit_start(PIT_ONE_SHOT, 1000), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.calls), WAIT_DEFAULT_US));
	EXPECT_EQ(free_irq(0, &a), 0);
	pit_restore(&pit);
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(a.irq, 0);
	EXPECT_EQ(kstat_irqs(0), before + 1);
}
