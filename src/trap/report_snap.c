// SPDX-License-Identifier: MIT
/*
 * report_snap.c - the only part of a report that touches the machine.
 */
#include "report_parts.h"

#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <cpu/percpu.h>
#include <trap/extable.h>
#include <trap/traps.h>

void report_snapshot(struct report *r, const struct pt_regs *regs,
		     const char *why)
{
	bool debug = regs->vector == X86_TRAP_DB;

	r->cr2 = read_cr2(); /* first: reading bad memory changes it */
	r->copy = *regs;
	r->regs = &r->copy;
	r->why = why;
	r->handler_sp = (u64)regs;
	r->cr0 = read_cr0();
	r->cr3 = read_cr3();
	r->cr4 = read_cr4();
	r->cr8 = read_cr8();
	r->efer = rdmsr(MSR_EFER);
	/* exc_debug() has parked DR6 and DR7: breakpoints are off in it. */
	r->dr[0] = read_dr0();
	r->dr[1] = read_dr1();
	r->dr[2] = read_dr2();
	r->dr[3] = read_dr3();
	r->dr6 = debug ? this_cpu(debug_dr6) : read_dr6();
	r->dr7 = debug ? this_cpu(debug_dr7) : read_dr7();
	r->fs_base = rdmsr(MSR_FS_BASE);
	r->gs_base = rdmsr(MSR_GS_BASE);
	r->kernel_gs_base = rdmsr(MSR_KERNEL_GS_BASE);
	r->cpu = this_cpu(cpu_number);
	r->apic_id = this_cpu(apic_id);
	r->preempt_count = this_cpu(preempt_count);
	r->tr = store_tr();
	store_idt(&r->idt);
	store_gdt(&r->gdt);
}

bool peek(void *dst, u64 addr, size_t len)
{
	bool smap = read_cr4() & X86_CR4_SMAP;
	int err;

	if (smap) /* a user's code and stack are worth reading too */
		stac();
	err = copy_from_kernel_nofault(dst, (const void *)addr, len);
	if (smap)
		clac();
	return err == 0;
}

size_t peek_code(u8 *code, u64 ip)
{
	size_t n;

	for (n = 0; n < CODE_MAX; n++)
		if (!peek(code + n, ip + n, 1))
			break;
	return n;
}
