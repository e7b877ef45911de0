/* SPDX-License-Identifier: MIT */
/*
 * signal.h - a fault of CPL 3 as Linux would deliver it: which signal, with
 * which siginfo, and a case's own handler for it.
 *
 * Numbers: Linux's include/uapi/asm-generic/signal.h and siginfo.h. No frame
 * is pushed on the user's stack: a struct stands for it, and the handler, which
 * runs at CPL 0, edits pt_regs as sigreturn would load them.
 */
#pragma once

#include <asm/ptrace.h>

/* clang-format off */
#define SIGILL		4
#define SIGTRAP		5
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGSEGV		11
#define NSIG		32

#define SI_KERNEL	0x80	/* no code of the signal's own */
#define ILL_ILLOPN	2
#define ILL_BADSTK	8
#define FPE_INTDIV	1
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define SEGV_PKUERR	4
#define SEGV_CPERR	10
#define BUS_ADRALN	1
#define BUS_OBJERR	3
#define BUS_MCEERR_AR	4
#define TRAP_BRKPT	1
#define TRAP_TRACE	2
#define TRAP_HWBKPT	4
/* clang-format on */

/* What the mapping from exception to signal looks at. */
struct trap_facts {
	u32 nr;
	u64 error_code, ip, cr2, dr6;
	u32 fpu; /* #MF, #XM: raised and not masked, bits as in MXCSR[5:0] */
};

struct kernel_siginfo {
	u32 si_signo; /* 0: Linux sends none */
	u32 si_code;
	u64 si_addr;
	/* Linux's thread.trap_nr and error_code, which the frame shows. */
	u32 trap_nr;
	u64 error_code;
};

/* The signal Linux would send for an exception of CPL 3. Pure. */
struct kernel_siginfo siginfo_of(const struct trap_facts *facts);

/* "SIGSEGV"; "SEGV_MAPERR", "SI_KERNEL"; "?" for what has no name. Pure. */
const char *signal_name(u32 signo);
const char *si_code_name(u32 signo, u32 si_code);

struct trap_event;

/* siginfo_of() for an event that has just come, si_signo 0 at CPL 0. */
struct kernel_siginfo event_siginfo(const struct pt_regs *regs,
				    const struct trap_event *event);

/*
 * A case's handler for a signal. Runs at CPL 0, IF=0, on the entry stack; may
 * edit regs. True: back to CPL 3 with regs as they are now, as sigreturn.
 * False: the event goes on to the innermost catch frame.
 */
typedef bool (*signal_fn)(const struct kernel_siginfo *info,
			  struct pt_regs *regs, void *data);

/* Install fn for signo, NULL to remove. 0 or -EINVAL. */
int signal_handler(u32 signo, signal_fn fn, void *data);

/* Remove every handler; the runner does so after each case. */
void signal_handlers_clear(void);

/* Offer the event to its handler; true if CPL 3 goes on. trap_dispatch(). */
bool deliver_signal(struct pt_regs *regs, const struct trap_event *event);
