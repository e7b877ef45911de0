// SPDX-License-Identifier: MIT
/*
 * glob.c - shell patterns, without recursion: only the last '*' ever needs a
 * second try, so its place is all the state there is.
 */
#include <lib/compiler.h>
#include <lib/glob.h>
#include <lib/string.h>

#define PATTERN_MAX 512 /* a longer pattern of a list matches nothing */

/*
 * The ']' that ends the class which begins at pat ('['), or NULL: then '[' is
 * an ordinary character. A ']' that comes first is a member.
 */
static const char *class_end(const char *pat)
{
	pat++;
	if (*pat == '!' || *pat == '^')
		pat++;
	return *pat ? strchr(pat + 1, ']') : NULL;
}

/* Is c in the class from pat ('[') to end (']')? */
static bool class_has(const char *pat, const char *end, char c)
{
	bool negated = pat[1] == '!' || pat[1] == '^';
	bool found = false;

	pat += negated ? 2 : 1;
	while (pat < end) {
		char from = *pat, to = *pat;

		if (pat[1] == '-' && pat + 2 < end) {
			to = pat[2];
			pat += 2;
		}
		found = found || (from <= c && c <= to);
		pat++;
	}
	return found != negated;
}

/* The pattern after the one item at pat if that matches c, else NULL. */
static const char *match_one(const char *pat, char c)
{
	const char *end;

	if (*pat == '[') {
		end = class_end(pat);
		if (end)
			return class_has(pat, end, c) ? end + 1 : NULL;
	}
	if (*pat && (*pat == '?' || *pat == c))
		return pat + 1;
	return NULL;
}

bool glob_match(const char *pat, const char *name)
{
	const char *star = NULL, *retry = NULL, *next;

	while (*name) {
		if (*pat == '*') {
			star = ++pat;
			retry = name;
			continue;
		}
		next = match_one(pat, *name);
		if (next) {
			pat = next;
			name++;
			continue;
		}
		if (!star)
			return false;
		pat = star; /* the last star takes one character more */
		name = ++retry;
	}
	while (*pat == '*')
		pat++;
	return !*pat;
}

bool glob_list_any(const char *list, bool (*fn)(const char *pat, void *ctx),
		   void *ctx)
{
	char pat[PATTERN_MAX];

	while (*list) {
		size_t len = 0;

		while (list[len] && list[len] != ',')
			len++;
		if (len && len < sizeof(pat)) {
			memcpy(pat, list, len);
			pat[len] = '\0';
			if (fn(pat, ctx))
				return true;
		}
		list += len;
		if (*list == ',')
			list++;
	}
	return false;
}

static bool match_name(const char *pat, void *name)
{
	return glob_match(pat, name);
}

bool glob_list_match(const char *list, const char *name)
{
	return glob_list_any(list, match_name, (void *)name);
}
