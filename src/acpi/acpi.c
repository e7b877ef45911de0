// SPDX-License-Identifier: MIT
/*
 * acpi.c - from the RSDP to each table: find, check, hand to its parser.
 *
 * Read:    acpi_parse(), once, before any CPU or IOAPIC is touched.
 * Context: any; no state but info.
 * Spec:    ACPI 6.5 "Root System Description Pointer (RSDP)", "Extended
 *          System Description Table (XSDT)", "System Description Table
 *          Header".
 */
#include "internal.h"
#include <lib/errno.h>
#include <lib/format.h>

#define RSDP_V1_LEN	     20
#define RSDP_V2_LEN	     36
#define TABLE_MAX	     0x100000 /* none we read comes near 1 MiB */
#define RSDP_REVISION	     15
#define RSDP_RSDT	     16
#define RSDP_LENGTH	     20
#define RSDP_XSDT	     24
#define HEADER_LENGTH	     4
#define HEADER_REVISION	     8
#define ROOT_ENTRIES(len, w) (((len)-ACPI_HEADER) / (w))

static const struct parser {
	char signature[5];
	int (*parse)(const void *table, size_t len, struct acpi_info *info);
} parsers[] = {
	{ .signature = "APIC", .parse = acpi_parse_madt },
	{ .signature = "FACP", .parse = acpi_parse_fadt },
	{ .signature = "HPET", .parse = acpi_parse_hpet },
	{ .signature = "SPCR", .parse = acpi_parse_spcr },
	{ .signature = "MCFG", .parse = acpi_parse_mcfg },
	{ .signature = "DMAR", .parse = acpi_parse_dmar },
};

int acpi_complain(struct acpi_info *info, const char *fmt, ...)
{
	struct acpi_complaints *c = &info->complaints;
	va_list args;

	if (c->count++ < ACPI_MAX_COMPLAINTS) {
		va_start(args, fmt);
		vscnprintf(c->text[c->count - 1], sizeof(c->text[0]), fmt,
			   args);
		va_end(args);
	}
	return -EINVAL;
}

int acpi_check_length(struct acpi_info *info, const char *name, size_t len,
		      size_t want)
{
	if (len >= want)
		return 0;
	return acpi_complain(info, "%s: length %zu, want at least %zu", name,
			     len, want);
}

/* Checksums make all bytes add up to zero. */
static u8 sum(const u8 *p, size_t len)
{
	u8 total = 0;

	for (size_t i = 0; i < len; i++)
		total += p[i];
	return total;
}

/* Four characters that may be anything, as the log may show them. */
static void get_text(char *text, const struct bytes *b, size_t off, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = (char)get8(b, off + i);

		text[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	text[len] = '\0';
}

/* The table at phys, mapped whole and checked, or NULL and a complaint. */
static const void *map_table(u64 phys, acpi_map_fn map, const char *signature,
			     size_t *len, struct acpi_info *info)
{
	const u8 *header = map(phys, ACPI_HEADER);
	struct bytes b = table_bytes(header, ACPI_HEADER);
	const u8 *table;

	if (!header || memcmp(header, signature, 4)) {
		acpi_complain(info, "%s: none at %#llx", signature,
			      (unsigned long long)phys);
		return NULL;
	}
	*len = get32(&b, HEADER_LENGTH);
	if (*len < ACPI_HEADER || *len > TABLE_MAX) {
		acpi_complain(info, "%s: length %zu", signature, *len);
		return NULL;
	}
	table = map(phys, *len);
	if (!table) {
		acpi_complain(info, "%s: %zu bytes at %#llx are not mapped",
			      signature, *len, (unsigned long long)phys);
		return NULL;
	}
	if (sum(table, *len)) {
		acpi_complain(info, "%s: wrong checksum, table not used",
			      signature);
		return NULL;
	}
	return table;
}

static bool seen(const struct acpi_info *info, const char *signature)
{
	for (u32 i = 0; i < info->nr_tables; i++)
		if (!strcmp(info->table[i].signature, signature))
			return true;
	return false;
}

static void parse_table(u64 phys, const char *signature, acpi_map_fn map,
			struct acpi_info *info)
{
	for (size_t i = 0; i < ARRAY_SIZE(parsers); i++) {
		const struct parser *p = &parsers[i];
		const void *table;
		size_t len;

		if (strcmp(p->signature, signature))
			continue;
		if (seen(info, signature)) {
			acpi_complain(info, "%s: a second one, not used",
				      signature);
			return;
		}
		table = map_table(phys, map, signature, &len, info);
		if (table)
			p->parse(table, len, info); /* it has complained */
		return;
	}
}

/* One entry of the root table. */
static void visit(u64 phys, acpi_map_fn map, struct acpi_info *info)
{
	const void *header = phys ? map(phys, ACPI_HEADER) : NULL;
	struct bytes b = table_bytes(header, ACPI_HEADER);
	struct acpi_table t = { .address = phys };

	if (!header) {
		acpi_complain(info, "%s: entry %#llx is not mapped",
			      info->from_xsdt ? "XSDT" : "RSDT",
			      (unsigned long long)phys);
		return;
	}
	get_text(t.signature, &b, 0, 4);
	t.length = get32(&b, HEADER_LENGTH);
	t.revision = get8(&b, HEADER_REVISION);
	parse_table(phys, t.signature, map, info);
	if (info->nr_tables < ACPI_MAX_TABLES)
		info->table[info->nr_tables++] = t;
}

/* XSDT (8 bytes an entry) or RSDT (4). Returns 0 or -EINVAL. */
static int walk_root(u64 phys, const char *signature, size_t width,
		     acpi_map_fn map, struct acpi_info *info)
{
	size_t len;
	const void *root = map_table(phys, map, signature, &len, info);
	struct bytes b = table_bytes(root, root ? len : 0);

	if (!root)
		return -EINVAL;
	if ((len - ACPI_HEADER) % width)
		acpi_complain(info,
			      "%s: length %zu is no whole number of "
			      "entries",
			      signature, len);
	for (size_t i = 0; i < ROOT_ENTRIES(len, width); i++)
		visit(get_bytes(&b, ACPI_HEADER + i * width, width), map, info);
	return 0;
}

/* The XSDT's address if the RSDP has a sound second part, else 0. */
static u64 xsdt_address(const void *rsdp, struct acpi_info *info)
{
	struct bytes b = table_bytes(rsdp, RSDP_V2_LEN);
	u32 len;

	if (info->revision < 2)
		return 0;
	len = get32(&b, RSDP_LENGTH);
	if (len != RSDP_V2_LEN || sum(rsdp, RSDP_V2_LEN)) {
		acpi_complain(info,
			      "RSDP: length %u or extended checksum is "
			      "wrong, XSDT not used",
			      len);
		return 0;
	}
	return get64(&b, RSDP_XSDT);
}

int acpi_parse(const void *rsdp, acpi_map_fn map, struct acpi_info *info)
{
	struct bytes b = table_bytes(rsdp, RSDP_V1_LEN);
	u64 xsdt;
	u32 rsdt;

	memset(info, 0, sizeof(*info));
	if (!rsdp || memcmp(rsdp, "RSD PTR ", 8))
		return acpi_complain(info, "RSDP: none");
	if (sum(rsdp, RSDP_V1_LEN))
		return acpi_complain(info, "RSDP: wrong checksum");

	get_text(info->oem, &b, 9, 6);
	info->revision = get8(&b, RSDP_REVISION);
	xsdt = xsdt_address(rsdp, info);
	info->from_xsdt = true;
	if (xsdt && !walk_root(xsdt, "XSDT", 8, map, info))
		return 0;
	info->from_xsdt = false;
	rsdt = get32(&b, RSDP_RSDT);
	if (rsdt && !walk_root(rsdt, "RSDT", 4, map, info))
		return 0;
	return acpi_complain(info, "RSDP: no usable root table");
}
