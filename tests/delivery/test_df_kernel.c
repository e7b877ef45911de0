// SPDX-License-Identifier: MIT
/*
 * The double-fault table from CPL 0: a case a first event, each with every
 * second event that its delivery can raise. What is not here:
 *   #BR	without MPX needs BOUND, compatibility mode's: test_df_user.c
 *   #AC	never at CPL 0: test_df_user.c
 *   #MC	the host's to raise: test_df_mc.c
 *   #VE #VC	need a hypervisor above us
 *   #CP	CPL 3's, whose shadow stack can be on alone: test_df_cp.c
 *
 * Spec: SDM 3A "Interrupt 8-Double Fault Exception (#DF)"; APM 2 "#DF-Double-
 *       Fault Exception (Vector 8)".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>

#include "df.h"

/* A first event from CPL 0: what it is, and its instruction. */
#define K(event, vector, from, symbol, ...)               \
	(&(const struct first){ .name = event,            \
				.nr = vector,             \
				.source = from,           \
				.insn = insn_df_##symbol, \
				__VA_ARGS__ })

TEST(df, int_n_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("INT n", DL_INT, SOFTWARE, int_n));
}

TEST(df, int3_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("INT3", X86_TRAP_BP, SOFTWARE, int3));
}

TEST(df, int_4_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("INT 4", X86_TRAP_OF, SOFTWARE, int_4));
}

TEST(df, icebp_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("ICEBP", X86_TRAP_DB, ICEBP, icebp));
}

TEST(df, an_interrupt_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("an interrupt", IRQ_LOW, EXTERNAL, nop, .flags = FLAGS_IF));
}

TEST(df, an_nmi_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("NMI", X86_TRAP_NMI, NMI, nop));
}

TEST(df, a_single_step_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("#DB (step)", X86_TRAP_DB, TRAP, nop, .at = insn_df_nop + 1,
		 .flags = X86_EFLAGS_TF));
}

TEST(df, a_code_breakpoint_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("#DB (code)", X86_TRAP_DB, BREAKPOINT, nop));
}

TEST(df, a_bound_exceeded_then_a_fault_is_served_serially, DF_RULE)
{
	u64 xcr0, bndcfgs;

	if (!cpu_has(X86_FEATURE_MPX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no MPX, or no XSAVE to enable it");
	xcr0 = xgetbv(0);
	bndcfgs = rdmsr(MSR_IA32_BNDCFGS);
	xsetbv(0, xcr0 | XCR0_MPX);
	wrmsr(MSR_IA32_BNDCFGS, BNDCFG_ENABLE);
	df_row(K("#BR", X86_TRAP_BR, EXCEPTION, bnd, .at = insn_df_bnd_at,
		 .dx = PAGE_SIZE));
	wrmsr(MSR_IA32_BNDCFGS, bndcfgs);
	xsetbv(0, xcr0);
}

TEST(df, an_invalid_opcode_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("#UD", X86_TRAP_UD, EXCEPTION, ud2));
}

TEST(df, device_not_available_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("#NM", X86_TRAP_NM, EXCEPTION, fld1));
}

TEST(df, an_x87_error_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("#MF", X86_TRAP_MF, EXCEPTION, fdiv,
		 .at = insn_df_fdiv_fwait));
}

TEST(df, a_simd_exception_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(K("#XM", X86_TRAP_XF, EXCEPTION, divss, .at = insn_df_divss_at));
}

TEST(df, a_divide_error_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(K("#DE", X86_TRAP_DE, EXCEPTION, div));
}

TEST(df, an_invalid_tss_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(K("#TS", X86_TRAP_TS, SOFTWARE, int_n, .ts = true));
}

TEST(df, a_segment_not_present_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(K("#NP", X86_TRAP_NP, EXCEPTION, mov_ds,
		 .ax = __NOT_PRESENT_DS));
}

TEST(df, a_stack_fault_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(K("#SS", X86_TRAP_SS, EXCEPTION, mov_ss,
		 .ax = __NOT_PRESENT_DS));
}

TEST(df, a_general_protection_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(K("#GP", X86_TRAP_GP, EXCEPTION, load, .dx = BIT(62)));
}

/* A second #PF replaces CR2 even though it ends as #DF. */
TEST(df, a_page_fault_then_any_fault_is_double, DF_RULE)
{
	df_row(K("#PF", X86_TRAP_PF, EXCEPTION, load, .dx = ABSENT + 0x123));
}

static const u8 seconds[] = { TS_IST, NP_GATE, SS_IST, GP_TYPE, PF_STACK };
static const u8 thirds[] = { NP_GATE, GP_TYPE, GP_SELECTOR, SS_IST, PF_STACK };

TEST(df, of_three_events_the_two_later_decide, DF_RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(seconds); i++) {
		for (u32 k = 0; k < ARRAY_SIZE(thirds); k++) {
			df_chain(K("INT n", DL_INT, SOFTWARE, int_n),
				 seconds[i], thirds[k]);
			df_chain(K("#UD", X86_TRAP_UD, EXCEPTION, ud2),
				 seconds[i], thirds[k]);
		}
	}
}

/* The one pair of severe ones that is no #DF leaves a #PF: then all are. */
TEST(df, a_page_fault_served_serially_may_yet_be_double, DF_RULE)
{
	for (u32 k = 0; k < ARRAY_SIZE(thirds); k++) {
		df_chain(K("#DE", X86_TRAP_DE, EXCEPTION, div), PF_STACK,
			 thirds[k]);
		df_chain(K("#GP", X86_TRAP_GP, EXCEPTION, load, .dx = BIT(62)),
			 PF_STACK, thirds[k]);
	}
}
