// SPDX-License-Identifier: MIT
/*
 * The double-fault table with #CP first, which is contributory. It comes from
 * CPL 3, whose shadow stack alone is on: S_CET stays 0. As the second event it
 * cannot be made: a delivery's own troubles with a shadow stack are #GP(0) and
 * #PF, and a handler that lacks its ENDBR64 has been entered already.
 *
 * Spec: SDM 3A "Interrupt 8-Double Fault Exception (#DF)", table "Interrupt
 *       and Exception Classes"; "Interrupt 21-Control Protection Exception
 *       (#CP)"; SDM 2A "INT n" "Operation"; SDM 2B "RSTORSSP".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_cet.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "df.h"

/* Read-only and dirty: a shadow stack's page. */
#define PAGE_USER_SHSTK (PAGE_USER_RX | _PAGE_NX)

static void begin_cet(u64 page)
{
	memset((void *)page, 0, PAGE_SIZE); /* no token */
	write_cr4(read_cr4() | X86_CR4_CET);
	wrmsr(MSR_IA32_U_CET, CET_SHSTK_EN);
	wrmsr(MSR_IA32_PL3_SSP, DL_USER_VA + PAGE_SIZE);
}

static void end_cet(void)
{
	wrmsr(MSR_IA32_U_CET, 0);
	wrmsr(MSR_IA32_PL3_SSP, 0);
	write_cr4(read_cr4() & ~(u64)X86_CR4_CET);
}

TEST(df, user_control_protection_then_any_but_a_page_fault_is_double, DF_RULE)
{
	u64 page;

	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, "this CPU has no shadow stacks");
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "a rule of the SDM alone");
	page = alloc_pages(1);
	if (EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_SHSTK),
		      0)) {
		begin_cet(page);
		df_row(&(const struct first){ .name = "#CP",
					      .nr = X86_TRAP_CP,
					      .source = EXCEPTION,
					      .user = true,
					      .insn = insn_df_u_rstorssp,
					      .dx = DL_USER_VA });
		end_cet();
		unmap_range(DL_USER_VA, PAGE_SIZE);
	}
	free_pages(page, 1);
}
