// SPDX-License-Identifier: MIT
/*
 * unpack.c - .rodata, which pe-finish packed, into its place.
 *
 * Most of the image is what checks say when they fail: it packs to a quarter.
 * pe-finish leaves .rodata as zeros that take no room in the file, and the
 * packed bytes in a section of their own. Nothing but the stack and .data may
 * be used before this is done; an image that is not packed is left alone.
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

/* One row of the section table; the name may be without its NUL. */
struct section {
	u8 name[8];
	u32 size, address;
	u32 rest[6];
};
static_assert(sizeof(struct section) == SECTION_HEADER, "PE: section table");

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
	size_t room = (size_t)(__rodata_end - __rodata_start);

	for (; n; n--, s++) {
		if (is_packed(s) &&
		    inflate(__rodata_start, room, ImageBase + s->address,
			    s->size) < 0)
			return EFI_LOAD_ERROR;
	}
	return EFI_SUCCESS;
}
