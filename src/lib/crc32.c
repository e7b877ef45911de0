// SPDX-License-Identifier: MIT
/*
 * crc32.c - zlib's CRC-32: reflected, polynomial 0x04c11db7, all ones in and
 * out. Sixteen table entries, two steps a byte: enough for a log, and the
 * compiler computes the table from the polynomial.
 *
 * Spec: RFC 1952 "GZIP file format specification", section 8.
 */
#include <lib/compiler.h>
#include <lib/crc32.h>

#define POLY	0xedb88320u /* 0x04c11db7, bit-reversed */
#define STEP(c) (((c) >> 1) ^ (POLY & -((c)&1u)))
#define N(n)	STEP(STEP(STEP(STEP(n##u))))

static const u32 nibble[16] = {
	N(0), N(1), N(2),  N(3),  N(4),	 N(5),	N(6),  N(7),
	N(8), N(9), N(10), N(11), N(12), N(13), N(14), N(15),
};

u32 crc32(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}
