// SPDX-License-Identifier: MIT
/*
 * Options: each key, its bounds, and that whatever is wrong is named and
 * leaves the default.
 */
#include <ktest/ktest.h>
#include <lib/options.h>
#include <lib/random.h>
#include <lib/string.h>

#define RULE "irqbed include/lib/options.h"

/* Cases run one at a time; together too large for their stack. */
static struct options opt;
static struct option_errors errors;

static u32 parse(const char *text)
{
	options_default(&opt);
	memset(&errors, 0xff, sizeof(errors));
	return options_parse(&opt, text, &errors);
}

/* Is text refused with exactly this line, and is opt as by default? */
static void expect_refused(const char *text, const char *want)
{
	struct options fresh;

	options_default(&fresh);
	EXPECT_EQ(parse(text), 1);
	EXPECT_EQ(errors.count, 1);
	EXPECT_STREQ(errors.text[0], want);
	EXPECT_EQ(memcmp(&opt, &fresh, sizeof(opt)), 0);
}

TEST(lib, options_defaults, RULE)
{
	EXPECT_EQ(parse(""), 0);
	EXPECT_STREQ(opt.tests, "");
	EXPECT_STREQ(opt.skip, "");
	EXPECT_EQ(opt.repeat, 1);
	EXPECT_EQ(opt.scale, 1);
	EXPECT_EQ(opt.cpu, (u64)(s64)-1);
	EXPECT_EQ(opt.serial, SERIAL_AUTO);
	EXPECT_EQ(opt.companion, 0);
	EXPECT_EQ(opt.finish, FINISH_DEFAULT);
	EXPECT_FALSE(opt.list || opt.shuffle || opt.stress || opt.bench ||
		     opt.trace || opt.lockdep || opt.monitor || opt.verbose ||
		     opt.seed_given);
}

TEST(lib, options_every_key_is_taken, RULE)
{
	EXPECT_EQ(parse("tests=ud.*,pf.[a-z]? skip=*slow* platform=tcg-10.0.2 "
			"list repeat=3 seed=0x10 shuffle stress cpu=2 bench "
			"trace lockdep monitor scale=5 verbose companion=0x2f8 "
			"finish=exit"),
		  0);
	EXPECT_STREQ(opt.tests, "ud.*,pf.[a-z]?");
	EXPECT_STREQ(opt.skip, "*slow*");
	EXPECT_STREQ(opt.platform, "tcg-10.0.2");
	EXPECT_TRUE(opt.list && opt.shuffle && opt.stress && opt.bench);
	EXPECT_TRUE(opt.trace && opt.lockdep && opt.monitor);
	EXPECT_TRUE(opt.verbose && opt.seed_given);
	EXPECT_EQ(opt.repeat, 3);
	EXPECT_EQ(opt.seed, 16);
	EXPECT_EQ(opt.cpu, 2);
	EXPECT_EQ(opt.scale, 5);
	EXPECT_EQ(opt.companion, 0x2f8);
	EXPECT_EQ(opt.finish, FINISH_EXIT);
}

TEST(lib, options_flags_take_zero_and_one, RULE)
{
	EXPECT_EQ(parse("list=1 verbose=1 verbose=0 trace=0"), 0);
	EXPECT_TRUE(opt.list);
	EXPECT_FALSE(opt.verbose);
	EXPECT_FALSE(opt.trace);
	expect_refused("list=2", "'list=2': list stands alone or takes 0 or 1");
	expect_refused("list=", "'list=': list stands alone or takes 0 or 1");
	expect_refused("bench=yes",
		       "'bench=yes': bench stands alone or takes 0 or 1");
}

TEST(lib, options_numbers_at_their_bounds, RULE)
{
	EXPECT_EQ(parse("repeat=1000000 scale=1000 cpu=511 "
			"seed=18446744073709551615"),
		  0);
	EXPECT_EQ(opt.repeat, 1000000);
	EXPECT_EQ(opt.scale, 1000);
	EXPECT_EQ(opt.cpu, 511);
	EXPECT_EQ(opt.seed, ~0ull);
	EXPECT_EQ(parse("repeat=1 scale=1"), 0);
	EXPECT_EQ(parse("cpu=0 seed=0 repeat=0x10"), 0);
	EXPECT_EQ(opt.cpu, 0);
	EXPECT_TRUE(opt.seed_given);
	EXPECT_EQ(opt.repeat, 16);
	EXPECT_EQ(parse("seed=0xFFFFffffFFFFffff"), 0);
	EXPECT_EQ(opt.seed, ~0ull);
}

TEST(lib, options_numbers_out_of_bounds, RULE)
{
	expect_refused("repeat=0", "'repeat=0': repeat takes 1..1000000");
	expect_refused("repeat=1000001",
		       "'repeat=1000001': repeat takes 1..1000000");
	expect_refused("scale=0", "'scale=0': scale takes 1..1000");
	expect_refused("scale=1001", "'scale=1001': scale takes 1..1000");
	expect_refused("scale=4294967297",
		       "'scale=4294967297': scale takes 1..1000");
	expect_refused("cpu=512", "'cpu=512': cpu takes 0..511");
	expect_refused("companion=0xfff9",
		       "'companion=0xfff9': "
		       "companion takes an I/O port, 0 for none");
	expect_refused("cpu=-1", "'cpu=-1': cpu takes 0..511");
	expect_refused("seed=18446744073709551616",
		       "'seed=18446744073709551616': "
		       "seed takes a 64-bit number");
	expect_refused("seed=0x10000000000000000",
		       "'seed=0x10000000000000000': "
		       "seed takes a 64-bit number");
}

TEST(lib, options_numbers_with_junk, RULE)
{
	static const char *const bad[] = {
		"repeat", "repeat=",   "repeat=x",  "repeat=3x", "repeat=3,",
		"seed=",  "seed=0x",   "seed=0xg",  "seed=+1",	 "seed=1.5",
		"seed=a", "seed=0x1h", "scale=--1", "cpu=1=1",	 "seed=@",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!EXPECT_EQ(parse(bad[i]), 1))
			ktest_note("%s was taken", bad[i]);
		EXPECT_FALSE(opt.seed_given);
	}
}

TEST(lib, options_serial_forms, RULE)
{
	EXPECT_EQ(parse("serial=none"), 0);
	EXPECT_EQ(opt.serial, SERIAL_NONE);
	EXPECT_EQ(opt.serial_baud, 0);
	EXPECT_EQ(parse("serial=0x3f8"), 0);
	EXPECT_EQ(opt.serial, SERIAL_PORT);
	EXPECT_EQ(opt.serial_base, 0x3f8);
	EXPECT_EQ(opt.serial_baud, 0);
	EXPECT_EQ(parse("serial=0x2F8,9600"), 0);
	EXPECT_EQ(opt.serial_base, 0x2f8);
	EXPECT_EQ(opt.serial_baud, 9600);
	EXPECT_EQ(parse("serial=0xfff8,115200"), 0);
	EXPECT_EQ(opt.serial_baud, 115200);
	EXPECT_EQ(parse("serial=mmio:0xfe034000"), 0);
	EXPECT_EQ(opt.serial, SERIAL_MMIO);
	EXPECT_EQ(opt.serial_base, 0xfe034000);
	EXPECT_EQ(parse("serial=mmio:0x1 serial=auto"), 0);
	EXPECT_EQ(opt.serial, SERIAL_AUTO);
	EXPECT_EQ(opt.serial_base, 0);
}

TEST(lib, options_serial_refused, RULE)
{
	static const char *const bad[] = {
		"serial",
		"serial=",
		"serial=com1",
		"serial=3f8",
		"serial=1016",
		"serial=0x0",
		"serial=0xfff9",
		"serial=0x10000",
		"serial=0x3f8,",
		"serial=0x3f8,0",
		"serial=0x3f8,1",
		"serial=0x3f8,115201",
		"serial=0x3f8,7",
		"serial=0x3f8,9600,8n1",
		"serial=mmio:",
		"serial=mmio:0x0",
		"serial=mmio:fe0",
		"serial=mmio:0x10000000000000",
		"serial=0x00000000000000000003f8", /* 24 characters: too many */
		"serial=0x3f8 ,x",
		"serial=0x00000000000000000000000000003f8",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!EXPECT_NE(parse(bad[i]), 0))
			ktest_note("%s was taken", bad[i]);
	expect_refused("serial=com1", "'serial=com1': serial takes auto, none, "
				      "0xPORT[,BAUD], mmio:0xADDR");
}

TEST(lib, options_finish_forms, RULE)
{
	EXPECT_EQ(parse("finish=poweroff"), 0);
	EXPECT_EQ(opt.finish, FINISH_POWEROFF);
	EXPECT_EQ(parse("finish=reset"), 0);
	EXPECT_EQ(opt.finish, FINISH_RESET);
	EXPECT_EQ(parse("finish=halt"), 0);
	EXPECT_EQ(opt.finish, FINISH_HALT);
	EXPECT_EQ(parse("finish=monitor"), 0);
	EXPECT_EQ(opt.finish, FINISH_MONITOR);
	expect_refused("finish=now", "'finish=now': finish takes exit, "
				     "poweroff, reset, halt, monitor");
	EXPECT_EQ(parse("finish finish= finish=exi finish=exitt"), 4);
}

TEST(lib, options_unknown_words_are_named, RULE)
{
	expect_refused("xyz", "unknown option 'xyz'");
	expect_refused("test=a", "unknown option 'test=a'");
	expect_refused("testss=a", "unknown option 'testss=a'");
	expect_refused("Tests=a", "unknown option 'Tests=a'");
	expect_refused("=", "unknown option '='");
	expect_refused("a\xe4z", "unknown option 'a?z'");
	expect_refused("abcdefghijklmnopqrstuvwxyz012345",
		       "unknown option 'abcdefghijklmnopqrstuvwxyz012345'");
	expect_refused("abcdefghijklmnopqrstuvwxyz0123456",
		       "unknown option 'abcdefghijklmnopqrstuvwxyz012345...'");
	expect_refused("abcdefghijklmnopqrstuvwxyz0123456789",
		       "unknown option 'abcdefghijklmnopqrstuvwxyz012345...'");
}

TEST(lib, options_bad_word_does_not_stop_the_rest, RULE)
{
	EXPECT_EQ(parse("repeat=2 nonsense repeat=0 scale=3"), 2);
	EXPECT_EQ(opt.repeat, 2);
	EXPECT_EQ(opt.scale, 3);
	EXPECT_STREQ(errors.text[0], "unknown option 'nonsense'");
	EXPECT_STREQ(errors.text[1], "'repeat=0': repeat takes 1..1000000");
}

TEST(lib, options_more_errors_than_room_are_counted, RULE)
{
	EXPECT_EQ(parse("a b c d e f g h i j k l"), 12);
	EXPECT_EQ(errors.count, 12);
	EXPECT_STREQ(errors.text[OPT_ERRORS - 1], "unknown option 'h'");
}

TEST(lib, options_text_is_checked, RULE)
{
	expect_refused("tests=", "'tests=': tests takes GLOB[,GLOB] "
				 "of up to 511 characters");
	expect_refused("tests=UD", "'tests=UD': tests takes GLOB[,GLOB] "
				   "of up to 511 characters");
	expect_refused("skip=a\"", "'skip=a\"': skip takes GLOB[,GLOB] "
				   "of up to 511 characters");
	EXPECT_EQ(parse("platform=a!~"), 0);
	EXPECT_STREQ(opt.platform, "a!~");
	expect_refused("platform=\x7f", "'platform=?': platform takes a name "
					"of up to 63 characters");
}

/* "tests=" and len times 'a'. */
static u32 parse_long(size_t len)
{
	static char text[2048];

	memset(text, 'a', sizeof(text));
	memcpy(text, "tests=", 6);
	text[6 + len] = '\0';
	return parse(text);
}

TEST(lib, options_long_values, RULE)
{
	EXPECT_EQ(parse_long(OPT_TEXT - 1), 0);
	EXPECT_EQ(strlen(opt.tests), OPT_TEXT - 1);
	EXPECT_EQ(parse_long(OPT_TEXT), 1);
	EXPECT_STREQ(opt.tests, "");
	EXPECT_EQ(parse_long(2000), 1);
	EXPECT_EQ(parse("platform=0123456789012345678901234567890123456789"
			"01234567890123456789012"),
		  0);
	EXPECT_EQ(parse("platform=0123456789012345678901234567890123456789"
			"012345678901234567890123"),
		  1);
}

TEST(lib, options_blanks_comments_and_marks, RULE)
{
	EXPECT_EQ(parse("\xef\xbb\xbf# all\r\n\r\n\tlist  # why\r\n"
			"repeat=7#x\r\n"),
		  1);
	EXPECT_TRUE(opt.list);
	EXPECT_EQ(parse("\xfflist\r\nrepeat=7 #list=0\nscale=2\r#bad"), 0);
	EXPECT_TRUE(opt.list);
	EXPECT_EQ(opt.repeat, 7);
	EXPECT_EQ(opt.scale, 2);
	EXPECT_EQ(parse("#"), 0);
	EXPECT_EQ(parse(" \r\n\t "), 0);
	EXPECT_EQ(parse("repeat=2 repeat=3"), 0);
	EXPECT_EQ(opt.repeat, 3); /* the last one counts */
}

TEST(lib, options_skip_the_shells_command, "UEFI Shell 2.2 LoadOptions")
{
	EXPECT_STREQ(options_skip_command("irqbed.efi list"), " list");
	EXPECT_STREQ(options_skip_command(" FS0:\\IRQBED.EFI"), "");
	EXPECT_STREQ(options_skip_command("list x.efi"), "list x.efi");
	EXPECT_STREQ(options_skip_command(""), "");
	EXPECT_STREQ(options_skip_command(".efi x"), " x");
	EXPECT_STREQ(options_skip_command("efi"), "efi");
	EXPECT_STREQ(options_skip_command("x\x0e"
					  "efi"),
		     "x\x0e"
		     "efi");
}

/* Whatever the text: no wild access, and as many complaints as counted. */
TEST(lib, options_survive_any_text, RULE)
{
	static const char seedling[] =
		"\xef\xbb\xbftests=ud.* repeat=3 serial=0x3f8,9600 # x\r\n"
		"seed=0xff serial=mmio:0xfe03 finish=exit platform=a list=1";
	int rounds = __STDC_HOSTED__ ? 5000 : 300;
	u64 state = 1;

	for (int i = 0; i < rounds; i++) {
		char text[sizeof(seedling)];
		u32 bad;

		memcpy(text, seedling, sizeof(text));
		for (u32 n = random_below(&state, 12); n; n--)
			text[random_below(&state, sizeof(text) - 1)] =
				(char)random_next(&state);
		bad = parse(text);
		if (!EXPECT_EQ(bad, errors.count) ||
		    !EXPECT_TRUE(opt.repeat >= 1 && opt.repeat <= 1000000))
			return;
	}
}
