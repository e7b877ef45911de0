// SPDX-License-Identifier: MIT
/*
 * Works queued everywhere: by threads, handlers, softirqs, themselves and other
 * CPUs; bound, on another CPU, unbound, ordered and delayed; cancelled and
 * flushed meanwhile; some sleep. With `stress` 200,000 of them. What was queued
 * has run once, or was taken back; nothing else did, and none twice at once.
 *
 * Each CPU has some works of every kind, and uses another CPU's, too.
 *
 * Linux: kernel/workqueue.c.
 */
#include "stress.h"

#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <sched/workqueue.h>

#define ROUNDS 10
#define FEW    800
#define MANY   200000
#define EACH   2 /* works of a kind, of a CPU */
#define AGAIN  5 /* at most so often it queues itself */
#define NAP_US 20

enum kind { BOUND, ON_A_CPU, UNBOUND, ORDERED, DELAYED, NR_KINDS };

/* All counts are atomic. */
struct job {
	struct delayed_work d;
	enum kind kind;
	u32 cpu;   /* whose it is */
	u32 on;	   /* ON_A_CPU: which */
	u32 again; /* so often it is to queue itself */
	u32 naps;
	u32 queued, ran, taken_back;
	u32 inside, overlaps, wrong;
};

static DEFINE_PER_CPU(struct job, jobs[NR_KINDS * EACH]);
static DEFINE_PER_CPU(u32, queued); /* by this CPU's thread */
static struct workqueue_struct *bound, *unbound, *ordered;
static u32 inside_ordered;

static void add(u32 *n, u32 by)
{
	__atomic_fetch_add(n, by, __ATOMIC_ACQ_REL);
}

static u32 load(const u32 *n)
{
	return __atomic_load_n(n, __ATOMIC_ACQUIRE);
}

/* It runs once more for each time that this was true. Any context. */
static bool queue_job(struct job *j)
{
	bool is_new;

	switch (j->kind) {
	case ON_A_CPU:
		is_new = queue_work_on(load(&j->on), bound, &j->d.work);
		break;
	case UNBOUND:
		is_new = queue_work(unbound, &j->d.work);
		break;
	case ORDERED:
		is_new = queue_work(ordered, &j->d.work);
		break;
	case DELAYED:
		is_new = queue_delayed_work(bound, &j->d, load(&j->on) % 2);
		break;
	default:
		is_new = queue_work(bound, &j->d.work);
	}
	add(&j->queued, is_new);
	return is_new;
}

/* True if it was not 0, and is one less. */
static bool take_one(u32 *n)
{
	u32 old = load(n);

	while (old &&
	       !__atomic_compare_exchange_n(n, &old, old - 1, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	return old;
}

static void begin(struct job *j)
{
	add(&j->overlaps, __atomic_exchange_n(&j->inside, 1, __ATOMIC_ACQ_REL));
	if (j->kind == ORDERED)
		add(&j->overlaps,
		    __atomic_exchange_n(&inside_ordered, 1, __ATOMIC_ACQ_REL));
	add(&j->wrong, !in_task() || irqs_disabled());
}

static void end(struct job *j)
{
	if (j->kind == ORDERED)
		__atomic_store_n(&inside_ordered, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&j->inside, 0, __ATOMIC_RELEASE);
}

static void run_job(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, d.work);

	begin(j);
	if (take_one(&j->again))
		queue_job(j);
	if (take_one(&j->naps))
		usleep(NAP_US);
	end(j);
	add(&j->ran, 1);
}

static void queue_it(void *job)
{
	queue_job(job);
}

static const char *works_open(void)
{
	stress_where_open();
	inside_ordered = 0;
	bound = alloc_workqueue("stress", 0, 0);
	unbound = alloc_workqueue("stress_unbound", WQ_UNBOUND, 0);
	ordered = alloc_ordered_workqueue("stress_ordered", 0);
	EXPECT_TRUE(bound && unbound && ordered);
	return NULL;
}

static void works_close(void)
{
	if (bound)
		destroy_workqueue(bound);
	if (unbound)
		destroy_workqueue(unbound);
	if (ordered)
		destroy_workqueue(ordered);
	bound = unbound = ordered = NULL;
	stress_where_close();
}

static void works_enter(struct stress_cpu *me)
{
	*this_cpu_ptr(&queued) = 0;
	for (u32 i = 0; i < NR_KINDS * EACH; i++) {
		struct job *j = this_cpu_ptr(&jobs[i]);

		*j = (struct job){ .kind = i % NR_KINDS, .cpu = me->cpu };
		j->on = me->cpu;
		init_delayed_work(&j->d, run_job);
	}
}

/* Every count is the caller's: his own works' alone are exact at once. */
static void cancel_job(struct job *j)
{
	bool was = j->kind == DELAYED ? cancel_delayed_work_sync(&j->d)
				      : cancel_work_sync(&j->d.work);

	add(&j->taken_back, was);
}

static void flush_job(struct job *j)
{
	if (j->kind == DELAYED)
		flush_delayed_work(&j->d);
	else
		flush_work(&j->d.work);
}

static void flush_all(struct stress_cpu *me)
{
	struct workqueue_struct *const wqs[] = { bound, unbound, ordered };

	flush_workqueue(wqs[stress_random(me, ARRAY_SIZE(wqs))]);
}

/* Mostly its own. */
static struct job *some_job(struct stress_cpu *me)
{
	u32 place = stress_random(me, 32) ? me->place : stress_other(me);

	return per_cpu_ptr(&jobs[stress_random(me, NR_KINDS * EACH)],
			   stress_cpu_at(place));
}

static void use_job(struct stress_cpu *me)
{
	struct job *j = some_job(me);
	u32 before = load(&j->queued);

	__atomic_store_n(&j->on,
			 stress_cpu_at(stress_random(me, stress_size())),
			 __ATOMIC_RELEASE);
	switch (stress_random(me, 128)) {
	case 0 ... 3:
		cancel_job(j);
		break;
	case 4:
		flush_job(j);
		break;
	case 5:
		flush_all(me);
		break;
	case 6 ... 9:
		add(&j->again, stress_random(me, AGAIN));
		break;
	case 10 ... 11:
		add(&j->naps, 1);
		break;
	default:
		stress_in(me, stress_anywhere(me), queue_it, j);
	}
	*this_cpu_ptr(&queued) += load(&j->queued) - before;
}

static void works_step(struct stress_cpu *me)
{
	u32 *n = this_cpu_ptr(&queued);
	u32 want = *n + stress_share(FEW, MANY);

	while (*n < want && !me->lost) {
		use_job(me);
		stress_give_way();
	}
}

static bool is_idle(struct job *j)
{
	return !load(&j->inside) &&
	       load(&j->queued) == load(&j->ran) + load(&j->taken_back);
}

static bool all_idle(void)
{
	for (u32 i = 0; i < NR_KINDS * EACH; i++) {
		if (!is_idle(this_cpu_ptr(&jobs[i])))
			return false;
	}
	return true;
}

static void works_leave(struct stress_cpu *me)
{
	STRESS_WAIT(me, all_idle(), me->cpu, "a work that was queued");
}

static void judge_job(struct job *j)
{
	static const char *const name[NR_KINDS] = {
		"bound", "queue_work_on()", "unbound", "ordered", "delayed",
	};

	if (!EXPECT_EQ(j->ran + j->taken_back, j->queued) |
	    !EXPECT_EQ(j->overlaps, 0) | !EXPECT_EQ(j->wrong, 0) |
	    !EXPECT_FALSE(work_pending(&j->d.work)))
		ktest_note("CPU %u, %s: queued %u, ran %u, taken back %u",
			   j->cpu, name[j->kind], j->queued, j->ran,
			   j->taken_back);
}

static void works_judge(void)
{
	u64 all[3] = { 0 };

	for (u32 k = 0; k < stress_size() * NR_KINDS * EACH; k++) {
		struct job *j =
			per_cpu_ptr(&jobs[k % (NR_KINDS * EACH)],
				    stress_cpu_at(k / (NR_KINDS * EACH)));

		judge_job(j);
		all[0] += j->queued;
		all[1] += j->ran;
		all[2] += j->taken_back;
	}
	ktest_note("stress.works_queued=%llu stress.works_run=%llu "
		   "stress.works_cancelled=%llu",
		   (unsigned long long)all[0], (unsigned long long)all[1],
		   (unsigned long long)all[2]);
}

static const struct stress_op stress_works = {
	.name = "works from everywhere",
	.open = works_open,
	.enter = works_enter,
	.step = works_step,
	.leave = works_leave,
	.judge = works_judge,
	.close = works_close,
};

TEST(stress, works_queued_everywhere_run_once_each, "Linux kernel/workqueue.c",
     .deadline_ms = 3 * STRESS_MS)
{
	stress_run(&stress_works, ROUNDS);
}
