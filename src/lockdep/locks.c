// SPDX-License-Identifier: MIT
/*
 * locks.c - what each CPU holds, and what taking one more means.
 *
 * An interrupt's locks lie on top, and depend on none of what it interrupted.
 *
 * Linux: kernel/locking/lockdep.c __lock_acquire(), mark_usage(),
 * kernel/locking/spinlock_debug.c.
 */
#include <cpu/cpumask.h>

#include "internal.h"

struct held_stack {
	struct held_lock lock[MAX_LOCK_DEPTH];
	u32 depth, max_depth;
	spinlock_t *asked; /* the lock that is being judged */
	bool busy;	   /* in these files: what they do is not seen */
};

/*
 * A CPU's, where Linux has a task's: who holds a spinlock has preemption off,
 * softirqs off or IF=0, and does not sleep, so no other thread runs here until
 * it is free. A mutex is not in it. Its own CPU's, with IF=0.
 */
static DEFINE_PER_CPU(struct held_stack, held_stacks);
static u32 epoch; /* times that it was switched on */

struct held_lock *held_locks(u32 *depth)
{
	struct held_stack *h = this_cpu_ptr(&held_stacks);

	*depth = h->depth;
	return h->lock;
}

const spinlock_t *lock_asked(void)
{
	return this_cpu_ptr(&held_stacks)->asked;
}

u32 max_lock_depth(void)
{
	u32 most = 0, cpu;

	for_each_online_cpu (cpu)
		most = max(most, per_cpu_ptr(&held_stacks, cpu)->max_depth);
	return most;
}

void lockdep_forget_held(void)
{
	struct held_stack *h = this_cpu_ptr(&held_stacks);

	h->depth = 0;
	h->busy = false;
}

void locks_begin_anew(void)
{
	u32 cpu;

	epoch++;
	for_each_online_cpu (cpu) {
		per_cpu_ptr(&held_stacks, cpu)->depth = 0;
		per_cpu_ptr(&held_stacks, cpu)->busy = false;
	}
}

static u8 context(void)
{
	return in_hardirq() ? 2 : in_serving_softirq();
}

static void mark_usage(u32 nr, u64 ip, bool trylock, bool irqs_on)
{
	if (!trylock && in_hardirq())
		lock_mark(nr, LOCK_USED_IN_HARDIRQ, ip);
	if (!trylock && in_serving_softirq())
		lock_mark(nr, LOCK_USED_IN_SOFTIRQ, ip);
	if (!irqs_on)
		return;
	lock_mark(nr, LOCK_ENABLED_HARDIRQ, ip);
	if (!softirq_count())
		lock_mark(nr, LOCK_ENABLED_SOFTIRQ, ip);
}

/* The same lock, or else one of its class in this context. */
static struct held_lock *held_already(struct held_stack *h, spinlock_t *lock,
				      u32 nr)
{
	struct held_lock *class = NULL;

	for (u32 i = h->depth; i--;) {
		struct held_lock *held = &h->lock[i];

		if (held->lock == lock)
			return held;
		if (held->nr == nr && held->context == context())
			class = held;
	}
	return class;
}

/* What was broken off while it held a lock, which has been freed since. */
static void drop_stale(struct held_stack *h)
{
	u32 n = 0;

	for (u32 i = 0; i < h->depth; i++) {
		if (READ_ONCE(h->lock[i].lock->raw.locked))
			h->lock[n++] = h->lock[i];
	}
	h->depth = n;
}

static void push(struct held_stack *h, spinlock_t *lock, u32 nr, u64 ip,
		 bool again)
{
	if (h->depth >= MAX_LOCK_DEPTH)
		return;
	h->lock[h->depth++] = (struct held_lock){
		.lock = lock,
		.ip = ip,
		.nr = (u8)nr,
		.context = context(),
		.again = again,
	};
	h->max_depth = max(h->max_depth, h->depth);
}

/* False: it is held here already, and would be waited for in vain. */
static bool check(struct held_stack *h, spinlock_t *lock, u32 nr, u64 ip,
		  bool trylock, bool irqs_on)
{
	struct held_lock *held = trylock ? NULL : held_already(h, lock, nr);
	struct held_lock *top = h->depth ? &h->lock[h->depth - 1] : NULL;

	mark_usage(nr, ip, trylock, irqs_on);
	if (held && held->context == context())
		report_recursive(held, lock, ip);
	else if (!held && top && top->nr && !trylock &&
		 top->context == context())
		lock_depends(top->nr, nr, ip);
	return !held || held->lock != lock;
}

static bool acquire(spinlock_t *lock, u64 ip, bool trylock, bool irqs_on)
{
	struct held_stack *h = this_cpu_ptr(&held_stacks);
	bool take = true;
	u32 nr;

	if (h->busy)
		return true;
	h->busy = true;
	h->asked = lock;
	drop_stale(h);
	if (irqs_on && !preempt_count())
		report_spin_bug(lock, "preemptible", ip);
	if (lock->magic != SPINLOCK_MAGIC) {
		report_spin_bug(lock, "bad magic", ip);
	} else {
		nr = lock_register(lock->class);
		if (nr)
			take = check(h, lock, nr, ip, trylock, irqs_on);
		push(h, lock, nr, ip, !take);
	}
	h->busy = false;
	return take;
}

bool lock_acquire(spinlock_t *lock, u64 ip, bool trylock, bool irqs_on)
{
	return !lockdep_seen() || acquire(lock, ip, trylock, irqs_on);
}

void lock_acquired(spinlock_t *lock)
{
	lock->owner = smp_processor_id() + 1;
	lock->epoch = epoch;
}

static void check_release(const spinlock_t *lock, u64 ip)
{
	if (lock->magic != SPINLOCK_MAGIC)
		report_spin_bug(lock, "bad magic", ip);
	else if (!READ_ONCE(lock->raw.locked))
		report_spin_bug(lock, "already unlocked", ip);
	else if (lock->epoch == epoch && lock->owner &&
		 lock->owner != smp_processor_id() + 1)
		report_spin_bug(lock, "wrong owner", ip);
}

/* Out of the stack, wherever in it. True: it was taken, and not only asked. */
static bool pop(struct held_stack *h, spinlock_t *lock)
{
	bool again = false;
	u32 i = h->depth;

	while (i && h->lock[i - 1].lock != lock)
		i--;
	if (!i)
		return true;
	again = h->lock[i - 1].again;
	for (h->depth--; i <= h->depth; i++)
		h->lock[i - 1] = h->lock[i];
	return !again;
}

bool lock_release(spinlock_t *lock, u64 ip)
{
	struct held_stack *h = this_cpu_ptr(&held_stacks);
	bool taken;

	if (!lockdep_seen() || h->busy)
		return true;
	h->busy = true;
	check_release(lock, ip);
	taken = pop(h, lock);
	if (taken)
		lock->owner = 0;
	h->busy = false;
	return taken;
}

/* Interrupts, or softirqs, are let in while these are held. IF=0. */
void locks_mark_held(enum lock_usage usage, u64 ip)
{
	struct held_stack *h = this_cpu_ptr(&held_stacks);

	if (h->busy)
		return;
	h->busy = true;
	for (u32 i = 0; i < h->depth; i++) {
		if (h->lock[i].nr)
			lock_mark(h->lock[i].nr, usage, ip);
	}
	h->busy = false;
}
