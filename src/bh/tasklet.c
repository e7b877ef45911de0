// SPDX-License-Identifier: MIT
/*
 * tasklet.c - two lists a CPU, emptied by TASKLET_SOFTIRQ and HI_SOFTIRQ.
 *
 * Linux: kernel/softirq.c. SCHED is set by whoever queues and cleared just
 * before the callback, so a tasklet may schedule itself; RUN keeps a second
 * CPU out.
 */
#include <bh/tasklet.h>

#include <bh/softirq.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <trace/events.h>

/* Touched by its own CPU with IF=0. */
struct tasklet_head {
	struct tasklet_struct *head, **tail;
};

static DEFINE_PER_CPU(struct tasklet_head, tasklet_vec);
static DEFINE_PER_CPU(struct tasklet_head, tasklet_hi_vec);

/* How often what was queued has been forgotten. Its own CPU's, with IF=0. */
static DEFINE_PER_CPU(u32, discards);

static bool test_and_set(unsigned long *word, u32 bit)
{
	return __atomic_fetch_or(word, BIT(bit), __ATOMIC_ACQ_REL) & BIT(bit);
}

static bool test_and_clear(unsigned long *word, u32 bit)
{
	return __atomic_fetch_and(word, ~BIT(bit), __ATOMIC_ACQ_REL) & BIT(bit);
}

static bool tasklet_busy(struct tasklet_struct *t, u32 bit)
{
	return __atomic_load_n(&t->state, __ATOMIC_ACQUIRE) & BIT(bit);
}

void tasklet_setup(struct tasklet_struct *t,
		   void (*callback)(struct tasklet_struct *t))
{
	*t = (struct tasklet_struct){ .callback = callback };
}

static void queue_locked(struct tasklet_head *vec, struct tasklet_struct *t,
			 u32 softirq)
{
	t->next = NULL;
	if (!vec->head)
		vec->tail = &vec->head;
	*vec->tail = t;
	vec->tail = &t->next;
	raise_softirq_irqoff(softirq);
}

static void schedule(struct tasklet_head *vec, struct tasklet_struct *t,
		     u32 softirq)
{
	u64 flags;

	if (test_and_set(&t->state, TASKLET_STATE_SCHED))
		return;
	flags = local_irq_save();
	queue_locked(this_cpu_ptr(vec), t, softirq);
	local_irq_restore(flags);
}

void tasklet_schedule(struct tasklet_struct *t)
{
	schedule(&tasklet_vec, t, TASKLET_SOFTIRQ);
}

void tasklet_hi_schedule(struct tasklet_struct *t)
{
	schedule(&tasklet_hi_vec, t, HI_SOFTIRQ);
}

/* True if it ran; false: disabled or running elsewhere, queue it again. */
static bool run_one(struct tasklet_struct *t)
{
	bool ran = false;

	if (test_and_set(&t->state, TASKLET_STATE_RUN))
		return false;
	if (!__atomic_load_n(&t->count, __ATOMIC_ACQUIRE)) {
		test_and_clear(&t->state, TASKLET_STATE_SCHED);
		trace_tasklet_entry(t, t->callback);
		t->callback(t);
		trace_tasklet_exit(t, t->callback);
		ran = true;
	}
	test_and_clear(&t->state, TASKLET_STATE_RUN);
	return ran;
}

/* Unless an interrupt has discarded it meanwhile, with those behind it. */
static bool queue_again(struct tasklet_head *vec, struct tasklet_struct *t,
			u32 softirq, u32 discards_before)
{
	bool wanted;

	local_irq_disable();
	wanted = *this_cpu_ptr(&discards) == discards_before;
	if (wanted)
		queue_locked(vec, t, softirq);
	local_irq_enable();
	return wanted;
}

static void tasklet_action_common(struct tasklet_head *vec, u32 softirq)
{
	struct tasklet_struct *list;
	u32 before;

	local_irq_disable();
	list = vec->head;
	vec->head = NULL;
	before = *this_cpu_ptr(&discards);
	local_irq_enable();

	while (list && READ_ONCE(*this_cpu_ptr(&discards)) == before) {
		struct tasklet_struct *t = list;

		list = t->next;
		if (!run_one(t) && !queue_again(vec, t, softirq, before))
			return;
	}
}

void tasklet_action(void)
{
	tasklet_action_common(this_cpu_ptr(&tasklet_vec), TASKLET_SOFTIRQ);
}

void tasklet_hi_action(void)
{
	tasklet_action_common(this_cpu_ptr(&tasklet_hi_vec), HI_SOFTIRQ);
}

void tasklet_disable_nosync(struct tasklet_struct *t)
{
	__atomic_fetch_add(&t->count, 1, __ATOMIC_ACQ_REL);
}

int tasklet_disable(struct tasklet_struct *t)
{
	tasklet_disable_nosync(t);
	if (!WAIT_FOR(!tasklet_busy(t, TASKLET_STATE_RUN), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	return 0;
}

void tasklet_enable(struct tasklet_struct *t)
{
	__atomic_fetch_sub(&t->count, 1, __ATOMIC_ACQ_REL);
}

void tasklet_discard(void)
{
	u64 flags = local_irq_save();

	++*this_cpu_ptr(&discards);
	this_cpu_ptr(&tasklet_vec)->head = NULL;
	this_cpu_ptr(&tasklet_hi_vec)->head = NULL;
	local_irq_restore(flags);
}

bool tasklets_queued(u32 cpu)
{
	return READ_ONCE(per_cpu_ptr(&tasklet_vec, cpu)->head) ||
	       READ_ONCE(per_cpu_ptr(&tasklet_hi_vec, cpu)->head);
}

/*
 * It is on this CPU's list, where nobody else will run it, or on another's,
 * which may be busy with a task: there an interrupt's exit does.
 */
static bool claim_sched(struct tasklet_struct *t)
{
	if (!test_and_set(&t->state, TASKLET_STATE_SCHED))
		return true;
	do_softirq();
	if (tasklet_busy(t, TASKLET_STATE_SCHED))
		softirq_kick_others();
	return false;
}

int tasklet_kill(struct tasklet_struct *t)
{
	if (!WAIT_FOR(claim_sched(t), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	if (!WAIT_FOR(!tasklet_busy(t, TASKLET_STATE_RUN), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	test_and_clear(&t->state, TASKLET_STATE_SCHED);
	return 0;
}
