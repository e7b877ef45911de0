// SPDX-License-Identifier: MIT
/*
 * decode.c - the exception vectors: mnemonic, name, class, Linux's signal.
 *
 * This is the only table of vectors in words; reports, EXPECT_TRAP() and the
 * tests all read it. Pure.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference"; APM 2 "Vectors" for #HV,
 *       #VC and #SX. Signals: what Linux's arch/x86/kernel/traps.c sends when
 *       the event came from user space; SI_KERNEL where it names no code.
 */
#include <trap/decode.h>

#include <asm/processor-flags.h>
#include <lib/compiler.h>
#include <lib/format.h>

/* clang-format off */
#define ROW(nr, m, n, c, s, k)						\
	[nr] = { .mnemonic = m, .name = n, .class = TRAP_CLASS_##c,	\
		 .signal = s, .code = k }

static const struct trap_info infos[] = {
	ROW(X86_TRAP_DE, "#DE", "divide error", FAULT, "SIGFPE", "FPE_INTDIV"),
	ROW(X86_TRAP_DB, "#DB", "debug exception", TRAP, "SIGTRAP", ""),
	ROW(X86_TRAP_NMI, "NMI", "non-maskable interrupt", INTERRUPT, "", ""),
	ROW(X86_TRAP_BP, "#BP", "breakpoint", TRAP, "SIGTRAP", "SI_KERNEL"),
	ROW(X86_TRAP_OF, "#OF", "overflow", TRAP, "SIGSEGV", "SI_KERNEL"),
	ROW(X86_TRAP_BR, "#BR", "BOUND range exceeded", FAULT,
	    "SIGSEGV", "SI_KERNEL"),
	ROW(X86_TRAP_UD, "#UD", "invalid opcode", FAULT,
	    "SIGILL", "ILL_ILLOPN"),
	ROW(X86_TRAP_NM, "#NM", "device not available", FAULT,
	    "", "Linux oopses"),
	ROW(X86_TRAP_DF, "#DF", "double fault", ABORT, "", "Linux panics"),
	ROW(X86_TRAP_OLD_MF, "OLD_MF", "coprocessor segment overrun", ABORT,
	    "SIGFPE", "SI_KERNEL"),
	ROW(X86_TRAP_TS, "#TS", "invalid TSS", FAULT, "SIGSEGV", "SI_KERNEL"),
	ROW(X86_TRAP_NP, "#NP", "segment not present", FAULT,
	    "SIGBUS", "SI_KERNEL"),
	ROW(X86_TRAP_SS, "#SS", "stack fault", FAULT, "SIGBUS", "SI_KERNEL"),
	ROW(X86_TRAP_GP, "#GP", "general protection", FAULT,
	    "SIGSEGV", "SI_KERNEL"),
	ROW(X86_TRAP_PF, "#PF", "page fault", FAULT, "SIGSEGV", ""),
	ROW(X86_TRAP_SPURIOUS, "RES15", "reserved vector", RESERVED, "", ""),
	ROW(X86_TRAP_MF, "#MF", "x87 floating-point error", FAULT,
	    "SIGFPE", "FPE_* by the x87 status word"),
	ROW(X86_TRAP_AC, "#AC", "alignment check", FAULT,
	    "SIGBUS", "BUS_ADRALN"),
	ROW(X86_TRAP_MC, "#MC", "machine check", ABORT,
	    "SIGBUS", "BUS_MCEERR_AR"),
	ROW(X86_TRAP_XF, "#XM", "SIMD floating-point exception", FAULT,
	    "SIGFPE", "FPE_* by MXCSR"),
	ROW(X86_TRAP_VE, "#VE", "virtualization exception", FAULT,
	    "SIGSEGV", "SI_KERNEL"),
	ROW(X86_TRAP_CP, "#CP", "control protection", FAULT,
	    "SIGSEGV", "SEGV_CPERR"),
	/* The hypervisor raises these two between instructions. */
	ROW(X86_TRAP_HV, "#HV", "hypervisor injection", INTERRUPT, "", ""),
	ROW(X86_TRAP_SX, "#SX", "security exception", INTERRUPT, "", ""),
	ROW(X86_TRAP_VC, "#VC", "VMM communication", FAULT,
	    "SIGBUS", "BUS_OBJERR"),
	ROW(X86_TRAP_IRET, "IRET", "IRET to user failed", FAULT,
	    "SIGILL", "ILL_BADSTK"),
};

static const struct trap_info reserved = {
	.mnemonic = "reserved", .name = "reserved vector",
	.class = TRAP_CLASS_RESERVED, .signal = "", .code = "",
};

static const struct trap_info interrupt = {
	.mnemonic = "interrupt", .name = "interrupt",
	.class = TRAP_CLASS_INTERRUPT, .signal = "", .code = "",
};
/* clang-format on */

const struct trap_info *trap_info(u32 nr)
{
	if (nr < ARRAY_SIZE(infos) && infos[nr].mnemonic)
		return &infos[nr];
	return nr < NR_EXCEPTIONS ? &reserved : &interrupt;
}

const char *trap_class_name(enum trap_class class)
{
	switch (class) {
	case TRAP_CLASS_FAULT:
		return "fault";
	case TRAP_CLASS_TRAP:
		return "trap";
	case TRAP_CLASS_ABORT:
		return "abort";
	case TRAP_CLASS_INTERRUPT:
		return "interrupt";
	case TRAP_CLASS_RESERVED:
		break;
	}
	return "reserved";
}

/*
 * DR6 names the breakpoint that matched, DR7 of what kind it is; only one on
 * an instruction (R/W = 0) or general detect (BD) is a fault.
 */
enum trap_class debug_class(u64 dr6, u64 dr7)
{
	u32 n;

	if (dr6 & DR_BD)
		return TRAP_CLASS_FAULT;
	for (n = 0; n < 4; n++)
		if (dr6 & (DR_TRAP0 << n) && !(dr7 & DR7_RW(n, 3)))
			return TRAP_CLASS_FAULT;
	return TRAP_CLASS_TRAP;
}

enum trap_class trap_class_of(u32 nr, u64 dr6)
{
	/* Without DR7 a breakpoint is taken for one on data. */
	if (nr == X86_TRAP_DB)
		return debug_class(dr6, ~0ull);
	return trap_info(nr)->class;
}

/* A bad table is the kernel's own fault: Linux kills, whoever asked. */
static int decode_pf_signal(char *buf, size_t size, u64 error_code)
{
	const char *code = "SEGV_MAPERR";

	if (error_code & X86_PF_RSVD)
		return scnprintf(buf, size, "SIGKILL/SI_KERNEL");
	if (error_code & X86_PF_PK)
		code = "SEGV_PKUERR";
	else if (error_code & X86_PF_PROT)
		code = "SEGV_ACCERR";
	return scnprintf(buf, size, "SIGSEGV/%s", code);
}

/* Linux's get_si_code(): a step first, then a breakpoint, then INT1. */
static int decode_db_signal(char *buf, size_t size, u64 dr6)
{
	const char *code = "TRAP_BRKPT";

	if (dr6 & DR_STEP)
		code = "TRAP_TRACE";
	else if (dr6 & 0xf)
		code = "TRAP_HWBKPT";
	return scnprintf(buf, size, "SIGTRAP/%s", code);
}

int decode_signal(char *buf, size_t size, u32 nr, u64 error_code, u64 dr6)
{
	const struct trap_info *info = trap_info(nr);

	if (nr == X86_TRAP_PF)
		return decode_pf_signal(buf, size, error_code);
	if (nr == X86_TRAP_DB)
		return decode_db_signal(buf, size, dr6);
	if (*info->signal)
		return scnprintf(buf, size, "%s/%s", info->signal, info->code);
	if (*info->code)
		return scnprintf(buf, size, "none (%s)", info->code);
	return scnprintf(buf, size, "none");
}
