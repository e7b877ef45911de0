// SPDX-License-Identifier: MIT
/*
 * string.c - the few C library functions the image needs.
 *
 * gcc emits calls to memcpy, memmove, memset and memcmp by itself, so they
 * exist even where nobody names them. On the host the C library has them.
 *
 * Uses:    nothing: all of this runs before GS base and the IDT are ours.
 * Context: any. DF is clear, as the ABI says and entry.S sees to.
 */
#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/string.h>

#if !__STDC_HOSTED__
/* Else gcc recognises the loop in strlen() and turns it into a call to it. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

static __always_inline void rep_movsb(void *dst, const void *src, size_t n)
{
	__asm__ volatile("rep movsb"
			 : [dst] "+D"(dst), [src] "+S"(src), [n] "+c"(n)
			 :
			 : "memory");
}

static __always_inline void rep_movsq(void **dst, const void **src, size_t n)
{
	__asm__ volatile("rep movsq"
			 : [dst] "+D"(*dst), [src] "+S"(*src), [n] "+c"(n)
			 :
			 : "memory");
}

static __always_inline void *rep_stosb(void *dst, u64 c, size_t n)
{
	__asm__ volatile("rep stosb"
			 : [dst] "+D"(dst), [n] "+c"(n)
			 : [c] "a"(c)
			 : "memory");
	return dst;
}

static __always_inline void *rep_stosq(void *dst, u64 c, size_t n)
{
	__asm__ volatile("rep stosq"
			 : [dst] "+D"(dst), [n] "+c"(n)
			 : [c] "a"(c)
			 : "memory");
	return dst;
}

/* An emulator takes as long for a byte as for eight of them. */
void *memcpy(void *dst, const void *src, size_t n)
{
	void *to = dst;

	rep_movsq(&to, &src, n / 8);
	rep_movsb(to, src, n % 8);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	const u8 *from = src;
	u8 *to = dst;

	/* Wraps to a huge number when dst is below src: forwards is right. */
	if ((uintptr_t)to - (uintptr_t)from >= n) {
		rep_movsb(dst, src, n);
		return dst;
	}
	while (n--) /* no STD: an NMI here must not find DF set */
		to[n] = from[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u64 eight = (u8)c * 0x0101010101010101ull;

	rep_stosb(rep_stosq(dst, eight, n / 8), eight, n % 8);
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

size_t strlen(const char *s)
{
	size_t len = 0;

	while (s[len])
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	const u8 *x = (const u8 *)a, *y = (const u8 *)b;

	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
		if (!x[i])
			break;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}
#endif

int strscpy(char *dst, const char *src, size_t size)
{
	size_t len = 0;

	if (size == 0)
		return -E2BIG;
	for (; src[len] && len < size - 1; len++)
		dst[len] = src[len];
	dst[len] = '\0';
	return src[len] ? -E2BIG : (int)len;
}
