/* SPDX-License-Identifier: MIT */
/*
 * insn_lapic.h - MSR accesses that may fault, INT of the spurious vector, and
 * the stub of a scratch IDT for the vectors an APIC can deliver.
 * See src/ktest/insn_lapic.S.
 */
#pragma once

#include <lib/compiler.h>

struct lapic_msr {
	u32 msr;
	u64 val;
};

/* For catch_trap(): arg is a struct lapic_msr. */
void lapic_rdmsr(void *arg);
void lapic_wrmsr(void *arg);
extern char insn_lapic_rdmsr[], insn_lapic_wrmsr[]; /* where they fault */

/* INT of SPURIOUS_APIC_VECTOR. arg is ignored. */
void insn_lapic_int_spurious(void *arg);

/* A gate's target: calls the hook with IF=0, then IRET. It sends no EOI. */
void lapic_scratch_stub(void);
extern void (*lapic_scratch_hook)(void);
