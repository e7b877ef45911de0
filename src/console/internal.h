/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of this room share. */
#pragma once

#include <lib/types.h>

/* Keep bytes in the RAM copy and pass them to every sink. Caller locks. */
void console_write(const char *buf, size_t len);
