/* SPDX-License-Identifier: MIT */
/* fpu_control.h - the x87 and SSE control registers, read only. */
#pragma once

#include <lib/compiler.h>

static __always_inline u16 read_fcw(void)
{
	u16 fcw;

	__asm__ volatile("fnstcw %[fcw]" : [fcw] "=m"(fcw));
	return fcw;
}

/* Faults where CR4.OSFXSR is clear. */
static __always_inline u32 read_mxcsr(void)
{
	u32 mxcsr;

	__asm__ volatile("stmxcsr %[mxcsr]" : [mxcsr] "=m"(mxcsr));
	return mxcsr;
}
