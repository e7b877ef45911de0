/* SPDX-License-Identifier: MIT */
/* canary.h - the stack protector's value, at %gs:40. */
#pragma once

#include <lib/types.h>

/* A new one: a thread has its own, as its frames may go to another CPU. */
u64 get_random_canary(void);

/*
 * Choose this CPU's canary: RDRAND or RDSEED where present, TSC jitter, one
 * byte 0 so that a string overrun cannot write it back. Call from a function
 * without protector that never returns.
 */
void boot_init_stack_canary(void);
