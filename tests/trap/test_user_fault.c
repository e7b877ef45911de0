// SPDX-License-Identifier: MIT
/*
 * The CPL 3 half of #DE, #UD, #NM, #MF, #XM and #AC: the same causes as at
 * CPL 0 and those that only CPL 3 has, each judged with its whole frame.
 *
 * Spec: SDM 3A "Interrupt 0", "6", "7", "16", "17", "19"; SDM 2A-2D,
 * "Exceptions in 64-Bit Mode" of the instructions; APM 2 the same by vector.
 */
#include <asm/irq_vectors.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_fpu.h>
#include <ktest/insn_user_fault.h>

#include "user_page.h"

#define DE_RULE "SDM 3A Interrupt 0; SDM 2A DIV, IDIV"
#define UD_RULE "SDM 3A Interrupt 6"
#define NM_RULE "SDM 3A Interrupt 7"
#define MF_RULE "SDM 3A Interrupt 16"
#define XM_RULE "SDM 3A Interrupt 19"
#define AC_RULE "SDM 3A Interrupt 17"

struct insn {
	const char *name;
	char *at, *end;
};

#define UF(name)                                  \
	{                                         \
#name, uf_##name, uf_##name##_end \
	}

/* Its fault, at its own address, no error code but perhaps a 0. */
static const struct trap *faults(const struct insn *insn, struct pt_regs *regs,
				 u32 nr)
{
	struct place at = { __FILE__, __LINE__, insn->name };

	regs->ip = (u64)insn->at;
	return judge_user(&at, regs, WANT(nr, 0, insn->at, .fault = true));
}

/* No fault: it comes to the INT 0x80 behind. */
static const struct trap *passes(const struct insn *insn, struct pt_regs *regs)
{
	struct place at = { __FILE__, __LINE__, insn->name };

	regs->ip = (u64)insn->at;
	return judge_user(&at, regs,
			  WANT(IA32_SYSCALL_VECTOR, 0, insn->end + 2));
}

static void all_fault(const struct insn *list, size_t n, u32 nr)
{
	for (size_t i = 0; i < n; i++)
		faults(&list[i], user_regs(0), nr);
}

#define ALL_FAULT(list, nr) all_fault(list, ARRAY_SIZE(list), nr)

static const struct insn div[] = { UF(div8), UF(div16), UF(div32), UF(div64) };
static const struct insn idiv[] = { UF(idiv8), UF(idiv16), UF(idiv32),
				    UF(idiv64) };

/* hi:lo where division i looks for it, by the divisor. */
static struct pt_regs *dividend(u32 i, u64 hi, u64 lo, u64 by)
{
	struct pt_regs *regs = user_regs(0);
	u64 mask = ~0ull >> (64 - (8 << i));

	regs->ax = i ? lo & mask : (hi & mask) << 8 | (lo & mask);
	regs->dx = i ? hi & mask : 0;
	regs->di = by;
	return regs;
}

/* Nothing of the division has happened. */
static void does_not_divide(const struct insn *insn, struct pt_regs *regs)
{
	const struct trap *got = faults(insn, regs, X86_TRAP_DE);

	EXPECT_EQ(got->regs.ax, regs->ax);
	EXPECT_EQ(got->regs.dx, regs->dx);
	EXPECT_EQ(got->regs.di, regs->di);
}

TEST(de, user_division_by_zero_at_each_width, DE_RULE)
{
	for (u32 i = 0; i < 4; i++) {
		does_not_divide(&div[i], dividend(i, 0, 1, 0));
		does_not_divide(&idiv[i], dividend(i, 0, 1, 0));
	}
}

/* The largest quotient fits, one more does not: by sign. */
TEST(de, user_quotient_that_does_not_fit_at_each_width, DE_RULE)
{
	for (u32 i = 0; i < 4; i++) {
		u64 min = 1ull << ((8 << i) - 1);

		passes(&div[i], dividend(i, 0, ~0ull, 1));
		does_not_divide(&div[i], dividend(i, 1, 0, 1));
		passes(&idiv[i], dividend(i, 0, min - 1, 1));
		does_not_divide(&idiv[i], dividend(i, 0, min, 1));
		passes(&idiv[i], dividend(i, ~0ull, min, 1));
		does_not_divide(&idiv[i], dividend(i, ~0ull, min - 1, 1));
		does_not_divide(&idiv[i], dividend(i, ~0ull, min, ~0ull));
	}
}

TEST(ud, user_undefined_opcodes, UD_RULE)
{
	static const struct insn list[] = { UF(ud0), UF(ud1), UF(opcode_82) };

	ALL_FAULT(list, X86_TRAP_UD);
}

TEST(ud, user_opcodes_64_bit_mode_took_away, UD_RULE)
{
	static const struct insn list[] = {
		UF(push_es), UF(pop_ss),   UF(daa),
		UF(pusha),   UF(call_far), UF(bound)
	};

	ALL_FAULT(list, X86_TRAP_UD);
}

TEST(ud, user_aam_and_salc_are_gone, "APM 3 Invalid in 64-Bit Mode")
{
	static const struct insn list[] = { UF(aam), UF(salc) };

	ALL_FAULT(list, X86_TRAP_UD);
}

TEST(ud, user_into_is_gone, "SDM 2A INTO")
{
	static const struct insn list[] = { UF(into) };

	ALL_FAULT(list, X86_TRAP_UD);
}

TEST(ud, user_lock_where_it_does_not_belong, "SDM 2A LOCK")
{
	static const struct insn list[] = { UF(lock_reg), UF(lock_nop),
					    UF(lock_mov) };

	ALL_FAULT(list, X86_TRAP_UD);
}

/* #UD of decoding, where without LOCK it were #GP, #BP, #DB or a return. */
TEST(ud, user_lock_comes_before_privilege_and_gates,
     "SDM 2A LOCK; SDM 3A Prioritization of Concurrent Events")
{
	static const struct insn list[] = { UF(lock_hlt),    UF(lock_cli),
					    UF(lock_in),     UF(lock_rdmsr),
					    UF(lock_invlpg), UF(lock_lgdt),
					    UF(lock_int3),   UF(lock_int1),
					    UF(lock_int_n),  UF(lock_iretq) };

	ALL_FAULT(list, X86_TRAP_UD);
}

TEST(ud, user_lea_of_a_register, "SDM 2A LEA")
{
	static const struct insn list[] = { UF(lea_reg) };

	ALL_FAULT(list, X86_TRAP_UD);
}

/*
 * Should the platform look at the selector: for CS it is CPL 3's own, for what
 * does not exist one beyond every table, lest it load some other register.
 */
TEST(ud, user_mov_to_cs_and_to_no_segment_register, "SDM 2B MOV")
{
	static const struct insn cs = UF(mov_cs), none = UF(mov_sreg6);
	struct pt_regs *regs = user_regs(0);

	regs->ax = __USER_CS;
	faults(&cs, regs, X86_TRAP_UD);
	regs = user_regs(0);
	regs->ax = 0xfff8;
	faults(&none, regs, X86_TRAP_UD);
}

/* Not #GP: at CPL 3 these do not exist at all. */
TEST(ud, user_instructions_that_only_cpl_0_has, "SDM 2A CLAC, STAC; SDM 2B RSM")
{
	static const struct insn list[] = { UF(stac), UF(clac), UF(rsm) };

	ALL_FAULT(list, X86_TRAP_UD);
}

/* AMD: MonMwaitUserEn (HWCR) is 0 from reset. */
TEST(ud, user_monitor_and_mwait, "SDM 2B MONITOR, MWAIT: #UD if CPL > 0")
{
	static const struct insn list[] = { UF(monitor), UF(mwait) };

	ALL_FAULT(list, X86_TRAP_UD);
}

TEST(ud, user_virtualization_that_is_off, UD_RULE)
{
	static const struct insn list[] = { UF(vmrun), UF(vmxoff) };

	ALL_FAULT(list, X86_TRAP_UD);
}

/* One bit of CR0 or CR4 away; put back after. */
static void with_cr(u64 cr0_set, u64 cr0_clear, u64 cr4_clear,
		    const struct insn *list, size_t n, u32 nr)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	write_cr4(cr4 & ~cr4_clear);
	write_cr0((cr0 & ~cr0_clear) | cr0_set);
	for (size_t i = 0; i < n; i++) {
		if (nr == TRAP_NONE)
			passes(&list[i], user_regs(0));
		else
			faults(&list[i], user_regs(0), nr);
	}
	write_cr0(cr0);
	write_cr4(cr4);
	fninit();
}

#define WITH_CR0(set, clear, list, nr) \
	with_cr(set, clear, 0, list, ARRAY_SIZE(list), nr)
#define WITHOUT_CR4(clear, list, nr) \
	with_cr(0, 0, clear, list, ARRAY_SIZE(list), nr)

static const struct insn x87[] = { UF(fld1), UF(fnop), UF(fninit) };
static const struct insn wait[] = { UF(fwait) };
static const struct insn mmx[] = { UF(pxor) };
static const struct insn sse[] = { UF(xorps) };

TEST(ud, user_sse_with_em_or_without_osfxsr, "SDM 3A Interrupt 6")
{
	WITH_CR0(X86_CR0_EM, 0, sse, X86_TRAP_UD);
	WITHOUT_CR4(X86_CR4_OSFXSR, sse, X86_TRAP_UD);
	WITH_CR0(0, 0, sse, TRAP_NONE);
}

TEST(ud, user_extensions_that_cr4_has_off, UD_RULE)
{
	static const struct insn fsgsbase[] = { UF(rdfsbase) };
	static const struct insn xsave[] = { UF(xgetbv) };

	WITHOUT_CR4(X86_CR4_FSGSBASE, fsgsbase, X86_TRAP_UD);
	WITHOUT_CR4(X86_CR4_OSXSAVE, xsave, X86_TRAP_UD);
}

TEST(nm, user_x87_with_ts_or_em, NM_RULE)
{
	WITH_CR0(X86_CR0_TS, X86_CR0_EM, x87, X86_TRAP_NM);
	WITH_CR0(X86_CR0_EM, X86_CR0_TS, x87, X86_TRAP_NM);
	WITH_CR0(0, X86_CR0_TS | X86_CR0_EM, x87, TRAP_NONE);
}

TEST(nm, user_wait_needs_both_mp_and_ts, NM_RULE)
{
	WITH_CR0(X86_CR0_TS | X86_CR0_MP, 0, wait, X86_TRAP_NM);
	WITH_CR0(X86_CR0_TS, X86_CR0_MP, wait, TRAP_NONE);
	WITH_CR0(X86_CR0_MP, X86_CR0_TS, wait, TRAP_NONE);
}

TEST(nm, user_mmx_and_sse_with_ts, NM_RULE)
{
	WITH_CR0(X86_CR0_TS, X86_CR0_EM, mmx, X86_TRAP_NM);
	WITH_CR0(X86_CR0_TS, X86_CR0_EM, sse, X86_TRAP_NM);
	WITH_CR0(X86_CR0_EM, X86_CR0_TS, mmx, X86_TRAP_UD);
}

TEST(nm, user_em_outranks_ts_for_mmx,
     "SDM 3A Emulation of the MMX Instruction Set")
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "only the Intel manual orders EM and TS");
	WITH_CR0(X86_CR0_EM | X86_CR0_TS, 0, mmx, X86_TRAP_UD);
}

/* Pending by FLDENV, which waits for nothing; judged at the next one. */
static void pending(const char *begin, const struct insn *insn, bool raised)
{
	struct place at = { __FILE__, __LINE__, insn->name };
	struct pt_regs *regs = user_regs((u64)begin);
	u64 page = map_user_page();

	for (u32 bit = 1; page && bit <= 0x20; bit <<= 1) {
		*(struct x87_env *)page = (struct x87_env){ .fcw = 0x37f & ~bit,
							    .fsw = 0x8080 | bit,
							    .ftw = 0xffff };
		regs->di = USER_VA;
		if (raised)
			judge_user(
				&at, regs,
				WANT(X86_TRAP_MF, 0, insn->at, .fault = true));
		else
			judge_user(&at, regs,
				   WANT(IA32_SYSCALL_VECTOR, 0, insn->end + 2));
		fninit();
	}
	unmap_user_page(page);
}

TEST(mf, user_fwait_raises_each_unmasked_cause, MF_RULE)
{
	static const struct insn insn = UF(after_fldenv);

	pending(uf_fldenv_fwait, &insn, true);
}

TEST(mf, user_x87_instruction_raises_each_unmasked_cause, MF_RULE)
{
	static const struct insn insn = UF(fld1_after_fldenv);

	pending(uf_fldenv_fld1, &insn, true);
}

TEST(mf, user_mmx_instruction_raises_each_unmasked_cause, MF_RULE)
{
	static const struct insn insn = UF(pxor_after_fldenv);

	pending(uf_fldenv_pxor, &insn, true);
}

TEST(mf, user_instruction_that_does_not_wait_raises_none, MF_RULE)
{
	static const struct insn insn = UF(fnstsw_after_fldenv);

	pending(uf_fldenv_fnstsw, &insn, false);
}

/* Each cause unmasked alone: raised, or with OSXMMEXCPT 0 #UD. */
static void sse_causes(u32 nr)
{
	static const struct {
		char *begin;
		struct insn insn;
		u32 bit, a, b;
	} cause[] = {
		{ uf_sse_sqrtss, UF(sqrtss), 0, 0, 0xbf800000 },
		{ uf_sse_mulss, UF(mulss), 1, 1, 0x3f800000 },
		{ uf_sse_divss, UF(divss), 2, 0x3f800000, 0 },
		{ uf_sse_mulss, UF(mulss), 3, 0x7f000000, 0x7f000000 },
		{ uf_sse_mulss, UF(mulss), 4, 0x00800000, 0x00800000 },
		{ uf_sse_divss, UF(divss), 5, 0x3f800000, 0x40400000 },
	};
	u64 page = map_user_page();

	for (u32 i = 0; page && i < ARRAY_SIZE(cause); i++) {
		struct place at = { __FILE__, __LINE__, cause[i].insn.name };
		struct pt_regs *regs = user_regs((u64)cause[i].begin);

		*(struct user_sse *)page = (struct user_sse){
			.mxcsr = 0x1f80 & ~(u32)BIT(cause[i].bit + 7),
			.a = cause[i].a,
			.b = cause[i].b,
		};
		regs->di = USER_VA;
		judge_user(&at, regs,
			   WANT(nr, 0, cause[i].insn.at, .fault = true));
	}
	insn_ldmxcsr(&(struct sse_op){ .mxcsr = 0x1f80 });
	unmap_user_page(page);
}

TEST(xm, user_each_cause_that_is_not_masked_is_a_fault, XM_RULE)
{
	sse_causes(X86_TRAP_XF);
}

TEST(xm, user_without_osxmmexcpt_it_is_an_invalid_opcode, XM_RULE)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~(u64)X86_CR4_OSXMMEXCPT);
	sse_causes(X86_TRAP_UD);
	write_cr4(cr4);
}

/* An access of so many bytes; by RSP where it is the stack's. */
struct access {
	struct insn insn;
	u32 bytes;
	bool stack;
};

static const struct access by_address[] = {
	{ UF(load2), 2, false },  { UF(load4), 4, false },
	{ UF(load8), 8, false },  { UF(store2), 2, false },
	{ UF(store4), 4, false }, { UF(store8), 8, false },
	{ UF(rmw8), 8, false },
};

static const struct access by_stack[] = {
	{ UF(push), 8, true },
	{ UF(pop), 8, true },
	{ UF(load_rsp), 8, true },
};

static void access_at(const struct access *a, u64 offset, bool faulty)
{
	struct pt_regs *regs = user_regs((u64)a->insn.at);

	regs->flags |= X86_EFLAGS_AC;
	regs->di = USER_VA + 0x100 + offset;
	if (a->stack)
		regs->sp = regs->di;
	if (faulty)
		faults(&a->insn, regs, X86_TRAP_AC);
	else /* not passes(): PUSH and POP change RSP */
		EXPECT_EQ(catch_user(regs).nr, IA32_SYSCALL_VECTOR);
}

/* At each misalignment below its size, or at none. */
static void alignments(const struct access *list, size_t n, bool misaligned)
{
	u64 page = map_user_page();

	for (size_t i = 0; page && i < n; i++) {
		u32 size = list[i].bytes;

		for (u64 off = misaligned; off < (misaligned ? size : 1); off++)
			access_at(&list[i], off, misaligned);
	}
	unmap_user_page(page);
}

TEST(ac, user_every_misalignment_of_every_size, AC_RULE)
{
	alignments(by_address, ARRAY_SIZE(by_address), true);
}

TEST(ac, user_push_and_pop_on_a_misaligned_stack, AC_RULE)
{
	alignments(by_stack, ARRAY_SIZE(by_stack), true);
}

TEST(ac, user_aligned_accesses_of_every_size, AC_RULE)
{
	alignments(by_address, ARRAY_SIZE(by_address), false);
	alignments(by_stack, ARRAY_SIZE(by_stack), false);
}

/* What the CPU pushes on entry is CPL 0's, wherever the user's RSP points. */
TEST(ac, an_event_on_a_misaligned_user_stack_is_none, AC_RULE)
{
	struct pt_regs *regs = user_regs((u64)uf_nop);

	regs->flags |= X86_EFLAGS_AC;
	regs->sp = USER_SP + 3;
	judge_user(PLACE("int $0x80"), regs,
		   WANT(IA32_SYSCALL_VECTOR, 0, uf_nop_end + 2));
}

TEST(ac, user_bytes_are_always_aligned, AC_RULE)
{
	static const struct access byte[] = { { UF(load1), 1, false },
					      { UF(store1), 1, false } };
	u64 page = map_user_page();

	for (u32 i = 0; page && i < ARRAY_SIZE(byte); i++)
		for (u64 off = 0; off < 8; off++)
			access_at(&byte[i], off, false);
	unmap_user_page(page);
}
