/* SPDX-License-Identifier: MIT */
/* efi_main.h - the parts of the UEFI side, for efi_main() to call in turn. */
#pragma once

#include <efi.h>
#include <lib/boot_info.h>

extern EFI_SYSTEM_TABLE *st;
extern EFI_BOOT_SERVICES *bs;

/* Lengths of every wait below are the firmware's; none is ours. */
void efi_print(const char *text);

/* Before all else: string literals and cases are there only after it. */
EFI_STATUS efi_unpack(void);

EFI_STATUS efi_find_image(EFI_HANDLE image, struct boot_info *info,
			  EFI_LOADED_IMAGE **loaded);
void efi_read_options(EFI_LOADED_IMAGE *loaded, struct boot_info *info);
void efi_find_acpi(struct boot_info *info);
void efi_find_smbios(struct boot_info *info);
void efi_find_framebuffer(struct boot_info *info);
EFI_STATUS efi_allocate(struct boot_info *info);
EFI_STATUS efi_exit(EFI_HANDLE image, struct boot_info *info);

/* src/entry/head.S: own stack, GS base, then start(); never returns. */
void start_on_own_stack(struct boot_info *info) __attribute__((noreturn));
