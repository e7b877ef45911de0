// SPDX-License-Identifier: MIT
/*
 * devices.c - the small tables that each describe one device: HPET, the
 * serial console (SPCR) and PCI Express configuration space (MCFG).
 *
 * Spec: IA-PC HPET Specification 1.0a "The ACPI 2.0 HPET Description Table";
 *       Microsoft, "Serial Port Console Redirection Table (SPCR)";
 *       PCI Firmware Specification 3.3, "MCFG Table Description".
 */
#include "internal.h"
#include <lib/errno.h>

#define HPET_LEN	  56
#define HPET_ID		  36
#define HPET_ADDRESS	  40
#define HPET_NUMBER	  52
#define HPET_MIN_TICK	  53
#define SPCR_LEN	  80
#define SPCR_REVISION	  8
#define SPCR_TYPE	  36
#define SPCR_ADDRESS	  40
#define SPCR_INTERRUPT	  52
#define SPCR_INT_IOAPIC	  BIT(1)
#define SPCR_GSI	  54
#define SPCR_BAUD	  58
#define SPCR_PRECISE_BAUD 80 /* revision 4 */
#define SPCR_16550	  0x00
#define SPCR_16550_SUBSET 0x01
#define SPCR_16550_BY_GAS 0x12
#define MCFG_ENTRIES	  44
#define MCFG_ENTRY_LEN	  16

int acpi_parse_hpet(const void *table, size_t len, struct acpi_info *info)
{
	struct bytes b = table_bytes(table, len);
	struct acpi_gas reg = get_gas(&b, HPET_ADDRESS);
	int err = acpi_check_length(info, "HPET", len, HPET_LEN);

	if (err)
		return err;
	if (reg.space != ACPI_SPACE_MEMORY || reg.address == 0)
		return acpi_complain(info, "HPET: in space %u at %#llx",
				     reg.space,
				     (unsigned long long)reg.address);
	info->hpet = (struct acpi_hpet){
		.present = true,
		.address = reg.address,
		.id = get32(&b, HPET_ID),
		.number = get8(&b, HPET_NUMBER),
		.min_tick = get16(&b, HPET_MIN_TICK),
	};
	return 0;
}

/* Codes of the one-byte field; others, and 0, leave the UART as it is. */
static u32 spcr_baud(const struct bytes *b)
{
	static const u32 bauds[] = {
		[3] = 9600,
		[4] = 19200,
		[6] = 57600,
		[7] = 115200,
	};
	u8 code = get8(b, SPCR_BAUD);

	if (get8(b, SPCR_REVISION) >= 4 && get32(b, SPCR_PRECISE_BAUD))
		return get32(b, SPCR_PRECISE_BAUD);
	return code < ARRAY_SIZE(bauds) ? bauds[code] : 0;
}

/* The access size says it; where that is undefined, the register's width. */
static u8 spcr_stride(const struct acpi_gas *uart)
{
	if (uart->space == ACPI_SPACE_IO)
		return 1;
	if (uart->access >= 1 && uart->access <= 3)
		return (u8)(1 << (uart->access - 1));
	return uart->bit_width == 32 ? 4 : uart->bit_width == 16 ? 2 : 1;
}

int acpi_parse_spcr(const void *table, size_t len, struct acpi_info *info)
{
	struct bytes b = table_bytes(table, len);
	struct acpi_gas uart = get_gas(&b, SPCR_ADDRESS);
	u8 type = get8(&b, SPCR_TYPE);
	int err = acpi_check_length(info, "SPCR", len, SPCR_LEN);

	if (err)
		return err;
	if (uart.address == 0)
		return 0; /* how firmware says: redirection is off */
	if (type != SPCR_16550 && type != SPCR_16550_SUBSET &&
	    type != SPCR_16550_BY_GAS)
		return acpi_complain(info,
				     "SPCR: interface type %#x is not a "
				     "16550",
				     type);
	if (uart.space > ACPI_SPACE_IO ||
	    (uart.space == ACPI_SPACE_IO && uart.address > UINT16_MAX - 7))
		return acpi_complain(info, "SPCR: in space %u at %#llx",
				     uart.space,
				     (unsigned long long)uart.address);
	info->spcr = (struct acpi_spcr){
		.present = true,
		.type = type,
		.uart = uart,
		.stride = spcr_stride(&uart),
		.baud = spcr_baud(&b),
	};
	if (get8(&b, SPCR_INTERRUPT) & SPCR_INT_IOAPIC)
		info->spcr.gsi = get32(&b, SPCR_GSI);
	return 0;
}

static struct acpi_mcfg_entry mcfg_entry(const struct bytes *b, size_t off)
{
	return (struct acpi_mcfg_entry){
		.base = get64(b, off),
		.segment = get16(b, off + 8),
		.bus_first = get8(b, off + 10),
		.bus_last = get8(b, off + 11),
	};
}

int acpi_parse_mcfg(const void *table, size_t len, struct acpi_info *info)
{
	struct bytes b = table_bytes(table, len);
	struct acpi_mcfg *mcfg = &info->mcfg;
	int err = acpi_check_length(info, "MCFG", len, MCFG_ENTRIES);

	if (err)
		return err;
	mcfg->present = true;
	for (size_t off = MCFG_ENTRIES; off + MCFG_ENTRY_LEN <= len;
	     off += MCFG_ENTRY_LEN) {
		struct acpi_mcfg_entry e = mcfg_entry(&b, off);

		if (e.base == 0 || e.bus_first > e.bus_last)
			acpi_complain(info,
				      "MCFG +%#zx: base %#llx, buses "
				      "%u-%u",
				      off, (unsigned long long)e.base,
				      e.bus_first, e.bus_last);
		else if (mcfg->nr == ACPI_MAX_MCFG)
			return acpi_complain(info, "MCFG: more than %u entries",
					     ACPI_MAX_MCFG);
		else
			mcfg->entry[mcfg->nr++] = e;
	}
	if ((len - MCFG_ENTRIES) % MCFG_ENTRY_LEN)
		return acpi_complain(info,
				     "MCFG: length %zu is no whole "
				     "number of entries",
				     len);
	return 0;
}
