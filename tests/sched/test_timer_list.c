// SPDX-License-Identifier: MIT
/*
 * test_timer_list.c - timers by jiffy: in order, in TIMER_SOFTIRQ, never early.
 * Linux: kernel/time/timer.c, include/linux/timer.h.
 */
#include <bh/timer.h>

#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <ktest/insn.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <sched/wait.h>
#include <smp/smp.h>

#include "sched.h"

#define TIMER	 "Linux kernel/time/timer.c"
#define JIFFY_NS (NSEC_PER_SEC / HZ)

struct probe {
	struct timer_list timer;
	u32 runs, cpu, count;
	bool irqs_on, early, again;
	u64 expires, jiffy; /* as asked for; when it last ran */
	char letter;
};

static struct probe p[4];
static u32 total;		   /* runs of all */
static volatile bool hold, inside; /* run_long() */
static volatile u32 overlaps, running;

static void on_timer(struct timer_list *timer)
{
	struct probe *q = container_of(timer, struct probe, timer);

	q->irqs_on = !irqs_disabled();
	q->count = preempt_count();
	q->cpu = smp_processor_id();
	q->jiffy = get_jiffies_64();
	q->early |= ktime_get() < (ktime_t)(q->expires * JIFFY_NS);
	q->runs++;
	note(q->letter);
	if (q->again)
		mod_timer(timer, get_jiffies_64());
	__atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
}

static void begin(void)
{
	diary_begin();
	memset(p, 0, sizeof(p));
	total = overlaps = running = 0;
	hold = true;
	inside = false;
	for (u32 i = 0; i < ARRAY_SIZE(p); i++) {
		timer_setup(&p[i].timer, on_timer, 0);
		p[i].letter = (char)('a' + i);
	}
}

static bool start(struct probe *q, u64 expires)
{
	q->expires = expires;
	return mod_timer(&q->timer, expires);
}

/* A jiffy that has just begun: what is started now is not late. */
static u64 next_jiffy(void)
{
	u64 now = get_jiffies_64();

	WAIT_FOR(get_jiffies_64() != now, WAIT_DEFAULT_US);
	return get_jiffies_64();
}

static bool wait_for(u32 runs)
{
	return WAIT_FOR(READ_ONCE(total) >= runs, WAIT_DEFAULT_US);
}

TEST(timer_list, timers_expire_in_the_order_of_their_jiffies,
     TIMER ", expire_timers()")
{
	u64 now = get_jiffies_64();

	begin();
	local_bh_disable(); /* the host may pause: all are queued first */
	EXPECT_FALSE(start(&p[0], now + 3));
	EXPECT_FALSE(start(&p[1], now + 2)); /* first started, first run */
	EXPECT_FALSE(start(&p[2], now + 2));
	EXPECT_FALSE(start(&p[3], now + 1));
	local_bh_enable();
	EXPECT_TRUE(wait_for(4));
	EXPECT_STREQ(diary, "dbca");
	for (u32 i = 0; i < 4; i++) {
		EXPECT_FALSE(p[i].early);
		EXPECT_FALSE(timer_pending(&p[i].timer));
	}
}

TEST(timer_list, a_timer_runs_in_timer_softirq, TIMER ", run_timer_softirq()")
{
	u64 served = softirq_count_of(TIMER_SOFTIRQ);

	begin();
	local_bh_disable();
	start(&p[0], get_jiffies_64() + 1);
	EXPECT_TRUE(timer_pending(&p[0].timer));
	local_bh_enable();
	EXPECT_TRUE(wait_for(1));
	EXPECT_EQ(p[0].count & (HARDIRQ_MASK | NMI_MASK), 0);
	EXPECT_EQ(p[0].count & SOFTIRQ_MASK, SOFTIRQ_OFFSET);
	EXPECT_TRUE(p[0].irqs_on);
	EXPECT_EQ(p[0].cpu, smp_processor_id());
	EXPECT_GT(softirq_count_of(TIMER_SOFTIRQ), served);
}

TEST(timer_list, an_irqsafe_timer_has_interrupts_off,
     "Linux include/linux/timer.h, TIMER_IRQSAFE")
{
	begin();
	timer_setup(&p[0].timer, on_timer, TIMER_IRQSAFE);
	start(&p[0], get_jiffies_64());
	EXPECT_TRUE(wait_for(1));
	EXPECT_FALSE(p[0].irqs_on);
	EXPECT_EQ(p[0].count & SOFTIRQ_MASK, SOFTIRQ_OFFSET);
	EXPECT_FALSE(irqs_disabled());
}

TEST(timer_list, mod_timer_moves_a_pending_timer, TIMER ", mod_timer()")
{
	u64 now = next_jiffy();

	begin();
	EXPECT_FALSE(start(&p[0], now + 1000));
	EXPECT_FALSE(start(&p[1], now + 1));
	EXPECT_TRUE(start(&p[0], now + 1)); /* behind who was there before */
	EXPECT_TRUE(wait_for(2));
	EXPECT_STREQ(diary, "ba");
	EXPECT_EQ(p[0].runs, 1);
	EXPECT_FALSE(p[0].early);
	EXPECT_FALSE(start(&p[0], now + 1000));
	EXPECT_TRUE(timer_delete(&p[0].timer));
}

TEST(timer_list, add_timer_takes_the_time_from_the_timer, TIMER ", add_timer()")
{
	begin();
	p[0].timer.expires = p[0].expires = get_jiffies_64() + 1;
	add_timer(&p[0].timer);
	EXPECT_TRUE(wait_for(1));
	EXPECT_FALSE(p[0].early);
}

TEST(timer_list, mod_timer_pending_starts_no_timer,
     TIMER ", mod_timer_pending()")
{
	u64 far = get_jiffies_64() + 1000;

	begin();
	EXPECT_FALSE(mod_timer_pending(&p[0].timer, far));
	EXPECT_FALSE(timer_pending(&p[0].timer));
	start(&p[0], far);
	EXPECT_TRUE(mod_timer_pending(&p[0].timer, far + 1));
	EXPECT_EQ(p[0].timer.expires, far + 1);
	EXPECT_TRUE(timer_delete(&p[0].timer));
}

TEST(timer_list, timer_reduce_only_makes_it_earlier, TIMER ", timer_reduce()")
{
	u64 far = get_jiffies_64() + 1000;

	begin();
	EXPECT_FALSE(timer_reduce(&p[0].timer, far));
	EXPECT_TRUE(timer_reduce(&p[0].timer, far + 1));
	EXPECT_EQ(p[0].timer.expires, far);
	EXPECT_TRUE(timer_reduce(&p[0].timer, far - 1));
	EXPECT_EQ(p[0].timer.expires, far - 1);
	EXPECT_TRUE(timer_delete(&p[0].timer));
}

TEST(timer_list, a_deleted_timer_does_not_run, TIMER ", timer_delete()")
{
	u64 now = next_jiffy();

	begin();
	EXPECT_FALSE(timer_delete(&p[0].timer));
	local_bh_disable();
	start(&p[0], now + 1);
	start(&p[1], now + 1);
	EXPECT_TRUE(timer_delete(&p[0].timer));
	local_bh_enable();
	EXPECT_FALSE(timer_pending(&p[0].timer));
	EXPECT_FALSE(timer_delete_sync(&p[0].timer));
	EXPECT_TRUE(wait_for(1));
	EXPECT_STREQ(diary, "b");
}

/* All that the softirq has in hand can still be taken back, or moved. */
static void delete_next(struct timer_list *timer)
{
	on_timer(timer);
	timer_delete(&p[1].timer);
	mod_timer(&p[2].timer, get_jiffies_64() + 1000);
}

TEST(timer_list, a_timer_takes_back_another_of_its_jiffy,
     TIMER ", timer_delete()")
{
	u64 now = next_jiffy();

	begin();
	timer_setup(&p[0].timer, delete_next, 0);
	local_bh_disable();
	for (u32 i = 0; i < 4; i++)
		start(&p[i], now + 1);
	local_bh_enable();
	EXPECT_TRUE(wait_for(2));
	EXPECT_STREQ(diary, "ad");
	EXPECT_FALSE(timer_pending(&p[1].timer));
	EXPECT_TRUE(timer_delete(&p[2].timer));
}

/* For the jiffy that runs: that one has been served, so it is the next one. */
TEST(timer_list, a_timer_that_starts_itself_for_now_runs_once_a_jiffy,
     TIMER ", __run_timers()")
{
	u64 last = 0, served = softirq_count_of(TIMER_SOFTIRQ);

	begin();
	p[0].again = true;
	start(&p[0], get_jiffies_64());
	for (u32 runs = 1; runs <= 3 && ktest_ok(); runs++) {
		EXPECT_TRUE(wait_for(runs));
		local_bh_disable();
		EXPECT_GE(p[0].jiffy, last + p[0].runs - runs + 1);
		last = p[0].jiffy;
		runs = p[0].runs;
		local_bh_enable();
	}
	p[0].again = false;
	timer_delete_sync(&p[0].timer);
	/* an interrupt a jiffy, not one after the other until it is over */
	EXPECT_LE(softirq_count_of(TIMER_SOFTIRQ) - served, 2 * p[0].runs + 4);
	EXPECT_FALSE(timer_pending(&p[0].timer));
}

TEST(timer_list, a_time_that_is_over_expires_with_the_next_jiffy,
     TIMER ", mod_timer()")
{
	u64 now = get_jiffies_64();

	begin();
	start(&p[0], now - 5);
	start(&p[1], 0);
	EXPECT_TRUE(wait_for(2));
	EXPECT_EQ(p[0].runs, 1);
	EXPECT_EQ(p[1].runs, 1);
}

/* Beyond what nanoseconds count: the clock's end, not its beginning. */
TEST(timer_list, a_time_far_away_neither_comes_nor_disturbs,
     TIMER ", mod_timer()")
{
	u64 served, now = next_jiffy();

	begin();
	start(&p[0], ~0ull);
	start(&p[1], 1ull << 42);
	served = softirq_count_of(TIMER_SOFTIRQ);
	usleep(1000);
	EXPECT_EQ(softirq_count_of(TIMER_SOFTIRQ), served);
	start(&p[2], now + 1);
	EXPECT_TRUE(wait_for(1));
	EXPECT_STREQ(diary, "c");
	EXPECT_TRUE(timer_delete(&p[0].timer));
	EXPECT_TRUE(timer_delete(&p[1].timer));
}

static int tried;

static void delete_itself(struct timer_list *timer)
{
	tried = timer_delete_sync_try(timer);
	on_timer(timer);
}

TEST(timer_list, a_timer_that_runs_is_not_pending_and_not_to_be_had,
     TIMER ", timer_delete_sync_try()")
{
	begin();
	tried = 7;
	timer_setup(&p[0].timer, delete_itself, 0);
	EXPECT_EQ(timer_delete_sync_try(&p[0].timer), 0);
	start(&p[0], get_jiffies_64());
	EXPECT_TRUE(wait_for(1));
	EXPECT_EQ(tried, -1);
	start(&p[0], get_jiffies_64() + 1000);
	EXPECT_EQ(timer_delete_sync_try(&p[0].timer), 1);
}

TEST(timer_list, after_timer_shutdown_nobody_starts_it,
     TIMER ", timer_shutdown_sync()")
{
	begin();
	start(&p[0], get_jiffies_64() + 1000);
	EXPECT_TRUE(timer_shutdown_sync(&p[0].timer));
	EXPECT_FALSE(mod_timer(&p[0].timer, get_jiffies_64()));
	EXPECT_FALSE(timer_pending(&p[0].timer));
	EXPECT_FALSE(timer_shutdown_sync(&p[0].timer));
	timer_setup(&p[0].timer, on_timer, 0);
	start(&p[0], get_jiffies_64());
	EXPECT_TRUE(wait_for(1));
}

#define MANY 64

TEST(timer_list, many_timers_all_run_once_in_order, TIMER ", expire_timers()")
{
	static struct probe many[MANY];
	u64 seed = ktest_seed(), now = get_jiffies_64();
	bool sorted = true;

	begin();
	local_bh_disable();
	for (u32 i = 0; i < MANY; i++) {
		many[i] = (struct probe){ .letter = '.' };
		timer_setup(&many[i].timer, on_timer, 0);
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		start(&many[i], now + (seed >> 60) % 3);
	}
	local_bh_enable();
	EXPECT_TRUE(wait_for(MANY));
	for (u32 i = 0; i < MANY; i++) {
		EXPECT_EQ(many[i].runs, 1);
		EXPECT_FALSE(many[i].early);
		for (u32 k = 0; k < MANY; k++)
			sorted &= many[i].expires >= many[k].expires ||
				  many[i].jiffy <= many[k].jiffy;
	}
	EXPECT_TRUE(sorted);
}

static void run_long(struct timer_list *timer)
{
	overlaps += __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
	inside = true;
	WAIT_FOR(!hold, WAIT_DEFAULT_US);
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
	on_timer(timer);
}

/* It may hit this very function: who waits for that waits for both. */
static void start_long(void *unused)
{
	timer_setup(&p[0].timer, run_long, 0);
	start(&p[0], get_jiffies_64());
}

static enum hrtimer_restart let_go(struct hrtimer *timer)
{
	hold = false;
	return HRTIMER_NORESTART;
}

TEST(timer_list, timer_delete_sync_waits_for_a_run_on_another_cpu,
     TIMER ", timer_delete_sync()", .needs = NEEDS_SMP)
{
	struct hrtimer release;

	begin();
	EXPECT_EQ(run_on_start(other_cpu(), start_long, NULL, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(inside, WAIT_DEFAULT_US));
	EXPECT_EQ(timer_delete_sync_try(&p[0].timer), -1);
	EXPECT_FALSE(timer_delete(&p[0].timer));
	hrtimer_init(&release, let_go);
	hrtimer_start(&release, 300 * NSEC_PER_USEC, HRTIMER_MODE_REL);
	EXPECT_FALSE(timer_delete_sync(&p[0].timer));
	EXPECT_EQ(p[0].runs, 1);
	EXPECT_EQ(p[0].cpu, other_cpu());
	EXPECT_EQ(hrtimer_cancel(&release), 0);
	EXPECT_EQ(run_on_wait(other_cpu()), 0);
}

/* Started here while it runs there: there, again, and not side by side. */
TEST(timer_list, a_timer_started_while_it_runs_elsewhere_runs_there_again,
     TIMER ", __mod_timer()", .needs = NEEDS_SMP)
{
	begin();
	EXPECT_EQ(run_on_start(other_cpu(), start_long, NULL, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(inside, WAIT_DEFAULT_US));
	EXPECT_FALSE(mod_timer(&p[0].timer, get_jiffies_64()));
	EXPECT_TRUE(timer_pending(&p[0].timer));
	udelay(5000);
	hold = false;
	EXPECT_TRUE(wait_for(2));
	EXPECT_EQ(overlaps, 0);
	EXPECT_EQ(p[0].cpu, other_cpu());
	EXPECT_EQ(run_on_wait(other_cpu()), 0);
}

static u64 far_away;
static volatile bool racing;

static void start_over_and_over(void *unused)
{
	racing = true;
	for (u32 i = 0; i < 2000 && racing; i++)
		mod_timer(&p[0].timer, far_away + i % 7);
}

/* Two CPUs pull at one timer; it is in one list, once, and so are others. */
TEST(timer_list, cpus_that_start_one_timer_at_once_start_it_once,
     TIMER ", lock_timer_base()", .needs = NEEDS_SMP)
{
	u32 cpu = other_cpu();

	begin();
	far_away = get_jiffies_64() + 100000;
	racing = false;
	start(&p[1], far_away + 3);
	EXPECT_EQ(run_on_start(cpu, start_over_and_over, NULL, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(racing, WAIT_DEFAULT_US));
	for (u32 i = 0; i < 2000; i++)
		EXPECT_TRUE(mod_timer(&p[0].timer, far_away + i % 5) ||
			    p[0].runs == 0);
	racing = false;
	EXPECT_EQ(run_on_wait(cpu), 0);
	EXPECT_TRUE(timer_delete(&p[0].timer));
	EXPECT_FALSE(timer_delete(&p[0].timer));
	EXPECT_TRUE(timer_delete(&p[1].timer));
	start(&p[2], get_jiffies_64());
	EXPECT_TRUE(wait_for(1));
	EXPECT_STREQ(diary, "c");
}

static void fault(struct timer_list *timer)
{
	insn_ud2(NULL);
}

/* It is what the first one's fault ends, with the softirq and all in it. */
static int start_two(void *unused)
{
	u64 jiffy = next_jiffy() + 1;

	p[0].timer.function = fault;
	local_bh_disable(); /* the host may pause: both are started first */
	start(&p[0], jiffy);
	start(&p[1], jiffy);
	local_bh_enable();
	wait_for(1);
	return 0;
}

TEST(timer_list, a_function_that_faults_holds_up_no_other_timer,
     "irqbed include/bh/timer.h: what is pending remains so, and expires")
{
	struct task_struct *t;

	begin();
	ktest_means_crashes(1);
	t = spawn(start_two, NULL, PRIO_NORMAL);
	if (!t)
		return;
	EXPECT_EQ(kthread_stop(t), -EFAULT);
	EXPECT_TRUE(wait_for(1));
	EXPECT_STREQ(diary, "b");
	EXPECT_FALSE(timer_pending(&p[0].timer));
}
