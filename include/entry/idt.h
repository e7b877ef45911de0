/* SPDX-License-Identifier: MIT */
/*
 * idt.h - the interrupt descriptor table, phase by phase, and the entry stubs.
 */
#pragma once

#include <cpu/desc.h>
#include <trap/idtentry.h>

#define EARLY_IDT_HANDLER_SIZE 16
#define IRQ_STUB_SIZE	       16

/* Page-sized; written through here until idt_setup_apic_and_irq_gates(). */
extern gate_desc idt_table[NR_VECTORS];

/* Bit v: vector v is not a device's (Linux: system_vectors). */
extern u64 system_vectors[NR_VECTORS / 64];

static inline bool is_system_vector(u32 vector)
{
	return system_vectors[vector / 64] >> (vector % 64) & 1;
}

/* Write a gate for each row; sys: also record it in system_vectors. */
void idt_setup_from_table(gate_desc *idt, const struct idt_data *rows, size_t n,
			  bool sys);

/* The phases, in boot order. Boot CPU, IF=0. */
void idt_setup_early_handler(void);
void idt_setup_early_traps(void);
void idt_setup_early_pf(void);
void idt_setup_traps(void);
void idt_setup_ist_traps(void);

/*
 * Device stubs into every vector that is not a system vector, then seal: the
 * table becomes read-only and IDTR points at its alias. 0 or -ENOMEM.
 */
int idt_setup_apic_and_irq_gates(void);

/* Point IDTR at the live table again, e.g. after a scratch one. Any CPU. */
void load_current_idt(void);

/* entry.S */
#define X(vector, name) void asm_exc_##name(void);
IDTENTRY_LIST(X)
IDTENTRY_PARANOID_LIST(X)
#undef X
extern char early_idt_handler_array[];
extern char irq_entries_start[]; /* vector v at + (v - 32) * IRQ_STUB_SIZE */
extern char traced_irq_entries_start[];
extern char return_from_event[]; /* the way back of all that use no IST */
void asm_int80(void);
