/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of this room share. */
#pragma once

#include <apic/lapic.h>

extern const struct apic apic_xapic, apic_x2apic;
