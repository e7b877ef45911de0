/* SPDX-License-Identifier: MIT */
/*
 * acpi.h - what the firmware's tables say about interrupts. Pure: bytes in,
 * struct acpi_info out; nothing in it points into a table.
 *
 * Tables lie. Each length and checksum is checked; what is wrong is left out
 * and named in info->complaints, the rest is used.
 *
 * Spec: ACPI Specification 6.5, "ACPI Software Programming Model".
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
#define ACPI_MAX_CPUS		512
#define ACPI_MAX_IOAPICS	16
#define ACPI_MAX_OVERRIDES	16	/* the ISA IRQs */
#define ACPI_MAX_NMIS		16
#define ACPI_MAX_TABLES		64
#define ACPI_MAX_MCFG		16
#define ACPI_MAX_DRHD		16
#define ACPI_MAX_DRHD_SCOPES	64
#define ACPI_MAX_COMPLAINTS	16

/* A line's character. 0 is ISA's: edge-triggered, active high. */
#define ACPI_IRQ_LEVEL		BIT(0)
#define ACPI_IRQ_LOW		BIT(1)
#define ACPI_IRQ_NMI		BIT(7)	/* lint_nmi[]: there is one */

#define ACPI_FADT_LEGACY_DEVICES BIT(0)	/* boot_arch */
#define ACPI_FADT_8042		BIT(1)
#define ACPI_FADT_NO_VGA	BIT(2)
#define ACPI_FADT_NO_MSI	BIT(3)
#define ACPI_FADT_NO_CMOS_RTC	BIT(5)

#define ACPI_FADT_POWER_BUTTON	BIT(4)	/* flags: none of PM1 */
#define ACPI_FADT_TMR_VAL_EXT	BIT(8)
#define ACPI_FADT_RESET_REG	BIT(10)
#define ACPI_FADT_APIC_CLUSTER	BIT(18)
#define ACPI_FADT_APIC_PHYSICAL	BIT(19)
#define ACPI_FADT_HW_REDUCED	BIT(20)

#define ACPI_DMAR_INTR_REMAP	BIT(0)	/* flags */
#define ACPI_DMAR_X2APIC_OPT_OUT BIT(1)
#define ACPI_DRHD_ALL_DEVICES	BIT(0)	/* of its segment not named elsewhere */
#define ACPI_SCOPE_ENDPOINT	1	/* type of a scope */
#define ACPI_SCOPE_BRIDGE	2
#define ACPI_SCOPE_IOAPIC	3
#define ACPI_SCOPE_HPET		4
/* clang-format on */

struct acpi_cpu {
	u32 apic_id;
	u32 uid;
	bool enabled;	/* false: may be switched on at run time, is not now */
	bool x2apic;	/* from an x2APIC entry */
	u8 lint_nmi[2]; /* LINT0, LINT1: ACPI_IRQ_NMI and the line's flags */
};

struct acpi_ioapic {
	u32 id;
	u32 address;
	u32 gsi_base;
};

struct acpi_override {
	u8 irq;					  /* ISA */
	u8 flags;				  /* decoded */
	bool conforms_polarity, conforms_trigger; /* flags hold ISA's default */
	u32 gsi;
};

struct acpi_nmi {
	u32 gsi;
	u8 flags;
};

struct acpi_madt {
	bool present;
	bool pcat_compat; /* there are two 8259s */
	u64 lapic_address;
	u32 nr_cpus, nr_disabled, cpus_dropped;
	struct acpi_cpu cpu[ACPI_MAX_CPUS];
	u32 nr_ioapics;
	struct acpi_ioapic ioapic[ACPI_MAX_IOAPICS];
	u32 nr_overrides;
	struct acpi_override override[ACPI_MAX_OVERRIDES];
	u32 nr_nmis; /* pins of IOAPICs that deliver NMI */
	struct acpi_nmi nmi[ACPI_MAX_NMIS];
};

enum acpi_space { ACPI_SPACE_MEMORY, ACPI_SPACE_IO, ACPI_SPACE_PCI };

/* Generic Address Structure; address 0: there is none. */
struct acpi_gas {
	u8 space; /* enum acpi_space */
	u8 bit_width, bit_offset;
	u8 access; /* 0 undefined, 1 byte, 2 word, 3 dword, 4 qword */
	u64 address;
};

struct acpi_fadt {
	bool present;
	u8 revision;
	u16 sci_irq;
	u32 flags;
	bool boot_arch_valid; /* revision 2 and later */
	u16 boot_arch;
	u8 century; /* RTC index, 0: none */
	u32 smi_cmd;
	u8 acpi_enable, acpi_disable, pm1_event_len;
	u8 reset_value;
	struct acpi_gas pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	struct acpi_gas pm_timer; /* 32 bits with ACPI_FADT_TMR_VAL_EXT */
	struct acpi_gas reset;
};

struct acpi_hpet {
	bool present;
	u64 address;
	u32 id; /* what the firmware thinks its capability register says */
	u8 number;
	u16 min_tick;
};

struct acpi_spcr {
	bool present; /* and a UART of the 16550 kind */
	u8 type;
	u8 stride; /* bytes from register to register, and of an access */
	struct acpi_gas uart;
	u32 baud; /* 0: leave as it is */
	u32 gsi;  /* 0: none */
};

struct acpi_mcfg_entry {
	u64 base;
	u16 segment;
	u8 bus_first, bus_last;
};

struct acpi_mcfg {
	bool present;
	u32 nr;
	struct acpi_mcfg_entry entry[ACPI_MAX_MCFG];
};

struct acpi_drhd {
	u64 base;
	u16 segment;
	u8 flags;
};

/* A device of a unit. What is behind a bridge has no source-id here. */
struct acpi_drhd_scope {
	u8 drhd; /* index */
	u8 type; /* ACPI_SCOPE_* */
	u8 id;	 /* of the IOAPIC (MADT) or the HPET */
	u8 hops; /* of its path; 1: on bus itself */
	u16 sid; /* bus << 8 | device << 3 | function, of the first hop */
};

struct acpi_dmar {
	bool present;
	u8 address_width; /* bits */
	u8 flags;
	u32 nr_drhds, nr_scopes;
	struct acpi_drhd drhd[ACPI_MAX_DRHD];
	struct acpi_drhd_scope scope[ACPI_MAX_DRHD_SCOPES];
};

struct acpi_table {
	char signature[5];
	u8 revision;
	u32 length;
	u64 address;
};

struct acpi_complaints {
	u32 count; /* the first ACPI_MAX_COMPLAINTS are kept */
	char text[ACPI_MAX_COMPLAINTS][96]; /* "MADT +0x2c: length 3 ..." */
};

struct acpi_info {
	u8 revision; /* of the RSDP */
	char oem[7];
	bool from_xsdt;
	u32 nr_tables;
	struct acpi_table table[ACPI_MAX_TABLES];
	struct acpi_madt madt;
	struct acpi_fadt fadt;
	struct acpi_hpet hpet;
	struct acpi_spcr spcr;
	struct acpi_mcfg mcfg;
	struct acpi_dmar dmar;
	struct acpi_complaints complaints;
};

/* len readable bytes at phys until the parse ends, or NULL. */
typedef const void *(*acpi_map_fn)(u64 phys, size_t len);

/*
 * Everything from the RSDP (20 readable bytes; 36 where its revision says so)
 * down. info is set whatever happens. Returns 0, or -EINVAL when no root
 * table could be read; a bad table is a complaint and stays absent.
 */
int acpi_parse(const void *rsdp, acpi_map_fn map, struct acpi_info *info);

/*
 * One table of len bytes, header included, its checksum not looked at.
 * Returns 0, or -EINVAL with a complaint: what was read before it stays.
 */
int acpi_parse_madt(const void *table, size_t len, struct acpi_info *info);
int acpi_parse_fadt(const void *table, size_t len, struct acpi_info *info);
int acpi_parse_hpet(const void *table, size_t len, struct acpi_info *info);
int acpi_parse_spcr(const void *table, size_t len, struct acpi_info *info);
int acpi_parse_mcfg(const void *table, size_t len, struct acpi_info *info);
int acpi_parse_dmar(const void *table, size_t len, struct acpi_info *info);

/* Bits 0 and 1: LINT0, LINT1 are wired to NMI on the CPU with this APIC ID. */
u32 acpi_lint_nmi(const struct acpi_madt *madt, u32 apic_id);

/*
 * The APIC IDs of the enabled CPUs other than boot_id, in the table's order,
 * into ids[room]; returns how many. IDs above id_max, which this APIC's mode
 * cannot address, are only counted.
 */
u32 acpi_startable_cpus(const struct acpi_madt *madt, u32 boot_id, u32 id_max,
			u32 *ids, u32 room, u32 *unreachable);

/*
 * Where ISA irq (0..15) arrives, and ACPI_IRQ_* flags: an override, else
 * itself, edge, high. Returns 0 or -EINVAL.
 */
int acpi_isa_irq_to_gsi(const struct acpi_info *info, u8 irq, u32 *gsi,
			u16 *flags);

/*
 * The same for the SCI, which is level, low unless an override says other.
 * -ENODEV: no FADT, or hardware-reduced ACPI has none.
 */
int acpi_sci(const struct acpi_info *info, u32 *gsi, u16 *flags);

/* The unit's scope that names IOAPIC or HPET id directly, or NULL. */
const struct acpi_drhd_scope *acpi_dmar_scope(const struct acpi_dmar *dmar,
					      u8 type, u8 id);

/* Index of the unit that a PCI function's requests go through; -ENODEV. */
int acpi_dmar_unit_of(const struct acpi_dmar *dmar, u16 segment, u16 sid);

/* What the tables declare absent. Where they are silent: a PC, so present. */
bool acpi_has_pic(const struct acpi_info *info);
bool acpi_has_8042(const struct acpi_info *info);
bool acpi_has_cmos_rtc(const struct acpi_info *info);
