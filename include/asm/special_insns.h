/* SPDX-License-Identifier: MIT */
/*
 * special_insns.h - one-instruction inlines: control and debug registers,
 * descriptor tables, CPUID, TSC, MSRs, barriers. None checks anything.
 */
#pragma once

#include <asm/desc_defs.h>
#include <asm/processor-flags.h>

/* clang-format off */
#define DEFINE_REG(name, reg)						\
	static __always_inline u64 read_##name(void)			\
	{								\
		u64 val;						\
		__asm__ volatile("mov %%" reg ", %[val]"		\
				 : [val] "=r"(val) : : "memory");	\
		return val;						\
	}								\
	static __always_inline void write_##name(u64 val)		\
	{								\
		__asm__ volatile("mov %[val], %%" reg			\
				 : : [val] "r"(val) : "memory");	\
	}
DEFINE_REG(cr0, "cr0")
DEFINE_REG(cr2, "cr2")
DEFINE_REG(cr3, "cr3")
DEFINE_REG(cr4, "cr4")
DEFINE_REG(cr8, "cr8")
DEFINE_REG(dr0, "dr0")
DEFINE_REG(dr1, "dr1")
DEFINE_REG(dr2, "dr2")
DEFINE_REG(dr3, "dr3")
DEFINE_REG(dr6, "dr6")
DEFINE_REG(dr7, "dr7")
#undef DEFINE_REG

#define DEFINE_DESC(name, insn)						\
	static __always_inline void name(struct desc_ptr *ptr)		\
	{								\
		__asm__ volatile(insn " %[ptr]"				\
				 : [ptr] "+m"(*ptr) : : "memory");	\
	}
DEFINE_DESC(store_gdt, "sgdt")
DEFINE_DESC(store_idt, "sidt")
DEFINE_DESC(load_gdt, "lgdt")
DEFINE_DESC(load_idt, "lidt")
#undef DEFINE_DESC

#define DEFINE_SEG(name, reg)						\
	static __always_inline u16 read_##name(void)			\
	{								\
		u16 sel;						\
		__asm__ volatile("mov %%" reg ", %[sel]" : [sel] "=r"(sel)); \
		return sel;						\
	}
DEFINE_SEG(cs, "cs")
DEFINE_SEG(ss, "ss")
DEFINE_SEG(ds, "ds")
DEFINE_SEG(es, "es")
DEFINE_SEG(fs, "fs")
DEFINE_SEG(gs, "gs")
#undef DEFINE_SEG
/* clang-format on */

static __always_inline u16 store_tr(void)
{
	u16 sel;

	__asm__ volatile("str %[sel]" : [sel] "=r"(sel));
	return sel;
}

static __always_inline void load_tr(u16 sel)
{
	__asm__ volatile("ltr %[sel]" : : [sel] "r"(sel) : "memory");
}

static __always_inline u16 store_ldt(void)
{
	u16 sel;

	__asm__ volatile("sldt %[sel]" : [sel] "=r"(sel));
	return sel;
}

static __always_inline void load_ldt(u16 sel)
{
	__asm__ volatile("lldt %[sel]" : : [sel] "r"(sel) : "memory");
}

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

static __always_inline struct cpuid_regs cpuid_count(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf)
			 : "memory");
	return r;
}

static __always_inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}

static __always_inline void wrmsr(u32 msr, u64 val)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32))
			 : "memory");
}

static __always_inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (u64)hi << 32 | lo;
}

/* RDTSC that neither earlier loads nor later code can pass. */
static __always_inline u64 rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return rdtsc();
}

static __always_inline u64 xgetbv(u32 index)
{
	u32 lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
	return (u64)hi << 32 | lo;
}

static __always_inline void xsetbv(u32 index, u64 val)
{
	__asm__ volatile("xsetbv"
			 :
			 : "c"(index), "a"((u32)val), "d"((u32)(val >> 32))
			 : "memory");
}

/* CR4.PKE is set. */
static __always_inline void write_pkru(u32 pkru)
{
	__asm__ volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

static __always_inline void invlpg(u64 addr)
{
	__asm__ volatile("invlpg (%[addr])" : : [addr] "r"(addr) : "memory");
}

static __always_inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static __always_inline void mb(void)
{
	__asm__ volatile("mfence" : : : "memory");
}

static __always_inline void clts(void)
{
	__asm__ volatile("clts" : : : "memory");
}

static __always_inline void wbinvd(void)
{
	__asm__ volatile("wbinvd" : : : "memory");
}

static __always_inline void clflush(const volatile void *p)
{
	__asm__ volatile("clflush %[mem]"
			 :
			 : [mem] "m"(*(const volatile u8 *)p)
			 : "memory");
}

static __always_inline void stac(void)
{
	__asm__ volatile("stac" : : : "memory", "cc");
}

static __always_inline void clac(void)
{
	__asm__ volatile("clac" : : : "memory", "cc");
}

/* As an NMI would come, but NMIs are not blocked by it. */
static __always_inline void int_nmi(void)
{
	__asm__ volatile("int $2" : : : "memory");
}

static __always_inline void fninit(void)
{
	__asm__ volatile("fninit" : : : "memory");
}

/* CR4.PKE must be set. */
static __always_inline u32 rdpkru(void)
{
	u32 pkru, edx;

	__asm__ volatile("rdpkru" : "=a"(pkru), "=d"(edx) : "c"(0));
	return pkru;
}

static __always_inline void wrpkru(u32 pkru)
{
	__asm__ volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}
