// SPDX-License-Identifier: MIT
/*
 * virtio over PCI: used buffers and changes of configuration, by INTx with the
 * ISR status, and by MSI-X vectors that the driver chooses.
 *
 * Spec: Virtual I/O Device (VIRTIO) Version 1.2, "Virtio Over PCI Bus".
 */
#include "pci_case.h"

#include <asm/io.h>
#include <cpu/deadline.h>
#include <dev/virtio_pci.h>

#define ISR_RULE    "VIRTIO 1.2 ISR status capability"
#define VECTOR_RULE "VIRTIO 1.2 MSI-X Vector Configuration"
#define USED_RULE   "VIRTIO 1.2 Used Buffer Notifications"
#define CONFIG_RULE "VIRTIO 1.2 Notification of Device Configuration Changes"

SUITE(virtio, .teardown = pci_case_close);

static void judge_request(void)
{
	u8 status = readb(virtio_common() + VIRTIO_PCI_STATUS);

	EXPECT_TRUE(status & VIRTIO_S_DRIVER_OK);
	EXPECT_FALSE(status & VIRTIO_S_NEEDS_RESET);
	for (u32 n = 0; n < virtio_queues(); n++)
		EXPECT_EQ(virtio_submit(n), 0);
}

TEST(virtio, a_started_device_uses_what_is_offered,
     "VIRTIO 1.2 Device Initialization")
{
	one_source(PCI_SRC_VIRTIO, 0, judge_request);
}

static u8 isr[2];

static void read_isr(struct pin *p)
{
	isr[0] = virtio_isr();
	isr[1] = virtio_isr();
}

static void judge_isr(void)
{
	if (!intx_begin(read_isr))
		return;
	for (u32 n = 1; n <= 4; n++) {
		EXPECT_EQ(virtio_submit(0), 0);
		EXPECT_EQ(pin_wait(&pin, n), n);
		EXPECT_EQ(isr[0], VIRTIO_PCI_ISR_QUEUE);
		EXPECT_EQ(isr[1], 0);
	}
	EXPECT_FALSE(intx_status());
}

TEST(virtio, isr_names_the_queue_and_reading_lets_the_pin_go, ISR_RULE,
     .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_VIRTIO, HAS_INTX, judge_isr);
}

static void judge_taken(void)
{
	if (!intx_begin(read_isr))
		return;
	pin_mask(&pin, true);
	EXPECT_EQ(virtio_submit(0), 0);
	EXPECT_EQ(virtio_submit(0), 0); /* one bit for both */
	EXPECT_TRUE(intx_status());
	EXPECT_EQ(virtio_isr(), VIRTIO_PCI_ISR_QUEUE);
	EXPECT_FALSE(intx_status());
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
}

TEST(virtio, isr_read_while_masked_leaves_no_interrupt, ISR_RULE,
     .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_VIRTIO, HAS_INTX, judge_taken);
}

/* The device's answer: queue 0's vector, and the configuration's. */
static u16 map_queue(u16 vector)
{
	writew(0, virtio_common() + VIRTIO_PCI_Q_SELECT);
	writew(vector, virtio_common() + VIRTIO_PCI_Q_MSIX);
	return readw(virtio_common() + VIRTIO_PCI_Q_MSIX);
}

static u16 map_config(u16 vector)
{
	writew(vector, virtio_common() + VIRTIO_PCI_MSIX);
	return readw(virtio_common() + VIRTIO_PCI_MSIX);
}

static void (*judged)(void);

static void bracketed(void)
{
	if (msix_begin(MAX_ENTRIES)) {
		judged();
		msix_end();
	}
}

static void with_msix(void (*judge)(void))
{
	judged = judge;
	one_source(PCI_SRC_VIRTIO, HAS_TWO | HAS_MSIX, bracketed);
}

static void judge_map(void)
{
	EXPECT_EQ(map_queue(1), 1);
	EXPECT_EQ(map_config(0), 0);
	EXPECT_EQ(map_queue(msix.entries), VIRTIO_MSI_NO_VECTOR);
	EXPECT_EQ(map_config(msix.entries), VIRTIO_MSI_NO_VECTOR);
	EXPECT_EQ(map_queue(VIRTIO_MSI_NO_VECTOR), VIRTIO_MSI_NO_VECTOR);
	EXPECT_EQ(map_config(VIRTIO_MSI_NO_VECTOR), VIRTIO_MSI_NO_VECTOR);
}

TEST(virtio, a_vector_reads_back_and_one_that_is_not_there_reads_none,
     VECTOR_RULE, .needs = NEEDS_IOAPIC)
{
	with_msix(judge_map);
}

static void judge_moved(void)
{
	for (u16 n = 0; n < MAX_ENTRIES; n++) {
		EXPECT_EQ(map_queue(n), n);
		EXPECT_EQ(virtio_submit(0), 0);
		EXPECT_EQ(pin_wait(&entry_pin[n], 1), 1);
	}
	EXPECT_EQ(entry_pin[0].count, 1);
	EXPECT_EQ(map_queue(VIRTIO_MSI_NO_VECTOR), VIRTIO_MSI_NO_VECTOR);
	EXPECT_EQ(virtio_submit(0), 0);
	pin_settle();
	EXPECT_EQ(entry_pin[0].count + entry_pin[1].count, 2);
}

TEST(virtio, a_used_buffer_interrupts_by_its_queues_vector_or_not_at_all,
     USED_RULE, .needs = NEEDS_IOAPIC)
{
	with_msix(judge_moved);
}

static void judge_reset(void)
{
	EXPECT_EQ(map_queue(1), 1);
	EXPECT_EQ(map_config(1), 1);
	writeb(0, virtio_common() + VIRTIO_PCI_STATUS);
	EXPECT_TRUE(WAIT_FOR(!readb(virtio_common() + VIRTIO_PCI_STATUS),
			     WAIT_DEFAULT_US));
	writew(0, virtio_common() + VIRTIO_PCI_Q_SELECT);
	EXPECT_EQ(readw(virtio_common() + VIRTIO_PCI_Q_MSIX),
		  VIRTIO_MSI_NO_VECTOR);
	EXPECT_EQ(readw(virtio_common() + VIRTIO_PCI_MSIX),
		  VIRTIO_MSI_NO_VECTOR);
}

TEST(virtio, a_reset_takes_the_vectors_away, VECTOR_RULE, .needs = NEEDS_IOAPIC)
{
	with_msix(judge_reset);
}

/* Should a device not mind, nothing changes its configuration at will. */
static bool broken(void)
{
	virtio_break();
	return WAIT_FOR(readb(virtio_common() + VIRTIO_PCI_STATUS) &
				VIRTIO_S_NEEDS_RESET,
			WAIT_DEFAULT_US);
}

#define NO_CHANGE "the device does not mind what it cannot serve"

static void judge_config(void)
{
	EXPECT_EQ(map_queue(0), 0);
	EXPECT_EQ(map_config(1), 1);
	if (!broken())
		SKIP(return, NO_CHANGE);
	EXPECT_EQ(pin_wait(&entry_pin[1], 1), 1);
	EXPECT_EQ(entry_pin[0].count, 0);
}

TEST(virtio, needs_reset_interrupts_by_the_configurations_vector,
     CONFIG_RULE "; VIRTIO 1.2 Device Status Field", .needs = NEEDS_IOAPIC)
{
	with_msix(judge_config);
}

static void judge_one_for_both(void)
{
	EXPECT_EQ(map_queue(0), 0);
	EXPECT_EQ(map_config(0), 0);
	EXPECT_EQ(virtio_submit(0), 0);
	EXPECT_EQ(pin_wait(&entry_pin[0], 1), 1);
	if (!broken())
		SKIP(return, NO_CHANGE);
	EXPECT_EQ(pin_wait(&entry_pin[0], 2), 2);
}

TEST(virtio, queue_and_configuration_may_have_one_vector, VECTOR_RULE,
     .needs = NEEDS_IOAPIC)
{
	with_msix(judge_one_for_both);
}

/* A queue's bit may be set too: a driver looks at all queues then. */
static void judge_config_isr(void)
{
	if (!intx_begin(read_isr))
		return;
	if (!broken())
		SKIP(return, NO_CHANGE);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(isr[0] & VIRTIO_PCI_ISR_CONFIG);
	EXPECT_EQ(isr[1], 0);
}

TEST(virtio, isr_names_the_configuration, ISR_RULE, .needs = NEEDS_IOAPIC)
{
	one_source(PCI_SRC_VIRTIO, HAS_INTX, judge_config_isr);
}
