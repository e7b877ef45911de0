// SPDX-License-Identifier: MIT
/*
 * ioapic_regs.c - registers behind an index and a window, and which I/O APIC a
 * GSI belongs to. Pure: the way to the registers is the caller's.
 *
 * Spec: Intel 82093AA IOAPIC datasheet.
 */
#include <apic/ioapic.h>

/* The index register has 8 bits on every chip that we know. */
#define PINS_OF_8_BITS ((0x100 - IOAPIC_REG_RTE(0)) / 2)

static void select_reg(const struct ioapic *io, u32 reg)
{
	io->mmio->write(io->base + IOAPIC_REGSEL, reg);
}

u32 ioapic_read(const struct ioapic *io, u32 reg)
{
	u64 flags = io->mmio->lock();
	u32 val;

	select_reg(io, reg);
	val = io->mmio->read(io->base + IOAPIC_WINDOW);
	io->mmio->unlock(flags);
	return val;
}

void ioapic_write(const struct ioapic *io, u32 reg, u32 val)
{
	u64 flags = io->mmio->lock();

	select_reg(io, reg);
	io->mmio->write(io->base + IOAPIC_WINDOW, val);
	io->mmio->unlock(flags);
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

void ioapic_eoi_pin(const struct ioapic *io, u32 pin)
{
	union ioapic_rte rte = ioapic_read_rte(io, pin), edge = rte;

	if (io->version >= 0x20) {
		io->mmio->write(io->base + IOAPIC_EOI, rte.vector);
		return;
	}
	edge.masked = true;
	edge.level = false;
	ioapic_write_rte(io, pin, edge);
	ioapic_write_rte(io, pin, rte);
}

const struct ioapic *ioapic_find(const struct ioapic *list, u32 n, u32 gsi,
				 u32 *pin)
{
	for (u32 i = 0; i < n; i++) {
		if (gsi >= list[i].gsi_base &&
		    gsi - list[i].gsi_base < list[i].pins) {
			*pin = gsi - list[i].gsi_base;
			return &list[i];
		}
	}
	return NULL;
}

static bool index_holds(const struct ioapic *io, u32 index)
{
	u64 flags = io->mmio->lock();
	u32 now;

	select_reg(io, index);
	now = io->mmio->read(io->base + IOAPIC_REGSEL);
	io->mmio->unlock(flags);
	return now == index;
}

/*
 * An absent IOAPIC floats: all ones, and no index register to write. Beyond
 * what the index can name an entry would be another register.
 */
static bool probe(struct ioapic *io)
{
	u32 version;

	if (io->mmio->map(io->base))
		return false;
	version = ioapic_read(io, IOAPIC_REG_VERSION);
	if (version == ~0u || !index_holds(io, IOAPIC_REG_VERSION))
		return false;
	io->version = version & 0xff;
	io->pins = (version >> 16 & 0xff) + 1;
	if (!index_holds(io, IOAPIC_REG_RTE(io->pins - 1) + 1))
		io->pins = min(io->pins, (u32)PINS_OF_8_BITS);
	return true;
}

static void mask_pins(struct ioapic *io)
{
	for (u32 pin = 0; pin < io->pins; pin++) {
		union ioapic_rte rte = ioapic_read_rte(io, pin);

		if (rte.delivery_mode == APIC_DM_SMI >> 8)
			continue;
		if (pin < 64 && !rte.masked)
			io->firmware_unmasked |= BIT(pin);
		rte = (union ioapic_rte){ .masked = 1 };
		ioapic_write_rte(io, pin, rte);
	}
}

u32 ioapic_probe_all(struct ioapic *list, const struct acpi_ioapic *said, u32 n,
		     const struct ioapic_mmio *mmio)
{
	u32 found = 0;

	for (u32 i = 0; i < n; i++) {
		struct ioapic io = {
			.mmio = mmio,
			.base = said[i].address,
			.id = said[i].id,
			.gsi_base = said[i].gsi_base,
		};

		if (!probe(&io))
			continue;
		mask_pins(&io);
		list[found++] = io;
	}
	return found;
}
