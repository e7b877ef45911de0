/* SPDX-License-Identifier: MIT */
/*
 * irq.h - handlers for interrupt lines. Linux: include/linux/interrupt.h.
 *
 * irq numbers 0..15 are the ISA lines wherever the MADT routes them, others
 * are global system interrupts, or MSIs counted down from the top. A vector is
 * per CPU; vector_irq[] joins them.
 */
#pragma once

#include <acpi/acpi.h>
#include <asm/ptrace.h>
#include <irq/irqdesc.h>

/* Linux's values. A trigger overrides what the MADT says of the line. */
/* clang-format off */
#define IRQF_TRIGGER_RISING	0x00000001
#define IRQF_TRIGGER_FALLING	0x00000002
#define IRQF_TRIGGER_HIGH	0x00000004
#define IRQF_TRIGGER_LOW	0x00000008
#define IRQF_TRIGGER_MASK	0x0000000f
#define IRQF_SHARED		0x00000080
#define IRQF_ONESHOT		0x00002000	/* masked until threads ran */
#define IRQF_NO_AUTOEN		0x00080000	/* the caller enables it */
/* clang-format on */

/* early_irq_init: descriptors; init_IRQ: ISA routing and vectors. Boot CPU. */
void early_irq_init(void);
void init_IRQ(const struct acpi_info *info);

/*
 * Add handler to irq's chain and unmask it, routed to this CPU, or to the one
 * that irq_set_affinity() has chosen while the line was free. dev tells
 * shared handlers apart. 0; -EINVAL (no handler, no such irq, shared without
 * dev or with IRQF_NO_AUTOEN, opposed triggers, thread alone without
 * IRQF_ONESHOT, not in task context), -ENODEV (no such pin), -EBUSY (either
 * side not shared, or the two disagree on the trigger or on IRQF_ONESHOT),
 * -ENOMEM, -ENOSPC (no vector left). A line that nobody cared about gets
 * another chance by a handler more. Task context.
 *
 * With thread_fn: handler (NULL: wake at once) runs as ever; when it says
 * IRQ_WAKE_THREAD, thread_fn runs in a thread of the action's own,
 * "irq/N-name", before all other threads of the CPU that the line is sent to.
 * Woken while it runs, it runs once more; before it runs, once. A ONESHOT line
 * stays masked until all its threads are done. An exception ends the thread:
 * it is said, and the line goes on without it.
 */
int request_threaded_irq(u32 irq, irq_handler_t handler,
			 irq_handler_t thread_fn, u32 flags, const char *name,
			 void *dev);

static inline int request_irq(u32 irq, irq_handler_t handler, u32 flags,
			      const char *name, void *dev)
{
	return request_threaded_irq(irq, handler, NULL, flags, name, dev);
}

/*
 * Remove the action with dev; the last one masks the line and gives its
 * vector back. Waits for handlers that run, and ends the action's thread; one
 * that was woken runs once more. 0, -EINVAL (no such irq, not in task context),
 * -ENOENT, or -ETIMEDOUT: the thread does not return (2 s times scale=).
 */
int free_irq(u32 irq, void *dev);

/*
 * Nest. Disabling is lazy, as in Linux: the line is masked only when it
 * interrupts nevertheless; an edge that did is replayed by enable_irq().
 * disable_irq() waits for handlers that run, _nosync does not (hardirq context
 * may call it). An enable too many is warned of and ignored.
 */
void disable_irq(u32 irq);
void disable_irq_nosync(u32 irq);
void enable_irq(u32 irq);

/*
 * Wait until no handler of irq runs, on any CPU, and no thread of it that has
 * been woken. Task context, IF=1; from one of the line's threads only the
 * handlers are waited for, where Linux would wait for ever. No longer than 2 s
 * times scale=, each: then a warning says so.
 */
void synchronize_irq(u32 irq);

/* As above for the hard handlers only; true if no thread is left. */
bool synchronize_hardirq(u32 irq);

/*
 * Send irq to cpu alone, from now on and through free_irq(), until the case
 * ends. A line in use moves at once, or if that would lose an interrupt (a
 * level in service, an earlier move not over) with its next one; what was on
 * its way is handled where it arrives. 0; -EINVAL: no such irq, cpu is not
 * online, or its controller can send it nowhere else; -ENOSPC: cpu has no
 * vector free; -ERANGE: the controller cannot name cpu's APIC ID. After an
 * error nothing has changed. Any context but NMI.
 */
int irq_set_affinity(u32 irq, u32 cpu);

/*
 * After so many interrupts a line is judged: all but a thousandth unhandled,
 * and it is disabled ("nobody cared"). Linux's 100,000; a case lowers it.
 */
extern u32 irq_spurious_window;

/* Unhandled ones further apart than this are no storm. Linux's HZ/10. */
extern u32 irq_spurious_gap_us;

/* What the handler saw interrupted (Linux). Hardirq context. */
static inline struct pt_regs *get_irq_regs(void)
{
	return this_cpu(irq_regs);
}

/*
 * A vector of one's own on this CPU, for IPIs and LVT sources of the cases:
 * handler runs in hardirq context, EOI follows. vector is a device vector.
 * 0, -EINVAL, -EBUSY, -ENOMEM. release takes it back.
 */
int irq_claim_vector(u32 vector, irq_handler_t handler, void *dev);
void irq_release_vector(u32 vector);

/*
 * The same on every CPU that is online, for what may arrive at any: handler
 * runs where it does, and on two CPUs at once. One release for all. Boot CPU.
 */
int irq_claim_vector_everywhere(u32 vector, irq_handler_t handler, void *dev);

/* Take back all of them, every CPU's: a case that was broken off cannot. */
void irq_release_claims(void);

/*
 * Locks of this layer that a case which was broken off may have left taken:
 * free again. Before anything else of irq/ is called. Task context.
 */
void irq_reset_locks(void);

/* The same for lines: free every action of every irq. */
void irq_free_lines(void);

/* How often irq interrupted any CPU; that one. */
u64 kstat_irqs(u32 irq);
u64 kstat_irqs_cpu(u32 irq, u32 cpu);

/* kstat_irqs() of every line at once, into sum[NR_IRQS]. */
void kstat_irqs_all(u64 *sum);

/* Interrupts with no descriptor: how many, and the vector of the last one. */
u64 stray_count(void);
u64 stray_count_cpu(u32 cpu);
u32 stray_last(void);

/* Level interrupts that arrived as edges, and were ended at their pin. */
u64 irq_mis_count(void);
u64 irq_mis_count_cpu(u32 cpu);

/* The first few of each case are named in the log: another case begins. */
void stray_reports_anew(void);

/* Interrupts that found little room on the stack (stack_overflow_check). */
u64 low_stack_count(void);

/* From entry.S: every device vector. IF=0, regs on the interrupted stack. */
void common_interrupt(struct pt_regs *regs);
