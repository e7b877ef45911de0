// SPDX-License-Identifier: MIT
/*
 * find.c - what the firmware can tell: our image, ACPI, the framebuffer.
 *
 * Spec: UEFI 2.10 "EFI_LOADED_IMAGE_PROTOCOL", "EFI Configuration Table",
 *       "EFI_GRAPHICS_OUTPUT_PROTOCOL".
 */
#include "efi_main.h"
#include <lib/string.h>

static EFI_GUID guid_loaded_image = LOADED_IMAGE_PROTOCOL;
static EFI_GUID guid_gop = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
static EFI_GUID guid_acpi20 = ACPI_20_TABLE_GUID;
static EFI_GUID guid_acpi10 = ACPI_TABLE_GUID;

EFI_STATUS efi_find_image(EFI_HANDLE image, struct boot_info *info,
			  EFI_LOADED_IMAGE **loaded)
{
	EFI_STATUS status =
		bs->HandleProtocol(image, &guid_loaded_image, (void **)loaded);

	if (EFI_ERROR(status))
		return status;
	info->image_base = (u64)(*loaded)->ImageBase;
	info->image_size = (*loaded)->ImageSize;
	return EFI_SUCCESS;
}

static u64 config_table(const EFI_GUID *guid)
{
	for (UINTN i = 0; i < st->NumberOfTableEntries; i++) {
		EFI_CONFIGURATION_TABLE *table = &st->ConfigurationTable[i];

		if (!memcmp(&table->VendorGuid, guid, sizeof(*guid)))
			return (u64)table->VendorTable;
	}
	return 0;
}

void efi_find_acpi(struct boot_info *info)
{
	const CHAR16 *vendor = st->FirmwareVendor;
	size_t n = 0;

	info->reset_system = (u64)st->RuntimeServices->ResetSystem;
	info->rsdp = config_table(&guid_acpi20);
	if (!info->rsdp)
		info->rsdp = config_table(&guid_acpi10);

	for (; vendor && vendor[n] && n < sizeof(info->firmware_vendor) - 1;
	     n++) {
		char c = (char)vendor[n];

		info->firmware_vendor[n] =
			vendor[n] < 127 && c >= ' ' ? c : '?';
	}
	info->firmware_revision = st->FirmwareRevision;
}

void efi_find_framebuffer(struct boot_info *info)
{
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = NULL;
	EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;

	if (EFI_ERROR(bs->LocateProtocol(&guid_gop, NULL, (void **)&gop)) ||
	    !gop || !gop->Mode || !gop->Mode->Info)
		return;
	mode = gop->Mode->Info;
	if (mode->PixelFormat == PixelBltOnly)
		return;
	info->fb = (struct framebuffer_info){
		.base = gop->Mode->FrameBufferBase,
		.size = gop->Mode->FrameBufferSize,
		.width = mode->HorizontalResolution,
		.height = mode->VerticalResolution,
		.pitch_pixels = mode->PixelsPerScanLine,
		.format = mode->PixelFormat,
	};
}
