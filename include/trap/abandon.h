/* SPDX-License-Identifier: MIT */
/* abandon.h - what was under way on a CPU, and will never be ended. */
#pragma once

#include <lib/types.h>

/*
 * cpu begins anew by INIT: its catch frames are gone, it runs no NMI handler,
 * and its report, if it was in one, is over. Another CPU, while cpu waits.
 */
void trap_abandon_cpu(u32 cpu);
