/* SPDX-License-Identifier: MIT */
/*
 * lapic.h - this CPU's local APIC, by xAPIC's MMIO or x2APIC's MSRs.
 *
 * x2APIC where the CPU has it (and whenever firmware locked it), else xAPIC.
 * Registers are named by their xAPIC offset (asm/apicdef.h) in both modes.
 *
 * Spec: SDM 3A "Advanced Programmable Interrupt Controller (APIC)".
 */
#pragma once

#include <asm/apicdef.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <lib/compiler.h>

struct apic {
	const char *name; /* "x2apic", "xapic" */
	bool x2apic;
	u32 (*read)(u32 reg);
	void (*write)(u32 reg, u32 val);
	u32 (*read_id)(void);
	/* Send; waits first until the previous one left. 0 or -ETIMEDOUT. */
	int (*icr_write)(u32 low, u32 dest);
	u64 (*icr_read)(void); /* dest << 32 | low */
};

extern const struct apic *apic; /* set once by lapic_select() */
extern u64 apic_mmio;		/* xAPIC registers, identity-mapped */
extern bool apic_is_x2apic;	/* apic->x2apic, for the EOI below */

static inline u32 apic_read(u32 reg)
{
	return apic->read(reg);
}

static inline void apic_write(u32 reg, u32 val)
{
	apic->write(reg, val);
}

/* End the highest interrupt in service. Inline: every interrupt does it. */
static __always_inline void apic_eoi(void)
{
	if (apic_is_x2apic)
		wrmsr(MSR_X2APIC_BASE + (APIC_EOI >> 4), 0);
	else
		*(volatile u32 *)(apic_mmio + APIC_EOI) = 0;
}

/*
 * Find the mode, switch to x2APIC if it can be had, map the registers if not.
 * mmio_base is the MADT's. 0, -ENODEV (no local APIC) or -ENOMEM. Boot CPU.
 */
int lapic_select(u64 mmio_base);

/* Switch this CPU's APIC on, in the mode that was selected. IF=0. */
void lapic_enable(void);

/*
 * Make this CPU's APIC ours: enabled, all LVTs masked, timer stopped, nothing
 * pending or in service, LINT1 as lint_nmi says, error vector on. IF=0.
 * lint_nmi: bit n set when LINTn is wired to NMI.
 */
void lapic_setup(u32 lint_nmi);

/* Send EOI until no ISR bit is set; returns how many were needed (<= 256). */
u32 lapic_drain(void);

/* Highest vector set in ISR, IRR or TMR (APIC_ISR ...), or -1. */
int lapic_highest(u32 base_reg);

/* Is vector's bit set in ISR, IRR or TMR? */
bool lapic_test(u32 base_reg, u32 vector);

/* Number of LVT entries: MAXLVT + 1. */
u32 lapic_lvt_count(void);

/* This CPU's ID: 8 bits in xAPIC mode, 32 in x2APIC. */
u32 lapic_id(void);

/* Clear and return ESR (the write-before-read rule). */
u32 lapic_esr(void);

/* An IPI of this vector to this CPU, to an APIC ID, or by shorthand. */
int apic_send_self(u32 vector);
int apic_send_ipi(u32 dest_id, u32 vector);
int apic_send_nmi(u32 dest_id);

/* Wait until an ICR write has left (always so in x2APIC). 0, -ETIMEDOUT. */
int apic_wait_icr_idle(void);

/* Put APIC_BASE back after a case changed the mode; pure policy in state.c. */
bool lapic_x2apic_locked(void);
