// SPDX-License-Identifier: MIT
/*
 * test_pf_try.c - see pf.h: one access, judged in full against the model.
 */
#include <asm/msr-index.h>
#include <ktest/insn_user.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "pf.h"

/* By the gate, and DF by our entry code. */
#define CLEARED                                                          \
	(X86_EFLAGS_IF | X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_RF | \
	 X86_EFLAGS_DF)

#define MINE "the manual's"
#define SAME(what, got, want) \
	ktest_check(__FILE__, __LINE__, what, OP_EQ, MINE, got, want)

/* What is to come, and what came. */
struct one_try {
	enum pf_who who;
	struct pf_mode mode;
	struct pf_ask ask;
	u64 addr;
	u64 ip, flags, sp; /* a fault saves these */
	struct catch_frame frame;
	u64 taken; /* page faults since */
};

struct pf_mode pf_mode_now(void)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	return (struct pf_mode){
		.wp = cr0 & X86_CR0_WP,
		.nxe = rdmsr(MSR_EFER) & EFER_NX,
		.smep = cr4 & X86_CR4_SMEP,
		.smap = cr4 & X86_CR4_SMAP,
		.pke = cr4 & X86_CR4_PKE,
		.pks = cr4 & X86_CR4_PKS,
		.gbpages = cpu_has(X86_FEATURE_GBPAGES),
		.amd = boot_cpu_data.vendor != VENDOR_INTEL,
		.maxphyaddr = boot_cpu_data.phys_bits,
		.pkru = cr4 & X86_CR4_PKE ? rdpkru() : 0,
		.pkrs = cr4 & X86_CR4_PKS ? (u32)rdmsr(MSR_IA32_PKRS) : 0,
	};
}

static void by_cpl_0(struct one_try *t)
{
	static const struct {
		void (*fn)(void *);
		char *at;
	} insn[2][3] = {
		{ { insn_mem_read, insn_mem_read_at },
		  { insn_mem_write, insn_mem_write_at },
		  { insn_mem_fetch, insn_mem_fetch_at } },
		{ { insn_mem_read_ac, insn_mem_read_ac_at },
		  { insn_mem_write_ac, insn_mem_write_ac_at },
		  { insn_mem_fetch_ac, insn_mem_fetch_ac_at } },
	};
	bool ac = t->who == CPL0_AC;
	enum pf_access a = t->ask.access;

	catch_run(&t->frame, CATCH_VALUE, insn[ac][a].fn, (void *)t->addr);
	t->ip = a == PF_FETCH ? t->addr : (u64)insn[ac][a].at;
	t->flags = (t->frame.flags & ~X86_EFLAGS_STATUS) | X86_EFLAGS_RF |
		   (ac ? X86_EFLAGS_AC : 0);
	/* catch_call() pushed RBP and a return address, a CALL one more. */
	t->sp = t->frame.sp - (ac && a == PF_FETCH ? 24 : 16);
}

static void by_cpl_3(struct one_try *t)
{
	static char *const at[] = { user_read, user_write, user_jump };
	enum pf_access a = t->ask.access;
	struct pt_regs *regs = user_regs((u64)at[a]);

	regs->di = t->addr;
	regs->flags |= t->who == CPL3_AC ? X86_EFLAGS_AC : 0;
	t->frame.trap = catch_user(regs);
	if (t->frame.trap.nr == 0x80)
		t->frame.trap.nr = TRAP_NONE;
	t->ip = a == PF_FETCH ? t->addr : (u64)at[a];
	t->flags = regs->flags | X86_EFLAGS_RF;
	t->sp = regs->sp;
}

static void check_fault(const struct one_try *t, const struct pf_answer *a)
{
	const struct trap *got = &t->frame.trap;
	bool cpl3 = t->ask.cpl3;
	/* P beside RSVD: reserved_bit_is_told_for_each_access alone. */
	u64 open = a->open | (a->code & X86_PF_RSVD ? X86_PF_PROT : 0);

	SAME("error code", got->error_code & ~open, a->code & ~open);
	SAME("CR2", got->cr2, t->addr);
	SAME("saved RIP", got->ip, t->ip);
	SAME("saved RFLAGS", got->flags & ~X86_EFLAGS_STATUS, t->flags);
	SAME("saved RSP", got->sp, t->sp);
	SAME("saved CS", got->cs, cpl3 ? __USER_CS : __KERNEL_CS);
	SAME("saved SS", got->ss, cpl3 ? __USER_DS : __KERNEL_DS);
	SAME("stack", got->stack, cpl3 ? STACK_ENTRY : STACK_TASK);
	SAME("pushed from", got->handler_sp,
	     cpl3 ? stack_top(smp_processor_id(), STACK_ENTRY)
		  : ALIGN_DOWN(t->sp, 16));
	SAME("RFLAGS in the handler", got->handler_flags & CLEARED, 0);
}

/* The combination, once it failed. */
static void name_it(const struct one_try *t)
{
	static const char *const who[] = { "CPL 0", "CPL 0 with AC", "CPL 3",
					   "CPL 3 with AC" };
	static const char *const what[] = { "read", "write", "fetch" };
	const struct pf_mode *m = &t->mode;

	ktest_note("%s of 0x%llx at %s", what[t->ask.access],
		   (unsigned long long)t->addr, who[t->who]);
	for (int i = 0; i < t->ask.levels; i++)
		ktest_note("entry of level %d: 0x%016llx", t->ask.levels - i,
			   (unsigned long long)t->ask.entry[i]);
	ktest_note("WP %u NXE %u SMEP %u SMAP %u PKE %u PKS %u "
		   "PKRU 0x%x PKRS 0x%x MAXPHYADDR %u",
		   m->wp, m->nxe, m->smep, m->smap, m->pke, m->pks, m->pkru,
		   m->pkrs, m->maxphyaddr);
}

bool pf_try(enum pf_who who, enum pf_access access, u64 va)
{
	static struct one_try t;
	struct pf_answer want;
	u64 before = trap_count(X86_TRAP_PF);

	memset(&t, 0, sizeof(t));
	t.who = who;
	t.mode = pf_mode_now();
	t.ask = (struct pf_ask){ .access = access,
				 .cpl3 = who >= CPL3,
				 .ac = who == CPL0_AC || who == CPL3_AC,
				 .levels = pf.levels };
	for (int i = 0; i < pf.levels; i++)
		t.ask.entry[i] = READ_ONCE(*pf.entry[i]);
	want = pf_model(&t.mode, &t.ask);
	t.addr = va + (access != PF_FETCH ? DATA_AT
		       : t.ask.cpl3	  ? INT80_AT
					  : RET_AT);
	(t.ask.cpl3 ? by_cpl_3 : by_cpl_0)(&t);
	if (ktest_check_trap(__FILE__, __LINE__, "the access", t.frame.trap.nr,
			     want.fault ? X86_TRAP_PF : TRAP_NONE) &&
	    want.fault)
		check_fault(&t, &want);
	SAME("page faults taken", trap_count(X86_TRAP_PF) - before, want.fault);
	if (!ktest_ok())
		name_it(&t);
	return ktest_ok();
}

void pf_try_all(u64 va)
{
	for (u32 who = 0; who < NR_WHO; who++) {
		for (u32 access = 0; access <= PF_FETCH; access++) {
			if (!pf_try(who, access, va))
				return;
		}
	}
}

/* The bits of dims as i says, the others as they are. */
static void set_mode(u64 cr0, u64 cr4, u32 dims, u32 i)
{
	if (dims & DIM_WP)
		cr0 = (cr0 & ~X86_CR0_WP) | (i & DIM_WP ? X86_CR0_WP : 0);
	if (dims & DIM_SMEP)
		cr4 = (cr4 & ~X86_CR4_SMEP) | (i & DIM_SMEP ? X86_CR4_SMEP : 0);
	if (dims & DIM_SMAP)
		cr4 = (cr4 & ~X86_CR4_SMAP) | (i & DIM_SMAP ? X86_CR4_SMAP : 0);
	write_cr0(cr0);
	write_cr4(cr4);
}

void pf_each_mode(u32 dims, void (*fn)(void *arg), void *arg)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	if (!cpu_has(X86_FEATURE_SMEP))
		dims &= ~DIM_SMEP;
	if (!cpu_has(X86_FEATURE_SMAP))
		dims &= ~DIM_SMAP;
	for (u32 i = 0; i < 8 && ktest_ok(); i++) {
		if (i & ~dims)
			continue;
		set_mode(cr0, cr4, dims, i);
		fn(arg);
	}
	write_cr4(cr4);
	write_cr0(cr0);
}

void pf_faults(const struct place *at, void (*fn)(void *), u64 arg, u64 code,
	       u64 cr2)
{
	u64 before = trap_count(X86_TRAP_PF);
	struct trap got = catch_trap(fn, (void *)arg);

	if (!ktest_check_trap(at->file, at->line, at->text, got.nr,
			      X86_TRAP_PF))
		return;
	ktest_check(at->file, at->line, at->text, OP_EQ, "the error code",
		    got.error_code, code);
	ktest_check(at->file, at->line, at->text, OP_EQ, "CR2", got.cr2, cr2);
	SAME("stack", got.stack, STACK_TASK);
	SAME("IF in the handler", got.handler_flags & X86_EFLAGS_IF, 0);
	SAME("saved RF", got.flags & X86_EFLAGS_RF, X86_EFLAGS_RF);
	SAME("page faults taken", trap_count(X86_TRAP_PF) - before, 1);
}
