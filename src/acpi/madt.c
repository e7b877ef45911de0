// SPDX-License-Identifier: MIT
/*
 * madt.c - Multiple APIC Description Table: CPUs, IOAPICs, and which wire
 * goes where. Entries come in any order, so NMI wires, which name CPUs, are
 * read in a second pass.
 *
 * Spec: ACPI 6.5 "Multiple APIC Description Table (MADT)" and its sections
 *       on each structure; "MPS INTI Flags".
 */
#include "internal.h"
#include <lib/errno.h>

#define MADT_LAPIC_ADDRESS 36
#define MADT_FLAGS	   40
#define MADT_ENTRIES	   44
#define MADT_PCAT_COMPAT   BIT(0)
#define CPU_ENABLED	   BIT(0)
#define CPU_ONLINE_CAPABLE BIT(1)
#define INTI_POLARITY	   0x3
#define INTI_TRIGGER	   0xc
#define INTI_LOW	   0x3
#define INTI_LEVEL	   0xc
#define DEFAULT_LAPIC	   0xfee00000
#define UID_ALL_8	   0xff
#define UID_ALL_32	   0xffffffff
#define ID_BROADCAST_8	   0xff
#define ID_BROADCAST_32	   0xffffffff

/* Reserved encodings (2) read as "conforms", which is 0 for ISA and NMI. */
u8 acpi_irq_flags(u16 inti)
{
	u8 flags = 0;

	if ((inti & INTI_POLARITY) == INTI_LOW)
		flags |= ACPI_IRQ_LOW;
	if ((inti & INTI_TRIGGER) == INTI_LEVEL)
		flags |= ACPI_IRQ_LEVEL;
	return flags;
}

static struct acpi_cpu *find_cpu(struct acpi_madt *madt, u32 apic_id)
{
	for (u32 i = 0; i < madt->nr_cpus; i++)
		if (madt->cpu[i].apic_id == apic_id)
			return &madt->cpu[i];
	return NULL;
}

static void add_cpu(struct acpi_info *info, const struct bytes *e,
		    const struct acpi_cpu *cpu, u32 flags)
{
	struct acpi_madt *madt = &info->madt;
	u32 none = cpu->x2apic ? ID_BROADCAST_32 : ID_BROADCAST_8;

	/* Firmware fills the table with these for sockets left empty. */
	if (!(flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE))) {
		madt->nr_disabled++;
		return;
	}
	if (cpu->apic_id == none) {
		acpi_complain(info, "MADT +%#zx: CPU with the broadcast ID %#x",
			      e->at, cpu->apic_id);
		return;
	}
	/* Both kinds of entry for one CPU are common, and not an error. */
	if (find_cpu(madt, cpu->apic_id)) {
		if (find_cpu(madt, cpu->apic_id)->x2apic == cpu->x2apic)
			acpi_complain(info, "MADT +%#zx: APIC ID %#x again",
				      e->at, cpu->apic_id);
		return;
	}
	if (madt->nr_cpus == ACPI_MAX_CPUS) {
		if (madt->cpus_dropped++ == 0)
			acpi_complain(info, "MADT +%#zx: more than %u CPUs",
				      e->at, ACPI_MAX_CPUS);
		return;
	}
	madt->cpu[madt->nr_cpus++] = *cpu;
}

static void lapic(struct acpi_info *info, const struct bytes *e)
{
	u32 flags = get32(e, 4);
	struct acpi_cpu cpu = {
		.uid = get8(e, 2),
		.apic_id = get8(e, 3),
		.enabled = flags & CPU_ENABLED,
	};

	add_cpu(info, e, &cpu, flags);
}

static void x2apic(struct acpi_info *info, const struct bytes *e)
{
	u32 flags = get32(e, 8);
	struct acpi_cpu cpu = {
		.apic_id = get32(e, 4),
		.uid = get32(e, 12),
		.enabled = flags & CPU_ENABLED,
		.x2apic = true,
	};

	add_cpu(info, e, &cpu, flags);
}

static void ioapic(struct acpi_info *info, const struct bytes *e)
{
	struct acpi_madt *madt = &info->madt;
	struct acpi_ioapic io = {
		.id = get8(e, 2),
		.address = get32(e, 4),
		.gsi_base = get32(e, 8),
	};

	for (u32 i = 0; i < madt->nr_ioapics; i++) {
		const struct acpi_ioapic *old = &madt->ioapic[i];

		if (old->address == io.address ||
		    old->gsi_base == io.gsi_base) {
			acpi_complain(info,
				      "MADT +%#zx: IOAPIC %u repeats "
				      "address or GSI base of %u",
				      e->at, io.id, old->id);
			return;
		}
	}
	if (io.address == 0)
		acpi_complain(info, "MADT +%#zx: IOAPIC %u at address 0", e->at,
			      io.id);
	else if (madt->nr_ioapics == ACPI_MAX_IOAPICS)
		acpi_complain(info, "MADT +%#zx: more than %u IOAPICs", e->at,
			      ACPI_MAX_IOAPICS);
	else
		madt->ioapic[madt->nr_ioapics++] = io;
}

static void override(struct acpi_info *info, const struct bytes *e)
{
	struct acpi_madt *madt = &info->madt;
	u16 inti = get16(e, 8);
	u8 bus = get8(e, 2);
	struct acpi_override o = {
		.irq = get8(e, 3),
		.gsi = get32(e, 4),
		.flags = acpi_irq_flags(inti),
		.conforms_polarity = !(inti & INTI_POLARITY),
		.conforms_trigger = !(inti & INTI_TRIGGER),
	};

	if (bus != 0 || o.irq >= ACPI_MAX_OVERRIDES) {
		acpi_complain(info, "MADT +%#zx: override of bus %u IRQ %u",
			      e->at, bus, o.irq);
		return;
	}
	for (u32 i = 0; i < madt->nr_overrides; i++) {
		if (madt->override[i].irq == o.irq) {
			acpi_complain(info,
				      "MADT +%#zx: second override of "
				      "IRQ %u",
				      e->at, o.irq);
			return;
		}
	}
	/* Not full: one for each of the 16 at most. */
	madt->override[madt->nr_overrides++] = o;
}

static void nmi_source(struct acpi_info *info, const struct bytes *e)
{
	struct acpi_madt *madt = &info->madt;

	if (madt->nr_nmis == ACPI_MAX_NMIS) {
		acpi_complain(info, "MADT +%#zx: more than %u NMI sources",
			      e->at, ACPI_MAX_NMIS);
		return;
	}
	madt->nmi[madt->nr_nmis++] = (struct acpi_nmi){
		.flags = acpi_irq_flags(get16(e, 2)),
		.gsi = get32(e, 4),
	};
}

static void lapic_address(struct acpi_info *info, const struct bytes *e)
{
	if (get64(e, 4) == 0)
		acpi_complain(info, "MADT +%#zx: local APIC address 0", e->at);
	else
		info->madt.lapic_address = get64(e, 4);
}

/* NMI on a LINT of the CPU with that UID, or of all. */
static void set_nmi(struct acpi_info *info, const struct bytes *e, u32 uid,
		    bool all, u8 lint, u16 inti)
{
	struct acpi_madt *madt = &info->madt;

	if (lint > 1) {
		acpi_complain(info, "MADT +%#zx: NMI on LINT%u", e->at, lint);
		return;
	}
	for (u32 i = 0; i < madt->nr_cpus; i++)
		if (all || madt->cpu[i].uid == uid)
			madt->cpu[i].lint_nmi[lint] =
				ACPI_IRQ_NMI | acpi_irq_flags(inti);
}

static void lapic_nmi(struct acpi_info *info, const struct bytes *e)
{
	u8 uid = get8(e, 2);

	set_nmi(info, e, uid, uid == UID_ALL_8, get8(e, 5), get16(e, 3));
}

static void x2apic_nmi(struct acpi_info *info, const struct bytes *e)
{
	u32 uid = get32(e, 4);

	set_nmi(info, e, uid, uid == UID_ALL_32, get8(e, 8), get16(e, 2));
}

/* By type, which is the entry's first byte; the second is its length. */
static const struct entry_type {
	u8 len;
	u8 pass;
	void (*read)(struct acpi_info *info, const struct bytes *e);
} types[] = {
	[0] = { .len = 8, .pass = 0, .read = lapic },
	[1] = { .len = 12, .pass = 0, .read = ioapic },
	[2] = { .len = 10, .pass = 0, .read = override },
	[3] = { .len = 8, .pass = 0, .read = nmi_source },
	[4] = { .len = 6, .pass = 1, .read = lapic_nmi },
	[5] = { .len = 12, .pass = 0, .read = lapic_address },
	[9] = { .len = 16, .pass = 0, .read = x2apic },
	[10] = { .len = 12, .pass = 1, .read = x2apic_nmi },
};

static void read_entry(struct acpi_info *info, const struct bytes *e, u8 pass)
{
	u8 number = get8(e, 0);
	const struct entry_type *type;

	if (number >= ARRAY_SIZE(types))
		return;
	type = &types[number];
	if (!type->read || type->pass != pass)
		return;
	if (e->len < type->len)
		acpi_complain(info,
			      "MADT +%#zx: type %u of length %zu, want "
			      "%u",
			      e->at, number, e->len, type->len);
	else
		type->read(info, e);
}

/* Where the walk ends: len, or the first entry whose length is impossible. */
static size_t walk(struct acpi_info *info, const struct bytes *b, u8 pass)
{
	size_t off = MADT_ENTRIES;

	while (off < b->len) {
		size_t len = get8(b, off + 1);
		struct bytes e;

		if (len < 2 || len > b->len - off)
			break;
		e = sub_bytes(b, off, len);
		read_entry(info, &e, pass);
		off += len;
	}
	return off;
}

int acpi_parse_madt(const void *table, size_t len, struct acpi_info *info)
{
	struct bytes b = table_bytes(table, len);
	int err = acpi_check_length(info, "MADT", len, MADT_ENTRIES);
	size_t end;

	if (err)
		return err;
	info->madt.present = true;
	info->madt.pcat_compat = get32(&b, MADT_FLAGS) & MADT_PCAT_COMPAT;
	info->madt.lapic_address = get32(&b, MADT_LAPIC_ADDRESS);
	if (info->madt.lapic_address == 0) {
		acpi_complain(info, "MADT: local APIC address 0");
		info->madt.lapic_address = DEFAULT_LAPIC;
	}
	walk(info, &b, 0);
	end = walk(info, &b, 1);
	if (end < len)
		return acpi_complain(info,
				     "MADT +%#zx: type %u of length %u, "
				     "%zu bytes left",
				     end, get8(&b, end), get8(&b, end + 1),
				     len - end);
	return 0;
}
