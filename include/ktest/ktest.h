/* SPDX-License-Identifier: MIT */
/*
 * ktest.h - how a test case is written. One TEST() in one file, no other edit.
 *
 *	TEST(ud, ud2_faults_at_its_own_address, "SDM 3A Interrupt 6")
 *	{
 *		struct trap got = catch_trap(insn_ud2, NULL);
 *
 *		EXPECT_TRAP(got, X86_TRAP_UD);
 *		EXPECT_EQ(got.ip, (uintptr_t)insn_ud2);
 *	}
 *
 * A case that checks nothing fails. A case runs in task context on the boot
 * CPU with IF=1 and no lock held; handlers only count and store, the body
 * judges. What a case changes it puts back; the runner compares.
 */
#pragma once

#include <lib/compiler.h>

/* What a case must have; the runner SKIPs with the reason otherwise. */
/* clang-format off */
#define NEEDS_X2APIC	BIT(0)	/* APIC runs in x2APIC mode */
#define NEEDS_XAPIC	BIT(1)	/* APIC runs in xAPIC mode */
#define NEEDS_IOAPIC	BIT(2)
#define NEEDS_HPET	BIT(3)
#define NEEDS_PIT	BIT(4)
#define NEEDS_PIC	BIT(5)
#define NEEDS_RTC	BIT(6)
#define NEEDS_PMTIMER	BIT(7)
#define NEEDS_UART	BIT(8)
#define NEEDS_SMP	BIT(9)
#define NEEDS_I8042	BIT(10)
#define NEEDS_TSC_DEADLINE BIT(11)
#define NEEDS_COMPANION	BIT(12)	/* on the host: ktest/companion.h */

/* Hardware a case drives itself: the watchdog must not. */
#define USES_HPET	BIT(0)
#define USES_PIT	BIT(1)
#define USES_RTC	BIT(2)
/* The APIC timer of the CPU it runs on: no hrtimer expires there meanwhile. */
#define USES_APIC_TIMER	BIT(3)
/* The case counts NMIs: these watchdogs' ticks are some, and merge with its. */
#define USES_NMI	(USES_PIT | USES_RTC)
/* clang-format on */

/* 32 bytes, so that the linker's array of them has no holes. */
struct ktest_case {
	const char *name; /* "suite.case" */
	const char *rule; /* manual and section */
	void (*run)(void);
	u16 needs, uses;
	u32 deadline_ms; /* 0 = 10 s; times scale= */
};
static_assert(sizeof(struct ktest_case) == 32, "an array in a section");

struct ktest_suite {
	const char *name;
	int (*setup)(void);	/* before each case; 0, or the case fails */
	void (*teardown)(void); /* after each case, on every exit */
	u16 needs, uses;
	bool manual; /* runs only when tests= names the suite itself */
};

#if __STDC_HOSTED__
#define KTEST_SECTION(s)  __section("ktest")
#define KSUITE_SECTION(s) __section("ksuite")
#else
#define KTEST_SECTION(s)  __section(".data.ktest." #s)
#define KSUITE_SECTION(s) __section(".data.ksuite." #s)
#endif

/* TEST(suite, name, rule[, .needs = ..., .uses = ..., .deadline_ms = ...]) */
/* clang-format off */
#define TEST(s, n, r, ...)						\
	static void test_##s##_##n(void);				\
	/* not static: one name twice must not link */			\
	const struct ktest_case						\
	case_##s##_##n KTEST_SECTION(s) = {				\
		.name = #s "." #n,					\
		.rule = r,						\
		.run = test_##s##_##n,					\
		__VA_ARGS__						\
	};								\
	static void test_##s##_##n(void)
/* clang-format on */

/* SUITE(name[, .setup = f, .teardown = g, .needs = ...]): optional. */
#define SUITE(s, ...)                                                      \
	static const struct ktest_suite suite_##s = { .name = #s,          \
						      __VA_ARGS__ };       \
	static const struct ktest_suite *ptr_suite_##s KSUITE_SECTION(s) = \
		&suite_##s

enum ktest_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GE, OP_GT };

/* Count one check; on failure log "# file:line: text: got, want". */
bool ktest_check(const char *file, int line, const char *got_text,
		 enum ktest_op op, const char *want_text, u64 got, u64 want);
bool ktest_check_true(const char *file, int line, const char *text, bool ok);
bool ktest_check_str(const char *file, int line, const char *text,
		     const char *got, const char *want);
bool ktest_check_trap(const char *file, int line, const char *text, u32 got,
		      u32 want);

/*
 * The same in few bytes of code a check: at is the relation and the line,
 * texts both expressions, a NUL between them.
 */
bool ktest_compare(const char *file, u32 at, const char *texts, u64 got,
		   u64 want);
#define KTEST_AT(op)	  ((u32)(op) << 24 | __LINE__)
#define KTEST_AT_OP(at)	  ((enum ktest_op)((at) >> 24))
#define KTEST_AT_LINE(at) ((int)((at)&0xffffff))

/* Each evaluates its arguments once, counts, and returns the verdict. */
#define KTEST_CMP(got, op, want)                               \
	ktest_compare(__FILE__, KTEST_AT(op), #got "\0" #want, \
		      (u64)(uintptr_t)(got), (u64)(uintptr_t)(want))
#define EXPECT_EQ(got, want) KTEST_CMP(got, OP_EQ, want)
#define EXPECT_NE(got, want) KTEST_CMP(got, OP_NE, want)
#define EXPECT_LT(got, want) KTEST_CMP(got, OP_LT, want)
#define EXPECT_LE(got, want) KTEST_CMP(got, OP_LE, want)
#define EXPECT_GE(got, want) KTEST_CMP(got, OP_GE, want)
#define EXPECT_GT(got, want) KTEST_CMP(got, OP_GT, want)
#define EXPECT_TRUE(cond)    ktest_check_true(__FILE__, __LINE__, #cond, (cond))
#define EXPECT_FALSE(cond) \
	ktest_check_true(__FILE__, __LINE__, "!(" #cond ")", !(cond))
#define EXPECT_STREQ(got, want) \
	ktest_check_str(__FILE__, __LINE__, #got, got, want)
/* got is a struct trap; the numbers are printed with their mnemonics. */
#define EXPECT_TRAP(got, want) \
	ktest_check_trap(__FILE__, __LINE__, #got, (got).nr, want)

/* A reason beside the next failure or measurement: one "# ..." line. */
void ktest_note(const char *fmt, ...) __printf(1, 2);

/* The case cannot run here. The jump is an argument: SKIP(return, "why"). */
#define SKIP(jump, ...)                  \
	do {                             \
		ktest_skip(__VA_ARGS__); \
		jump;                    \
	} while (0)
void ktest_skip(const char *fmt, ...) __printf(1, 2);

/* So many threads of this case are ended by exceptions, on purpose. */
void ktest_means_crashes(u32 n);

/* And so often it sleeps, gives way, or returns, where one must not. */
void ktest_means_bugs(u32 n);

/* Did the user ask for stress? Cases that take seconds SKIP without. */
bool ktest_stress(void);

/* The run's seed, seed= or a chosen one: what a case draws comes from it. */
u64 ktest_seed(void);

/* Is the run traced? Then the rings are not a case's. */
bool ktest_tracing(void);

/* False once a check of the running case failed: for early exit of loops. */
bool ktest_ok(void);
