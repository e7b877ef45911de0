// SPDX-License-Identifier: MIT
/* test_wq_help.c - works to order. */
#include "wq.h"

#include <asm/special_insns.h>
#include <cpu/irqflags.h>

static void run_item(struct work_struct *work)
{
	struct item *i = container_of(work, struct item, dwork.work);

	i->begun = rdtsc();
	i->overlaps += __atomic_fetch_add(&i->inside, 1, __ATOMIC_SEQ_CST);
	i->cpu = smp_processor_id();
	i->task = current;
	i->in_task = in_task() && !preempt_count();
	i->irqs_on = !irqs_disabled();
	note(i->letter);
	if (i->again) {
		i->again--;
		queue_work(i->wq, work);
	}
	if (i->gate)
		wait_for_completion(i->gate);
	if (i->then)
		i->then(i);
	__atomic_fetch_sub(&i->inside, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&i->runs, 1, __ATOMIC_SEQ_CST);
}

void items_init(struct item *item, u32 n, struct workqueue_struct *wq,
		struct completion *gate)
{
	diary_begin();
	if (gate)
		init_completion(gate);
	for (u32 i = 0; i < n; i++) {
		item[i] = (struct item){ .letter = (char)('a' + i),
					 .gate = gate,
					 .wq = wq };
		init_delayed_work(&item[i].dwork, run_item);
	}
}

u32 items_queue(struct item *item, u32 n)
{
	u32 queued = 0;

	preempt_disable();
	for (u32 i = 0; i < n; i++)
		queued += queue_work(item[i].wq, work_of(&item[i]));
	preempt_enable();
	return queued;
}
