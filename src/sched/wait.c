// SPDX-License-Identifier: MIT
/*
 * wait.c - wait queues, and sleeping for a time.
 *
 * Linux: kernel/sched/wait.c, kernel/time/sleep_timeout.c.
 */
#include <sched/wait.h>

#include <bh/hrtimer.h>
#include <cpu/irqflags.h>

static u64 lock_queue(struct wait_queue_head *wq)
{
	u64 flags = local_irq_save();

	raw_spin_lock(&wq->lock);
	return flags;
}

static void unlock_queue(struct wait_queue_head *wq, u64 flags)
{
	raw_spin_unlock(&wq->lock);
	local_irq_restore(flags);
}

static struct wait_queue_entry **link_to(struct wait_queue_head *wq,
					 const struct wait_queue_entry *entry)
{
	struct wait_queue_entry **link = &wq->first;

	while (*link && *link != entry)
		link = &(*link)->next;
	return link;
}

void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     u32 state)
{
	u64 flags = lock_queue(wq);

	if (!entry->queued) {
		entry->queued = true;
		entry->next = NULL;
		*link_to(wq, NULL) = entry;
	}
	set_current_state(state);
	unlock_queue(wq, flags);
}

void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	u64 flags;

	set_current_state(TASK_RUNNING);
	flags = lock_queue(wq);
	if (entry->queued)
		*link_to(wq, entry) = entry->next;
	entry->queued = false;
	unlock_queue(wq, flags);
}

/* Out of the queue at once, so that the next wake-up is the next one's. */
static void wake_first(struct wait_queue_head *wq)
{
	struct wait_queue_entry *entry = wq->first;

	wq->first = entry->next;
	entry->queued = false;
	wake_up_process(entry->task);
}

void wake_up(struct wait_queue_head *wq)
{
	u64 flags;

	preempt_disable(); /* the woken one wants the lock, too */
	flags = lock_queue(wq);
	if (wq->first)
		wake_first(wq);
	unlock_queue(wq, flags);
	preempt_enable();
}

void wake_up_all(struct wait_queue_head *wq)
{
	u64 flags;

	preempt_disable();
	flags = lock_queue(wq);
	while (wq->first)
		wake_first(wq);
	unlock_queue(wq, flags);
	preempt_enable();
}

bool waitqueue_active(const struct wait_queue_head *wq)
{
	return READ_ONCE(wq->first);
}

struct sleeper {
	struct hrtimer timer;
	struct task_struct *task;
};

static enum hrtimer_restart wake_sleeper(struct hrtimer *timer)
{
	wake_up_process(container_of(timer, struct sleeper, timer)->task);
	return HRTIMER_NORESTART;
}

u64 schedule_timeout(u64 usec)
{
	struct sleeper s = { .task = current };
	ktime_t end = ktime_get() + (ktime_t)(usec * NSEC_PER_USEC), left;

	hrtimer_init(&s.timer, wake_sleeper);
	hrtimer_start(&s.timer, end, HRTIMER_MODE_ABS);
	schedule();
	hrtimer_cancel(&s.timer);
	left = end - ktime_get();
	return left > 0 ? (u64)left / 1000 + 1 : 0;
}

void usleep(u64 usec)
{
	might_sleep();
	while (usec) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		usec = schedule_timeout(usec);
	}
}
