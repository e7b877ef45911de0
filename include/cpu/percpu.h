/* SPDX-License-Identifier: MIT */
/*
 * percpu.h - data that exists once a CPU, reached through GS.
 *
 * Every DEFINE_PER_CPU() variable lies in .data..percpu. That section is the
 * boot CPU's area until setup_per_cpu_areas() gives each CPU a copy; GS base
 * points at a CPU's area, whose head is struct pcpu_hot. Fields of pcpu_hot
 * cost one instruction (this_cpu_*), the others two more (this_cpu_ptr).
 */
#pragma once

#include <asm/irq_vectors.h>

/* clang-format off */
#define GS_CANARY		40	/* gcc: -mstack-protector-guard-offset */
#define GS_IRQ_STACK_TOP	72	/* calling.h */
#define GS_IRQ_REGS		80
#define GS_CATCH_TOP		88	/* sched/switch.S */
#define GS_TSS			96	/* syscall.S */
#define GS_USER_SP		104
/* clang-format on */

#ifndef __ASSEMBLER__
#include <asm/desc_defs.h>
#include <asm/hardirq.h>
#include <lib/compiler.h>

#define NR_SOFTIRQ_COUNTS 10 /* bh/softirq.h: NR_SOFTIRQS */

struct pt_regs;
struct catch_frame;
struct irq_desc;
struct tasklet_struct;
struct rq;
struct task_struct;

/* In softirq_pending, so that an interrupt's exit looks at one word. */
#define PENDING_RESCHED 0x80000000u

/* Linux's name for the head: 40 bytes at GS base, then the canary. */
struct fixed_percpu_data {
	char gs_base[40];
	unsigned long stack_canary;
};

struct pcpu_hot {
	struct fixed_percpu_data fixed;
	unsigned long this_cpu_off; /* this area - the template section */
	u32 cpu_number;
	u32 apic_id;
	u32 preempt_count;
	u32 softirq_pending; /* bit n: softirq n raised; PENDING_RESCHED */
	u64 irq_stack_top;
	/* Linux: get_irq_regs(). NULL: no interrupt is on the irq stack. */
	struct pt_regs *irq_regs;
	struct catch_frame *catch_top;
	struct tss *tss;
	u64 user_sp; /* SYSCALL's, until it is on the stack: entry/syscall.S */
	union desc_struct *gdt;	   /* read-only, the one in GDTR */
	union desc_struct *gdt_rw; /* its writable alias, for LTR */
	u64 debug_dr6;		   /* of the #DB being handled */
	u64 debug_dr7; /* what #DB's exit will load: a hook may change it */
	struct pcpu_hot *self;
	struct task_struct *current_task;
	struct rq *rq; /* sched/'s run queue */
	/* Which descriptor each vector leads to: irq/irqdesc.h */
	struct irq_desc *vector_irq[NR_VECTORS];
	u64 kstat_irqs[NR_IRQS]; /* interrupts of each line */
	struct irq_cpustat irq_stat;
	u64 softirqs[NR_SOFTIRQ_COUNTS]; /* how often each ran */
	struct {			 /* bh/tasklet.c's, IF=0 */
		struct tasklet_struct *head, *last;
	} tasklets[2];
	u32 tasklet_discards;
};

static_assert(offsetof(struct pcpu_hot, fixed.stack_canary) == GS_CANARY,
	      "the compiler's guard is %gs:40");
static_assert(offsetof(struct pcpu_hot, irq_stack_top) == GS_IRQ_STACK_TOP,
	      "calling.h");
static_assert(offsetof(struct pcpu_hot, irq_regs) == GS_IRQ_REGS, "calling.h");
static_assert(offsetof(struct pcpu_hot, catch_top) == GS_CATCH_TOP, "switch.S");
static_assert(offsetof(struct pcpu_hot, tss) == GS_TSS, "syscall.S");
static_assert(offsetof(struct pcpu_hot, user_sp) == GS_USER_SP, "syscall.S");

#define NR_CPUS 512 /* logical CPUs; APIC IDs may be any 32-bit number */

/* The hot fields, as an lvalue in the GS segment: this_cpu(preempt_count). */
#define this_cpu(field) (((volatile __seg_gs struct pcpu_hot *)0)->field)

/* The same where nothing else writes it meanwhile: with IF=0, say. */
#define this_cpu_own(field) (((__seg_gs struct pcpu_hot *)0)->field)

/* One-instruction updates: exact against interrupts on this CPU. */
#define this_cpu_add32(field, n)                                             \
	__asm__ volatile(                                                    \
		"addl %[val], %%gs:%c[off]"                                  \
		:                                                            \
		: [val] "ri"(n), [off] "i"(offsetof(struct pcpu_hot, field)) \
		: "memory", "cc")
#define this_cpu_or32(field, n)                                              \
	__asm__ volatile(                                                    \
		"orl %[val], %%gs:%c[off]"                                   \
		:                                                            \
		: [val] "ri"(n), [off] "i"(offsetof(struct pcpu_hot, field)) \
		: "memory", "cc")
#define this_cpu_and32(field, n)                                             \
	__asm__ volatile(                                                    \
		"andl %[val], %%gs:%c[off]"                                  \
		:                                                            \
		: [val] "ri"(n), [off] "i"(offsetof(struct pcpu_hot, field)) \
		: "memory", "cc")

#define this_cpu_inc64(field)                                          \
	__asm__ volatile("incq %%gs:%c[off]"                           \
			 :                                             \
			 : [off] "i"(offsetof(struct pcpu_hot, field)) \
			 : "memory", "cc")
/* Is the field 0? In two instructions with the branch. */
#define this_cpu_is_zero32(field)                                              \
	({                                                                     \
		bool zero;                                                     \
		__asm__ volatile("cmpl $0, %%gs:%c[off]"                       \
				 : "=@cce"(zero)                               \
				 : [off] "i"(offsetof(struct pcpu_hot, field)) \
				 : "memory");                                  \
		zero;                                                          \
	})

/* Is any bit of mask set in the field? In two instructions, too. */
#define this_cpu_test32(field, mask)                                         \
	({                                                                   \
		bool set;                                                    \
		__asm__ volatile(                                            \
			"testl %[bits], %%gs:%c[off]"                        \
			: "=@ccnz"(set)                                      \
			: [bits] "i"(mask), [off] "i"(offsetof(              \
						    struct pcpu_hot, field)) \
			: "memory");                                         \
		set;                                                         \
	})

/* The field less n: is that 0? In two instructions, too. */
#define this_cpu_sub_and_test32(field, n)                                    \
	({                                                                   \
		bool zero;                                                   \
		__asm__ volatile(                                            \
			"subl %[val], %%gs:%c[off]"                          \
			: "=@cce"(zero)                                      \
			: [val] "ri"(n), [off] "i"(offsetof(struct pcpu_hot, \
							    field))          \
			: "memory");                                         \
		zero;                                                        \
	})

/* Set bit nr; one more in the nr'th of an array. */
#define this_cpu_bts32(field, nr)                                             \
	__asm__ volatile(                                                     \
		"btsl %[bit], %%gs:%c[off]"                                   \
		:                                                             \
		: [bit] "Ir"(nr), [off] "i"(offsetof(struct pcpu_hot, field)) \
		: "memory", "cc")
#define this_cpu_inc64_at(field, nr)                                       \
	__asm__ volatile(                                                  \
		"incq %%gs:%c[off](,%[at],8)"                              \
		:                                                          \
		: [at] "r"((u64)(nr)), [off] "i"(offsetof(struct pcpu_hot, \
							  field))          \
		: "memory", "cc")

#define DEFINE_PER_CPU(type, name) \
	__attribute__((section(".data..percpu"))) type name

#define DECLARE_PER_CPU(type, name) extern type name

/* Migration is the caller's concern: preemption does not exist yet. */
#define this_cpu_ptr(ptr) \
	((typeof(ptr))((unsigned long)(ptr) + this_cpu(this_cpu_off)))
#define per_cpu_ptr(ptr, cpu) \
	((typeof(ptr))((unsigned long)(ptr) + per_cpu_offset[cpu]))

/* Area minus template of each CPU; written by setup_per_cpu_areas(). */
extern unsigned long per_cpu_offset[NR_CPUS];

static inline u32 smp_processor_id(void)
{
	return this_cpu(cpu_number);
}

/* Who runs, for rooms below sched/: struct task_struct's pid. 0: too early. */
#define TASK_PID 28
static inline u32 current_pid(void)
{
	const struct task_struct *task = this_cpu(current_task);

	return task ? *(const u32 *)((const char *)task + TASK_PID) : 0;
}

/* Bytes of the template section. */
size_t per_cpu_size(void);

/*
 * Make area (per_cpu_size() bytes, 64-byte aligned) the area of cpu: copy the
 * template, fill the head. Boot CPU, before cpu runs.
 */
void per_cpu_init_area(u32 cpu, void *area);

/* Load GS base with this CPU's area. On that CPU, IF=0. */
void per_cpu_load(u32 cpu);
#endif
