// SPDX-License-Identifier: MIT
/*
 * ioapic.c - registers behind an index and a window.
 *
 * Spec: Intel 82093AA IOAPIC datasheet.
 */
#include <apic/ioapic.h>

#include <asm/io.h>
#include <cpu/irqflags.h>
#include <mm/paging.h>

struct ioapic ioapics[MAX_IOAPICS];
u32 nr_ioapics;

u32 ioapic_read(const struct ioapic *io, u32 reg)
{
	u64 flags = local_irq_save();
	u32 val;

	writel(reg, io->base + IOAPIC_REGSEL);
	val = readl(io->base + IOAPIC_WINDOW);
	local_irq_restore(flags);
	return val;
}

void ioapic_write(const struct ioapic *io, u32 reg, u32 val)
{
	u64 flags = local_irq_save();

	writel(reg, io->base + IOAPIC_REGSEL);
	writel(val, io->base + IOAPIC_WINDOW);
	local_irq_restore(flags);
}

union ioapic_rte ioapic_read_rte(const struct ioapic *io, u32 pin)
{
	union ioapic_rte rte;

	rte.low = ioapic_read(io, IOAPIC_REG_RTE(pin));
	rte.high = ioapic_read(io, IOAPIC_REG_RTE(pin) + 1);
	return rte;
}

void ioapic_write_rte(const struct ioapic *io, u32 pin, union ioapic_rte rte)
{
	if (rte.masked)
		ioapic_write(io, IOAPIC_REG_RTE(pin), rte.low);
	ioapic_write(io, IOAPIC_REG_RTE(pin) + 1, rte.high);
	if (!rte.masked)
		ioapic_write(io, IOAPIC_REG_RTE(pin), rte.low);
}

const struct ioapic *ioapic_of_gsi(u32 gsi, u32 *pin)
{
	for (u32 i = 0; i < nr_ioapics; i++) {
		const struct ioapic *io = &ioapics[i];

		if (gsi - io->gsi_base < io->pins) {
			*pin = gsi - io->gsi_base;
			return io;
		}
	}
	return NULL;
}

union ioapic_rte gsi_read_rte(u32 gsi)
{
	u32 pin;
	const struct ioapic *io = ioapic_of_gsi(gsi, &pin);

	return io ? ioapic_read_rte(io, pin) : (union ioapic_rte){ .raw = 0 };
}

void gsi_write_rte(u32 gsi, union ioapic_rte rte)
{
	u32 pin;
	const struct ioapic *io = ioapic_of_gsi(gsi, &pin);

	if (io)
		ioapic_write_rte(io, pin, rte);
}

void gsi_set_mask(u32 gsi, bool masked)
{
	union ioapic_rte rte = gsi_read_rte(gsi);

	rte.masked = masked;
	gsi_write_rte(gsi, rte);
}

void gsi_eoi(u32 gsi)
{
	u32 pin;
	const struct ioapic *io = ioapic_of_gsi(gsi, &pin);
	union ioapic_rte rte, edge;

	if (!io)
		return;
	rte = ioapic_read_rte(io, pin);
	if (io->version >= 0x20) {
		writel(rte.vector, io->base + IOAPIC_EOI);
		return;
	}
	edge = rte;
	edge.masked = true;
	edge.level = false;
	ioapic_write_rte(io, pin, edge);
	ioapic_write_rte(io, pin, rte);
}

/* An absent IOAPIC floats: all ones, and no index register to write. */
static bool probe(struct ioapic *io)
{
	u32 version;

	if (ioremap(io->base, PAGE_SIZE))
		return false;
	version = ioapic_read(io, IOAPIC_REG_VERSION);
	if (version == ~0u ||
	    readl(io->base + IOAPIC_REGSEL) != IOAPIC_REG_VERSION)
		return false;
	io->version = version & 0xff;
	io->pins = (version >> 16 & 0xff) + 1;
	return true;
}

u32 ioapic_init(const struct acpi_madt *madt)
{
	for (u32 i = 0; i < madt->nr_ioapics; i++) {
		struct ioapic io = {
			.base = madt->ioapic[i].address,
			.id = madt->ioapic[i].id,
			.gsi_base = madt->ioapic[i].gsi_base,
		};

		if (!probe(&io))
			continue;
		for (u32 pin = 0; pin < io.pins; pin++) {
			if (pin < 64 && !ioapic_read_rte(&io, pin).masked)
				io.firmware_unmasked |= BIT(pin);
			ioapic_write_rte(&io, pin,
					 (union ioapic_rte){ .masked = 1 });
		}
		ioapics[nr_ioapics++] = io;
	}
	return nr_ioapics;
}
