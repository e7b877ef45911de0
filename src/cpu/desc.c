// SPDX-License-Identifier: MIT
/*
 * desc.c - GDT and TSS.
 *
 * The GDT is read-only once loaded, so the accessed bit is preset in every
 * segment, and LTR, which sets the TSS's busy bit, goes through the writable
 * alias.
 */
#include <cpu/desc.h>

#include <asm/special_insns.h>
#include <lib/string.h>

/* clang-format off */
#define SEG(kind, ring, l_bit, db_bit) { .limit0 = 0xffff, .limit1 = 0xf, .g = 1, \
	.type = (kind), .s = 1, .dpl = (ring), .p = 1, .l = (l_bit), .d = (db_bit) }
#define CODE_RA 0xb			/* execute, read, accessed */
#define DATA_WA 0x3			/* read, write, accessed */

static const union desc_struct flat_segments[GDT_ENTRIES] = {
	[GDT_ENTRY_KERNEL_CS]	= { SEG(CODE_RA, 0, 1, 0) },
	[GDT_ENTRY_KERNEL_DS]	= { SEG(DATA_WA, 0, 0, 1) },
	[GDT_ENTRY_USER32_CS]	= { SEG(CODE_RA, 3, 0, 1) },
	[GDT_ENTRY_USER_DS]	= { SEG(DATA_WA, 3, 0, 1) },
	[GDT_ENTRY_USER_CS]	= { SEG(CODE_RA, 3, 1, 0) },
	[GDT_ENTRY_NOT_PRESENT]	= { { .limit0 = 0xffff, .limit1 = 0xf, .g = 1,
				      .type = DATA_WA, .s = 1, .d = 1 } },
};
/* clang-format on */

static union desc_struct early_gdt[GDT_ENTRIES] __aligned(16);

static void load_gdt_at(const union desc_struct *gdt)
{
	struct desc_ptr ptr = {
		.size = sizeof(union desc_struct) * GDT_ENTRIES - 1,
		.address = (u64)gdt,
	};

	load_gdt(&ptr);
}

void early_gdt_setup(void)
{
	memcpy(early_gdt, flat_segments, sizeof(early_gdt));
	load_gdt_at(early_gdt);
	reload_segments();
}

void gdt_fill(union desc_struct *gdt, const struct tss *tss)
{
	u64 base = (u64)tss;
	struct tss_desc desc = {
		.limit0 = sizeof(*tss) - 1,
		.base0 = (u16)base,
		.base1 = (u8)(base >> 16),
		.type = DESC_TSS_AVAILABLE,
		.p = 1,
		.base2 = (u8)(base >> 24),
		.base3 = (u32)(base >> 32),
	};

	memcpy(gdt, flat_segments, sizeof(flat_segments));
	memcpy(&gdt[GDT_ENTRY_TSS], &desc, sizeof(desc));
}

void cpu_reload_tr(void)
{
	union desc_struct *rw = this_cpu(gdt_rw);
	struct desc_ptr before;

	store_gdt(&before);
	rw[GDT_ENTRY_TSS].type = DESC_TSS_AVAILABLE;
	load_gdt_at(rw);
	load_tr(__TSS_SEL);
	load_gdt(&before);
}

void cpu_load_gdt_tss(void)
{
	load_gdt_at(this_cpu(gdt));
	reload_segments();
	cpu_reload_tr();
	load_ldt(0);
}
