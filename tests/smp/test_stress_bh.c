// SPDX-License-Identifier: MIT
/*
 * Bottom halves on all CPUs at once. A softirq runs once for each time that
 * its bit was set, on that CPU; a tasklet that all CPUs schedule runs after
 * each of them, never on two at once; while it is disabled, all of them
 * together have scheduled it once.
 *
 * Linux: kernel/softirq.c, include/linux/interrupt.h "Tasklets".
 */
#include "stress.h"

#include <bh/tasklet.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>

#define ROUNDS	 10
#define NR	 NET_RX_SOFTIRQ /* no room of ours uses it */
#define AGAIN_US 200		/* for another CPU to schedule the tasklet */
#define TRY_US	 10		/* and to run it, if it can */
#define TASKLETS "Linux include/linux/interrupt.h, \"Tasklets\""

struct bh_count {
	u32 set, ran, nested, elsewhere;
	bool inside;
};

static DEFINE_PER_CPU(struct bh_count, bh);
static softirq_action_t found;

static void action(void)
{
	struct bh_count *c = this_cpu_ptr(&bh);

	c->nested += c->inside;
	c->elsewhere += irqs_disabled() || !in_serving_softirq();
	c->inside = true;
	WRITE_ONCE(c->ran, c->ran + 1);
	c->inside = false;
}

/* IF=0. *info: how often it will have run when this one has. */
static void set_here(void *info)
{
	struct bh_count *c = this_cpu_ptr(&bh);

	c->set += !(local_softirq_pending() & 1u << NR);
	raise_softirq_irqoff(NR);
	*(u32 *)info = c->set;
}

static const char *softirq_open(void)
{
	found = softirq_action(NR);
	open_softirq(NR, action);
	return NULL;
}

static void softirq_close(void)
{
	open_softirq(NR, found);
}

static void softirq_enter(struct stress_cpu *me)
{
	*this_cpu_ptr(&bh) = (struct bh_count){ 0 };
}

static void softirq_step(struct stress_cpu *me)
{
	u32 cpu = stress_random(me, 2) ? me->cpu
				       : stress_cpu_at(stress_other(me));
	u32 want = 0;

	if (smp_call_function_single(cpu, set_here, &want, true))
		stress_lost(me, cpu, "the answer to a function call");
	STRESS_WAIT(me,
		    (s32)(READ_ONCE(per_cpu_ptr(&bh, cpu)->ran) - want) >= 0,
		    cpu, "a softirq");
}

static void softirq_judge(void)
{
	for (u32 i = 0; i < stress_size(); i++) {
		struct bh_count *c = per_cpu_ptr(&bh, stress_cpu_at(i));

		stress_expect("softirqs", i, i, c->set, c->ran);
		EXPECT_EQ(c->nested, 0);
		EXPECT_EQ(c->elsewhere, 0);
	}
}

const struct stress_op stress_softirq = {
	.name = "softirqs",
	.open = softirq_open,
	.enter = softirq_enter,
	.step = softirq_step,
	.judge = softirq_judge,
	.close = softirq_close,
};

TEST(stress, softirqs_run_where_and_as_often_as_they_are_raised,
     "Linux kernel/softirq.c", .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_softirq, ROUNDS);
}

/* All CPUs': atomic. work: how often somebody wanted it; seen: by a run. */
static struct tasklet_struct shared;
static u32 inside, overlaps, runs, work, seen, scheduled;

static void add(u32 *n)
{
	__atomic_fetch_add(n, 1, __ATOMIC_ACQ_REL);
}

static u32 load(const u32 *n)
{
	return __atomic_load_n(n, __ATOMIC_ACQUIRE);
}

/* It lasts until another CPU has scheduled it again, and could run it. */
static void run_shared(struct tasklet_struct *t)
{
	u32 all = load(&work), calls = load(&scheduled);

	if (__atomic_exchange_n(&inside, 1, __ATOMIC_ACQ_REL))
		add(&overlaps);
	add(&runs);
	if (WAIT_FOR(load(&scheduled) != calls, AGAIN_US))
		udelay(TRY_US);
	__atomic_store_n(&inside, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&seen, all, __ATOMIC_RELEASE);
}

static const char *tasklet_open(void)
{
	tasklet_setup(&shared, run_shared);
	inside = overlaps = runs = work = seen = scheduled = 0;
	return NULL;
}

static void schedule_here(void *unused)
{
	tasklet_schedule(&shared);
	add(&scheduled);
}

/* Scheduled after the work was added: a run that begins later sees it. */
static void tasklet_step(struct stress_cpu *me)
{
	u32 cpu = stress_random(me, 2) ? me->cpu
				       : stress_cpu_at(stress_other(me));
	u32 want = __atomic_add_fetch(&work, 1, __ATOMIC_ACQ_REL);

	if (smp_call_function_single(cpu, schedule_here, NULL, true))
		stress_lost(me, cpu, "the answer to a function call");
	STRESS_WAIT(me, (s32)(load(&seen) - want) >= 0, cpu,
		    "a run of the shared tasklet");
}

static bool tasklet_rests(void)
{
	return !__atomic_load_n(&shared.state, __ATOMIC_ACQUIRE);
}

static void tasklet_leave(struct stress_cpu *me)
{
	STRESS_WAIT(me, tasklet_rests(), me->cpu, "the tasklet's end");
}

static void tasklet_judge(void)
{
	EXPECT_EQ(overlaps, 0);
	EXPECT_EQ(seen, work);
	EXPECT_LE(runs, scheduled);
}

const struct stress_op stress_tasklet = {
	.name = "a tasklet of all",
	.open = tasklet_open,
	.step = tasklet_step,
	.leave = tasklet_leave,
	.judge = tasklet_judge,
};

TEST(stress, a_tasklet_of_all_cpus_never_runs_on_two, TASKLETS,
     .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_tasklet, ROUNDS);
}

/* SCHED is set by the first of them, and by nobody again until it runs. */
TEST(stress, a_disabled_tasklet_that_all_cpus_schedule_runs_once, TASKLETS,
     .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	u32 rounds = ktest_stress() ? 100 * ROUNDS : ROUNDS / 2;

	tasklet_open();
	for (u32 i = 1; i <= rounds && ktest_ok(); i++) {
		EXPECT_EQ(tasklet_disable(&shared), 0);
		EXPECT_EQ(on_each_cpu(schedule_here, NULL, true), 0);
		EXPECT_EQ(load(&runs), i - 1);
		tasklet_enable(&shared);
		EXPECT_TRUE(WAIT_FOR((stress_give_way(), tasklet_rests()),
				     WAIT_DEFAULT_US));
		EXPECT_EQ(load(&runs), i);
	}
	EXPECT_EQ(scheduled, rounds * num_online_cpus());
	EXPECT_EQ(overlaps, 0);
}
