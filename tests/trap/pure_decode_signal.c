// SPDX-License-Identifier: MIT
/*
 * The mapping from an exception's facts to Linux's siginfo; pure_decode.c has
 * the texts.
 */
#include <asm/processor-flags.h>
#include <ktest/ktest.h>
#include <trap/decode.h>
#include <trap/signal.h>

#define FPU_RULE "Linux arch/x86/kernel/fpu/core.c: fpu__exception_code"
#define PF_RULE	 "Linux arch/x86/mm/fault.c: do_user_addr_fault"

/* All 64 sets of causes: the first in this order names the code. */
TEST(decode, fpu_causes_are_asked_in_linuxs_order, FPU_RULE)
{
	static const struct {
		u32 bits, si_code;
	} order[] = { { 0x01, FPE_FLTINV },
		      { 0x04, FPE_FLTDIV },
		      { 0x08, FPE_FLTOVF },
		      { 0x12, FPE_FLTUND },
		      { 0x20, FPE_FLTRES } };

	for (u32 fpu = 0; fpu < 64; fpu++) {
		const struct trap_facts mf = { .nr = X86_TRAP_MF, .fpu = fpu };
		const struct trap_facts xf = { .nr = X86_TRAP_XF, .fpu = fpu };
		u32 want = 0;

		for (u32 i = 0; i < ARRAY_SIZE(order) && !want; i++)
			if (fpu & order[i].bits)
				want = order[i].si_code;
		EXPECT_EQ(siginfo_of(&mf).si_code, want);
		EXPECT_EQ(siginfo_of(&xf).si_code, want);
		EXPECT_EQ(siginfo_of(&mf).si_signo, want ? SIGFPE : 0);
	}
}

static struct kernel_siginfo pf(u64 error_code, u64 cr2)
{
	const struct trap_facts facts = { .nr = X86_TRAP_PF,
					  .error_code = error_code,
					  .ip = 0x400000,
					  .cr2 = cr2 };

	return siginfo_of(&facts);
}

TEST(decode, page_fault_signals_look_at_the_address, PF_RULE)
{
	EXPECT_EQ(pf(X86_PF_USER, 0x1000).si_code, SEGV_MAPERR);
	EXPECT_EQ(pf(X86_PF_USER | X86_PF_PROT, 0x1000).si_code, SEGV_ACCERR);
	EXPECT_EQ(pf(X86_PF_USER | X86_PF_PROT, 0x1000).si_addr, 0x1000);
	EXPECT_EQ(pf(X86_PF_USER | X86_PF_PROT, 1ull << 63).si_code,
		  SEGV_MAPERR);
	EXPECT_EQ(pf(X86_PF_USER, 1ull << 63).error_code,
		  X86_PF_USER | X86_PF_PROT);
	EXPECT_EQ(pf(X86_PF_USER, ~0ull >> 1).error_code, X86_PF_USER);
	EXPECT_EQ(pf(X86_PF_USER | X86_PF_PROT | X86_PF_RSVD, 0x1000).si_signo,
		  SIGKILL);
}

TEST(decode, si_addr_is_rip_for_five_vectors,
     "Linux arch/x86/kernel/traps.c: error_get_trap_addr")
{
	for (u32 nr = 0; nr < 33; nr++) {
		const struct trap_facts facts = {
			.nr = nr, .ip = 0x400000, .dr6 = DR_STEP, .fpu = 1
		};
		bool at_ip = nr == X86_TRAP_DE || nr == X86_TRAP_DB ||
			     nr == X86_TRAP_UD || nr == X86_TRAP_MF ||
			     nr == X86_TRAP_XF;

		EXPECT_EQ(siginfo_of(&facts).si_addr, at_ip ? 0x400000 : 0);
		EXPECT_EQ(siginfo_of(&facts).trap_nr, nr);
	}
}

/* What can be sent has a name, and no other pair has. */
TEST(decode, signals_and_codes_have_names,
     "Linux include/uapi/asm-generic/siginfo.h")
{
	EXPECT_STREQ(signal_name(SIGKILL), "SIGKILL");
	EXPECT_STREQ(signal_name(1), "?");
	EXPECT_STREQ(si_code_name(SIGSEGV, SEGV_ACCERR), "SEGV_ACCERR");
	EXPECT_STREQ(si_code_name(SIGFPE, FPE_FLTRES), "FPE_FLTRES");
	EXPECT_STREQ(si_code_name(SIGBUS, SI_KERNEL), "SI_KERNEL");
	EXPECT_STREQ(si_code_name(SIGILL, FPE_INTDIV), "?");
}
