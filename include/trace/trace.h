/* SPDX-License-Identifier: MIT */
/*
 * trace.h - what happened when: a ring of events on each CPU.
 *
 * Every event is compiled in. While tracing is off a point costs one untaken
 * branch; device interrupts and system vectors cost nothing, for there the way
 * itself is changed (trace_irq_hook, trace_gates_hook). When a ring is full
 * the oldest event gives way, and how many did is said.
 *
 * Writers need no lock: a ring has one CPU, whose interrupts wait and whose
 * NMIs take the next place. Linux: kernel/trace/, Documentation/trace/.
 */
#pragma once

#include <cpu/irqflags.h>
#include <lib/compiler.h>

enum trace_type {
#define X(name, print) TRACE_##name,
#include <trace/events.list.h>
#undef X
	NR_TRACE_TYPES
};

/* Linux's TRACE_FLAG_*, as trace_format() shows them. */
#define TRACE_IRQS_OFF	   0x01
#define TRACE_BH_OFF	   0x02
#define TRACE_NEED_RESCHED 0x04
#define TRACE_HARDIRQ	   0x08
#define TRACE_SOFTIRQ	   0x10
#define TRACE_NMI	   0x40

#define TRACE_NAME_LEN 16 /* with its NUL; what is longer is cut */

struct trace_entry {
	u32 seq; /* its place's number + 1 when it is whole */
	u32 cpu;
	u64 tsc;
	u8 type;    /* enum trace_type */
	u8 flags;   /* TRACE_*, of the interrupted context */
	u8 preempt; /* preempt_disable() depth, at most 15 */
	u8 unused;
	u32 pid;    /* who ran; 0: idle */
	u64 arg[3]; /* as trace/events.h fills them */
	char name[TRACE_NAME_LEN];
};
static_assert(sizeof(struct trace_entry) == 64, "pages hold whole ones");

/* Events a CPU keeps by default. */
#define TRACE_ENTRIES 2048

/*
 * Empty rings of at least that many entries (a power of two) on every online
 * CPU, and tracing on. 0, -ENOMEM (all as before), -EBUSY: it is on. Task
 * context, boot CPU, IF=1, as all but trace_emit().
 */
int trace_start(u32 entries);

/* Off; what was written can be read, or forgotten together with the rings. */
void trace_stop(void);
void trace_free(void);

/* On again after trace_stop(), with empty rings: _clear; as they are: resume.
 */
void trace_clear(void);
void trace_resume(void);

/* Is it on? For the points. */
static __always_inline bool trace_on(void)
{
	return observed_by(OBSERVER_TRACE);
}

/*
 * One event of this CPU, now. name: NULL or a string that is copied. For
 * trace/events.h. Any context, NMI too; nothing while there is no ring.
 */
void trace_emit(enum trace_type type, u64 a, u64 b, u64 c, const char *name);

/*
 * The oldest event of all CPUs that was not read yet, while tracing is off.
 * lost: how many of its CPU gave way before it, and were never read. False:
 * that was all. trace_rewind() begins again.
 */
bool trace_read(struct trace_entry *entry, u64 *lost);
void trace_rewind(void);

/* Events written since the rings were emptied; those that are still there. */
u64 trace_written(void);
u64 trace_in_buffer(void);

/* Print all that trace_read() gives as ftrace's text, "# " before each line. */
void trace_dump(void);

/*
 * A thread's name, so that its pid has one: when it is made, and again when it
 * is switched to or from, for many come and go. Any context but NMI.
 */
void trace_save_cmdline(u32 pid, const char *comm);

/* "<idle>" for 0, "<...>" for one that is not known any more. */
const char *trace_find_cmdline(u32 pid);

/*
 * One line as ftrace prints it, without the newline; us is entry->tsc in
 * microseconds, comm names a pid. Returns its length. Pure.
 *
 * Linux: trace_print_context(), trace_print_lat_fmt().
 */
int trace_format(char *buf, size_t size, const struct trace_entry *entry,
		 u64 us, const char *(*comm)(u32 pid));

/* Its name; type < NR_TRACE_TYPES. */
const char *trace_name(u32 type);

/* irq/ and entry/ lead interrupts past their events, or as ever. */
extern void (*trace_irq_hook)(bool on);
extern void (*trace_gates_hook)(bool on);
