// SPDX-License-Identifier: MIT
/*
 * irqflags.c - each change of IF and of softirqs' being off, counted; and the
 * longest time between two.
 *
 * What a change is worth is told by the flag itself, not by what was seen last:
 * a testbed has many other ways to change IF (IRETQ to anywhere, POPF, an
 * exception that ends a case), and a point that follows one is still right. A
 * section whose beginning or end was not seen has no length.
 *
 * Linux: lockdep_hardirqs_on(), lockdep_hardirqs_off(),
 * start_critical_timing(). It counts only the outermost local_bh_disable(), so
 * that its two redundant counts stay 0; here the inner ones are redundant, as
 * with interrupts.
 */
#include <cpu/irqflags.h>

#include <asm/special_insns.h>
#include <asm/trapnr.h>
#include <cpu/cpumask.h>
#include <cpu/preempt.h>
#include <cpu/stacks.h>

#include "internal.h"

struct section {
	u64 since, from; /* 0: none, or its beginning was not seen */
	struct irqsoff longest;
};

/* Written on its own CPU, with IF=0. */
static DEFINE_PER_CPU(struct lockdep_counts, counts);
static DEFINE_PER_CPU(struct section, sections[NR_IRQSOFF]);

struct lockdep_counts lockdep_counts(void)
{
	return *this_cpu_ptr(&counts);
}

struct lockdep_counts lockdep_counts_sum(void)
{
	struct lockdep_counts sum;

	for (u32 i = 0; i < NR_LOCKDEP_EVENTS; i++)
		sum.event[i] = per_cpu_sum(&counts.event[i]);
	sum.entries = per_cpu_sum(&counts.entries);
	return sum;
}

struct irqsoff irqsoff_longest(enum irqsoff_kind kind, u32 cpu)
{
	struct irqsoff longest = per_cpu_ptr(&sections[kind], cpu)->longest;

	longest.cpu = cpu;
	return longest;
}

struct irqsoff irqsoff_longest_of_all(enum irqsoff_kind kind)
{
	struct irqsoff longest = { 0 };
	u32 cpu;

	for_each_online_cpu (cpu) {
		struct irqsoff one = irqsoff_longest(kind, cpu);

		if (one.tsc > longest.tsc)
			longest = one;
	}
	return longest;
}

struct irqsoff irqsoff_exchange(enum irqsoff_kind kind,
				const struct irqsoff *now)
{
	u64 flags = native_save_fl();
	struct section *s;
	struct irqsoff before;

	native_irq_disable();
	s = this_cpu_ptr(&sections[kind]);
	before = s->longest;
	s->longest = *now;
	native_restore_fl(flags);
	return before;
}

void irqsoff_begin_anew(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		for (u32 i = 0; i < NR_IRQSOFF; i++)
			WRITE_ONCE(per_cpu_ptr(&sections[i], cpu)->since, 0);
	}
}

bool lockdep_seen(void)
{
	u64 here = (u64)__builtin_frame_address(0);

	return lockdep_on() && !in_nmi() &&
	       stack_of(here).kind != STACK_IST1 + IST_NMI - 1;
}

static void count(enum lockdep_event event)
{
	this_cpu_ptr(&counts)->event[event]++;
}

static void begin(enum irqsoff_kind kind, u64 ip)
{
	struct section *s = this_cpu_ptr(&sections[kind]);

	s->from = ip;
	s->since = rdtsc();
}

static void end(enum irqsoff_kind kind, u64 ip)
{
	struct section *s = this_cpu_ptr(&sections[kind]);
	u64 tsc = rdtsc() - s->since;

	if (s->since && tsc > s->longest.tsc)
		s->longest = (struct irqsoff){ .tsc = tsc,
					       .from = s->from,
					       .to = ip };
	s->since = 0;
}

void lockdep_hardirqs_off(u64 ip, u64 flags)
{
	if (!lockdep_seen())
		return;
	if (!(flags & X86_EFLAGS_IF)) {
		count(REDUNDANT_HARDIRQS_OFF);
		return;
	}
	count(HARDIRQS_OFF_EVENTS);
	begin(IRQSOFF_HARDIRQ, ip);
}

void lockdep_hardirqs_on(u64 ip, u64 flags)
{
	if (!lockdep_seen())
		return;
	if (flags & X86_EFLAGS_IF) {
		count(REDUNDANT_HARDIRQS_ON);
		return;
	}
	locks_mark_held(LOCK_ENABLED_HARDIRQ, ip);
	if (!softirq_count())
		locks_mark_held(LOCK_ENABLED_SOFTIRQ, ip);
	end(IRQSOFF_HARDIRQ, ip);
	count(HARDIRQS_ON_EVENTS);
}

/* How often softirqs are off: each local_bh_disable() is 2, serving one is 1.
 */
static u32 softirq_depth(void)
{
	u32 count = softirq_count() >> SOFTIRQ_SHIFT;

	return count / 2 + count % 2;
}

static void softirqs_event(bool off, u64 ip, u64 flags)
{
	u32 depth = softirq_depth();

	if (off) {
		count(depth > 1 ? REDUNDANT_SOFTIRQS_OFF : SOFTIRQS_OFF_EVENTS);
		if (depth == 1)
			begin(IRQSOFF_SOFTIRQ, ip);
	} else if (!depth) {
		count(REDUNDANT_SOFTIRQS_ON);
	} else if (depth == 1) {
		if (flags & X86_EFLAGS_IF)
			locks_mark_held(LOCK_ENABLED_SOFTIRQ, ip);
		end(IRQSOFF_SOFTIRQ, ip);
		count(SOFTIRQS_ON_EVENTS);
	}
}

void lockdep_softirqs(bool off, u64 ip)
{
	u64 flags = native_save_fl();

	native_irq_disable();
	if (lockdep_seen())
		softirqs_event(off, ip, flags);
	native_restore_fl(flags);
}

void lockdep_irq_enter(const struct pt_regs *regs, u64 from)
{
	if (!lockdep_seen())
		return;
	this_cpu_ptr(&counts)->entries++;
	lockdep_hardirqs_off(from, regs->flags);
}

/* entry.S sees the mark, and calls the next one when all else is done. */
void lockdep_irq_exit(struct pt_regs *regs)
{
	if (regs->flags & X86_EFLAGS_IF)
		regs->cs |= CS_TRACED;
}

void lockdep_irq_return(const struct pt_regs *regs, u64 ip)
{
	lockdep_hardirqs_on(ip, 0);
}

/* Its stack is one that trusts nothing: it returns by itself. */
static bool on_ist(const struct pt_regs *regs)
{
	u32 ist = BIT(X86_TRAP_NMI) | BIT(X86_TRAP_DB) | BIT(X86_TRAP_DF) |
		  BIT(X86_TRAP_MC) | BIT(X86_TRAP_VC);

	return !user_mode(regs) && regs->vector < NR_EXCEPTIONS &&
	       ist >> regs->vector & 1;
}

void lockdep_exception_enter(struct pt_regs *regs)
{
	if (!on_ist(regs))
		lockdep_irq_enter(regs, regs->ip);
}

void lockdep_exception_exit(struct pt_regs *regs)
{
	if (!on_ist(regs))
		lockdep_irq_exit(regs);
}
