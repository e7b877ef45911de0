/* SPDX-License-Identifier: MIT */
/*
 * apicdef.h - local APIC and I/O APIC registers and their bits.
 *
 * Local APIC registers are named by their xAPIC MMIO offset; in x2APIC mode
 * the same register is MSR_X2APIC_BASE + (offset >> 4).
 *
 * Spec: SDM 3A "Advanced Programmable Interrupt Controller (APIC)";
 *       Intel 82093AA IOAPIC datasheet.
 */
#pragma once

/* clang-format off */
#define APIC_DEFAULT_PHYS_BASE	0xfee00000

#define APIC_ID			0x020
#define APIC_LVR		0x030		/* version */
#define   APIC_LVR_VERSION	  0x000000ff
#define   APIC_LVR_MAXLVT	  0x00ff0000
#define   APIC_LVR_DIRECTED_EOI	  (1u << 24)
#define APIC_TASKPRI		0x080
#define APIC_ARBPRI		0x090
#define APIC_PROCPRI		0x0a0
#define APIC_EOI		0x0b0
#define APIC_RRR		0x0c0
#define APIC_LDR		0x0d0
#define APIC_DFR		0x0e0		/* xAPIC only */
#define   APIC_DFR_FLAT		  0xffffffffu
#define   APIC_DFR_CLUSTER	  0x0fffffffu
#define APIC_SPIV		0x0f0
#define   APIC_SPIV_APIC_ENABLED  (1u << 8)
#define   APIC_SPIV_FOCUS_DISABLED (1u << 9)
#define   APIC_SPIV_DIRECTED_EOI  (1u << 12)
#define APIC_ISR		0x100		/* 8 registers, 0x10 apart */
#define APIC_TMR		0x180
#define APIC_IRR		0x200
#define APIC_ESR		0x280
#define   APIC_ESR_SEND_CS	  (1u << 0)
#define   APIC_ESR_RECV_CS	  (1u << 1)
#define   APIC_ESR_SEND_ACC	  (1u << 2)
#define   APIC_ESR_RECV_ACC	  (1u << 3)
#define   APIC_ESR_REDIR_IPI	  (1u << 4)
#define   APIC_ESR_SENDILL	  (1u << 5)
#define   APIC_ESR_RECVILL	  (1u << 6)
#define   APIC_ESR_ILLREGA	  (1u << 7)
#define APIC_LVTCMCI		0x2f0
#define APIC_ICR		0x300
#define   APIC_ICR_BUSY		  (1u << 12)
#define   APIC_ICR_READ_STATUS	  (3u << 16)	/* AMD: of a remote read */
#define   APIC_INT_ASSERT	  (1u << 14)
#define   APIC_INT_LEVELTRIG	  (1u << 15)
#define   APIC_DEST_PHYSICAL	  0x00000
#define   APIC_DEST_LOGICAL	  0x00800
#define   APIC_DEST_SELF	  0x40000
#define   APIC_DEST_ALLINC	  0x80000
#define   APIC_DEST_ALLBUT	  0xc0000
#define APIC_ICR2		0x310		/* xAPIC only */
#define APIC_LVTT		0x320
#define APIC_LVTTHMR		0x330
#define APIC_LVTPC		0x340
#define APIC_LVT0		0x350
#define APIC_LVT1		0x360
#define APIC_LVTERR		0x370
#define   APIC_VECTOR_MASK	  0x000000ff
#define   APIC_DM_FIXED		  0x00000
#define   APIC_DM_LOWEST	  0x00100
#define   APIC_DM_SMI		  0x00200
#define   APIC_DM_REMOTE_READ	  0x00300	/* AMD */
#define   APIC_DM_NMI		  0x00400
#define   APIC_DM_INIT		  0x00500
#define   APIC_DM_STARTUP	  0x00600
#define   APIC_DM_EXTINT	  0x00700
#define   APIC_MODE_MASK	  0x00700
#define   APIC_SEND_PENDING	  (1u << 12)
#define   APIC_LVT_POLARITY_LOW	  (1u << 13)
#define   APIC_LVT_REMOTE_IRR	  (1u << 14)
#define   APIC_LVT_LEVEL_TRIGGER  (1u << 15)
#define   APIC_LVT_MASKED	  (1u << 16)
#define   APIC_LVT_TIMER_ONESHOT  (0u << 17)
#define   APIC_LVT_TIMER_PERIODIC (1u << 17)
#define   APIC_LVT_TIMER_TSCDEADLINE (2u << 17)
#define APIC_TMICT		0x380
#define APIC_TMCCT		0x390
#define APIC_TDCR		0x3e0
#define   APIC_TDR_DIV_2	  0x0
#define   APIC_TDR_DIV_4	  0x1
#define   APIC_TDR_DIV_8	  0x2
#define   APIC_TDR_DIV_16	  0x3
#define   APIC_TDR_DIV_32	  0x8
#define   APIC_TDR_DIV_64	  0x9
#define   APIC_TDR_DIV_128	  0xa
#define   APIC_TDR_DIV_1	  0xb
#define APIC_SELF_IPI		0x3f0		/* x2APIC only */

/* I/O APIC: an index register at +0, a data window at +0x10 */
#define IOAPIC_REGSEL		0x00
#define IOAPIC_WINDOW		0x10
#define IOAPIC_EOI		0x40		/* version 0x20 and later */
#define IOAPIC_REG_ID		0x00
#define IOAPIC_REG_VERSION	0x01
#define IOAPIC_REG_ARB		0x02
#define IOAPIC_REG_RTE(pin)	(0x10 + 2 * (pin))
/* clang-format on */
