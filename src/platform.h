/* SPDX-License-Identifier: MIT */
/* platform.h - the parts of start() that have more than one step. */
#pragma once

#include <lib/boot_info.h>

/* "# key=value" lines: who made what, options and their errors, the image. */
void log_boot_info(const struct boot_info *info);

/* Move the log's RAM copy to allocated memory. */
void setup_log_buffer(void);

/* Give lower rooms what the trap room offers. */
void trap_connect(void);

void acpi_init(const struct boot_info *info);

/* serial=auto and still no console: the UART of ACPI's SPCR table. */
void console_from_spcr(const struct boot_info *info);

/* The 8259 pair, if any, remapped and masked. */
void legacy_pic_init(void);

/* Local APIC, IOAPICs. */
void apic_intr_init(void);

/* Clocks found, TSC calibrated, sources probed and quiet. */
void clocks_and_devices_init(void);

/* Calibrate the APIC timer against the best clock, cross-check. */
void apic_timer_init(void);

/* Make finish=poweroff and finish=reset ask the firmware. */
void firmware_reset_init(const struct boot_info *info);

/* handoff.c: keep info for boot_info(), and the firmware's state in it. */
void boot_info_keep(struct boot_info *info);
void handoff_read_pic(void);
void handoff_read_lapic(void);
void handoff_read_hpet(void);

/* Tell the runner what this machine has. */
void platform_ready(const struct boot_info *info);
