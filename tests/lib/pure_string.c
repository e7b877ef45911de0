// SPDX-License-Identifier: MIT
/*
 * Memory and string functions, CRC-32, random numbers. On the host the first
 * are the C library's own, which shows that the cases are right; on the
 * machine they are ours.
 */
#include <ktest/ktest.h>
#include <lib/crc32.h>
#include <lib/errno.h>
#include <lib/random.h>
#include <lib/string.h>

#define C11 "C11 \"String handling\""

TEST(lib, memcpy_copies_exactly_n_bytes, C11)
{
	char buf[8] = "abcdefg";

	EXPECT_TRUE(memcpy(buf + 1, "XYZ", 3) == buf + 1);
	EXPECT_STREQ(buf, "aXYZefg");
	memcpy(buf, "QQ", 0);
	EXPECT_STREQ(buf, "aXYZefg");
}

TEST(lib, memset_fills_exactly_n_bytes, C11)
{
	u8 buf[6] = { 1, 2, 3, 4, 5, 6 };

	EXPECT_TRUE(memset(buf + 1, 0x1ff, 4) == buf + 1);
	EXPECT_EQ(buf[0], 1);
	for (int i = 1; i < 5; i++)
		EXPECT_EQ(buf[i], 0xff);
	EXPECT_EQ(buf[5], 6);
}

/* Whole words, and what is left of one; from any byte, and no more. */
TEST(lib, memcpy_and_memset_of_each_length, C11)
{
	for (u32 n = 0; n <= 17; n++) {
		u8 from[24], to[24], set[24];
		u32 wrong = 0;

		for (u32 i = 0; i < sizeof(to); i++) {
			from[i] = (u8)(i + 1);
			to[i] = set[i] = 0xee;
		}
		memcpy(to + 3, from + 1, n);
		memset(set + 3, 0x5a, n);
		for (u32 i = 0; i < sizeof(to); i++) {
			bool in = i - 3 < n;

			wrong += to[i] != (in ? i - 1 : 0xee);
			wrong += set[i] != (in ? 0x5a : 0xee);
		}
		if (!EXPECT_EQ(wrong, 0))
			ktest_note("%u bytes", n);
	}
}

TEST(lib, memmove_overlaps_both_ways, C11)
{
	char up[] = "0123456789", down[] = "0123456789";

	memmove(up + 2, up, 8);
	EXPECT_STREQ(up, "0101234567");
	memmove(down, down + 2, 8);
	EXPECT_STREQ(down, "2345678989");
	memmove(down, down, 10);
	EXPECT_STREQ(down, "2345678989");
}

TEST(lib, memcmp_compares_bytes_unsigned, C11)
{
	EXPECT_EQ(memcmp("abc", "abd", 2), 0);
	EXPECT_TRUE(memcmp("abc", "abd", 3) < 0);
	EXPECT_TRUE(memcmp("\x80", "\x7f", 1) > 0);
	EXPECT_EQ(memcmp("a", "b", 0), 0);
}

TEST(lib, strcmp_orders_like_unsigned_char, C11)
{
	const char *volatile high = "\xff"; /* keeps gcc from folding it */

	EXPECT_EQ(strcmp("", ""), 0);
	EXPECT_TRUE(strcmp("ab", "abc") < 0);
	EXPECT_TRUE(strcmp("abc", "ab") > 0);
	EXPECT_TRUE(strcmp(high, "a") > 0);
	EXPECT_EQ(strncmp("abX", "abY", 2), 0);
	EXPECT_TRUE(strncmp("abX", "abY", 3) < 0);
	EXPECT_EQ(strncmp("ab", "ab", 100), 0);
}

TEST(lib, strlen_and_strchr_stop_at_the_end, C11)
{
	const char *volatile s = "a=b=c";

	EXPECT_EQ(strlen(s), 5);
	EXPECT_TRUE(strchr(s, '=') == s + 1);
	EXPECT_TRUE(strchr(s, '\0') == s + 5);
	EXPECT_TRUE(strchr(s, 'z') == NULL);
}

TEST(lib, strscpy_cuts_and_says_so, "irqbed include/lib/string.h")
{
	char buf[4];

	EXPECT_EQ(strscpy(buf, "abc", sizeof(buf)), 3);
	EXPECT_STREQ(buf, "abc");
	EXPECT_EQ(strscpy(buf, "abcd", sizeof(buf)), (u64)(s64)-E2BIG);
	EXPECT_STREQ(buf, "abc");
	EXPECT_EQ(strscpy(buf, "", 1), 0);
	EXPECT_EQ(strscpy(buf, "x", 1), (u64)(s64)-E2BIG);
	EXPECT_STREQ(buf, "");
	EXPECT_EQ(strscpy(buf, "x", 0), (u64)(s64)-E2BIG);
}

TEST(lib, crc32_is_zlibs, "RFC 1952 section 8")
{
	static const u8 zeros[32];

	EXPECT_EQ(crc32(0, "", 0), 0);
	EXPECT_EQ(crc32(0, "123456789", 9), 0xcbf43926);
	EXPECT_EQ(crc32(0, "a", 1), 0xe8b7be43);
	EXPECT_EQ(crc32(0, zeros, sizeof(zeros)), 0x190a55ad);
}

TEST(lib, crc32_continues_from_any_split, "RFC 1952 section 8")
{
	static const char text[] = "TAP version 13";
	u32 whole = crc32(0, text, sizeof(text));

	for (size_t cut = 0; cut <= sizeof(text); cut++)
		EXPECT_EQ(crc32(crc32(0, text, cut), text + cut,
				sizeof(text) - cut),
			  whole);
}

TEST(lib, random_is_splitmix64, "irqbed include/lib/random.h: SplitMix64")
{
	u64 state = 1234567;

	EXPECT_EQ(random_next(&state), 6457827717110365317ull);
	EXPECT_EQ(random_next(&state), 3203168211198807973ull);
	EXPECT_EQ(random_next(&state), 9817491932198370423ull);
}

TEST(lib, random_below_stays_below_and_reaches_all,
     "irqbed include/lib/random.h")
{
	u64 state = 1;
	u32 hits[7] = { 0 };

	for (int i = 0; i < 7000; i++) {
		u32 n = random_below(&state, 7);

		if (!EXPECT_LT(n, 7))
			return;
		hits[n]++;
	}
	for (int i = 0; i < 7; i++) {
		EXPECT_GT(hits[i], 800);
		EXPECT_LT(hits[i], 1200);
	}
	EXPECT_EQ(random_below(&state, 1), 0);
}
