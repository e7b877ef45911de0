/* SPDX-License-Identifier: MIT */
/*
 * irqdesc.h - one interrupt line, inside: descriptor, chip, flow handlers.
 *
 * For chips and flow handlers; who only wants a handler called includes
 * irq/irq.h. Linux: include/linux/irqdesc.h, irq.h; kernel/irq/chip.c.
 */
#pragma once

#include <asm/irq_vectors.h>
#include <cpu/percpu.h>
#include <cpu/spinlock.h>
#include <irq/irqreturn.h>
#include <sched/mutex.h>

struct irq_desc;
typedef void (*irq_flow_handler_t)(struct irq_desc *desc);

/*
 * How one kind of controller is worked. All are called with the descriptor's
 * lock held and IF=0. NULL where the controller has no such step; the edge flow
 * cannot do without irq_ack, fasteoi not without irq_eoi.
 */
struct irq_chip {
	const char *name;
	/* Route it to desc's vector of its cpu, masked. 0, -ENODEV, -ERANGE. */
	int (*irq_startup)(struct irq_desc *desc);
	void (*irq_shutdown)(struct irq_desc *desc);
	void (*irq_mask)(struct irq_desc *desc);
	void (*irq_unmask)(struct irq_desc *desc);
	void (*irq_ack)(struct irq_desc *desc); /* edge: before the handler */
	void (*irq_eoi)(struct irq_desc *desc); /* fasteoi: after it */
	/* Make it come again: an edge that came while disabled. 0 or -errno. */
	int (*irq_retrigger)(struct irq_desc *desc);
	/*
	 * From now on to vector of cpu, desc has where it went up to now. Any
	 * half of an edge's new route must lead to one of the two; a level's
	 * is masked meanwhile. On return what was sent by the old one has left.
	 * 0; -EBUSY: in service, again behind its EOI; -ERANGE.
	 */
	int (*irq_set_affinity)(struct irq_desc *desc, u32 cpu, u8 vector);
};

struct irqaction {
	irq_handler_t handler; /* NULL: the slot is free */
	irq_handler_t traced;  /* handler's, while that is irq/trace.c's */
	irq_handler_t thread_fn;
	void *dev;
	u32 irq;
	u32 flags;		    /* IRQF_* */
	struct task_struct *thread; /* that calls thread_fn */
	u64 thread_mask;	    /* its bit of the line's, if ONESHOT */
	u32 thread_flags;	    /* IRQTF_*, atomic */
	bool thread_runs;	    /* thread_fn, since it was woken */
	const char *name;
	struct irqaction *next;
};

/* irqaction.thread_flags, as in Linux. */
/* clang-format off */
#define IRQTF_RUNTHREAD		BIT(0)	/* woken, and has not begun */
#define IRQTF_WARNED		BIT(1)	/* that there is no thread */
#define IRQTF_AFFINITY		BIT(2)	/* its line is on another CPU now */
#define IRQTF_READY		BIT(4)	/* it has come to its loop */
/* clang-format on */

/* irq_desc.state: Linux's IRQD_* of irq_data and IRQS_* of istate in one. */
/* clang-format off */
#define IRQD_IRQ_DISABLED	BIT(0)	/* depth > 0, or nobody's */
#define IRQD_IRQ_MASKED		BIT(1)	/* at the controller */
#define IRQD_IRQ_INPROGRESS	BIT(2)	/* a handler runs */
#define IRQD_MOVE_IN_PROGRESS	BIT(3)	/* vectors of prev_cpu lead here too */
#define IRQD_SETAFFINITY_PENDING BIT(4)	/* to affinity, when it can be */
#define IRQS_PENDING		BIT(8)	/* came while it could not run */
#define IRQS_REPLAY		BIT(9)	/* retriggered, not yet arrived */
#define IRQS_ONESHOT		BIT(10)	/* stays masked until threads ran */
#define IRQS_SPURIOUS_DISABLED	BIT(11)	/* "nobody cared" */
/* clang-format on */

/* The lock is raw, and without a class: tests/bench/ counts each instruction.
 */
struct irq_desc {
	raw_spinlock_t lock; /* guards all that follows; first: no offset */
	u32 state;	     /* 0: the plain case, which may run */
	irq_flow_handler_t handle_irq;
	const struct irq_chip *chip;
	struct irqaction *action;
	u32 irq;
	u32 depth;	    /* disable_irq() nesting */
	u32 irqs_left;	    /* until note_interrupt() judges the line */
	u32 irqs_unhandled; /* since it last did, nobody's */
	u64 last_unhandled; /* TSC */
	u64 tot_count;	    /* of a claimed vector, which has no line */
	u32 threads_active; /* atomic: actions woken whose thread is not done */
	u32 threads_handled;	  /* how often one said IRQ_HANDLED */
	u32 threads_handled_last; /* at the last wake-up; SPURIOUS_DEFERRED */
	u32 gsi;
	void *chip_data;
	u8 vector;
	bool affinity_set; /* else who asks gets the line */
	bool move_cleanup; /* prev_cpu has been asked to let go */
	u32 cpu;	   /* whose vector_irq[vector] leads here */
	u32 prev_cpu, affinity;
	bool level, active_low;	      /* as it is used now */
	bool wired_level, wired_low;  /* as firmware says: when it is free */
	const char *name, *flow_name; /* as it was used last */
	/* ONESHOT: thread_mask of the threads that keep it masked; atomic */
	u64 threads_oneshot;
	struct wait_queue_head wait_for_threads;
	struct mutex request_mutex; /* request_irq(), free_irq(): one by one */
};

/* In threads_handled_last: it is to be judged by the next interrupt. */
#define SPURIOUS_DEFERRED 0x80000000u

/* Where the vectors that nobody owns lead; its flow handler is handle_stray. */
extern struct irq_desc no_irq_desc;
#define VECTOR_UNUSED (&no_irq_desc)

/* Every vector of this CPU unused. On that CPU, before its first interrupt. */
void vector_irq_init(void);

/* This CPU's vector_irq[vector]: which descriptor it leads to. */
static inline struct irq_desc **this_vector_irq(u32 vector)
{
	return &this_cpu(self)->vector_irq[vector];
}

/* The same, read: in the one instruction that the compiler makes two of. */
static __always_inline struct irq_desc *this_vector_desc(u64 vector)
{
	struct irq_desc *desc;

	__asm__ volatile("movq %%gs:%c[off](,%[vector],8), %[desc]"
			 : [desc] "=D"(desc) /* where handle_irq() wants it */
			 : [off] "i"(offsetof(struct pcpu_hot, vector_irq)),
			   [vector] "r"(vector)
			 : "memory");
	return desc;
}

/* NULL beyond NR_IRQS. */
struct irq_desc *irq_to_desc(u32 irq);

/* The line whose pin gsi is: an ISA one, or its own. */
u32 irq_of_gsi(u32 gsi);

/*
 * A descriptor for what has no GSI (MSI): chip works it, edge-triggered.
 * Numbers are given from the top, none that has a pin. -EINVAL: no chip;
 * -ENOSPC: none is free. Task context.
 */
int irq_alloc_desc(const struct irq_chip *chip, void *chip_data);

/* Give it back. Its handlers are freed before, else nothing happens. */
void irq_free_desc(u32 irq);

/*
 * Another flow handler, before the first request_irq(), until the last
 * free_irq(). NULL: the trigger's own. 0, -EBUSY, -EINVAL (no such irq, or
 * handle_percpu_irq: it counts nothing and heeds no state of a line).
 */
int irq_set_handler(u32 irq, irq_flow_handler_t handle);

/*
 * Find a vector of cpu for desc: the one it had if that is free, else the
 * lowest free above the ISA vectors. 0 or -ENOSPC. Lock held.
 */
int assign_irq_vector(struct irq_desc *desc, u32 cpu);
void release_irq_vector(struct irq_desc *desc);

/* An edge is an interrupt of that vector at the line's CPU, whoever sends it.
 */
int apic_retrigger_irq(struct irq_desc *desc);

/* Flow handlers. IF=0, hardirq context. */
void handle_edge_irq(struct irq_desc *desc);
void handle_fasteoi_irq(struct irq_desc *desc);
void handle_level_irq(struct irq_desc *desc);
void handle_percpu_irq(struct irq_desc *desc);

/* Keep the line's mask and IRQD_IRQ_MASKED in step. Lock held. */
void mask_irq(struct irq_desc *desc);
void unmask_irq(struct irq_desc *desc);

/*
 * All that its handlers said, unless it was IRQ_HANDLED; irqs_left ran out.
 * Same context.
 */
void note_answer(struct irq_desc *desc, irqreturn_t ret);
void note_window(struct irq_desc *desc);

/* Wake action's thread. Hardirq context. */
void __irq_wake_thread(struct irq_desc *desc, struct irqaction *action);
