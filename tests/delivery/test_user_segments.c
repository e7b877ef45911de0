// SPDX-License-Identifier: MIT
/*
 * Segment registers loaded at CPL 3, on a scratch GDT: which descriptor is
 * refused, by #GP, #NP or #SS, with its selector as the error code.
 *
 * Spec: SDM 2B "MOV", "POP", exceptions in 64-bit mode; SDM 3A "Privilege Level
 *       Checking When Accessing Data Segments", "Interrupt 11" to "13"; APM 2
 *       "Segment-Protection Checks".
 */
#include <ktest/insn_user_fault.h>
#include <lib/string.h>

#include "delivery.h"

#define RULE                                                               \
	"SDM 2B MOV; SDM 3A Privilege Level Checking When Accessing Data " \
	"Segments"

/* Free slots of the GDT, as selectors with RPL 3. */
#define SLOT	 12
#define SEL	 (SLOT * 8 + 3)
#define SEL_DPL0 ((SLOT + 1) * 8 + 3)

struct load {
	const char *name, *at, *end;
};

#define L(reg)                                         \
	{                                              \
#reg, uf_mov_##reg, uf_mov_##reg##_end \
	}
static const struct load data_registers[] = { L(ds), L(es), L(fs), L(gs) };
static const struct load stack_register = L(ss);

/* A flat data segment of CPL 3, to be spoilt. */
static union desc_struct *slot(u32 n)
{
	probe.gdt[n] = probe.gdt[GDT_ENTRY_USER_DS];
	return &probe.gdt[n];
}

static void begin(void)
{
	EXPECT_EQ(probe_reset(), 0);
	probe.use_tss = true;
	probe_gate(IA32_SYSCALL_VECTOR)->bits.dpl = 3;
	slot(SLOT);
}

static struct pt_regs load_regs(const struct load *l, u16 sel)
{
	struct pt_regs regs = user_regs(l->at);

	regs.ax = sel;
	return regs;
}

static void refused(const struct load *l, u16 sel, u32 nr, u64 code)
{
	struct pt_regs regs = load_regs(l, sel);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	if (!EXPECT_EQ(probe.hit[0].vector, nr)) {
		ktest_note("%s with 0x%x", l->name, sel);
		return;
	}
	EXPECT_EQ(probe.hit[0].top[0], code);
	EXPECT_EQ(coded(0)->ip, l->at);
	EXPECT_EQ(coded(0)->cs, __USER_CS);
	EXPECT_EQ(coded(0)->flags, regs.flags | X86_EFLAGS_RF);
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_EQ(coded(0)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
}

static void loaded(const struct load *l, u16 sel)
{
	struct pt_regs regs = load_regs(l, sel);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	if (!EXPECT_EQ(probe.hit[0].vector, IA32_SYSCALL_VECTOR))
		ktest_note("%s with 0x%x", l->name, sel);
	EXPECT_EQ(plain(0)->ip, l->end + 2);
	if (l == &stack_register)
		EXPECT_EQ(plain(0)->ss, sel);
}

/* GS's selector outlives the case, unlike the others: NULL again. */
static void end(void)
{
	loaded(&data_registers[3], 0);
}

static void each_refused(u16 sel, u32 nr, u64 code)
{
	for (u32 i = 0; i < ARRAY_SIZE(data_registers); i++)
		refused(&data_registers[i], sel, nr, code);
}

TEST(np, user_data_segment_not_present, RULE)
{
	begin();
	slot(SLOT)->p = 0;
	each_refused(SEL, X86_TRAP_NP, SEL & ~3);
}

TEST(ss, user_stack_segment_not_present, RULE)
{
	begin();
	loaded(&stack_register, SEL);
	slot(SLOT)->p = 0;
	refused(&stack_register, SEL, X86_TRAP_SS, SEL & ~3);
}

/* Privilege, and type, are looked at before the P bit. */
TEST(np, user_privilege_outranks_presence, RULE)
{
	begin();
	slot(SLOT + 1)->dpl = 0;
	probe.gdt[SLOT + 1].p = 0;
	each_refused(SEL_DPL0, X86_TRAP_GP, SEL_DPL0 & ~3);
	refused(&stack_register, SEL_DPL0, X86_TRAP_GP, SEL_DPL0 & ~3);
}

/* Both CPL and RPL must be at most DPL: 0, 1 and 2 are beyond reach. */
TEST(gp, user_data_segment_of_each_privilege, RULE)
{
	begin();
	for (u32 dpl = 0; dpl <= 3; dpl++)
		for (u16 rpl = 0; rpl <= 3; rpl++) {
			u16 sel = SLOT * 8 + rpl;

			slot(SLOT)->dpl = dpl;
			if (dpl < 3)
				each_refused(sel, X86_TRAP_GP, SLOT * 8);
			else
				for (u32 i = 0; i < 4; i++)
					loaded(&data_registers[i], sel);
		}
	end();
}

/* A stack's DPL and RPL are exactly CPL. */
TEST(gp, user_stack_segment_of_each_privilege, RULE)
{
	begin();
	for (u32 dpl = 0; dpl <= 3; dpl++)
		for (u16 rpl = 0; rpl <= 3; rpl++) {
			u16 sel = SLOT * 8 + rpl;

			slot(SLOT)->dpl = dpl;
			if (dpl < 3 || rpl < 3)
				refused(&stack_register, sel, X86_TRAP_GP,
					SLOT * 8);
			else
				loaded(&stack_register, sel);
		}
}

/* Types 0 to 15: data loads but execute-only, a stack writable data. */
TEST(gp, user_segment_of_each_type, RULE)
{
	begin();
	for (u32 type = 0; type < 16; type++) {
		bool code = type & 8, second = type & 2; /* read, or write */

		slot(SLOT)->type = type | 1; /* accessed: nothing is written */
		if (code && !second)
			each_refused(SEL, X86_TRAP_GP, SLOT * 8);
		else
			for (u32 i = 0; i < 4; i++)
				loaded(&data_registers[i], SEL);
		if (!code && second)
			loaded(&stack_register, SEL);
		else
			refused(&stack_register, SEL, X86_TRAP_GP, SLOT * 8);
	}
	end();
}

/* Conforming code may be read from any CPL, whatever its DPL. */
TEST(gp, user_conforming_code_is_data_of_any_privilege, RULE)
{
	begin();
	slot(SLOT)->type = 0xf; /* code, conforming, readable, accessed */
	probe.gdt[SLOT].dpl = 0;
	for (u32 i = 0; i < ARRAY_SIZE(data_registers); i++)
		loaded(&data_registers[i], SEL);
	end();
}

TEST(gp, user_system_segment, RULE)
{
	begin();
	slot(SLOT)->s = 0;
	each_refused(SEL, X86_TRAP_GP, SLOT * 8);
	refused(&stack_register, SEL, X86_TRAP_GP, SLOT * 8);
}

/* The selector's own bits: TI and index come back, RPL does not. */
TEST(gp, user_selector_beyond_its_table, RULE)
{
	static const struct {
		u16 sel, code;
	} beyond[] = { { 0xffff, 0xfffc },
		       { GDT_ENTRIES * 8 + 3, GDT_ENTRIES * 8 },
		       { 0x000f, 0x000c },
		       { 0x0007, 0x0004 } };

	begin();
	for (u32 i = 0; i < ARRAY_SIZE(beyond); i++) {
		each_refused(beyond[i].sel, X86_TRAP_GP, beyond[i].code);
		refused(&stack_register, beyond[i].sel, X86_TRAP_GP,
			beyond[i].code);
	}
}

TEST(gp, user_null_selector_is_for_data_alone, RULE)
{
	begin();
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		for (u32 i = 0; i < ARRAY_SIZE(data_registers); i++)
			loaded(&data_registers[i], rpl);
		refused(&stack_register, rpl, X86_TRAP_GP, 0);
	}
	end();
}
