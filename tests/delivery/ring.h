/* SPDX-License-Identifier: MIT */
/* ring.h - CPL 1 and 2 on the scratch GDT: test_rings.c has it. */
#pragma once

#include "delivery.h"

#define RING_CODE 10 /* slots of our GDT, as use_ring() fills them */
#define RING_DATA 11
#define CODE_SEL  (RING_CODE * 8)
#define DATA_SEL  (RING_DATA * 8)
#define RING_FREE 12 /* and from here they are empty */

/* probe_reset(); code and data of that privilege; gates for all. */
void use_ring(u32 ring);

/* At ip with these, on a stack of the supervisor's. */
struct pt_regs ring_regs(u32 ring, const void *ip);
