// SPDX-License-Identifier: MIT
/*
 * test_irq_soft.c - the states a line passes through, judged on one that has
 * no pin: nothing happens to it but what the case does.
 *
 * Linux: kernel/irq/manage.c, chip.c, resend.c, handle.c.
 */
#include "irq.h"

#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <ktest/insn_irq.h>
#include <ktest/raised.h>
#include <lib/errno.h>

#define SETUP	"Linux kernel/irq/manage.c, __setup_irq()"
#define REQUEST "Linux kernel/irq/manage.c, request_threaded_irq()"
#define RESEND	"Linux kernel/irq/resend.c, check_irq_resend()"
#define EVENT	"Linux kernel/irq/handle.c, __handle_irq_event_percpu()"
#define CHIP	"Linux kernel/irq/chip.c, mask_irq(), irq_startup()"

struct soft_line soft;
static struct irq_desc *desc; /* the soft line's */
static struct irq_probe a, b;

static int soft_startup(struct irq_desc *d)
{
	return soft.startup_error;
}

static void soft_mask(struct irq_desc *d)
{
	soft.masked = true;
}

static void soft_unmask(struct irq_desc *d)
{
	soft.masked = false;
}

static void soft_ack(struct irq_desc *d)
{
	soft.acks++;
}

static void soft_eoi(struct irq_desc *d)
{
	soft.eois++;
}

static int soft_retrigger(struct irq_desc *d)
{
	soft.retriggers++;
	return 0;
}

static const struct irq_chip soft_chip = {
	.name = "soft",
	.irq_startup = soft_startup,
	.irq_mask = soft_mask,
	.irq_unmask = soft_unmask,
	.irq_ack = soft_ack,
	.irq_eoi = soft_eoi,
	.irq_retrigger = soft_retrigger,
};

struct irq_desc *soft_line(void)
{
	int irq = irq_alloc_desc(&soft_chip, NULL);

	soft = (struct soft_line){ .irq = (u32)irq, .masked = true };
	return EXPECT_GE(irq, NR_LEGACY_IRQS) ? irq_to_desc((u32)irq) : NULL;
}

void soft_close(void)
{
	struct irq_desc *d = irq_to_desc(soft.irq);

	if (!d || d->chip != &soft_chip)
		return;
	while (d->action)
		free_irq(soft.irq, d->action->dev);
	irq_free_desc(soft.irq);
}

void soft_raise(u32 n)
{
	const struct irq_desc *d = irq_to_desc(soft.irq);

	while (n--) {
		raised_irqs(soft.irq, !(d->state & IRQD_IRQ_DISABLED));
		insn_irq_raise(d->vector);
	}
}

/* A new line with handler a. */
static bool open(u32 flags, void (*then)(void))
{
	a = (struct irq_probe){ .answer = IRQ_HANDLED, .then = then };
	b = (struct irq_probe){ .answer = IRQ_HANDLED };
	desc = soft_line();
	return desc && EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, flags,
					     "a", &a),
				 0);
}

static int share(void)
{
	return request_irq(soft.irq, irq_probe_handler, IRQF_SHARED, "b", &b);
}

TEST(irq, a_shared_line_is_enabled_at_once, REQUEST)
{
	const u32 both = IRQF_SHARED | IRQF_NO_AUTOEN;

	if (!open(IRQF_SHARED, NULL))
		return;
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, both, "b", &b),
		  -EINVAL);
	EXPECT_EQ(free_irq(soft.irq, &a), 0);
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, both, "b", &b),
		  -EINVAL);
}

/* It is still there, or it is over: neither wants a replay. */
TEST(irq, a_level_that_came_while_disabled_is_not_replayed, RESEND)
{
	if (!open(IRQF_TRIGGER_HIGH, NULL))
		return;
	disable_irq(soft.irq);
	soft_raise(1);
	EXPECT_TRUE(soft.masked);
	EXPECT_EQ(soft.eois, 1);
	EXPECT_TRUE(desc->state & IRQS_PENDING);
	enable_irq(soft.irq);
	EXPECT_EQ(desc->state, 0);
	EXPECT_FALSE(soft.masked);
	EXPECT_EQ(soft.retriggers, 0);
	EXPECT_EQ(a.calls, 0);
}

TEST(irq, an_edge_is_retriggered_once_until_it_has_arrived, RESEND)
{
	if (!open(IRQF_TRIGGER_RISING, NULL))
		return;
	disable_irq(soft.irq);
	soft_raise(2);
	enable_irq(soft.irq);
	EXPECT_EQ(desc->state, IRQS_REPLAY);
	disable_irq(soft.irq);
	enable_irq(soft.irq);
	EXPECT_EQ(soft.retriggers, 1);
	soft_raise(1);
	EXPECT_EQ(desc->state, 0);
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(soft.acks, 3);
}

TEST(irq, a_failed_startup_leaves_no_trace, SETUP)
{
	if (!open(IRQF_TRIGGER_RISING, NULL))
		return;
	free_irq(soft.irq, &a);
	soft.startup_error = -ENODEV;
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, IRQF_TRIGGER_LOW,
			      "a", &a),
		  -ENODEV);
	EXPECT_EQ(desc->action, NULL);
	EXPECT_EQ(*this_vector_irq(desc->vector), VECTOR_UNUSED);
	soft.startup_error = 0;
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, 0, "a", &a), 0);
	EXPECT_EQ(desc->handle_irq, handle_edge_irq);
	EXPECT_FALSE(desc->level || desc->active_low);
	EXPECT_EQ(desc->depth, 0);
}

TEST(irq, a_chip_may_lack_what_its_controller_has_not, CHIP)
{
	static const struct irq_chip bare = { .name = "bare",
					      .irq_ack = soft_ack };
	int irq = irq_alloc_desc(&bare, NULL);

	soft = (struct soft_line){ .irq = (u32)irq };
	a = (struct irq_probe){ .answer = IRQ_HANDLED };
	EXPECT_EQ(irq_alloc_desc(NULL, NULL), -EINVAL);
	if (!EXPECT_GT(irq, 0))
		return;
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, 0, "a", &a), 0);
	disable_irq(soft.irq);
	soft_raise(1);
	EXPECT_EQ(a.calls, 0);
	enable_irq(soft.irq);
	soft_raise(1);
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(free_irq(soft.irq, &a), 0);
	irq_free_desc(soft.irq);
}

static bool off_in_b;

static void look(void)
{
	off_in_b = irqs_disabled();
}

/* With the lock taken and IF=1 the line's next one would wait for ever. */
TEST(irq, a_handler_that_leaves_if_1_is_put_right, EVENT)
{
	if (!open(IRQF_SHARED, local_irq_enable))
		return;
	off_in_b = false;
	b.then = look;
	EXPECT_EQ(share(), 0);
	b.then = look;
	soft_raise(1);
	EXPECT_TRUE(off_in_b);
	EXPECT_EQ(b.calls, 1);
}

static int request_error, free_error;

static void request_and_free(void)
{
	request_error = share();
	free_error = free_irq(soft.irq, &a);
}

TEST(irq, a_handler_can_neither_request_nor_free,
     "Linux kernel/irq/manage.c, free_irq(), request_threaded_irq()")
{
	if (!open(IRQF_SHARED, request_and_free))
		return;
	soft_raise(1);
	EXPECT_EQ(request_error, -EINVAL);
	EXPECT_EQ(free_error, -EINVAL);
	EXPECT_EQ(desc->action->dev, &a);
	EXPECT_EQ(desc->action->next, NULL);
}

static void off_and_on(void)
{
	disable_irq_nosync(soft.irq);
	enable_irq(soft.irq);
}

TEST(irq, a_handler_may_disable_and_enable_its_own_line,
     "Linux kernel/irq/manage.c, __disable_irq(), __enable_irq()")
{
	static const u32 triggers[] = { IRQF_TRIGGER_RISING,
					IRQF_TRIGGER_HIGH };

	for (u32 i = 0; i < ARRAY_SIZE(triggers); i++) {
		if (!open(triggers[i], off_and_on))
			return;
		soft_raise(2);
		EXPECT_EQ(a.calls, 2);
		EXPECT_EQ(desc->state, 0);
		EXPECT_EQ(desc->depth, 0);
		EXPECT_EQ(soft.acks + soft.eois, 2);
		EXPECT_EQ(soft.retriggers, 0);
		soft_close();
	}
}

/* INT n in the handler: what another CPU's arrival looks like. */
static void again(void)
{
	if (a.calls == 1)
		insn_irq_raise(desc->vector);
}

TEST(irq, a_level_in_progress_is_ended_and_not_remembered,
     "Linux kernel/irq/chip.c, handle_fasteoi_irq()")
{
	if (!open(IRQF_TRIGGER_HIGH, again))
		return;
	soft_raise(1);
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(soft.eois, 2);
	EXPECT_EQ(desc->state, 0);
	EXPECT_FALSE(soft.masked);
}

/* What came before belongs to whoever had the line. */
TEST(irq, a_freed_lines_pending_interrupt_is_nobodys,
     "Linux kernel/irq/manage.c, __free_irq()")
{
	if (!open(IRQF_TRIGGER_RISING, NULL))
		return;
	disable_irq(soft.irq);
	soft_raise(1);
	EXPECT_EQ(free_irq(soft.irq, &a), 0);
	EXPECT_FALSE(desc->state & IRQS_PENDING);
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, 0, "a", &a), 0);
	EXPECT_EQ(soft.retriggers, 0);
	EXPECT_EQ(desc->state, 0);
	EXPECT_EQ(a.calls, 0);
}

TEST(irq, a_flow_handler_that_is_no_lines_is_refused,
     "Linux kernel/irq/chip.c, __irq_set_handler()")
{
	if (!open(0, NULL))
		return;
	EXPECT_EQ(irq_set_handler(soft.irq, handle_level_irq), -EBUSY);
	free_irq(soft.irq, &a);
	EXPECT_EQ(irq_set_handler(soft.irq, handle_percpu_irq), -EINVAL);
	EXPECT_EQ(irq_set_handler(NR_IRQS, handle_edge_irq), -EINVAL);
	EXPECT_EQ(irq_set_handler(soft.irq, handle_level_irq), 0);
	EXPECT_EQ(irq_set_handler(soft.irq, NULL), 0);
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, 0, "a", &a), 0);
	EXPECT_EQ(desc->handle_irq, handle_edge_irq);
}

/* b's arrival is a reason to hope again, and to count from nothing. */
TEST(irq, one_handler_more_gives_a_disabled_line_another_chance, SETUP)
{
	irq_spurious_window = 1001;
	irq_spurious_gap_us = 10000000;
	if (!open(IRQF_SHARED, NULL))
		return;
	a.answer = IRQ_NONE;
	soft_raise(irq_spurious_window);
	EXPECT_TRUE(desc->state & IRQS_SPURIOUS_DISABLED);
	EXPECT_EQ(share(), 0);
	EXPECT_EQ(desc->state, 0);
	EXPECT_EQ(desc->depth, 0);
	b.answer = IRQ_NONE;
	soft_raise(2);
	EXPECT_EQ(desc->irqs_unhandled, 2);
	EXPECT_EQ(free_irq(soft.irq, &b), 0);
	EXPECT_EQ(share(), 0);
	EXPECT_EQ(desc->irqs_unhandled, 0);
	EXPECT_EQ(desc->irqs_left, irq_spurious_window);
}
