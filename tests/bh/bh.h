/* SPDX-License-Identifier: MIT */
/*
 * bh.h - what the cases of suite bh share: a diary of what ran in which order
 * and context, and a hardware interrupt to order (a self IPI).
 */
#pragma once

#include <bh/softirq.h>
#include <cpu/preempt.h>
#include <ktest/ktest.h>

#define BH_VECTOR      0x71 /* the interrupt of bh_hardirq() */
#define BH_VECTOR_HIGH 0x91 /* a higher priority class: nests into it */

/* A case without a tick, whose exit would serve what is to be ksoftirqd's. */
#define NO_TICK .uses = USES_APIC_TIMER

#define LINUX_SOFTIRQ "Linux kernel/softirq.c, "

/* Who wrote an entry; softirq n's action writes n itself. */
enum bh_who { BH_HARDIRQ = 0x100, BH_HARDIRQ_END, BH_TASKLET = 0x200 };

struct bh_entry {
	u32 who;
	u32 count; /* preempt_count() */
	bool irqs_on;
};

#define BH_ENTRIES 64

/* Written by handlers, read by the body: same CPU, so plain order holds. */
struct bh_diary {
	u32 n; /* may exceed BH_ENTRIES: then only counted */
	struct bh_entry entry[BH_ENTRIES];
};
extern struct bh_diary bh_diary;

void bh_write(u32 who);

/* How many entries are who's; and the diary's order in one comparison. */
u32 bh_count(u32 who);
bool bh_order_is(const u32 *who, u32 n);
#define BH_EXPECT_ORDER(...)                                            \
	do {                                                            \
		static const u32 bh_want[] = { __VA_ARGS__ };           \
		EXPECT_TRUE(bh_order_is(bh_want, ARRAY_SIZE(bh_want))); \
	} while (0)

/* Install an action that writes nr, then calls then (may be NULL). */
void bh_open(u32 nr, void (*then)(void));

/*
 * One hardware interrupt on this CPU whose handler calls fn (may be NULL);
 * false: it did not arrive, or came more than once. IF=1. bh_send() is the
 * same for use inside handlers, with a vector that bh_claim() took.
 */
bool bh_hardirq(void (*fn)(void));

/*
 * The same, and IF=0 from its exit on: no other interrupt's exit serves what
 * this one's left.
 */
bool bh_hardirq_then_off(void (*fn)(void));
bool bh_claim(u32 vector, void (*fn)(void));
bool bh_send(u32 vector);

/* Has this CPU's ksoftirqd been woken, and not slept since? */
bool bh_ksoftirqd_due(void);

/* Let it run until it sleeps: false, it was not due. IF=1. */
bool bh_let_ksoftirqd(void);

/* The same for what 2 ms cut off: a slow host must not fail a case. */
void bh_settle(void);
