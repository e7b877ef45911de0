/* SPDX-License-Identifier: MIT */
/* crc32.h - zlib's CRC-32. Pure, any context. */
#pragma once

#include <lib/types.h>

/* Continue crc (0 to begin) over len bytes, as zlib's crc32() does. */
u32 crc32(u32 crc, const void *data, size_t len);
