// SPDX-License-Identifier: MIT
/*
 * dmar.c - DMA Remapping Reporting Table: is there interrupt remapping, and
 * where are the units that do it?
 *
 * Spec: Intel Virtualization Technology for Directed I/O, "BIOS
 *       Considerations", "DMA Remapping Reporting Structure", "DMA Remapping
 *       Hardware Unit Definition Structure".
 */
#include "internal.h"
#include <lib/errno.h>

#define DMAR_WIDTH	36 /* of host addresses, less one */
#define DMAR_FLAGS	37
#define DMAR_STRUCTURES 48
#define DRHD		0
#define DRHD_LEN	16

static void drhd(struct acpi_info *info, const struct bytes *e)
{
	struct acpi_dmar *dmar = &info->dmar;
	struct acpi_drhd unit = {
		.flags = get8(e, 4),
		.segment = get16(e, 6),
		.base = get64(e, 8),
	};

	if (e->len < DRHD_LEN || unit.base == 0)
		acpi_complain(info, "DMAR +%#zx: DRHD of length %zu at %#llx",
			      e->at, e->len, (unsigned long long)unit.base);
	else if (dmar->nr_drhds == ACPI_MAX_DRHD)
		acpi_complain(info, "DMAR +%#zx: more than %u units", e->at,
			      ACPI_MAX_DRHD);
	else
		dmar->drhd[dmar->nr_drhds++] = unit;
}

int acpi_parse_dmar(const void *table, size_t len, struct acpi_info *info)
{
	struct bytes b = table_bytes(table, len);
	int err = acpi_check_length(info, "DMAR", len, DMAR_STRUCTURES);
	size_t off = DMAR_STRUCTURES;

	if (err)
		return err;
	info->dmar.present = true;
	info->dmar.address_width = get8(&b, DMAR_WIDTH) + 1;
	info->dmar.flags = get8(&b, DMAR_FLAGS);
	while (off < len) {
		size_t size = get16(&b, off + 2);
		struct bytes e;

		if (size < 4 || size > len - off)
			return acpi_complain(info,
					     "DMAR +%#zx: type %u of "
					     "length %zu, %zu bytes left",
					     off, get16(&b, off), size,
					     len - off);
		e = sub_bytes(&b, off, size);
		if (get16(&e, 0) == DRHD)
			drhd(info, &e);
		off += size;
	}
	return 0;
}
