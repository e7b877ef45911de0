/* SPDX-License-Identifier: MIT */
/* fpu_control.h - x87 and SSE control and status. */
#pragma once

#include <lib/compiler.h>

static __always_inline u16 read_fcw(void)
{
	u16 fcw;

	__asm__ volatile("fnstcw %[fcw]" : [fcw] "=m"(fcw));
	return fcw;
}

/* The status word, without waiting: a pending #MF stays pending. */
static __always_inline u16 read_fsw(void)
{
	u16 fsw;

	__asm__ volatile("fnstsw %[fsw]" : [fsw] "=m"(fsw));
	return fsw;
}

/* Faults where CR4.OSFXSR is clear. */
static __always_inline u32 read_mxcsr(void)
{
	u32 mxcsr;

	__asm__ volatile("stmxcsr %[mxcsr]" : [mxcsr] "=m"(mxcsr));
	return mxcsr;
}

static __always_inline void write_mxcsr(u32 mxcsr)
{
	__asm__ volatile("ldmxcsr %[mxcsr]" : : [mxcsr] "m"(mxcsr));
}
