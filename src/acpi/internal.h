/* SPDX-License-Identifier: MIT */
/*
 * internal.h - reading tables: no pointer into one is ever used without its
 * length, and what lies beyond the length reads as zero.
 */
#pragma once

#include <acpi/acpi.h>
#include <lib/string.h>

#define ACPI_HEADER                                               \
	36 /* signature, length, revision, checksum, OEM, creator \
	    */

/* A table, or one entry of it at offset `at`. */
struct bytes {
	const u8 *p;
	size_t len, at;
};

static inline struct bytes table_bytes(const void *table, size_t len)
{
	return (struct bytes){ .p = table, .len = len };
}

/* len bytes of b from off; the caller has checked that they are there. */
static inline struct bytes sub_bytes(const struct bytes *b, size_t off,
				     size_t len)
{
	return (struct bytes){ .p = b->p + off, .len = len, .at = b->at + off };
}

/* Unaligned and little endian; missing bytes are zero. */
static inline u64 get_bytes(const struct bytes *b, size_t off, size_t size)
{
	u64 val = 0;

	if (off <= b->len && size <= b->len - off)
		memcpy(&val, b->p + off, size);
	return val;
}

static inline u8 get8(const struct bytes *b, size_t off)
{
	return (u8)get_bytes(b, off, 1);
}

static inline u16 get16(const struct bytes *b, size_t off)
{
	return (u16)get_bytes(b, off, 2);
}

static inline u32 get32(const struct bytes *b, size_t off)
{
	return (u32)get_bytes(b, off, 4);
}

static inline u64 get64(const struct bytes *b, size_t off)
{
	return get_bytes(b, off, 8);
}

static inline struct acpi_gas get_gas(const struct bytes *b, size_t off)
{
	return (struct acpi_gas){
		.space = get8(b, off),
		.bit_width = get8(b, off + 1),
		.bit_offset = get8(b, off + 2),
		.access = get8(b, off + 3),
		.address = get64(b, off + 4),
	};
}

/* Record one line; returns -EINVAL, for the caller to return in turn. */
int acpi_complain(struct acpi_info *info, const char *fmt, ...) __printf(2, 3);

/* 0, or a complaint that the table called name is shorter than want. */
int acpi_check_length(struct acpi_info *info, const char *name, size_t len,
		      size_t want);

/* The MADT's and MPS's polarity and trigger field as ACPI_IRQ_*. */
u8 acpi_irq_flags(u16 inti);
