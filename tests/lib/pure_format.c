// SPDX-License-Identifier: MIT
/*
 * printf formatting, judged by a table of what C says; on the host the C
 * library is asked too, so the table itself is checked.
 */
#include <ktest/ktest.h>
#include <lib/format.h>
#include <lib/random.h>
#include <lib/string.h>
#if __STDC_HOSTED__
#include <stdio.h>
#endif

#define FPRINTF "C11 \"The fprintf function\""

/* The format is the subject here, and often odd on purpose. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-truncation"

#if __STDC_HOSTED__
#define EXPECT_AS_LIBC(buf, ...)                                        \
	do {                                                            \
		char libc[128];                                         \
		snprintf(libc, sizeof(libc), __VA_ARGS__);              \
		ktest_check_str(__FILE__, __LINE__, "libc", buf, libc); \
	} while (0)
#else
#define EXPECT_AS_LIBC(buf, ...)
#endif

#define EXPECT_FORMAT(want, ...)                                              \
	do {                                                                  \
		char out[128];                                                \
		EXPECT_EQ(scnprintf(out, sizeof(out), __VA_ARGS__),           \
			  strlen(want));                                      \
		ktest_check_str(__FILE__, __LINE__, #__VA_ARGS__, out, want); \
		EXPECT_AS_LIBC(out, __VA_ARGS__);                             \
	} while (0)

TEST(lib, format_integers, FPRINTF)
{
	EXPECT_FORMAT("0 -1 42", "%d %i %u", 0, -1, 42u);
	EXPECT_FORMAT("-2147483648", "%d", (int)(-2147483647 - 1));
	EXPECT_FORMAT("ff FF 377", "%x %X %o", 255u, 255u, 255u);
	EXPECT_FORMAT("18446744073709551615", "%llu", ~0ull);
	EXPECT_FORMAT("-9223372036854775808", "%lld",
		      -9223372036854775807ll - 1);
	EXPECT_FORMAT("1777777777777777777777", "%lo", ~0ul);
	EXPECT_FORMAT("123456789abcdef0", "%lx", 0x123456789abcdef0ul);
	EXPECT_FORMAT("7", "%zu", (size_t)7);
}

TEST(lib, format_lengths_truncate_the_argument, FPRINTF)
{
	EXPECT_FORMAT("255 -1 65535 -1", "%hhu %hhd %hu %hd", 0x1ff, 0x1ff,
		      0x1ffff, 0x1ffff);
	EXPECT_FORMAT("ff", "%hhx", -1);
	EXPECT_FORMAT("ffffffff", "%x", -1);
}

TEST(lib, format_width_and_zeros, FPRINTF)
{
	EXPECT_FORMAT("[   42]", "[%5d]", 42);
	EXPECT_FORMAT("[42   ]", "[%-5d]", 42);
	EXPECT_FORMAT("[00042]", "[%05d]", 42);
	EXPECT_FORMAT("[-0042]", "[%05d]", -42);
	EXPECT_FORMAT("[42   ]", "[%-05d]", 42);
	EXPECT_FORMAT("[12345]", "[%3d]", 12345);
	EXPECT_FORMAT("[   42]", "[%*d]", 5, 42);
	EXPECT_FORMAT("[42   ]", "[%*d]", -5, 42);
	EXPECT_FORMAT("[00000]", "[%05u]", 0u);
}

TEST(lib, format_flags, FPRINTF)
{
	EXPECT_FORMAT("+1 -1 +0", "%+d %+d %+d", 1, -1, 0);
	EXPECT_FORMAT(" 1 -1", "% d % d", 1, -1);
	EXPECT_FORMAT("+1", "% +d", 1);
	EXPECT_FORMAT("0x1f 0X1F 037", "%#x %#X %#o", 31u, 31u, 31u);
	EXPECT_FORMAT("0 0", "%#x %#o", 0u, 0u);
	EXPECT_FORMAT("[0x00001f]", "[%#08x]", 31u);
	EXPECT_FORMAT("[    0x1f]", "[%#8x]", 31u);
}

TEST(lib, format_precision_of_integers, FPRINTF)
{
	EXPECT_FORMAT("[00042]", "[%.5d]", 42);
	EXPECT_FORMAT("[-00042]", "[%.5d]", -42);
	EXPECT_FORMAT("[   00042]", "[%8.5d]", 42);
	EXPECT_FORMAT("[   00042]", "[%08.5d]", 42);
	EXPECT_FORMAT("[]", "[%.0d]", 0);
	EXPECT_FORMAT("[0]", "[%#.0o]", 0u);
	EXPECT_FORMAT("[0x0000001f]", "[%#.8x]", 31u);
	EXPECT_FORMAT("[42]", "[%.*d]", -1, 42);
	EXPECT_FORMAT("[]", "[%.d]", 0);
}

TEST(lib, format_strings_and_characters, FPRINTF)
{
	static const char open_end[3] = { 'a', 'b', 'c' };

	EXPECT_FORMAT("[abc]", "[%s]", "abc");
	EXPECT_FORMAT("[  abc]", "[%5s]", "abc");
	EXPECT_FORMAT("[abc  ]", "[%-5s]", "abc");
	EXPECT_FORMAT("[ab]", "[%.2s]", "abc");
	EXPECT_FORMAT("[abc]", "[%.3s]", open_end);
	EXPECT_FORMAT("[   a]", "[%*.*s]", 4, 1, "abc");
	EXPECT_FORMAT("[]", "[%.0s]", "abc");
	EXPECT_FORMAT("[(null)]", "[%s]", (char *)NULL);
	EXPECT_FORMAT("[x] [  x] [x  ]", "[%c] [%3c] [%-3c]", 'x', 'x', 'x');
	EXPECT_FORMAT("100%", "%d%%", 100);
	EXPECT_FORMAT("", "%s", "");
}

TEST(lib, format_pointers_are_hexadecimal, "irqbed include/lib/format.h")
{
	char out[32];

	scnprintf(out, sizeof(out), "%p", (void *)0x1234);
	EXPECT_STREQ(out, "0x1234");
	scnprintf(out, sizeof(out), "%p", NULL);
	EXPECT_STREQ(out, "0x0");
}

TEST(lib, format_keeps_what_it_does_not_know, "irqbed include/lib/format.h")
{
	char out[32];

	EXPECT_EQ(scnprintf(out, sizeof(out), "%q %d", 7), 4);
	EXPECT_STREQ(out, "%q 7");
	scnprintf(out, sizeof(out), "50%");
	EXPECT_STREQ(out, "50%");
	scnprintf(out, sizeof(out), "%-08");
	EXPECT_STREQ(out, "%-08");
	scnprintf(out, sizeof(out), "%ln");
	EXPECT_STREQ(out, "%ln");
}

TEST(lib, format_cuts_at_the_size, "irqbed include/lib/format.h")
{
	char out[8] = "#######";

	EXPECT_EQ(scnprintf(out, 0, "%d", 1), 0);
	EXPECT_EQ(out[0], '#');
	EXPECT_EQ(scnprintf(out, 1, "%d", 1), 0);
	EXPECT_EQ(out[0], '\0');
	EXPECT_EQ(scnprintf(out, 4, "%s", "abcdef"), 3);
	EXPECT_STREQ(out, "abc");
	EXPECT_EQ(out[4], '#');
	EXPECT_EQ(scnprintf(out, sizeof(out), "%2000000000d", 1), 7);
	EXPECT_STREQ(out, "       ");
	EXPECT_EQ(scnprintf(out, sizeof(out), "%.2000000000d", 1), 7);
	EXPECT_STREQ(out, "0000000");
	EXPECT_EQ(scnprintf(out, sizeof(out), "%99999999999999999999s", ""), 7);
}

#if __STDC_HOSTED__
/* Every flag, width and precision against the C library. */
TEST(lib, format_agrees_with_the_c_library, FPRINTF)
{
	static const char conversions[] = "diuxXo";
	u64 state = 42;

	for (int i = 0; i < 20000 && ktest_ok(); i++) {
		u64 bits = random_next(&state);
		u64 value = random_next(&state) >> random_below(&state, 64);
		char fmt[32], ours[64], libc[64];

		snprintf(fmt, sizeof(fmt), "%%%s%s%s%s%s%.*d%s%.*d%s%c",
			 bits & 1 ? "-" : "", bits & 2 ? "0" : "",
			 bits & 4 ? "#" : "", bits & 8 ? "+" : "",
			 bits & 16 ? " " : "", 1,
			 (int)random_below(&state, 30) + 1,
			 bits & 32 ? "." : "", 0,
			 bits & 32 ? (int)random_below(&state, 25) : 0,
			 bits & 64    ? "ll"
			 : bits & 128 ? "l"
				      : "z",
			 conversions[random_below(&state, 6)]);
		EXPECT_EQ(scnprintf(ours, sizeof(ours), fmt, value),
			  snprintf(libc, sizeof(libc), fmt, value));
		if (!ktest_check_str(__FILE__, __LINE__, fmt, ours, libc))
			return;
	}
}
#endif
