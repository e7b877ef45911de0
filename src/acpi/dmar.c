// SPDX-License-Identifier: MIT
/*
 * dmar.c - DMA Remapping Reporting Table: is there interrupt remapping, and
 * where are the units that do it?
 *
 * Spec: Intel Virtualization Technology for Directed I/O, "BIOS
 *       Considerations", "DMA Remapping Reporting Structure", "DMA Remapping
 *       Hardware Unit Definition Structure", "Device Scope Structure".
 */
#include "internal.h"
#include <lib/errno.h>

#define DMAR_WIDTH	36 /* of host addresses, less one */
#define DMAR_FLAGS	37
#define DMAR_STRUCTURES 48
#define DRHD		0
#define DRHD_LEN	16
#define SCOPE_LEN	6 /* without its path, two bytes a hop */

static void scope(struct acpi_info *info, const struct bytes *e)
{
	struct acpi_dmar *dmar = &info->dmar;

	if (dmar->nr_scopes == ACPI_MAX_DRHD_SCOPES) {
		acpi_complain(info, "DMAR +%#zx: more than %u scopes", e->at,
			      ACPI_MAX_DRHD_SCOPES);
		return;
	}
	dmar->scope[dmar->nr_scopes++] = (struct acpi_drhd_scope){
		.drhd = (u8)(dmar->nr_drhds - 1),
		.type = get8(e, 0),
		.id = get8(e, 4),
		.hops = (u8)((e->len - SCOPE_LEN) / 2),
		.sid = (u16)(get8(e, 5) << 8 | (get8(e, 6) & 31) << 3 |
			     (get8(e, 7) & 7)),
	};
}

/* What stands behind the unit's own fields. */
static void scopes(struct acpi_info *info, const struct bytes *e)
{
	size_t off = DRHD_LEN;

	while (off < e->len) {
		size_t size = get8(e, off + 1);
		struct bytes s;

		if (size < SCOPE_LEN + 2 || size > e->len - off) {
			acpi_complain(info,
				      "DMAR +%#zx: scope of length %zu, "
				      "%zu bytes left",
				      e->at + off, size, e->len - off);
			return;
		}
		s = sub_bytes(e, off, size);
		scope(info, &s);
		off += size;
	}
}

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
	else {
		dmar->drhd[dmar->nr_drhds++] = unit;
		scopes(info, e);
	}
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

const struct acpi_drhd_scope *acpi_dmar_scope(const struct acpi_dmar *dmar,
					      u8 type, u8 id)
{
	for (u32 i = 0; i < dmar->nr_scopes; i++) {
		const struct acpi_drhd_scope *s = &dmar->scope[i];

		if (s->type == type && s->id == id && s->hops == 1)
			return s;
	}
	return NULL;
}

int acpi_dmar_unit_of(const struct acpi_dmar *dmar, u16 segment, u16 sid)
{
	int rest = -ENODEV; /* who takes those that nobody names */

	for (u32 i = 0; i < dmar->nr_scopes; i++) {
		const struct acpi_drhd_scope *s = &dmar->scope[i];

		if (s->type == ACPI_SCOPE_ENDPOINT && s->hops == 1 &&
		    s->sid == sid && dmar->drhd[s->drhd].segment == segment)
			return s->drhd;
	}
	for (u32 i = 0; i < dmar->nr_drhds; i++) {
		if (dmar->drhd[i].segment == segment &&
		    dmar->drhd[i].flags & ACPI_DRHD_ALL_DEVICES)
			rest = (int)i;
	}
	return rest;
}
