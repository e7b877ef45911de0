/* SPDX-License-Identifier: MIT */
/* glob.h - shell patterns over case names. Pure, any context. */
#pragma once

#include <lib/types.h>

/* True if name matches pattern: * any run, ? one character, [a-z] a class. */
bool glob_match(const char *pattern, const char *name);

/*
 * Call fn for each pattern of a comma-separated list, empty ones left out;
 * stop and return true when fn does.
 */
bool glob_list_any(const char *list, bool (*fn)(const char *pat, void *ctx),
		   void *ctx);

/* True if name matches any pattern of the comma-separated list. */
bool glob_list_match(const char *list, const char *name);
