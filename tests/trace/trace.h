/* SPDX-License-Identifier: MIT */
/* trace.h - what the cases of suite trace share. */
#pragma once

#include <ktest/ktest.h>
#include <trace/trace.h>

#define TRACE_EVENTS "Linux include/trace/events/"
#define TRACE_SEEN   256

/* What trace_close() read. */
extern struct trace_entry trace_seen[TRACE_SEEN];

/* Are the rings this case's? Else it has SKIPped. */
bool trace_ours(void);

/* Tracing on, with rings of entries; false: the case ends here. */
bool trace_open(u32 entries);

/* Off; how many events trace_seen[] holds now, oldest first. */
u32 trace_close(void);

const struct trace_entry *trace_next(u32 *from, u32 n, u32 type);
