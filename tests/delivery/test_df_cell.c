// SPDX-License-Identifier: MIT
/*
 * One cell of the double-fault table: make the delivery of a first event fail,
 * and judge #DF, or the second event as it must arrive by itself.
 *
 * Of #DF, the saved CS and RIP are undefined and not judged. EXT in the code
 * of the second event is a subject of its own: test_ext.c.
 *
 * Not made: a TSS with an absent page between its slots, since SDM 3A "Task-
 * State Segment" warns against a page boundary inside; an IDT limit below the
 * gates of 0 to 7, since #DF's lies higher; RSP0's slot beyond the TSS limit,
 * since all IST slots lie higher, so that only shutdown is left
 * (selftest.triple_fault_by_tss).
 */
#include <asm/special_insns.h>
#include <ktest/insn_fpu.h>
#include <mm/page_alloc.h>

#include "df.h"

SUITE(df, .setup = probe_reset, .teardown = probe_teardown,
      .uses = USES_APIC_TIMER);

/* Flags that say nothing here: #DE leaves them undefined. */
#define IGNORED ((u64)X86_EFLAGS_STATUS)

/* SDM 3A, table "Interrupt and Exception Classes". */
enum df_class { BENIGN, CONTRIBUTORY, PAGE_FAULT };

static enum df_class class_of(u32 nr)
{
	if (nr == X86_TRAP_PF)
		return PAGE_FAULT;
	return nr == X86_TRAP_DE || nr == X86_TRAP_CP ||
			       (nr >= X86_TRAP_TS && nr <= X86_TRAP_GP)
		       ? CONTRIBUTORY
		       : BENIGN;
}

/* SDM 3A, table "Conditions for Generating a Double Fault". */
static bool is_double(enum df_class first, u32 second)
{
	return first == PAGE_FAULT ||
	       (first == CONTRIBUTORY && class_of(second) == CONTRIBUTORY);
}

static struct pt_regs start_of(const struct first *f)
{
	struct pt_regs regs =
		f->user ? user_regs(f->insn) : kernel_regs(f->insn);

	if (f->compat) {
		regs.cs = __USER32_CS;
		regs.sp = 0x12345678;
	}
	regs.flags |= f->flags;
	regs.ax = f->ax;
	regs.dx = f->dx;
	return regs;
}

static void prepare(const struct first *f)
{
	probe_reset();
	probe.use_tss = true;
	probe.tss->ist[IST_DF - 1] = probe_stack(IST_DF);
	for (u32 ist = 5; ist <= NR_IST; ist++)
		probe.tss->ist[ist - 1] = probe_stack(ist);
	probe_gate(DL_BACK)->bits.dpl = 3;
	if (f->source >= NMI)
		probe_take_gate(f->nr);
	if (f->source == SOFTWARE)
		probe_gate(f->nr)->bits.dpl = 3;
	probe.gdt[GDT_ENTRY_NOT_PRESENT].dpl = f->user ? 3 : 0;
	probe.gdt[DF_SLOT] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[DF_SLOT].p = 0; /* for NP_CODE */
	if (f->ts) {
		df_limit_tss();
		probe_gate(DL_INT)->bits.ist = NR_IST;
		probe_gate(DL_INT)->bits.dpl = 3;
	}
	df_cr2_range(f->dx, 1); /* a first #PF has it from there */
}

/* What the first NMI's stub is to make of the second one. */
static const struct pt_regs *nmi_regs;
static enum second nmi_how;

static void reload_tables(void)
{
	struct desc_ptr idt = { .size = probe.idt_limit,
				.address = (u64)probe.idt };
	struct desc_ptr gdt = { .size = GDT_ENTRIES * 8 - 1,
				.address = (u64)probe.gdt };

	probe.gdt[GDT_ENTRY_TSS].type = DESC_TSS_AVAILABLE;
	load_gdt(&gdt);
	load_tr(__TSS_SEL);
	load_idt(&idt);
}

/*
 * An NMI hits where it likes; one that pended while another was being served
 * hits at that one's IRETQ, wherever it goes. Only then is the gate spoilt.
 */
static enum probe_action aim_nmi(struct probe_regs *regs)
{
	struct iret_frame *frame = (struct iret_frame *)regs->top;

	apic_send_nmi(this_cpu(apic_id));
	udelay(50); /* it need not come any sooner */
	df_spoil(nmi_how, X86_TRAP_NMI, 5);
	reload_tables();
	probe.hook[X86_TRAP_NMI] = NULL;
	probe_clear();
	*frame = *(const struct iret_frame *)&nmi_regs->ip;
	return PROBE_RETURN;
}

static void send_nmi_and_enter(void *regs)
{
	apic_send_nmi(this_cpu(apic_id));
	probe_enter(regs);
}

static void raise_nmi(const struct pt_regs *regs, enum second how)
{
	struct pt_regs wait = kernel_regs(insn_df_wait);

	wait.cx = 1000000;
	nmi_regs = regs;
	nmi_how = how;
	probe.hook[X86_TRAP_NMI] = aim_nmi;
	run_by(send_nmi_and_enter, &wait);
}

/* Raise f with the CPU in the state it takes. */
static void raise(const struct first *f, const struct pt_regs *regs)
{
	struct sse_op masked = { .mxcsr = 0x1f80 };
	u64 cr0 = read_cr0(), flags = local_irq_save();

	if (f->source == EXTERNAL)
		EXPECT_TRUE(pend(f->nr));
	if (f->nr == X86_TRAP_NM)
		write_cr0(cr0 | X86_CR0_TS);
	if (f->source == BREAKPOINT) {
		write_dr0((u64)f->insn);
		write_dr7(DR7_FIXED | DR7_G(0));
	}
	run(regs);
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	write_cr0(cr0);
	fninit();
	insn_ldmxcsr(&masked);
	local_irq_restore(flags);
}

static bool cr2_is_right(void)
{
	return EXPECT_GE(probe.hit[0].cr2, df_cr2) &
	       EXPECT_LT(probe.hit[0].cr2, df_cr2 + df_cr2_len);
}

static bool judge_df(const struct first *f, u32 nr)
{
	const struct probe_hit *hit = &probe.hit[0];
	bool ok = EXPECT_EQ(hit->vector, X86_TRAP_DF);

	if (!ok)
		return false;
	ok &= EXPECT_EQ(hit->top[0], 0);
	ok &= EXPECT_EQ(hit->sp, sp_coded(probe_stack(IST_DF)));
	ok &= EXPECT_EQ(hit->cs, __KERNEL_CS);
	ok &= EXPECT_EQ(hit->flags & X86_EFLAGS_IF, 0);
	if (f->nr == X86_TRAP_PF || nr == X86_TRAP_PF)
		ok &= cr2_is_right();
	return ok;
}

/* The flags of the frame, and those the handler began with. */
static bool judge_flags(const struct first *f, u64 start)
{
	u64 ignored = IGNORED, rf = X86_EFLAGS_RF;
	u64 cleared = X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_IF | rf;

	if (f->source >= BREAKPOINT)
		ignored |= rf;
	return EXPECT_EQ(coded(0)->flags & ~ignored, (start | rf) & ~ignored) &
	       EXPECT_EQ(probe.hit[0].flags & ~IGNORED,
			 start & ~cleared & ~IGNORED);
}

/*
 * Intel: a fault of ICEBP's delivery is one of the INT1 instruction; AMD's
 * manual has no page for it, so behind it will do.
 */
static bool rip_is_right(const struct first *f)
{
	u64 ip = coded(0)->ip, want = (u64)(f->at ? f->at : f->insn);

	if (f->source == ICEBP && boot_cpu_data.vendor != VENDOR_INTEL &&
	    ip == want + 1)
		ip = want;
	if (f->end)
		return EXPECT_GE(ip, want) & EXPECT_LT(ip, (u64)f->end);
	return EXPECT_EQ(ip, want);
}

static u64 may_set_ext(const struct first *f, u32 second)
{
	return f->source == SOFTWARE || second == X86_TRAP_PF ? 0 : CODE_EXT;
}

static bool judge_serial(const struct first *f, const struct later *want,
			 u32 gate, const struct pt_regs *regs, u64 top)
{
	const struct probe_hit *hit = &probe.hit[0];
	u64 code = want->idt ? IDT_CODE(gate) : want->code;
	u64 ext = may_set_ext(f, want->nr);
	bool ok = EXPECT_EQ(hit->vector, want->nr);

	if (!ok)
		return false;
	if (f->judge_ext)
		return EXPECT_EQ(hit->top[0], code | ext);
	ok &= EXPECT_EQ(hit->top[0] & ~ext, code);
	ok &= EXPECT_EQ(hit->cs, __KERNEL_CS);
	ok &= EXPECT_EQ(hit->ss, f->user ? 0 : __KERNEL_DS);
	if (want->nr == X86_TRAP_PF)
		ok &= cr2_is_right();
	ok &= rip_is_right(f);
	ok &= EXPECT_EQ(hit->sp, sp_coded(top));
	ok &= EXPECT_EQ(coded(0)->cs, regs->cs);
	ok &= EXPECT_EQ(coded(0)->sp, regs->sp);
	ok &= EXPECT_EQ(coded(0)->ss, regs->ss);
	return ok & judge_flags(f, regs->flags);
}

static bool reachable(const struct first *f, enum second how)
{
	if (f->judge_ext && (df_later[how].nr == X86_TRAP_SS ||
			     df_later[how].nr == X86_TRAP_PF))
		return false; /* #SS(0) is said to be just that */
	if (how >= SS_RSP0)
		return f->user;
	return how != GP_LIMIT || f->nr > X86_TRAP_DF;
}

/* False: there is no way to. */
static bool bring_about(const struct first *f, const struct pt_regs *regs,
			enum second how)
{
	if (f->source == COMPANION)
		return df_raise_mc(regs);
	if (f->source == NMI)
		raise_nmi(regs, how);
	else
		raise(f, regs);
	return true;
}

/* False: the first event never came, so that no other cell can be right. */
static bool df_cell(const struct first *f, enum second how)
{
	struct pt_regs regs = start_of(f);
	u32 nr = df_later[how].nr;
	bool aborts = is_double(class_of(f->nr), nr), ok;
	u64 top = f->user ? probe_stack(0) : regs.sp;

	prepare(f);
	if (!aborts && how >= SS_RSP0) {
		probe_gate(nr)->bits.ist = 6;
		top = probe_stack(6);
	}
	if (f->source != NMI)
		df_spoil(how, f->nr, 5);
	/* #PF's own gate is gone with those of 10 to 13: PF, then PF. */
	if (how == PF_IDT && f->nr > X86_TRAP_DF && f->nr < X86_TRAP_PF) {
		aborts = true;
		df_cr2_range((u64)probe_gate(X86_TRAP_PF), sizeof(gate_desc));
	}
	probe.eoi[nr] = probe.eoi[X86_TRAP_DF] = f->source == EXTERNAL;
	ok = bring_about(f, &regs, how);
	unmap_range(DF_VA, 2 * PAGE_SIZE);
	if (!ok)
		return false;
	ok = EXPECT_EQ(probe.hits, 1);
	ok &= aborts ? judge_df(f, nr)
		     : judge_serial(f, &df_later[how], f->nr, &regs, top);
	if (!ok)
		ktest_note("%s, then %s", f->name, df_later[how].name);
	return probe.hit[0].vector != DL_BACK;
}

static bool begin(const struct first *f)
{
	if (f->compat && (u64)f->insn >> 32)
		SKIP(return false, "the image lies above 4 GiB");
	df_pages = alloc_pages(2);
	return EXPECT_NE(df_pages, 0);
}

void df_row(const struct first *f)
{
	if (!begin(f))
		return;
	for (u32 how = 0; how < NR_SECONDS; how++) {
		if (reachable(f, how) && !df_cell(f, how))
			break;
	}
	free_pages(df_pages, 2);
}

void df_chain(const struct first *f, enum second second, enum second third)
{
	struct pt_regs regs = start_of(f);
	u32 nr = df_later[second].nr;
	bool aborts = is_double(class_of(nr), df_later[third].nr), ok;

	if (!begin(f))
		return;
	prepare(f);
	df_spoil(second, f->nr, 5);
	df_spoil(third, nr, 6);
	raise(f, &regs);
	ok = EXPECT_EQ(probe.hits, 1);
	ok &= aborts ? judge_df(f, df_later[third].nr)
		     : judge_serial(f, &df_later[third], nr, &regs, regs.sp);
	if (!ok)
		ktest_note("%s, then %s, then %s", f->name,
			   df_later[second].name, df_later[third].name);
	free_pages(df_pages, 2);
}
