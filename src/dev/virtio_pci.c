// SPDX-License-Identifier: MIT
/*
 * virtio_pci.c - a virtio block device, as a source of interrupts.
 *
 * Read:    virtio_submit(); virtio_open() for the device's start.
 * Uses:    memory of the image, which lies where it is mapped.
 * Spec:    Virtual I/O Device (VIRTIO) Version 1.2, "Split Virtqueues",
 *          "Virtio Over PCI Bus", "Block Device: Device Operation".
 *
 * The one request is VIRTIO_BLK_T_GET_ID: no sector is touched. The machine
 * may well have been booted from the disk behind it, which is not needed any
 * more.
 */
#include <dev/virtio_pci.h>

#include <asm/io.h>
#include <cpu/deadline.h>
#include <lib/errno.h>

#include "source.h"

/* clang-format off */
#define VENDOR_VIRTIO	0x1af4
#define DEVICE_BLK	0x1042
#define DEVICE_BLK_BOTH	0x1001		/* with the interface before 1.0, too */

#define CAP_CFG_TYPE	3		/* of a vendor-specific capability */
#define CAP_BAR		4
#define CAP_OFFSET	8
#define CAP_MULTIPLIER	16
#define CFG_COMMON	1
#define CFG_NOTIFY	2
#define CFG_ISR		3

#define F_HIGH		1		/* feature bits 32 and up */
#define   F_VERSION_1	  BIT(0)
#define   F_ACCESS_PLATFORM BIT(1)

#define DESC_F_NEXT	1
#define DESC_F_WRITE	2
#define BLK_T_GET_ID	8
#define BLK_ID_BYTES	20

#define QUEUES		2
#define SIZE		4		/* a power of 2; a request takes 3 */
#define RESET_US	1000000
/* clang-format on */

struct vring_desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};
static_assert(sizeof(struct vring_desc) == 16, "VIRTIO: descriptor table");

struct virtqueue {
	struct vring_desc desc[SIZE];
	struct {
		u16 flags, idx, ring[SIZE], used_event;
	} avail;
	struct {
		u16 flags;
		volatile u16 idx;
		struct {
			u32 id, len;
		} ring[SIZE];
		u16 avail_event;
	} used __aligned(4);
	struct {
		u32 type, reserved;
		u64 sector;
	} request;
	u8 id[BLK_ID_BYTES], status;
} __aligned(64);

static struct virtqueue vqs[QUEUES];
static u64 common, notify[QUEUES], isr;
static u32 nr_queues;
static bool msix;

u64 virtio_common(void)
{
	return common;
}

u8 virtio_isr(void)
{
	return readb(isr);
}

u32 virtio_queues(void)
{
	return nr_queues;
}

/* Read once a device: what capabilities it has does not change. */
static const u8 *cap_image(const struct pci_dev *dev)
{
	static const struct pci_dev *of;
	static u32 image[64];

	if (of != dev)
		pci_read_image(dev, image);
	of = dev;
	return (const u8 *)image;
}

/* The capability of this type; 0: there is none. */
static u8 find_cap(const struct pci_dev *dev, u8 type)
{
	const u8 *image = cap_image(dev);
	struct pci_caps caps;

	pci_walk_caps(image, &caps);
	for (u32 i = 0; i < caps.nr; i++) {
		if (caps.id[i] == PCI_CAP_ID_VNDR &&
		    caps.pos[i] < PCI_CFG_SPACE_SIZE - CAP_MULTIPLIER - 4 &&
		    image[caps.pos[i] + CAP_CFG_TYPE] == type)
			return caps.pos[i];
	}
	return 0;
}

static bool is_virtio_blk(const struct pci_dev *dev)
{
	return dev->vendor == VENDOR_VIRTIO &&
	       (dev->device == DEVICE_BLK || dev->device == DEVICE_BLK_BOTH) &&
	       find_cap(dev, CFG_COMMON) && find_cap(dev, CFG_NOTIFY) &&
	       find_cap(dev, CFG_ISR);
}

static u64 map_cap(const struct pci_dev *dev, u8 type)
{
	u8 pos = find_cap(dev, type);
	u32 bar = pci_read(dev, pos + CAP_BAR, 1);
	u64 base = bar < PCI_BAR_COUNT ? pci_map_bar(dev, bar) : 0;

	return base ? base + pci_read(dev, pos + CAP_OFFSET, 4) : 0;
}

static void set_status(u8 bit)
{
	writeb(readb(common + VIRTIO_PCI_STATUS) | bit,
	       common + VIRTIO_PCI_STATUS);
}

static bool reset(void)
{
	writeb(0, common + VIRTIO_PCI_STATUS);
	return WAIT_FOR(!readb(common + VIRTIO_PCI_STATUS), RESET_US);
}

/* Nothing but what a device of this kind must have. */
static bool negotiate(void)
{
	u32 offered;

	set_status(VIRTIO_S_ACKNOWLEDGE);
	set_status(VIRTIO_S_DRIVER);
	writel(F_HIGH, common + VIRTIO_PCI_DFSELECT);
	offered = readl(common + VIRTIO_PCI_DF);
	writel(0, common + VIRTIO_PCI_GFSELECT);
	writel(0, common + VIRTIO_PCI_GF);
	writel(F_HIGH, common + VIRTIO_PCI_GFSELECT);
	writel(offered & (F_VERSION_1 | F_ACCESS_PLATFORM),
	       common + VIRTIO_PCI_GF);
	set_status(VIRTIO_S_FEATURES_OK);
	return offered & F_VERSION_1 &&
	       readb(common + VIRTIO_PCI_STATUS) & VIRTIO_S_FEATURES_OK;
}

/* Header, the name, the status byte: one chain, made once. */
static void make_request(struct virtqueue *vq)
{
	*vq = (struct virtqueue){ .request.type = BLK_T_GET_ID };
	vq->desc[0] =
		(struct vring_desc){ (u64)&vq->request, sizeof(vq->request),
				     DESC_F_NEXT, 1 };
	vq->desc[1] = (struct vring_desc){ (u64)vq->id, BLK_ID_BYTES,
					   DESC_F_NEXT | DESC_F_WRITE, 2 };
	vq->desc[2] =
		(struct vring_desc){ (u64)&vq->status, 1, DESC_F_WRITE, 0 };
}

static bool set_up_queue(const struct pci_dev *dev, u32 n)
{
	u8 cap = find_cap(dev, CFG_NOTIFY);
	struct virtqueue *vq = &vqs[n];

	writew((u16)n, common + VIRTIO_PCI_Q_SELECT);
	if (readw(common + VIRTIO_PCI_Q_SIZE) < SIZE)
		return false;
	make_request(vq);
	writew(SIZE, common + VIRTIO_PCI_Q_SIZE);
	writeq((u64)vq->desc, common + VIRTIO_PCI_Q_DESC);
	writeq((u64)&vq->avail, common + VIRTIO_PCI_Q_AVAIL);
	writeq((u64)&vq->used, common + VIRTIO_PCI_Q_USED);
	writew(1, common + VIRTIO_PCI_Q_ENABLE);
	notify[n] = map_cap(dev, CFG_NOTIFY) +
		    (u64)readw(common + VIRTIO_PCI_Q_NOFF) *
			    pci_read(dev, cap + CAP_MULTIPLIER, 4);
	return true;
}

static bool virtio_open(const struct pci_dev *dev)
{
	common = map_cap(dev, CFG_COMMON);
	isr = map_cap(dev, CFG_ISR);
	if (!common || !isr || !map_cap(dev, CFG_NOTIFY) || !reset() ||
	    !negotiate())
		return false;
	msix = dev->msix;
	nr_queues = min((u32)readw(common + VIRTIO_PCI_NUMQ), (u32)QUEUES);
	for (u32 n = 0; n < nr_queues; n++) {
		if (!set_up_queue(dev, n))
			return false;
	}
	set_status(VIRTIO_S_DRIVER_OK);
	virtio_isr();
	return nr_queues;
}

static void virtio_close(void)
{
	if (common)
		reset();
	common = 0;
}

/* By the index: the device may have it in hand. */
static bool is_idle(const struct virtqueue *vq)
{
	return vq->used.idx == vq->avail.idx;
}

static void offer(u32 n, u16 head)
{
	struct virtqueue *vq = &vqs[n];

	vq->avail.ring[vq->avail.idx % SIZE] = head;
	barrier(); /* the CPU keeps the order of stores */
	WRITE_ONCE(vq->avail.idx, (u16)(vq->avail.idx + 1));
	writew((u16)n, notify[n]);
}

int virtio_submit(u32 n)
{
	if (!is_idle(&vqs[n]))
		return -EBUSY;
	offer(n, 0);
	if (!WAIT_FOR(is_idle(&vqs[n]), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	readb(common + VIRTIO_PCI_STATUS); /* its message has arrived */
	return 0;
}

void virtio_break(void)
{
	offer(0, SIZE);
}

static void virtio_raise(void)
{
	virtio_submit(0);
}

static void virtio_lower(void)
{
	virtio_isr();
}

static u32 virtio_vectors(void)
{
	return msix ? nr_queues : 0;
}

/* It may have no room for the vector, and says so when it is read. */
static void virtio_raise_vector(u32 n)
{
	writew((u16)n, common + VIRTIO_PCI_Q_SELECT);
	if (readw(common + VIRTIO_PCI_Q_MSIX) != n)
		writew((u16)n, common + VIRTIO_PCI_Q_MSIX);
	virtio_submit(n);
}

const struct pci_source_ops virtio_source = {
	.dma = true,
	.match = is_virtio_blk,
	.open = virtio_open,
	.close = virtio_close,
	.raise = virtio_raise,
	.lower = virtio_lower,
	.vectors = virtio_vectors,
	.raise_vector = virtio_raise_vector,
};
