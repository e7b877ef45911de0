// SPDX-License-Identifier: MIT
/*
 * test_lockdep_spin_bh.c - spin_lock_bh(): what it keeps off, and what lockdep
 * learns of a lock that softirqs take, too.
 *
 * What is learnt of a class stays: see test_lockdep_lock.c.
 *
 * Linux: include/linux/spinlock_api_smp.h __raw_spin_lock_bh().
 */
#include "lockdep.h"

#include <bh/softirq.h>

#define LOCK_BH "Linux include/linux/spinlock_api_smp.h, __raw_spin_unlock_bh()"

static spinlock_t *one, *two; /* of the running case */

static void take_one(void)
{
	spin_lock(one);
	spin_unlock(one);
}

static void take_one_bh(void)
{
	spin_lock_bh(one);
	spin_unlock_bh(one);
}

TEST(lockdep, a_bh_lock_is_an_off_and_an_on_of_softirqs, LOCK_BH)
{
	NEW_LOCK(a, one);

	EXPECT_COUNTS(take_one_bh, 0, 0, 0, 0, 0, 1, 1, 0, 0);
}

static void raise_it(void)
{
	raise_softirq(RCU_SOFTIRQ);
}

/* What fn() makes lockdep say, while RCU_SOFTIRQ and ld_interrupt() do so. */
static void report_with_softirq(void (*fn)(void), void (*action)(void))
{
	if (softirq_action(RCU_SOFTIRQ))
		SKIP(return, "the RCU softirq has an action");
	open_softirq(RCU_SOFTIRQ, action);
	ld_report_of(fn);
	open_softirq(RCU_SOFTIRQ, NULL);
}

static u32 served_locked, served_free, served_inside;

static void look_at_one(void)
{
	if (spin_is_locked(one))
		served_locked++;
	else
		served_free++;
}

static void raise_while_held(void)
{
	spin_lock_bh(one);
	raise_it();
	served_inside = served_locked + served_free;
	spin_unlock_bh(one);
}

TEST(lockdep, a_bh_unlock_serves_what_was_raised_with_the_lock_free, LOCK_BH)
{
	NEW_LOCK(a, one);

	served_locked = served_free = 0;
	report_with_softirq(raise_while_held, look_at_one);
	EXPECT_STREQ(ld_text, "");
	EXPECT_EQ(served_inside, 0);
	EXPECT_EQ(served_locked, 0);
	EXPECT_EQ(served_free, 1);
}

static void bh_then_in_softirq(void)
{
	take_one_bh();
	ld_interrupt();
	take_one_bh();
}

TEST(lockdep, a_bh_lock_may_be_taken_in_a_softirq, STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(raise_it))
		return;
	report_with_softirq(bh_then_in_softirq, take_one);
	EXPECT_STREQ(ld_text, "");
}

static void bh_then_in_hardirq(void)
{
	take_one_bh();
	ld_interrupt();
}

TEST(lockdep, a_bh_lock_taken_in_an_interrupt_is_inconsistent, STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(take_one))
		return;
	ld_report_of(bh_then_in_hardirq);
	EXPECT_TRUE(ld_told("inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} "
			    "usage.\n"));
	EXPECT_TRUE(ld_told("(&a){+...}, at: 0x"));
}

static void in_softirq_then_on_while_held(void)
{
	ld_interrupt();
	spin_lock_bh(one);
	local_bh_enable();
	local_bh_disable();
	spin_unlock_bh(one);
}

TEST(lockdep, softirqs_switched_on_while_it_is_held_count_as_on, STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(raise_it))
		return;
	report_with_softirq(in_softirq_then_on_while_held, take_one);
	EXPECT_TRUE(ld_told("inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} "
			    "usage.\n"));
}

static void softirq_safe_to_unsafe(void)
{
	ld_interrupt(); /* one, in the softirq */
	spin_lock(two);
	spin_unlock(two);
	spin_lock_bh(one);
	__spin_lock(two);
	__spin_unlock(two);
	spin_unlock_bh(one);
}

TEST(lockdep, a_softirqs_lock_that_takes_one_taken_with_softirqs_on, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	if (!ld_claim(raise_it))
		return;
	report_with_softirq(softirq_safe_to_unsafe, take_one);
	EXPECT_TRUE(ld_told("WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock "
			    "order detected\n"));
	EXPECT_TRUE(ld_told(" (&a){+.-.} -> (&b){+.+.}\n"));
}
