// SPDX-License-Identifier: MIT
/*
 * test_tasklet_discard.c - what a case leaves queued must not run in the next
 * one: its tasklets may lie on a stack frame that is gone.
 */
#include "bh.h"

#include <bh/tasklet.h>

static void note_run(struct tasklet_struct *t)
{
	bh_write(BH_TASKLET + (u32)t->data);
}

TEST(bh, discarding_softirqs_forgets_queued_tasklets,
     "irqbed include/bh/softirq.h, softirq_discard_pending()")
{
	struct tasklet_struct gone = { .callback = note_run, .data = 1 };
	struct tasklet_struct hi = { .callback = note_run, .data = 2 };
	struct tasklet_struct next = { .callback = note_run, .data = 3 };
	u64 flags = local_irq_save(); /* a tick would run them first */

	tasklet_schedule(&gone);
	tasklet_hi_schedule(&hi);
	softirq_discard_pending();
	EXPECT_EQ(local_softirq_pending(), 0);
	local_irq_restore(flags);
	bh_settle(); /* it was woken, and finds nothing */
	EXPECT_EQ(bh_diary.n, 0);
	tasklet_schedule(&next);
	local_bh_disable();
	local_bh_enable();
	BH_EXPECT_ORDER(BH_TASKLET + 3);
}

static void discard_by_hardirq(struct tasklet_struct *t)
{
	bh_hardirq(softirq_discard_pending);
	note_run(t);
}

/* What the round had taken off the list is as gone as what was on it. */
TEST(bh, discarding_in_the_middle_of_a_round_forgets_the_rest_of_it,
     "irqbed include/bh/tasklet.h, tasklet_discard()")
{
	struct tasklet_struct first = { .callback = discard_by_hardirq,
					.data = 1 };
	struct tasklet_struct gone = { .callback = note_run, .data = 2 };

	local_bh_disable(); /* a tick would run one alone */
	tasklet_schedule(&first);
	tasklet_schedule(&gone);
	local_bh_enable();
	BH_EXPECT_ORDER(BH_HARDIRQ, BH_TASKLET + 1);
	EXPECT_EQ(local_softirq_pending(), 0);
}
