/* SPDX-License-Identifier: MIT */
/*
 * apic_driver.h - how an IPI to several CPUs is addressed. To one it always
 * goes by its physical ID.
 *
 * Linux: struct apic, whose register half is ours of apic/lapic.h.
 * Spec: SDM 3A "Determining IPI Destination", "Logical Destination Mode in
 *       x2APIC Mode".
 */
#pragma once

#include <asm/apicdef.h>
#include <cpu/cpumask.h>

struct apic_driver {
	const char *name;
	bool x2apic;	    /* of that mode, else of xAPIC */
	u32 max_cpus;	    /* so many it can tell apart */
	u32 dfr;	    /* xAPIC: what DFR must be */
	u8 (*ldr)(u32 cpu); /* xAPIC: cpu's logical ID; x2APIC has its own */
	/* Send low (mode, level, vector) to all of mask. 0 or -ETIMEDOUT. */
	int (*send_IPI_mask)(const struct cpumask *mask, u32 low);
};

extern const struct apic_driver apic_flat, apic_cluster, apic_physflat;
extern const struct apic_driver x2apic_cluster, x2apic_phys;

/* The one in use. Every CPU's LDR and DFR are as it wants them. */
extern const struct apic_driver *apic_driver;

/* Does d work in this APIC's mode with all CPUs there are? */
bool apic_driver_fits(const struct apic_driver *d);

/*
 * Choose once the number of CPUs is known, and before others run: x2APIC
 * clusters; in xAPIC mode flat up to 8 CPUs, else one by one. The FADT's flags
 * may force another. Boot CPU, IF=0. Linux: default_setup_apic_routing().
 */
void apic_setup_routing(u32 fadt_flags);

/* Program this CPU's DFR and LDR for d; nothing in x2APIC mode. IF=0. */
void apic_init_ldr(const struct apic_driver *d);

/*
 * An IPI of vector to all of mask, by the shorthand where that is the same.
 * mask is not empty. Any context but NMI. 0 or -ETIMEDOUT.
 */
int apic_send_ipi_mask(const struct cpumask *mask, u32 vector);

/* The same of NMIs, never by a shorthand: a parked CPU would take one. */
int apic_send_nmi_mask(const struct cpumask *mask);

/*
 * May "all excluding self" stand for all others that are online? Not while a
 * CPU of ours is not, nor where the firmware has some that are not ours.
 */
bool apic_shorthand_allowed(void);

/* Said once all have come up. A case may say no, and puts back what was. */
void apic_use_shorthand(bool use);
