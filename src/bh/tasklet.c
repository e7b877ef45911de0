// SPDX-License-Identifier: MIT
/*
 * tasklet.c - two lists a CPU, emptied by TASKLET_SOFTIRQ and HI_SOFTIRQ.
 *
 * Linux: kernel/softirq.c. SCHED is set by whoever queues and cleared just
 * before the callback, so a tasklet may schedule itself; RUN keeps a second
 * CPU out.
 */
#include <bh/tasklet.h>

#include <bh/late.h>
#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <trace/events.h>

/*
 * pcpu_hot.tasklets[], touched by its own CPU with IF=0. last: while there is a
 * head. tasklet_discards: how often what was queued has been forgotten.
 */
enum { NORMAL, HI };

static __always_inline u32 softirq_of(u32 vec)
{
	return vec == HI ? HI_SOFTIRQ : TASKLET_SOFTIRQ;
}

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

/* Last in this CPU's list. IF=0. */
static __always_inline void append(u32 vec, struct tasklet_struct *t)
{
	t->next = NULL;
	if (unlikely(this_cpu_own(tasklets[vec].head)))
		this_cpu_own(tasklets[vec].last)->next = t;
	else
		this_cpu_own(tasklets[vec].head) = t;
	this_cpu_own(tasklets[vec].last) = t;
}

static __noinline void queue_slow(u32 vec, struct tasklet_struct *t)
{
	u64 flags = local_irq_save();

	append(vec, t);
	raise_softirq_irqoff(softirq_of(vec));
	local_irq_restore(flags);
}

static __always_inline void schedule(u32 vec, struct tasklet_struct *t)
{
	u64 flags;

	if (test_and_set(&t->state, TASKLET_STATE_SCHED))
		return;
	if (observed() || unlikely(!in_interrupt())) {
		queue_slow(vec, t);
		return;
	}
	flags = native_save_fl();
	native_irq_disable();
	append(vec, t);
	this_cpu_bts32(softirq_pending, softirq_of(vec));
	if (flags & X86_EFLAGS_IF)
		native_irq_enable();
}

void tasklet_schedule(struct tasklet_struct *t)
{
	schedule(NORMAL, t);
}

void tasklet_hi_schedule(struct tasklet_struct *t)
{
	schedule(HI, t);
}

/* True if it ran; false: disabled or running elsewhere, queue it again. */
static __always_inline bool run_one(struct tasklet_struct *t, bool seen)
{
	bool ran = false;

	if (unlikely(test_and_set(&t->state, TASKLET_STATE_RUN)))
		return false;
	if (likely(!t->count)) { /* behind a locked instruction */
		test_and_clear(&t->state, TASKLET_STATE_SCHED);
		if (seen)
			trace_tasklet_entry(t, t->callback);
		t->callback(t);
		if (seen)
			trace_tasklet_exit(t, t->callback);
		ran = true;
	}
	test_and_clear(&t->state, TASKLET_STATE_RUN);
	return ran;
}

/* Unless an interrupt has discarded it meanwhile, with those behind it. */
static __noinline bool queue_again(u32 vec, struct tasklet_struct *t,
				   u32 discards_before)
{
	bool wanted;

	local_irq_disable();
	wanted = this_cpu(tasklet_discards) == discards_before;
	if (wanted) {
		append(vec, t);
		raise_softirq_irqoff(softirq_of(vec));
	}
	local_irq_enable();
	return wanted;
}

/* IF=0. All that are queued, and none is left. */
static __always_inline struct tasklet_struct *take_all(u32 vec)
{
	struct tasklet_struct *list = this_cpu_own(tasklets[vec].head);

	this_cpu_own(tasklets[vec].head) = NULL;
	return list;
}

/* The list from t on, until it was discarded. */
static __always_inline void run_list(u32 vec, struct tasklet_struct *t,
				     u32 before, bool seen)
{
	while (t && this_cpu_own(tasklet_discards) == before) {
		struct tasklet_struct *next = t->next;

		if (unlikely(!run_one(t, seen)) && !queue_again(vec, t, before))
			return;
		t = next;
	}
}

static __noinline void tasklet_action_observed(u32 vec)
{
	struct tasklet_struct *list;
	u32 before;

	local_irq_disable();
	list = take_all(vec);
	before = this_cpu(tasklet_discards);
	local_irq_enable();
	run_list(vec, list, before, true);
}

static __always_inline void tasklet_action_common(u32 vec)
{
	struct tasklet_struct *list;
	u32 before;

	if (observed()) {
		tasklet_action_observed(vec);
		return;
	}
	native_irq_disable();
	list = take_all(vec);
	before = this_cpu(tasklet_discards);
	native_irq_enable();
	run_list(vec, list, before, false);
}

void tasklet_action(void)
{
	tasklet_action_common(NORMAL);
}

void tasklet_hi_action(void)
{
	tasklet_action_common(HI);
}

void tasklet_disable_nosync(struct tasklet_struct *t)
{
	__atomic_fetch_add(&t->count, 1, __ATOMIC_ACQ_REL);
}

static int in_vain(const char *who, const struct tasklet_struct *t, u64 began)
{
	warn_late(who, "tasklet", t, (const void *)t->callback, began);
	return -ETIMEDOUT;
}

int tasklet_disable(struct tasklet_struct *t)
{
	u64 began = rdtsc();

	tasklet_disable_nosync(t);
	if (!WAIT_FOR(!tasklet_busy(t, TASKLET_STATE_RUN), sync_wait_us))
		return in_vain("tasklet_disable()", t, began);
	return 0;
}

void tasklet_enable(struct tasklet_struct *t)
{
	__atomic_fetch_sub(&t->count, 1, __ATOMIC_ACQ_REL);
}

void tasklet_discard(void)
{
	u64 flags = local_irq_save();

	this_cpu(tasklet_discards) = this_cpu(tasklet_discards) + 1;
	take_all(NORMAL);
	take_all(HI);
	local_irq_restore(flags);
}

bool tasklets_queued(u32 cpu)
{
	return READ_ONCE(cpu_hot(cpu)->tasklets[NORMAL].head) ||
	       READ_ONCE(cpu_hot(cpu)->tasklets[HI].head);
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
	u64 began = rdtsc();

	if (!WAIT_FOR(claim_sched(t), sync_wait_us) ||
	    !WAIT_FOR(!tasklet_busy(t, TASKLET_STATE_RUN), sync_wait_us))
		return in_vain("tasklet_kill()", t, began);
	test_and_clear(&t->state, TASKLET_STATE_SCHED);
	return 0;
}
