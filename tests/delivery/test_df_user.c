// SPDX-License-Identifier: MIT
/*
 * The double-fault table from CPL 3, and from 32-bit code there, which alone
 * has INTO and BOUND. RSP0 itself may be what is bad. #TS is an event of
 * delivery: INT n's here too.
 *
 * Spec: SDM 3A "Interrupt 8-Double Fault Exception (#DF)"; APM 2 "#DF-Double-
 *       Fault Exception (Vector 8)".
 */
#include "df.h"

#define NP_SEL (__NOT_PRESENT_DS | 3)

#define FIRST(event, vector, from, symbol, ...)           \
	(&(const struct first){ .name = event,            \
				.nr = vector,             \
				.source = from,           \
				.user = true,             \
				.insn = insn_df_##symbol, \
				__VA_ARGS__ })
#define U(event, vector, from, symbol, ...) \
	FIRST(event, vector, from, u_##symbol, __VA_ARGS__)

TEST(df, user_int_n_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("INT n", DL_INT, SOFTWARE, int_n));
}

TEST(df, user_int3_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("INT3", X86_TRAP_BP, SOFTWARE, int3));
}

TEST(df, user_int_4_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("INT 4", X86_TRAP_OF, SOFTWARE, int_4));
}

TEST(df, user_into_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(FIRST("INTO", X86_TRAP_OF, SOFTWARE, u32_into, .compat = true,
		     .flags = X86_EFLAGS_OF));
}

TEST(df, user_bound_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(FIRST("#BR", X86_TRAP_BR, EXCEPTION, u32_bound, .compat = true,
		     .dx = (u64)insn_df_u32_bounds));
}

TEST(df, user_icebp_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("ICEBP", X86_TRAP_DB, ICEBP, icebp));
}

TEST(df, user_interrupt_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("an interrupt", IRQ_LOW, EXTERNAL, nop, .flags = FLAGS_IF));
}

TEST(df, user_nmi_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("NMI", X86_TRAP_NMI, NMI, nop));
}

TEST(df, user_single_step_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("#DB (step)", X86_TRAP_DB, TRAP, nop, .at = insn_df_u_nop + 1,
		 .flags = X86_EFLAGS_TF));
}

TEST(df, user_code_breakpoint_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("#DB (code)", X86_TRAP_DB, BREAKPOINT, nop));
}

TEST(df, user_invalid_opcode_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("#UD", X86_TRAP_UD, EXCEPTION, ud2));
}

TEST(df, user_device_not_available_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("#NM", X86_TRAP_NM, EXCEPTION, fld1));
}

TEST(df, user_x87_error_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("#MF", X86_TRAP_MF, EXCEPTION, fdiv,
		 .at = insn_df_u_fdiv_fwait));
}

TEST(df, user_simd_exception_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("#XM", X86_TRAP_XF, EXCEPTION, divss,
		 .at = insn_df_u_divss_at));
}

TEST(df, user_alignment_check_then_a_fault_is_served_serially, DF_RULE)
{
	df_row(U("#AC", X86_TRAP_AC, EXCEPTION, load,
		 .dx = (u64)insn_df_u_load + 1, .flags = X86_EFLAGS_AC));
}

TEST(df, user_divide_error_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(U("#DE", X86_TRAP_DE, EXCEPTION, div));
}

TEST(df, user_invalid_tss_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(U("#TS", X86_TRAP_TS, SOFTWARE, int_n, .ts = true));
}

TEST(df, user_segment_not_present_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(U("#NP", X86_TRAP_NP, EXCEPTION, mov_ds, .ax = NP_SEL));
}

TEST(df, user_stack_fault_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(U("#SS", X86_TRAP_SS, EXCEPTION, mov_ss, .ax = NP_SEL));
}

TEST(df, user_general_protection_then_any_but_a_page_fault_is_double, DF_RULE)
{
	df_row(U("#GP", X86_TRAP_GP, EXCEPTION, load, .dx = BIT(62)));
}

TEST(df, user_page_fault_then_any_fault_is_double, DF_RULE)
{
	df_row(U("#PF", X86_TRAP_PF, EXCEPTION, load, .dx = ABSENT + 0x123));
}
