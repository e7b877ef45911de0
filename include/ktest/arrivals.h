/* SPDX-License-Identifier: MIT */
/*
 * arrivals.h - one vector claimed on every CPU, its arrivals counted on each:
 * for cases that judge where an interrupt goes.
 *
 *	if (!arrivals_open(0x51))
 *		return;
 *	send();
 *	arrivals_expect(&who);
 *	arrivals_close();
 *
 * Context: task context of the boot CPU, IF=1; one at a time.
 */
#pragma once

#include <cpu/cpumask.h>

/* Claim vector and count from 0. False: the case has failed. */
bool arrivals_open(u32 vector);

/* Give it back, if it is open. A suite's teardown. */
void arrivals_close(void);

/*
 * Wait for one arrival at each CPU of who, let through what is pending at any
 * CPU, and judge: one at each of who, none elsewhere. Counts from 0 again.
 */
bool arrivals_expect(const struct cpumask *who);

/* The same, but which CPU of who gets the n arrivals is open. */
bool arrivals_expect_among(const struct cpumask *who, u32 n);

/* fn(arg) on every CPU, one after another, in task context. */
bool run_on_each(void (*fn)(void *), void *arg);

/* This CPU alone; the CPUs with this physical destination, or all. */
struct cpumask cpumask_self(void);
struct cpumask physical_dest(u32 dest);

/*
 * The CPUs that a logical destination selects, as each one's LDR and DFR say:
 * 8 bits in xAPIC mode, 32 in x2APIC mode, of which an interrupt message that
 * is not remapped has the low 8.
 * Spec: SDM 3A "Logical Destination Mode", "Logical Destination Mode in x2APIC
 *       Mode".
 */
struct cpumask logical_dest(u32 dest);

/*
 * xAPIC: model (APIC_DFR_*) on every CPU, for all must have the same, and own
 * in this CPU's LDR, while the others' are spread over what the model can say;
 * until end, which is a suite's teardown, too.
 * Spec: SDM 3A "Flat Model", "Cluster Model".
 */
void logical_model_begin(u32 model, u8 own);
void logical_model_end(void);

/*
 * Sets of several CPUs, all of them there, as a logical destination of 8 bits
 * names them: aim() the interrupt at each by lowest priority, pulse() its
 * source; one CPU of the set gets it, each time. Between arrivals_open() and
 * arrivals_close(); flat where the mode is xAPIC's.
 * Spec: SDM 3A "Lowest Priority Delivery Mode".
 */
void judge_one_of_several(void (*aim)(u32 dest), void (*pulse)(bool on));
