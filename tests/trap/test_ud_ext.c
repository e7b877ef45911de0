// SPDX-License-Identifier: MIT
/*
 * Extensions, asked both ways: what CPUID denies is #UD, what it declares is
 * not. The table is include/ktest/insn_ud_ext.list.h.
 *
 * Spec: SDM 2A "CPUID"; APM 3 appendix E; SDM 3A "Interrupt 6-Invalid Opcode
 *       Exception (#UD)"; APM 2 "#UD-Invalid-Opcode Exception (Vector 6)".
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <lib/string.h>

#include "ud_group.h"

#define RULE	   "SDM 3A Interrupt 6; SDM 2A CPUID"
#define RTM_ABORTS BIT(11) /* CPUID 7.0 EDX: XBEGIN only aborts */
#define XCR0_YMM   7

enum word {
	W_1C,
	W_1D,
	W_7B,
	W_7C,
	W_7D,
	W_71A,
	W_D1A,
	W_E1C,
	W_E1D,
	W_E8B,
	NR_WORDS,
};

enum kind { INT, SSE, AVX, OFF };

static const struct {
	char name[12];
	u8 kind, word, bit;
} ext[] = {
#define EXT(n, k, w, b, ...) { #n, k, w, b },
#include <ktest/insn_ud_ext.list.h>
#undef EXT
};

/* CPUID as it answers now: OSXSAVE and OSPKE change with CR4. */
static void read_words(u32 *word)
{
	const struct cpuid_regs none = { 0 };
	u32 max = cpuid_count(0, 0).eax, emax = cpuid_count(0x80000000, 0).eax;
	struct cpuid_regs one = cpuid_count(1, 0);
	struct cpuid_regs seven = max >= 7 ? cpuid_count(7, 0) : none;
	struct cpuid_regs e1 = cpuid_count(0x80000001, 0);

	word[W_1C] = one.ecx;
	word[W_1D] = one.edx;
	word[W_7B] = seven.ebx;
	word[W_7C] = seven.ecx;
	word[W_7D] = seven.edx;
	word[W_71A] = seven.eax ? cpuid_count(7, 1).eax : 0;
	word[W_D1A] = max >= 0xd ? cpuid_count(0xd, 1).eax : 0;
	word[W_E1C] = e1.ecx;
	word[W_E1D] = e1.edx;
	word[W_E8B] = emax >= 0x80000008 ? cpuid_count(0x80000008, 0).ebx : 0;
}

static bool declared(u32 i, const u32 *word)
{
	/* All of RTM is there, in a way. */
	if (ext[i].word == W_7B && ext[i].bit == 11 && word[W_7D] & RTM_ABORTS)
		return true;
	return word[ext[i].word] >> ext[i].bit & 1;
}

static u32 judge_kind(const struct ud_group *group, u32 kind, bool present)
{
	u32 word[NR_WORDS], n = 0;

	/* One list, read twice. */
	EXPECT_EQ((size_t)(group->end - group->first) / UD_SLOT,
		  ARRAY_SIZE(ext));
	read_words(word);
	memset(ud_operand, 0, sizeof(ud_operand));
	for (u32 i = 0; i < ARRAY_SIZE(ext); i++) {
		const char *slot = group->first + i * UD_SLOT;

		if (ext[i].kind != kind || declared(i, word) != present)
			continue;
		n++;
		if (present)
			ud_judge_valid(group, slot, ext[i].name);
		else
			ud_judge_slot(group, slot, ext[i].name, X86_TRAP_UD,
				      ud_operand);
	}
	return n;
}

static void denied(const struct ud_group *group, u32 kind)
{
	if (!judge_kind(group, kind, false))
		SKIP(return, "this CPU has every one on the list");
}

static void granted(const struct ud_group *group, u32 kind)
{
	if (!judge_kind(group, kind, true))
		SKIP(return, "this CPU has none on the list");
}

TEST(ud, extensions_that_cpuid_denies, RULE)
{
	denied(UD_GROUP(extension), INT);
}

TEST(ud, sse_extensions_that_cpuid_denies, RULE)
{
	denied(UD_GROUP(extension), SSE);
}

TEST(ud, avx_extensions_that_cpuid_denies, RULE)
{
	u64 xcr0;

	if (!cpu_has(X86_FEATURE_XSAVE) || !cpu_has(X86_FEATURE_AVX)) {
		denied(UD_GROUP(extension), AVX);
		return;
	}
	xcr0 = xgetbv(0);
	xsetbv(0, XCR0_YMM);
	denied(UD_GROUP(extension), AVX);
	xsetbv(0, xcr0);
}

TEST(ud, modes_that_cpuid_denies, RULE)
{
	denied(UD_GROUP(extension), OFF);
}

TEST(ud, extensions_that_cpuid_declares, RULE)
{
	granted(UD_GROUP(extension), INT);
}

TEST(ud, sse_extensions_that_cpuid_declares, RULE)
{
	granted(UD_GROUP(extension), SSE);
	fninit();
}

TEST(ud, avx_extensions_that_cpuid_declares, RULE)
{
	u64 xcr0;

	if (!cpu_has(X86_FEATURE_XSAVE) || !cpu_has(X86_FEATURE_AVX))
		SKIP(return, "this CPU has no AVX");
	xcr0 = xgetbv(0);
	xsetbv(0, XCR0_YMM);
	granted(UD_GROUP(extension), AVX);
	xsetbv(0, xcr0);
}
