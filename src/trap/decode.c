// SPDX-License-Identifier: MIT
/*
 * decode.c - the exception vectors: mnemonic, name, class, Linux's signal.
 *
 * This is the only table of vectors in words; reports, EXPECT_TRAP() and the
 * tests all read it. Pure.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference"; APM 2 "Vectors" for #HV,
 *       #VC and #SX. Signals: what Linux's arch/x86/kernel/traps.c sends when
 *       the event came from user space; SI_KERNEL where it names no code, 0
 *       where siginfo_of() must look further.
 */
#include <trap/decode.h>

#include <asm/processor-flags.h>
#include <lib/compiler.h>
#include <trap/signal.h>

/* clang-format off */
#define ROW(nr, m, n, c, ...)						\
	[nr] = { .mnemonic = m, .name = n, .class = TRAP_CLASS_##c, __VA_ARGS__ }
#define SIG(s, k)	.signo = s, .si_code = k
#define AT_IP		.addr_is_ip = true

static const struct trap_info infos[] = {
	ROW(X86_TRAP_DE, "#DE", "divide error", FAULT,
	    SIG(SIGFPE, FPE_INTDIV), AT_IP),
	ROW(X86_TRAP_DB, "#DB", "debug exception", TRAP, SIG(SIGTRAP, 0), AT_IP),
	ROW(X86_TRAP_NMI, "NMI", "non-maskable interrupt", INTERRUPT),
	ROW(X86_TRAP_BP, "#BP", "breakpoint", TRAP, SIG(SIGTRAP, SI_KERNEL)),
	ROW(X86_TRAP_OF, "#OF", "overflow", TRAP, SIG(SIGSEGV, SI_KERNEL)),
	ROW(X86_TRAP_BR, "#BR", "BOUND range exceeded", FAULT,
	    SIG(SIGSEGV, SI_KERNEL)),
	ROW(X86_TRAP_UD, "#UD", "invalid opcode", FAULT,
	    SIG(SIGILL, ILL_ILLOPN), AT_IP),
	ROW(X86_TRAP_NM, "#NM", "device not available", FAULT,
	    .note = "Linux oopses"),
	ROW(X86_TRAP_DF, "#DF", "double fault", ABORT, .note = "Linux panics"),
	ROW(X86_TRAP_OLD_MF, "OLD_MF", "coprocessor segment overrun", ABORT,
	    SIG(SIGFPE, SI_KERNEL)),
	ROW(X86_TRAP_TS, "#TS", "invalid TSS", FAULT, SIG(SIGSEGV, SI_KERNEL)),
	ROW(X86_TRAP_NP, "#NP", "segment not present", FAULT,
	    SIG(SIGBUS, SI_KERNEL)),
	ROW(X86_TRAP_SS, "#SS", "stack fault", FAULT, SIG(SIGBUS, SI_KERNEL)),
	ROW(X86_TRAP_GP, "#GP", "general protection", FAULT,
	    SIG(SIGSEGV, SI_KERNEL)),
	ROW(X86_TRAP_PF, "#PF", "page fault", FAULT, SIG(SIGSEGV, 0)),
	ROW(X86_TRAP_SPURIOUS, "RES15", "reserved vector", RESERVED),
	ROW(X86_TRAP_MF, "#MF", "x87 floating-point error", FAULT,
	    SIG(SIGFPE, 0), AT_IP, .note = "FPE_* by the x87 status word"),
	ROW(X86_TRAP_AC, "#AC", "alignment check", FAULT,
	    SIG(SIGBUS, BUS_ADRALN)),
	ROW(X86_TRAP_MC, "#MC", "machine check", ABORT,
	    SIG(SIGBUS, BUS_MCEERR_AR)),
	ROW(X86_TRAP_XF, "#XM", "SIMD floating-point exception", FAULT,
	    SIG(SIGFPE, 0), AT_IP, .note = "FPE_* by MXCSR"),
	ROW(X86_TRAP_VE, "#VE", "virtualization exception", FAULT,
	    SIG(SIGSEGV, SI_KERNEL)),
	ROW(X86_TRAP_CP, "#CP", "control protection", FAULT,
	    SIG(SIGSEGV, SEGV_CPERR)),
	/* The hypervisor raises these two between instructions. */
	ROW(X86_TRAP_HV, "#HV", "hypervisor injection", INTERRUPT),
	ROW(X86_TRAP_SX, "#SX", "security exception", INTERRUPT),
	ROW(X86_TRAP_VC, "#VC", "VMM communication", FAULT,
	    SIG(SIGBUS, BUS_OBJERR)),
	ROW(X86_TRAP_IRET, "IRET", "IRET to user failed", FAULT,
	    SIG(SIGILL, ILL_BADSTK)),
};

static const struct trap_info reserved = {
	.mnemonic = "reserved", .name = "reserved vector",
	.class = TRAP_CLASS_RESERVED,
};

static const struct trap_info interrupt = {
	.mnemonic = "interrupt", .name = "interrupt",
	.class = TRAP_CLASS_INTERRUPT,
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
