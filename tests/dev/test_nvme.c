// SPDX-License-Identifier: MIT
/*
 * NVM Express: completions in memory, and the interrupt they make. Vector 0 is
 * the admin queue's, which is the only one used here.
 *
 * Spec: NVM Express Base Specification 1.4, "Interrupts", "Controller
 *       Registers".
 */
#include "pci_case.h"

#include <asm/io.h>
#include <dev/nvme.h>

#define PIN_RULE  "NVMe 1.4 Pin Based, Single MSI, and Multiple MSI Behavior"
#define MSIX_RULE "NVMe 1.4 MSI-X Based Behavior"

SUITE(nvme, .teardown = pci_case_close);

static void judge_command(void)
{
	u32 csts = readl(nvme_regs() + NVME_CSTS);

	EXPECT_EQ(csts & (NVME_CSTS_RDY | NVME_CSTS_CFS), NVME_CSTS_RDY);
	EXPECT_EQ(nvme_submit(), 0);
	EXPECT_EQ(nvme_submit(), 0);
	EXPECT_EQ(nvme_completed(), 2);
	nvme_take(1);
	EXPECT_EQ(nvme_completed(), 1);
}

TEST(nvme, an_enabled_controller_completes_admin_commands,
     "NVMe 1.4 Controller Initialization")
{
	one_source(PCI_SRC_NVME, 0, judge_command);
}

#define TWICE_ROUND 130 /* the queue: the phase bit is seen to turn */
#define HELD	    3

/* What each interrupt found in memory. */
static u32 seen[TWICE_ROUND];

static void take_one(struct pin *p)
{
	if (p->count <= ARRAY_SIZE(seen))
		seen[p->count - 1] = nvme_completed();
	nvme_take(1);
}

static void judge_each(void)
{
	if (!intx_begin(take_one))
		return;
	for (u32 n = 1; n <= TWICE_ROUND; n++) {
		EXPECT_EQ(nvme_submit(), 0);
		if (!EXPECT_EQ(pin_wait(&pin, n), n))
			return;
		if (!EXPECT_EQ(seen[n - 1], 1))
			return;
	}
	EXPECT_FALSE(intx_status());
}

TEST(nvme, a_completion_is_in_memory_before_its_interrupt, PIN_RULE,
     .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_NVME, HAS_INTX, judge_each);
}

static void judge_held(void)
{
	if (!intx_begin(take_one))
		return;
	pin_mask(&pin, true);
	for (u32 n = 0; n < HELD; n++)
		EXPECT_EQ(nvme_submit(), 0);
	EXPECT_TRUE(intx_status());
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, HELD), HELD);
	for (u32 n = 0; n < HELD; n++)
		EXPECT_EQ(seen[n], HELD - n);
	EXPECT_FALSE(intx_status());
}

TEST(nvme, the_pin_is_held_until_the_last_completion_is_taken, PIN_RULE,
     .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_NVME, HAS_INTX, judge_held);
}

static void set_mask(bool on)
{
	writel(1, nvme_regs() + (on ? NVME_INTMS : NVME_INTMC));
	readl(nvme_regs() + NVME_CSTS);
}

static void judge_mask(void)
{
	if (!intx_begin(take_one))
		return;
	set_mask(true);
	EXPECT_EQ(nvme_submit(), 0);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	EXPECT_EQ(nvme_completed(), 1);
	set_mask(false);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(nvme, intms_holds_the_interrupt_and_intmc_lets_it_come,
     "NVMe 1.4 Interrupt Mask Set", .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_NVME, HAS_INTX, judge_mask);
}

static void judge_taken(void)
{
	if (!intx_begin(take_one))
		return;
	set_mask(true);
	EXPECT_EQ(nvme_submit(), 0);
	nvme_take(1);
	set_mask(false);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
}

TEST(nvme, a_completion_taken_while_masked_never_interrupts, PIN_RULE,
     .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_NVME, HAS_INTX, judge_taken);
}

static bool masks_are(u32 want)
{
	return EXPECT_EQ(readl(nvme_regs() + NVME_INTMS) & 1, want) &
	       EXPECT_EQ(readl(nvme_regs() + NVME_INTMC) & 1, want);
}

static void judge_registers(void)
{
	masks_are(0);
	writel(1, nvme_regs() + NVME_INTMS);
	masks_are(1);
	writel(0, nvme_regs() + NVME_INTMS);
	writel(0, nvme_regs() + NVME_INTMC);
	masks_are(1);
	writel(1, nvme_regs() + NVME_INTMC);
	masks_are(0);
}

TEST(nvme, intms_and_intmc_both_read_the_mask,
     "NVMe 1.4 Interrupt Mask Set; NVMe 1.4 Interrupt Mask Clear")
{
	one_source(PCI_SRC_NVME, 0, judge_registers);
}

static void judge_vector(void)
{
	if (!msix_begin(MAX_ENTRIES))
		return;
	if (EXPECT_GE(msix.entries, MAX_ENTRIES)) {
		for (u32 n = 1; n <= 3; n++) {
			EXPECT_EQ(nvme_submit(), 0);
			EXPECT_EQ(pin_wait(&entry_pin[0], n), n);
			nvme_take(1);
		}
		EXPECT_EQ(entry_pin[1].count, 0);
	}
	msix_end();
}

TEST(nvme, admin_completions_have_vector_0, MSIX_RULE, .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_NVME, HAS_MSIX, judge_vector);
}
