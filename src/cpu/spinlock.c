// SPDX-License-Identifier: MIT
/* spinlock.c - waiting for a lock, with a bound. */
#include <cpu/spinlock.h>

#include <cpu/deadline.h>
#include <cpu/halt.h>

#define HOLD_US 20000 /* nobody alive holds one longer */

void (*spin_stuck_hook)(void);

void raw_spin_lock_slow(raw_spinlock_t *lock)
{
	bool taken = WAIT_FOR(raw_spin_trylock(lock), WAIT_DEFAULT_US);

	if (taken)
		return;
	if (spin_stuck_hook)
		spin_stuck_hook();
	halt_forever();
}

void raw_spin_reset(raw_spinlock_t *lock)
{
	if (READ_ONCE(lock->locked) &&
	    !WAIT_FOR(!READ_ONCE(lock->locked), HOLD_US))
		raw_spin_unlock(lock);
}
