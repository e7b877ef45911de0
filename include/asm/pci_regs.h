/* SPDX-License-Identifier: MIT */
/*
 * pci_regs.h - configuration space: registers by offset, and their bits.
 * Linux: include/uapi/linux/pci_regs.h.
 *
 * Spec: PCI Local Bus Specification 3.0, "Configuration Space"; PCI Express
 *       Base Specification 4.0, "PCI Express Capability Structure".
 */
#pragma once

/* clang-format off */
#define PCI_CFG_SPACE_SIZE	256	/* of 4096 by ECAM */

#define PCI_VENDOR_ID		0x00
#define PCI_COMMAND		0x04
#define   PCI_COMMAND_IO	  0x0001
#define   PCI_COMMAND_MEMORY	  0x0002
#define   PCI_COMMAND_MASTER	  0x0004
#define   PCI_COMMAND_INTX_DISABLE 0x0400
#define PCI_STATUS		0x06
#define   PCI_STATUS_INTERRUPT	  0x0008	/* the function asks, pin or not */
#define   PCI_STATUS_CAP_LIST	  0x0010
#define PCI_CLASS_REVISION	0x08
#define PCI_HEADER_TYPE		0x0e
#define   PCI_HEADER_TYPE_MASK	  0x7f
#define   PCI_HEADER_TYPE_NORMAL  0
#define   PCI_HEADER_TYPE_BRIDGE  1
#define   PCI_HEADER_TYPE_CARDBUS 2
#define   PCI_HEADER_TYPE_MFD	  0x80	/* has more functions than 0 */
#define PCI_BASE_ADDRESS_0	0x10
#define   PCI_BASE_ADDRESS_SPACE_IO 0x01
#define   PCI_BASE_ADDRESS_MEM_TYPE_MASK 0x06
#define   PCI_BASE_ADDRESS_MEM_TYPE_64 0x04
#define   PCI_BASE_ADDRESS_MEM_PREFETCH 0x08
#define PCI_PRIMARY_BUS		0x18	/* bridges: then secondary, subordinate */
#define PCI_SECONDARY_BUS	0x19
#define PCI_SUBORDINATE_BUS	0x1a
#define PCI_CAPABILITY_LIST	0x34
#define PCI_INTERRUPT_LINE	0x3c
#define PCI_INTERRUPT_PIN	0x3d	/* 1..4: INTA# ... INTD#, 0: none */
#define PCI_STD_HEADER_SIZEOF	0x40

#define PCI_CAP_ID_MSI		0x05
#define PCI_CAP_ID_VNDR		0x09
#define PCI_CAP_ID_EXP		0x10
#define PCI_CAP_ID_MSIX		0x11

#define PCI_MSI_FLAGS		0x02
#define   PCI_MSI_FLAGS_ENABLE	  0x0001
#define   PCI_MSI_FLAGS_QMASK	  0x000e	/* log2 of messages it wants */
#define   PCI_MSI_FLAGS_QSIZE	  0x0070	/* log2 of messages it was given */
#define   PCI_MSI_FLAGS_64BIT	  0x0080
#define   PCI_MSI_FLAGS_MASKBIT	  0x0100
#define PCI_MSI_ADDRESS_LO	0x04

#define PCI_MSIX_FLAGS		0x02
#define   PCI_MSIX_FLAGS_QSIZE	  0x07ff	/* entries - 1 */
#define   PCI_MSIX_FLAGS_MASKALL  0x4000
#define   PCI_MSIX_FLAGS_ENABLE	  0x8000
#define PCI_MSIX_TABLE		0x04
#define PCI_MSIX_PBA		0x08
#define   PCI_MSIX_BIR		  0x00000007	/* in which BAR */

#define PCI_EXP_FLAGS		0x02
#define   PCI_EXP_FLAGS_TYPE	  0x00f0
#define     PCI_EXP_TYPE_ROOT_PORT  4
#define     PCI_EXP_TYPE_DOWNSTREAM 6
#define   PCI_EXP_FLAGS_SLOT	  0x0100
#define   PCI_EXP_FLAGS_IRQ	  0x3e00	/* which of its messages */
#define PCI_EXP_SLTCAP		0x14
#define   PCI_EXP_SLTCAP_HPC	  0x00000040	/* hot-plug capable */
#define   PCI_EXP_SLTCAP_NCCS	  0x00040000	/* no command completed */
#define PCI_EXP_SLTCTL		0x18
#define   PCI_EXP_SLTCTL_EVENTS	  0x000f
#define   PCI_EXP_SLTCTL_CCIE	  0x0010
#define   PCI_EXP_SLTCTL_HPIE	  0x0020
#define   PCI_EXP_SLTCTL_DLLSCE	  0x1000
#define PCI_EXP_SLTSTA		0x1a
#define   PCI_EXP_SLTSTA_CC	  0x0010
/* clang-format on */
