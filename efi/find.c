// SPDX-License-Identifier: MIT
/*
 * find.c - what the firmware can tell: our image, ACPI, the framebuffer.
 *
 * Spec: UEFI 2.10 "EFI_LOADED_IMAGE_PROTOCOL", "EFI Configuration Table",
 *       "EFI_GRAPHICS_OUTPUT_PROTOCOL".
 */
#include "efi_main.h"
#include <lib/smbios.h>
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

/* The structure table behind either entry point; 0 if there is none. */
static const void *smbios_table(size_t *len)
{
	static const EFI_GUID guid3 = SMBIOS3_TABLE_GUID;
	static const EFI_GUID guid2 = SMBIOS_TABLE_GUID;
	u64 entry = config_table(&guid3), address = 0;
	u32 low, max;
	u16 bytes;

	if (entry && !memcmp((const void *)entry, "_SM3_", 5)) {
		memcpy(&max, (const void *)(entry + 0x0c), sizeof(max));
		memcpy(&address, (const void *)(entry + 0x10), sizeof(address));
		*len = max;
		return (const void *)address;
	}
	entry = config_table(&guid2);
	if (!entry || memcmp((const void *)entry, "_SM_", 4))
		return NULL;
	memcpy(&bytes, (const void *)(entry + 0x16), sizeof(bytes));
	memcpy(&low, (const void *)(entry + 0x18), sizeof(low));
	*len = bytes;
	return (const void *)(u64)low;
}

void efi_find_smbios(struct boot_info *info)
{
	size_t len = 0;
	const void *table = smbios_table(&len);

	if (!table)
		return;
	smbios_string(table, len, SMBIOS_BIOS, SMBIOS_BIOS_VERSION,
		      info->bios_version, sizeof(info->bios_version));
	smbios_string(table, len, SMBIOS_SYSTEM, SMBIOS_SYSTEM_MAKER,
		      info->system_maker, sizeof(info->system_maker));
	smbios_string(table, len, SMBIOS_SYSTEM, SMBIOS_SYSTEM_PRODUCT,
		      info->system_product, sizeof(info->system_product));
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
