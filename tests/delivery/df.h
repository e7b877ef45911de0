/* SPDX-License-Identifier: MIT */
/*
 * df.h - a first event, a second one raised by its delivery, and which of
 * #DF and the second must come of the two.
 */
#pragma once

#include <ktest/insn_df.h>

#include "delivery.h"

#define DF_RULE "SDM 3A Conditions for Generating a Double Fault"
#define DF_VA	0x0000530000000000ull /* two pages, mapped by half */
#define ABSENT	(DF_VA + 0x10000)     /* never mapped */

/* What EXT says of faults of its delivery; what RF does, and their RIP. */
enum source {
	SOFTWARE,   /* INT n, INT3, INTO: never EXT */
	ICEBP,	    /* EXT by Intel's manual */
	EXCEPTION,  /* the same */
	BREAKPOINT, /* the same; RF of a later fault is not defined */
	TRAP,	    /* as BREAKPOINT */
	EXTERNAL,   /* as TRAP, but EXT by both */
	NMI,	    /* the same */
	COMPANION,  /* the same: #MC, by the host */
};

struct first {
	const char *name;
	u8 nr;
	enum source source;
	bool user, compat; /* from CPL 3; from 32-bit code there */
	bool judge_ext;	   /* only what has EXT in its code, and that too */
	bool ts;	   /* #TS has its own trouble with IST 7 */
	char *insn, *at;   /* where to enter; the saved RIP if not there */
	char *end;	   /* if not exactly: it is below this */
	u64 flags, ax, dx;
};

/* How delivery is made to fail. */
enum second {
	TS_IST,
	NP_GATE,
	NP_CODE,
	SS_IST,
	GP_TYPE,
	GP_SELECTOR,
	GP_LIMIT,
	PF_STACK,
	PF_IDT,
	PF_GDT,
	SS_RSP0, /* from CPL 3 only, these two */
	PF_RSP0,
	NR_SECONDS
};

/* A later one, as it must look. */
struct later {
	const char *name;
	u8 nr;
	bool idt; /* the code is the gate's index */
	u16 code;
};
extern const struct later df_later[NR_SECONDS];

#define DF_SLOT	     10 /* free in our GDT */
#define DF_TSS_LIMIT (offsetof(struct tss, ist[NR_IST - 1]) - 1)

/* Make the delivery of nr fail; ist is free for it. */
void df_spoil(enum second how, u32 nr, u32 ist);
void df_limit_tss(void); /* without IST 7 */

/* Where CR2 may be if a later one is #PF. */
extern u64 df_cr2, df_cr2_len;
void df_cr2_range(u64 from, u64 bytes);

/* Two pages, for a table that lies half in those at DF_VA. */
extern u64 df_pages;

/* First event f with each second event that its delivery can raise. */
void df_row(const struct first *f);

/* Enter regs, which ask the host for #MC. False: it was said why not. */
bool df_raise_mc(const struct pt_regs *regs);

/*
 * f whose delivery raises second, whose delivery raises third: the two later
 * ones decide, as f's part is over.
 */
void df_chain(const struct first *f, enum second second, enum second third);
