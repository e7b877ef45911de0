// SPDX-License-Identifier: MIT
/* completion.c - Linux: kernel/sched/completion.c. */
#include <sched/completion.h>

#include <cpu/deadline.h>
#include <cpu/irqflags.h>

#define FOR_EVER (~0u)

static void add(struct completion *x, u32 n)
{
	u64 flags = local_irq_save();

	raw_spin_lock(&x->wait.lock);
	if (n == FOR_EVER || x->done == FOR_EVER)
		x->done = FOR_EVER;
	else
		x->done += n;
	raw_spin_unlock(&x->wait.lock);
	local_irq_restore(flags);
}

void complete(struct completion *x)
{
	add(x, 1);
	wake_up(&x->wait);
}

void complete_all(struct completion *x)
{
	add(x, FOR_EVER);
	wake_up_all(&x->wait);
}

bool try_wait_for_completion(struct completion *x)
{
	u64 flags = local_irq_save();
	bool done;

	raw_spin_lock(&x->wait.lock);
	done = x->done;
	if (done && x->done != FOR_EVER)
		x->done--;
	raw_spin_unlock(&x->wait.lock);
	local_irq_restore(flags);
	return done;
}

void wait_for_completion(struct completion *x)
{
	wait_event(x->wait, try_wait_for_completion(x));
}

bool wait_for_completion_timeout(struct completion *x, u64 usec)
{
	return wait_event_timeout(x->wait, try_wait_for_completion(x),
				  usec * deadline_scale);
}
