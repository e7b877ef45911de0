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

#define NR_ENTRIES 2

/* Vectors of entry 0 and 1, and one nobody has at first. */
static struct pin pins[NR_ENTRIES] = { { .vector = 0x61 }, { .vector = 0x71 } };
static struct pin other = { .vector = 0x81 };
static struct pci_msix_cap cap;
static u64 table, pba;
static struct msix_entry_regs found[NR_ENTRIES];

static u64 entry_reg(u32 n, u32 offset)
{
	return table + n * sizeof(struct msix_entry_regs) + offset;
}

static void mask(u32 n, bool on)
{
	u64 ctrl = entry_reg(n, offsetof(struct msix_entry_regs, vector_ctrl));

	writel(on, ctrl);
	readl(ctrl);
}

static void control(u16 bits)
{
	pci_write(pdev, pdev->msix + PCI_MSIX_FLAGS, 2, bits);
}

static bool pending(u32 n)
{
	return readl(pba) & 1u << n;
}

static void point(u32 n, u32 vector)
{
	struct msi_msg m;

	irq_msi_compose_msg(&m, this_cpu(apic_id), vector);
	msix_write_msg(entry_reg(n, 0), &m);
}

/* Both entries lead to their pins; enabled, nothing masked. */
static bool begin(void)
{
	if (!EXPECT_EQ(pci_read_msix(pdev, &cap), 0))
		return false;
	table = pci_map_bar(pdev, cap.table_bar) + cap.table_offset;
	pba = pci_map_bar(pdev, cap.pba_bar) + cap.pba_offset;
	control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (u32 n = 0; n < NR_ENTRIES; n++) {
		if (!EXPECT_EQ(pin_claim(&pins[n]), 0))
			return false;
		for (u32 i = 0; i < 4; i++)
			((u32 *)&found[n])[i] = readl(entry_reg(n, 4 * i));
		point(n, pins[n].vector);
		mask(n, false);
	}
	control(PCI_MSIX_FLAGS_ENABLE);
	absorb_pending();
	for (u32 n = 0; n < NR_ENTRIES; n++)
		pins[n].count = 0;
	return true;
}

/* A broken-off case leaves entries masked by the disabled capability. */
static void end(void)
{
	control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (u32 n = 0; n < NR_ENTRIES; n++) {
		for (u32 i = 0; i < 4; i++)
			writel(((u32 *)&found[n])[i], entry_reg(n, 4 * i));
	}
	control(0);
}

static void (*judged)(void);

static void bracketed(void)
{
	if (begin()) {
		judged();
		end();
	}
}

static void each_table(void (*judge)(void))
{
	judged = judge;
	each_source(HAS_MSIX, bracketed);
}

/* Raise entry n: how many interrupts came of its pin. */
static u32 pulse(u32 n, u32 want)
{
	u32 before = pins[n].count;

	pci_source_raise_vector(src, n);
	pin_wait(&pins[n], before + want);
	pci_source_lower(src);
	return pins[n].count - before;
}

static void judge_once(void)
{
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(pulse(0, 1), 1);
	EXPECT_FALSE(pins[0].tmr);
	EXPECT_TRUE(pins[0].isr);
	EXPECT_EQ(pins[1].count, 0);
}

TEST(msi, x_entry_is_one_interrupt_an_event, TABLE_RULE)
{
	each_table(judge_once);
}

static void judge_two(void)
{
	EXPECT_EQ(pulse(1, 1), 1);
	EXPECT_EQ(pins[0].count, 0);
	EXPECT_EQ(pulse(0, 1), 1);
	EXPECT_EQ(pins[1].count, 1);
	local_irq_disable();
	pci_source_raise_vector(src, 0);
	pci_source_raise_vector(src, 1);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pins[0], 2), 2);
	EXPECT_EQ(pin_wait(&pins[1], 2), 2);
}

TEST(msi, x_entries_have_vectors_of_their_own, TABLE_RULE)
{
	each_table(judge_two);
}

static void judge_mask(void)
{
	mask(0, true);
	EXPECT_FALSE(pending(0));
	pci_source_raise_vector(src, 0);
	EXPECT_EQ(pin_wait(&pins[0], 0), 0);
	EXPECT_TRUE(pending(0));
	EXPECT_FALSE(pending(1));
	EXPECT_EQ(pulse(1, 1), 1); /* the neighbour is not masked */
	mask(0, false);
	EXPECT_EQ(pin_wait(&pins[0], 1), 1);
	EXPECT_FALSE(pending(0));
}

TEST(msi, x_masked_entry_is_pending_and_comes_once_on_unmask, MASK_RULE)
{
	each_table(judge_mask);
}

static void judge_function(void)
{
	control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	pci_source_raise_vector(src, 0);
	pci_source_raise_vector(src, 1);
	pin_settle();
	EXPECT_EQ(pins[0].count + pins[1].count, 0);
	EXPECT_TRUE(pending(0) && pending(1));
	control(PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(pin_wait(&pins[0], 1), 1);
	EXPECT_EQ(pin_wait(&pins[1], 1), 1);
	EXPECT_FALSE(pending(0) || pending(1));
}

TEST(msi, x_function_mask_holds_every_entry, CTRL_RULE)
{
	each_table(judge_function);
}

/* The function mask is one thing and the entry's another. */
static void judge_both(void)
{
	control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	mask(0, true);
	pci_source_raise_vector(src, 0);
	control(PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(pin_wait(&pins[0], 0), 0);
	EXPECT_TRUE(pending(0));
	mask(0, false);
	EXPECT_EQ(pin_wait(&pins[0], 1), 1);
}

TEST(msi, x_entry_mask_outlasts_the_function_mask, MASK_RULE)
{
	each_table(judge_both);
}

static void judge_redirect(void)
{
	if (!EXPECT_EQ(pin_claim(&other), 0))
		return;
	mask(0, true);
	pci_source_raise_vector(src, 0);
	pin_settle();
	point(0, other.vector);
	mask(0, false);
	EXPECT_EQ(pin_wait(&other, 1), 1);
	EXPECT_EQ(pins[0].count, 0);
}

TEST(msi, x_pending_message_is_the_one_written_while_masked, MASK_RULE)
{
	each_table(judge_redirect);
}

static void judge_disabled(void)
{
	control(0);
	pci_source_raise_vector(src, 0);
	EXPECT_EQ(pin_wait(&pins[0], 0), 0);
}

TEST(msi, x_disabled_sends_nothing, CTRL_RULE)
{
	each_table(judge_disabled);
}

static void judge_registers(void)
{
	u32 size = pci_read(pdev, pdev->msix + PCI_MSIX_FLAGS, 2);
	u32 at = pdev->msix + PCI_MSIX_TABLE;
	u32 where = pci_read(pdev, at, 4);

	control(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL |
		PCI_MSIX_FLAGS_QSIZE);
	EXPECT_EQ(pci_read(pdev, pdev->msix + PCI_MSIX_FLAGS, 2),
		  size | PCI_MSIX_FLAGS_MASKALL);
	pci_write(pdev, at, 4, ~where);
	EXPECT_EQ(pci_read(pdev, at, 4), where);
	writel(~0u, pba);
	EXPECT_FALSE(pending(0) || pending(1));
}

TEST(msi, x_table_size_place_and_pending_bits_are_read_only, PBA_RULE)
{
	each_table(judge_registers);
}

static void judge_inside(void)
{
	struct pci_bar bar;

	if (!EXPECT_EQ(pci_read_msix(pdev, &cap), 0))
		return;
	bar = pci_probe_bar(pdev, cap.table_bar);
	EXPECT_LE(cap.table_offset +
			  cap.entries * sizeof(struct msix_entry_regs),
		  bar.size);
	bar = pci_probe_bar(pdev, cap.pba_bar);
	EXPECT_LE(cap.pba_offset + (cap.entries + 63) / 64 * 8, bar.size);
}

TEST(msi, x_table_and_pending_bits_lie_in_their_bars, TABLE_RULE)
{
	each_source(HAS_MSIX, judge_inside);
}
