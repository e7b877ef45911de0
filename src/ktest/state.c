// SPDX-License-Identifier: MIT
/*
 * state.c - what a case must leave as it found it: compared after each case,
 * put back where it differs. A case that changed it fails.
 */
#include <apic/dmar.h>
#include <apic/i8259.h>
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <bh/hrtimer.h>
#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/desc.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <sched/sched.h>

#include "internal.h"

#define MAX_RTES 256

/* Scalars, each with how it is read and put back. */
struct state_reg {
	const char *name;
	u64 (*read)(void);
	void (*write)(u64 val);
};

#define STATE_MSR(name, msr)            \
	static u64 get_##name(void)     \
	{                               \
		return rdmsr(msr);      \
	}                               \
	static void set_##name(u64 val) \
	{                               \
		wrmsr(msr, val);        \
	}
STATE_MSR(efer, MSR_EFER)
STATE_MSR(gs_base, MSR_GS_BASE)
STATE_MSR(user_gs, MSR_KERNEL_GS_BASE)
STATE_MSR(star, MSR_STAR)
STATE_MSR(lstar, MSR_LSTAR)
STATE_MSR(cstar, MSR_CSTAR)
STATE_MSR(sfmask, MSR_SYSCALL_MASK)

static u64 get_apic_base(void)
{
	return rdmsr(MSR_IA32_APICBASE);
}

/* From disabled, and from x2APIC to xAPIC, only by legal steps. */
static void set_apic_base(u64 val)
{
	wrmsr(MSR_IA32_APICBASE,
	      val & ~(MSR_IA32_APICBASE_ENABLE | MSR_IA32_APICBASE_EXTD));
	wrmsr(MSR_IA32_APICBASE, val & ~MSR_IA32_APICBASE_EXTD);
	wrmsr(MSR_IA32_APICBASE, val);
}

/* No room of ours has an LDT: what is loaded is a case's. */
static u64 get_ldt(void)
{
	return store_ldt();
}

static void set_ldt(u64 val)
{
	load_ldt((u16)val);
}

static u64 get_preempt(void)
{
	return preempt_count();
}

static void set_preempt(u64 val)
{
	this_cpu(preempt_count) = (u32)val;
}

static u64 get_pic_imr(void)
{
	return i8259_present() ? i8259_read_imr() : 0;
}

static void set_pic_imr(u64 val)
{
	if (i8259_present())
		i8259_write_imr((u16)val);
}

/* Remapping and its queue are a case's: each unit's, all in one. */
static u64 get_dmar(void)
{
	u32 gsts = 0;

	for (u32 i = 0; i < ACPI_MAX_DRHD; i++) {
		if (dmar_units[i].base)
			gsts |= dmar_readl(&dmar_units[i], DMAR_GSTS_REG);
	}
	return gsts & (DMA_GSTS_IRES | DMA_GSTS_QIES);
}

static void set_dmar(u64 val)
{
	for (u32 i = 0; i < ACPI_MAX_DRHD; i++) {
		if (dmar_units[i].base)
			dmar_quiet(&dmar_units[i]);
	}
}

static u64 get_dr7(void)
{
	return read_dr7();
}

static void set_dr7(u64 val)
{
	write_dr7(val);
}

#define CR(n)                          \
	static u64 get_cr##n(void)     \
	{                              \
		return read_cr##n();   \
	}                              \
	static void set_cr##n(u64 val) \
	{                              \
		write_cr##n(val);      \
	}
CR(0)
CR(3)
CR(4)
CR(8)

/* Where there is no such register it reads as 0, so nothing changed it. */
#define APIC_REG_IF(name, reg, there)                \
	static u64 get_##name(void)                  \
	{                                            \
		return (there) ? apic_read(reg) : 0; \
	}                                            \
	static void set_##name(u64 val)              \
	{                                            \
		if (there)                           \
			apic_write(reg, (u32)val);   \
	}
#define APIC_REG(name, reg) APIC_REG_IF(name, reg, true)
APIC_REG(svr, APIC_SPIV)
APIC_REG(lvtt, APIC_LVTT)
APIC_REG(lvt0, APIC_LVT0)
APIC_REG(lvt1, APIC_LVT1)
APIC_REG(lvterr, APIC_LVTERR)
APIC_REG(tmict, APIC_TMICT)
APIC_REG(tdcr, APIC_TDCR)

/* Software's in xAPIC mode only. */
APIC_REG_IF(ldr, APIC_LDR, !apic_is_x2apic)
APIC_REG_IF(dfr, APIC_DFR, !apic_is_x2apic)

/* LVTs of later versions: in x2APIC mode an absent one is a #GP. */
APIC_REG_IF(lvtpc, APIC_LVTPC, lapic_lvt_count() >= 5)
APIC_REG_IF(lvtthmr, APIC_LVTTHMR, lapic_lvt_count() >= 6)
APIC_REG_IF(lvtcmci, APIC_LVTCMCI, lapic_lvt_count() >= 7)

/* The APIC's mode before its registers, SVR before the LVTs it masks. */
/* clang-format off */
static const struct state_reg regs[] = {
	{ "CR0", get_cr0, set_cr0 },
	{ "CR3", get_cr3, set_cr3 },
	{ "CR4", get_cr4, set_cr4 },
	{ "EFER", get_efer, set_efer },
	{ "GS base", get_gs_base, set_gs_base },
	{ "KERNEL_GS_BASE", get_user_gs, set_user_gs },
	{ "STAR", get_star, set_star },
	{ "LSTAR", get_lstar, set_lstar },
	{ "CSTAR", get_cstar, set_cstar },
	{ "SFMASK", get_sfmask, set_sfmask },
	{ "DR7", get_dr7, set_dr7 },
	{ "LDTR", get_ldt, set_ldt },
	{ "preempt count", get_preempt, set_preempt },
	{ "APIC base", get_apic_base, set_apic_base },
	{ "SVR", get_svr, set_svr },
	{ "LVT timer", get_lvtt, set_lvtt },
	{ "LVT LINT0", get_lvt0, set_lvt0 },
	{ "LVT LINT1", get_lvt1, set_lvt1 },
	{ "LVT error", get_lvterr, set_lvterr },
	{ "LVT performance", get_lvtpc, set_lvtpc },
	{ "LVT thermal", get_lvtthmr, set_lvtthmr },
	{ "LVT CMCI", get_lvtcmci, set_lvtcmci },
	{ "timer divider", get_tdcr, set_tdcr },
	{ "timer initial count", get_tmict, set_tmict },
	{ "APIC DFR", get_dfr, set_dfr },
	{ "APIC LDR", get_ldr, set_ldr },
	{ "CR8", get_cr8, set_cr8 },
	{ "8259 masks", get_pic_imr, set_pic_imr },
	{ "VT-d status", get_dmar, set_dmar },
};
/* clang-format on */

static struct {
	u64 reg[ARRAY_SIZE(regs)];
	struct desc_ptr idt, gdt;
	u16 tr, ss;
	bool irqs_off;
	u32 nr_rtes;
	u64 rte[MAX_RTES];
	u32 cpu;
	bool found_again; /* by the last case's end: it stands for the next */
} saved;

static bool unchanged;

static void changed(const char *what, u64 was, u64 is)
{
	printk("# state: the case left %s 0x%llx, was 0x%llx: put back", what,
	       (unsigned long long)is, (unsigned long long)was);
	unchanged = false;
}

static void each_rte(void (*fn)(const struct ioapic *io, u32 pin, u32 n))
{
	u32 n = 0;

	for (u32 i = 0; i < nr_ioapics; i++) {
		for (u32 pin = 0; pin < ioapics[i].pins && n < MAX_RTES; pin++)
			fn(&ioapics[i], pin, n++);
	}
	saved.nr_rtes = n;
}

static void save_rte(const struct ioapic *io, u32 pin, u32 n)
{
	saved.rte[n] = ioapic_read_rte(io, pin).raw & ~IOAPIC_RTE_READONLY;
}

/*
 * A masked entry's other fields are nobody's state, so its destination is not
 * even read: an access to a device costs more than all that is done with it.
 */
static void restore_rte(const struct ioapic *io, u32 pin, u32 n)
{
	union ioapic_rte was = { .raw = saved.rte[n] }, is;
	u32 low = ioapic_read(io, IOAPIC_REG_RTE(pin));

	if (was.masked && (low & ~(u32)IOAPIC_RTE_READONLY) == was.low)
		return;
	is.raw = ioapic_read_rte(io, pin).raw & ~IOAPIC_RTE_READONLY;
	if (is.raw == was.raw)
		return;
	if (!is.masked || !was.masked)
		changed("an IOAPIC entry", was.raw, is.raw);
	ioapic_write_rte(io, pin, was);
}

/* The APIC timer's registers are a case's, or at rest: no hrtimer's. */
void state_save(void)
{
	bool stands = saved.found_again && saved.cpu == smp_processor_id();

	saved.found_again = false; /* unless state_restore() says so */
	if (stands)
		return;
	saved.cpu = smp_processor_id();
	hrtimers_suspend();
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		saved.reg[i] = regs[i].read();
	store_idt(&saved.idt);
	store_gdt(&saved.gdt);
	saved.tr = store_tr();
	saved.ss = read_ss();
	saved.irqs_off = irqs_disabled();
	each_rte(save_rte);
	hrtimers_resume();
}

static bool same_table(const struct desc_ptr *a, const struct desc_ptr *b)
{
	return a->address == b->address && a->size == b->size;
}

/* First what every later step stands on: descriptor tables. IF=0. */
static void restore_tables(void)
{
	struct desc_ptr now;

	store_gdt(&now);
	if (!same_table(&now, &saved.gdt)) {
		changed("GDTR", saved.gdt.address, now.address);
		load_gdt(&saved.gdt);
		reload_segments();
	}
	if (read_ss() != saved.ss) {
		changed("SS", saved.ss, read_ss());
		reload_segments();
	}
	store_idt(&now);
	if (!same_table(&now, &saved.idt)) {
		changed("IDTR", saved.idt.address, now.address);
		load_idt(&saved.idt);
	}
	if (store_tr() != saved.tr) {
		changed("TR", saved.tr, store_tr());
		cpu_reload_tr();
	}
}

/* A case ended inside a handler owes the APIC an EOI. */
static void restore_in_service(void)
{
	u32 n = lapic_drain();

	if (n)
		changed("interrupts in service", 0, n);
	if (local_softirq_pending())
		changed("softirqs pending", 0, local_softirq_pending());
	/* In any case: a broken-off round leaves tasklets, no pending bit. */
	softirq_discard_pending();
	yield(); /* ksoftirqd, if it was woken, finds nothing, and sleeps */
}

static void discard_here(void *unused)
{
	softirq_discard_pending();
}

/* Another CPU serves what is pending by itself, unless it never ends. */
static void restore_other_cpus(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu == smp_processor_id() ||
		    WAIT_FOR(!softirq_work_left(cpu), WAIT_DEFAULT_US))
			continue;
		printk("# state: the case left softirqs pending on CPU %u: "
		       "discarded",
		       cpu);
		unchanged = false;
		smp_call_function_single(cpu, discard_here, NULL, true);
	}
}

bool state_restore(void)
{
	bool off = irqs_disabled();

	unchanged = true;
	hrtimers_suspend();
	native_irq_disable();
	restore_tables();
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 now = regs[i].read();

		if (now == saved.reg[i])
			continue;
		changed(regs[i].name, saved.reg[i], now);
		regs[i].write(saved.reg[i]);
		now = regs[i].read();
		if (now != saved.reg[i])
			printk("# state: %s could not be put back: 0x%llx",
			       regs[i].name, (unsigned long long)now);
	}
	each_rte(restore_rte);
	restore_in_service();
	hrtimers_resume();
	restore_other_cpus();
	if (off != saved.irqs_off)
		changed("interrupts disabled", saved.irqs_off, off);
	if (!saved.irqs_off)
		native_irq_enable();
	saved.found_again = unchanged;
	return unchanged;
}
