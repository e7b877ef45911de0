/* SPDX-License-Identifier: MIT */
/*
 * smbios.h - strings of the SMBIOS structure table. Pure: bytes in, text out,
 * every length checked.
 *
 * Spec: DMTF DSP0134 "System Management BIOS Reference Specification".
 */
#pragma once

#include <lib/types.h>

/* Structure types, and the offsets of their string numbers. */
#define SMBIOS_BIOS	      0
#define SMBIOS_BIOS_VENDOR    0x04
#define SMBIOS_BIOS_VERSION   0x05
#define SMBIOS_SYSTEM	      1
#define SMBIOS_SYSTEM_MAKER   0x04
#define SMBIOS_SYSTEM_PRODUCT 0x05

/*
 * The string that field of the first structure of type names, as printable
 * ASCII (others become '?'), cut to fit. 0; -ENOENT (no such structure, field
 * or string; buf is "") or -EINVAL (the table is cut or lies).
 */
int smbios_string(const void *table, size_t len, u8 type, u8 field, char *buf,
		  size_t size);
