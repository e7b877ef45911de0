// SPDX-License-Identifier: MIT
/* gate.c - IDT gates from rows of idt_data. Pure. */
#include <cpu/desc.h>

void idt_init_desc(gate_desc *gate, const struct idt_data *row)
{
	u64 addr = (u64)row->addr;

	*gate = (gate_desc){
		.offset_low = (u16)addr,
		.segment = __KERNEL_CS,
		.bits = { .ist = row->ist,
			  .type = GATE_INTERRUPT,
			  .dpl = row->dpl,
			  .p = 1 },
		.offset_middle = (u16)(addr >> 16),
		.offset_high = (u32)(addr >> 32),
	};
}

u64 gate_offset(const gate_desc *gate)
{
	return gate->offset_low | (u64)gate->offset_middle << 16 |
	       (u64)gate->offset_high << 32;
}
