/* SPDX-License-Identifier: MIT */
/*
 * vtd.h - what the cases of suite vtd share: the unit in front of the I/O
 * APIC, remapping through it, and one pin whose requests go that way.
 *
 * Each function that returns false has said in vtd_why what is missing.
 */
#pragma once

#include <apic/intr_remap.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#define VTD_INDEX  0x15 /* the pin's entry, unless a case says other */
#define VTD_VECTOR 0x61 /* what that entry makes of a request */

#define IRTE_RULE                                                   \
	"VT-d Interrupt Remapping Table Entry (IRTE) for Remapped " \
	"Interrupts"
#define REQUEST_RULE "VT-d Interrupt Requests in Remappable Format"
#define FAULT_RULE   "VT-d Interrupt Remapping Fault Conditions"
#define SETUP_RULE   "VT-d Interrupt Remapping Hardware Setup"

extern struct intel_iommu *vtd;		  /* the unit */
extern struct acpi_drhd_scope vtd_ioapic; /* its scope of the I/O APIC */
extern bool vtd_eim; /* 32-bit IDs: as the local APIC's mode */
extern struct pin vtd_pin;
extern const char *vtd_why;

/* The unit is there; its registers will be put back. */
bool vtd_find(void);

/* Remapping is on, its table empty. */
bool vtd_on(void);

/* A wire's pin asks for entry VTD_INDEX: edge, fixed, to this CPU. */
bool vtd_open_pin(void);

/* Another entry for the pin to ask for, its RTE otherwise plain. */
void vtd_point_pin(union ioapic_rte rte);

/* The entry that makes VTD_VECTOR for this CPU; and set one up. */
union irte vtd_irte(void);
void vtd_set(u16 index, union irte irte);

/* How often one pulse of the wire interrupted; want: how often it should. */
u32 vtd_pulse(u32 want);
void vtd_raise(void);
void vtd_lower(void);

/* A line through the table, for the teardown. */
void vtd_affinity_close(void);

/* One pulse is blocked, and that is recorded once. False: it is not. */
bool vtd_blocked(struct dmar_fault *fault);
