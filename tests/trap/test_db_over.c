// SPDX-License-Identifier: MIT
/*
 * #DB by single step, over one instruction of each kind that a CPU or a
 * hypervisor treats apart: one #DB right behind it, DR6.BS alone, TF still in
 * the saved image; then one behind each NOP that follows.
 *
 * Spec: SDM 3B "Single-Step Exception Condition"; APM 2 "Single Stepping".
 */
#include <apic/ioapic.h>
#include <asm/msr-index.h>
#include <cpu/cpufeature.h>
#include <dev/hpet.h>
#include <trap/extable.h>

#include "db.h"
#include "nmi.h"

#define RULE "SDM 3B Single-Step Exception Condition"

/* Steps first..n-1 of those noted lead to at, at + 1, ... */
static void expect_steps(u32 first, const char *at)
{
	for (u32 i = first; i < min(db.n, (u32)DB_EVENTS); i++) {
		EXPECT_EQ(db.at[i].ip, at + (i - first));
		EXPECT_EQ(db.at[i].dr6, DR6_RESERVED | DR_STEP);
		EXPECT_EQ(db.at[i].flags & X86_EFLAGS_TF, X86_EFLAGS_TF);
	}
}

/* One step over the instruction, two over the NOPs. */
static void step_run(const char *at)
{
	db.start.flags |= X86_EFLAGS_TF;
	db_run();
	EXPECT_EQ(db.n, 3);
	expect_steps(0, at);
}

static struct pt_regs *regs;

/* Words for the instruction to pop, lowest first. */
static void stack_words(u32 n, const u64 *word)
{
	u64 *sp = (u64 *)regs->sp;

	for (u32 i = 0; i < n; i++)
		sp[i] = word[i];
}

#define STACK(...) \
	stack_words(sizeof((u64[]){ __VA_ARGS__ }) / 8, (u64[]){ __VA_ARGS__ })

#define STEP_OVER(name, ...)                           \
	TEST(db, step_over_##name, RULE)               \
	{                                              \
		const char *at = insn_one_##name##_at; \
                                                       \
		regs = db_begin(insn_one_##name);      \
		__VA_ARGS__;                           \
		step_run(at);                          \
	}

#define LOAD_RDX_RAX(val) (regs->ax = (u32)(val), regs->dx = (u64)(val) >> 32)

STEP_OVER(nop)
STEP_OVER(rdtsc)
STEP_OVER(rdmsr, regs->cx = MSR_EFER)
STEP_OVER(wrmsr, regs->cx = MSR_KERNEL_GS_BASE;
	  LOAD_RDX_RAX(rdmsr(MSR_KERNEL_GS_BASE)))
STEP_OVER(to_dr0)
STEP_OVER(from_dr0)
STEP_OVER(to_cr8)
STEP_OVER(from_cr0)
STEP_OVER(invlpg)
STEP_OVER(swapgs)
STEP_OVER(cli)
STEP_OVER(out)
STEP_OVER(push)
STEP_OVER(xchg)
STEP_OVER(jcc)
STEP_OVER(loop, regs->cx = 1)
STEP_OVER(jmp)
STEP_OVER(call)
STEP_OVER(ret, STACK((u64)at))
STEP_OVER(lret, STACK((u64)at, __KERNEL_CS))
STEP_OVER(iret, STACK((u64)at, __KERNEL_CS, X86_EFLAGS_FIXED | X86_EFLAGS_TF,
		      regs->sp + 40, __KERNEL_DS))
STEP_OVER(popf, STACK(X86_EFLAGS_FIXED | X86_EFLAGS_TF))
STEP_OVER(rep_0)
STEP_OVER(lidt, *(struct desc_ptr *)regs->di = ((struct desc_ptr){
			.size = probe.idt_limit, .address = (u64)probe.idt }))
STEP_OVER(lgdt, store_gdt((struct desc_ptr *)regs->di))

/* The image of PUSHF has the TF it ran with. */
TEST(db, step_over_pushf, RULE)
{
	regs = db_begin(insn_one_pushf);
	step_run(insn_one_pushf_at);
	EXPECT_EQ(((u64 *)regs->sp)[-1], X86_EFLAGS_FIXED | X86_EFLAGS_TF);
}

TEST(db, step_comes_after_each_iteration_of_rep_outs, RULE)
{
	regs = db_begin(insn_one_rep_out);
	regs->cx = 3;
	regs->flags |= X86_EFLAGS_TF;
	db_run();
	EXPECT_EQ(db.n, 5);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(db.at[i].ip, insn_one_rep_out);
		EXPECT_EQ(db.at[i].cx, 2 - i);
	}
	expect_steps(2, insn_one_rep_out_at);
}

/* The gate clears TF: no step in the handler, none for the INT itself. */
static void over_int(const char *at, u32 vector)
{
	regs->flags |= X86_EFLAGS_TF;
	db_run();
	EXPECT_EQ(probe.count[vector], 1);
	EXPECT_EQ(db.n, 2);
	expect_steps(0, at + 1);
}

TEST(db, int_n_is_not_stepped_but_what_it_returns_to, "SDM 3B Single-Step")
{
	regs = db_begin(insn_one_int_n);
	over_int(insn_one_int_n_at, STEP_INT);
}

TEST(db, int3_is_not_stepped_but_what_it_returns_to, "SDM 3B Single-Step")
{
	regs = db_begin(insn_one_int3);
	over_int(insn_one_int3_at, X86_TRAP_BP);
}

/* With BTF only what jumps is a step. The CPU clears BTF with each. */
TEST(db, btf_steps_on_branches, "SDM 3B Single-Stepping on Branches")
{
	u64 ctl, back;

	if (rdmsr_safe(MSR_IA32_DEBUGCTL, &ctl) ||
	    wrmsr_safe(MSR_IA32_DEBUGCTL, ctl | DEBUGCTL_BTF) ||
	    rdmsr_safe(MSR_IA32_DEBUGCTL, &back) || !(back & DEBUGCTL_BTF))
		SKIP(return, "DEBUGCTL.BTF cannot be set here");
	regs = db_begin(insn_one_nops);
	regs->flags |= X86_EFLAGS_TF;
	db_run();
	EXPECT_EQ(db.n, 0);
	wrmsr(MSR_IA32_DEBUGCTL, ctl | DEBUGCTL_BTF);
	regs = db_begin(insn_one_jmp);
	step_run(insn_one_jmp_at);
	wrmsr(MSR_IA32_DEBUGCTL, ctl);
}

static struct hpet_setup rescue;

/* Intel: a debug exception is one of the few that end a HLT with IF=0. */
TEST(db, step_over_hlt, RULE "; SDM 2A HLT", .needs = NEEDS_HPET | NEEDS_IOAPIC,
     .uses = USES_HPET | USES_PIT)
{
	union ioapic_rte rte = { .delivery_mode = APIC_DM_NMI >> 8,
				 .dest = this_cpu(apic_id) };
	struct hpet_timer_state saved;
	int gsi = hpet_pick_gsi(0, 0xfffef8); /* not 0 to 2, nor 8 */

	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "AMD's manual lets no debug exception end a HLT");
	if (gsi < 0)
		SKIP(return, "HPET timer 0 has no IOAPIC input of its own");
	rescue = (struct hpet_setup){ .route = HPET_ROUTE_IOAPIC,
				      .gsi = (u8)gsi };
	regs = db_begin(insn_one_hlt);
	regs->flags |= X86_EFLAGS_TF;
	probe_take_gate(X86_TRAP_NMI);
	probe.action[X86_TRAP_NMI] = PROBE_RETURN;
	hpet_timer_save(0, &saved);
	gsi_write_rte((u32)gsi, rte);
	hpet_oneshot(0, &rescue, hpet_ns_to_ticks(20000000));
	db_run();
	gsi_write_rte((u32)gsi, (union ioapic_rte){ .masked = 1 });
	hpet_timer_stop(0);
	hpet_timer_restore(0, &saved);
	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_DB);
	EXPECT_EQ(db.n, 3);
	expect_steps(0, insn_one_hlt_at);
}
