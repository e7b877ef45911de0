/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of this room share. */
#pragma once

#include <apic/lapic.h>

extern const struct apic apic_xapic, apic_x2apic;

struct cpumask;

/* apic_flat.c: one write a CPU, in either mode. */
int apic_send_mask_physical(const struct cpumask *mask, u32 low);
