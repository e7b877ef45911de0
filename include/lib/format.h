/* SPDX-License-Identifier: MIT */
/* format.h - printf formatting into a buffer. Pure, any context. */
#pragma once

#include <lib/compiler.h>
#include <stdarg.h>

/*
 * Format into buf, cut to fit and always terminated if size > 0. Return the
 * number of characters stored, without the terminator (never >= size).
 * Understands %d %i %u %x %X %o %c %s %p %%, the flags - 0 # + and space, width
 * and precision (also *), and the lengths hh h l ll z.
 */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
	__printf(3, 0);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
