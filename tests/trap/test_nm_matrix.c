// SPDX-License-Identifier: MIT
/*
 * #NM and #UD by CR0.EM, MP and TS: all eight combinations, for each class of
 * instruction that looks at them.
 *
 * Spec: SDM 3A "Interrupt 7-Device Not Available Exception (#NM)", table
 *       "Action Taken By x87 FPU Instructions for Different Combinations of
 *       EM, MP, and TS", "Control Registers", CR0.EM, CR0.TS; APM 2 "CR0
 *       Register", "#NM-Device-Not-Available Exception (Vector 7)".
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_fpu.h>
#include <ktest/insn_seg.h>
#include <ktest/insn_ud.h>

#include "judge.h"

#define RULE "SDM 3A Interrupt 7; APM 2 CR0 Register"
#define BITS ((u64)(X86_CR0_EM | X86_CR0_MP | X86_CR0_TS))

static u8 area[1024] __aligned(64);

/* What one combination makes of an instruction; want2 is as good. */
struct outcome {
	u32 want, want2;
};

static void combination(const struct place *at, void (*fn)(void *), u64 bits,
			struct outcome o)
{
	u64 cr0 = read_cr0();
	u32 want = o.want;

	write_cr0((cr0 & ~BITS) | bits);
	if (o.want2 != o.want && catch_trap(fn, area).nr == o.want2)
		want = o.want2;
	judge(at, fn, area, WANT(want, 0, fn, .fault = true));
	write_cr0(cr0);
	fninit();
}

typedef struct outcome (*rule_fn)(bool em, bool mp, bool ts);

static void all_combinations(const struct place *at, void (*fn)(void *),
			     rule_fn rule)
{
	for (u32 i = 0; i < 8; i++) {
		bool em = i & 1, mp = i & 2, ts = i & 4;
		u64 bits = (em ? X86_CR0_EM : 0) | (mp ? X86_CR0_MP : 0) |
			   (ts ? X86_CR0_TS : 0);

		combination(at, fn, bits, rule(em, mp, ts));
		if (!ktest_ok()) {
			ktest_note("EM %d, MP %d, TS %d", em, mp, ts);
			return;
		}
	}
}

#define ALL(fn, rule) all_combinations(PLACE(#fn), fn, rule)

static struct outcome always(u32 nr)
{
	return (struct outcome){ nr, nr };
}

static struct outcome x87(bool em, bool mp, bool ts)
{
	return always(em || ts ? X86_TRAP_NM : TRAP_NONE);
}

static struct outcome wait(bool em, bool mp, bool ts)
{
	return always(mp && ts ? X86_TRAP_NM : TRAP_NONE);
}

/* With both, either: test_nm.c judges the order, where a manual gives one. */
static struct outcome simd(bool em, bool mp, bool ts)
{
	struct outcome o = always(em   ? X86_TRAP_UD
				  : ts ? X86_TRAP_NM
				       : TRAP_NONE);

	if (em && ts)
		o.want2 = X86_TRAP_NM;
	return o;
}

TEST(nm, every_combination_for_x87, RULE)
{
	ALL(insn_fld1, x87);
	ALL(insn_fninit, x87);
	ALL(insn_fnop, x87);
}

TEST(nm, every_combination_for_wait, RULE)
{
	ALL(insn_fwait, wait);
}

TEST(nm, every_combination_for_mmx, RULE)
{
	ALL(insn_mmx, simd);
}

TEST(nm, every_combination_for_sse, RULE)
{
	ALL(insn_sse_add, simd);
}

TEST(nm, every_combination_for_fxsave, RULE)
{
	ALL(insn_fxsave, x87);
}

/* EM says nothing about either. */
static struct outcome state(bool em, bool mp, bool ts)
{
	return always(ts ? X86_TRAP_NM : TRAP_NONE);
}

TEST(nm, every_combination_for_xsave, RULE)
{
	if (!cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no XSAVE");
	ALL(insn_xsave_to, state);
}

/* What EM does is the next case's. */
static struct outcome avx(bool em, bool mp, bool ts)
{
	struct outcome o = state(em, mp, ts);

	if (em)
		o.want2 = X86_TRAP_UD;
	return o;
}

#define VADDPS ((void (*)(void *))insn_ud_vex_valid)

TEST(nm, every_combination_for_avx, RULE)
{
	u64 xcr0;

	if (!cpu_has(X86_FEATURE_AVX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no AVX");
	xcr0 = xgetbv(0);
	xsetbv(0, 7);
	ALL(VADDPS, avx);
	xsetbv(0, xcr0);
}

/* Only legacy SSE has EM among the causes of #UD. */
TEST(nm, avx_does_not_look_at_em, RULE "; SDM 2A Exceptions Type 2")
{
	u64 xcr0;

	if (!cpu_has(X86_FEATURE_AVX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no AVX");
	xcr0 = xgetbv(0);
	xsetbv(0, 7);
	combination(PLACE("VADDPS"), VADDPS, X86_CR0_EM, always(TRAP_NONE));
	xsetbv(0, xcr0);
}
