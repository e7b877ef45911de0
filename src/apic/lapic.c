// SPDX-License-Identifier: MIT
/*
 * lapic.c - take over a local APIC in whatever state firmware left it.
 *
 * Spec: SDM 3A "Local APIC", "Local APIC State After It Has Been Software
 *       Disabled", "x2APIC State Transitions".
 */
#include <apic/lapic.h>

#include <apic/apic_driver.h>
#include <asm/irq_vectors.h>
#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <cpu/percpu.h>
#include <lib/errno.h>
#include <mm/paging.h>

#include "internal.h"

const struct apic *apic = &apic_xapic;
bool apic_is_x2apic;

bool lapic_x2apic_locked(void)
{
	if (boot_cpu_data.max_leaf < 7 || !(cpuid_count(7, 0).edx & BIT(29)) ||
	    !(rdmsr(MSR_IA32_ARCH_CAPABILITIES) & ARCH_CAP_XAPIC_DISABLE))
		return false;
	return rdmsr(MSR_IA32_XAPIC_DISABLE_STATUS) & LEGACY_XAPIC_DISABLED;
}

void lapic_enable(void)
{
	u64 base = rdmsr(MSR_IA32_APICBASE);

	/* Disabled to x2APIC is not a legal step: by way of xAPIC. */
	if (!(base & MSR_IA32_APICBASE_ENABLE))
		wrmsr(MSR_IA32_APICBASE, base |= MSR_IA32_APICBASE_ENABLE);
	if (apic_is_x2apic)
		wrmsr(MSR_IA32_APICBASE, base | MSR_IA32_APICBASE_EXTD);
}

int lapic_select(u64 mmio_base)
{
	if (!cpu_has(X86_FEATURE_APIC))
		return -ENODEV;
	if (cpu_has(X86_FEATURE_X2APIC)) {
		apic = &apic_x2apic;
		apic_is_x2apic = true;
		lapic_enable();
		return 0;
	}
	apic_mmio = rdmsr(MSR_IA32_APICBASE) & MSR_IA32_APICBASE_BASE;
	if (!apic_mmio)
		apic_mmio = mmio_base ? mmio_base : APIC_DEFAULT_PHYS_BASE;
	lapic_enable();
	return ioremap(apic_mmio, PAGE_SIZE);
}

u32 lapic_lvt_count(void)
{
	return FIELD_GET(APIC_LVR_MAXLVT, apic_read(APIC_LVR)) + 1;
}

u32 lapic_id(void)
{
	return apic->read_id();
}

bool lapic_test(u32 base_reg, u32 vector)
{
	return apic_read(base_reg + vector / 32 * 0x10) >> (vector % 32) & 1;
}

int lapic_highest(u32 base_reg)
{
	for (int word = 7; word >= 0; word--) {
		u32 bits = apic_read(base_reg + (u32)word * 0x10);

		if (bits)
			return word * 32 + 31 - __builtin_clz(bits);
	}
	return -1;
}

u32 lapic_drain(void)
{
	u32 n = 0;

	while (n < NR_VECTORS && lapic_highest(APIC_ISR) >= 0) {
		apic_eoi();
		n++;
	}
	return n;
}

u32 lapic_esr(void)
{
	apic_write(APIC_ESR, 0);
	return apic_read(APIC_ESR);
}

/* Mask, in an order that cannot raise what is masked: the timer last. */
static void mask_lvts(void)
{
	u32 n = lapic_lvt_count();

	apic_write(APIC_LVTERR, APIC_LVT_MASKED | ERROR_APIC_VECTOR);
	apic_write(APIC_LVT0, APIC_LVT_MASKED | APIC_DM_EXTINT);
	apic_write(APIC_LVT1, APIC_LVT_MASKED | APIC_DM_NMI);
	if (n > 4)
		apic_write(APIC_LVTPC, APIC_LVT_MASKED | APIC_DM_NMI);
	if (n > 5)
		apic_write(APIC_LVTTHMR, APIC_LVT_MASKED | THERMAL_APIC_VECTOR);
	if (n > 6)
		apic_write(APIC_LVTCMCI,
			   APIC_LVT_MASKED | THRESHOLD_APIC_VECTOR);
	apic_write(APIC_LVTT, APIC_LVT_MASKED | LOCAL_TIMER_VECTOR);
	apic_write(APIC_TMICT, 0);
}

void lapic_setup(u32 lint_nmi)
{
	/* Vectors first: a masked LVT may still be checked for legality. */
	apic_write(APIC_SPIV, APIC_SPIV_APIC_ENABLED | SPURIOUS_APIC_VECTOR);
	mask_lvts();
	apic_write(APIC_TASKPRI, 0);
	apic_init_ldr(apic_driver);
	lapic_drain();
	lapic_esr();
	apic_write(APIC_LVTERR, ERROR_APIC_VECTOR);
	if (lint_nmi & BIT(0))
		apic_write(APIC_LVT0, APIC_DM_NMI);
	if (lint_nmi & BIT(1))
		apic_write(APIC_LVT1, APIC_DM_NMI);
	this_cpu(apic_id) = lapic_id();
}

int apic_send_ipi(u32 dest_id, u32 vector)
{
	return apic->icr_write(APIC_DM_FIXED | APIC_INT_ASSERT | vector,
			       dest_id);
}

int apic_send_self(u32 vector)
{
	return apic->icr_write(
		APIC_DEST_SELF | APIC_DM_FIXED | APIC_INT_ASSERT | vector, 0);
}

/* Shorthands are invalid with NMI: always by ID. */
int apic_send_nmi(u32 dest_id)
{
	return apic->icr_write(APIC_DM_NMI | APIC_INT_ASSERT, dest_id);
}
