// SPDX-License-Identifier: MIT
/*
 * The registers: who the APIC says it is, what can be written and read back.
 *
 * Spec: SDM 3A "Local APIC Register Address Map", "Local APIC Version
 *       Register", "Local APIC ID"; APM 2 "Local APIC Registers".
 */
#include "lapic_case.h"

#include <acpi/tables.h>
#include <cpu/cpufeature.h>

#define VERSION_RULE "SDM 3A Local APIC Version Register"
#define MAP_RULE     "SDM 3A Local APIC Register Address Map"
#define AMD_EXTENDED BIT(31) /* registers from 0x400 on exist */

TEST(lapic, version_is_that_of_an_integrated_apic, VERSION_RULE)
{
	u32 lvr = apic_read(APIC_LVR);

	EXPECT_EQ(lvr & 0xf0, 0x10);
	EXPECT_EQ(lvr & 0x7e00ff00 & ~(u32)AMD_EXTENDED, 0);
	EXPECT_GE(lapic_lvt_count(), 4);
	EXPECT_LE(lapic_lvt_count(), 7);
}

TEST(lapic, id_is_the_initial_apic_id_of_cpuid, "SDM 3A Local APIC ID")
{
	EXPECT_EQ(lapic_id() & 0xff, cpuid_count(1, 0).ebx >> 24);
}

TEST(lapic, id_is_the_x2apic_id_of_cpuid, "SDM 3A Local APIC ID")
{
	u32 id = lapic_id();

	if (boot_cpu_data.max_leaf < 0xb || !cpuid_count(0xb, 0).ebx)
		SKIP(return, "CPUID has no leaf 0BH");
	EXPECT_EQ(cpuid_count(0xb, 0).edx, apic_is_x2apic ? id : id & 0xff);
}

TEST(lapic, the_madt_lists_this_id_as_enabled,
     "ACPI 6.5 Multiple APIC Description Table (MADT)")
{
	const struct acpi_madt *m = &acpi_tables.madt;
	u32 found = 0;

	if (!m->present)
		SKIP(return, "there is no MADT");
	for (u32 i = 0; i < m->nr_cpus; i++)
		found += m->cpu[i].enabled && m->cpu[i].apic_id == lapic_id();
	EXPECT_EQ(found, 1);
}

TEST(lapic, the_boot_cpu_is_flagged_in_apic_base,
     "SDM 3A Local APIC Status and Location")
{
	u64 base = rdmsr(MSR_IA32_APICBASE);

	EXPECT_TRUE(base & MSR_IA32_APICBASE_BSP);
	EXPECT_TRUE(base & MSR_IA32_APICBASE_ENABLE);
	EXPECT_EQ(!!(base & MSR_IA32_APICBASE_EXTD), apic_is_x2apic);
	EXPECT_TRUE(cpu_has(X86_FEATURE_APIC));
}

/* What is written must come back; all values are legal and silent. */
struct readback {
	u16 reg;
	u8 lvts; /* exists when there are this many LVTs */
	u32 val;
	u32 mask; /* what of it is the register's */
};

#define M APIC_LVT_MASKED

/* clang-format off */
static const struct readback readbacks[] = {
	{ APIC_TASKPRI, 0, 0xff,		0xff },
	{ APIC_TASKPRI, 0, 0x5a,		0xff },
	{ APIC_SPIV,	0, 0x1ff,		0x1ff },
	{ APIC_SPIV,	0, 0x13f,		0x1ff },
	{ APIC_SPIV,	0, 0x1cf,		0x1ff },
	{ APIC_TMICT,	0, 0xffffffff,		0xffffffff },
	{ APIC_TMICT,	0, 0xa5a5a5a5,		0xffffffff },
	{ APIC_TDCR,	0, APIC_TDR_DIV_1,	0xf },
	{ APIC_TDCR,	0, APIC_TDR_DIV_2,	0xf },
	{ APIC_TDCR,	0, APIC_TDR_DIV_4,	0xf },
	{ APIC_TDCR,	0, APIC_TDR_DIV_8,	0xf },
	{ APIC_TDCR,	0, APIC_TDR_DIV_16,	0xf },
	{ APIC_TDCR,	0, APIC_TDR_DIV_32,	0xf },
	{ APIC_TDCR,	0, APIC_TDR_DIV_64,	0xf },
	{ APIC_TDCR,	0, APIC_TDR_DIV_128,	0xf },
	{ APIC_LVTT,	0, M | 0x55,		0x100ff },
	{ APIC_LVTT,	0, M | 0xaa | APIC_LVT_TIMER_PERIODIC, 0x300ff },
	{ APIC_LVT0,	0, M | 0x55,		0x1a7ff },
	{ APIC_LVT0,	0, M | 0xaa | APIC_LVT_POLARITY_LOW, 0x1a7ff },
	{ APIC_LVT0,	0, M | 0x31 | APIC_LVT_LEVEL_TRIGGER, 0x1a7ff },
	{ APIC_LVT0,	0, M | APIC_DM_NMI,	0x1a7ff },
	{ APIC_LVT0,	0, M | APIC_DM_EXTINT,	0x1a7ff },
	{ APIC_LVT1,	0, M | 0x55,		0x1a7ff },
	{ APIC_LVT1,	0, M | 0xaa | APIC_LVT_POLARITY_LOW, 0x1a7ff },
	{ APIC_LVT1,	0, M | APIC_DM_NMI,	0x1a7ff },
	{ APIC_LVTERR,	0, M | 0x55,		0x100ff },
	{ APIC_LVTERR,	0, M | 0xaa,		0x100ff },
	{ APIC_LVTPC,	5, M | 0x55,		0x107ff },
	{ APIC_LVTPC,	5, M | APIC_DM_NMI,	0x107ff },
	{ APIC_LVTTHMR,	6, M | 0xaa,		0x107ff },
	{ APIC_LVTTHMR,	6, M | APIC_DM_NMI,	0x107ff },
	{ APIC_LVTCMCI,	7, M | 0x55,		0x107ff },
	{ APIC_LVTCMCI,	7, M | APIC_DM_NMI,	0x107ff },
};

static const struct readback xapic_readbacks[] = {
	{ APIC_LDR,	0, 0xff000000,		0xff000000 },
	{ APIC_LDR,	0, 0x12000000,		0xff000000 },
	{ APIC_DFR,	0, APIC_DFR_CLUSTER,	0xffffffff },
	{ APIC_DFR,	0, APIC_DFR_FLAT,	0xffffffff },
	{ APIC_ICR2,	0, 0xff000000,		0xff000000 },
	{ APIC_ICR2,	0, 0x5a000000,		0xff000000 },
};
/* clang-format on */

static void judge_readback(const struct readback *row, u32 n)
{
	struct lapic_regs saved;

	local_irq_disable();
	lapic_save(&saved);
	for (u32 i = 0; i < n; i++, row++) {
		if (row->lvts > lapic_lvt_count())
			continue;
		apic_write(row->reg, row->val);
		if (!EXPECT_EQ(apic_read(row->reg) & row->mask, row->val))
			ktest_note("register 0x%03x", row->reg);
	}
	lapic_put_back(&saved);
	local_irq_enable();
}

TEST(lapic, registers_read_back_what_was_written, MAP_RULE)
{
	judge_readback(readbacks, ARRAY_SIZE(readbacks));
}

TEST(lapic, xapic_destination_registers_read_back, MAP_RULE,
     .needs = NEEDS_XAPIC)
{
	judge_readback(xapic_readbacks, ARRAY_SIZE(xapic_readbacks));
}

/* Nothing pending, nothing served: all 24 words are clear but for TMR. */
TEST(lapic, nothing_is_pending_or_in_service_at_rest, MAP_RULE)
{
	local_irq_disable();
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
	EXPECT_TRUE(lapic_only(APIC_IRR, -1));
	local_irq_enable();
	EXPECT_EQ(apic_read(APIC_TASKPRI), 0);
	EXPECT_EQ(apic_read(APIC_PROCPRI), 0);
}

/* In x2APIC mode such a write is #GP: test_lapic_x2apic.c. */
TEST(lapic, xapic_read_only_registers_ignore_writes, MAP_RULE,
     .needs = NEEDS_XAPIC)
{
	static const u16 regs[] = { APIC_LVR,	     APIC_PROCPRI,
				    APIC_ISR + 0x20, APIC_TMR + 0x20,
				    APIC_IRR + 0x20, APIC_TMCCT };

	local_irq_disable();
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		u32 was = apic_read(regs[i]);

		apic_write(regs[i], ~was);
		if (!EXPECT_EQ(apic_read(regs[i]), was))
			ktest_note("register 0x%03x", regs[i]);
	}
	lapic_esr();
	local_irq_enable();
}
