/* SPDX-License-Identifier: MIT */
/* insn_pic.h - the vectors of IRQ 7 and IRQ 15 by INT n; insn_pic.S. */
#pragma once

void insn_int_irq7(void *arg);
void insn_int_irq15(void *arg);
