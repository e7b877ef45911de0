// SPDX-License-Identifier: MIT
/*
 * main.c - runs the pure cases on the host, where ASan and UBSan watch.
 *
 * The same tests/ROOM/pure_*.c as on the machine; this file stands in for
 * src/ktest. Prints TAP 13. Argument: globs over suite.case, as in tests=.
 * Exit status: 0 all passed, 1 a case failed, 3 nothing to run.
 */
#include <ktest/compare.h>
#include <ktest/ktest.h>
#include <lib/glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ld brackets a section whose name is a C identifier; there may be none. */
extern const struct ktest_case __start_ktest[], __stop_ktest[];
extern const struct ktest_suite *const __start_ksuite[] __attribute__((weak));
extern const struct ktest_suite *const __stop_ksuite[] __attribute__((weak));

/* The running case, written by run_case() and the checks it calls. */
static struct {
	unsigned int checks;
	unsigned int failed;
	bool skipped;
	char reason[128];
} now;

static bool verdict(bool ok)
{
	now.checks++;
	now.failed += !ok;
	return ok;
}

bool ktest_check(const char *file, int line, const char *got_text,
		 enum ktest_op op, const char *want_text, u64 got, u64 want)
{
	bool ok = ktest_holds(op, got, want);

	if (!ok)
		printf("# %s:%d: %s %s %s: got %#llx, want %#llx\n", file, line,
		       got_text, ktest_op_text(op), want_text,
		       (unsigned long long)got, (unsigned long long)want);
	return verdict(ok);
}

bool ktest_check_true(const char *file, int line, const char *text, bool ok)
{
	if (!ok)
		printf("# %s:%d: %s\n", file, line, text);
	return verdict(ok);
}

bool ktest_check_str(const char *file, int line, const char *text,
		     const char *got, const char *want)
{
	bool ok = got && want && !strcmp(got, want);

	if (!ok)
		printf("# %s:%d: %s: got \"%s\", want \"%s\"\n", file, line,
		       text, got ? got : "(null)", want ? want : "(null)");
	return verdict(ok);
}

bool ktest_check_trap(const char *file, int line, const char *text, u32 got,
		      u32 want)
{
	return ktest_check(file, line, text, OP_EQ, "trap", got, want);
}

void ktest_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
}

void ktest_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(now.reason, sizeof(now.reason), fmt, args);
	va_end(args);
	now.skipped = true;
}

bool ktest_ok(void)
{
	return now.failed == 0;
}

/* Body with its suite's set-up and tear-down around it. */
static void run_body(const struct ktest_case *c)
{
	const struct ktest_suite *suite =
		ktest_suite_of(c, __start_ksuite, __stop_ksuite);

	if (suite && suite->setup && suite->setup()) {
		ktest_note("set-up of suite %s failed", suite->name);
		verdict(false);
		return;
	}
	c->run();
	if (suite && suite->teardown)
		suite->teardown();
}

static bool run_case(const struct ktest_case *c, unsigned int number)
{
	bool ok;

	memset(&now, 0, sizeof(now));
	if (c->needs)
		ktest_skip("needs the machine");
	else
		run_body(c);
	if (!now.checks && !now.skipped)
		ktest_note("the case made no check");
	ok = !now.failed && (now.checks || now.skipped);
	if (!ok)
		ktest_note("rule: %s", c->rule);
	printf("%sok %u - %s%s%s\n", ok ? "" : "not ", number, c->name,
	       ok && now.skipped ? " # SKIP " : "",
	       ok && now.skipped ? now.reason : "");
	return ok;
}

static bool wanted(const struct ktest_case *c, const char *globs)
{
	return !globs || glob_list_match(globs, c->name);
}

int main(int argc, char **argv)
{
	const char *globs = argc > 1 ? argv[1] : NULL;
	const struct ktest_case *c;
	unsigned int planned = 0, number = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0); /* a sanitizer may end us anywhere */
	for (c = __start_ktest; c < __stop_ktest; c++)
		planned += wanted(c, globs);
	printf("TAP version 13\n1..%u\n", planned);
	for (c = __start_ktest; c < __stop_ktest; c++)
		if (wanted(c, globs))
			failed += !run_case(c, ++number);
	printf("# %u passed, %u failed\n", number - failed, failed);
	if (planned == 0)
		return 3;
	return failed ? 1 : 0;
}
