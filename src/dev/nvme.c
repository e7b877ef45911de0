// SPDX-License-Identifier: MIT
/*
 * nvme.c - an NVM Express controller's admin queue, as a source of interrupts.
 *
 * Read:    nvme_submit(), nvme_take(); nvme_open().
 * Uses:    two pages of the image, which lie where they are mapped.
 * Spec:    NVM Express Base Specification 1.4, "Controller Registers",
 *          "Controller Initialization", "Submission Queue Entry - Command
 *          Format", "Completion Queue Entry", "Interrupts".
 *
 * Only Get Features is ever asked for: it reads a setting and nothing else.
 * Vector 0 is the admin queue's, and no I/O queue is made.
 */
#include <dev/nvme.h>

#include <asm/io.h>
#include <cpu/deadline.h>
#include <lib/errno.h>
#include <mm/paging.h>

#include "source.h"

/* clang-format off */
#define CLASS_NVME	0x010802
#define CAP_TO		GENMASK(31, 24)	/* of 500 ms, for RDY */
#define CAP_DSTRD	GENMASK(35, 32)	/* log2 of 4 bytes */
#define CAP_MPSMIN	GENMASK(51, 48)	/* log2 of 4 KiB */
#define CC_IOSQES	(6u << 16)	/* 64 and 16 bytes */
#define CC_IOCQES	(4u << 20)
#define GET_FEATURES	0x0a
#define FEAT_ARBITRATION 1		/* every controller has it */
#define STATUS_PHASE	1
#define TO_US		500000ull
#define DEPTH		64u		/* entries: a page of commands */
/* clang-format on */

struct nvme_command {
	u8 opcode, flags;
	u16 cid;
	u32 nsid, cdw2, cdw3;
	u64 mptr, prp1, prp2;
	u32 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};
static_assert(sizeof(struct nvme_command) == 64, "NVMe: command format");

struct nvme_completion {
	u32 result, reserved;
	u16 sq_head, sq_id, cid, status;
};
static_assert(sizeof(struct nvme_completion) == 16, "NVMe: completion entry");

static struct nvme_command sq[DEPTH] __aligned(PAGE_SIZE);
static volatile struct nvme_completion cq[DEPTH] __aligned(PAGE_SIZE);

static u64 regs;
/* Since it was enabled, modulo 2^32; entry n lies at n % DEPTH. */
static volatile u32 sent, taken;
static bool by_msix; /* it was started for it */

u64 nvme_regs(void)
{
	return regs;
}

static void doorbell(u32 n, u32 val)
{
	u32 shift = 2 + (u32)FIELD_GET(CAP_DSTRD, readq(regs + NVME_CAP));

	writel(val % DEPTH, regs + NVME_DOORBELLS + ((u64)n << shift));
}

/* Each round through the queue turns the phase bit, the first sets it. */
static bool posted(u32 n)
{
	return (cq[n % DEPTH].status & STATUS_PHASE) == !(n / DEPTH & 1);
}

u32 nvme_completed(void)
{
	u32 n = taken;

	while (n != sent && posted(n))
		n++;
	return n - taken;
}

int nvme_submit(void)
{
	u32 n = sent;

	if (n - taken == DEPTH - 1)
		return -EBUSY;
	sq[n % DEPTH] = (struct nvme_command){
		.opcode = GET_FEATURES,
		.cid = n % DEPTH,
		.cdw10 = FEAT_ARBITRATION,
	};
	sent = n + 1; /* first: the interrupt may come within the write */
	doorbell(0, n + 1);
	if (!WAIT_FOR(posted(n), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	readl(regs + NVME_CSTS); /* a message sent before has arrived */
	return 0;
}

void nvme_take(u32 n)
{
	if (!n)
		return; /* the same value again would be an error */
	taken += n;
	doorbell(1, taken);
	readl(regs + NVME_CSTS);
}

static bool is_nvme(const struct pci_dev *dev)
{
	return dev->class == CLASS_NVME;
}

static bool set_enabled(bool on)
{
	u64 limit = FIELD_GET(CAP_TO, readq(regs + NVME_CAP)) * TO_US;

	writel(on ? NVME_CC_EN | CC_IOSQES | CC_IOCQES : 0, regs + NVME_CC);
	return WAIT_FOR(!(readl(regs + NVME_CSTS) & NVME_CSTS_RDY) == !on,
			limit + TO_US);
}

/* Reset, and enabled with queues that are empty. */
static bool start(void)
{
	if (!set_enabled(false))
		return false;
	for (u32 i = 0; i < DEPTH; i++)
		cq[i].status = 0;
	sent = taken = 0;
	writel((DEPTH - 1) << 16 | (DEPTH - 1), regs + NVME_AQA);
	writeq((u64)sq, regs + NVME_ASQ);
	writeq((u64)cq, regs + NVME_ACQ);
	if (!set_enabled(true))
		return false;
	writel(~0u, regs + NVME_INTMC);
	return true;
}

static bool nvme_open(const struct pci_dev *dev)
{
	regs = pci_map_bar(dev, 0);
	by_msix = false;
	return regs && !FIELD_GET(CAP_MPSMIN, readq(regs + NVME_CAP)) &&
	       start();
}

static void nvme_lower(void)
{
	nvme_take(nvme_completed());
}

/* A case that was broken off may have left vectors masked. */
static void nvme_close(void)
{
	if (!regs)
		return;
	nvme_lower();
	writel(~0u, regs + NVME_INTMC);
	set_enabled(false);
	regs = 0;
}

static void nvme_raise(void)
{
	nvme_submit();
}

static u32 nvme_vectors(void)
{
	return 1;
}

/*
 * MSI-X is on by now. It may be switched on at any time, but some look for it
 * only when their queue is made, and then send nothing.
 */
static void nvme_raise_vector(u32 n)
{
	if (!by_msix)
		by_msix = start();
	nvme_submit();
}

const struct pci_source_ops nvme_source = {
	.dma = true,
	.match = is_nvme,
	.open = nvme_open,
	.close = nvme_close,
	.raise = nvme_raise,
	.lower = nvme_lower,
	.vectors = nvme_vectors,
	.raise_vector = nvme_raise_vector,
};
