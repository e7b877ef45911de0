/* SPDX-License-Identifier: MIT */
/*
 * affinity.h - a line sent to each CPU in turn, and moved among them while it
 * interrupts: each interrupt must come once, and where it was sent.
 *
 * Context: task context; one line at a time.
 */
#pragma once

#include <lib/compiler.h>

struct moved_line {
	u32 irq;
	void (*raise)(void); /* one interrupt. Task context */
	void (*lower)(void); /* of the device, in the handler; or NULL */
	u32 period_us; /* until lowered another one comes so often; 0: never */
};

/* Request it, with these IRQF_*, and lower it. False: a check failed. */
bool affinity_begin(const struct moved_line *line, u32 flags);

/*
 * Once the line has gone to a CPU its interrupts arrive there, only there. To
 * each CPU in turn; of many, to some.
 */
void affinity_each_cpu(void);

/*
 * Another CPU moves the line from CPU to CPU while this one raises it rounds
 * times or more, each time when the last one's handler has returned.
 */
void affinity_under_load(u32 rounds);

/* How often its handler has returned. */
u32 affinity_calls(void);

/* Free it; also what a case that was broken off left. A suite's teardown. */
void affinity_end(void);
