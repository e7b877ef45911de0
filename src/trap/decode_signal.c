// SPDX-License-Identifier: MIT
/*
 * decode_signal.c - from an exception of CPL 3 to Linux's signal. Pure.
 *
 * What a vector alone decides is in decode.c's table; here is what takes more:
 * #DB's DR6, #PF's error code and address, the causes of #MF and #XM.
 *
 * After: Linux's arch/x86/kernel/traps.c, mm/fault.c, fpu/core.c.
 */
#include <trap/decode.h>
#include <trap/signal.h>

#include <asm/processor-flags.h>
#include <lib/compiler.h>
#include <lib/format.h>

/* MXCSR's flags; x87's status word has the same. */
#define FP_INVALID   0x01
#define FP_DENORMAL  0x02
#define FP_DIVIDE    0x04
#define FP_OVERFLOW  0x08
#define FP_UNDERFLOW 0x10
#define FP_PRECISION 0x20

const char *signal_name(u32 signo)
{
	switch (signo) {
	case SIGILL:
		return "SIGILL";
	case SIGTRAP:
		return "SIGTRAP";
	case SIGBUS:
		return "SIGBUS";
	case SIGFPE:
		return "SIGFPE";
	case SIGKILL:
		return "SIGKILL";
	case SIGSEGV:
		return "SIGSEGV";
	}
	return "?";
}

const char *si_code_name(u32 signo, u32 si_code)
{
	static const struct {
		u8 signo, si_code;
		char name[14];
	} names[] = {
		{ SIGILL, ILL_ILLOPN, "ILL_ILLOPN" },
		{ SIGILL, ILL_BADSTK, "ILL_BADSTK" },
		{ SIGFPE, FPE_INTDIV, "FPE_INTDIV" },
		{ SIGFPE, FPE_FLTDIV, "FPE_FLTDIV" },
		{ SIGFPE, FPE_FLTOVF, "FPE_FLTOVF" },
		{ SIGFPE, FPE_FLTUND, "FPE_FLTUND" },
		{ SIGFPE, FPE_FLTRES, "FPE_FLTRES" },
		{ SIGFPE, FPE_FLTINV, "FPE_FLTINV" },
		{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" },
		{ SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" },
		{ SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR" },
		{ SIGSEGV, SEGV_CPERR, "SEGV_CPERR" },
		{ SIGBUS, BUS_ADRALN, "BUS_ADRALN" },
		{ SIGBUS, BUS_OBJERR, "BUS_OBJERR" },
		{ SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR" },
		{ SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT" },
		{ SIGTRAP, TRAP_TRACE, "TRAP_TRACE" },
		{ SIGTRAP, TRAP_HWBKPT, "TRAP_HWBKPT" },
	};

	if (si_code == SI_KERNEL)
		return "SI_KERNEL";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].signo == signo && names[i].si_code == si_code)
			return names[i].name;
	return "?";
}

/* get_si_code(): a step first, then a breakpoint, then INT1. */
static u32 debug_si_code(u64 dr6)
{
	if (dr6 & DR_STEP)
		return TRAP_TRACE;
	return dr6 & 0xf ? TRAP_HWBKPT : TRAP_BRKPT;
}

/* fpu__exception_code(): the first of them; a denormal is an underflow. */
static u32 fpu_si_code(u32 raised)
{
	if (raised & FP_INVALID)
		return FPE_FLTINV;
	if (raised & FP_DIVIDE)
		return FPE_FLTDIV;
	if (raised & FP_OVERFLOW)
		return FPE_FLTOVF;
	if (raised & (FP_DENORMAL | FP_UNDERFLOW))
		return FPE_FLTUND;
	return raised & FP_PRECISION ? FPE_FLTRES : 0;
}

/*
 * The kernel's half tells CPL 3 nothing: never mapped, always "protection". A
 * reserved bit is the kernel's own fault: Linux kills, whoever asked.
 */
static void page_fault_siginfo(struct kernel_siginfo *info,
			       const struct trap_facts *facts)
{
	info->si_addr = facts->cr2;
	if (facts->error_code & X86_PF_RSVD) {
		info->si_signo = SIGKILL;
		info->si_code = SI_KERNEL;
		info->si_addr = 0;
	} else if (facts->cr2 >> 63) {
		info->error_code |= X86_PF_PROT;
		info->si_code = SEGV_MAPERR;
	} else if (facts->error_code & X86_PF_PK) {
		info->si_code = SEGV_PKUERR;
	} else {
		info->si_code = facts->error_code & X86_PF_PROT ? SEGV_ACCERR
								: SEGV_MAPERR;
	}
}

struct kernel_siginfo siginfo_of(const struct trap_facts *facts)
{
	const struct trap_info *trap = trap_info(facts->nr);
	struct kernel_siginfo info = {
		.si_signo = trap->signo,
		.si_code = trap->si_code,
		.si_addr = trap->addr_is_ip ? facts->ip : 0,
		.trap_nr = facts->nr,
		.error_code = facts->error_code,
	};

	switch (facts->nr) {
	case X86_TRAP_DB:
		info.si_code = debug_si_code(facts->dr6);
		break;
	case X86_TRAP_MF:
	case X86_TRAP_XF:
		info.si_code = fpu_si_code(facts->fpu);
		break;
	case X86_TRAP_PF:
		page_fault_siginfo(&info, facts);
		break;
	}
	/* #MF, #XM that nothing explains: the instruction is run again. */
	if (!info.si_code)
		info.si_signo = 0;
	return info;
}

int decode_signal(char *buf, size_t size, u32 nr, u64 error_code, u64 dr6)
{
	const struct trap_facts facts = { .nr = nr,
					  .error_code = error_code,
					  .dr6 = dr6 };
	struct kernel_siginfo info = siginfo_of(&facts);
	const struct trap_info *trap = trap_info(nr);

	if (trap->signo && trap->note)
		return scnprintf(buf, size, "%s/%s", signal_name(trap->signo),
				 trap->note);
	if (info.si_signo)
		return scnprintf(buf, size, "%s/%s", signal_name(info.si_signo),
				 si_code_name(info.si_signo, info.si_code));
	if (trap->note)
		return scnprintf(buf, size, "none (%s)", trap->note);
	return scnprintf(buf, size, "none");
}
