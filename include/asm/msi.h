/* SPDX-License-Identifier: MIT */
/*
 * asm/msi.h - the message that is an interrupt: a 32-bit write to an address
 * that the local APICs listen to. Linux: struct msi_msg, asm/msi.h.
 *
 * Spec: SDM 3A "Message Signalled Interrupts": "Message Address Register
 *       Format", "Message Data Register Format".
 */
#pragma once

#include <lib/compiler.h>

union x86_msi_addr_lo {
	struct {
		u32 reserved_0 : 2;
		u32 dest_mode_logical : 1;
		u32 redirect_hint : 1; /* lowest priority among the group */
		u32 reserved_1 : 8;
		u32 destid_0_7 : 8;
		u32 base_address : 12; /* X86_MSI_BASE_ADDRESS_LOW */
	};
	u32 raw;
};
static_assert(sizeof(union x86_msi_addr_lo) == 4, "SDM 3A: message address");

union x86_msi_data {
	struct {
		u32 vector : 8;
		u32 delivery_mode : 3; /* APIC_DM_* >> 8 */
		u32 reserved_0 : 3;
		u32 assert : 1; /* of level: 0 deasserts */
		u32 is_level : 1;
		u32 reserved_1 : 16;
	};
	u32 raw;
};
static_assert(sizeof(union x86_msi_data) == 4, "SDM 3A: message data");

#define X86_MSI_BASE_ADDRESS_LOW 0xfee

struct msi_msg {
	union x86_msi_addr_lo address_lo;
	u32 address_hi;
	union x86_msi_data data;
};

/* One vector of an MSI-X table, in the function's memory. */
struct msix_entry_regs {
	u32 address_lo, address_hi, data, vector_ctrl;
};
static_assert(sizeof(struct msix_entry_regs) == 16, "PCI 3.0: MSI-X table");
static_assert(offsetof(struct msix_entry_regs, data) == 8, "the same");
static_assert(offsetof(struct msix_entry_regs, vector_ctrl) == 12, "the same");
#define PCI_MSIX_ENTRY_CTRL_MASKBIT 1u
