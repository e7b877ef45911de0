// SPDX-License-Identifier: MIT
/*
 * vector.c - the exit event of a system vector: behind its function, but before
 * the softirqs that its irq_exit() runs.
 */
#include <trace/events.h>

#include <cpu/preempt.h>

/* What is to be said: an event and its vector; 0: nothing. Its own CPU's. */
static DEFINE_PER_CPU(u32, owed);

u32 trace_vector_entry(u32 entry, u32 vector)
{
	u32 before = *this_cpu_ptr(&owed);

	if (entry) {
		trace_emit(entry, vector, 0, 0, NULL);
		*this_cpu_ptr(&owed) = (entry + 1) << 8 | vector;
	}
	return before;
}

/* It is still in its hardirq, which irq_exit() has just counted off. */
void trace_vector_owed(void)
{
	u32 now = *this_cpu_ptr(&owed);

	if (!now)
		return;
	*this_cpu_ptr(&owed) = 0;
	preempt_count_add(HARDIRQ_OFFSET);
	trace_emit(now >> 8, now & 0xff, 0, 0, NULL);
	preempt_count_sub(HARDIRQ_OFFSET);
}

void trace_vector_exit(u32 before)
{
	trace_vector_owed();
	*this_cpu_ptr(&owed) = before;
}
