/* SPDX-License-Identifier: MIT */
/*
 * ioapic.h - every I/O APIC of the MADT, addressed by global system interrupt.
 *
 * Spec: Intel 82093AA IOAPIC datasheet.
 */
#pragma once

#include <acpi/acpi.h>
#include <asm/apicdef.h>
#include <lib/compiler.h>

/* Redirection table entry. */
union ioapic_rte {
	struct {
		u64 vector : 8;
		u64 delivery_mode : 3; /* APIC_DM_* >> 8 */
		u64 dest_logical : 1;
		u64 delivery_status : 1; /* read-only */
		u64 active_low : 1;
		u64 remote_irr : 1; /* read-only */
		u64 level : 1;
		u64 masked : 1;
		u64 reserved : 39;
		u64 dest : 8;
	};
	struct {
		/* Remappable format: apic/intr_remap.h. */
		u64 ir_vector : 8; /* an EOI of it ends a level interrupt */
		u64 ir_zero : 3;
		u64 ir_index_15 : 1;
		u64 : 36;
		u64 ir_format : 1;
		u64 ir_index_0_14 : 15;
	};
	struct {
		u32 low, high;
	};
	u64 raw;
};
static_assert(sizeof(union ioapic_rte) == 8, "82093AA: IOREDTBL");

#define IOAPIC_RTE_READONLY (BIT(12) | BIT(14))

/* The way to the registers: the machine's, or a fake file of them. */
struct ioapic_mmio {
	int (*map)(u64 base); /* 0, or why they cannot be reached */
	u32 (*read)(u64 addr);
	void (*write)(u64 addr, u32 val);
	/* Around index and window: nobody else between the two steps. */
	u64 (*lock)(void);
	void (*unlock)(u64 flags);
};

struct ioapic {
	const struct ioapic_mmio *mmio;
	u64 base; /* MMIO, mapped */
	u32 id;	  /* the MADT's */
	u32 gsi_base;
	u32 pins;
	u8 version;
	u64 firmware_unmasked; /* pins 0..63 that firmware left so */
};

#define MAX_IOAPICS ACPI_MAX_IOAPICS

/* What is there; written by ioapic_init() only. */
extern struct ioapic ioapics[MAX_IOAPICS];
extern u32 nr_ioapics;

/*
 * Map each IOAPIC of the MADT and mask all its pins but those firmware routed
 * as SMI: they are its own. One that does not answer is left out. Returns the
 * number found. Boot CPU.
 */
u32 ioapic_init(const struct acpi_madt *madt);

/* The same for n said to be there, by any way to the registers. Pure. */
u32 ioapic_probe_all(struct ioapic *list, const struct acpi_ioapic *said, u32 n,
		     const struct ioapic_mmio *mmio);

/* The IOAPIC and pin of a GSI, or NULL. */
const struct ioapic *ioapic_of_gsi(u32 gsi, u32 *pin);
const struct ioapic *ioapic_find(const struct ioapic *list, u32 n, u32 gsi,
				 u32 *pin);

/* Free the lock that a case which was broken off may have left taken. */
void ioapic_reset_lock(void);

/* Registers, by index. */
u32 ioapic_read(const struct ioapic *io, u32 reg);
void ioapic_write(const struct ioapic *io, u32 reg, u32 val);

union ioapic_rte ioapic_read_rte(const struct ioapic *io, u32 pin);

/* Writes the half without the mask bit first, so no half-entry is ever live. */
void ioapic_write_rte(const struct ioapic *io, u32 pin, union ioapic_rte rte);

/* By GSI; the GSI must exist. */
union ioapic_rte gsi_read_rte(u32 gsi);
void gsi_write_rte(u32 gsi, union ioapic_rte rte);
void gsi_set_mask(u32 gsi, bool masked);

/*
 * Clear Remote IRR without waiting for the CPU's EOI: by the EOI register
 * (version 0x20), else by switching the pin to edge and back.
 */
void ioapic_eoi_pin(const struct ioapic *io, u32 pin);
void gsi_eoi(u32 gsi);
