// SPDX-License-Identifier: MIT
/*
 * irte.c - interrupt remapping in bits: table entries, and the two formats in
 * which requests name them. Pure.
 *
 * Spec: VT-d "Interrupt Requests in Remappable Format", "I/OxAPIC
 *       Programming", "MSI and MSI-X Register Programming".
 */
#include <apic/intr_remap.h>

/* Without EIM an APIC ID has 8 bits, and they are the field's second byte. */
union irte prepare_irte(u8 vector, u32 dest_id, bool eim)
{
	return (union irte){
		.present = 1,
		.vector = vector,
		.dest_id = eim ? dest_id : (dest_id & 0xff) << 8,
	};
}

union ioapic_rte ir_ioapic_rte(u16 index, u8 vector)
{
	return (union ioapic_rte){
		.ir_vector = vector,
		.ir_format = 1,
		.ir_index_0_14 = index & 0x7fff,
		.ir_index_15 = index >> 15,
	};
}

u32 ir_msi_address(u16 index, bool shv)
{
	return 0xfee00000u | (index & 0x7fffu) << 5 | BIT(4) | (u32)shv << 3 |
	       (u32)(index >> 15) << 2;
}
