/* SPDX-License-Identifier: MIT */
/*
 * smp_case.h - what the cases of IPIs share: who received how many, counted on
 * every CPU; who sends; and how CPUs are addressed.
 */
#pragma once

#include <apic/apic_driver.h>
#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <irq/irqstat.h>
#include <ktest/ktest.h>
#include <ktest/raised.h>
#include <smp/smp.h>

/* A system vector that does nothing but be counted, on every CPU. */
#define IPI_VECTOR X86_PLATFORM_IPI_VECTOR

#define RUN_US 5000000 /* what run_on() gives a piece of a case */

#define DEST_RULE "SDM 3A Determining IPI Destination"

/* Sets of CPUs that run. */
struct cpumask smp_all(void);
struct cpumask smp_only(u32 cpu);
struct cpumask smp_all_but(u32 cpu);
u32 smp_last(void); /* the highest */

/*
 * Sets to try: each of the first four CPUs' subsets, then every second CPU,
 * then all. False: there is no nth.
 */
bool smp_subset(u32 n, struct cpumask *set);

/* Write ICR on cpu; low gets the vector and level assert. */
void smp_send_from(u32 cpu, u32 low, u32 dest);

/* Run fn there: here, or by run_on(). */
void smp_do_on(u32 cpu, void (*fn)(void *), void *arg);

/*
 * Between watch and expect IPI_VECTOR was sent: n came to each CPU of mask,
 * none to the others. What waits in IRR has come. Declares them raised.
 */
void ipi_watch(void);
bool ipi_expect(const struct cpumask *mask, u32 n);

/* Exactly one came, and to one of mask: that CPU; -1: none, -2: else. */
int ipi_expect_one(const struct cpumask *mask);

/* The same for one NMI each; the runner takes the hook away. */
void nmi_watch(void);
bool nmi_expect(const struct cpumask *mask);

/* One send, judged. */
void judge_ipi(u32 sender, u32 low, u32 dest, struct cpumask want);

/* Address IPIs by d on all CPUs; teardown puts the boot's back. */
void smp_use_driver(const struct apic_driver *d);

/* Who a logical destination of the driver in use names. */
struct cpumask smp_named_by(u32 dest);

/* The logical destination of cpu alone. */
u32 smp_logical_id(u32 cpu);
