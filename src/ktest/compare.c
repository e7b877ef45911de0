// SPDX-License-Identifier: MIT
/* compare.c - the six relations, once. */
#include <ktest/compare.h>

#include <lib/string.h>

const char *ktest_op_text(enum ktest_op op)
{
	static const char text[][3] = {
		[OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<",
		[OP_LE] = "<=", [OP_GE] = ">=", [OP_GT] = ">"
	};

	return text[op];
}

bool ktest_holds(enum ktest_op op, u64 got, u64 want)
{
	switch (op) {
	case OP_EQ:
		return got == want;
	case OP_NE:
		return got != want;
	case OP_LT:
		return got < want;
	case OP_LE:
		return got <= want;
	case OP_GE:
		return got >= want;
	case OP_GT:
		return got > want;
	}
	return false;
}

bool ktest_compare(const char *file, u32 at, const char *texts, u64 got,
		   u64 want)
{
	return ktest_check(file, KTEST_AT_LINE(at), texts, KTEST_AT_OP(at),
			   texts + strlen(texts) + 1, got, want);
}

size_t ktest_suite_length(const struct ktest_case *c)
{
	return (size_t)(strchr(c->name, '.') - c->name);
}

const struct ktest_suite *ktest_suite_of(const struct ktest_case *c,
					 const struct ktest_suite *const *start,
					 const struct ktest_suite *const *stop)
{
	size_t len = ktest_suite_length(c);

	for (; start < stop; start++) {
		if (!strncmp((*start)->name, c->name, len) &&
		    !(*start)->name[len])
			return *start;
	}
	return NULL;
}
