/* SPDX-License-Identifier: MIT */
/*
 * options.h - the words a user gives irqbed: key=value, from UEFI's
 * LoadOptions or \irqbed.cfg. Pure: text in, struct and complaints out.
 */
#pragma once

#include <lib/types.h>

#define OPT_TEXT 512 /* longest value of tests= and skip= */

enum serial_kind { SERIAL_AUTO, SERIAL_NONE, SERIAL_PORT, SERIAL_MMIO };
enum finish {
	FINISH_DEFAULT, /* halt, verdict on the screen */
	FINISH_EXIT,	/* through isa-debug-exit, else halt */
	FINISH_POWEROFF,
	FINISH_RESET,
	FINISH_HALT,
	FINISH_MONITOR,
};

struct options {
	char tests[OPT_TEXT]; /* "" = all */
	char skip[OPT_TEXT];
	char platform[64];
	bool list;
	bool shuffle;
	bool stress;
	bool bench;
	bool trace;
	bool lockdep;
	bool monitor;
	bool verbose;
	bool seed_given;
	u32 repeat; /* 1..1000000 */
	u64 seed;
	s32 cpu;   /* the other one; -1: seed chooses */
	u32 scale; /* 1..1000: every deadline is multiplied by it */
	enum serial_kind serial;
	u64 serial_base; /* port or MMIO address */
	u32 serial_baud; /* 0 = keep what is set */
	u64 companion;	 /* its I/O port, 0: none */
	enum finish finish;
};

#define OPT_ERRORS 8 /* complaints kept; the rest are counted */

struct option_errors {
	u32 count;
	char text[OPT_ERRORS][96]; /* "unknown option 'xyz'", no newline */
};

/* Every option at its default. */
void options_default(struct options *opt);

/*
 * The text after its first word if that ends in ".efi" (any case): the UEFI
 * shell passes the command line whole. Else the text itself.
 */
const char *options_skip_command(const char *text);

/*
 * Parse whitespace-separated words (a '#' word begins a comment that runs to
 * the end of the line) into opt. A bad word is recorded in errors, names
 * itself, and leaves its option as it was. Flags (list shuffle stress bench
 * trace lockdep monitor verbose) may stand alone or take =0/=1. A byte order
 * mark is passed over. errors is set, not added to. Returns the number of bad
 * words.
 */
u32 options_parse(struct options *opt, const char *text,
		  struct option_errors *errors);

/* Add a complaint of the caller's own to what options_parse() found. */
void options_complain(struct option_errors *errors, const char *text);
