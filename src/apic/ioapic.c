// SPDX-License-Identifier: MIT
/*
 * ioapic.c - this machine's I/O APICs, by GSI. What is done to their registers
 * is in ioapic_regs.c.
 *
 * Spec: Intel 82093AA IOAPIC datasheet.
 */
#include <apic/ioapic.h>

#include <asm/io.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <cpu/spinlock.h>
#include <mm/paging.h>

struct ioapic ioapics[MAX_IOAPICS];
u32 nr_ioapics;

static int map_page(u64 base)
{
	return ioremap(base, PAGE_SIZE);
}

static u32 mmio_read(u64 addr)
{
	return readl(addr);
}

static void mmio_write(u64 addr, u32 val)
{
	writel(val, addr);
}

/* Index and window of any of them; they are written in a few instructions. */
static DEFINE_SPINLOCK(ioapic_lock);

#define NOT_TAKEN BIT(32) /* no flag of RFLAGS */

/*
 * An NMI may have hit this CPU between the two steps: it goes on without the
 * lock, since who has it cannot. The watchdog's ends the case anyway.
 */
static u64 lock(void)
{
	u64 flags = local_irq_save();

	if (!in_nmi())
		__spin_lock(&ioapic_lock);
	else if (!__spin_trylock(&ioapic_lock))
		flags |= NOT_TAKEN;
	return flags;
}

static void unlock(u64 flags)
{
	if (!(flags & NOT_TAKEN))
		__spin_unlock(&ioapic_lock);
	local_irq_restore(flags & ~NOT_TAKEN);
}

void ioapic_reset_lock(void)
{
	spin_reset(&ioapic_lock);
}

static const struct ioapic_mmio machine = {
	.map = map_page,
	.read = mmio_read,
	.write = mmio_write,
	.lock = lock,
	.unlock = unlock,
};

u32 ioapic_init(const struct acpi_madt *madt)
{
	nr_ioapics = ioapic_probe_all(ioapics, madt->ioapic, madt->nr_ioapics,
				      &machine);
	return nr_ioapics;
}

const struct ioapic *ioapic_of_gsi(u32 gsi, u32 *pin)
{
	return ioapic_find(ioapics, nr_ioapics, gsi, pin);
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

	if (io)
		ioapic_eoi_pin(io, pin);
}
