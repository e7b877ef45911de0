// SPDX-License-Identifier: MIT
/*
 * What the suites `pci` and `msi` share, and where INTx leads: only AML says
 * which pin a function's INTx is wired to, so it is measured.
 *
 * Spec: PCI Local Bus Specification 3.0, "Interrupt Pins", "Device Control".
 */
#include "pci_case.h"

#include <acpi/tables.h>
#include <irq/irq.h>
#include <ktest/affinity.h>
#include <ktest/arrivals.h>
#include <lib/errno.h>

const struct pci_dev *pdev;
enum pci_source src;
struct pin pin = { .vector = 0x61 };
struct pci_msi_cap msi;
struct msi_msg msg;

#define FIRST_PCI_GSI 16
#define NR_CANDIDATES 9 /* GSIs 16..23, and what Interrupt Line says */
#define UNMEASURED    0

/* GSI + 1 a source; -ENODEV: looked for, not found. */
static struct {
	int found;
	u32 irq, flags;
} wired[NR_PCI_SOURCES];

void pci_case_close(void)
{
	affinity_end();
	for (enum pci_source s = 0; s < NR_PCI_SOURCES; s++)
		pci_source_close(s);
	pins_close();
	arrivals_close();
	logical_model_end();
	pin.handler = NULL;
	pdev = NULL;
}

void set_command(u32 bits, bool on)
{
	u32 was = pci_read(pdev, PCI_COMMAND, 2);

	pci_write(pdev, PCI_COMMAND, 2, on ? was | bits : was & ~bits);
}

bool intx_status(void)
{
	return pci_read(pdev, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT;
}

u32 raised(u32 want)
{
	u32 before = pin.count;

	pci_source_raise(src);
	pin_wait(&pin, before + want);
	pci_source_lower(src);
	return pin.count - before;
}

static void mask_it(struct pin *p)
{
	pin_mask(p, true);
}

/* Candidate n's irq number; the last is what firmware wrote for a PIC. */
static u32 candidate(u32 n, u32 *gsi, u16 *flags)
{
	u32 irq = FIRST_PCI_GSI + n;

	*gsi = irq;
	*flags = ACPI_IRQ_LEVEL | ACPI_IRQ_LOW;
	if (n < NR_CANDIDATES - 1)
		return irq;
	acpi_isa_irq_to_gsi(&acpi_tables, pdev->line & 15, gsi, flags);
	return pdev->line & 15;
}

/*
 * All candidates at once, level-triggered, each with a vector of its own and
 * masked by its handler: quiet while the function is, the one that interrupts
 * when it asks is its pin. A line that others hold is none.
 */
static void measure(void)
{
	static struct pin pins[NR_CANDIDATES];
	u32 hits = 0, quiet = 0, gsi;
	u16 flags;

	for (u32 n = 0; n < NR_CANDIDATES; n++) {
		union ioapic_rte rte = { .level = 1 };

		candidate(n, &gsi, &flags);
		rte.active_low = !!(flags & ACPI_IRQ_LOW);
		pins[n] =
			(struct pin){ .vector = 0x90 + n, .handler = mask_it };
		if (flags & ACPI_IRQ_LEVEL && !pin_open(&pins[n], gsi, rte))
			quiet |= 1u << n;
	}
	pin_settle();
	for (u32 n = 0; n < NR_CANDIDATES; n++)
		quiet &= ~((pins[n].count ? 1u : 0u) << n);
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	pci_source_raise(src);
	WAIT_FOR(({
			 for (u32 n = 0; n < NR_CANDIDATES; n++)
				 hits |= (pins[n].count ? 1u : 0u) << n & quiet;
			 hits;
		 }),
		 WAIT_DEFAULT_US);
	pci_source_lower(src);
	set_command(PCI_COMMAND_INTX_DISABLE, true);
	pins_close();
	wired[src].found = -ENODEV;
	if (!hits)
		return;
	wired[src].irq = candidate((u32)__builtin_ctz(hits), &gsi, &flags);
	wired[src].flags = flags;
	wired[src].found = (int)gsi + 1;
	ktest_note("INTx of %s is at GSI %u", pci_source_name[src], gsi);
}

int intx_gsi(u32 *flags)
{
	if (pdev->pin && wired[src].found == UNMEASURED)
		measure();
	*flags = wired[src].flags;
	return wired[src].found > 0 ? wired[src].found - 1 : -ENODEV;
}

u32 intx_irq(void)
{
	return wired[src].irq;
}

/* QEMU's 82574: suite `nic` says so, the others do without. Measured once. */
static bool sends_too_much(void)
{
	static enum { UNKNOWN, NO, YES } answer;

	if (src != PCI_SRC_82574 || !pci_source_vectors(src))
		return false;
	if (answer == UNKNOWN)
		answer = repeats_messages() ? YES : NO;
	return answer == YES;
}

/* What its capabilities say before it is opened, which takes its time. */
static bool may_have(const struct pci_dev *dev, u32 needs)
{
	return dev && (!(needs & HAS_MSI) || dev->msi) &&
	       (!(needs & HAS_MSIX) || dev->msix) &&
	       (!(needs & HAS_INTX) || dev->pin);
}

static bool has(u32 needs)
{
	u32 flags;

	if (needs & ~HAS_INTX && sends_too_much())
		return false;

	if (needs & HAS_MSI && pci_read_msi(pdev, &msi))
		return false;
	if (needs & HAS_MASK && (pci_read_msi(pdev, &msi) || !msi.mask))
		return false;
	if (needs & HAS_MANY &&
	    (src != PCI_SRC_SLOT || pci_read_msi(pdev, &msi) || !msi.multi_cap))
		return false;
	if (needs & HAS_MSIX && !pci_source_vectors(src))
		return false;
	if (needs & HAS_TWO && pci_source_vectors(src) < 2)
		return false;
	/*
	 * A port's pin speaks for errors and power events too; QEMU's takes
	 * any write to it as news of those, and lets go of the pin.
	 */
	if (needs & HAS_INTX)
		return src != PCI_SRC_SLOT && intx_gsi(&flags) >= 0;
	return true;
}

void each_source(u32 needs, void (*judge)(void))
{
	u32 judged = 0;

	for (src = 0; src < NR_PCI_SOURCES && ktest_ok(); src++) {
		if (!may_have(pci_source_find(src), needs))
			continue;
		pdev = pci_source_open(src);
		if (pdev && has(needs)) {
			judge();
			judged++;
			if (!ktest_ok())
				ktest_note("by %s", pci_source_name[src]);
		}
		pci_case_close();
	}
	if (!judged)
		ktest_skip("no PCI function here interrupts at will by %s",
			   needs & HAS_MASK   ? "MSI that can be masked"
			   : needs & HAS_MANY ? "one of several MSIs"
			   : needs & HAS_TWO  ? "two MSI-X vectors"
			   : needs & HAS_MSIX ? "MSI-X"
			   : needs & HAS_MSI  ? "MSI"
					      : "INTx at a pin");
}

void one_source(enum pci_source s, u32 needs, void (*judge)(void))
{
	if (!pci_source_find(s)) {
		ktest_skip("this machine lacks %s, or translates its DMA",
			   pci_source_name[s]);
		return;
	}
	src = s;
	pdev = pci_source_open(s);
	if (EXPECT_TRUE(pdev) && has(needs))
		judge();
	else if (pdev)
		ktest_skip("%s has no such interrupts", pci_source_name[s]);
	pci_case_close();
}

bool intx_begin(void (*handler)(struct pin *pin))
{
	u32 flags;
	int gsi = intx_gsi(&flags);
	union ioapic_rte rte = { .level = 1,
				 .active_low = !!(flags & ACPI_IRQ_LOW) };

	pin.handler = handler;
	if (!EXPECT_EQ(pin_open(&pin, (u32)gsi, rte), 0))
		return false;
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	return true;
}

void absorb_pending(void)
{
	pci_source_raise_vector(src, 0);
	pin_settle();
	pci_source_lower(src);
	pin_settle();
}

void msi_enable(bool on)
{
	pci_write(pdev, msi.pos + PCI_MSI_FLAGS, 2,
		  on ? PCI_MSI_FLAGS_ENABLE : 0);
}

void msi_rewrite(void)
{
	msi_enable(false);
	pci_write_msi_msg(pdev, &msi, &msg);
	msi_enable(true);
}

bool msi_begin(void)
{
	if (!EXPECT_EQ(pin_claim(&pin), 0) ||
	    !EXPECT_EQ(irq_msi_compose_msg(&msg, this_cpu(apic_id), pin.vector),
		       0))
		return false;
	if (msi.mask)
		pci_write(pdev, msi.mask, 4, 0);
	msi_rewrite();
	return true;
}
