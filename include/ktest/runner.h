/* SPDX-License-Identifier: MIT */
/*
 * runner.h - choosing the cases, running them, and saying what came of it.
 */
#pragma once

#include <ktest/ktest.h>
#include <lib/options.h>

/*
 * Choose cases as opt says and write the log's head: TAP version, plan,
 * BEGIN. A glob that matches nothing ends the run here. Boot CPU, once the
 * console works.
 */
void ktest_begin(const struct options *opt);

/* options=list ends the run here, once what is wrong with them is said. */
void ktest_list(void);

/* Run them all, write END, and leave as finish= says. IF=1. */
__noreturn void ktest_run(void);

/* The hardware that NEEDS_* asks for, by bit; set before ktest_run(). */
void ktest_set_present(u32 needs_bit, bool present);

/*
 * How finish=poweroff and finish=reset leave: fn does not return if it works.
 * NULL, or a fn that returns: other ways, at last HLT.
 */
void ktest_set_reset(void (*fn)(bool poweroff));
