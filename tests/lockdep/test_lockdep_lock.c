// SPDX-License-Identifier: MIT
/*
 * test_lockdep_lock.c - each mistake with a lock is reported in Linux's words,
 * once, and survived; what is right is not reported.
 *
 * What is learnt of a class stays: each case has classes of its own, and runs
 * its mistake only where that has not been told (repeat=).
 *
 * Linux: kernel/locking/lockdep.c, spinlock_debug.c.
 */
#include "lockdep.h"

#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <cpu/spinlock.h>
#include <sched/wait.h>

#define DEBUG "Linux kernel/locking/spinlock_debug.c"

static spinlock_t *one, *two, *three; /* of the running case */

static void take_one(void)
{
	spin_lock(one);
	spin_unlock(one);
}

static void take_one_irqsave(void)
{
	u64 flags = spin_lock_irqsave(one);

	spin_unlock_irqrestore(one, flags);
}

static void take_both(void)
{
	u64 flags = spin_lock_irqsave(one);

	__spin_lock(two);
	__spin_unlock(two);
	spin_unlock_irqrestore(one, flags);
}

static void swap_locks(void)
{
	spinlock_t *lock = one;

	one = two;
	two = lock;
}

static void take_both_in_either_order(void)
{
	take_both();
	swap_locks();
	take_both();
	swap_locks();
}

static void on_then_in_hardirq(void)
{
	take_one();
	ld_interrupt();
}

static void in_hardirq_then_on(void)
{
	ld_interrupt();
	take_one();
}

TEST(lockdep, a_lock_taken_with_irqs_on_and_then_in_one_is_inconsistent, STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(take_one))
		return;
	ld_report_of(on_then_in_hardirq);
	EXPECT_TRUE(ld_told("WARNING: inconsistent lock state\n"));
	EXPECT_TRUE(ld_told("inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} "
			    "usage.\n"));
	EXPECT_TRUE(ld_told("[HC1:SC0] takes:\n"));
	EXPECT_TRUE(ld_told("(&a){+.+.}, at: 0x"));
	EXPECT_TRUE(ld_told("{HARDIRQ-ON-W} state was registered at: 0x"));
	EXPECT_TRUE(ld_told("  lock(&a);\n  <Interrupt>\n    lock(&a);\n"));
}

TEST(lockdep, a_lock_taken_in_an_irq_and_then_with_irqs_on_is_inconsistent,
     STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(take_one))
		return;
	ld_report_of(in_hardirq_then_on);
	EXPECT_TRUE(ld_told("inconsistent {IN-HARDIRQ-W} -> {HARDIRQ-ON-W} "
			    "usage.\n"));
	EXPECT_TRUE(ld_told("[HC0:SC0] takes:\n"));
}

static void raise_one(void)
{
	raise_softirq(RCU_SOFTIRQ);
}

TEST(lockdep, a_lock_taken_with_softirqs_on_and_then_in_one_is_inconsistent,
     STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(raise_one))
		return;
	open_softirq(RCU_SOFTIRQ, take_one);
	ld_report_of(on_then_in_hardirq);
	open_softirq(RCU_SOFTIRQ, NULL);
	EXPECT_TRUE(ld_told("inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} "
			    "usage.\n"));
	EXPECT_TRUE(ld_told("[HC0:SC1] takes:\n"));
}

static void on_while_held(void)
{
	u64 flags = spin_lock_irqsave(one);

	local_irq_enable();
	local_irq_disable();
	spin_unlock_irqrestore(one, flags);
}

static void in_hardirq_then_on_while_held(void)
{
	ld_interrupt();
	on_while_held();
}

TEST(lockdep, irqs_switched_on_while_it_is_held_count_as_on, STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(take_one))
		return;
	ld_report_of(in_hardirq_then_on_while_held);
	EXPECT_TRUE(ld_told("inconsistent {IN-HARDIRQ-W} -> {HARDIRQ-ON-W} "
			    "usage.\n"));
}

static void right_use(void)
{
	take_one_irqsave();
	ld_interrupt();
	take_one_irqsave();
	take_both();
	take_both();
}

TEST(lockdep, what_is_right_is_not_reported, STATE)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	if (!ld_claim(take_one))
		return;
	ld_report_of(right_use);
	EXPECT_STREQ(ld_text, "");
}

TEST(lockdep, two_orders_of_two_locks_are_circular, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	ld_report_of(take_both_in_either_order);
	EXPECT_TRUE(ld_told("WARNING: possible circular locking dependency "
			    "detected\n"));
	EXPECT_TRUE(ld_told("is trying to acquire lock:\n0x"));
	EXPECT_TRUE(ld_told("(&a){....}, at: 0x"));
	EXPECT_TRUE(ld_told("but task is already holding lock:\n0x"));
	EXPECT_TRUE(ld_told("-> #1 (&b){....}: 0x"));
	EXPECT_TRUE(ld_told("-> #0 (&a){....}: 0x"));
	EXPECT_TRUE(ld_told("1 lock held by "));
}

TEST(lockdep, a_pair_is_told_once_and_others_still_are, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);
	NEW_LOCK(c, three);

	ld_report_of(take_both_in_either_order);
	EXPECT_TRUE(ld_told("circular"));
	ld_report_of(take_both_in_either_order);
	EXPECT_STREQ(ld_text, "");
	two = three;
	ld_report_of(take_both_in_either_order);
	EXPECT_TRUE(ld_told("-> #1 (&c)"));
}

static void three_in_a_ring(void)
{
	spinlock_t *lock[] = { one, two, three, one };

	for (u32 i = 0; i < 3; i++) {
		one = lock[i];
		two = lock[i + 1];
		take_both();
	}
}

TEST(lockdep, a_chain_of_three_is_told_in_reverse_order, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);
	NEW_LOCK(c, three);

	ld_report_of(three_in_a_ring);
	EXPECT_TRUE(ld_told("-> #2 (&c){....}: 0x"));
	EXPECT_TRUE(ld_told("-> #1 (&b){....}: 0x"));
	EXPECT_TRUE(ld_told("-> #0 (&a){....}: 0x"));
}

static struct wait_queue_head queue;

/* In the queue's lock the other one, and then a wake-up in the other one. */
static void wake_below_what_is_below(void)
{
	u64 flags;

	take_both();
	flags = spin_lock_irqsave(two);
	wake_up(&queue);
	spin_unlock_irqrestore(two, flags);
}

/* The scheduler's own locks have classes, too. */
TEST(lockdep, a_wake_up_is_an_order_of_the_wait_queues_lock, ORDER)
{
	NEW_LOCK(a, two);

	init_waitqueue_head(&queue);
	one = &queue.lock;
	ld_report_of(wake_below_what_is_below);
	EXPECT_TRUE(ld_told("circular locking dependency"));
	EXPECT_TRUE(ld_told("-> #1 (&a){....}: 0x"));
	EXPECT_TRUE(ld_told("-> #0 (&wq_head->lock){"));
}

static void take_twice(void)
{
	u64 flags = spin_lock_irqsave(one);

	__spin_lock(one);
	__spin_unlock(one);
	spin_unlock_irqrestore(one, flags);
}

/* Instead of waiting for itself for ever. */
TEST(lockdep, a_lock_this_cpu_has_is_reported_and_not_waited_for, ORDER)
{
	NEW_LOCK(a, one);

	ld_report_of(take_twice);
	EXPECT_TRUE(ld_told("WARNING: possible recursive locking detected\n"));
	EXPECT_TRUE(ld_told("  lock(&a);\n  lock(&a);\n"));
	EXPECT_FALSE(spin_is_locked(&a));
}

static bool kept;

static void hit_while_held(void)
{
	spin_lock(one);
	ld_interrupt();
	kept = spin_is_locked(one);
	spin_unlock(one);
}

TEST(lockdep, an_interrupt_that_wants_what_it_hit_is_told_and_survived, STATE)
{
	NEW_LOCK(a, one);

	if (!ld_claim(take_one))
		return;
	ld_report_of(hit_while_held);
	EXPECT_TRUE(ld_told("inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W}"));
	EXPECT_TRUE(kept);
	EXPECT_FALSE(spin_is_locked(&a));
}

TEST(lockdep, two_locks_of_one_class_at_once_are_a_recursion, ORDER)
{
	spinlock_t lock[2];

	for (u32 i = 0; i < 2; i++)
		spin_lock_init(&lock[i]);
	one = &lock[0];
	two = &lock[1];
	ld_report_of(take_both);
	EXPECT_TRUE(ld_told("possible recursive locking"));
	EXPECT_TRUE(ld_told("(&lock[i]){....}"));
}

static void try_second(void)
{
	u64 flags = spin_lock_irqsave(one);

	if (EXPECT_TRUE(__spin_trylock(two)))
		__spin_unlock(two);
	spin_unlock_irqrestore(one, flags);
}

static void try_in_either_order(void)
{
	try_second();
	swap_locks();
	try_second();
}

TEST(lockdep, a_trylock_waits_for_nothing_and_makes_no_order, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	ld_report_of(try_in_either_order);
	EXPECT_STREQ(ld_text, "");
}

static void invert(void)
{
	spinlock_t *first = one;

	take_both();
	ld_interrupt(); /* one */
	one = two;
	take_one(); /* two, with interrupts on */
	one = first;
}

TEST(lockdep, an_irqs_lock_that_leads_to_one_taken_with_irqs_on, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	if (!ld_claim(take_one))
		return;
	ld_report_of(invert);
	EXPECT_TRUE(ld_told("WARNING: possible irq lock inversion dependency "
			    "detected\n"));
	EXPECT_TRUE(ld_told("but this lock was taken by another, HARDIRQ-safe "
			    "lock in the past:\n"));
	EXPECT_TRUE(ld_told("(&a){-...}"));
}

static void safe_to_unsafe(void)
{
	spinlock_t *first = one;

	ld_interrupt(); /* one */
	one = two;
	take_one();
	one = first;
	take_both();
}

TEST(lockdep, a_safe_lock_that_takes_an_unsafe_one, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	if (!ld_claim(take_one))
		return;
	ld_report_of(safe_to_unsafe);
	EXPECT_TRUE(
		ld_told("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order "
			"detected\n"));
	EXPECT_TRUE(ld_told(" (&a){-...} -> (&b){+.+.}\n"));
}

TEST(lockdep, a_lock_that_was_not_initialised_has_bad_magic, DEBUG)
{
	spinlock_t a = { 0 };

	one = &a;
	ld_report_of(take_one);
	EXPECT_TRUE(ld_told("BUG: spinlock bad magic on CPU#"));
	EXPECT_TRUE(ld_told(".magic: 00000000"));
}

static void unlock_one(void)
{
	__spin_unlock(one);
}

TEST(lockdep, an_unlock_of_what_is_free_is_told, DEBUG)
{
	NEW_LOCK(a, one);

	ld_report_of(unlock_one);
	EXPECT_TRUE(ld_told("BUG: spinlock already unlocked on CPU#"));
}

static void take_one_preemptible(void)
{
	__spin_lock(one);
	__spin_unlock(one);
}

/* Another thread of this CPU could wait for it, and keep its holder off. */
TEST(lockdep, a_lock_taken_with_preemption_on_is_told, DEBUG)
{
	NEW_LOCK(a, one);

	ld_report_of(take_one_preemptible);
	EXPECT_TRUE(ld_told("BUG: spinlock preemptible on CPU#"));
	ld_report_of(take_one);
	EXPECT_STREQ(ld_text, "");
}

static void lock_there(void *unused)
{
	local_irq_disable();
	__spin_lock(one);
	lockdep_forget_held();
	local_irq_enable();
}

TEST(lockdep, an_unlock_of_another_cpus_lock_is_told, DEBUG, .needs = NEEDS_SMP)
{
	u32 cpu = cpumask_next(1, &cpu_online_mask);
	NEW_LOCK(a, one);

	if (!ld_on(cpu, lock_there, NULL))
		return;
	ld_report_of(unlock_one);
	EXPECT_TRUE(ld_told("BUG: spinlock wrong owner on CPU#0"));
	EXPECT_FALSE(spin_is_locked(&a));
}

static void both_there(void *unused)
{
	take_both();
}

TEST(lockdep, an_order_of_one_cpu_counts_on_another, ORDER, .needs = NEEDS_SMP)
{
	u32 cpu = cpumask_next(1, &cpu_online_mask);
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	take_both();
	swap_locks();
	lockdep_capture(ld_text, sizeof(ld_text));
	ld_on(cpu, both_there, NULL);
	lockdep_capture(NULL, 0);
	EXPECT_TRUE(ld_told("circular locking dependency"));
	EXPECT_TRUE(ld_told("stack backtrace: CPU: "));
}

TEST(lockdep, while_it_is_off_no_lock_is_checked, ORDER)
{
	NEW_LOCK(a, one);
	NEW_LOCK(b, two);

	lockdep_set(false);
	ld_report_of(take_both_in_either_order);
	lockdep_set(true);
	EXPECT_STREQ(ld_text, "");
}
