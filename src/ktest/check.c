// SPDX-License-Identifier: MIT
/* check.c - EXPECT_*: count, compare, and say what differed. */
#include <ktest/ktest.h>

#include <console/printk.h>
#include <cpu/percpu.h>
#include <ktest/compare.h>
#include <lib/format.h>
#include <lib/string.h>
#include <trap/decode.h>

#include "internal.h"

#define FAILURES_SHOWN 16 /* lines a case; the rest are counted */

struct ktest_result ktest_result;

/* Count a check; true if a failing one should be shown. */
static bool count(bool ok)
{
	ktest_result.checks++;
	if (ok)
		return false;
	return ktest_result.failures++ < FAILURES_SHOWN;
}

bool ktest_check(const char *file, int line, const char *got_text,
		 enum ktest_op op, const char *want_text, u64 got, u64 want)
{
	bool ok = ktest_holds(op, got, want);

	if (count(ok))
		printk("# %s:%d: %s %s %s: got 0x%llx, want %s%s0x%llx, cpu %u",
		       file, line, got_text, ktest_op_text(op), want_text,
		       (unsigned long long)got,
		       op == OP_EQ ? "" : ktest_op_text(op),
		       op == OP_EQ ? "" : " ", (unsigned long long)want,
		       smp_processor_id());
	return ok;
}

bool ktest_check_true(const char *file, int line, const char *text, bool ok)
{
	if (count(ok))
		printk("# %s:%d: %s: is false, cpu %u", file, line, text,
		       smp_processor_id());
	return ok;
}

bool ktest_check_str(const char *file, int line, const char *text,
		     const char *got, const char *want)
{
	bool ok = !strcmp(got, want);

	if (count(ok))
		printk("# %s:%d: %s: got \"%s\", want \"%s\"", file, line, text,
		       got, want);
	return ok;
}

static const char *nr_name(u32 nr)
{
	return nr == TRAP_NONE ? "no exception" : trap_info(nr)->mnemonic;
}

bool ktest_check_trap(const char *file, int line, const char *text, u32 got,
		      u32 want)
{
	bool ok = got == want;

	if (count(ok))
		printk("# %s:%d: %s: got %u (%s), want %u (%s), cpu %u", file,
		       line, text, got, nr_name(got), want, nr_name(want),
		       smp_processor_id());
	return ok;
}

void ktest_note(const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printk("# %s", text);
}

void ktest_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(ktest_result.skip_reason, SKIP_TEXT, fmt, args);
	va_end(args);
	ktest_result.skipped = true;
}

void ktest_means_crashes(u32 n)
{
	ktest_result.crashes_meant += n;
}

void ktest_means_bugs(u32 n)
{
	ktest_result.bugs_meant += n;
}

bool ktest_ok(void)
{
	return !ktest_result.failures;
}
