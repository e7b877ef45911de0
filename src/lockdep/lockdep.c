// SPDX-License-Identifier: MIT
/* lockdep.c - the switch: hooks, then the word they hang on, then gates. */
#include "internal.h"

void (*lockdep_gates_hook)(bool on);

bool lockdep_set(bool on)
{
	bool was = lockdep_on();

	if (on == was)
		return was;
	if (on) {
		irqflags_hooks = (struct irqflags_hooks){
			.hardirqs_off = lockdep_hardirqs_off,
			.hardirqs_on = lockdep_hardirqs_on,
			.exception_enter = lockdep_exception_enter,
			.exception_exit = lockdep_exception_exit,
		};
		spinlock_hooks = (struct spinlock_hooks){
			.acquire = lock_acquire,
			.acquired = lock_acquired,
			.release = lock_release,
		};
		irqsoff_begin_anew();
		locks_begin_anew();
	}
	set_observer(OBSERVER_LOCKDEP, on);
	if (lockdep_gates_hook)
		lockdep_gates_hook(on);
	return was;
}
