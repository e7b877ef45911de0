// SPDX-License-Identifier: MIT
/*
 * ring.c - each CPU's ring: written by its own CPU, in any context, read when
 * tracing is off.
 *
 * A writer takes the next place and its time in one step, by an exchange that
 * fails when an NMI's event came between: so times rise with places. It keeps
 * interrupts out until the entry is whole; only NMIs nest, and never so many
 * that they come round the ring.
 *
 * Linux: kernel/trace/ring_buffer.c, trace.c tracing_gen_ctx_irq_test().
 */
#include <trace/trace.h>

#include <asm/irqflags.h>
#include <asm/pgtable.h>
#include <asm/special_insns.h>
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

struct trace_ring {
	struct trace_entry *entry; /* NULL: no ring */
	u64 head;		   /* places taken, ever; this CPU's */
	u64 begin;		   /* the first one since trace_clear() */
	u64 next;		   /* trace_read()'s */
};

static DEFINE_PER_CPU(struct trace_ring, trace_rings);

/* Both are changed while tracing is off. */
static u64 ring_size;
static u32 ring_pages;

void (*trace_irq_hook)(bool on);
void (*trace_gates_hook)(bool on);

static struct trace_ring *ring_of(u32 cpu)
{
	return per_cpu_ptr(&trace_rings, cpu);
}

static u8 context_flags(u64 irqflags)
{
	u32 count = preempt_count();
	u8 flags = 0;

	if (!(irqflags & X86_EFLAGS_IF))
		flags |= TRACE_IRQS_OFF;
	if (softirq_count() >> (SOFTIRQ_SHIFT + 1))
		flags |= TRACE_BH_OFF;
	if (this_cpu(softirq_pending) & PENDING_RESCHED)
		flags |= TRACE_NEED_RESCHED;
	if (count & HARDIRQ_MASK)
		flags |= TRACE_HARDIRQ;
	if (count & SOFTIRQ_OFFSET)
		flags |= TRACE_SOFTIRQ;
	if (count & NMI_MASK)
		flags |= TRACE_NMI;
	return flags;
}

/* Its number and its time. IF=0. */
static u64 take_place(struct trace_ring *ring, u64 *tsc)
{
	u64 place = READ_ONCE(ring->head);

	do {
		*tsc = rdtsc();
	} while (!__atomic_compare_exchange_n(&ring->head, &place, place + 1,
					      false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return place;
}

static void fill(struct trace_ring *ring, struct trace_entry *values,
		 const char *name)
{
	u64 place = take_place(ring, &values->tsc);
	struct trace_entry *e = &ring->entry[place & (ring_size - 1)];

	WRITE_ONCE(e->seq, 0);
	barrier();
	*e = *values;
	if (name)
		strscpy(e->name, name, sizeof(e->name));
	__atomic_store_n(&e->seq, (u32)place + 1, __ATOMIC_RELEASE);
}

void trace_emit(enum trace_type type, u64 a, u64 b, u64 c, const char *name)
{
	u64 flags = native_save_fl();
	struct trace_entry values = {
		.cpu = smp_processor_id(),
		.type = (u8)type,
		.flags = context_flags(flags),
		.preempt = (u8)min(preempt_count() & PREEMPT_MASK, 15u),
		.pid = current_pid(),
		.arg = { a, b, c },
	};
	struct trace_ring *ring;

	native_irq_disable();
	ring = this_cpu_ptr(&trace_rings);
	if (ring->entry)
		fill(ring, &values, name);
	native_restore_fl(flags);
}

/* The first place that is still there. */
static u64 oldest(const struct trace_ring *ring)
{
	u64 head = READ_ONCE(ring->head);

	return max(ring->begin, head > ring_size ? head - ring_size : 0);
}

void trace_rewind(void)
{
	u32 cpu;

	for_each_online_cpu (cpu)
		ring_of(cpu)->next = ring_of(cpu)->begin;
}

/* What was being written as tracing ended is not there. */
static const struct trace_entry *entry_at(const struct trace_ring *ring,
					  u64 place)
{
	const struct trace_entry *e = &ring->entry[place & (ring_size - 1)];

	return __atomic_load_n(&e->seq, __ATOMIC_ACQUIRE) == (u32)place + 1
		       ? e
		       : NULL;
}

/* The ring's next whole entry; lost: how many places lie before it. */
static const struct trace_entry *peek(const struct trace_ring *ring, u64 *lost)
{
	for (u64 place = max(ring->next, oldest(ring)); place < ring->head;
	     place++) {
		const struct trace_entry *e =
			ring->entry ? entry_at(ring, place) : NULL;

		if (!e)
			continue;
		*lost = place - ring->next;
		return e;
	}
	return NULL;
}

bool trace_read(struct trace_entry *entry, u64 *lost)
{
	const struct trace_entry *first = NULL;
	u32 cpu;

	for_each_online_cpu (cpu) {
		u64 before = 0;
		const struct trace_entry *e = peek(ring_of(cpu), &before);

		if (!e || (first && first->tsc <= e->tsc))
			continue;
		first = e;
		*lost = before;
	}
	if (!first)
		return false;
	*entry = *first;
	ring_of(entry->cpu)->next += *lost + 1;
	return true;
}

u64 trace_written(void)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		sum += ring_of(cpu)->head - ring_of(cpu)->begin;
	return sum;
}

u64 trace_in_buffer(void)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		sum += ring_of(cpu)->head - oldest(ring_of(cpu));
	return sum;
}

void trace_clear(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		struct trace_ring *ring = ring_of(cpu);

		ring->begin = ring->next = READ_ONCE(ring->head);
	}
}

void trace_free(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		struct trace_ring *ring = ring_of(cpu);

		if (ring->entry)
			free_pages((u64)ring->entry, ring_pages);
		*ring = (struct trace_ring){ 0 };
	}
}

static int alloc_rings(u32 entries)
{
	u32 cpu;

	ring_pages = (u32)(ALIGN_UP(entries * sizeof(struct trace_entry),
				    PAGE_SIZE) /
			   PAGE_SIZE);
	ring_size = entries;
	for_each_online_cpu (cpu) {
		struct trace_entry *e =
			(struct trace_entry *)alloc_pages(ring_pages);

		if (!e)
			return -ENOMEM;
		ring_of(cpu)->entry = e;
	}
	return 0;
}

/* A point looks at its bit; what costs nothing when off is led past it. */
static void set_enabled(bool on)
{
	if (on == trace_on())
		return;
	if (!on)
		set_observer(OBSERVER_TRACE, false);
	if (!on && trace_gates_hook)
		trace_gates_hook(false);
	if (trace_irq_hook)
		trace_irq_hook(on);
	if (on && trace_gates_hook)
		trace_gates_hook(true);
	if (on)
		set_observer(OBSERVER_TRACE, true);
}

int trace_start(u32 entries)
{
	if (trace_on())
		return -EBUSY;
	trace_free();
	if (alloc_rings(entries)) {
		trace_free();
		return -ENOMEM;
	}
	set_enabled(true);
	return 0;
}

void trace_stop(void)
{
	set_enabled(false);
}

void trace_resume(void)
{
	set_enabled(true);
}
