// SPDX-License-Identifier: MIT
/*
 * test_tick.c - the APIC timer of a CPU has one owner, the hrtimers, of which
 * the watch's tick and the end of a slice are two: on each CPU all that rests
 * on them works at once, and who wants the timer takes it and gives it back.
 *
 * Linux: kernel/time/hrtimer.c, kernel/time/tick-sched.c.
 */
#include <apic/apic_timer.h>
#include <bh/timer.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <ktest/ktest.h>
#include <ktest/raised.h>
#include <sched/completion.h>
#include <sched/kthread.h>
#include <sched/workqueue.h>
#include <smp/smp.h>

#define HRTIMER	    "Linux kernel/time/hrtimer.c"
#define SLICE	    "Linux kernel/sched/core.c hrtick_start()"
#define RUN_US	    4000000
#define DELAY_MS    6
#define FAR_JIFFIES 400000

/* What ran on a CPU, and when; written there. */
struct diary {
	ktime_t begin, hrtimer, timer, work, slept;
	u32 work_cpu, timer_cpu, hrtimer_cpu;
	struct completion done;
};

static DEFINE_PER_CPU(struct diary, diary);
static DEFINE_PER_CPU(struct hrtimer, one_hrtimer);
static DEFINE_PER_CPU(struct timer_list, one_timer);
static DEFINE_PER_CPU(struct delayed_work, one_work);

static enum hrtimer_restart on_hrtimer(struct hrtimer *unused)
{
	struct diary *d = this_cpu_ptr(&diary);

	d->hrtimer = ktime_get();
	d->hrtimer_cpu = smp_processor_id();
	return HRTIMER_NORESTART;
}

static void on_timer(struct timer_list *unused)
{
	struct diary *d = this_cpu_ptr(&diary);

	d->timer = ktime_get();
	d->timer_cpu = smp_processor_id();
}

static void on_work(struct work_struct *unused)
{
	struct diary *d = this_cpu_ptr(&diary);

	d->work = ktime_get();
	d->work_cpu = smp_processor_id();
	complete(&d->done);
}

static void use_all(void *unused)
{
	struct diary *d = this_cpu_ptr(&diary);
	struct hrtimer *h = this_cpu_ptr(&one_hrtimer);
	struct timer_list *t = this_cpu_ptr(&one_timer);
	struct delayed_work *w = this_cpu_ptr(&one_work);

	*d = (struct diary){ .begin = ktime_get() };
	init_completion(&d->done);
	hrtimer_init(h, on_hrtimer);
	timer_setup(t, on_timer, 0);
	init_delayed_work(w, on_work);
	hrtimer_start(h, DELAY_MS * 1000000, HRTIMER_MODE_REL);
	mod_timer(t, get_jiffies_64() + msecs_to_jiffies(DELAY_MS) + 1);
	queue_delayed_work(system_wq, w, msecs_to_jiffies(DELAY_MS));
	msleep(DELAY_MS);
	d->slept = ktime_get();
	wait_for_completion_timeout(&d->done, WAIT_DEFAULT_US);
	cancel_delayed_work_sync(w);
	timer_delete_sync(t);
	hrtimer_cancel(h);
}

static void judge(u32 cpu)
{
	const struct diary *d = per_cpu_ptr(&diary, cpu);
	ktime_t least = d->begin + DELAY_MS * 1000000;

	EXPECT_GE(d->hrtimer, least);
	EXPECT_GE(d->timer, least);
	EXPECT_GE(d->work, least);
	EXPECT_GE(d->slept, least);
	EXPECT_EQ(d->hrtimer_cpu, cpu);
	EXPECT_EQ(d->timer_cpu, cpu);
	EXPECT_EQ(d->work_cpu, cpu);
	if (!ktest_ok())
		ktest_note("this is CPU %u", cpu);
}

TEST(sched, timers_sleepers_and_delayed_works_live_beside_the_watch_on_each_cpu,
     HRTIMER " hrtimer_interrupt()")
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu)
			EXPECT_EQ(run_on_start(cpu, use_all, NULL, RUN_US), 0);
	}
	use_all(NULL);
	for_each_online_cpu (cpu) {
		if (cpu)
			EXPECT_EQ(run_on_wait(cpu), 0);
		if (ktest_ok())
			judge(cpu);
	}
}

/* Two that never give way by themselves: each sees the other get on. */
#define TURNS 3

struct rivals {
	u32 turn, turns;
	bool stop;
	struct task_struct *last;
};

static int rival(void *data)
{
	struct rivals *r = data;

	while (!READ_ONCE(r->stop) && !kthread_should_stop()) {
		if (READ_ONCE(r->last) == current) {
			cpu_relax();
			continue;
		}
		WRITE_ONCE(r->last, current);
		if (++r->turns > 2 * TURNS)
			WRITE_ONCE(r->stop, true);
	}
	return 0;
}

static struct rivals rivals;

static void share_a_cpu(void *unused)
{
	u32 cpu = smp_processor_id();
	struct task_struct *a, *b;

	a = kthread_create_on_cpu(rival, &rivals, cpu, PRIO_NORMAL, "rival/a");
	b = kthread_create_on_cpu(rival, &rivals, cpu, PRIO_NORMAL, "rival/b");
	if (!EXPECT_TRUE(a) || !EXPECT_TRUE(b))
		return;
	preempt_disable(); /* both wait before one runs */
	wake_up_process(a);
	wake_up_process(b);
	preempt_enable();
	kthread_stop(a);
	kthread_stop(b);
}

static void judge_rivals(void)
{
	EXPECT_TRUE(rivals.stop);
	/* One more of who was set aside behind its look at stop. */
	EXPECT_TRUE(rivals.turns - 2 * TURNS - 1 <= 1);
}

TEST(sched, equals_that_never_yield_take_turns_by_slices, SLICE)
{
	u64 begin = rdtsc();

	rivals = (struct rivals){ 0 };
	share_a_cpu(NULL);
	judge_rivals();
	EXPECT_GE(tsc_to_us(rdtsc() - begin), (2 * TURNS - 1) * SCHED_SLICE_US);
}

TEST(sched, equals_on_another_cpu_take_turns_beside_the_watch, SLICE,
     .needs = NEEDS_SMP)
{
	rivals = (struct rivals){ 0 };
	EXPECT_EQ(run_on(nr_cpu_ids - 1, share_a_cpu, NULL, RUN_US), 0);
	judge_rivals();
}

/* Two interrupts a tick: the first may come a little early by the TSC. */
TEST(sched, an_idle_cpu_has_no_tick_but_the_watchs, HRTIMER, .needs = NEEDS_SMP)
{
	u32 cpu = nr_cpu_ids - 1;
	u64 *count = &cpu_hot(cpu)->irq_stat.apic_timer_irqs;
	u64 came, begin = rdtsc(), seconds;

	came = READ_ONCE(*count);
	msleep(40);
	came = READ_ONCE(*count) - came; /* first: the host may pause behind */
	seconds = tsc_to_us(rdtsc() - begin) / 1000000;
	EXPECT_LE(came, 2 * (seconds + 1));
}

static void count_queued(void *n)
{
	*(u32 *)n = hrtimers_queued();
}

static u32 queued(u32 cpu)
{
	u32 n = ~0u;

	smp_call_function_single(cpu, count_queued, &n, true);
	return n;
}

/* The end of a slice may still be due. */
static void expect_queued(u32 cpu, u32 want)
{
	if (!EXPECT_TRUE(WAIT_FOR(queued(cpu) == want, WAIT_DEFAULT_US)))
		ktest_note("CPU %u has %u hrtimers, not %u", cpu, queued(cpu),
			   want);
}

TEST(sched, the_watchs_tick_is_an_hrtimer_of_each_other_cpu,
     "Linux kernel/time/tick-sched.c tick_nohz_handler()")
{
	u32 cpu;

	for_each_online_cpu (cpu)
		expect_queued(cpu, cpu != 0);
}

static void start_one_timer(void *unused)
{
	struct timer_list *t = this_cpu_ptr(&one_timer);

	timer_setup(t, on_timer, 0);
	mod_timer(t, get_jiffies_64() + FAR_JIFFIES);
}

TEST(sched, a_timer_that_moves_to_another_cpu_leaves_no_alarm_behind,
     "Linux kernel/time/timer.c __mod_timer()", .needs = NEEDS_SMP)
{
	u32 cpu = nr_cpu_ids - 1;
	struct timer_list *t = per_cpu_ptr(&one_timer, cpu);

	expect_queued(cpu, 1); /* the watch's tick */
	EXPECT_EQ(smp_call_function_single(cpu, start_one_timer, NULL, true),
		  0);
	expect_queued(cpu, 2);
	EXPECT_TRUE(mod_timer(t, get_jiffies_64() + FAR_JIFFIES));
	EXPECT_EQ(t->cpu, smp_processor_id());
	expect_queued(cpu, 1);
	EXPECT_TRUE(timer_delete(t));
}

/* What a CPU saw of a timer that came due while another owner had it. */
struct taking {
	ktime_t due, came, given_back;
	u32 own, held_count;
};

#define HOLD_NS	   1000000
#define HOLD_TRIES 8

static struct taking taking;
static struct hrtimer held_timer;

static enum hrtimer_restart on_held(struct hrtimer *unused)
{
	taking.came = ktime_get();
	return HRTIMER_NORESTART;
}

static void on_own(void)
{
	taking.own++;
}

/* Queued and held up: again, if this CPU was away until it had come. */
static void hold_a_timer(void)
{
	hrtimer_init(&held_timer, on_held);
	for (u32 n = 0; n < HOLD_TRIES; n++) {
		taking = (struct taking){ .due = ktime_get() + (HOLD_NS << n) };
		hrtimer_start(&held_timer, taking.due, HRTIMER_MODE_ABS);
		hrtimers_suspend();
		if (!READ_ONCE(taking.came))
			return;
		hrtimers_resume();
	}
	hrtimers_suspend(); /* and what was held is found not to be */
}

static void take_and_give_back(void *unused)
{
	hold_a_timer();
	hrtimers_suspend(); /* nests */
	apic_timer_set_handler(on_own);
	apic_timer_start(TIMER_ONESHOT, 2000);
	WAIT_FOR(READ_ONCE(taking.own), WAIT_DEFAULT_US);
	apic_timer_stop();
	apic_timer_set_handler(NULL);
	hrtimers_resume();
	taking.held_count = !taking.came && hrtimer_active(&held_timer);
	taking.given_back = ktime_get();
	hrtimers_resume();
	WAIT_FOR(READ_ONCE(taking.came), WAIT_DEFAULT_US);
	hrtimer_cancel(&held_timer);
	raised_vectors(LOCAL_TIMER_VECTOR, taking.own);
}

static void judge_taking(void)
{
	EXPECT_EQ(taking.own, 1);
	EXPECT_TRUE(taking.held_count);
	EXPECT_GE(taking.came, taking.due);
	EXPECT_GE(taking.came, taking.given_back);
}

TEST(sched, who_takes_the_apic_timer_holds_hrtimers_up_until_he_gives_it_back,
     "irqbed include/bh/hrtimer.h: hrtimers_suspend()")
{
	take_and_give_back(NULL);
	judge_taking();
}

TEST(sched, the_apic_timer_is_taken_from_the_watch_and_given_back,
     "irqbed include/bh/hrtimer.h: hrtimers_suspend()", .needs = NEEDS_SMP)
{
	u32 cpu = nr_cpu_ids - 1;

	EXPECT_EQ(run_on(cpu, take_and_give_back, NULL, RUN_US), 0);
	judge_taking();
	expect_queued(cpu, 1);
}
