// SPDX-License-Identifier: MIT
/*
 * A descriptor at the end of the GDT: all its bytes, eight or, a system
 * segment's or a call gate's in IA-32e mode, sixteen, lie within the limit.
 *
 * Spec: SDM 3A "Limit Checking in 64-bit Mode", "System Descriptor Types"; SDM
 *       2A "LLDT", "LTR", "CALL"; APM 2 "System Descriptors".
 */
#include <asm/special_insns.h>
#include <ktest/insn_seg.h>
#include <ktest/insn_syscall.h>
#include <lib/string.h>

#include "call_gate.h"

#define RULE	 "SDM 3A Limit Checking in 64-bit Mode; APM 2 System Descriptors"
#define SLOT	 CG_SLOT
#define SEL	 (SLOT * 8)
#define LDT_DESC 2 /* its type */

static void fill_tss_desc(void)
{
	memcpy(&probe.gdt[SLOT], &probe.gdt[GDT_ENTRY_TSS], 16);
	probe.gdt[SLOT].type = DESC_TSS_AVAILABLE;
}

/* Eight bytes of memory that nobody reads. */
static void fill_ldt_desc(void)
{
	fill_tss_desc();
	probe.gdt[SLOT].type = LDT_DESC;
	probe.gdt[SLOT].limit0 = 7;
}

static void fill_data(void)
{
	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_KERNEL_DS];
}

static void fill_gate(void)
{
	cg_gate(insn_sc_target_int);
}

static const u16 far_pointer[] = { 0, 0, SEL };

static const struct user_of_it {
	const char *name;
	void (*fill)(void);
	void (*insn)(void *);
	void *arg;
	u32 size;
	bool leaves; /* by DL_BACK, from the gate's target */
} table[] = {
	{ "LTR", fill_tss_desc, insn_ltr, (void *)SEL, 16, false },
	{ "LLDT", fill_ldt_desc, insn_lldt, (void *)SEL, 16, false },
	{ "MOV ES", fill_data, insn_mov_es, (void *)SEL, 8, false },
	{ "CALL", fill_gate, (void (*)(void *))insn_sc_lcall,
	  (void *)far_pointer, 16, true },
};

static u16 limit; /* of the GDT while the instruction runs */

static void with_limit(void *arg)
{
	const struct user_of_it *u = arg;
	struct desc_ptr gdt = { limit, (u64)probe.gdt };

	load_gdt(&gdt);
	u->insn(u->arg);
	load_ldt(0);
}

static void judge(const struct user_of_it *u, u32 bytes)
{
	u->fill();
	limit = (u16)(SEL + bytes - 1);
	probe_clear();
	probe_call(with_limit, (void *)u);
	if (bytes < u->size) {
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_GP, SEL, u->insn);
		EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	} else {
		EXPECT_EQ(probe.hits, u->leaves);
		EXPECT_EQ(probe.count[DL_BACK], u->leaves);
	}
	if (!ktest_ok())
		ktest_note("%s, %u bytes within", u->name, bytes);
}

TEST(delivery, a_descriptor_partly_beyond_the_gdt_is_gp, RULE)
{
	static const u32 bytes[] = { 0, 1, 7, 8, 15, 16 };

	probe.use_tss = true;
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		for (u32 n = 0; n < ARRAY_SIZE(bytes); n++)
			judge(&table[i], bytes[n]);
}
