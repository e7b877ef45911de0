/* SPDX-License-Identifier: MIT */
/* sections.h - the image's boundaries, from efi/irqbed.lds. */
#pragma once

extern char ImageBase[], _end[];
extern char _text[], _etext[], __user_text_start[], __user_text_end[];
extern char __rodata_start[], __rodata_end[];
/* What scripts/pe-finish packs and efi_unpack() fills in: whole sections. */
extern char __packed_start[], __packed_end[];
extern char __data_start[], __data_rel_ro_end[], __data_end[];
extern char __per_cpu_start[], __per_cpu_end[];

/* The stack start() begins on, until the boot CPU's task stack is mapped. */
extern char boot_stack[], boot_stack_top[];
