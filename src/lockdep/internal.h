/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of lockdep/ share and nobody else needs. */
#pragma once

#include <cpu/spinlock.h>
#include <lockdep/lockdep.h>

/* irqflags.c: the hooks of cpu/irqflags.h. */
void lockdep_hardirqs_off(u64 ip, u64 flags);
void lockdep_hardirqs_on(u64 ip, u64 flags);
void lockdep_exception_enter(struct pt_regs *regs);
void lockdep_exception_exit(struct pt_regs *regs);

/* No section that has begun is known any more. */
void irqsoff_begin_anew(void);

/* Is this to be seen? Not in an NMI, which may have interrupted these files. */
bool lockdep_seen(void);

/* Linux's four states of a class, of writers: bits of its usage. */
enum lock_usage {
	LOCK_USED_IN_HARDIRQ,
	LOCK_USED_IN_SOFTIRQ,
	LOCK_ENABLED_HARDIRQ, /* held with them on, where one may come */
	LOCK_ENABLED_SOFTIRQ,
	NR_LOCK_USAGES
};
static inline enum lock_usage other_usage(enum lock_usage usage)
{
	return (enum lock_usage)(usage ^ 2);
}

/* A class's number, 1 on: an index, and its bit in a set. */
#define MAX_LOCK_CLASSES 64
#define MAX_LOCK_ENTRIES 256
#define CLASS_BIT(nr)	 BIT(nr)

struct class_state {
	struct lock_class *class;
	u64 usage_ip[NR_LOCK_USAGES]; /* where each state was first seen */
	u64 after, before;	      /* sets: taken while it is held, ... */
	u64 reported;		      /* pairs (this, after) that were told */
	u8 usage, usage_reported;     /* bits */
	bool recursion_told;
};

/* graph.c: under its lock, IF=0, but for class_state(). */
struct class_state *class_state(u32 nr);
u32 lock_classes(void);
u32 lock_dependencies(void);
u64 dependency_ip(u32 from, u32 to);
u32 lock_register(struct lock_class *class);
void lock_mark(u32 nr, enum lock_usage usage, u64 ip);
void lock_depends(u32 prev, u32 next, u64 ip);

/* Shortest way from one to another by after; its length, 0: none. */
u32 find_path(u32 from, u32 to, u8 *path);
u64 reach(u32 from, bool forwards);

/* locks.c: what this CPU holds, the innermost last. */
#define MAX_LOCK_DEPTH 24
struct held_lock {
	spinlock_t *lock;
	u64 ip;
	u8 nr;
	u8 context; /* 0 task, 1 softirq, 2 hardirq */
	bool again; /* not taken: this CPU had it */
};
struct held_lock *held_locks(u32 *depth);
const spinlock_t *lock_asked(void);
bool lock_acquire(spinlock_t *lock, u64 ip, bool trylock, bool irqs_on);
void lock_acquired(spinlock_t *lock);
bool lock_release(spinlock_t *lock, u64 ip);
void locks_mark_held(enum lock_usage usage, u64 ip);
u32 max_lock_depth(void);
void locks_begin_anew(void);

/* report.c: each says what it saw; the new lock is lock_asked(). */
void report_usage(u32 nr, enum lock_usage now, u64 ip);
void report_inversion(u32 nr, enum lock_usage now, u32 other, u64 ip);
void report_circular(u32 prev, u32 next, u64 ip);
void report_safe_unsafe(u32 prev, u32 next, u32 safe, u32 unsafe, bool softirq,
			u64 ip);
void report_recursive(const struct held_lock *old, spinlock_t *lock, u64 ip);
void report_spin_bug(const spinlock_t *lock, const char *what, u64 ip);
