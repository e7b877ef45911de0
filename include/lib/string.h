/* SPDX-License-Identifier: MIT */
/* string.h - the C library's memory and string functions, and strscpy(). */
#pragma once

#include <lib/types.h>

#if __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
#endif

/*
 * Copy src, cut to fit and always terminated. Returns the length copied, or
 * -E2BIG if it was cut (or size is 0).
 */
int strscpy(char *dst, const char *src, size_t size);
