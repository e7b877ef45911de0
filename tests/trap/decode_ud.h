/* SPDX-License-Identifier: MIT */
/* decode_ud.h - what the cases that name #UD encodings share. */
#pragma once

#include <ktest/ktest.h>
#include <trap/decode.h>

#define RULE_UD "SDM 3A Interrupt 6"

static inline bool has_none(u32 feature)
{
	return false;
}

static inline bool has_all(u32 feature)
{
	return true;
}

struct encoding {
	u8 len, code[9];
	char text[72];
};

static inline void expect_texts(const struct encoding *want, size_t count,
				bool (*has)(u32 feature))
{
	char got[128];
	size_t i;

	for (i = 0; i < count; i++) {
		decode_ud(got, sizeof(got), want[i].code, want[i].len, has);
		EXPECT_STREQ(got, want[i].text);
	}
}

/* CPUID as has() declares it: each encoding gives its text. */
#define EXPECT_TEXTS(want, has) expect_texts(want, ARRAY_SIZE(want), has)
