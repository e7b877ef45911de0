// SPDX-License-Identifier: MIT
/*
 * platform.c - find and take over this machine's parts, and say what they are
 * as "# key=value" lines: an inventory that is worth reading by itself.
 */
#include "platform.h"

#include <acpi/tables.h>
#include <apic/apic_timer.h>
#include <apic/dmar.h>
#include <apic/i8259.h>
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <console/console.h>
#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <cpu/cpumask.h>
#include <cpu/sections.h>
#include <cpu/spinlock.h>
#include <dev/hpet.h>
#include <dev/i8042.h>
#include <dev/pci.h>
#include <dev/pit.h>
#include <dev/rtc.h>
#include <dev/uart.h>
#include <ktest/companion.h>
#include <ktest/runner.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>
#include <time/tsc.h>
#include <trap/extable.h>
#include <trap/report.h>

#define LOG_PAGES 256 /* 1 MiB */

/* Words of the contract that nothing listens to yet must not look obeyed. */
static void log_idle_options(const struct options *opt)
{
	const struct {
		const char *word;
		bool given;
	} idle[] = {
		{ "bench", opt->bench },
		{ "monitor", opt->monitor || opt->finish == FINISH_MONITOR },
	};

	for (u32 i = 0; i < ARRAY_SIZE(idle); i++) {
		if (idle[i].given)
			printk("# options.note=%s has no effect in this "
			       "version",
			       idle[i].word);
	}
}

static void log_options(const struct boot_info *info)
{
	const struct option_errors *e = &info->option_errors;

	printk("# options.from=%s", info->options_from);
	log_idle_options(&info->options);
	for (u32 i = 0; i < e->count && i < OPT_ERRORS; i++)
		printk("# options.error=%s", e->text[i]);
	if (e->count > OPT_ERRORS)
		printk("# options.error=and %u more", e->count - OPT_ERRORS);
	if (info->options.platform[0])
		printk("# platform=%s", info->options.platform);
}

static void log_cpu(void)
{
	const struct cpuinfo *c = &boot_cpu_data;

	printk("# cpu.vendor=%s cpu.family=%u cpu.model=%u cpu.stepping=%u",
	       c->vendor_id, c->family, c->model, c->stepping);
	if (c->hypervisor_id[0])
		printk("# cpu.hypervisor=%s", c->hypervisor_id);
	printk("# cpu.phys_bits=%u cpu.virt_bits=%u cpu.max_leaf=0x%x",
	       c->phys_bits, c->virt_bits, c->max_leaf);
}

/*
 * What scripts/pe-finish wrote into the image's header, which the firmware
 * loads with it: scripts/symbolize tells by it whose symbols are wanted.
 * Microsoft, "PE Format": e_lfanew, then CheckSum of the optional header.
 */
static u32 image_checksum(void)
{
	u32 pe = *(const u32 *)(ImageBase + 0x3c);

	return pe < PAGE_SIZE - 96 ? *(const u32 *)(ImageBase + pe + 88) : 0;
}

void log_boot_info(const struct boot_info *info)
{
	printk("# image.base=0x%016llx image.size=0x%llx image.checksum=0x%08x",
	       (unsigned long long)info->image_base,
	       (unsigned long long)info->image_size, image_checksum());
	printk("# firmware.vendor=%s firmware.revision=0x%x",
	       info->firmware_vendor, info->firmware_revision);
	if (info->bios_version[0])
		printk("# smbios.bios=%s", info->bios_version);
	if (info->system_maker[0])
		printk("# smbios.system=%s %s", info->system_maker,
		       info->system_product);
	log_options(info);
	log_cpu();
	if (info->fb.base)
		printk("# framebuffer=0x%llx %ux%u",
		       (unsigned long long)info->fb.base, info->fb.width,
		       info->fb.height);
	if (info->regions_dropped)
		printk("# warning: %u memory map entries dropped",
		       info->regions_dropped);
}

void setup_log_buffer(void)
{
	u64 buf = alloc_pages(LOG_PAGES);

	if (buf)
		console_set_log_buffer((char *)buf, LOG_PAGES * PAGE_SIZE);
}

static int read_nofault(void *dst, u64 addr, size_t len)
{
	return copy_from_kernel_nofault(dst, (const void *)addr, len);
}

static void spin_stuck(void)
{
	bug("a lock stays taken", __FILE__, __LINE__);
}

void trap_connect(void)
{
	mm_read_nofault = read_nofault;
	spin_stuck_hook = spin_stuck;
}

/* Tables may lie outside what the memory map calls RAM: map on demand. */
static const void *map_table(u64 phys, size_t len)
{
	u64 start = phys & PAGE_MASK, end = ALIGN_UP(phys + len, PAGE_SIZE);
	struct pt_walk walk;

	if (!phys || end < start)
		return NULL;
	for (u64 page = start; page < end; page += PAGE_SIZE) {
		if (paging_walk(page, &walk) &&
		    map_range(page, page, PAGE_SIZE, PAGE_KERNEL_RO))
			return NULL;
	}
	return (const void *)phys;
}

void acpi_init(const struct boot_info *info)
{
	const struct acpi_info *a = &acpi_tables;
	const void *rsdp = map_table(info->rsdp, 36);

	if (!rsdp || acpi_parse(rsdp, map_table, &acpi_tables))
		printk("# warning: no usable ACPI tables");
	for (u32 i = 0; i < a->complaints.count && i < ACPI_MAX_COMPLAINTS; i++)
		printk("# acpi.complaint=%s", a->complaints.text[i]);
	printk("# acpi.revision=%u acpi.tables=%u madt.cpus=%u "
	       "madt.ioapics=%u",
	       a->revision, a->nr_tables, a->madt.nr_cpus, a->madt.nr_ioapics);
}

/* No COM port answered: the firmware's table may name another UART. */
void console_from_spcr(const struct boot_info *info)
{
	const struct acpi_spcr *spcr = &acpi_tables.spcr;
	struct uart u = {
		.mmio = spcr->uart.space == ACPI_SPACE_MEMORY,
		.stride = spcr->stride,
		.width = spcr->stride,
		.base = spcr->uart.address,
	};

	if (console_present() || !spcr->present ||
	    info->options.serial != SERIAL_AUTO)
		return;
	if (u.mmio && ioremap(u.base, PAGE_SIZE))
		return;
	if (console_add_uart(u, 0))
		printk("# console=spcr 0x%llx",
		       (unsigned long long)spcr->uart.address);
}

void legacy_pic_init(void)
{
	int err;

	handoff_read_pic();
	err = i8259_init(acpi_has_pic(&acpi_tables));
	printk("# pic=%s", err ? "absent" : "masked");
}

/* Interrupts in compatibility format get through from here on. */
static void intr_remap_quiet(void)
{
	const struct acpi_dmar *dmar = &acpi_tables.dmar;

	dmar_init(dmar);
	for (u32 i = 0; i < dmar->nr_drhds; i++) {
		const struct intel_iommu *u = &dmar_units[i];

		if (!u->base) {
			printk("# warning: no remapping unit at 0x%llx",
			       (unsigned long long)dmar->drhd[i].base);
			continue;
		}
		printk("# dmar%u=0x%llx version=0x%x cap=0x%llx ecap=0x%llx", i,
		       (unsigned long long)u->base, u->ver,
		       (unsigned long long)u->cap, (unsigned long long)u->ecap);
		printk("# fw.dmar%u.gsts=0x%x fw.dmar%u.intr_remap=%s", i,
		       u->fw_gsts, i,
		       !(u->fw_gsts & DMA_GSTS_IRES) ? "off"
		       : dmar_readl(u, DMAR_GSTS_REG) & DMA_GSTS_IRES
			       ? "on, and stays on"
			       : "on, switched off");
	}
}

void apic_intr_init(void)
{
	if (lapic_select(acpi_tables.madt.lapic_address))
		bail_out("this CPU has no usable local APIC");
	handoff_read_lapic();
	lapic_setup(acpi_lint_nmi(&acpi_tables.madt, lapic_id()));
	printk("# apic=%s apic.id=%u apic.version=0x%x apic.lvts=%u",
	       apic->name, lapic_id(), apic_read(APIC_LVR) & APIC_LVR_VERSION,
	       lapic_lvt_count());
	intr_remap_quiet();
	ioapic_init(&acpi_tables.madt);
	for (u32 i = 0; i < nr_ioapics; i++)
		printk("# ioapic%u=0x%llx gsi=%u pins=%u version=0x%x", i,
		       (unsigned long long)ioapics[i].base, ioapics[i].gsi_base,
		       ioapics[i].pins, ioapics[i].version);
}

static void log_hpet(void)
{
	struct hpet_timer_info info = { 0 };

	if (hpet_timer_info(0, &info) == 0)
		printk("# hpet.timers=%u hpet.fsb=%d", hpet_timers(),
		       info.fsb_cap);
}

void clocks_and_devices_init(void)
{
	const struct acpi_fadt *fadt = &acpi_tables.fadt;
	struct clock_sources src = {
		.hpet_phys =
			acpi_tables.hpet.present ? acpi_tables.hpet.address : 0,
		.pmtimer_port = fadt->pm_timer.space == ACPI_SPACE_IO
					? (u16)fadt->pm_timer.address
					: 0,
		.pmtimer_32bit = fadt->flags & ACPI_FADT_TMR_VAL_EXT,
		.no_rtc = !acpi_has_cmos_rtc(&acpi_tables),
	};

	handoff_read_hpet();
	clocks_init(&src);
	if (tsc_calibrate())
		printk("# warning: nothing to calibrate the TSC by");
	clocks_report();
	hpet_probe();
	log_hpet();
	pit_probe();
	rtc_probe();
	serial_probe();
	i8042_probe(acpi_has_8042(&acpi_tables));
	pci_init(&acpi_tables.mcfg);
}

/* The best reference that is not the TSC, else the TSC. */
static const struct clock *reference_clock(void)
{
	static const u8 order[] = { CLOCK_HPET, CLOCK_PMTIMER, CLOCK_TSC };

	for (u32 i = 0; i < sizeof(order); i++) {
		const struct clock *clk = clock_get(order[i]);

		if (clk && clk->freq_hz)
			return clk;
	}
	return NULL;
}

void apic_timer_init(void)
{
	const struct clock *ref = reference_clock();
	struct clock_rate rate;
	int err = ref ? apic_timer_calibrate(ref, &rate) : -1;

	if (err) {
		printk("# warning: the APIC timer could not be calibrated");
		return;
	}
	printk("# apic_timer.hz=%llu apic_timer.by=%s apic_timer.ppm=%u",
	       (unsigned long long)rate.hz, ref->name, rate.uncertainty_ppm);
}

void platform_ready(const struct boot_info *info)
{
	ktest_set_present(NEEDS_X2APIC, apic_is_x2apic);
	ktest_set_present(NEEDS_XAPIC, !apic_is_x2apic);
	ktest_set_present(NEEDS_IOAPIC, nr_ioapics > 0);
	ktest_set_present(NEEDS_HPET, hpet_present());
	ktest_set_present(NEEDS_PIT, pit_present());
	ktest_set_present(NEEDS_PIC, i8259_present());
	ktest_set_present(NEEDS_RTC, rtc_present());
	ktest_set_present(NEEDS_PMTIMER, clock_get(CLOCK_PMTIMER));
	ktest_set_present(NEEDS_UART, serial_for_tests());
	ktest_set_present(NEEDS_I8042, i8042_present());
	ktest_set_present(NEEDS_SMP, num_online_cpus() > 1);
	ktest_set_present(NEEDS_TSC_DEADLINE,
			  cpu_has(X86_FEATURE_TSC_DEADLINE));
	ktest_set_present(NEEDS_COMPANION,
			  companion_init(info->options.companion));
	printk("# memory.free=%llu KiB",
	       (unsigned long long)free_page_count() * 4);
}
