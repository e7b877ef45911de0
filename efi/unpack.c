// SPDX-License-Identifier: MIT
/*
 * unpack.c - what pe-finish packed, into its place: the code of the cases,
 * .rodata, most of which is what checks say when they fail, and .relro.
 *
 * pe-finish leaves all as zeros that take no room in the file, data to the
 * firmware, and the packed bytes in a section of their own. Nothing but .text,
 * the stack and .data may be used before this is done, and no case before
 * paging_init() made it code; an image that is not packed is left alone.
 *
 * Firmware relocates what it loads, not what comes later: an address in .relro
 * has a mark in its upper half, which no other word there has.
 *
 * Spec: Microsoft, "PE Format", "Section Table (Section Headers)".
 */
#include "efi_main.h"

#include <cpu/sections.h>
#include <lib/compiler.h>
#include <lib/inflate.h>

#define PE_OFFSET      0x3c /* in the MZ header */
#define PE_SECTIONS    6    /* in the PE header, of it: their number */
#define PE_OPTIONAL    20   /* size of the optional header, which follows */
#define PE_HEADER      24
#define SECTION_HEADER 40

#define ADLER_BASE 65521      /* the largest prime below 2^16 */
#define MARK	   0x4f4c4552 /* pe-finish sees to it that it is one */

/* One row of the section table; the name may be without its NUL. */
struct section {
	u8 name[8];
	u32 size, address;
	u32 rest[6];
};
static_assert(sizeof(struct section) == SECTION_HEADER, "PE: section table");

/* What .packed holds: the Adler-32 (RFC 1950) of a DEFLATE stream, and that. */
struct packed {
	u32 sum;
	u8 stream[];
};

/* Not in .rodata, where gcc would put what nobody writes to. */
static char damaged[] __section(".data.unpack") =
	"irqbed: this image is damaged: copy or build it anew\r\n";

static u32 adler32(const u8 *p, size_t len)
{
	u32 a = 1, b = 0;

	while (len--) {
		a += *p++;
		a -= a < ADLER_BASE ? 0 : ADLER_BASE;
		b += a;
		b -= b < ADLER_BASE ? 0 : ADLER_BASE;
	}
	return b << 16 | a;
}

static bool unpack(const struct packed *from, size_t size)
{
	size_t len = size - sizeof(*from);
	size_t room = (size_t)(__packed_end - __packed_start);

	return size > sizeof(*from) &&
	       adler32(from->stream, len) == from->sum &&
	       inflate(__packed_start, room, from->stream, len) == (long)room;
}

/* CALL and JMP rel32 (SDM 2A): pe-finish made of each distance its target. */
static void make_calls_relative(void)
{
	char *at = __packed_start;

	while (__rodata_start - at > 4) {
		if ((*at++ & 0xfe) != 0xe8)
			continue;
		*(u32 *)at -= (u32)(at - ImageBase);
		at += 4;
	}
}

static void relocate(void)
{
	u64 *word = (u64 *)__data_start;

	for (; word < (u64 *)__data_rel_ro_end; word++) {
		if (*word >> 32 == MARK)
			*word = (u64)ImageBase + (u32)*word;
	}
}

/* ".packed", without a string, which would lie in .rodata. */
static bool is_packed(const struct section *s)
{
	return s->name[0] == '.' && s->name[1] == 'p' && s->name[2] == 'a' &&
	       s->name[3] == 'c' && s->name[4] == 'k' && s->name[5] == 'e' &&
	       s->name[6] == 'd' && s->name[7] == 0;
}

EFI_STATUS efi_unpack(void)
{
	const char *pe = ImageBase + *(const u32 *)(ImageBase + PE_OFFSET);
	const struct section *s =
		(const void *)(pe + PE_HEADER +
			       *(const u16 *)(pe + PE_OPTIONAL));
	u32 n = *(const u16 *)(pe + PE_SECTIONS);

	for (; n; n--, s++) {
		if (!is_packed(s))
			continue;
		if (!unpack((const void *)(ImageBase + s->address), s->size)) {
			efi_print(damaged);
			return EFI_LOAD_ERROR;
		}
		make_calls_relative();
		relocate();
	}
	return EFI_SUCCESS;
}
