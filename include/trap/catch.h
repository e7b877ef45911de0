/* SPDX-License-Identifier: MIT */
/*
 * catch.h - run code that is meant to fault, and get the fault as a value.
 *
 *	struct trap got = catch_trap(insn_ud2, NULL);
 *	EXPECT_TRAP(got, X86_TRAP_UD);
 */
#pragma once

#include <asm/ptrace.h>
#include <asm/trapnr.h>
#include <cpu/stacks.h>
#include <trap/signal.h>

struct trap {
	u32 nr;		/* vector, X86_TRAP_IRET, or TRAP_NONE: fn returned */
	u64 error_code; /* 0 for vectors without one */
	u64 ip, cs, flags, sp, ss;
	u64 cr2;	   /* as of entry */
	u64 dr6;	   /* as of entry, #DB only */
	u64 handler_flags; /* RFLAGS inside the handler */
	/* Its RSP where the CPU began to push; NMI: the copy's end, nmi.S */
	u64 handler_sp;
	enum stack_kind stack;	    /* the handler's stack */
	struct kernel_siginfo info; /* of CPL 3, as Linux; else si_signo 0 */
	struct pt_regs regs;	    /* everything the event interrupted */
};

/*
 * Call fn(arg); the first exception in it ends it and is returned. Its
 * registers, RFLAGS and stack pointer are put back as before the call, NMIs
 * are unblocked. An exception of an interrupt handler is not fn's and is not
 * caught. Nests. Task context, any IF.
 */
struct trap catch_trap(void (*fn)(void *), void *arg);

/*
 * Enter CPL 3 with regs (CS, SS, RFLAGS as given) and return the event that
 * brought it back: int $0x80 (nr 0x80), SYSCALL (nr TRAP_SYSCALL) or an
 * exception. Same contexts.
 */
struct trap catch_user(const struct pt_regs *regs);

/*
 * The same by SYSRET, so that RCX and R11 are RIP and RFLAGS there. CS and SS
 * are __USER_CS and __USER_DS, RF and TF are 0, RIP is canonical.
 */
struct trap catch_user_sysret(const struct pt_regs *regs);

/*
 * The runner's link of the chain: an exception that reaches a GUARD is
 * unexpected; it is reported in full and fails the case.
 */
enum catch_kind { CATCH_VALUE, CATCH_GUARD };

struct catch_frame {
	u64 bx, bp, r12, r13, r14, r15, sp, ip, flags; /* catch.S */
	struct catch_frame *outer;
	enum catch_kind kind;
	u32 preempt_count;
	struct pt_regs *irq_regs;
	struct trap trap; /* filled when caught; nr TRAP_NONE before */
};

/* Returns false if fn(arg) returned, true if frame caught something. */
bool catch_run(struct catch_frame *frame, enum catch_kind kind,
	       void (*fn)(void *), void *arg);

/* What an entry knows beside pt_regs. */
struct trap_event {
	u32 nr;
	u64 cr2, dr6;
};

/*
 * Offer the event to this CPU's innermost frame; true if regs now resume in
 * its catch_run(). Called by trap_dispatch(). catch_guard() goes straight to
 * the guard: the watchdog breaking a hang.
 */
bool catch_value(struct pt_regs *regs, const struct trap_event *event);
bool catch_guard(struct pt_regs *regs, const struct trap_event *event);

/*
 * What a guard ends leaves a dead stack below sp: called before it is used
 * again, so that no list leads there. sched/ fills it. IF=0, any context.
 */
extern void (*abandon_stack_hook)(u64 sp);
