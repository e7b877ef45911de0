// SPDX-License-Identifier: MIT
/*
 * pure_fake.c - see fake.h. On the host each mapping is a copy of exactly the
 * bytes asked for, so that ASan sees a parser read one too many.
 */
#include "fake.h"
#include <lib/string.h>
#if __STDC_HOSTED__
#include <stdlib.h>
#endif

#define HEADER	  36
#define MAX_ROOTS 128
#define MAX_MAPS  1024

struct acpi_info fake_info;

/* One case at a time builds here; fake_reset() begins it. */
static struct {
	u8 mem[FAKE_SIZE];
	size_t used;
	u64 root[MAX_ROOTS];
	size_t nr_roots;
} fake;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
}

u8 *fake_at(u64 phys)
{
	return fake.mem + (phys - FAKE_BASE);
}

static u8 sum(const u8 *p, size_t len)
{
	u8 total = 0;

	while (len--)
		total += *p++;
	return total;
}

void fake_fix(u64 phys)
{
	u8 *table = fake_at(phys);
	u32 len;

	memcpy(&len, table + 4, sizeof(len));
	table[9] -= sum(table, len);
}

/* A table that no root lists. */
static u64 place(const char *signature, u8 revision, const void *body,
		 size_t len)
{
	u64 phys = FAKE_BASE + fake.used;
	u8 *table = fake_at(phys);
	u32 total = HEADER + (u32)len;

	memcpy(table, signature, 4);
	memcpy(table + 4, &total, sizeof(total));
	table[8] = revision;
	memcpy(table + 10, "IRQBEDFAKE    ", 14);
	memcpy(table + HEADER, body, len);
	fake.used += total + 1; /* odd addresses are legal */
	fake_fix(phys);
	return phys;
}

u64 fake_table(const char *signature, u8 revision, const void *body, size_t len)
{
	u64 phys = place(signature, revision, body, len);

	fake.root[fake.nr_roots++] = phys;
	return phys;
}

void fake_fix_rsdp(u8 *rsdp)
{
	rsdp[8] -= sum(rsdp, 20);
	rsdp[32] -= sum(rsdp, 36);
}

u8 *fake_rsdp(u8 revision)
{
	u8 *rsdp;
	u32 short_root[MAX_ROOTS], len = 36;
	u64 rsdt, xsdt;

	for (size_t i = 0; i < fake.nr_roots; i++)
		short_root[i] = (u32)fake.root[i];
	rsdt = place("RSDT", 1, short_root, fake.nr_roots * 4);
	xsdt = place("XSDT", 1, fake.root, fake.nr_roots * 8);

	rsdp = fake.mem + fake.used;
	fake.used += len;
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "IRQBED", 6);
	rsdp[15] = revision;
	memcpy(rsdp + 16, &rsdt, 4);
	if (revision >= 2) {
		memcpy(rsdp + 20, &len, 4);
		memcpy(rsdp + 24, &xsdt, 8);
	}
	fake_fix_rsdp(rsdp);
	return rsdp;
}

#if __STDC_HOSTED__
static void *maps[MAX_MAPS];
static size_t nr_maps;

static const void *exact_copy(const void *p, size_t len)
{
	void *copy = nr_maps < MAX_MAPS ? malloc(len) : NULL;

	if (!copy)
		return NULL;
	maps[nr_maps++] = copy;
	return memcpy(copy, p, len);
}

static void unmap_all(void)
{
	while (nr_maps)
		free(maps[--nr_maps]);
}
#else
static const void *exact_copy(const void *p, size_t len)
{
	return p;
}

static void unmap_all(void)
{
}
#endif

const void *fake_map(u64 phys, size_t len)
{
	if (phys < FAKE_BASE || phys - FAKE_BASE > FAKE_SIZE ||
	    len > FAKE_SIZE - (phys - FAKE_BASE))
		return NULL;
	return exact_copy(fake_at(phys), len);
}

int fake_parse_rsdp(const u8 *rsdp, size_t len)
{
	int err = acpi_parse(exact_copy(rsdp, len), fake_map, &fake_info);

	unmap_all();
	return err;
}

u32 fake_parse(const char *signature, u8 revision, const void *body, size_t len)
{
	fake_reset();
	fake_table(signature, revision, body, len);
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	return fake_info.complaints.count;
}
