// SPDX-License-Identifier: MIT
/* tables.c - the one copy of what the firmware's tables said. */
#include <acpi/tables.h>

struct acpi_info acpi_tables;
