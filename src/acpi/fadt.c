// SPDX-License-Identifier: MIT
/*
 * fadt.c - Fixed ACPI Description Table: the registers of the fixed hardware.
 *
 * It has grown with each revision and tables are cut anywhere, so every field
 * beyond revision 1's 116 bytes counts only where the length covers it.
 *
 * Spec: ACPI 6.5 "Fixed ACPI Description Table (FADT)", "IA-PC Boot
 *       Architecture Flags", "Fixed ACPI Description Table Flags".
 */
#include "internal.h"
#include <lib/errno.h>

#define FADT_V1_LEN	  116
#define FADT_REVISION	  8
#define FADT_SCI_INT	  46
#define FADT_SMI_CMD	  48
#define FADT_ACPI_ENABLE  52
#define FADT_ACPI_DISABLE 53
#define FADT_PM1A_EVT	  56
#define FADT_PM1B_EVT	  60
#define FADT_PM1A_CNT	  64
#define FADT_PM1B_CNT	  68
#define FADT_PM_TMR	  76
#define FADT_PM1_EVT_LEN  88
#define FADT_PM1_CNT_LEN  89
#define FADT_PM_TMR_LEN	  91
#define FADT_CENTURY	  108
#define FADT_BOOT_ARCH	  109
#define FADT_FLAGS	  112
#define FADT_RESET_REG	  116
#define FADT_RESET_VALUE  128
#define FADT_X_PM1A_EVT	  148
#define FADT_X_PM1B_EVT	  160
#define FADT_X_PM1A_CNT	  172
#define FADT_X_PM1B_CNT	  184
#define FADT_X_PM_TMR	  208

/*
 * A register block: its 64-bit address where that is given and makes sense,
 * else the 32-bit one, which is always a port.
 */
static struct acpi_gas block(struct acpi_info *info, const struct bytes *b,
			     const char *name, size_t x_off, size_t off,
			     size_t len_off)
{
	struct acpi_gas x = get_gas(b, x_off); /* address 0 where cut off */
	struct acpi_gas old = {
		.space = ACPI_SPACE_IO,
		.bit_width = get8(b, len_off) * 8,
		.address = get32(b, off),
	};

	if (x.address == 0)
		return old;
	if (x.space > ACPI_SPACE_IO ||
	    (x.space == ACPI_SPACE_IO && x.address > UINT16_MAX)) {
		acpi_complain(info, "FADT: X_%s in space %u at %#llx, not used",
			      name, x.space, (unsigned long long)x.address);
		return old;
	}
	return x;
}

/* Needs the flag, the revision and the length: QEMU's pc has none of them. */
static struct acpi_gas reset_register(struct acpi_info *info,
				      const struct bytes *b)
{
	struct acpi_gas none = { 0 };
	struct acpi_gas reg;

	if (!(info->fadt.flags & ACPI_FADT_RESET_REG) ||
	    info->fadt.revision < 2)
		return none;
	if (b->len <= FADT_RESET_VALUE) {
		acpi_complain(info, "FADT: length %zu has no RESET_REG",
			      b->len);
		return none;
	}
	reg = get_gas(b, FADT_RESET_REG);
	if (reg.space > ACPI_SPACE_PCI || reg.address == 0) {
		acpi_complain(info, "FADT: RESET_REG in space %u at %#llx",
			      reg.space, (unsigned long long)reg.address);
		return none;
	}
	return reg;
}

static void fixed_hardware(struct acpi_info *info, const struct bytes *b)
{
	struct acpi_fadt *f = &info->fadt;

	f->pm1_event_len = get8(b, FADT_PM1_EVT_LEN);
	f->pm1a_event = block(info, b, "PM1a_EVT_BLK", FADT_X_PM1A_EVT,
			      FADT_PM1A_EVT, FADT_PM1_EVT_LEN);
	f->pm1b_event = block(info, b, "PM1b_EVT_BLK", FADT_X_PM1B_EVT,
			      FADT_PM1B_EVT, FADT_PM1_EVT_LEN);
	f->pm1a_control = block(info, b, "PM1a_CNT_BLK", FADT_X_PM1A_CNT,
				FADT_PM1A_CNT, FADT_PM1_CNT_LEN);
	f->pm1b_control = block(info, b, "PM1b_CNT_BLK", FADT_X_PM1B_CNT,
				FADT_PM1B_CNT, FADT_PM1_CNT_LEN);
	/* A length of 0 says that there is no timer, whatever the address. */
	if (get8(b, FADT_PM_TMR_LEN) == 4)
		f->pm_timer = block(info, b, "PM_TMR_BLK", FADT_X_PM_TMR,
				    FADT_PM_TMR, FADT_PM_TMR_LEN);
}

int acpi_parse_fadt(const void *table, size_t len, struct acpi_info *info)
{
	struct bytes b = table_bytes(table, len);
	struct acpi_fadt *f = &info->fadt;
	int err = acpi_check_length(info, "FADT", len, FADT_V1_LEN);

	if (err)
		return err;
	f->present = true;
	f->revision = get8(&b, FADT_REVISION);
	f->flags = get32(&b, FADT_FLAGS);
	f->boot_arch_valid = f->revision >= 2;
	f->boot_arch = f->boot_arch_valid ? get16(&b, FADT_BOOT_ARCH) : 0;
	f->century = get8(&b, FADT_CENTURY);
	f->reset = reset_register(info, &b);
	f->reset_value = f->reset.address ? get8(&b, FADT_RESET_VALUE) : 0;
	if (f->flags & ACPI_FADT_HW_REDUCED)
		return 0; /* the fields of fixed hardware mean nothing then */

	f->sci_irq = get16(&b, FADT_SCI_INT);
	f->smi_cmd = get32(&b, FADT_SMI_CMD);
	f->acpi_enable = get8(&b, FADT_ACPI_ENABLE);
	f->acpi_disable = get8(&b, FADT_ACPI_DISABLE);
	fixed_hardware(info, &b);
	return 0;
}
