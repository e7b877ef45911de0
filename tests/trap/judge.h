/* SPDX-License-Identifier: MIT */
/*
 * judge.h - what must hold for every exception, judged at every one, so that
 * a case says only what is its own: vector, error code, saved RIP, and then
 * perhaps CR2 or DR6.
 *
 * Always judged: saved CS, SS, RSP and RFLAGS (RF set by faults alone), the
 * stack used and where the CPU began to push on it, IF, TF, NT, RF and DF in
 * the handler, GS base, preempt count; that it was taken once; CR2 is as
 * before but after #PF, and #GP (see test_judge.c), DR6 but after #DB.
 *
 * Spec: SDM 3A "Interrupt and Exception Handling", "RF - Resume flag",
 *       "64-Bit Mode Stack Frame"; APM 2 "Long-Mode Interrupt Control
 *       Transfers".
 */
#pragma once

#include <asm/pgtable.h>
#include <cpu/desc.h>
#include <ktest/ktest.h>
#include <trap/catch.h>

/* What lies above the frame that an NMI's handler sees: src/entry/nmi.S. */
#define NMI_COPY 48

/* Where in the test a check stands, for its message. */
struct place {
	const char *file;
	int line;
	const char *text;
};

#define PLACE(what) (&(const struct place){ __FILE__, __LINE__, what })

/* What a case expects of one event. */
struct want {
	u32 nr;
	u64 error_code, ip;
	bool fault;	       /* RF is set in the saved RFLAGS */
	enum stack_kind stack; /* K only; STACK_TASK is the case's own */
};

/*
 * Run fn(arg) and judge what it raises. The event is valid until the next
 * call. A wrong vector ends the judging: nothing else would mean anything.
 */
const struct trap *judge(const struct place *at, void (*fn)(void *), void *arg,
			 const struct want *want);

/* The same at CPL 3, which starts with regs; its stack page exists then. */
const struct trap *judge_user(const struct place *at,
			      const struct pt_regs *regs,
			      const struct want *want);

/* clang-format off */
#define WANT(v, ec, rip, ...) \
	(&(const struct want){ .nr = v, .error_code = ec, .ip = (u64)(rip), \
			       __VA_ARGS__ })
#define EXPECT_FAULT_AT(fn, arg, v, ec, rip) \
	judge(PLACE(#fn), fn, (void *)(arg), WANT(v, ec, rip, .fault = true))
#define EXPECT_FAULT(fn, arg, v, ec) EXPECT_FAULT_AT(fn, arg, v, ec, fn)
#define EXPECT_TRAPPED(fn, arg, v, rip) \
	judge(PLACE(#fn), fn, (void *)(arg), WANT(v, 0, rip))
/* fn(arg) raises nothing. */
#define EXPECT_RETURNS(fn, arg) \
	judge(PLACE(#fn), fn, (void *)(arg), WANT(TRAP_NONE, 0, 0))
#define EXPECT_USER_FAULT(symbol, v, ec) \
	judge_user(PLACE(#symbol), user_regs((u64)(symbol)), \
		   WANT(v, ec, symbol, .fault = true))
#define EXPECT_USER_TRAPPED(symbol, v, rip) \
	judge_user(PLACE(#symbol), user_regs((u64)(symbol)), WANT(v, 0, rip))
/* clang-format on */

/* CPL 3 with IF=1 and a stack, at ip; valid until the next call. */
struct pt_regs *user_regs(u64 ip);

#define USER_VA	      0x0000400000000000ull /* cases' own pages from here */
#define USER_STACK_VA 0x00003ffffffff000ull /* one page, below USER_VA */
#define USER_SP	      (USER_STACK_VA + PAGE_SIZE - 0x100)
#define NONCANONICAL  0x8000000000000000ull /* for 4 and for 5 levels */

/* A writable copy of the IDT, loaded; then ours again. */
extern gate_desc scratch_idt[NR_VECTORS];
void scratch_idt_begin(void);
void scratch_idt_end(void);
