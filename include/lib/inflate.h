/* SPDX-License-Identifier: MIT */
/* inflate.h - undo DEFLATE. Spec: RFC 1951. */
#pragma once

#include <lib/types.h>

/*
 * Decompress the raw DEFLATE stream of src_len bytes at src into the dst_len
 * bytes at dst. Returns how many were written, or -EINVAL: the stream is
 * damaged, cut, or holds more. Never reads or writes outside the two. Uses no
 * constant data: it runs before .rodata is there (efi/unpack.c).
 */
long inflate(void *dst, size_t dst_len, const void *src, size_t src_len);
