/* SPDX-License-Identifier: MIT */
/*
 * irqflags.h - local_irq_*(): the interrupt flag as the code above uses it, and
 * the points at which src/lockdep/ sees it change.
 *
 * A point is a test and an untaken branch while lockdep is off, and changes no
 * register: what it calls, src/cpu/irqflags_thunk.S saves all. It stands before
 * the change, and looks at IF itself. Linux: include/linux/irqflags.h.
 */
#pragma once

#include <asm/irqflags.h>

/*
 * Who looks on: each sets its own bit when what it wants called is in place.
 * The points of one ask for its bit, by a test in memory and a branch.
 */
#define OBSERVER_TRACE	 1
#define OBSERVER_LOCKDEP 2
extern u32 observers;
void set_observer(u32 who, bool on);

static __always_inline bool observed_by(u32 who)
{
	bool on;

	__asm__ volatile("testb %[who], %[word]"
			 : "=@ccnz"(on)
			 : [who] "i"(who), [word] "m"(observers));
	return unlikely(on);
}

static __always_inline bool lockdep_on(void)
{
	return observed_by(OBSERVER_LOCKDEP);
}

/*
 * Does anybody? For a path with many points: it asks once, and is another one
 * while somebody does.
 */
static __always_inline bool observed(void)
{
	bool any;

	__asm__ volatile("cmpl $0, %[word]"
			 : "=@ccne"(any)
			 : [word] "m"(observers));
	return unlikely(any);
}

struct pt_regs;

/* ip: where; flags: RFLAGS before. IF=0 while they run. */
struct irqflags_hooks {
	void (*hardirqs_off)(u64 ip, u64 flags);
	void (*hardirqs_on)(u64 ip, u64 flags);
	/* An exception's first and last act; regs is what it interrupted. */
	void (*exception_enter)(struct pt_regs *regs);
	void (*exception_exit)(struct pt_regs *regs);
};
extern struct irqflags_hooks irqflags_hooks;

/* The word behind the call says where it goes on: there and back in two. */
#define IRQFLAGS_POINT(thunk)                                      \
	__asm__ volatile inline(                                   \
		"testb %[lockdep], observers(%%rip)\n\t"           \
		"jne 1f\n"                                         \
		"2:\n\t"                                           \
		".pushsection .text.unlikely, \"ax\", @progbits\n" \
		"1:\tcall " #thunk "\n\t"                          \
		".long 2b - .\n\t"                                 \
		".popsection"                                      \
		:                                                  \
		: [lockdep] "i"(OBSERVER_LOCKDEP)                  \
		: "memory", "cc")

/* local_irq_*()'s halves, for who changes IF by other means. */
static __always_inline void trace_hardirqs_off(void)
{
	IRQFLAGS_POINT(trace_hardirqs_off_thunk);
}

static __always_inline void trace_hardirqs_on(void)
{
	IRQFLAGS_POINT(trace_hardirqs_on_thunk);
}

static __always_inline void local_irq_disable(void)
{
	trace_hardirqs_off();
	native_irq_disable();
}

static __always_inline void local_irq_enable(void)
{
	trace_hardirqs_on();
	native_irq_enable();
}

/*
 * What is saved while lockdep is on has IF moved aside, so that the way back to
 * IF=1 needs no point of its own: no IF, and it looks again.
 */
#define IRQFLAGS_SEEN 63 /* bit: saved by a point that was on */
#define IRQFLAGS_IF   62 /* where IF is then */

static __always_inline u64 local_irq_save(void)
{
	u64 flags = native_save_fl();

	__asm__ volatile inline(
		"testb %[lockdep], observers(%%rip)\n\t"
		"jne 1f\n"
		"2:\n\t"
		".pushsection .text.unlikely, \"ax\", @progbits\n"
		"1:\tbtsq %[seen], %[flags]\n\t"
		"btrq %[was], %[flags]\n\t"
		"jnc 3f\n\t"
		"btsq %[moved], %[flags]\n"
		"3:\tcall trace_hardirqs_off_thunk\n\t"
		".long 2b - .\n\t"
		".popsection"
		: [flags] "+r"(flags)
		: [lockdep] "i"(OBSERVER_LOCKDEP), [seen] "i"(IRQFLAGS_SEEN),
		  [moved] "i"(IRQFLAGS_IF), [was] "i"(9)
		: "memory", "cc");
	native_irq_disable();
	return flags;
}

/* Was IF 1 when local_irq_save() gave these? No other way to ask them. */
static __always_inline bool irqs_were_on(u64 flags)
{
	return flags & X86_EFLAGS_IF || unlikely(flags >> IRQFLAGS_IF & 1);
}

/* Put IF back as local_irq_save() found it. */
static __always_inline void local_irq_restore(u64 flags)
{
	if (flags & X86_EFLAGS_IF) {
		native_irq_enable();
		return;
	}
	__asm__ volatile inline(
		"testq %[flags], %[flags]\n\t"
		"js 1f\n\t"
		"cli\n"
		"2:\n\t"
		".pushsection .text.unlikely, \"ax\", @progbits\n"
		"1:\tbtq %[moved], %[flags]\n\t"
		"jc 3f\n\t"
		"call trace_hardirqs_off_thunk\n\t"
		".long 2b - .\n"
		"3:\tcall trace_hardirqs_restore_thunk\n\t"
		".long 2b - .\n\t"
		".popsection"
		:
		: [flags] "r"(flags), [moved] "i"(IRQFLAGS_IF)
		: "memory", "cc");
}

/*
 * Sleep until an interrupt has been handled, and none between. IF=1 then.
 * _disable: and 0 again.
 */
static __always_inline void safe_halt(void)
{
	trace_hardirqs_on();
	native_safe_halt();
}

static __always_inline void safe_halt_disable(void)
{
	if (lockdep_on()) {
		safe_halt();
		local_irq_disable();
		return;
	}
	native_safe_halt();
	native_irq_disable();
}

static inline bool irqs_disabled(void)
{
	return !(native_save_fl() & X86_EFLAGS_IF);
}

/* In C, so that the entries have no instruction more. */
static __always_inline void trace_exception_enter(struct pt_regs *regs)
{
	if (lockdep_on())
		irqflags_hooks.exception_enter(regs);
}

static __always_inline void trace_exception_exit(struct pt_regs *regs)
{
	if (lockdep_on())
		irqflags_hooks.exception_exit(regs);
}
