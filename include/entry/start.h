/* SPDX-License-Identifier: MIT */
/* start.h - head.S, and the C it jumps to. */
#pragma once

#include <lib/boot_info.h>

/* Call fn(arg) with RSP = top (16-byte aligned), then come back. */
void call_on_stack(void (*fn)(void *), void *arg, u64 top);

/* From head.S, on the boot stack, GS base on the template area. No return. */
void start(struct boot_info *info);
