// SPDX-License-Identifier: MIT
/*
 * MSI and MSI-X through the interrupt layer: a handler each, nothing lost and
 * nothing doubled while an irq is disabled, no trace when it is freed.
 *
 * Linux: drivers/pci/msi/api.c, kernel/irq/chip.c.
 */
#include "pci_case.h"

#include <asm/io.h>
#include <irq/irq.h>
#include <ktest/affinity.h>
#include <ktest/raised.h>
#include <lib/errno.h>

#define NR_ENTRIES  2
#define MOVE_ROUNDS 100

static u32 calls[NR_ENTRIES];

static irqreturn_t count(int irq, void *data)
{
	++*(u32 *)data;
	pci_source_lower(src);
	return IRQ_HANDLED;
}

static bool arrived(u32 want)
{
	WAIT_FOR(READ_ONCE(calls[0]) >= want, WAIT_DEFAULT_US);
	pin_settle();
	return EXPECT_EQ(calls[0], want);
}

static void judge_irq(void)
{
	u32 image[64], after[64];
	u64 before;
	int irq;

	calls[0] = 0;
	pci_read_image(pdev, image);
	if (!EXPECT_EQ(pci_alloc_irq_vectors(pdev, 1, PCI_IRQ_MSI), 1))
		return;
	EXPECT_EQ(pci_alloc_irq_vectors(pdev, 1, PCI_IRQ_MSI), -EBUSY);
	irq = pci_irq_vector(pdev, 0);
	before = kstat_irqs((u32)irq);
	EXPECT_EQ(request_irq((u32)irq, count, 0, "msi", &calls[0]), 0);
	for (u32 n = 1; n <= 5; n++) {
		pci_source_raise(src);
		if (!arrived(n))
			return;
	}
	EXPECT_EQ(kstat_irqs((u32)irq) - before, 5);
	raised_irqs((u32)irq, 5);
	EXPECT_EQ(free_irq((u32)irq, &calls[0]), 0);
	pci_free_irq_vectors(pdev);
	pci_read_image(pdev, after);
	for (u32 i = 0; i < 64; i++) {
		if (i != PCI_COMMAND / 4) /* status changes by itself */
			EXPECT_EQ(after[i], image[i]);
	}
	EXPECT_EQ((u16)after[1], (u16)image[1]);
}

TEST(msi, request_irq_counts_each_and_free_leaves_no_trace,
     "Linux drivers/pci/msi/api.c, pci_alloc_irq_vectors()")
{
	each_source(HAS_MSI, judge_irq);
}

/* With mask bits the function keeps it, without them the flow handler. */
static void judge_replay(void)
{
	int irq;

	calls[0] = 0;
	if (!EXPECT_EQ(pci_alloc_irq_vectors(pdev, 1, PCI_IRQ_MSI), 1))
		return;
	irq = pci_irq_vector(pdev, 0);
	EXPECT_EQ(request_irq((u32)irq, count, 0, "msi", &calls[0]), 0);
	disable_irq((u32)irq);
	pci_source_raise(src);
	pin_settle();
	pci_source_lower(src);
	EXPECT_EQ(calls[0], 0);
	enable_irq((u32)irq);
	arrived(1);
	raised_irqs((u32)irq, 1);
}

TEST(msi, one_that_comes_while_disabled_is_replayed_once,
     "Linux kernel/irq/chip.c, handle_edge_irq()")
{
	each_source(HAS_MSI, judge_replay);
}

static void absorb(u32 irq)
{
	absorb_pending();
	raised_irqs(irq, calls[0]);
	calls[0] = 0;
}

static void judge_irqs(void)
{
	u32 nr = min(pci_source_vectors(src), (u32)NR_ENTRIES);
	u64 before[NR_ENTRIES];

	if (!EXPECT_EQ(pci_alloc_irq_vectors(pdev, nr, PCI_IRQ_MSIX), nr))
		return;
	EXPECT_EQ(pci_irq_vector(pdev, nr), -EINVAL);
	for (u32 n = 0; n < nr; n++) {
		u32 irq = (u32)pci_irq_vector(pdev, n);

		calls[n] = 0;
		EXPECT_EQ(request_irq(irq, count, 0, "msix", &calls[n]), 0);
	}
	absorb((u32)pci_irq_vector(pdev, 0));
	for (u32 n = 0; n < nr; n++)
		before[n] = kstat_irqs((u32)pci_irq_vector(pdev, n));
	for (u32 i = 0; i < 6; i++) {
		u32 n = i % 3 == 2 && nr > 1; /* 4 of entry 0, 2 of entry 1 */
		u32 seen = calls[n];

		pci_source_raise_vector(src, n);
		EXPECT_TRUE(
			WAIT_FOR(READ_ONCE(calls[n]) > seen, WAIT_DEFAULT_US));
	}
	pin_settle();
	for (u32 n = 0; n < nr; n++) {
		u32 irq = (u32)pci_irq_vector(pdev, n);
		u32 want = nr > 1 ? 4 >> n : 6;

		EXPECT_EQ(calls[n], want);
		EXPECT_EQ(kstat_irqs(irq) - before[n], want);
		raised_irqs(irq, want);
	}
}

TEST(msi, x_request_irq_gives_each_entry_a_handler,
     "Linux drivers/pci/msi/api.c, pci_alloc_irq_vectors()")
{
	each_source(HAS_MSIX, judge_irqs);
}

static u64 entry; /* 0, of the table */

static bool is_masked(void)
{
	return readl(entry + offsetof(struct msix_entry_regs, vector_ctrl)) &
	       PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

static void judge_disable_irq(void)
{
	struct pci_msix_cap cap;
	u32 irq;

	if (!EXPECT_EQ(pci_read_msix(pdev, &cap), 0) ||
	    !EXPECT_EQ(pci_alloc_irq_vectors(pdev, 1, PCI_IRQ_MSIX), 1))
		return;
	irq = (u32)pci_irq_vector(pdev, 0);
	calls[0] = 0;
	EXPECT_EQ(request_irq(irq, count, 0, "msix", &calls[0]), 0);
	absorb(irq);
	entry = pci_map_bar(pdev, cap.table_bar) + cap.table_offset;
	disable_irq(irq);
	EXPECT_FALSE(is_masked());
	for (u32 i = 0; i < 3; i++) {
		pci_source_raise_vector(src, 0);
		EXPECT_TRUE(WAIT_FOR(is_masked(), WAIT_DEFAULT_US));
		pci_source_lower(src);
	}
	EXPECT_EQ(calls[0], 0);
	enable_irq(irq);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(calls[0]), WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_FALSE(is_masked());
	EXPECT_LE(calls[0], 2); /* the replay, and the one the mask held */
	raised_irqs(irq, calls[0]);
}

TEST(msi, x_disabled_irq_is_masked_by_the_first_that_comes,
     "Linux kernel/irq/chip.c, handle_edge_irq()")
{
	each_source(HAS_MSIX, judge_disable_irq);
}

static void raise_message(void)
{
	pci_source_raise(src);
}

static void raise_entry(void)
{
	pci_source_raise_vector(src, 0);
}

static void lower(void)
{
	pci_source_lower(src);
}

static bool begin_moving(u32 flags, void (*raise)(void))
{
	struct moved_line line = { .raise = raise, .lower = lower };

	if (!EXPECT_EQ(pci_alloc_irq_vectors(pdev, 1, flags), 1))
		return false;
	line.irq = (u32)pci_irq_vector(pdev, 0);
	if (!affinity_begin(&line, 0))
		return false;
	if (flags == PCI_IRQ_MSIX) {
		absorb_pending();
		raised_irqs(line.irq, affinity_calls());
	}
	return true;
}

static void judge_move(void)
{
	if (begin_moving(PCI_IRQ_MSI, raise_message)) {
		affinity_each_cpu();
		affinity_under_load(MOVE_ROUNDS);
	}
	affinity_end();
}

#define AFFINITY "Linux kernel/irq/manage.c, irq_set_affinity()"

TEST(msi, a_message_goes_to_each_cpu_and_none_is_lost_on_the_way, AFFINITY,
     .needs = NEEDS_SMP)
{
	each_source(HAS_MSI, judge_move);
}

static void judge_move_x(void)
{
	if (begin_moving(PCI_IRQ_MSIX, raise_entry)) {
		affinity_each_cpu();
		affinity_under_load(MOVE_ROUNDS);
	}
	affinity_end();
}

TEST(msi, x_an_entry_goes_to_each_cpu_and_none_is_lost_on_the_way, AFFINITY,
     .needs = NEEDS_SMP)
{
	each_source(HAS_MSIX, judge_move_x);
}
