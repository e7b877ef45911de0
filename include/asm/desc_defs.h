/* SPDX-License-Identifier: MIT */
/*
 * desc_defs.h - descriptors as the CPU reads them from memory.
 *
 * Spec: SDM 3A "Segment Descriptors", "64-Bit Mode IDT", "TSS Descriptor in
 *       64-bit mode", "64-Bit Mode TSS"; APM 2 "Legacy and Long-Mode
 *       Descriptors".
 */
#pragma once

/* clang-format off */
/* GDT slots. SYSRET wants user data one below user code (STAR[63:48] + 8). */
#define GDT_ENTRY_KERNEL_CS	2
#define GDT_ENTRY_KERNEL_DS	3
#define GDT_ENTRY_USER32_CS	4
#define GDT_ENTRY_USER_DS	5
#define GDT_ENTRY_USER_CS	6
#define GDT_ENTRY_NOT_PRESENT	7	/* P=0 data, for #NP and #SS */
#define GDT_ENTRY_TSS		8	/* two slots */
#define GDT_ENTRIES		16

#define __KERNEL_CS		(GDT_ENTRY_KERNEL_CS * 8)
#define __KERNEL_DS		(GDT_ENTRY_KERNEL_DS * 8)
#define __USER32_CS		(GDT_ENTRY_USER32_CS * 8 + 3)
#define __USER_DS		(GDT_ENTRY_USER_DS * 8 + 3)
#define __USER_CS		(GDT_ENTRY_USER_CS * 8 + 3)
#define __NOT_PRESENT_DS	(GDT_ENTRY_NOT_PRESENT * 8)
#define __TSS_SEL		(GDT_ENTRY_TSS * 8)

/* Interrupt stack table, 1-based as the CPU counts; 0 keeps the stack. */
#define IST_NONE		0
#define IST_DF			1
#define IST_NMI			2
#define IST_DB			3
#define IST_MCE			4
#define IST_VC			5
#define IST_TEST_A		6	/* belongs to the running case */
#define IST_TEST_B		7
#define NR_IST			7

/* System descriptor types */
#define DESC_TSS_AVAILABLE	0x9
#define DESC_TSS_BUSY		0xb
#define GATE_INTERRUPT		0xe
#define GATE_TRAP		0xf
#define GATE_CALL		0xc

#define TSS_SP0			4	/* for assembly: offset of sp[0] */

#ifndef __ASSEMBLER__
#include <lib/compiler.h>

/* A code or data descriptor, or the low half of a system one. */
union desc_struct {
	struct {
		u16 limit0;
		u16 base0;
		u64 base1 : 8, type : 4, s : 1, dpl : 2, p : 1;
		u64 limit1 : 4, avl : 1, l : 1, d : 1, g : 1, base2 : 8;
	} __packed;
	u64 raw;
};
static_assert(sizeof(union desc_struct) == 8, "SDM 3A: segment descriptor");

/* A TSS descriptor in 64-bit mode: 16 bytes. */
struct tss_desc {
	u16 limit0;
	u16 base0;
	u8 base1;
	u8 type : 4, zero0 : 1, dpl : 2, p : 1;
	u8 limit1 : 4, avl : 1, zero1 : 2, g : 1;
	u8 base2;
	u32 base3;
	u32 zero2;
} __packed;
static_assert(sizeof(struct tss_desc) == 16, "SDM 3A: TSS descriptor");

struct idt_bits {
	u16 ist : 3, zero : 5, type : 5, dpl : 2, p : 1;
} __packed;

/* An interrupt or trap gate in 64-bit mode: 16 bytes. */
typedef union {
	struct {
		u16 offset_low;
		u16 segment;
		struct idt_bits bits;
		u16 offset_middle;
		u32 offset_high;
		u32 reserved;
	} __packed;
	u64 raw[2];
} gate_desc;
static_assert(sizeof(gate_desc) == 16, "SDM 3A: 64-bit mode IDT gate");

/* What SGDT, SIDT, LGDT and LIDT move in 64-bit mode. */
struct desc_ptr {
	u16 size;		/* limit: bytes - 1 */
	u64 address;
} __packed;
static_assert(sizeof(struct desc_ptr) == 10, "SDM 2: LGDT/LIDT m16&64");

struct tss {
	u32 reserved0;
	u64 sp[3];		/* RSP0..RSP2 */
	u64 reserved1;
	u64 ist[NR_IST];	/* ist[0] is IST1 */
	u64 reserved2;
	u16 reserved3;
	u16 io_bitmap_base;
} __packed;
static_assert(sizeof(struct tss) == 104, "SDM 3A: 64-bit TSS");
static_assert(offsetof(struct tss, sp) == TSS_SP0, "syscall.S");
#endif
/* clang-format on */
