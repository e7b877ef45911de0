// SPDX-License-Identifier: MIT
/*
 * cpu_state.c - each CPU's registers, side by side.
 *
 * A table, a row a register. A row is read by an MSR's number, or by a
 * function of the number; a value that cannot be read is 0, on all alike.
 */
#include <smp/cpu_state.h>

#include <apic/lapic.h>
#include <asm/fpu_control.h>
#include <asm/msr-index.h>
#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <cpu/cpumask.h>
#include <lib/compiler.h>
#include <trap/extable.h>

/* clang-format off */
enum { CR0, CR3, CR4, CR8, XCR0, FPU_CW, MXCSR, IDT };
#define MTRRS_FIXED	11
/* clang-format on */

static u64 msr(u32 nr)
{
	u64 val;

	return rdmsr_safe(nr, &val) ? 0 : val;
}

static u64 apic_base(u32 nr)
{
	return msr(nr) & ~(u64)MSR_IA32_APICBASE_BSP;
}

static u64 control(u32 nr)
{
	struct desc_ptr idt;

	switch (nr) {
	case CR0:
		return read_cr0();
	case CR3:
		return read_cr3();
	case CR4:
		return read_cr4();
	case CR8:
		return read_cr8();
	case XCR0:
		return read_cr4() & X86_CR4_OSXSAVE ? xgetbv(0) : 0;
	case FPU_CW:
		return read_fcw();
	case MXCSR:
		return read_mxcsr() & ~0x3full; /* but for what has happened */
	}
	store_idt(&idt);
	return idt.address;
}

/* Leaf << 4 | register; what says which CPU it is, or mirrors CR4, is out. */
static u64 cpuid_word(u32 nr)
{
	u32 leaf = (nr & 0x80000000) | (nr >> 4 & 0xff);
	u32 max = leaf & 0x80000000 ? boot_cpu_data.max_ext_leaf
				    : boot_cpu_data.max_leaf;
	struct cpuid_regs r = cpuid_count(leaf, leaf == 0xd);
	u32 word[] = { r.eax, r.ebx, r.ecx, r.edx };

	if (leaf > max)
		return 0;
	if (nr == 0x12)
		word[2] &= ~BIT(X86_FEATURE_OSXSAVE % 32);
	return word[nr & 3];
}

static u64 apic_reg(u32 reg)
{
	return apic_read(reg);
}

/* Intel: written as 0 first, then CPUID fills it. AMD: it is just read. */
static u64 microcode(u32 nr)
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		return msr(nr);
	wrmsr_safe(nr, 0);
	cpuid_count(1, 0);
	return msr(nr) >> 32;
}

static u64 mix(u64 sum, u64 val)
{
	return (sum << 7 | sum >> 57) ^ val;
}

static u64 mtrr_fixed(u32 unused)
{
	static const u16 nr[MTRRS_FIXED] = { 0x250, 0x258, 0x259, 0x268,
					     0x269, 0x26a, 0x26b, 0x26c,
					     0x26d, 0x26e, 0x26f };
	u64 sum = 0;

	if (!(msr(MSR_MTRRCAP) & MTRRCAP_FIX))
		return 0;
	for (u32 i = 0; i < MTRRS_FIXED; i++)
		sum = mix(sum, msr(nr[i]));
	return sum;
}

static u64 mtrr_variable(u32 unused)
{
	u32 n = (u32)(msr(MSR_MTRRCAP) & MTRRCAP_VCNT);
	u64 sum = 0;

	for (u32 i = 0; i < 2 * n; i++)
		sum = mix(sum, msr(MSR_MTRR_PHYS_BASE0 + i));
	return sum;
}

/* clang-format off */
static const struct {
	const char *name;
	u64 (*read)(u32 nr);
	u32 nr;
	u32 feature; /* X86_FEATURE_*: without it there is nothing to read */
	enum cpu_state_group group;
} items[] = {
	{ "CR0", control, CR0, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "CR3", control, CR3, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "CR4", control, CR4, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "CR8", control, CR8, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "XCR0", control, XCR0, X86_FEATURE_XSAVE, CPU_STATE_OURS },
	{ "FCW", control, FPU_CW, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "MXCSR", control, MXCSR, X86_FEATURE_SSE, CPU_STATE_OURS },
	{ "IDTR", control, IDT, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "EFER", msr, MSR_EFER, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "PAT", msr, MSR_IA32_PAT, X86_FEATURE_PAT, CPU_STATE_OURS },
	{ "STAR", msr, MSR_STAR, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "LSTAR", msr, MSR_LSTAR, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "CSTAR", msr, MSR_CSTAR, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "SFMASK", msr, MSR_SYSCALL_MASK, X86_FEATURE_MSR, CPU_STATE_OURS },
	{ "SYSENTER_CS", msr, MSR_IA32_SYSENTER_CS, X86_FEATURE_SEP,
	  CPU_STATE_OURS },
	{ "CPUID.0:EAX", cpuid_word, 0x00, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.1:ECX", cpuid_word, 0x12, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.1:EDX", cpuid_word, 0x13, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.7:EBX", cpuid_word, 0x71, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.7:ECX", cpuid_word, 0x72, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.7:EDX", cpuid_word, 0x73, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.D.1:EAX", cpuid_word, 0xd0, X86_FEATURE_XSAVE,
	  CPU_STATE_FEATURES },
	{ "CPUID.80000001:ECX", cpuid_word, 0x80000012, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.80000001:EDX", cpuid_word, 0x80000013, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "CPUID.80000008:EAX", cpuid_word, 0x80000080, X86_FEATURE_MSR,
	  CPU_STATE_FEATURES },
	{ "APIC base", apic_base, MSR_IA32_APICBASE, X86_FEATURE_APIC,
	  CPU_STATE_APIC },
	{ "APIC version", apic_reg, APIC_LVR, X86_FEATURE_APIC,
	  CPU_STATE_APIC },
	{ "SVR", apic_reg, APIC_SPIV, X86_FEATURE_APIC, CPU_STATE_APIC },
	{ "LVT error", apic_reg, APIC_LVTERR, X86_FEATURE_APIC,
	  CPU_STATE_APIC },
	{ "TPR", apic_reg, APIC_TASKPRI, X86_FEATURE_APIC, CPU_STATE_APIC },
	{ "MTRRcap", msr, MSR_MTRRCAP, X86_FEATURE_MTRR, CPU_STATE_MTRR },
	{ "MTRRdefType", msr, MSR_MTRR_DEF_TYPE, X86_FEATURE_MTRR,
	  CPU_STATE_MTRR },
	{ "fixed MTRRs", mtrr_fixed, 0, X86_FEATURE_MTRR, CPU_STATE_MTRR },
	{ "variable MTRRs", mtrr_variable, 0, X86_FEATURE_MTRR,
	  CPU_STATE_MTRR },
	{ "CPUID.1:EAX", cpuid_word, 0x10, X86_FEATURE_MSR, CPU_STATE_SAID },
	{ "microcode", microcode, MSR_IA32_UCODE_REV, X86_FEATURE_MSR,
	  CPU_STATE_SAID },
	{ "MISC_ENABLE", msr, MSR_IA32_MISC_ENABLE, X86_FEATURE_MSR,
	  CPU_STATE_SAID },
	{ "FEATURE_CONTROL", msr, MSR_IA32_FEAT_CTL, X86_FEATURE_MSR,
	  CPU_STATE_SAID },
	{ "MCG_CAP", msr, MSR_IA32_MCG_CAP, X86_FEATURE_MCE, CPU_STATE_SAID },
	{ "TSC_ADJUST", msr, MSR_IA32_TSC_ADJUST, X86_FEATURE_TSC_ADJUST,
	  CPU_STATE_TSC },
};
/* clang-format on */

static DEFINE_PER_CPU(u64, values[ARRAY_SIZE(items)]);

u32 cpu_state_count(void)
{
	return ARRAY_SIZE(items);
}

const char *cpu_state_name(u32 index)
{
	return items[index].name;
}

enum cpu_state_group cpu_state_group(u32 index)
{
	return items[index].group;
}

u64 cpu_state(u32 index, u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(&values[index], cpu));
}

void cpu_state_read(void)
{
	u64 *value = *this_cpu_ptr(&values);

	for (u32 i = 0; i < ARRAY_SIZE(items); i++)
		value[i] = cpu_has(items[i].feature)
				   ? items[i].read(items[i].nr)
				   : 0;
}

static u64 boot_value(u64 (*read)(u32 nr), u32 nr)
{
	for (u32 i = 0; i < ARRAY_SIZE(items); i++) {
		if (items[i].read == read && items[i].nr == nr)
			return cpu_state(i, 0);
	}
	return 0;
}

void cpu_state_follow(void)
{
	wrmsr(MSR_EFER, boot_value(msr, MSR_EFER));
	if (cpu_has(X86_FEATURE_XSAVE))
		xsetbv(0, boot_value(control, XCR0));
	if (cpu_has(X86_FEATURE_SSE))
		write_mxcsr((u32)boot_value(control, MXCSR));
}

u32 cpu_state_differing(u32 index, u32 *first)
{
	u64 want = cpu_state(index, 0);
	u32 cpu, n = 0;

	for_each_online_cpu (cpu) {
		if (cpu_state(index, cpu) != want && !n++)
			*first = cpu;
	}
	return n;
}

void cpu_state_log(void)
{
	u32 cpu = 0, differ = 0;

	for (u32 i = 0; i < ARRAY_SIZE(items); i++) {
		u32 n = cpu_state_differing(i, &cpu);

		if (!n)
			continue;
		differ++;
		printk("# warning: %s is 0x%llx on CPU %u, 0x%llx on the boot "
		       "CPU, and differs on %u",
		       items[i].name, (unsigned long long)cpu_state(i, cpu),
		       cpu, (unsigned long long)cpu_state(i, 0), n);
	}
	printk("# smp.state_compared=%zu smp.state_differing=%u",
	       ARRAY_SIZE(items), differ);
}
