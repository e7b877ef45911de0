/* SPDX-License-Identifier: MIT */
/*
 * insn_lapic.h - MSR accesses that may fault, INT of the spurious vector, the
 * stub of a scratch IDT for the vectors an APIC can deliver, and the registers
 * as a CPU finds them behind INIT. See src/ktest/insn_lapic.S.
 */
#pragma once

#define APIC_LOOK_REGS 64 /* so many at most */
#define APIC_LOOK_ROW  32 /* struct apic_look: where the rows begin */

#ifndef __ASSEMBLER__
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

/*
 * What insn_lapic_look() reads: IA32_APIC_BASE and, if that is want, the
 * registers: by MSRs if mmio is 0, else at offsets from mmio.
 */
struct apic_look {
	u64 want, mmio;
	u32 count; /* rows, at least one */
	u32 taken; /* how often all of them were read */
	u64 base;
	struct {
		u64 at, val;
	} row[APIC_LOOK_REGS];
};
static_assert(offsetof(struct apic_look, row) == APIC_LOOK_ROW, "its .S");
extern struct apic_look apic_look;

/* For smp_startup_hook: not to be called from C. */
void insn_lapic_look(void);
#endif
