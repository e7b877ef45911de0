// SPDX-License-Identifier: MIT
/*
 * #DE, Divide Error: vector 0, a fault, pushes no error code.
 *
 * Spec: SDM 3A "Interrupt 0-Divide Error Exception (#DE)"; SDM 2A "DIV",
 *       "IDIV"; APM 2 "#DE-Divide-by-Zero-Error Exception (Vector 0)".
 */
#include <ktest/insn_de.h>
#include <ktest/insn_user.h>

#include "judge.h"

#define RULE "SDM 3A Interrupt 0; SDM 2A DIV, IDIV"

struct divider {
	const char *name;
	void (*fn)(void *);
	char *at;
	u32 bits;
};

#define DIVIDER(name, width)                                \
	{                                                   \
#name, insn_##name, insn_##name##_at, width \
	}
static const struct divider div[] = { DIVIDER(div8, 8), DIVIDER(div16, 16),
				      DIVIDER(div32, 32), DIVIDER(div64, 64) };
static const struct divider idiv[] = { DIVIDER(idiv8, 8), DIVIDER(idiv16, 16),
				       DIVIDER(idiv32, 32),
				       DIVIDER(idiv64, 64) };

/* The dividend hi:lo where a division of that width looks for it. */
static struct division dividend(const struct divider *d, u64 hi, u64 lo)
{
	u64 mask = ~0ull >> (64 - d->bits);

	if (d->bits == 8)
		return (struct division){ .ax = (hi & mask) << 8 |
						(lo & mask) };
	return (struct division){ .ax = lo & mask, .dx = hi & mask };
}

/* Both are faults: nothing of the division may have happened. */
static void faults(const struct place *at, const struct divider *d,
		   struct division n)
{
	struct division given = n;
	const struct trap *got = judge(
		at, d->fn, &n, WANT(X86_TRAP_DE, 0, d->at, .fault = true));

	EXPECT_EQ(got->regs.ax, given.ax);
	EXPECT_EQ(got->regs.dx, given.dx);
}

static void divides(const struct divider *d, struct division n, u64 hi, u64 lo)
{
	struct division want = dividend(d, hi, lo);

	judge(PLACE(d->name), d->fn, &n, WANT(TRAP_NONE, 0, 0));
	EXPECT_EQ(n.ax, want.ax);
	EXPECT_EQ(n.dx, want.dx);
}

TEST(de, div_by_zero_faults_at_each_width, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(div); i++)
		faults(PLACE(div[i].name), &div[i], dividend(&div[i], 0, 1));
}

TEST(de, idiv_by_zero_faults_at_each_width, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(idiv); i++)
		faults(PLACE(idiv[i].name), &idiv[i], dividend(&idiv[i], 0, 1));
}

/* The largest quotient divides; one more does not fit, and faults. */
TEST(de, div_faults_from_the_first_quotient_that_does_not_fit, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(div); i++) {
		struct division fits = dividend(&div[i], 0, ~0ull);
		struct division over = dividend(&div[i], 1, 0);

		fits.by = over.by = 1;
		divides(&div[i], fits, 0, ~0ull);
		faults(PLACE(div[i].name), &div[i], over);
	}
}

TEST(de, idiv_faults_from_the_first_positive_quotient_that_does_not_fit, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(idiv); i++) {
		u64 min = 1ull << (idiv[i].bits - 1);
		struct division fits = dividend(&idiv[i], 0, min - 1);
		struct division over = dividend(&idiv[i], 0, min);

		fits.by = over.by = 1;
		divides(&idiv[i], fits, 0, min - 1);
		faults(PLACE(idiv[i].name), &idiv[i], over);
	}
}

/* The most negative number is a quotient like others, since the 80286. */
TEST(de, idiv_faults_from_the_first_negative_quotient_that_does_not_fit, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(idiv); i++) {
		u64 min = 1ull << (idiv[i].bits - 1);
		struct division fits = dividend(&idiv[i], ~0ull, min);
		struct division over = dividend(&idiv[i], ~0ull, min - 1);

		fits.by = over.by = 1;
		divides(&idiv[i], fits, 0, min);
		faults(PLACE(idiv[i].name), &idiv[i], over);
	}
}

/* -2^(n-1) / -1: the one quotient of a single-width dividend that overflows. */
TEST(de, idiv_of_the_most_negative_by_minus_one_faults, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(idiv); i++) {
		u64 min = 1ull << (idiv[i].bits - 1);
		struct division n = dividend(&idiv[i], ~0ull, min);

		n.by = ~0ull;
		faults(PLACE(idiv[i].name), &idiv[i], n);
	}
}

TEST(de, user_division_by_zero, RULE)
{
	EXPECT_USER_FAULT(user_div, X86_TRAP_DE, 0);
}
