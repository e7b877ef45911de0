// SPDX-License-Identifier: MIT
/*
 * corpus_fuzz.c - random bytes, in heap blocks of exactly their size, so that
 * ASan sees every read beyond them.
 */
#include "corpus.h"

#include <lib/errno.h>
#include <lib/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trap/decode.h>

#define MOST 20 /* bytes: some more than an instruction may have */

/* Bytes that lead somewhere: prefixes, escapes, VEX, EVEX, XOP. */
static u8 random_byte(u64 *seed)
{
	static const u8 leading[] = { 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x48,
				      0x64, 0x0f, 0x0f, 0x38, 0x3a, 0xc4,
				      0xc5, 0x62, 0x8f, 0xe1, 0xe9 };

	if (random_below(seed, 3) == 0)
		return leading[random_below(seed, sizeof(leading))];
	return (u8)random_next(seed);
}

static int parse_copy(struct ud_insn *insn, const u8 *code, size_t len)
{
	u8 *copy = malloc(len ? len : 1);
	u8 *exact = len ? copy : copy + 1;
	int err;

	memcpy(exact, code, len);
	err = ud_parse(insn, exact, len, ISA_AMD64);
	free(copy);
	return err;
}

static bool no_feature(u32 feature)
{
	return false;
}

static void name_copy(const u8 *code, size_t len)
{
	u8 *copy = malloc(len ? len : 1);
	char text[96];

	memcpy(copy, code, len);
	decode_ud(text, sizeof(text), len ? copy : copy + 1, len, no_feature);
	free(copy);
}

/* Whole, a byte short, and with more behind it: each must agree. */
static bool consistent(const u8 *code, size_t len)
{
	struct ud_insn insn, other;
	int err = parse_copy(&insn, code, len);

	name_copy(code, len);
	if (err == -EINVAL)
		return len < UD_MAX_LEN;
	if (err == -E2BIG)
		return len >= UD_MAX_LEN;
	if (err || !insn.named || insn.len < 1 || insn.len > UD_MAX_LEN ||
	    insn.len > len)
		return false;
	if (parse_copy(&other, code, insn.len - 1u) != -EINVAL)
		return false;
	if (parse_copy(&other, code, insn.len))
		return false;
	return !memcmp(&insn, &other, sizeof(insn));
}

int fuzz(unsigned long count)
{
	u64 seed = 1;
	unsigned long i;

	for (i = 0; i < count; i++) {
		size_t len = random_below(&seed, MOST + 1), at;
		u8 code[MOST];

		for (at = 0; at < len; at++)
			code[at] = random_byte(&seed);
		if (consistent(code, len))
			continue;
		printf("# inconsistent:");
		for (at = 0; at < len; at++)
			printf(" %02x", code[at]);
		printf("\n");
		return 1;
	}
	printf("%lu decoded\n", count);
	return 0;
}
