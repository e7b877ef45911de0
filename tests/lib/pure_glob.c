// SPDX-License-Identifier: MIT
/* Shell patterns over case names, as tests= and skip= use them. */
#include <ktest/ktest.h>
#include <lib/glob.h>
#include <lib/string.h>

#define GLOB "POSIX \"Pattern Matching Notation\""

TEST(lib, glob_plain_text_matches_itself, GLOB)
{
	EXPECT_TRUE(glob_match("lapic.eoi", "lapic.eoi"));
	EXPECT_FALSE(glob_match("lapic.eoi", "lapic.eoi2"));
	EXPECT_FALSE(glob_match("lapic.eoi2", "lapic.eoi"));
	EXPECT_TRUE(glob_match("", ""));
	EXPECT_FALSE(glob_match("", "a"));
	EXPECT_FALSE(glob_match("a", ""));
}

TEST(lib, glob_star_is_any_run, GLOB)
{
	EXPECT_TRUE(glob_match("*", ""));
	EXPECT_TRUE(glob_match("*", "abc"));
	EXPECT_TRUE(glob_match("ud.*", "ud.ud2"));
	EXPECT_FALSE(glob_match("ud.*", "ud"));
	EXPECT_TRUE(glob_match("*.*eoi*", "lapic.no_eoi_here"));
	EXPECT_TRUE(glob_match("a**b", "ab"));
	EXPECT_TRUE(glob_match("*ab", "aab"));
	EXPECT_TRUE(glob_match("*abac", "ababac"));
	EXPECT_FALSE(glob_match("*ab", "aba"));
}

TEST(lib, glob_question_is_one_character, GLOB)
{
	EXPECT_TRUE(glob_match("ud?", "ud2"));
	EXPECT_FALSE(glob_match("ud?", "ud"));
	EXPECT_FALSE(glob_match("ud?", "ud22"));
	EXPECT_TRUE(glob_match("?*", "x"));
	EXPECT_FALSE(glob_match("?*", ""));
}

TEST(lib, glob_class_is_one_of_a_set, GLOB)
{
	EXPECT_TRUE(glob_match("ud[0-2]", "ud1"));
	EXPECT_FALSE(glob_match("ud[0-2]", "ud3"));
	EXPECT_TRUE(glob_match("[abc]x", "bx"));
	EXPECT_TRUE(glob_match("[!0-9]x", "ax"));
	EXPECT_FALSE(glob_match("[^0-9]x", "5x"));
	EXPECT_TRUE(glob_match("[]]", "]"));
	EXPECT_FALSE(glob_match("[!]]", "]"));
	EXPECT_TRUE(glob_match("[!]]", "a"));
	EXPECT_TRUE(glob_match("[a-]", "-"));
	EXPECT_TRUE(glob_match("[a-cx-z]", "y"));
	EXPECT_FALSE(glob_match("[z-a]", "m"));
	EXPECT_FALSE(glob_match("[a]", ""));
	EXPECT_FALSE(glob_match("[a]", "]"));
}

TEST(lib, glob_open_class_is_plain_text, GLOB)
{
	EXPECT_TRUE(glob_match("a[b", "a[b"));
	EXPECT_FALSE(glob_match("a[b", "ab"));
	EXPECT_TRUE(glob_match("[", "["));
	EXPECT_TRUE(glob_match("[!", "[!"));
	EXPECT_TRUE(glob_match("[]", "[]"));
}

/* Backtracking without a bound would take hours here. */
TEST(lib, glob_many_stars_end_quickly, GLOB)
{
	static const char name[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name));
	EXPECT_TRUE(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", name));
}

TEST(lib, glob_list_matches_any, "irqbed include/lib/glob.h")
{
	EXPECT_TRUE(glob_list_match("ud.*,pf.*", "pf.write"));
	EXPECT_TRUE(glob_list_match("pf.*", "pf.write"));
	EXPECT_FALSE(glob_list_match("ud.*,pf.*", "gp.write"));
	EXPECT_FALSE(glob_list_match("", "x"));
	EXPECT_FALSE(glob_list_match(",,", ""));
	EXPECT_TRUE(glob_list_match(",,x,", "x"));
}

struct seen {
	char text[32];
	u32 count;
};

static bool note_two(const char *pat, void *ctx)
{
	struct seen *seen = ctx;

	strscpy(seen->text, pat, sizeof(seen->text));
	return ++seen->count == 2;
}

TEST(lib, glob_list_any_stops_when_told, "irqbed include/lib/glob.h")
{
	struct seen seen = { .count = 0 };

	EXPECT_TRUE(glob_list_any("a,,b*,c", note_two, &seen));
	EXPECT_EQ(seen.count, 2);
	EXPECT_STREQ(seen.text, "b*");
	seen.count = 0;
	EXPECT_FALSE(glob_list_any("a", note_two, &seen));
	EXPECT_STREQ(seen.text, "a");
}

TEST(lib, glob_list_leaves_out_what_is_too_long, "irqbed include/lib/glob.h")
{
	static char list[600];

	memset(list, '*', sizeof(list) - 1);
	EXPECT_FALSE(glob_list_match(list, "x"));
	memcpy(list + sizeof(list) - 3, ",x", 3);
	EXPECT_TRUE(glob_list_match(list, "x"));
	list[512] = '\0';
	EXPECT_FALSE(glob_list_match(list, "x"));
	list[511] = '\0';
	EXPECT_TRUE(glob_list_match(list, "x"));
}
