/* SPDX-License-Identifier: MIT */
/*
 * desc.h - descriptor tables: the early GDT, each CPU's GDT and TSS, gates.
 *
 * Spec: SDM 3A "Protected-Mode Memory Management", "64-Bit Mode IDT".
 */
#pragma once

#include <asm/desc_defs.h>
#include <asm/irq_vectors.h>
#include <cpu/percpu.h>

/* One row of an IDT table: Linux's idt_data. */
struct idt_data {
	u8 vector;
	u8 ist;		    /* IST_NONE, or slot 1..7 as the CPU counts */
	u8 dpl;		    /* 3 lets CPL 3 raise it with "int n" */
	void (*addr)(void); /* asm_* stub */
};

/* Build a present 64-bit interrupt gate for row. Pure. */
void idt_init_desc(gate_desc *gate, const struct idt_data *row);

/* The handler a gate leads to. Pure. */
u64 gate_offset(const gate_desc *gate);

static inline void write_idt_entry(gate_desc *idt, u32 vector,
				   const gate_desc *gate)
{
	idt[vector] = *gate;
}

/* A GDT of flat segments, so that gates can name our own selectors. IF=0. */
void early_gdt_setup(void);

/* Fill a page-sized GDT (flat segments, this TSS). Pure. */
void gdt_fill(union desc_struct *gdt, const struct tss *tss);

/*
 * Load this CPU's GDT (through its read-only alias), reload the segments and
 * TR. hot->gdt, gdt_rw and tss are set. IF=0.
 */
void cpu_load_gdt_tss(void);

/* Load TR with sel again: clears the busy bit through the writable alias. */
void cpu_reload_tr(void);

/* CS = __KERNEL_CS, SS = __KERNEL_DS, DS = ES = FS = NULL; GS stays. */
void reload_segments(void);
