// SPDX-License-Identifier: MIT
/*
 * graph.c - the classes, what each was used for, and which was taken while
 * which was held. A set of classes is a word, so a search is a loop over sets.
 *
 * Nothing that was reported is learnt: so the graph has no cycle and no class
 * is in two opposite states, each pair is told once, and what comes later is
 * judged by what was right.
 *
 * Linux: kernel/locking/lockdep.c mark_lock(), check_prev_add(),
 * check_noncircular(), check_irq_usage(), __bfs().
 */
#include <console/printk.h>

#include "internal.h"

static struct class_state states[MAX_LOCK_CLASSES];
static struct {
	u64 ip;
	u8 from, to;
} entries[MAX_LOCK_ENTRIES];
static u32 nr_classes, nr_entries;

/* Guards all of them. IF=0, and the holder takes no other. */
static raw_spinlock_t graph_lock;

struct class_state *class_state(u32 nr)
{
	return &states[nr];
}

u32 lock_classes(void)
{
	return READ_ONCE(nr_classes);
}

u32 lock_dependencies(void)
{
	return READ_ONCE(nr_entries);
}

u64 dependency_ip(u32 from, u32 to)
{
	for (u32 i = 0; i < nr_entries; i++) {
		if (entries[i].from == from && entries[i].to == to)
			return entries[i].ip;
	}
	return 0;
}

/* 0: there are too many, and this one is not checked. */
u32 lock_register(struct lock_class *class)
{
	u32 nr = __atomic_load_n(&class->nr, __ATOMIC_ACQUIRE);

	if (nr)
		return nr;
	raw_spin_lock(&graph_lock);
	nr = class->nr;
	if (!nr && nr_classes < MAX_LOCK_CLASSES - 1) {
		nr = ++nr_classes;
		states[nr].class = class;
		__atomic_store_n(&class->nr, nr, __ATOMIC_RELEASE);
	}
	raw_spin_unlock(&graph_lock);
	return nr;
}

static u64 next_of(u32 nr, bool forwards)
{
	return forwards ? states[nr].after : states[nr].before;
}

/* All that can be reached, itself included. */
u64 reach(u32 from, bool forwards)
{
	u64 seen = CLASS_BIT(from), todo = seen;

	while (todo) {
		u32 nr = (u32)__builtin_ctzll(todo);
		u64 more = next_of(nr, forwards) & ~seen;

		todo &= todo - 1;
		todo |= more;
		seen |= more;
	}
	return seen;
}

/* Round by round, so that the first way found is a shortest one. */
static bool flood(u32 from, u32 to, u8 *parent)
{
	u64 seen = CLASS_BIT(from), round = seen;

	while (round && !(seen & CLASS_BIT(to))) {
		u64 next = 0;

		for (; round; round &= round - 1) {
			u32 nr = (u32)__builtin_ctzll(round);
			u64 more = states[nr].after & ~seen;

			for (u64 m = more; m; m &= m - 1)
				parent[__builtin_ctzll(m)] = (u8)nr;
			seen |= more;
			next |= more;
		}
		round = next;
	}
	return seen & CLASS_BIT(to);
}

u32 find_path(u32 from, u32 to, u8 *path)
{
	u8 parent[MAX_LOCK_CLASSES];
	u32 n = 1, nr = to;

	if (!flood(from, to, parent))
		return 0;
	for (; nr != from; nr = parent[nr])
		n++;
	nr = to;
	for (u32 i = n; i--; nr = parent[nr])
		path[i] = (u8)nr;
	return n;
}

static u32 find_usage(u64 set, enum lock_usage usage)
{
	for (; set; set &= set - 1) {
		u32 nr = (u32)__builtin_ctzll(set);

		if (states[nr].usage & BIT(usage))
			return nr;
	}
	return 0;
}

/* The lock is free while a report is printed: it takes time. */
static void tell_usage(u32 nr, enum lock_usage usage, u32 other, u64 ip)
{
	struct class_state *s = &states[nr];
	bool told = s->usage_reported & BIT(usage);

	s->usage_reported |= BIT(usage);
	raw_spin_unlock(&graph_lock);
	if (told)
		return;
	if (other == nr)
		report_usage(nr, usage, ip);
	else
		report_inversion(nr, usage, other, ip);
}

/* Used in interrupts: nothing it leads to may be held where one may come. */
void lock_mark(u32 nr, enum lock_usage usage, u64 ip)
{
	struct class_state *s = &states[nr];
	bool used = usage < LOCK_ENABLED_HARDIRQ;
	u32 other;

	if (READ_ONCE(s->usage) & BIT(usage))
		return;
	raw_spin_lock(&graph_lock);
	other = s->usage & BIT(other_usage(usage))
			? nr
			: find_usage(reach(nr, used), other_usage(usage));
	if (other) {
		tell_usage(nr, usage, other, ip);
		return;
	}
	s->usage |= BIT(usage);
	s->usage_ip[usage] = ip;
	raw_spin_unlock(&graph_lock);
}

static void add_entry(u32 prev, u32 next, u64 ip)
{
	if (nr_entries < MAX_LOCK_ENTRIES) {
		entries[nr_entries].from = (u8)prev;
		entries[nr_entries].to = (u8)next;
		entries[nr_entries].ip = ip;
		nr_entries++;
	}
	states[next].before |= CLASS_BIT(prev);
	WRITE_ONCE(states[prev].after, states[prev].after | CLASS_BIT(next));
}

/* Does prev -> next lead from what interrupts take to what they may hit? */
static bool unsafe(u32 prev, u32 next, bool softirq, u32 *safe, u32 *bad)
{
	*safe = find_usage(reach(prev, false), LOCK_USED_IN_HARDIRQ + softirq);
	*bad = find_usage(reach(next, true), LOCK_ENABLED_HARDIRQ + softirq);
	return *safe && *bad;
}

void lock_depends(u32 prev, u32 next, u64 ip)
{
	struct class_state *s = &states[prev];
	bool circular, hard, soft;
	u32 safe, bad;

	if ((READ_ONCE(s->after) | READ_ONCE(s->reported)) & CLASS_BIT(next))
		return;
	raw_spin_lock(&graph_lock);
	circular = reach(next, true) & CLASS_BIT(prev);
	hard = !circular && unsafe(prev, next, false, &safe, &bad);
	soft = !circular && !hard && unsafe(prev, next, true, &safe, &bad);
	if (circular || hard || soft)
		s->reported |= CLASS_BIT(next);
	else
		add_entry(prev, next, ip);
	raw_spin_unlock(&graph_lock);
	if (circular)
		report_circular(prev, next, ip);
	else if (hard || soft)
		report_safe_unsafe(prev, next, safe, bad, soft, ip);
}
