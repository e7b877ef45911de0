// SPDX-License-Identifier: MIT
/*
 * inflate(): each kind of block as zlib wrote it, and streams that lie. The
 * host adds damaged ones by the thousand, in buffers of their exact size.
 */
#include <ktest/ktest.h>
#include <lib/crc32.h>
#include <lib/errno.h>
#include <lib/inflate.h>
#include <lib/random.h>
#include <lib/string.h>
#if __STDC_HOSTED__
#include <stdlib.h>
#endif

#define DEFLATE "RFC 1951 Compressed representation overview"

/* "stored" */
static const u8 stored[] = { 0x01, 0x06, 0x00, 0xf9, 0xff, 0x73,
			     0x74, 0x6f, 0x72, 0x65, 0x64 };
/* "irqbed irqbed irqbed!": fixed codes, a copy that overlaps itself */
static const u8 fixed[] = { 0xcb, 0x2c, 0x2a, 0x4c, 0x4a, 0x4d,
			    0x51, 0xc8, 0x44, 0xa6, 0x14, 0x01 };
/* a thousand zeros: the longest copies */
static const u8 zeros[] = { 0x63, 0x60, 0x18, 0x05, 0xa3, 0x60,
			    0x14, 0x0c, 0x77, 0x00, 0x00 };
/* 290 bytes of words: codes of its own */
static const u8 words[] = {
	0x65, 0x4f, 0x5b, 0x0a, 0xc3, 0x30, 0x0c, 0xbb, 0x8a, 0x4e, 0x13, 0xc8,
	0xef, 0x6e, 0x10, 0x32, 0xf7, 0xc1, 0x06, 0x19, 0x89, 0xdb, 0xf3, 0xd7,
	0x91, 0x4d, 0x37, 0x18, 0x04, 0x63, 0x5b, 0xb2, 0xa4, 0x0c, 0x2d, 0xf5,
	0x85, 0xb6, 0x00, 0xba, 0x09, 0xb0, 0x94, 0xe3, 0xad, 0x90, 0xde, 0x5b,
	0x47, 0x6d, 0x4f, 0x21, 0xf2, 0x48, 0xd8, 0x07, 0x9c, 0xd4, 0xcb, 0x87,
	0xcd, 0x5a, 0x54, 0x26, 0x70, 0x4a, 0x55, 0xe3, 0xf2, 0x78, 0x50, 0xcb,
	0xab, 0x41, 0xdc, 0xb1, 0xd8, 0x90, 0x5d, 0xc3, 0xf5, 0x9d, 0xf2, 0x9d,
	0x49, 0x32, 0x06, 0x45, 0xe7, 0x9a, 0x36, 0x8e, 0xdd, 0x66, 0xe1, 0xf4,
	0xdb, 0x9b, 0xee, 0x84, 0x73, 0x8a, 0x17, 0x61, 0xff, 0x3e, 0x41, 0x39,
	0x1e, 0x3a, 0x64, 0x1c, 0x8f, 0x10, 0x3a, 0xd3, 0x32, 0x02, 0xc6, 0x26,
	0xa7, 0x3b, 0xd4, 0x05
};
#define WORDS_LEN 290
#define WORDS_CRC 0xeebe531a

static char out[1200];

TEST(lib, inflate_copies_stored_blocks, DEFLATE)
{
	EXPECT_EQ(inflate(out, sizeof(out), stored, sizeof(stored)), 6);
	EXPECT_EQ(memcmp(out, "stored", 6), 0);
}

TEST(lib, inflate_knows_the_fixed_codes, DEFLATE)
{
	EXPECT_EQ(inflate(out, sizeof(out), fixed, sizeof(fixed)), 21);
	EXPECT_EQ(memcmp(out, "irqbed irqbed irqbed!", 21), 0);
}

TEST(lib, inflate_reads_codes_of_the_streams_own, DEFLATE)
{
	EXPECT_EQ(inflate(out, sizeof(out), words, sizeof(words)), WORDS_LEN);
	EXPECT_EQ(crc32(0, out, WORDS_LEN), WORDS_CRC);
}

TEST(lib, inflate_makes_the_longest_copies, DEFLATE)
{
	memset(out, 1, sizeof(out));
	EXPECT_EQ(inflate(out, sizeof(out), zeros, sizeof(zeros)), 1000);
	for (u32 i = 0; i < 1000; i++)
		EXPECT_EQ(out[i], 0);
	EXPECT_EQ(out[1000], 1);
}

TEST(lib, inflate_refuses_what_does_not_fit, DEFLATE)
{
	EXPECT_EQ(inflate(out, WORDS_LEN, words, sizeof(words)), WORDS_LEN);
	EXPECT_EQ(inflate(out, WORDS_LEN - 1, words, sizeof(words)), -EINVAL);
}

TEST(lib, inflate_refuses_a_cut_stream, DEFLATE)
{
	for (size_t len = 0; len < sizeof(words); len++)
		EXPECT_EQ(inflate(out, sizeof(out), words, len), -EINVAL);
}

TEST(lib, inflate_refuses_streams_that_lie, DEFLATE)
{
	static const struct {
		u8 len, byte[8];
	} lies[] = {
		{ 1, { 0x07 } },			 /* block type 3 */
		{ 5, { 0x01, 0x01, 0x00, 0x00, 0x00 } }, /* not ~len */
		{ 4, { 0x03, 0x02, 0x00, 0x00 } }, /* copies before the start */
		{ 3, { 0xfd, 0xff, 0xff } },	   /* 288 literals */
	};

	for (u32 i = 0; i < ARRAY_SIZE(lies); i++)
		EXPECT_EQ(inflate(out, sizeof(out), lies[i].byte, lies[i].len),
			  -EINVAL);
}

#if __STDC_HOSTED__
#define FLIPS 20000

TEST(lib, inflate_stays_inside_whatever_it_reads, DEFLATE)
{
	u64 seed = 1;

	for (u32 i = 0; i < FLIPS; i++) {
		u8 *in = malloc(sizeof(words));
		char *dst = malloc(WORDS_LEN);
		long n;

		memcpy(in, words, sizeof(words));
		for (u32 flips = 1 + i % 3; flips; flips--)
			in[random_next(&seed) % sizeof(words)] ^=
				(u8)(1u << random_next(&seed) % 8);
		n = inflate(dst, WORDS_LEN, in, sizeof(words));
		EXPECT_TRUE(n == -EINVAL || (n >= 0 && n <= WORDS_LEN));
		free(in);
		free(dst);
	}
}
#endif
