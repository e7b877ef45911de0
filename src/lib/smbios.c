// SPDX-License-Identifier: MIT
/*
 * smbios.c - a structure is a formatted part of a length that it states, then
 * strings, each ended by a NUL, the set by one more.
 *
 * Spec: DMTF DSP0134 "Structure Standards", "Text Strings".
 */
#include <lib/smbios.h>

#include <lib/errno.h>

#define HEADER	     4
#define END_OF_TABLE 127

/* Offset just past the strings of the structure at at, or 0: cut short. */
static size_t past_strings(const u8 *t, size_t len, size_t at)
{
	for (at += t[at + 1]; at + 2 <= len; at++) {
		if (!t[at] && !t[at + 1])
			return at + 2;
	}
	return 0;
}

/* Copy the n-th string (from 1) of the set that begins at at. */
static int copy_string(const u8 *t, size_t end, size_t at, u8 n, char *buf,
		       size_t size)
{
	size_t out = 0;

	for (; n > 1 && at < end; at++)
		n -= !t[at];
	if (!n || at >= end || !t[at])
		return -ENOENT;
	for (; at < end && t[at] && out + 1 < size; at++)
		buf[out++] = t[at] >= ' ' && t[at] < 127 ? (char)t[at] : '?';
	buf[out] = '\0';
	return 0;
}

int smbios_string(const void *table, size_t len, u8 type, u8 field, char *buf,
		  size_t size)
{
	const u8 *t = table;
	size_t at = 0;

	buf[0] = '\0';
	while (at + HEADER <= len && t[at] != END_OF_TABLE) {
		u8 formatted = t[at + 1];
		size_t end = past_strings(t, len, at);

		if (formatted < HEADER || !end)
			return -EINVAL;
		if (t[at] == type)
			return field >= formatted
				       ? -ENOENT
				       : copy_string(t, end, at + formatted,
						     t[at + field], buf, size);
		at = end;
	}
	return -ENOENT;
}
