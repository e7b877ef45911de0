// SPDX-License-Identifier: MIT
/*
 * syscall.c - what SYSCALL loads, in every CPU's MSRs.
 *
 * Spec: SDM 2B "SYSCALL", SDM 3A "Fast System Calls in 64-Bit Mode"; APM 2
 *       "SYSCALL and SYSRET MSRs".
 */
#include <entry/syscall.h>

#include <asm/desc_defs.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>

/* Linux's mask: all but RFLAGS' fixed bit and what nobody at CPL 3 can set. */
#define SYSCALL_MASK                                                       \
	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF |   \
	 X86_EFLAGS_SF | X86_EFLAGS_TF | X86_EFLAGS_IF | X86_EFLAGS_DF |   \
	 X86_EFLAGS_OF | X86_EFLAGS_IOPL | X86_EFLAGS_NT | X86_EFLAGS_RF | \
	 X86_EFLAGS_AC | X86_EFLAGS_ID)

/* SYSCALL adds 8 for SS; SYSRET 8 for SS and 16 for a 64-bit CS. */
static_assert(__KERNEL_DS == __KERNEL_CS + 8, "STAR[47:32]");
static_assert(__USER_DS == __USER32_CS + 8, "STAR[63:48]");
static_assert(__USER_CS == __USER32_CS + 16, "STAR[63:48]");

void syscall_init(void)
{
	wrmsr(MSR_STAR, (u64)__USER32_CS << 48 | (u64)__KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (u64)entry_SYSCALL_64);
	wrmsr(MSR_CSTAR, (u64)entry_SYSCALL32_ignore);
	wrmsr(MSR_SYSCALL_MASK, SYSCALL_MASK);
	/* No 32-bit system calls: a NULL selector makes SYSENTER a #GP. */
	if (cpu_has(X86_FEATURE_SEP)) {
		wrmsr(MSR_IA32_SYSENTER_CS, 0);
		wrmsr(MSR_IA32_SYSENTER_ESP, 0);
		wrmsr(MSR_IA32_SYSENTER_EIP, 0);
	}
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}
