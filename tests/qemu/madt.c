// SPDX-License-Identifier: MIT
/*
 * An EFI application that makes the MADT tell of CPUs that are not there: it
 * enables every local APIC entry that is not, as some firmware does, mends the
 * checksum, and starts irqbed. For tests/qemu/smp.t.
 *
 * Spec: ACPI 6.5 "Multiple APIC Description Table (MADT)"; UEFI 2.10
 *       "EFI_BOOT_SERVICES.LoadImage()".
 */
#include <efi.h>
#include <efilib.h>

#define LOCAL_APIC   0
#define LOCAL_X2APIC 9
#define ENABLED	     1

#pragma pack(1)
struct rsdp {
	char signature[8];
	UINT8 checksum, oem[6], revision;
	UINT32 rsdt, length;
	UINT64 xsdt;
};

struct header {
	char signature[4];
	UINT32 length;
	UINT8 revision, checksum, rest[26];
};
#pragma pack()

static struct header *find_madt(EFI_SYSTEM_TABLE *table)
{
	EFI_GUID guid = ACPI_20_TABLE_GUID;
	struct rsdp *rsdp = NULL;
	struct header *xsdt, *each;

	for (UINTN i = 0; i < table->NumberOfTableEntries; i++) {
		if (!CompareGuid(&table->ConfigurationTable[i].VendorGuid,
				 &guid))
			rsdp = table->ConfigurationTable[i].VendorTable;
	}
	if (!rsdp)
		return NULL;
	xsdt = (struct header *)rsdp->xsdt;
	for (UINT32 at = sizeof(*xsdt); at < xsdt->length; at += 8) {
		UINT64 *entry = (UINT64 *)((UINT8 *)xsdt + at);

		each = (struct header *)*entry;
		if (!CompareMem(each->signature, "APIC", 4))
			return each;
	}
	return NULL;
}

static void enable_all(struct header *madt)
{
	UINT8 *bytes = (UINT8 *)madt, sum = 0;

	/* Behind the header: the local APIC's address and flags. */
	for (UINT32 at = sizeof(*madt) + 8; at < madt->length;
	     at += bytes[at + 1]) {
		if (bytes[at] == LOCAL_APIC)
			bytes[at + 4] |= ENABLED;
		else if (bytes[at] == LOCAL_X2APIC)
			bytes[at + 8] |= ENABLED;
		if (!bytes[at + 1])
			break;
	}
	madt->checksum = 0;
	for (UINT32 at = 0; at < madt->length; at++)
		sum += bytes[at];
	madt->checksum = (UINT8)-sum;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	struct header *madt;
	EFI_LOADED_IMAGE *self;
	EFI_HANDLE irqbed;
	EFI_STATUS status;

	InitializeLib(image, table);
	madt = find_madt(table);
	if (!madt)
		return EFI_NOT_FOUND;
	enable_all(madt);
	status = BS->HandleProtocol(image, &guid, (void **)&self);
	if (EFI_ERROR(status))
		return status;
	status = BS->LoadImage(
		FALSE, image,
		FileDevicePath(self->DeviceHandle, L"\\EFI\\BOOT\\IRQBED.EFI"),
		NULL, 0, &irqbed);
	return EFI_ERROR(status) ? status : BS->StartImage(irqbed, NULL, NULL);
}
