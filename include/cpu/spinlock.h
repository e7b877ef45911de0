/* SPDX-License-Identifier: MIT */
/*
 * spinlock.h - mutual exclusion between CPUs, for a few instructions.
 *
 * Who takes a lock that an interrupt handler takes too has IF=0. A lock that
 * cannot be had within WAIT_DEFAULT_US is a mistake of ours: it is reported
 * and the run or the case ends; nothing waits for ever.
 *
 * raw_spinlock_t is the lock alone, for the paths that tests/bench/ counts and
 * for what src/lockdep/ itself stands on. spinlock_t has a class beside it, and
 * is checked while lockdep is on, for an untaken branch when it is not.
 *
 * Linux: include/linux/spinlock.h, arch_spin_lock(), spin_lock().
 */
#pragma once

#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <lib/compiler.h>

typedef struct {
	u32 locked;
} raw_spinlock_t;

/* Out of line: somebody has it. */
void raw_spin_lock_slow(raw_spinlock_t *lock);

/*
 * Free a lock that a case which was broken off may have left taken. Waits a
 * moment for a holder that lives. Task context.
 */
void raw_spin_reset(raw_spinlock_t *lock);

/* Called for a lock that stays taken; does not return. Filled by trap/. */
extern void (*spin_stuck_hook)(void);

/* BTS: two instructions with the branch, where an exchange takes four. */
static __always_inline bool raw_spin_trylock(raw_spinlock_t *lock)
{
	bool taken;

	__asm__ volatile("lock btsl $0, %[locked]"
			 : [locked] "+m"(lock->locked), "=@ccc"(taken)
			 :
			 : "memory");
	return !taken;
}

static __always_inline void raw_spin_lock(raw_spinlock_t *lock)
{
	if (unlikely(!raw_spin_trylock(lock)))
		raw_spin_lock_slow(lock);
}

static __always_inline void raw_spin_unlock(raw_spinlock_t *lock)
{
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

/* With IF=0 meanwhile; it is 1 outside. Task and softirq context. */
static __always_inline void raw_spin_lock_irq(raw_spinlock_t *lock)
{
	local_irq_disable();
	raw_spin_lock(lock);
}

static __always_inline void raw_spin_unlock_irq(raw_spinlock_t *lock)
{
	raw_spin_unlock(lock);
	local_irq_enable();
}

/*
 * With IF=0 meanwhile, and then as it was. A function where Linux has a macro:
 * it returns the flags. Any context but an NMI.
 */
static __always_inline u64 raw_spin_lock_irqsave(raw_spinlock_t *lock)
{
	u64 flags = local_irq_save();

	raw_spin_lock(lock);
	return flags;
}

static __always_inline void raw_spin_unlock_irqrestore(raw_spinlock_t *lock,
						       u64 flags)
{
	raw_spin_unlock(lock);
	local_irq_restore(flags);
}

/* All locks made in one place: how they are used is known of them together. */
struct lock_class {
	const char *name;
	u32 nr; /* src/lockdep/'s number of it, from 1 on; 0: none yet */
};

#define SPINLOCK_MAGIC 0xdead4eadu /* Linux's */

typedef struct {
	raw_spinlock_t raw;
	u32 magic;
	u32 owner; /* CPU + 1 that took it in this */
	u32 epoch; /* time of being on; else who has it is not known */
	struct lock_class *class;
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(key)                       \
	(spinlock_t)                                    \
	{                                               \
		.magic = SPINLOCK_MAGIC, .class = (key) \
	}

/* Of file scope, with a class of its own: static DEFINE_SPINLOCK(lock); */
#define DEFINE_SPINLOCK(lock)                               \
	struct lock_class lock##_class = { .name = #lock }; \
	static spinlock_t lock = { .magic = SPINLOCK_MAGIC, \
				   .class = &lock##_class }

/* At run time: every lock initialised on that line is of one class. */
#define spin_lock_init(lock)                                           \
	do {                                                           \
		static struct lock_class lock_key = { .name = #lock }; \
		*(lock) = __SPIN_LOCK_UNLOCKED(&lock_key);             \
	} while (0)

/*
 * src/lockdep/ fills them before it is on. IF=0 while they run; irqs_on: it
 * is 1 where the lock is taken.
 */
struct spinlock_hooks {
	/* False: this CPU has it already, and must not wait for itself. */
	bool (*acquire)(spinlock_t *lock, u64 ip, bool trylock, bool irqs_on);
	void (*acquired)(spinlock_t *lock);
	/* False: what was not taken a second time is not given back. */
	bool (*release)(spinlock_t *lock, u64 ip);
};
extern struct spinlock_hooks spinlock_hooks;

/* Out of line, while it is on; ip is their caller's. */
void spin_lock_seen(spinlock_t *lock);
bool spin_trylock_seen(spinlock_t *lock);
void spin_unlock_seen(spinlock_t *lock);

/* The lock without its context: the caller keeps off what must be, preemption
 * at least. */
static __always_inline void __spin_lock(spinlock_t *lock)
{
	if (lockdep_on())
		spin_lock_seen(lock);
	else
		raw_spin_lock(&lock->raw);
}

static __always_inline bool __spin_trylock(spinlock_t *lock)
{
	if (lockdep_on())
		return spin_trylock_seen(lock);
	return raw_spin_trylock(&lock->raw);
}

static __always_inline void __spin_unlock(spinlock_t *lock)
{
	if (lockdep_on())
		spin_unlock_seen(lock);
	else
		raw_spin_unlock(&lock->raw);
}

/* preempt_enable()'s other half, which lies above; sched/ fills it. */
extern void (*preempt_schedule_hook)(void);
void spin_unlock_preempt(void);

/*
 * Preemption off; what interrupts take, too, wants one of the next, and what
 * softirqs take spin_lock_bh() of bh/softirq.h.
 */
static __always_inline void spin_lock(spinlock_t *lock)
{
	preempt_count_add(PREEMPT_OFFSET);
	__spin_lock(lock);
}

static __always_inline bool spin_trylock(spinlock_t *lock)
{
	preempt_count_add(PREEMPT_OFFSET);
	if (__spin_trylock(lock))
		return true;
	spin_unlock_preempt();
	return false;
}

static __always_inline void spin_unlock(spinlock_t *lock)
{
	__spin_unlock(lock);
	spin_unlock_preempt();
}

static __always_inline void spin_lock_irq(spinlock_t *lock)
{
	local_irq_disable();
	__spin_lock(lock);
}

static __always_inline void spin_unlock_irq(spinlock_t *lock)
{
	__spin_unlock(lock);
	local_irq_enable();
}

/* As raw_spin_lock_irqsave(). */
static __always_inline u64 spin_lock_irqsave(spinlock_t *lock)
{
	u64 flags = local_irq_save();

	__spin_lock(lock);
	return flags;
}

static __always_inline void spin_unlock_irqrestore(spinlock_t *lock, u64 flags)
{
	__spin_unlock(lock);
	local_irq_restore(flags);
}

static __always_inline bool spin_is_locked(const spinlock_t *lock)
{
	return READ_ONCE(lock->raw.locked);
}

/* As raw_spin_reset(). */
void spin_reset(spinlock_t *lock);
