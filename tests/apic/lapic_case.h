/* SPDX-License-Identifier: MIT */
/*
 * lapic_case.h - what the suite `lapic` shares: counting arrivals, reading and
 * putting back the APIC's registers, and a scratch IDT whose handler is the
 * case's own, for the vectors nobody can claim.
 */
#pragma once

#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/insn_lapic.h>
#include <ktest/ktest.h>
#include <trap/catch.h>

#define FIRST_APIC_VECTOR 16 /* 0..15 are illegal */

/* Device vectors for the cases: classes 5 to 7, away from the ISA lines. */
#define VEC_A	0x51
#define VEC_B	0x61
#define VEC_C	0x71
#define VEC_LOW 0x29 /* lapic_flush()'s */

/* How long nothing must happen before we believe that nothing will. */
#define SETTLE_US 60

/* One vector's arrivals; the handler only counts and stores. */
struct arrivals {
	u32 count;
	u64 tsc; /* at the last one */
};

/* For irq_claim_vector(); dev is a struct arrivals. */
irqreturn_t lapic_count_arrival(int irq, void *dev);

/* True once count is reached; then a pause in which more might come. */
bool lapic_arrived(const struct arrivals *a, u32 count);

/*
 * Let through what is pending: a self IPI of a low class is sent and waited
 * for. What was raised before it, in a higher class, has arrived by then.
 */
void lapic_flush(void);

/* The LVT registers this APIC has. */
#define MAX_LVTS 7
u32 lapic_lvt_regs(u16 regs[MAX_LVTS]);

/* What software sets, to put back after the APIC was reset or disabled. */
struct lapic_regs {
	u64 base;
	u32 svr, tpr, ldr, dfr, tmict, tdcr;
	u32 nr_lvts;
	u16 lvt_reg[MAX_LVTS];
	u32 lvt[MAX_LVTS];
};

void lapic_save(struct lapic_regs *r);
/* The mode must be the one of lapic_save(). Any IF. */
void lapic_put_back(const struct lapic_regs *r);

/* One register, or count of them 10H apart, as the manuals' maps have it. */
/* clang-format off */
#define LR_R		BIT(0)
#define LR_W		BIT(1)
#define LR_RW		(LR_R | LR_W)
#define LR_XAPIC_W	BIT(2)	/* read-only in x2APIC mode */
#define LR_XAPIC	BIT(3)	/* there in that mode */
#define LR_X2APIC	BIT(4)
#define LR_BOTH		(LR_XAPIC | LR_X2APIC)
#define LR_AMD_X2APIC	BIT(5)	/* AMD's x2APIC keeps it */
/* clang-format on */
struct lapic_reg {
	u16 reg;
	u8 count;
	u8 lvts; /* exists where there are so many LVTs */
	u8 access;
	u32 reset, trial;   /* trial: silent when written; 0: not to be */
	u64 reserved;	    /* in x2APIC mode #GP when set, by both manuals */
	u64 reserved_intel; /* by Intel's only */
};
extern const struct lapic_reg lapic_table[];
extern const u32 lapic_table_rows;

/* The row of this APIC's register at a multiple of 10H; NULL: none. */
const struct lapic_reg *lapic_reg_at(u32 reg);

/*
 * The APIC's mode, changed and put back: between begin and end IF=0, and
 * irqbed's own accessors work in the mode it booted in only.
 */
enum lapic_mode { MODE_OFF, MODE_XAPIC, MODE_INVALID, MODE_X2APIC };
/* May it be disabled? SKIPs with the reason if not. */
bool mode_can_change(void);
void mode_begin(void);
void mode_set(enum lapic_mode mode);
void mode_end(void);
/* After all that, interrupts come as before. IF=1. */
void mode_judge_alive(void);
/* Where APIC base puts the registers, mapped. False: the case has failed. */
bool lapic_page_map(u64 *page);

/* RDMSR, WRMSR with the fault as a value. */
struct trap catch_rdmsr(u32 msr, u64 *val);
struct trap catch_wrmsr(u32 msr, u64 val);

/* The MSR of a register in x2APIC mode. */
#define X2APIC_MSR(reg) (MSR_X2APIC_BASE + ((reg) >> 4))

/*
 * Accesses that must end in #GP(0) at the instruction: made, tallied (the
 * first misses are named), judged as one.
 */
struct gp_tally {
	u32 made, faulted;
};

void tally_rdmsr(struct gp_tally *t, u32 msr);
void tally_wrmsr(struct gp_tally *t, u32 msr, u64 val);
#define EXPECT_ALL_GP(t)                          \
	do {                                      \
		EXPECT_GT((t).made, 0);           \
		EXPECT_EQ((t).faulted, (t).made); \
	} while (0)

/* The same for one access. */
void expect_rdmsr_gp(u32 msr);
void expect_wrmsr_gp(u32 msr, u64 val);

/* Exactly vector's bit is set in ISR, IRR or TMR; -1: none at all. */
bool lapic_only(u32 base_reg, int vector);

/*
 * The scratch IDT: vectors 16..255 arrive at service(vector), 0..15 go on to
 * where they went. service runs with IF=0 and its ISR bit set; EOI is its own.
 * Task context; end puts the live IDT back. 0 or -ENOMEM.
 */
int scratch_begin(void (*service)(u32 vector));
void scratch_end(void);

/* What a service may record with: order of arrival and counts. */
struct scratch_log {
	u32 n;
	u8 order[32];
	u32 count[NR_VECTORS];
};
extern struct scratch_log scratch_log; /* cleared by scratch_begin() */
void scratch_record(u32 vector);
/* scratch_record(), then EOI: the plain service. */
void scratch_serve(u32 vector);
