// SPDX-License-Identifier: MIT
/*
 * wait.c - wait queues, and sleeping for a time.
 *
 * Linux: kernel/sched/wait.c, kernel/time/sleep_timeout.c.
 */
#include <sched/wait.h>

#include <bh/hrtimer.h>
#include <cpu/spinlock.h>

struct lock_class waitqueue_class = { .name = "&wq_head->lock" };

static struct wait_queue_entry **link_to(struct wait_queue_head *wq,
					 const struct wait_queue_entry *entry)
{
	struct wait_queue_entry **link = &wq->first;

	while (*link && *link != entry)
		link = &(*link)->next;
	return link;
}

/* Behind its equals. */
static void enqueue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	struct wait_queue_entry **link = &wq->first;
	bool last = entry->flags & WQ_FLAG_EXCLUSIVE;

	while (*link && (last || !((*link)->flags & WQ_FLAG_EXCLUSIVE)))
		link = &(*link)->next;
	entry->next = *link;
	*link = entry;
	entry->queued = true;
}

void prepare_to_wait_locked(struct wait_queue_head *wq,
			    struct wait_queue_entry *entry, u32 state)
{
	if (!entry->queued)
		enqueue(wq, entry);
	current->waits_at = wq;
	current->wait_entry = entry;
	set_current_state(state);
}

void finish_wait_locked(struct wait_queue_head *wq,
			struct wait_queue_entry *entry)
{
	set_current_state(TASK_RUNNING);
	if (entry->queued)
		*link_to(wq, entry) = entry->next;
	entry->queued = false;
	current->waits_at = NULL;
}

void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     u32 state)
{
	u64 flags = spin_lock_irqsave(&wq->lock);

	prepare_to_wait_locked(wq, entry, state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait_exclusive(struct wait_queue_head *wq,
			       struct wait_queue_entry *entry, u32 state)
{
	entry->flags |= WQ_FLAG_EXCLUSIVE;
	prepare_to_wait(wq, entry, state);
}

void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	u64 flags = spin_lock_irqsave(&wq->lock);

	finish_wait_locked(wq, entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/*
 * Who was woken leaves the queue at once, so that the next wake-up is the next
 * one's; who runs already stays, and does not count.
 */
void __wake_up_locked(struct wait_queue_head *wq, u32 mask, u32 nr)
{
	struct wait_queue_entry **link = &wq->first, *entry;

	while ((entry = *link)) {
		bool exclusive = entry->flags & WQ_FLAG_EXCLUSIVE;

		if (!try_to_wake_up(entry->task, mask)) {
			link = &entry->next;
			continue;
		}
		*link = entry->next;
		entry->queued = false;
		if (exclusive && nr && !--nr)
			break;
	}
}

void __wake_up(struct wait_queue_head *wq, u32 mask, u32 nr)
{
	u64 flags;

	preempt_disable(); /* the woken one wants the lock, too */
	flags = spin_lock_irqsave(&wq->lock);
	__wake_up_locked(wq, mask, nr);
	spin_unlock_irqrestore(&wq->lock, flags);
	preempt_enable();
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

/* No sooner than usec from now; what is too far for a ktime_t is the end. */
static ktime_t end_of(u64 usec)
{
	ktime_t now = ktime_get();
	u64 most = (u64)(KTIME_MAX - now) / NSEC_PER_USEC;

	return now + (ktime_t)(min(usec, most) * NSEC_PER_USEC);
}

u64 schedule_timeout(u64 usec)
{
	struct sleeper s = { .task = current };
	ktime_t end, left;

	if (usec == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return usec;
	}
	end = end_of(usec);
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
