/* SPDX-License-Identifier: MIT */
/*
 * nvme.h - an NVM Express controller as a source of interrupts: its admin
 * queue alone, and no command that concerns a medium.
 *
 * While PCI_SRC_NVME is open (dev/pci_source.h) the controller is enabled; it
 * is reset and disabled when opened and closed, which nothing on it survives
 * but what is on the medium.
 *
 * Context: one user at a time; any context but for nvme_submit(), which waits.
 * Spec:    NVM Express Base Specification 1.4, "Controller Registers",
 *          "Interrupts".
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
#define NVME_CAP	0x00
#define NVME_INTMS	0x0c		/* mask vectors; not with MSI-X */
#define NVME_INTMC	0x10
#define NVME_CC		0x14
#define   NVME_CC_EN	  BIT(0)
#define NVME_CSTS	0x1c
#define   NVME_CSTS_RDY	  BIT(0)
#define   NVME_CSTS_CFS	  BIT(1)	/* fatal */
#define NVME_AQA	0x24		/* admin queue: sizes - 1 */
#define NVME_ASQ	0x28
#define NVME_ACQ	0x30
#define NVME_DOORBELLS	0x1000
/* clang-format on */

/* Where the registers are mapped, 0: it is not open. */
u64 nvme_regs(void);

/*
 * Get Features, once, and wait until its completion is in memory. 0, -EBUSY
 * (too many that nobody took), -ETIMEDOUT.
 */
int nvme_submit(void);

/* How many completions are in memory and not taken yet. */
u32 nvme_completed(void);

/* Take n of them, by the head doorbell: that is what lets the pin go. */
void nvme_take(u32 n);
