/* SPDX-License-Identifier: MIT */
/*
 * io.h - port and memory-mapped I/O. One helper a width, so that the compiler
 * neither fuses nor splits an access.
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
#define DEFINE_IO(suffix, type)						\
	static __always_inline type in##suffix(u16 port)		\
	{								\
		type val;						\
		__asm__ volatile("in" #suffix " %[port], %[val]"	\
				 : [val] "=a"(val)			\
				 : [port] "Nd"(port) : "memory");	\
		return val;						\
	}								\
	static __always_inline void out##suffix(type val, u16 port)	\
	{								\
		__asm__ volatile("out" #suffix " %[val], %[port]"	\
				 : : [val] "a"(val), [port] "Nd"(port)	\
				 : "memory");				\
	}
DEFINE_IO(b, u8)
DEFINE_IO(w, u16)
DEFINE_IO(l, u32)
#undef DEFINE_IO

#define DEFINE_MMIO(suffix, type)					\
	static __always_inline type read##suffix(u64 addr)		\
	{								\
		type val;						\
		__asm__ volatile("mov %[mem], %[val]"			\
				 : [val] "=r"(val)		\
				 : [mem] "m"(*(volatile type *)addr)	\
				 : "memory");				\
		return val;						\
	}								\
	static __always_inline void write##suffix(type val, u64 addr)	\
	{								\
		__asm__ volatile("mov %[val], %[mem]"			\
				 : [mem] "=m"(*(volatile type *)addr)	\
				 : [val] "r"(val) : "memory");	\
	}
DEFINE_MMIO(b, u8)
DEFINE_MMIO(w, u16)
DEFINE_MMIO(l, u32)
DEFINE_MMIO(q, u64)
#undef DEFINE_MMIO
/* clang-format on */
