// SPDX-License-Identifier: MIT
/*
 * main.c - from the firmware's hands into our own.
 *
 * Everything that needs boot services happens here, in the order below; after
 * efi_exit() no firmware code runs again and nothing of it is relied on, but
 * for ResetSystem(), if that is how the run is to end (src/firmware.c).
 *
 * Spec: UEFI 2.10 "EFI_BOOT_SERVICES.ExitBootServices()".
 */
#include "efi_main.h"

#include <asm/fpu_control.h>
#include <asm/irqflags.h>

EFI_SYSTEM_TABLE *st;
EFI_BOOT_SERVICES *bs;

static struct boot_info handed_over;

/* Not EFIAPI: crt0 calls it by the System V convention. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab);
EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab);

void efi_print(const char *text)
{
	CHAR16 wide[2] = { 0, 0 };

	if (!st->ConOut)
		return;
	for (; *text; text++) {
		wide[0] = (CHAR16)*text;
		st->ConOut->OutputString(st->ConOut, wide);
	}
}

static EFI_STATUS give_up(const char *what, EFI_STATUS status)
{
	efi_print("irqbed: ");
	efi_print(what);
	efi_print("\r\n");
	return status;
}

/* What UEFI 2.10 "x64 Platforms" promises an image at its entry. */
static void note_entry_state(struct firmware_state *fw)
{
	fw->entry_rflags = native_save_fl();
	fw->entry_sp = (u64)__builtin_frame_address(0);
	fw->entry_fcw = read_fcw();
	fw->entry_mxcsr = read_mxcsr();
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab)
{
	struct boot_info *info = &handed_over;
	EFI_LOADED_IMAGE *loaded = NULL;
	EFI_STATUS status;

	st = systab;
	bs = systab->BootServices;
	status = efi_unpack();
	if (EFI_ERROR(status)) /* it has said why: there are no words here */
		return status;
	note_entry_state(&info->fw);
	status = efi_find_image(image, info, &loaded);
	if (EFI_ERROR(status))
		return give_up("cannot find its own image", status);
	efi_read_options(loaded, info);
	efi_find_acpi(info);
	efi_find_smbios(info);
	efi_find_framebuffer(info);
	status = efi_allocate(info);
	if (EFI_ERROR(status))
		return give_up("cannot allocate 4 MiB: add memory", status);
	status = efi_exit(image, info);
	if (EFI_ERROR(status)) /* no console service may be called now */
		return status;
	start_on_own_stack(info);
}

/* gnu-efi 3.0.18 and later: crt0 calls this name, which libefi.a would have. */
EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab)
{
	return efi_main(image, systab);
}
