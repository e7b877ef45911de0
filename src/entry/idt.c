// SPDX-License-Identifier: MIT
/*
 * idt.c - all 256 vectors, a table a boot phase, each headed by why it is a
 * phase of its own. This is the place to read who gets what.
 *
 * Spec: SDM 3A "Interrupt Descriptor Table (IDT)", "64-Bit Mode IDT".
 */
#include <entry/idt.h>

#include <asm/pgtable.h>
#include <asm/special_insns.h>
#include <irq/sysvec.h>
#include <lib/errno.h>
#include <lockdep/lockdep.h>
#include <mm/paging.h>
#include <trace/trace.h>

gate_desc idt_table[NR_VECTORS]
	__attribute__((section(".data..page_aligned"), aligned(4096)));
static_assert(sizeof(idt_table) == PAGE_SIZE, "one page, read-only later");

u64 system_vectors[NR_VECTORS / 64];

/* clang-format off */
#define G(v, fn, i, d)	{ .vector = v, .addr = fn, .ist = i, .dpl = d }
#define INTG(v, fn)	G(v, fn, IST_NONE, 0)
#define SYSG(v, fn)	G(v, fn, IST_NONE, 3)
#define ISTG(v, fn, i)	G(v, fn, i, 0)

/* First of all: enough to debug what follows. On the current stack: no IST. */
static const struct idt_data early_idts[] = {
	INTG(X86_TRAP_DB,	asm_exc_debug),
	SYSG(X86_TRAP_BP,	asm_exc_int3),
};

/* Apart from early_idts: it can only be handled once paging is set up. */
static const struct idt_data early_pf_idts[] = {
	INTG(X86_TRAP_PF,	asm_exc_page_fault),
};

/* Every exception there is, all on the current stack; see ist_idts. */
static const struct idt_data def_idts[] = {
	INTG(X86_TRAP_DE,	asm_exc_divide_error),
	INTG(X86_TRAP_NMI,	asm_exc_nmi),
	INTG(X86_TRAP_BR,	asm_exc_bounds),
	INTG(X86_TRAP_UD,	asm_exc_invalid_op),
	INTG(X86_TRAP_NM,	asm_exc_device_not_available),
	INTG(X86_TRAP_OLD_MF,	asm_exc_coproc_segment_overrun),
	INTG(X86_TRAP_TS,	asm_exc_invalid_tss),
	INTG(X86_TRAP_NP,	asm_exc_segment_not_present),
	INTG(X86_TRAP_SS,	asm_exc_stack_segment),
	INTG(X86_TRAP_GP,	asm_exc_general_protection),
	INTG(X86_TRAP_SPURIOUS,	asm_exc_spurious_interrupt_bug),
	INTG(X86_TRAP_MF,	asm_exc_coprocessor_error),
	INTG(X86_TRAP_AC,	asm_exc_alignment_check),
	INTG(X86_TRAP_XF,	asm_exc_simd_coprocessor_error),
	INTG(X86_TRAP_DF,	asm_exc_double_fault),
	INTG(X86_TRAP_DB,	asm_exc_debug),
	INTG(X86_TRAP_MC,	asm_exc_machine_check),
	INTG(X86_TRAP_VE,	asm_exc_virtualization_exception),
	INTG(X86_TRAP_CP,	asm_exc_control_protection),
	INTG(22,		asm_exc_reserved_22),
	INTG(23,		asm_exc_reserved_23),
	INTG(24,		asm_exc_reserved_24),
	INTG(25,		asm_exc_reserved_25),
	INTG(26,		asm_exc_reserved_26),
	INTG(27,		asm_exc_reserved_27),
	INTG(X86_TRAP_HV,	asm_exc_hv_injection_exception),
	INTG(X86_TRAP_SX,	asm_exc_security_exception),
	INTG(31,		asm_exc_reserved_31),
	SYSG(X86_TRAP_OF,	asm_exc_overflow),
	SYSG(IA32_SYSCALL_VECTOR, asm_int80),
};

/* Needs the TSS and its stacks: events that must not trust the one they hit. */
static const struct idt_data ist_idts[] = {
	ISTG(X86_TRAP_DB,	asm_exc_debug,			IST_DB),
	ISTG(X86_TRAP_NMI,	asm_exc_nmi,			IST_NMI),
	ISTG(X86_TRAP_DF,	asm_exc_double_fault,		IST_DF),
	ISTG(X86_TRAP_MC,	asm_exc_machine_check,		IST_MCE),
	ISTG(X86_TRAP_VC,	asm_exc_vmm_communication,	IST_VC),
};

/* Once the APIC is to be used: what it raises by itself, and the IPIs. */
#define X(v, name)	INTG(v, asm_sysvec_##name),
static const struct idt_data apic_idts[] = {
	SYSVEC_LIST(X)
};
#undef X
/* clang-format on */

void idt_setup_from_table(gate_desc *idt, const struct idt_data *rows, size_t n,
			  bool sys)
{
	for (size_t i = 0; i < n; i++) {
		gate_desc gate;

		idt_init_desc(&gate, &rows[i]);
		write_idt_entry(idt, rows[i].vector, &gate);
		if (sys)
			system_vectors[rows[i].vector / 64] |=
				BIT(rows[i].vector % 64);
	}
}

static void set_intr_gate(u32 vector, const void *addr)
{
	struct idt_data row = { .vector = (u8)vector,
				.addr = (void (*)(void))addr };

	idt_setup_from_table(idt_table, &row, 1, false);
}

static void load_idt_at(u64 address)
{
	struct desc_ptr ptr = { .size = sizeof(idt_table) - 1,
				.address = address };

	load_idt(&ptr);
}

void idt_setup_early_handler(void)
{
	for (u32 v = 0; v < NR_EXCEPTIONS; v++) {
		set_intr_gate(v, early_idt_handler_array +
					 v * EARLY_IDT_HANDLER_SIZE);
		system_vectors[v / 64] |= BIT(v % 64);
	}
	load_idt_at((u64)idt_table);
}

void idt_setup_early_traps(void)
{
	idt_setup_from_table(idt_table, early_idts, ARRAY_SIZE(early_idts),
			     true);
}

void idt_setup_early_pf(void)
{
	idt_setup_from_table(idt_table, early_pf_idts,
			     ARRAY_SIZE(early_pf_idts), true);
}

void idt_setup_traps(void)
{
	idt_setup_from_table(idt_table, def_idts, ARRAY_SIZE(def_idts), true);
}

void idt_setup_ist_traps(void)
{
	idt_setup_from_table(idt_table, ist_idts, ARRAY_SIZE(ist_idts), true);
}

void load_current_idt(void)
{
	load_idt_at(CPU_ENTRY_IDT);
}

/* All of a gate that differs lies in its first half: one store, no lock. */
static void aim_gate(const struct idt_data *row)
{
	gate_desc gate;

	idt_init_desc(&gate, row);
	WRITE_ONCE(idt_table[row->vector].raw[0], gate.raw[0]);
}

/* Who wants to see interrupts. Changed on the boot CPU, in task context. */
static bool events_traced, flags_traced;

static void *stub_of(u32 vector)
{
	char *start =
		flags_traced ? traced_irq_entries_start : irq_entries_start;

	return start + (vector - FIRST_EXTERNAL_VECTOR) * IRQ_STUB_SIZE;
}

static void aim_at_stub(u32 vector)
{
	struct idt_data row = { .vector = (u8)vector,
				.addr = (void (*)(void))stub_of(vector) };

	aim_gate(&row);
}

/*
 * A system vector whose events are traced enters by its stub of
 * irq_entries_start, so that irq/trace.c is called first; while src/lockdep/
 * sees IF change, all enter by those of traced_irq_entries_start. Linux had a
 * second IDT for this. The image lies within 4 GiB of itself and is taken not
 * to cross such a border.
 */
static void aim_gates(void)
{
	if (protect_range((u64)idt_table, PAGE_SIZE, PAGE_KERNEL))
		return;
	for (u32 v = FIRST_EXTERNAL_VECTOR; v < NR_VECTORS; v++) {
		if (!is_system_vector(v))
			aim_at_stub(v);
	}
	for (size_t i = 0; i < ARRAY_SIZE(apic_idts); i++) {
		if (events_traced || flags_traced)
			aim_at_stub(apic_idts[i].vector);
		else
			aim_gate(&apic_idts[i]);
	}
	protect_range((u64)idt_table, PAGE_SIZE, PAGE_KERNEL_RO);
}

static void trace_gates(bool on)
{
	events_traced = on;
	aim_gates();
}

static void trace_flags_gates(bool on)
{
	flags_traced = on;
	aim_gates();
}

int idt_setup_apic_and_irq_gates(void)
{
	int err;

	idt_setup_from_table(idt_table, apic_idts, ARRAY_SIZE(apic_idts), true);
	for (u32 v = FIRST_EXTERNAL_VECTOR; v < NR_VECTORS; v++) {
		if (!is_system_vector(v))
			set_intr_gate(v, stub_of(v));
	}
	err = map_range(CPU_ENTRY_IDT, (u64)idt_table, PAGE_SIZE,
			PAGE_KERNEL_RO);
	if (!err)
		err = protect_range((u64)idt_table, PAGE_SIZE, PAGE_KERNEL_RO);
	if (!err)
		load_current_idt();
	trace_gates_hook = trace_gates;
	lockdep_gates_hook = trace_flags_gates;
	return err;
}
