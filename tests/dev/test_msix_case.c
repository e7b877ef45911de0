// SPDX-License-Identifier: MIT
/*
 * A function's MSI-X table, as the cases that judge it set it up.
 *
 * Spec: PCI Local Bus Specification 3.0, "MSI-X Capability and Table
 *       Structures".
 */
#include "pci_case.h"

#include <asm/io.h>
#include <cpu/deadline.h>
#include <cpu/percpu.h>

struct pin entry_pin[MAX_ENTRIES] = { { .vector = 0x62 }, { .vector = 0x72 } };
struct pci_msix_cap msix;

static u64 table, pba;
static struct msix_entry_regs found[MAX_ENTRIES];
static u32 nr_entries;

static u64 entry_reg(u32 n, u32 offset)
{
	return table + n * sizeof(struct msix_entry_regs) + offset;
}

void msix_mask(u32 n, bool on)
{
	u64 ctrl = entry_reg(n, offsetof(struct msix_entry_regs, vector_ctrl));

	writel(on, ctrl);
	readl(ctrl);
}

void msix_control(u16 bits)
{
	pci_write(pdev, pdev->msix + PCI_MSIX_FLAGS, 2, bits);
}

bool msix_pending(u32 n)
{
	return readl(pba) & 1u << n;
}

void msix_point(u32 n, u32 vector)
{
	struct msi_msg m;

	irq_msi_compose_msg(&m, this_cpu(apic_id), vector);
	msix_write_msg(entry_reg(n, 0), &m);
}

bool msix_begin(u32 nr)
{
	if (!EXPECT_EQ(pci_read_msix(pdev, &msix), 0))
		return false;
	table = pci_map_bar(pdev, msix.table_bar) + msix.table_offset;
	pba = pci_map_bar(pdev, msix.pba_bar) + msix.pba_offset;
	nr_entries = 0;
	msix_control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (u32 n = 0; n < nr; n++) {
		if (!EXPECT_EQ(pin_claim(&entry_pin[n]), 0))
			return false;
		for (u32 i = 0; i < 4; i++)
			((u32 *)&found[n])[i] = readl(entry_reg(n, 4 * i));
		nr_entries = n + 1;
		msix_point(n, entry_pin[n].vector);
		msix_mask(n, false);
	}
	msix_control(PCI_MSIX_FLAGS_ENABLE);
	absorb_pending();
	for (u32 n = 0; n < MAX_ENTRIES; n++)
		entry_pin[n].count = 0;
	return true;
}

/* A broken-off case leaves entries masked by the disabled capability. */
void msix_end(void)
{
	msix_control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (u32 n = 0; n < nr_entries; n++) {
		for (u32 i = 0; i < 4; i++)
			writel(((u32 *)&found[n])[i], entry_reg(n, 4 * i));
	}
	msix_control(0);
}

#define CAUSES	 20
#define AGAIN_US 5000 /* longer than any throttling by default */

/*
 * While a throttling timer runs it merges what comes, and hides what it does;
 * of two causes in a row one is sent at once.
 */
bool repeats_messages(void)
{
	bool again = false;

	if (!msix_begin(1))
		return false;
	for (u32 n = 0; n < CAUSES && !again; n++) {
		u32 before = entry_pin[0].count;

		pci_source_raise_vector(src, 0);
		pin_wait(&entry_pin[0], before + 1);
		pci_source_lower(src);
		again = WAIT_FOR(entry_pin[0].count > before + 1, AGAIN_US);
	}
	msix_end();
	pins_close();
	return again;
}
