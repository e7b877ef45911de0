/* SPDX-License-Identifier: MIT */
/*
 * nmi.h - NMIs blocked without a handler, and one latched, for the files of
 * this suite. Between probe_reset() and probe_teardown(); IF=0.
 */
#pragma once

#include <apic/lapic.h>
#include <asm/trapnr.h>
#include <cpu/desc.h>
#include <cpu/percpu.h>
#include <ktest/insn_nmi.h>
#include <ktest/probe.h>
#include <mm/paging.h>

static inline void send_own_nmi(void)
{
	apic_send_nmi(this_cpu(apic_id));
}

/* The live gate instead of the stub's, on the scratch IDT. */
static inline void live_gate(u32 vector)
{
	probe.idt[vector] = ((gate_desc *)CPU_ENTRY_IDT)[vector];
}

/*
 * In probe_call(): the next IRETQ finds an NMI latched. No handler has run;
 * the gate is as before.
 */
static inline void latch_nmi(void)
{
	gate_desc was = *probe_gate(X86_TRAP_NMI);

	probe_take_gate(X86_TRAP_NMI);
	probe_gate(X86_TRAP_NMI)->bits.ist = IST_TEST_B;
	probe_gate_offset(X86_TRAP_NMI, (u64)insn_nmi_block_stub);
	if (insn_nmi_block(send_own_nmi))
		send_own_nmi();
	*probe_gate(X86_TRAP_NMI) = was;
}
