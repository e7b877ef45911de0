// SPDX-License-Identifier: MIT
/* compare.c - the six relations, once. */
#include <ktest/compare.h>

const char *ktest_op_text(enum ktest_op op)
{
	static const char text[][3] = { [OP_EQ] = "==", [OP_NE] = "!=",
					[OP_LT] = "<",	[OP_LE] = "<=",
					[OP_GE] = ">=", [OP_GT] = ">" };

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
