// SPDX-License-Identifier: MIT
/*
 * The twelve ways in which test_df_cell.c makes a delivery fail.
 *
 * Spec: SDM 2A INT n "Operation"; SDM 3A "64-Bit Mode IDT", "64-Bit Mode TSS".
 */
#include <lib/string.h>

#include "df.h"

#define SEL	 (DF_SLOT * 8)
#define PF_WRITE 2

const struct later df_later[NR_SECONDS] = {
	[TS_IST] = { "#TS (IST slot)", X86_TRAP_TS, false, __TSS_SEL },
	[NP_GATE] = { "#NP (gate)", X86_TRAP_NP, true, 0 },
	[NP_CODE] = { "#NP (code segment)", X86_TRAP_NP, false, SEL },
	[SS_IST] = { "#SS (IST not canonical)", X86_TRAP_SS, false, 0 },
	[GP_TYPE] = { "#GP (gate type)", X86_TRAP_GP, true, 0 },
	[GP_SELECTOR] = { "#GP (selector)", X86_TRAP_GP, false, __KERNEL_DS },
	[GP_LIMIT] = { "#GP (IDT limit)", X86_TRAP_GP, true, 0 },
	[PF_STACK] = { "#PF (IST stack)", X86_TRAP_PF, false, PF_WRITE },
	[PF_IDT] = { "#PF (IDT)", X86_TRAP_PF, false, 0 },
	[PF_GDT] = { "#PF (GDT)", X86_TRAP_PF, false, 0 },
	[SS_RSP0] = { "#SS (RSP0 not canonical)", X86_TRAP_SS, false, 0 },
	[PF_RSP0] = { "#PF (RSP0)", X86_TRAP_PF, false, PF_WRITE },
};

u64 df_pages, df_cr2, df_cr2_len;

void df_cr2_range(u64 from, u64 bytes)
{
	df_cr2 = from;
	df_cr2_len = bytes;
}

void df_limit_tss(void)
{
	probe.gdt[GDT_ENTRY_TSS].limit0 = DF_TSS_LIMIT;
}

/* A copy of table at DF_VA whose byte `at` begins the second page. */
static void *split(const void *table, u64 size, u64 at, bool first_absent)
{
	u64 start = PAGE_SIZE - at, va = first_absent ? PAGE_SIZE : 0;

	memcpy((void *)(df_pages + start), table, size);
	EXPECT_EQ(map_range(DF_VA + va, df_pages + va, PAGE_SIZE, PAGE_KERNEL),
		  0);
	return (void *)(DF_VA + start);
}

static void spoil_stack(u32 nr, u32 ist, u64 top)
{
	probe_gate(nr)->bits.ist = ist;
	probe.tss->ist[ist - 1] = top;
}

/*
 * The gates of 0 to 7 absent, or all from the one in question on: #DF's is
 * present in both, #PF's only in the first and for 15 and more.
 */
static void spoil_idt(u32 nr)
{
	u32 from = nr < X86_TRAP_DF ? X86_TRAP_DF : nr;

	probe.idt = split(probe.idt, NR_VECTORS * sizeof(gate_desc),
			  from * sizeof(gate_desc), nr < X86_TRAP_DF);
	df_cr2_range((u64)probe_gate(nr), sizeof(gate_desc));
}

static void spoil_gdt(u32 nr)
{
	probe_gate(nr)->segment = SEL;
	probe.gdt = split(probe.gdt, GDT_ENTRIES * 8, SEL, false);
	df_cr2_range((u64)&probe.gdt[DF_SLOT], 8);
}

static void spoil_gate(enum second how, gate_desc *gate)
{
	if (how == NP_GATE)
		gate->bits.p = 0;
	else if (how == NP_CODE)
		gate->segment = SEL;
	else if (how == GP_TYPE)
		gate->bits.type = GATE_CALL;
	else if (how == GP_SELECTOR)
		gate->segment = __KERNEL_DS;
}

void df_spoil(enum second how, u32 nr, u32 ist)
{
	spoil_gate(how, probe_gate(nr));
	switch (how) {
	case TS_IST:
		df_limit_tss();
		probe_gate(nr)->bits.ist = NR_IST;
		break;
	case SS_IST:
		spoil_stack(nr, ist, BIT(62));
		break;
	case GP_LIMIT:
		probe.idt_limit = (u16)(nr * sizeof(gate_desc) - 1);
		break;
	case PF_STACK:
		spoil_stack(nr, ist, ABSENT + ist * PAGE_SIZE);
		df_cr2_range(ABSENT + ist * PAGE_SIZE - 8, 1);
		break;
	case PF_IDT:
		spoil_idt(nr);
		break;
	case PF_GDT:
		spoil_gdt(nr);
		break;
	case SS_RSP0:
		probe.tss->sp[0] = BIT(62);
		break;
	case PF_RSP0:
		probe.tss->sp[0] = ABSENT;
		df_cr2_range(ABSENT - 8, 1);
		break;
	default:
		break;
	}
}
