/* SPDX-License-Identifier: MIT */
/*
 * fake.h - a firmware of our own: tables put together in a small memory, with
 * right lengths and checksums, for a case to bend.
 */
#pragma once

#include <acpi/acpi.h>
#include <ktest/ktest.h>

/* Little-endian fields of a table written as an array of bytes. */
/* clang-format off */
#define LE16(x)	((x) & 0xff), ((x) >> 8 & 0xff)
#define LE32(x)	LE16((u64)(x)), LE16((u64)(x) >> 16)
#define LE64(x)	LE32(x), LE32((u64)(x) >> 32)
#define GAS(space, width, access, address) \
	(space), (width), 0, (access), LE64(address)
/* clang-format on */

#define FAKE_BASE 0x7f000000ull
#define FAKE_SIZE 0x4000

/* Where the last parse put what it found; too large for a stack. */
extern struct acpi_info fake_info;

/* Forget all tables. */
void fake_reset(void);

/*
 * Append header and body as one table, listed in the root tables. Returns
 * its physical address.
 */
u64 fake_table(const char *signature, u8 revision, const void *body,
	       size_t len);

/* The bytes at phys, to be changed; then put the checksum right again. */
u8 *fake_at(u64 phys);
void fake_fix(u64 phys);

/* RSDP, RSDT and (revision 2) XSDT over the tables so far. */
u8 *fake_rsdp(u8 revision);
void fake_fix_rsdp(u8 *rsdp);

/* The memory as acpi_parse() wants it; NULL outside. */
const void *fake_map(u64 phys, size_t len);

/* acpi_parse() of rsdp, on the host from a copy no byte too long. */
int fake_parse_rsdp(const u8 *rsdp, size_t len);

/* All of it for one table: returns how many complaints there were. */
u32 fake_parse(const char *signature, u8 revision, const void *body,
	       size_t len);
