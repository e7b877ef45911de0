// SPDX-License-Identifier: MIT
/*
 * select.c - which cases run, in which order. The linker sorted them by suite;
 * shuffle with the same seed gives the same order on every machine.
 */
#include <ktest/runner.h>

#include <ktest/compare.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/glob.h>
#include <lib/random.h>
#include <lib/string.h>

#include "internal.h"

#define MAX_CASES 4096

extern const struct ktest_case __start_ktest[], __stop_ktest[];
extern const struct ktest_suite *const __start_ksuite[], *const __stop_ksuite[];

static u16 order[MAX_CASES];
static u32 nr_selected;
char nothing_selected[160];

u32 selected_count(void)
{
	return nr_selected;
}

const struct ktest_case *selected_case(u32 index)
{
	return &__start_ktest[order[index]];
}

const struct ktest_suite *suite_of(const struct ktest_case *c)
{
	return ktest_suite_of(c, __start_ksuite, __stop_ksuite);
}

/* A manual suite runs only for a pattern that spells its name. */
static bool pattern_selects(const char *pattern, const struct ktest_case *c)
{
	const struct ktest_suite *suite = suite_of(c);
	size_t len = ktest_suite_length(c) + 1; /* with the dot */

	if (suite && suite->manual && strncmp(pattern, c->name, len))
		return false;
	return glob_match(pattern, c->name);
}

static bool pattern_selects_cb(const char *pattern, void *c)
{
	return pattern_selects(pattern, c);
}

static bool wanted(const struct options *opt, const struct ktest_case *c)
{
	const char *tests = opt->tests[0] ? opt->tests : "*";

	return glob_list_any(tests, pattern_selects_cb, (void *)c) &&
	       !glob_list_any(opt->skip, pattern_selects_cb, (void *)c);
}

/* True, and said, if the pattern selects no case at all. */
static bool selects_nothing(const char *pattern, void *unused)
{
	for (const struct ktest_case *c = __start_ktest; c < __stop_ktest;
	     c++) {
		if (pattern_selects(pattern, c))
			return false;
	}
	scnprintf(nothing_selected, sizeof(nothing_selected),
		  "no case matches '%.63s'", pattern);
	return true;
}

static void shuffle(u64 seed)
{
	for (u32 i = nr_selected; i > 1; i--) {
		u32 j = random_below(&seed, i);
		u16 swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

int select_cases(const struct options *opt)
{
	u32 n = (u32)(__stop_ktest - __start_ktest);

	if (n > MAX_CASES)
		return -E2BIG;
	for (u32 i = 0; i < n; i++) {
		if (wanted(opt, &__start_ktest[i]))
			order[nr_selected++] = (u16)i;
	}
	if (opt->shuffle)
		shuffle(opt->seed);
	if (glob_list_any(opt->tests, selects_nothing, NULL) ||
	    glob_list_any(opt->skip, selects_nothing, NULL))
		return -ENOENT;
	if (!nr_selected) {
		scnprintf(nothing_selected, sizeof(nothing_selected),
			  "no case matches '%.63s' once skip='%.63s' is out",
			  opt->tests[0] ? opt->tests : "*", opt->skip);
		return -ENOENT;
	}
	return 0;
}
