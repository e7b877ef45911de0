// SPDX-License-Identifier: MIT
/*
 * The 82574's own: its causes have vectors, and throttling that is off is off.
 * What MSI and MSI-X are in general the suite `msi` judges by it, too.
 *
 * Spec: Intel 82574 GbE Controller Family Datasheet, "MSI-X Mode", "Interrupt
 *       Throttling Registers".
 */
#include "pci_case.h"

SUITE(nic, .teardown = pci_case_close, .needs = NEEDS_IOAPIC);

static void judge_entries(void)
{
	if (!msix_begin(MAX_ENTRIES))
		return;
	pci_source_raise_vector(src, 0);
	EXPECT_GE(pin_wait(&entry_pin[0], 1), 1);
	EXPECT_EQ(entry_pin[1].count, 0);
	pci_source_lower(src);
	pci_source_raise_vector(src, 1);
	EXPECT_GE(pin_wait(&entry_pin[1], 1), 1);
	pci_source_lower(src);
	msix_end();
}

TEST(nic, a_cause_is_sent_to_the_entry_that_ivar_names, "82574 MSI-X Mode")
{
	one_source(PCI_SRC_82574, 0, judge_entries);
}

static void judge_throttle(void)
{
	EXPECT_FALSE(repeats_messages());
}

TEST(nic, with_throttling_off_no_message_is_repeated,
     "82574 Interrupt Throttling Registers")
{
	one_source(PCI_SRC_82574, 0, judge_throttle);
}
