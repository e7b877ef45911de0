/* SPDX-License-Identifier: MIT */
/* stop.h - the others must rest: the run ends here. */
#pragma once

#include <lib/types.h>

/*
 * Stop all other CPUs: REBOOT_VECTOR, a second times scale= to heed it, then
 * an NMI. Who does not stop even so is named. They are offline then, and HLT
 * with interrupts off. Any context, once: a second call does nothing.
 * Linux: native_stop_other_cpus().
 */
void smp_send_stop(void);
