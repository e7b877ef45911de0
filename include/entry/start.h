/* SPDX-License-Identifier: MIT */
/* start.h - head.S, and the C it jumps to. */
#pragma once

#include <lib/boot_info.h>

/* From head.S, on the boot stack, GS base on the template area. No return. */
void start(struct boot_info *info);
