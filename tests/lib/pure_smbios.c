// SPDX-License-Identifier: MIT
/* Strings of SMBIOS, also out of tables that are cut or lie. */
#include <ktest/ktest.h>
#include <lib/errno.h>
#include <lib/random.h>
#include <lib/smbios.h>
#include <lib/string.h>

#define RULE "DSP0134 Text Strings"

static const u8 table[] = {
	0, 6, 0, 0,   1,   2,	'E', 'D', 'K',	0,   '1', 0, 0,	  1, 8, 1, 0, 2,
	1, 0, 0, 'Q', '3', '5', 0,   'M', '\t', 'r', 0,	  0, 127, 4, 2, 0, 0, 0,
};

static int get(u8 type, u8 field, char *buf)
{
	return smbios_string(table, sizeof(table), type, field, buf, 8);
}

TEST(lib, smbios_strings_are_found_by_number, RULE)
{
	char buf[8];

	EXPECT_EQ(get(SMBIOS_BIOS, SMBIOS_BIOS_VENDOR, buf), 0);
	EXPECT_STREQ(buf, "EDK");
	EXPECT_EQ(get(SMBIOS_BIOS, SMBIOS_BIOS_VERSION, buf), 0);
	EXPECT_STREQ(buf, "1");
	EXPECT_EQ(get(SMBIOS_SYSTEM, SMBIOS_SYSTEM_MAKER, buf), 0);
	EXPECT_STREQ(buf, "M?r");
	EXPECT_EQ(get(SMBIOS_SYSTEM, SMBIOS_SYSTEM_PRODUCT, buf), 0);
	EXPECT_STREQ(buf, "Q35");
}

TEST(lib, smbios_says_what_is_not_there, RULE)
{
	char buf[8];

	EXPECT_EQ(get(SMBIOS_SYSTEM, 6, buf), -ENOENT);	 /* number 0 */
	EXPECT_EQ(get(SMBIOS_SYSTEM, 20, buf), -ENOENT); /* beyond */
	EXPECT_EQ(get(7, 4, buf), -ENOENT);
	EXPECT_STREQ(buf, "");
}

TEST(lib, smbios_survives_any_bytes, RULE)
{
	u8 bytes[sizeof(table)];
	u64 seed = 1;
	char buf[8];

	for (u32 n = 0; n < 2000; n++) {
		memcpy(bytes, table, sizeof(table));
		bytes[random_below(&seed, sizeof(bytes))] =
			(u8)random_next(&seed);
		smbios_string(bytes, random_below(&seed, sizeof(bytes)),
			      (u8)random_below(&seed, 2), SMBIOS_BIOS_VERSION,
			      buf, sizeof(buf));
		EXPECT_LT(strlen(buf), sizeof(buf));
	}
}
