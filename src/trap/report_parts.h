/* SPDX-License-Identifier: MIT */
/*
 * report_parts.h - a report is one snapshot, then one file for each part of
 * it. Everything that reads the machine is in report_snap.c; the parts print
 * the snapshot, and reach memory only through peek().
 */
#pragma once

#include <asm/desc_defs.h>
#include <asm/ptrace.h>

#define CODE_MAX 15 /* no instruction is longer */

/* The machine as the exception left it, before the report disturbs it. */
struct report {
	const struct pt_regs *regs;
	struct pt_regs copy; /* an IST stack may be used from its top again */
	const char *why;
	u64 handler_sp; /* where the event was handled */
	u64 cr0, cr2, cr3, cr4, cr8, efer;
	u64 dr[4], dr6, dr7;
	u64 fs_base, gs_base, kernel_gs_base;
	u32 cpu, apic_id, preempt_count;
	u16 tr;
	struct desc_ptr idt, gdt;
};

void report_snapshot(struct report *r, const struct pt_regs *regs,
		     const char *why);

/* Copy from an address that may be bad, or a user's. True if all was read. */
bool peek(void *dst, u64 addr, size_t len);

/* Bytes of code readable at ip, at most CODE_MAX. */
size_t peek_code(u8 *code, u64 ip);

void report_system(const struct report *r);
void report_code(u64 ip);
void report_db(const struct report *r);
void report_ud(const struct report *r);
void report_selector(const struct report *r);
void report_pf(const struct report *r);
void report_df(const struct report *r);
void report_mc(void);

/* "task", "softirq", "hardirq", "nmi" or "user". */
const char *report_context(const struct report *r);

/* The stack start() begins on, before the slots of stacks.h are mapped. */
bool report_on_boot_stack(u64 addr);

/* Could a call return here? irqbed's own code, not the user's. */
bool report_is_text(u64 addr);

/* "task stack of CPU 0, 0x1f0 bytes used", or what else lies there. */
const char *report_stack(u64 sp, char *buf, size_t size);

/* Why the gate of vector nr cannot deliver, or NULL. */
const char *report_bad_gate(const struct report *r, u32 nr);

/* How far addr, in a guard, is below the stack that the guard protects. */
u64 report_guard_depth(u64 addr);
