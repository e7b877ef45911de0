// SPDX-License-Identifier: MIT
/*
 * test_hrtimer.c - timers by nanosecond: in order, in a hardirq, never early.
 * Linux: kernel/time/hrtimer.c, include/linux/hrtimer.h.
 */
#include <bh/hrtimer.h>

#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/string.h>
#include <smp/smp.h>

#include "sched.h"

#define HRTIMER "Linux kernel/time/hrtimer.c"
#define USEC	((ktime_t)NSEC_PER_USEC)

struct probe {
	struct hrtimer timer;
	u32 runs, cpu, count, turn;
	bool irqs_on, early;
	u64 overruns;
	ktime_t interval, last;
	char letter;
};

static struct probe p[4];
static u32 total;		   /* runs of all */
static volatile bool hold, inside; /* run_long() */
static volatile u32 overlaps, running;

static enum hrtimer_restart on_timer(struct hrtimer *timer)
{
	struct probe *q = container_of(timer, struct probe, timer);
	ktime_t now = ktime_get();

	q->irqs_on = !irqs_disabled();
	q->count = preempt_count();
	q->cpu = smp_processor_id();
	q->early |= now < timer->expires;
	q->last = timer->expires;
	note(q->letter);
	q->turn = __atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
	if (!q->runs++ || !q->interval)
		q->overruns = 0;
	if (!q->interval || q->runs >= 5)
		return HRTIMER_NORESTART;
	q->overruns += hrtimer_forward(timer, now, q->interval);
	return HRTIMER_RESTART;
}

static void begin(void)
{
	diary_begin();
	memset(p, 0, sizeof(p));
	total = overlaps = running = 0;
	hold = true;
	inside = false;
	for (u32 i = 0; i < ARRAY_SIZE(p); i++) {
		hrtimer_init(&p[i].timer, on_timer);
		p[i].letter = (char)('a' + i);
	}
}

static void start_in(u32 i, ktime_t ns)
{
	hrtimer_start(&p[i].timer, ns, HRTIMER_MODE_REL);
}

static bool wait_for(u32 runs)
{
	return WAIT_FOR(READ_ONCE(total) >= runs, WAIT_DEFAULT_US);
}

TEST(hrtimer, timers_expire_in_the_order_of_their_times,
     HRTIMER ", __hrtimer_run_queues()")
{
	ktime_t now = ktime_get();
	u64 flags = local_irq_save(); /* the host may pause: all at once */

	begin();
	hrtimer_start(&p[0].timer, now + 300 * USEC, HRTIMER_MODE_ABS);
	hrtimer_start(&p[1].timer, now + 100 * USEC, HRTIMER_MODE_ABS);
	hrtimer_start(&p[2].timer, now + 200 * USEC, HRTIMER_MODE_ABS);
	hrtimer_start(&p[3].timer, now + 100 * USEC, HRTIMER_MODE_ABS);
	local_irq_restore(flags);
	EXPECT_TRUE(wait_for(4));
	for (u32 i = 0; i < 4; i++) {
		EXPECT_EQ(p[i].runs, 1);
		EXPECT_FALSE(p[i].early);
	}
	EXPECT_STREQ(diary, "bdca"); /* of the same time: first started */
}

TEST(hrtimer, a_timer_runs_in_a_hardirq, HRTIMER ", hrtimer_interrupt()")
{
	u64 flags = local_irq_save();

	begin();
	start_in(0, 100 * USEC);
	EXPECT_TRUE(hrtimer_active(&p[0].timer));
	local_irq_restore(flags);
	EXPECT_TRUE(wait_for(1));
	EXPECT_EQ(p[0].count & HARDIRQ_MASK, HARDIRQ_OFFSET);
	EXPECT_FALSE(p[0].irqs_on);
	EXPECT_EQ(p[0].cpu, smp_processor_id());
	EXPECT_FALSE(hrtimer_active(&p[0].timer));
}

TEST(hrtimer, timers_of_any_length_are_never_early, HRTIMER)
{
	static const u32 ns[] = { 0, 1, 999, 1000, 7777, 50000, 123456 };

	begin();
	for (u32 i = 0; i < ARRAY_SIZE(ns); i++) {
		ktime_t begun = ktime_get();

		start_in(0, ns[i]);
		EXPECT_TRUE(wait_for(i + 1));
		EXPECT_GE(ktime_get() - begun, ns[i]);
		EXPECT_FALSE(p[0].early);
	}
	EXPECT_EQ(p[0].runs, ARRAY_SIZE(ns));
}

TEST(hrtimer, a_time_that_is_over_expires_at_once, HRTIMER ", hrtimer_start()")
{
	u64 flags;

	begin();
	flags = local_irq_save();
	hrtimer_start(&p[0].timer, ktime_get() - 1000, HRTIMER_MODE_ABS);
	hrtimer_start(&p[1].timer, 1, HRTIMER_MODE_ABS);
	start_in(2, -5000);
	EXPECT_EQ(total, 0); /* not before interrupts are on */
	local_irq_restore(flags);
	EXPECT_TRUE(wait_for(3));
	EXPECT_EQ(diary[0], 'b');
	EXPECT_EQ(p[0].runs + p[1].runs + p[2].runs, 3);
}

/* 2,000 times what 32 bits of the APIC timer count, and the end of time. */
TEST(hrtimer, a_time_far_away_neither_comes_nor_disturbs,
     HRTIMER ", ktime_add_safe()")
{
	begin();
	start_in(0, KTIME_MAX);
	hrtimer_start(&p[1].timer, KTIME_MAX, HRTIMER_MODE_ABS);
	start_in(2, 3600 * (ktime_t)NSEC_PER_SEC);
	start_in(3, 300 * USEC);
	EXPECT_TRUE(wait_for(1));
	udelay(300);
	EXPECT_STREQ(diary, "d");
	EXPECT_EQ(p[0].timer.expires, KTIME_MAX);
	EXPECT_GT(hrtimer_get_remaining(&p[2].timer),
		  3500 * (ktime_t)NSEC_PER_SEC);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(hrtimer_cancel(&p[i].timer), 1);
}

TEST(hrtimer, forward_counts_whole_intervals_and_goes_past_now,
     HRTIMER ", hrtimer_forward()")
{
	struct hrtimer t;

	hrtimer_init(&t, on_timer);
	t.expires = 1000;
	EXPECT_EQ(hrtimer_forward(&t, 999, 100), 0);
	EXPECT_EQ(t.expires, 1000);
	EXPECT_EQ(hrtimer_forward(&t, 1000, 100), 1);
	EXPECT_EQ(t.expires, 1100);
	EXPECT_EQ(hrtimer_forward(&t, 1199, 100), 1);
	EXPECT_EQ(t.expires, 1200);
	EXPECT_EQ(hrtimer_forward(&t, 1500, 100), 4);
	EXPECT_EQ(t.expires, 1600);
	EXPECT_EQ(hrtimer_forward(&t, 1600 + (1ll << 40), 1), (1ll << 40) + 1);
	EXPECT_EQ(t.expires, 1601 + (1ll << 40));
}

TEST(hrtimer, forward_leaves_a_queued_timer_alone,
     HRTIMER ", hrtimer_forward()")
{
	ktime_t expires;

	begin();
	start_in(0, NSEC_PER_SEC * 100ll);
	expires = p[0].timer.expires;
	EXPECT_EQ(hrtimer_forward(&p[0].timer, KTIME_MAX, NSEC_PER_SEC), 0);
	EXPECT_EQ(p[0].timer.expires, expires);
	EXPECT_EQ(hrtimer_cancel(&p[0].timer), 1);
}

/* However late each was: all on one grid, and none of it uncounted. */
TEST(hrtimer, a_timer_that_restarts_stays_on_its_grid,
     HRTIMER ", HRTIMER_RESTART")
{
	u64 flags = local_irq_save();
	ktime_t first;

	begin();
	p[0].interval = 50 * USEC;
	start_in(0, 100 * USEC);
	first = p[0].timer.expires;
	local_irq_restore(flags);
	EXPECT_TRUE(wait_for(5));
	EXPECT_TRUE(WAIT_FOR(!hrtimer_active(&p[0].timer), WAIT_DEFAULT_US));
	EXPECT_EQ(p[0].runs, 5);
	EXPECT_FALSE(p[0].early);
	EXPECT_EQ(p[0].last - first, (ktime_t)p[0].overruns * p[0].interval);
	EXPECT_GE(p[0].overruns, 4);
}

TEST(hrtimer, a_cancelled_timer_does_not_run, HRTIMER ", hrtimer_cancel()")
{
	u64 flags = local_irq_save();

	begin();
	EXPECT_EQ(hrtimer_cancel(&p[0].timer), 0);
	start_in(0, 100 * USEC);
	start_in(1, 101 * USEC);
	EXPECT_EQ(hrtimer_try_to_cancel(&p[0].timer), 1);
	local_irq_restore(flags);
	EXPECT_FALSE(hrtimer_is_queued(&p[0].timer));
	EXPECT_EQ(hrtimer_try_to_cancel(&p[0].timer), 0);
	EXPECT_TRUE(wait_for(1));
	EXPECT_STREQ(diary, "b");
}

TEST(hrtimer, starting_a_queued_timer_moves_it, HRTIMER ", hrtimer_start()")
{
	u64 flags;

	begin();
	start_in(0, NSEC_PER_SEC * 100ll);
	start_in(1, 200 * USEC);
	start_in(0, 100 * USEC);
	EXPECT_TRUE(wait_for(2));
	EXPECT_EQ(p[0].runs, 1);
	EXPECT_FALSE(p[0].early);
	flags = local_irq_save();
	start_in(2, 100 * USEC);
	start_in(2, NSEC_PER_SEC * 100ll);
	local_irq_restore(flags);
	udelay(300);
	EXPECT_EQ(p[2].runs, 0);
	EXPECT_EQ(hrtimer_cancel(&p[2].timer), 1);
}

static int tried;
static bool active, queued;

static enum hrtimer_restart from_within(struct hrtimer *timer)
{
	tried = hrtimer_try_to_cancel(timer);
	active = hrtimer_active(timer);
	queued = hrtimer_is_queued(timer);
	hrtimer_cancel(&p[1].timer);
	hrtimer_start(&p[2].timer, 50 * USEC, HRTIMER_MODE_REL);
	return on_timer(timer);
}

TEST(hrtimer, a_function_cancels_and_starts_others_but_not_itself,
     HRTIMER ", hrtimer_try_to_cancel()")
{
	ktime_t now = ktime_get();
	u64 flags = local_irq_save();

	begin();
	tried = 7;
	hrtimer_init(&p[0].timer, from_within);
	hrtimer_start(&p[0].timer, now + 100 * USEC, HRTIMER_MODE_ABS);
	hrtimer_start(&p[1].timer, now + 100 * USEC, HRTIMER_MODE_ABS);
	local_irq_restore(flags);
	EXPECT_TRUE(wait_for(2));
	EXPECT_STREQ(diary, "ac");
	EXPECT_EQ(tried, -1);
	EXPECT_TRUE(active);
	EXPECT_FALSE(queued);
	EXPECT_FALSE(hrtimer_active(&p[1].timer));
}

static enum hrtimer_restart start_itself(struct hrtimer *timer)
{
	on_timer(timer);
	if (p[0].runs < 3)
		hrtimer_start(timer, 20 * USEC, HRTIMER_MODE_REL);
	return p[0].runs & 1 ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/* Whatever it returns then: it is queued once. The third time it is not. */
TEST(hrtimer, a_function_that_starts_its_own_timer_runs_again_once,
     HRTIMER ", __run_hrtimer()")
{
	begin();
	hrtimer_init(&p[0].timer, start_itself);
	p[0].interval = 1000000 * USEC;
	p[0].runs = 0;
	start_in(0, 20 * USEC);
	EXPECT_TRUE(wait_for(3));
	udelay(200);
	EXPECT_EQ(p[0].runs, 3);
	EXPECT_EQ(hrtimer_cancel(&p[0].timer), 1); /* RESTART, forwarded */
}

TEST(hrtimer, hrtimer_restart_keeps_the_time_it_has,
     "Linux include/linux/hrtimer.h, hrtimer_restart()")
{
	begin();
	p[0].timer.expires = ktime_get() + 100 * USEC;
	hrtimer_restart(&p[0].timer);
	EXPECT_TRUE(wait_for(1));
	EXPECT_FALSE(p[0].early);
	EXPECT_GE(hrtimer_forward_now(&p[0].timer, USEC), 1);
	EXPECT_GT(p[0].timer.expires, p[0].last);
}

TEST(hrtimer, what_expired_with_interrupts_off_runs_in_order_after,
     HRTIMER ", hrtimer_interrupt()")
{
	u64 flags = local_irq_save();
	ktime_t now = ktime_get();

	begin();
	for (u32 i = 0; i < 3; i++)
		hrtimer_start(&p[i].timer, now + (300 - 100 * i) * USEC,
			      HRTIMER_MODE_ABS);
	udelay(400);
	EXPECT_STREQ(diary, "");
	local_irq_restore(flags);
	EXPECT_TRUE(wait_for(3));
	EXPECT_STREQ(diary, "cba");
}

#define MANY 48

TEST(hrtimer, many_timers_all_run_once_in_order,
     HRTIMER ", __hrtimer_run_queues()")
{
	static struct probe many[MANY];
	u64 seed = ktest_seed(), flags = local_irq_save();
	bool sorted = true;

	begin();
	for (u32 i = 0; i < MANY; i++) {
		many[i] = (struct probe){ .letter = '.' };
		hrtimer_init(&many[i].timer, on_timer);
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		hrtimer_start(&many[i].timer, (ktime_t)(seed >> 32) % 1000000,
			      HRTIMER_MODE_REL);
	}
	local_irq_restore(flags);
	EXPECT_TRUE(wait_for(MANY));
	for (u32 i = 0; i < MANY; i++) {
		EXPECT_EQ(many[i].runs, 1);
		EXPECT_FALSE(many[i].early);
		EXPECT_FALSE(hrtimer_active(&many[i].timer));
		for (u32 k = 0; k < MANY; k++)
			sorted &= many[i].last >= many[k].last ||
				  many[i].turn < many[k].turn;
	}
	EXPECT_TRUE(sorted);
}

static void start_here(void *unused)
{
	start_in(0, 100 * USEC);
}

TEST(hrtimer, a_timer_expires_on_the_cpu_that_started_it,
     HRTIMER ", hrtimer_start()", .needs = NEEDS_SMP)
{
	begin();
	EXPECT_EQ(run_on(other_cpu(), start_here, NULL, RUN_US), 0);
	EXPECT_TRUE(wait_for(1));
	EXPECT_EQ(p[0].cpu, other_cpu());
	EXPECT_FALSE(p[0].early);
	start_in(0, 100 * USEC);
	EXPECT_TRUE(wait_for(2));
	EXPECT_EQ(p[0].cpu, 0);
}

static void start_far(void *unused)
{
	start_in(0, NSEC_PER_SEC * 100ll);
}

TEST(hrtimer, another_cpus_timer_is_cancelled_and_taken_over,
     HRTIMER ", switch_hrtimer_base()", .needs = NEEDS_SMP)
{
	begin();
	EXPECT_EQ(run_on(other_cpu(), start_far, NULL, RUN_US), 0);
	EXPECT_EQ(hrtimer_cancel(&p[0].timer), 1);
	EXPECT_EQ(hrtimer_cancel(&p[0].timer), 0);
	EXPECT_EQ(run_on(other_cpu(), start_far, NULL, RUN_US), 0);
	start_in(0, 100 * USEC);
	EXPECT_TRUE(wait_for(1));
	EXPECT_EQ(p[0].cpu, 0);
	EXPECT_EQ(p[0].runs, 1);
	EXPECT_FALSE(hrtimer_active(&p[0].timer));
}

static enum hrtimer_restart run_long(struct hrtimer *timer)
{
	overlaps += __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
	inside = true;
	WAIT_FOR(!hold, WAIT_DEFAULT_US);
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
	return on_timer(timer);
}

/* It may hit this very function: who waits for that waits for both. */
static void start_long(void *unused)
{
	hrtimer_init(&p[0].timer, run_long);
	start_in(0, 50 * USEC);
}

static enum hrtimer_restart let_go(struct hrtimer *timer)
{
	hold = false;
	return HRTIMER_NORESTART;
}

TEST(hrtimer, hrtimer_cancel_waits_for_a_run_on_another_cpu,
     HRTIMER ", hrtimer_cancel()", .needs = NEEDS_SMP)
{
	struct hrtimer release;

	begin();
	EXPECT_EQ(run_on_start(other_cpu(), start_long, NULL, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(inside, WAIT_DEFAULT_US));
	EXPECT_EQ(hrtimer_try_to_cancel(&p[0].timer), -1);
	EXPECT_TRUE(hrtimer_active(&p[0].timer));
	hrtimer_init(&release, let_go);
	hrtimer_start(&release, 300 * USEC, HRTIMER_MODE_REL);
	EXPECT_EQ(hrtimer_cancel(&p[0].timer), 0);
	EXPECT_EQ(p[0].runs, 1);
	EXPECT_FALSE(hrtimer_active(&p[0].timer));
	EXPECT_EQ(hrtimer_cancel(&release), 0);
	EXPECT_EQ(run_on_wait(other_cpu()), 0);
}

/* Started here while it runs there: there, again, and not side by side. */
TEST(hrtimer, a_timer_started_while_it_runs_elsewhere_runs_there_again,
     HRTIMER ", switch_hrtimer_base()", .needs = NEEDS_SMP)
{
	begin();
	EXPECT_EQ(run_on_start(other_cpu(), start_long, NULL, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(inside, WAIT_DEFAULT_US));
	start_in(0, 0);
	EXPECT_TRUE(hrtimer_is_queued(&p[0].timer));
	udelay(300);
	hold = false;
	EXPECT_TRUE(wait_for(2));
	EXPECT_EQ(overlaps, 0);
	EXPECT_EQ(p[0].cpu, other_cpu());
	EXPECT_EQ(p[0].runs, 2);
	EXPECT_EQ(run_on_wait(other_cpu()), 0);
}
