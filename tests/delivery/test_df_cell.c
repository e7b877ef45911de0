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
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "df.h"

SUITE(df, .setup = probe_reset, .teardown = probe_teardown);

#define SLOT	  10 /* free in our GDT */
#define SEL	  (SLOT * 8)
#define TSS_LIMIT (offsetof(struct tss, ist[NR_IST - 1]) - 1)
#define PF_WRITE  2

/* Flags that say nothing here: #DE leaves them undefined. */
#define ARITHMETIC 0x8d5ull

/* The later one of a pair, as it must look. */
struct later {
	const char *name;
	u8 nr;
	bool idt; /* the code is the gate's index */
	u16 code;
};

static const struct later later[NR_SECONDS] = {
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

static u64 pages;    /* two, for a table that lies half in DF_VA's */
static u64 cr2, len; /* where the later one, if #PF, may find CR2 */

static void range(u64 from, u64 bytes)
{
	cr2 = from;
	len = bytes;
}

static void limit_tss(void)
{
	probe.gdt[GDT_ENTRY_TSS].limit0 = TSS_LIMIT;
}

/* A copy of table at DF_VA whose byte `at` begins the second page. */
static void *split(const void *table, u64 size, u64 at, bool first_absent)
{
	u64 start = PAGE_SIZE - at, va = first_absent ? PAGE_SIZE : 0;

	memcpy((void *)(pages + start), table, size);
	EXPECT_EQ(map_range(DF_VA + va, pages + va, PAGE_SIZE, PAGE_KERNEL), 0);
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
	range((u64)probe_gate(nr), sizeof(gate_desc));
}

static void spoil_gdt(u32 nr)
{
	probe_gate(nr)->segment = SEL;
	probe.gdt = split(probe.gdt, GDT_ENTRIES * 8, SEL, false);
	range((u64)&probe.gdt[SLOT], 8);
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

static void spoil(enum second how, u32 nr, u32 ist)
{
	spoil_gate(how, probe_gate(nr));
	switch (how) {
	case TS_IST:
		limit_tss();
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
		range(ABSENT + ist * PAGE_SIZE - 8, 1);
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
		range(ABSENT - 8, 1);
		break;
	default:
		break;
	}
}

/* SDM 3A, table "Interrupt and Exception Classes". */
enum df_class { BENIGN, CONTRIBUTORY, PAGE_FAULT };

static enum df_class class_of(u32 nr)
{
	if (nr == X86_TRAP_PF)
		return PAGE_FAULT;
	return nr == X86_TRAP_DE || (nr >= X86_TRAP_TS && nr <= X86_TRAP_GP)
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
	if (f->nr == X86_TRAP_NMI)
		probe_take_gate(X86_TRAP_NMI);
	if (f->source == SOFTWARE)
		probe_gate(f->nr)->bits.dpl = 3;
	probe.gdt[GDT_ENTRY_NOT_PRESENT].dpl = f->user ? 3 : 0;
	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[SLOT].p = 0; /* for NP_CODE */
	if (f->ts) {
		limit_tss();
		probe_gate(DL_INT)->bits.ist = NR_IST;
		probe_gate(DL_INT)->bits.dpl = 3;
	}
	range(f->dx, 1); /* a first #PF has it from there */
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
	udelay(WAIT_DEFAULT_US / 1000);
	spoil(nmi_how, X86_TRAP_NMI, 5);
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
	return EXPECT_GE(probe.hit[0].cr2, cr2) &
	       EXPECT_LT(probe.hit[0].cr2, cr2 + len);
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
	u64 ignored = ARITHMETIC, rf = X86_EFLAGS_RF;
	u64 cleared = X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_IF | rf;

	if (f->source >= BREAKPOINT)
		ignored |= rf;
	return EXPECT_EQ(coded(0)->flags & ~ignored, (start | rf) & ~ignored) &
	       EXPECT_EQ(probe.hit[0].flags & ~ARITHMETIC,
			 start & ~cleared & ~ARITHMETIC);
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
	if (f->judge_ext &&
	    (later[how].nr == X86_TRAP_SS || later[how].nr == X86_TRAP_PF))
		return false; /* #SS(0) is said to be just that */
	if (how >= SS_RSP0)
		return f->user;
	return how != GP_LIMIT || f->nr > X86_TRAP_DF;
}

/* False: the first event never came, so that no other cell can be right. */
static bool df_cell(const struct first *f, enum second how)
{
	struct pt_regs regs = start_of(f);
	u32 nr = later[how].nr;
	bool aborts = is_double(class_of(f->nr), nr), ok;
	u64 top = f->user ? probe_stack(0) : regs.sp;

	prepare(f);
	if (!aborts && how >= SS_RSP0) {
		probe_gate(nr)->bits.ist = 6;
		top = probe_stack(6);
	}
	if (f->source != NMI)
		spoil(how, f->nr, 5);
	/* #PF's own gate is gone with those of 10 to 13: PF, then PF. */
	if (how == PF_IDT && f->nr > X86_TRAP_DF && f->nr < X86_TRAP_PF) {
		aborts = true;
		range((u64)probe_gate(X86_TRAP_PF), sizeof(gate_desc));
	}
	probe.eoi[nr] = probe.eoi[X86_TRAP_DF] = f->source == EXTERNAL;
	if (f->source == NMI)
		raise_nmi(&regs, how);
	else
		raise(f, &regs);
	unmap_range(DF_VA, 2 * PAGE_SIZE);
	ok = EXPECT_EQ(probe.hits, 1);
	ok &= aborts ? judge_df(f, nr)
		     : judge_serial(f, &later[how], f->nr, &regs, top);
	if (!ok)
		ktest_note("%s, then %s", f->name, later[how].name);
	return probe.hit[0].vector != DL_BACK;
}

static bool begin(const struct first *f)
{
	if (f->compat && (u64)f->insn >> 32)
		SKIP(return false, "the image lies above 4 GiB");
	pages = alloc_pages(2);
	return EXPECT_NE(pages, 0);
}

void df_row(const struct first *f)
{
	if (!begin(f))
		return;
	for (u32 how = 0; how < NR_SECONDS; how++) {
		if (reachable(f, how) && !df_cell(f, how))
			break;
	}
	free_pages(pages, 2);
}

void df_chain(const struct first *f, enum second second, enum second third)
{
	struct pt_regs regs = start_of(f);
	u32 nr = later[second].nr;
	bool aborts = is_double(class_of(nr), later[third].nr), ok;

	if (!begin(f))
		return;
	prepare(f);
	spoil(second, f->nr, 5);
	spoil(third, nr, 6);
	raise(f, &regs);
	ok = EXPECT_EQ(probe.hits, 1);
	ok &= aborts ? judge_df(f, later[third].nr)
		     : judge_serial(f, &later[third], nr, &regs, regs.sp);
	if (!ok)
		ktest_note("%s, then %s, then %s", f->name, later[second].name,
			   later[third].name);
	free_pages(pages, 2);
}
