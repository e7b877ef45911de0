// SPDX-License-Identifier: MIT
/*
 * An EFI application that does nothing but leave through isa-debug-exit: what
 * a boot costs before irqbed's first instruction. scripts/measure-boot sets
 * irqbed's own run against it.
 */
#include <efi.h>

#define DEBUG_EXIT_PORT 0xf4
#define DEBUG_EXIT_PASS 0x10 /* QEMU's status: (0x10 << 1) | 1 = 33 */

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	(void)image;
	(void)table;
	__asm__ volatile("outl %0, %w1" ::"a"(DEBUG_EXIT_PASS),
			 "Nd"(DEBUG_EXIT_PORT));
	return EFI_SUCCESS;
}
