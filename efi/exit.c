// SPDX-License-Identifier: MIT
/*
 * exit.c - memory for later, the memory map, and the last firmware call.
 *
 * Spec: UEFI 2.10 "Memory Allocation Services", "ExitBootServices()".
 */
#include "efi_main.h"
#include <asm/irqflags.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>

#define POOL_PAGES_WANTED 4096 /* 16 MiB: tables, stacks, the log in RAM */
#define POOL_PAGES_LEAST  1024
#define LOW_LIMIT	  0x9ffff /* trampoline: real mode reaches it */
#define MAP_SLACK	  64	  /* descriptors that our own allocations add */
#define EXIT_TRIES	  8
#define BELOW_4G	  0xffffffff /* an AP loads CR3 from 32-bit code */

static u64 map_buffer;
static UINTN map_size;

/*
 * Room for the map as it is and some more: once ExitBootServices has refused,
 * no allocation is allowed.
 */
static EFI_STATUS allocate_map_buffer(void)
{
	UINTN size = 0, key, desc_size = 0;
	UINT32 version;

	bs->GetMemoryMap(&size, NULL, &key, &desc_size, &version);
	map_size = (size + MAP_SLACK * desc_size + 4095) & ~4095ull;
	return bs->AllocatePages(AllocateAnyPages, EfiLoaderData,
				 map_size / 4096, &map_buffer);
}

EFI_STATUS efi_allocate(struct boot_info *info)
{
	EFI_PHYSICAL_ADDRESS low = LOW_LIMIT;
	EFI_STATUS status = EFI_OUT_OF_RESOURCES;
	UINTN pages;

	/* Page 0 is never ours: NULL stays unmapped. */
	status = bs->AllocatePages(AllocateMaxAddress, EfiLoaderData, 2, &low);
	if (!EFI_ERROR(status))
		info->ap_page = low ? low : low + 4096;

	status = allocate_map_buffer();
	if (EFI_ERROR(status))
		return status;

	for (pages = POOL_PAGES_WANTED; pages >= POOL_PAGES_LEAST; pages /= 2) {
		info->pool_base = BELOW_4G;
		status = bs->AllocatePages(AllocateMaxAddress, EfiLoaderData,
					   pages, &info->pool_base);
		if (!EFI_ERROR(status)) {
			info->pool_pages = pages;
			break;
		}
	}
	return status;
}

static void keep_region(struct boot_info *info, const EFI_MEMORY_DESCRIPTOR *d)
{
	if (info->nr_regions == BOOT_REGIONS) {
		info->regions_dropped++;
		return;
	}
	info->region[info->nr_regions++] = (struct mem_region){
		.base = d->PhysicalStart,
		.pages = d->NumberOfPages,
		.attribute = d->Attribute,
		.type = d->Type,
	};
}

static void note_firmware_state(struct firmware_state *fw)
{
	struct desc_ptr ptr;

	store_idt(&ptr);
	fw->idt_base = ptr.address;
	fw->idt_limit = ptr.size;
	store_gdt(&ptr);
	fw->gdt_base = ptr.address;
	fw->gdt_limit = ptr.size;
	fw->cs = read_cs();
	fw->ss = read_ss();
	fw->tr = store_tr();
	fw->cr0 = read_cr0();
	fw->cr3 = read_cr3();
	fw->cr4 = read_cr4();
	fw->efer = rdmsr(MSR_EFER);
	fw->apic_base = rdmsr(MSR_IA32_APICBASE);
	fw->pat = rdmsr(MSR_IA32_PAT);
	if (fw->cr4 & X86_CR4_CET)
		fw->s_cet = rdmsr(MSR_IA32_S_CET);
	fw->rflags = native_save_fl();
}

EFI_STATUS efi_exit(EFI_HANDLE image, struct boot_info *info)
{
	UINTN size, key, desc_size;
	UINT32 version;
	EFI_STATUS status = EFI_INVALID_PARAMETER;

	/* A first refusal is legitimate: the map changed. Then try again. */
	for (u32 try = 1; try <= EXIT_TRIES; try++) {
		size = map_size;
		status = bs->GetMemoryMap(&size, (void *)map_buffer, &key,
					  &desc_size, &version);
		if (EFI_ERROR(status))
			continue;
		status = bs->ExitBootServices(image, key);
		info->fw.exit_tries = try;
		if (!EFI_ERROR(status))
			break;
	}
	if (EFI_ERROR(status))
		return status;

	note_firmware_state(&info->fw);
	native_irq_disable();
	for (UINTN at = 0; at + desc_size <= size; at += desc_size)
		keep_region(info, (EFI_MEMORY_DESCRIPTOR *)(map_buffer + at));
	return EFI_SUCCESS;
}
