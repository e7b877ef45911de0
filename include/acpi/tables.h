/* SPDX-License-Identifier: MIT */
/* tables.h - this machine's ACPI facts; written once by start(). */
#pragma once

#include <acpi/acpi.h>

extern struct acpi_info acpi_tables;
