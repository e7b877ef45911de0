/* SPDX-License-Identifier: MIT */
/*
 * db.h - run an instruction of insn_step.h on the scratch IDT and note every
 * #DB, raw: RIP, RFLAGS and DR6 exactly as delivered.
 *
 *	struct pt_regs *regs = db_begin(insn_one_nop);
 *
 *	regs->flags |= X86_EFLAGS_TF;
 *	db_run();
 *	EXPECT_EQ(db.n, 3);
 */
#pragma once

#include <asm/special_insns.h>
#include <cpu/desc.h>
#include <ktest/insn_step.h>
#include <ktest/probe.h>

#include "judge.h"

#define DB_EVENTS 12

struct db_event {
	u64 ip, flags, dr6, cx;
};

struct db_log {
	u32 n; /* #DBs; those beyond DB_EVENTS end the run */
	struct db_event at[DB_EVENTS];
	bool came_back;	      /* by STEP_BACK, at its end */
	struct pt_regs start; /* what the case may change before db_run() */
};

extern struct db_log db;

/* A byte of memory to watch, 64 around it, aligned to 64. */
extern u8 db_mem[128];

/* Scratch tables new, CPL 0, IF=0, no breakpoint. NULL: no memory, failed. */
struct pt_regs *db_begin(const void *ip);

/* Breakpoint n, added to those there are, for db_run(). */
void db_break(u32 n, const void *addr, u32 rw, u32 len);

/* More bits for DR7 in db_run(). */
void db_dr7(u64 bits);

/* Run it; breakpoints are off again behind it, DR6 is clear. */
void db_run(void);
