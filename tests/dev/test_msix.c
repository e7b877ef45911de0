// SPDX-License-Identifier: MIT
/*
 * MSI-X: a table of messages in the function's memory, a mask bit each, one
 * for all, and the pending bits that show what they hold.
 *
 * Spec: PCI Local Bus Specification 3.0, "MSI-X Capability and Table
 *       Structures", "Per-vector Masking and Function Masking".
 */
#include "pci_case.h"

#include <asm/io.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>

#define TABLE_RULE "PCI 3.0 MSI-X Capability and Table Structures"
#define MASK_RULE  "PCI 3.0 Per-vector Masking and Function Masking"
#define PBA_RULE   "PCI 3.0 Pending Bits for MSI-X PBA Entries"
#define CTRL_RULE  "PCI 3.0 Message Control for MSI-X"

/* One nobody has at first. */
static struct pin other = { .vector = 0x81 };
static u32 nr; /* of the entries, those src can raise */

static void (*judged)(void);

static void bracketed(void)
{
	nr = min(pci_source_vectors(src), (u32)MAX_ENTRIES);
	if (msix_begin(nr)) {
		judged();
		msix_end();
	}
}

static void each_table(u32 needs, void (*judge)(void))
{
	judged = judge;
	each_source(HAS_MSIX | needs, bracketed);
}

/* Raise entry n: how many interrupts came of its pin. */
static u32 pulse(u32 n, u32 want)
{
	u32 before = entry_pin[n].count;

	pci_source_raise_vector(src, n);
	pin_wait(&entry_pin[n], before + want);
	pci_source_lower(src);
	return entry_pin[n].count - before;
}

static void judge_once(void)
{
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(pulse(0, 1), 1);
	EXPECT_FALSE(entry_pin[0].tmr);
	EXPECT_TRUE(entry_pin[0].isr);
	EXPECT_EQ(entry_pin[1].count, 0);
}

TEST(msi, x_entry_is_one_interrupt_an_event, TABLE_RULE)
{
	each_table(0, judge_once);
}

static void judge_two(void)
{
	EXPECT_EQ(pulse(1, 1), 1);
	EXPECT_EQ(entry_pin[0].count, 0);
	EXPECT_EQ(pulse(0, 1), 1);
	EXPECT_EQ(entry_pin[1].count, 1);
	local_irq_disable();
	pci_source_raise_vector(src, 0);
	pci_source_raise_vector(src, 1);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&entry_pin[0], 2), 2);
	EXPECT_EQ(pin_wait(&entry_pin[1], 2), 2);
}

TEST(msi, x_entries_have_vectors_of_their_own, TABLE_RULE)
{
	each_table(HAS_TWO, judge_two);
}

static void judge_mask(void)
{
	msix_mask(0, true);
	EXPECT_FALSE(msix_pending(0));
	pci_source_raise_vector(src, 0);
	EXPECT_EQ(pin_wait(&entry_pin[0], 0), 0);
	EXPECT_TRUE(msix_pending(0));
	EXPECT_FALSE(msix_pending(1));
	if (nr > 1)
		EXPECT_EQ(pulse(1, 1), 1); /* the neighbour is not masked */
	msix_mask(0, false);
	EXPECT_EQ(pin_wait(&entry_pin[0], 1), 1);
	EXPECT_FALSE(msix_pending(0));
}

TEST(msi, x_masked_entry_is_pending_and_comes_once_on_unmask, MASK_RULE)
{
	each_table(0, judge_mask);
}

static void judge_function(void)
{
	msix_control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (u32 n = 0; n < nr; n++)
		pci_source_raise_vector(src, n);
	pin_settle();
	EXPECT_EQ(entry_pin[0].count + entry_pin[1].count, 0);
	for (u32 n = 0; n < nr; n++)
		EXPECT_TRUE(msix_pending(n));
	msix_control(PCI_MSIX_FLAGS_ENABLE);
	for (u32 n = 0; n < nr; n++)
		EXPECT_EQ(pin_wait(&entry_pin[n], 1), 1);
	EXPECT_FALSE(msix_pending(0) || msix_pending(1));
}

TEST(msi, x_function_mask_holds_every_entry, CTRL_RULE)
{
	each_table(0, judge_function);
}

/* The function mask is one thing and the entry's another. */
static void judge_both(void)
{
	msix_control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	msix_mask(0, true);
	pci_source_raise_vector(src, 0);
	msix_control(PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(pin_wait(&entry_pin[0], 0), 0);
	EXPECT_TRUE(msix_pending(0));
	msix_mask(0, false);
	EXPECT_EQ(pin_wait(&entry_pin[0], 1), 1);
}

TEST(msi, x_entry_mask_outlasts_the_function_mask, MASK_RULE)
{
	each_table(0, judge_both);
}

static void judge_redirect(void)
{
	if (!EXPECT_EQ(pin_claim(&other), 0))
		return;
	msix_mask(0, true);
	pci_source_raise_vector(src, 0);
	pin_settle();
	msix_point(0, other.vector);
	msix_mask(0, false);
	EXPECT_EQ(pin_wait(&other, 1), 1);
	EXPECT_EQ(entry_pin[0].count, 0);
}

TEST(msi, x_pending_message_is_the_one_written_while_masked, MASK_RULE)
{
	each_table(0, judge_redirect);
}

static void judge_disabled(void)
{
	msix_control(0);
	pci_source_raise_vector(src, 0);
	EXPECT_EQ(pin_wait(&entry_pin[0], 0), 0);
}

TEST(msi, x_disabled_sends_nothing, CTRL_RULE)
{
	each_table(0, judge_disabled);
}

static void release(struct pin *p)
{
	pci_source_lower(src);
}

/* MSI-X and INTx exclude each other. */
static void judge_exclusive(void)
{
	if (!intx_begin(release))
		return;
	EXPECT_EQ(pulse(0, 1), 1);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	msix_control(0);
	pci_source_raise(src);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(entry_pin[0].count, 1);
}

TEST(msi, x_enabled_is_instead_of_intx_and_disabled_is_intx_again, CTRL_RULE)
{
	each_table(HAS_INTX, judge_exclusive);
}

static void judge_registers(void)
{
	u32 size = pci_read(pdev, pdev->msix + PCI_MSIX_FLAGS, 2);
	u32 at = pdev->msix + PCI_MSIX_TABLE;
	u32 where = pci_read(pdev, at, 4);

	msix_control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL |
		     PCI_MSIX_FLAGS_QSIZE);
	EXPECT_EQ(pci_read(pdev, pdev->msix + PCI_MSIX_FLAGS, 2),
		  size | PCI_MSIX_FLAGS_MASKALL);
	pci_write(pdev, at, 4, ~where);
	EXPECT_EQ(pci_read(pdev, at, 4), where);
	writel(~0u, pci_map_bar(pdev, msix.pba_bar) + msix.pba_offset);
	EXPECT_FALSE(msix_pending(0) || msix_pending(1));
}

TEST(msi, x_table_size_place_and_pending_bits_are_read_only, PBA_RULE)
{
	each_table(0, judge_registers);
}

static void judge_inside(void)
{
	struct pci_bar bar;

	if (!EXPECT_EQ(pci_read_msix(pdev, &msix), 0))
		return;
	bar = pci_probe_bar(pdev, msix.table_bar);
	EXPECT_LE(msix.table_offset +
			  msix.entries * sizeof(struct msix_entry_regs),
		  bar.size);
	bar = pci_probe_bar(pdev, msix.pba_bar);
	EXPECT_LE(msix.pba_offset + (msix.entries + 63) / 64 * 8, bar.size);
}

TEST(msi, x_table_and_pending_bits_lie_in_their_bars, TABLE_RULE)
{
	each_source(HAS_MSIX, judge_inside);
}
