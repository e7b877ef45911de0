/* SPDX-License-Identifier: MIT */
/*
 * spinlock.h - mutual exclusion between CPUs, for a few instructions.
 *
 * Who takes a lock that an interrupt handler takes too has IF=0. A lock that
 * cannot be had within WAIT_DEFAULT_US is a mistake of ours: it is reported
 * and the run or the case ends; nothing waits for ever.
 *
 * Linux: include/linux/spinlock.h, raw_spin_lock().
 */
#pragma once

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
