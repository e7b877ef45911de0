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

struct spinlock_hooks spinlock_hooks;
void (*preempt_schedule_hook)(void);

void spin_unlock_preempt(void)
{
	barrier();
	preempt_count_sub(PREEMPT_OFFSET);
	if (unlikely(this_cpu(softirq_pending) & PENDING_RESCHED) &&
	    !preempt_count() && !irqs_disabled() && preempt_schedule_hook)
		preempt_schedule_hook();
}

void spin_lock_seen(spinlock_t *lock)
{
	u64 flags = native_save_fl();
	bool take;

	native_irq_disable();
	take = spinlock_hooks.acquire(lock, (u64)__builtin_return_address(0),
				      false, flags & X86_EFLAGS_IF);
	native_restore_fl(flags);
	if (!take)
		return;
	raw_spin_lock(&lock->raw);
	spinlock_hooks.acquired(lock);
}

bool spin_trylock_seen(spinlock_t *lock)
{
	u64 flags;

	if (!raw_spin_trylock(&lock->raw))
		return false;
	flags = native_save_fl();
	native_irq_disable();
	spinlock_hooks.acquire(lock, (u64)__builtin_return_address(0), true,
			       flags & X86_EFLAGS_IF);
	native_restore_fl(flags);
	spinlock_hooks.acquired(lock);
	return true;
}

void spin_unlock_seen(spinlock_t *lock)
{
	u64 flags = native_save_fl();

	native_irq_disable();
	if (spinlock_hooks.release(lock, (u64)__builtin_return_address(0)))
		raw_spin_unlock(&lock->raw);
	native_restore_fl(flags);
}

void spin_reset(spinlock_t *lock)
{
	raw_spin_reset(&lock->raw);
}
