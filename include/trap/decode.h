/* SPDX-License-Identifier: MIT */
/*
 * decode.h - an exception in words. Pure: numbers in, text out.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference", "Error Code".
 */
#pragma once

#include <asm/ptrace.h>
#include <asm/trapnr.h>

enum trap_class {
	TRAP_CLASS_FAULT,     /* RIP is the instruction: restartable */
	TRAP_CLASS_TRAP,      /* RIP is the next instruction */
	TRAP_CLASS_ABORT,     /* RIP is not to be relied on */
	TRAP_CLASS_INTERRUPT, /* NMI and external */
	TRAP_CLASS_RESERVED,
};

struct trap_info {
	const char *mnemonic; /* "#PF" */
	const char *name;     /* "page fault" */
	enum trap_class class;
	/* What Linux would send CPL 3: 0 = none; siginfo_of() has it whole. */
	u8 signo, si_code;
	bool addr_is_ip;  /* si_addr, else 0 */
	const char *note; /* in place of the code, or why none; or NULL */
};

/* Vector 0..31 and X86_TRAP_IRET; others give "interrupt". Never NULL. */
const struct trap_info *trap_info(u32 nr);
const char *trap_class_name(enum trap_class class);

static inline bool trap_has_error_code(u32 nr)
{
	return nr < 32 && ((u32)TRAP_ERROR_CODE_MASK >> nr & 1);
}

/* #DB's class depends on DR6: fault for an instruction breakpoint or BD. */
enum trap_class trap_class_of(u32 nr, u64 dr6);

/* The same for #DB alone, where DR7 is at hand: exact. */
enum trap_class debug_class(u64 dr6, u64 dr7);

/* #PF error code bits. SDM 3A figure "Page-Fault Error Code". */
/* clang-format off */
#define X86_PF_PROT	0x0001	/* 0 = not present */
#define X86_PF_WRITE	0x0002
#define X86_PF_USER	0x0004
#define X86_PF_RSVD	0x0008
#define X86_PF_INSTR	0x0010
#define X86_PF_PK	0x0020
#define X86_PF_SHSTK	0x0040
#define X86_PF_SGX	0x8000
/* clang-format on */

/*
 * Decode error_code of vector nr bit by bit into buf, e.g. "protection
 * violation, write, user" (#PF) or "GDT selector 0x28, external" (selector
 * codes; EXT, IDT, TI and the index). Returns the length.
 */
int decode_error_code(char *buf, size_t size, u32 nr, u64 error_code);

/* The signal Linux would send, e.g. "SIGSEGV/SEGV_ACCERR". */
int decode_signal(char *buf, size_t size, u32 nr, u64 error_code, u64 dr6);

/* RFLAGS as "[IF ZF PF IOPL=0]", DR6 as "[BS B0]". */
int decode_flags(char *buf, size_t size, u64 flags);
int decode_dr6(char *buf, size_t size, u64 dr6);

/*
 * Name the instruction at code (len bytes, up to 15) that raised #UD: "UD2",
 * "UD2 + KVM forced-emulation prefix", "UD1", "UD0", "LOCK on ...", "PUSH ES:
 * invalid in 64-bit mode", "RDPID: extension absent" ... "unknown opcode".
 * has(feature) says what CPUID declares.
 */
int decode_ud(char *buf, size_t size, const u8 *code, size_t len,
	      bool (*has)(u32 feature));
