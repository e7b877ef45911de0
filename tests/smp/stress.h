/* SPDX-License-Identifier: MIT */
/*
 * stress.h - many CPUs at once, in rounds: what finds races.
 *
 * An operation is something that a CPU does to itself or to others again and
 * again, with a receipt: who sent a thing waits until it is there before it
 * sends the like again, so that nothing merges unseen and both sides' counts
 * are equal in the end. A case gives a crew of CPUs one operation, or many, of
 * which each CPU takes one a round. The seed (seed=, "# seed=0x..") says who is
 * in the crew and what each does in which round.
 *
 * A crew is small, since who waits spins. A machine with more CPUs sends in one
 * crew after another, until each CPU has been in one, or there were eight, of
 * CPUs that the seed chose; the boot CPU is in all.
 */
#pragma once

#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <ktest/ktest.h>

#define STRESS_CREW 16 /* at most; without stress 8 */
#define STRESS_MS   20000

struct stress_op;

/* A CPU of the crew. Written by itself; the boot CPU reads it afterwards. */
struct stress_cpu {
	u32 cpu, place; /* place: in the crew, from 0 */
	u32 round;
	bool there, done; /* it began; it did its rounds, or was stopped */
	int err;	  /* the boot CPU's: run_on_wait()'s */
	u64 random;
	const struct stress_op *op; /* what it does in this round */
	const char *lost;	    /* what it waited for in vain, */
	u32 lost_cpu;		    /* and who was to do it */
};

/* All but name and step may be left out. open, judge and close: boot CPU,
 * nobody at it. */
struct stress_op {
	const char *name;
	bool together;		   /* every round begins when all are there */
	const char *(*open)(void); /* NULL, or why this machine cannot */
	void (*enter)(struct stress_cpu *me); /* on each CPU, before all */
	void (*step)(struct stress_cpu *me);  /* in a round, task context */
	void (*leave)(struct stress_cpu *me); /* when all have ended */
	void (*judge)(void);		      /* after each crew */
	void (*close)(void);		      /* after the case */
};

extern const struct stress_op stress_ipi, stress_reschedule, stress_call,
	stress_timer, stress_softirq, stress_tasklet, stress_nmi, stress_tlb,
	stress_lock, stress_uart, stress_hpet;

/*
 * Have every CPU do this in so many rounds, with `stress` 25 times as
 * many; several: one of them a round, those that the machine can. Judges.
 * Task context of the boot CPU.
 */
void stress_run(const struct stress_op *op, u32 rounds);
void stress_run_mixed(const struct stress_op *const *ops, u32 nr, u32 rounds);

/* The crew: how many, and who has this place. */
u32 stress_size(void);
u32 stress_cpu_at(u32 place);

/* Any place but one's own; alone, one's own. Some places, as a mask. */
u32 stress_other(struct stress_cpu *me);
u32 stress_some(struct stress_cpu *me);

/* The next of this CPU's numbers, below n. */
u32 stress_random(struct stress_cpu *me, u32 n);

/*
 * Where stress_in() calls fn(arg): here; in a softirq, in a hardware interrupt
 * of this CPU (IF=1 and 0); in one of another's. The op opens and closes it.
 */
enum stress_where {
	STRESS_THREAD,
	STRESS_SOFTIRQ,
	STRESS_HARDIRQ,
	STRESS_OTHER,
	NR_STRESS_WHERE
};
void stress_where_open(void);
void stress_where_close(void);

/* fn has returned, or what was lost is said. Task context, IF=1. */
void stress_in(struct stress_cpu *me, enum stress_where where,
	       void (*fn)(void *), void *arg);

/* One of the four: mostly here, and seldom where it takes long. */
enum stress_where stress_anywhere(struct stress_cpu *me);

/* What a CPU does in a round for all to have done few, or with stress many. */
u32 stress_share(u32 few, u32 many);

/* What cpu was to do for me is lost: all stop, and it is said. */
void stress_lost(struct stress_cpu *me, u32 cpu, const char *what);

/* Who waits serves his own softirqs: no thread does. */
static inline void stress_give_way(void)
{
	if (local_softirq_pending())
		do_softirq();
}

/* Wait for cond, which cpu makes true. False: what is lost. IF=1. */
#define STRESS_WAIT(me, cond, cpu, what)                                      \
	({                                                                    \
		bool stress_came =                                            \
			WAIT_FOR((stress_give_way(), cond), WAIT_DEFAULT_US); \
		if (!stress_came)                                             \
			stress_lost(me, cpu, what);                           \
		stress_came;                                                  \
	})

/* In judge(): what one place sent another, and what came there. */
void stress_expect(const char *what, u32 from, u32 to, u32 sent, u32 got);
