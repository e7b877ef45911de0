/* SPDX-License-Identifier: MIT */
/* internal.h - between the boot CPU, the trampoline and the CPU it starts. */
#pragma once

/* clang-format off */
/*
 * What has become of a CPU. The boot CPU kicks, the CPU itself goes on; each
 * step is a cmpxchg, so that who was taken back meanwhile sees it and parks.
 */
#define CPU_OFF		0	/* not started, or given up: parks if it comes */
#define CPU_KICKED	1	/* SIPIs are on their way */
#define CPU_ALIVE	2	/* it has its stack */
#define CPU_ONLINE	3

#define STACK_AREA_BASE_ASM	0xfffffe8000000000	/* cpu/stacks.h */
#define STACK_AREA_ASM		0x200000
#define STACK_SLOT_ASM		0x8000
#define STACK_SIZE_ASM		0x4000
/* clang-format on */

#ifndef __ASSEMBLER__
#include <smp/smp.h>

#define INIT_US 10000 /* from INIT to SIPI */
#define SIPI_US 200   /* from one SIPI to the next */

/* trampoline.S: the page's contents, and what is filled in. */
extern char trampoline_start[], trampoline_end[];
extern char tr_gdt_ptr[], tr_far[], tr_start[], tr_cr3[], tr_cr4[];
void secondary_startup_64(void);

extern u32 cpuid_to_apicid[NR_CPUS];
extern u32 cpu_boot_state[NR_CPUS]; /* CPU_*, changed by cmpxchg */

/* Was it in state from, and is it in state to now? */
static inline bool cpu_boot_step(u32 cpu, u32 from, u32 to)
{
	return __atomic_compare_exchange_n(&cpu_boot_state[cpu], &from, to,
					   false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* secondary.c: a started CPU's C code, on its task stack. IF=0. */
__noreturn void start_secondary(u32 cpu);

/* tlb.c: from now on page tables are not the boot CPU's alone. */
void tlb_connect(void);

/*
 * run_on.c: what its "ktest" does from then on; cpu's work will not be ended;
 * and cpu_recover_hook.
 */
__noreturn void work_loop(void);
void recover_cpu(bool count);
void run_on_forget(u32 cpu);

/* stop.c: this CPU is to stop, and does; the handler of REBOOT_VECTOR. */
bool stop_wanted(void);
__noreturn void stop_this_cpu(void);
void stop_on_reboot_vector(void);
void panic_other_cpus(void);

/* nmi_backtrace.c: NMIs from CPU to CPU are understood from now on. */
void nmi_ipi_init(void);

/* An NMI found this CPU in its idle loop's HLT: it hangs nowhere. */
bool cpu_sleeps(const struct pt_regs *regs);

/* smpboot.c: the page a SIPI names. */
extern u64 trampoline_page;
#endif
