// SPDX-License-Identifier: MIT
/*
 * Tasklets scheduled everywhere: by threads, handlers, softirqs, themselves and
 * other CPUs, disabled and killed meanwhile, with `stress` 200,000 of them.
 *
 * Each CPU has some of its own, that nobody else schedules: those that were not
 * scheduled already when it did ran once each. Of those that all share, no
 * request is lost, and each run had been scheduled.
 *
 * Linux: include/linux/interrupt.h "Tasklets".
 */
#include "stress.h"

#include <bh/tasklet.h>
#include <cpu/irqflags.h>

#define ROUNDS 10
#define FEW    800
#define MANY   200000
#define OWN    6 /* of a CPU; every second by tasklet_hi_schedule() */
#define SHARED 4
#define AGAIN  5 /* at most so often it schedules itself */

struct job {
	struct tasklet_struct t;
	u64 set, ran;		    /* own: what was not scheduled yet; IF=0 */
	u64 asked, done, scheduled; /* shared: atomic */
	u32 again;		    /* own: IF=0 */
	u32 inside, overlaps, wrong;
	u32 cpu;
};

static DEFINE_PER_CPU(struct job, own[OWN]);
static struct job shared[SHARED];
static DEFINE_PER_CPU(u64, asked); /* by this CPU, of its own */

static bool is_hi(const struct job *j)
{
	return (u64)j / sizeof(*j) % 2;
}

static void schedule_job(struct job *j)
{
	if (is_hi(j))
		tasklet_hi_schedule(&j->t);
	else
		tasklet_schedule(&j->t);
}

static void begin(struct job *j)
{
	j->overlaps += __atomic_exchange_n(&j->inside, 1, __ATOMIC_ACQ_REL);
	j->wrong += irqs_disabled() || !in_serving_softirq();
}

static void end(struct job *j)
{
	__atomic_store_n(&j->inside, 0, __ATOMIC_RELEASE);
}

/* This CPU's, any context. */
static void schedule_own(void *job)
{
	struct job *j = job;
	u64 flags = local_irq_save();

	j->set += !(j->t.state & BIT(TASKLET_STATE_SCHED));
	schedule_job(j);
	local_irq_restore(flags);
}

static void run_own(struct tasklet_struct *t)
{
	struct job *j = container_of(t, struct job, t);

	begin(j);
	j->wrong += j->cpu != smp_processor_id();
	WRITE_ONCE(j->ran, j->ran + 1);
	if (j->again) {
		j->again--;
		schedule_own(j);
	}
	end(j);
}

/* Whatever was asked for before it began is done when it ends. */
static void run_shared(struct tasklet_struct *t)
{
	struct job *j = container_of(t, struct job, t);
	u64 all = __atomic_load_n(&j->asked, __ATOMIC_ACQUIRE);

	begin(j);
	WRITE_ONCE(j->ran, j->ran + 1);
	end(j);
	__atomic_store_n(&j->done, all, __ATOMIC_RELEASE);
}

static void schedule_shared(void *job)
{
	struct job *j = job;

	__atomic_fetch_add(&j->asked, 1, __ATOMIC_ACQ_REL);
	schedule_job(j);
	__atomic_fetch_add(&j->scheduled, 1, __ATOMIC_ACQ_REL);
}

static void set_up(struct job *j, void (*fn)(struct tasklet_struct *))
{
	*j = (struct job){ .cpu = smp_processor_id() };
	tasklet_setup(&j->t, fn);
}

static const char *tasklets_open(void)
{
	stress_where_open();
	for (u32 i = 0; i < SHARED; i++)
		set_up(&shared[i], run_shared);
	return NULL;
}

static void tasklets_enter(struct stress_cpu *me)
{
	*this_cpu_ptr(&asked) = 0;
	for (u32 i = 0; i < OWN; i++)
		set_up(this_cpu_ptr(&own[i]), run_own);
}

static bool rests(const struct job *j)
{
	return !__atomic_load_n(&j->t.state, __ATOMIC_ACQUIRE);
}

/* Not while it is disabled; once for however many. */
static void schedule_disabled(struct job *j)
{
	u64 before;

	j->wrong += tasklet_disable(&j->t) != 0;
	before = j->ran;
	schedule_own(j);
	schedule_own(j);
	j->wrong += j->ran != before;
	tasklet_enable(&j->t);
}

/* All in one round, the first of which will queue itself again. */
static void schedule_all(struct stress_cpu *me)
{
	u32 first = stress_random(me, OWN);

	local_bh_disable();
	for (u32 i = 0; i < OWN; i++) {
		struct job *j = this_cpu_ptr(&own[(first + i) % OWN]);

		local_irq_disable();
		if (!i)
			j->again++;
		local_irq_enable();
		schedule_own(j);
	}
	local_bh_enable();
}

static void kill_it(struct stress_cpu *me, struct job *j)
{
	if (tasklet_kill(&j->t))
		stress_lost(me, me->cpu, "the end of a tasklet");
	j->wrong += j->ran != j->set;
}

/* One that is this CPU's own, in one of many ways. */
static void use_own(struct stress_cpu *me)
{
	struct job *j = this_cpu_ptr(&own[stress_random(me, OWN)]);
	enum stress_where where = stress_anywhere(me);

	switch (stress_random(me, 32)) {
	case 0:
		schedule_disabled(j);
		break;
	case 1:
		kill_it(me, j);
		break;
	case 2 ... 3:
		schedule_all(me);
		break;
	case 4:
		local_irq_disable();
		j->again = stress_random(me, AGAIN);
		local_irq_enable();
		/* fall through */
	default:
		stress_in(me, where == STRESS_OTHER ? STRESS_THREAD : where,
			  schedule_own, j);
	}
}

static u64 own_runs(void)
{
	u64 n = 0;

	for (u32 i = 0; i < OWN; i++)
		n += READ_ONCE(this_cpu_ptr(&own[i])->ran);
	return n;
}

static void tasklets_step(struct stress_cpu *me)
{
	u64 *share = this_cpu_ptr(&asked);

	*share += stress_share(FEW, MANY);
	while (own_runs() < *share && !me->lost) {
		use_own(me);
		if (!stress_random(me, 16))
			stress_in(me, stress_anywhere(me), schedule_shared,
				  &shared[stress_random(me, SHARED)]);
		stress_give_way();
	}
}

static bool all_rest(void)
{
	bool rest = true;

	for (u32 i = 0; i < OWN; i++)
		rest &= rests(this_cpu_ptr(&own[i]));
	for (u32 i = 0; i < SHARED; i++)
		rest &= rests(&shared[i]);
	return rest;
}

static void tasklets_leave(struct stress_cpu *me)
{
	STRESS_WAIT(me, all_rest(), me->cpu, "a tasklet's end");
}

static void judge_job(const struct job *j)
{
	EXPECT_EQ(j->overlaps, 0);
	EXPECT_EQ(j->wrong, 0);
	EXPECT_EQ(j->t.state, 0);
}

static void tasklets_judge(void)
{
	u64 ran = 0;

	for (u32 k = 0; k < stress_size() * OWN; k++) {
		const struct job *j =
			per_cpu_ptr(&own[k % OWN], stress_cpu_at(k / OWN));

		judge_job(j);
		if (!EXPECT_EQ(j->ran, j->set))
			ktest_note("CPU %u, its tasklet %u", j->cpu, k % OWN);
		ran += j->ran;
	}
	for (u32 i = 0; i < SHARED; i++) {
		judge_job(&shared[i]);
		EXPECT_EQ(shared[i].done, shared[i].asked);
		EXPECT_LE(shared[i].ran, shared[i].scheduled);
		ran += shared[i].ran;
	}
	ktest_note("stress.tasklets_run=%llu", (unsigned long long)ran);
}

static const struct stress_op stress_tasklets = {
	.name = "tasklets from everywhere",
	.open = tasklets_open,
	.enter = tasklets_enter,
	.step = tasklets_step,
	.leave = tasklets_leave,
	.judge = tasklets_judge,
	.close = stress_where_close,
};

TEST(stress, tasklets_scheduled_everywhere_run_once_each,
     "Linux include/linux/interrupt.h, \"Tasklets\"", .deadline_ms = STRESS_MS)
{
	stress_run(&stress_tasklets, ROUNDS);
}
