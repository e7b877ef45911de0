// SPDX-License-Identifier: MIT
/*
 * An NMI on each instruction of the NMI entry itself, and of its exit. An
 * instruction breakpoint brings a #DB there; its handler leaves one more NMI
 * latched, and its IRETQ lets that in, exactly at that instruction. What the
 * first NMI interrupted must come back whole, and no NMI may be lost.
 *
 * The program is a slide of NOPs with a pattern in every register, RFLAGS and
 * even RSP (which leads nowhere: the entry has no business there).
 *
 * Spec: SDM 3A "Handling Multiple NMIs"; src/entry/nmi.S.
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/irqflags.h>
#include <entry/idt.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <trap/syscall.h>
#include <trap/traps.h>

#include "judge.h"
#include "nmi.h"

#define RULE   "SDM 3A Handling Multiple NMIs"
#define SWAPGS "SDM 2B SWAPGS; SDM 3A Nonmaskable Interrupt (NMI)"
/* Of a stub, or a little more: what follows is not met. */
#define ENTRY_SIZE    96
#define PARANOID_SIZE 256
#define USER_GS	      0x00001234567890a0ull
#define NMI_SIZE      ((u32)(nmi_exit_end - (char *)asm_exc_nmi))
#define NOWHERE	      0xdead0000dead0008ull /* no address, and never used as one */
#define STATUS	      (X86_EFLAGS_STATUS | X86_EFLAGS_DF | X86_EFLAGS_FIXED)

extern char nmi_again[], nmi_repeat[], nmi_iretq[], nmi_exit_end[];
extern char nmi_from_user[];
extern char return_from_event[], native_irq_return_user[];
extern char asm_common_interrupt[], asm_traced_interrupt[];
extern char entry_SYSCALL_64[], entry_SYSRETQ[];

/* A breakpoint, and what happened at it. */
struct point {
	u64 addr;
	u32 hits;
	u32 runs; /* begun when it sent its NMI */
};

static struct {
	struct pt_regs start;	/* of the slide */
	struct point at[2];	/* DR0 and DR1; an address of 0 is none */
	bool unlatched;		/* no NMI at its start */
	u32 runs, foreign;	/* of the NMI handler; not of the slide */
	u32 bad_regs, bad_gs;	/* what a run found */
	u64 kernel_gs, gs, kgs; /* the last two: when the slide ended */
} sweep;

static bool on_point(struct pt_regs *regs, void *data)
{
	u64 dr6 =
		regs->vector == X86_TRAP_DB ? this_cpu(debug_dr6) : read_dr6();

	write_dr6(DR6_RESERVED);
	regs->flags |= X86_EFLAGS_RF;
	for (u32 i = 0; i < ARRAY_SIZE(sweep.at); i++) {
		if (!(dr6 & DR_TRAP0 << i) || sweep.at[i].hits++)
			continue;
		sweep.at[i].runs = sweep.runs;
		latch_nmi();
	}
	return true;
}

static bool same_regs(const struct pt_regs *regs)
{
	const struct pt_regs *start = &sweep.start;
	u64 len = user_nmi_slide_end - user_nmi_slide;

	return !memcmp(regs, start, offsetof(struct pt_regs, vector)) &&
	       regs->ip - start->ip <= len && regs->cs == start->cs &&
	       regs->sp == start->sp && regs->ss == start->ss &&
	       (regs->flags & ~(u64)X86_EFLAGS_RF) == start->flags;
}

static bool on_nmi(struct pt_regs *regs, void *data)
{
	sweep.runs++;
	if (rdmsr(MSR_GS_BASE) != sweep.kernel_gs)
		sweep.bad_gs++;
	/* In another event's entry: a way's, or the NMI's that left CPL 3. */
	if (sweep.unlatched || (user_mode(&sweep.start) && !user_mode(regs)))
		sweep.foreign++;
	else if (!same_regs(regs))
		sweep.bad_regs++;
	if (sweep.unlatched && regs->ip != sweep.at[0].addr)
		sweep.bad_regs++; /* not where it was meant to be */
	return true;
}

static __no_stack_protector enum probe_action on_back(struct probe_regs *regs)
{
	sweep.gs = rdmsr(MSR_GS_BASE);
	sweep.kgs = rdmsr(MSR_KERNEL_GS_BASE);
	return PROBE_LEAVE;
}

static void start_regs(bool user)
{
	struct pt_regs *r = &sweep.start;
	u64 *gpr = (u64 *)r;

	for (u32 i = 0; i < 15; i++)
		gpr[i] = 0x0101010101010101ull * (0x11 + i * 13) ^ BIT(i);
	r->flags = STATUS;
	r->ip = (u64)(user ? user_nmi_slide : insn_nmi_slide);
	r->cs = user ? __USER_CS : __KERNEL_CS;
	r->ss = user ? __USER_DS : __KERNEL_DS;
	r->sp = NOWHERE;
}

static void set_points(void)
{
	u64 dr7 = DR7_FIXED;

	write_dr0(sweep.at[0].addr);
	write_dr1(sweep.at[1].addr);
	for (u32 i = 0; i < ARRAY_SIZE(sweep.at); i++) {
		if (sweep.at[i].addr)
			dr7 |= DR7_G(i);
	}
	write_dr6(DR6_RESERVED);
	write_dr7(dr7);
}

/* IF=0, on the scratch IDT: does not return, the slide's end does. */
static void into_slide(void *arg)
{
	if (!sweep.unlatched)
		latch_nmi();
	set_points();
	probe_enter(arg);
}

/* One slide, one NMI at its start, one more at each point that is hit. */
static void run_slide(u64 addr, u64 trigger)
{
	static struct pt_regs regs;

	sweep.at[0] = (struct point){ .addr = addr };
	sweep.at[1] = (struct point){ .addr = trigger };
	sweep.runs = sweep.foreign = sweep.bad_regs = sweep.bad_gs = 0;
	regs = sweep.start;
	probe_clear();
	probe_call(into_slide, &regs);
	write_dr7(DR7_FIXED);
	raised_nmis(sweep.runs); /* what merged, judge_slide() knows */
}

/* What the manual and nmi.S promise of that run; false: it was broken. */
static void judge_slide(const char *what, u64 offset)
{
	const struct probe_hit *back = &probe.hit[0];
	const struct iret_frame *end = (const struct iret_frame *)back->top;
	bool user = user_mode(&sweep.start);
	u32 first = !sweep.unlatched, points = 0, least = first;

	for (u32 i = 0; i < ARRAY_SIZE(sweep.at); i++) {
		if (!sweep.at[i].hits)
			continue;
		/* A run begins after each, and not only the first NMI's. */
		if (!points++)
			least++;
		least = max(least, sweep.at[i].runs + 1);
	}
	/* Two that wait for the same run are one, in the CPU as in nmi.S. */
	EXPECT_LE(sweep.runs, first + points);
	EXPECT_GE(sweep.runs, least);
	EXPECT_EQ(sweep.bad_regs, 0);
	EXPECT_EQ(sweep.bad_gs, 0);
	EXPECT_EQ(sweep.foreign,
		  user || sweep.unlatched ? sweep.runs - first : 0);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(back->vector, NMI_BACK);
	EXPECT_EQ(memcmp(&back->regs, &sweep.start,
			 offsetof(struct pt_regs, vector)),
		  0);
	EXPECT_EQ(end->sp, sweep.start.sp);
	EXPECT_EQ(end->flags & ~(u64)X86_EFLAGS_RF, sweep.start.flags);
	EXPECT_EQ(sweep.gs, user ? USER_GS : sweep.kernel_gs);
	EXPECT_EQ(sweep.kgs, user ? sweep.kernel_gs : USER_GS);
	if (!ktest_ok())
		ktest_note("the NMI came at %s+0x%llx", what,
			   (unsigned long long)offset);
}

/* An address where no instruction begins is no point; returns how many were. */
static u32 sweep_range(const char *what, const void *from, u32 size,
		       const void *trigger)
{
	u64 first = (u64)from;
	u32 insns = 0;

	for (u32 i = 0; i < size && ktest_ok(); i++) {
		if (first + i == (u64)trigger)
			continue;
		run_slide(first + i, (u64)trigger);
		judge_slide(what, i);
		insns += sweep.at[0].hits > 0;
	}
	return insns;
}

static u64 saved_gs;

static bool sweep_begin(bool user)
{
	memset(&sweep, 0, sizeof(sweep));
	if (!EXPECT_EQ(probe_reset(), 0))
		return false;
	saved_gs = rdmsr(MSR_KERNEL_GS_BASE);
	wrmsr(MSR_KERNEL_GS_BASE, USER_GS);
	sweep.kernel_gs = rdmsr(MSR_GS_BASE);
	start_regs(user);
	live_gate(X86_TRAP_DB);
	probe_gate(NMI_BACK)->bits.ist = IST_TEST_A;
	probe_gate(NMI_BACK)->bits.dpl = 3;
	probe.hook[NMI_BACK] = on_back;
	trap_hook(X86_TRAP_DB, on_point, NULL);
	trap_hook(X86_TRAP_NMI, on_nmi, NULL);
	return true;
}

static void sweep_end(void)
{
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	wrmsr(MSR_KERNEL_GS_BASE, saved_gs);
	probe_teardown();
}

/* From CPL 0, with one more NMI always at trigger, if there is one. */
static void sweep_nmi(const char *trigger)
{
	if (!sweep_begin(false))
		return;
	run_slide(0, (u64)trigger);
	judge_slide("no point", 0);
	EXPECT_EQ(sweep.at[1].hits > 0, trigger != NULL);
	/* nmi_finish_entry() does the first ones, where one nests there. */
	EXPECT_GE(sweep_range("asm_exc_nmi", asm_exc_nmi, NMI_SIZE, trigger),
		  trigger == (char *)asm_exc_nmi ? 50 : 75);
	sweep_end();
}

TEST(nmi, nests_at_each_instruction_of_its_entry_and_exit, RULE)
{
	sweep_nmi(NULL);
}

/* The nested one's own instructions, and those of the second run. */
TEST(nmi, a_third_at_each_instruction_while_one_nests_in_the_handler, RULE)
{
	sweep_nmi(nmi_repeat);
}

TEST(nmi, a_third_at_each_instruction_while_one_nests_in_the_entry, RULE)
{
	sweep_nmi((char *)asm_exc_nmi);
}

TEST(nmi, a_third_at_each_instruction_while_one_nests_before_the_iret, RULE)
{
	sweep_nmi(nmi_iretq);
}

/*
 * #MC comes without being asked, also there: its entry takes #DB's place, for
 * which neither has an error code. Where it may strike is all that counts.
 */
TEST(nmi, nests_where_a_machine_check_interrupts_its_entry, RULE)
{
	if (!sweep_begin(false))
		return;
	probe.idt[X86_TRAP_DB] = probe.idt[X86_TRAP_MC];
	trap_hook(X86_TRAP_MC, on_point, NULL);
	EXPECT_GE(sweep_range("asm_exc_nmi", asm_exc_nmi, NMI_SIZE, NULL), 75);
	sweep_end();
}

TEST(nmi, nests_at_each_instruction_of_its_way_from_cpl_3_and_back, RULE)
{
	if (!sweep_begin(true))
		return;
	run_slide(0, 0);
	judge_slide("no point", 0);
	EXPECT_GE(sweep_range("asm_exc_nmi", asm_exc_nmi, NMI_SIZE, NULL), 12);
	EXPECT_GE(sweep_range("nmi_from_user", nmi_from_user, ENTRY_SIZE, NULL),
		  20);
	sweep_end();
}

/* A way in and out on which the user's GS may be live at CPL 0. */
struct way {
	const char *name;
	bool user;
	u32 vector;
	const char *program;
	const void *entry;
	u32 size, least; /* bytes; instructions of them that must be met */
	u64 sp;		 /* 0: NOWHERE */
};

static bool count(struct pt_regs *regs, void *data)
{
	(*(u32 *)data)++;
	return true;
}

static irqreturn_t count_irq(int irq, void *data)
{
	(*(u32 *)data)++;
	return IRQ_HANDLED;
}

/* SYSCALL leaves RIP and RFLAGS in RCX and R11: there they are already. */
static void handle_by(u32 vector, u32 *handled)
{
	if (vector == TRAP_SYSCALL) {
		sweep.start.cx = (u64)user_nmi_syscall_at;
		sweep.start.r11 = sweep.start.flags;
		syscall_hook(count, handled);
		return;
	}
	live_gate(vector);
	probe_gate(vector)->bits.dpl = 3;
	if (vector < NR_EXCEPTIONS)
		trap_hook(vector, count, handled);
	else
		EXPECT_EQ(irq_claim_vector(vector, count_irq, handled), 0);
}

/*
 * An NMI at each instruction runs with the kernel's GS and puts back the one
 * it found; the event it came in is handled once, and all returns as it was.
 */
static void sweep_way(const struct way *w)
{
	u32 handled = 0;

	if (!sweep_begin(w->user))
		return;
	sweep.unlatched = true;
	sweep.start.ip = (u64)w->program;
	if (w->sp)
		sweep.start.sp = w->sp;
	handle_by(w->vector, &handled);
	run_slide(0, 0);
	judge_slide(w->name, 0);
	EXPECT_EQ(handled, 1);
	EXPECT_GE(sweep_range(w->name, w->entry, w->size, NULL), w->least);
	EXPECT_EQ(handled, 1 + w->size);
	sweep_end();
}

TEST(nmi, around_swapgs_of_an_exceptions_entry, SWAPGS)
{
	sweep_way(&(const struct way){ "asm_exc_overflow", true, X86_TRAP_OF,
				       user_nmi_int_4, asm_exc_overflow,
				       ENTRY_SIZE, 20, 0 });
}

TEST(nmi, around_swapgs_of_an_ist_exceptions_entry, SWAPGS)
{
	sweep_way(&(const struct way){
		"asm_exc_machine_check", true, X86_TRAP_MC, user_nmi_int_18,
		asm_exc_machine_check, PARANOID_SIZE, 20, 0 });
}

/* It came from CPL 0, between two SWAPGS. */
TEST(nmi, around_wrgsbase_of_an_ist_exceptions_entry, SWAPGS)
{
	sweep_way(&(const struct way){
		"asm_exc_machine_check", false, X86_TRAP_MC, insn_nmi_int_18,
		asm_exc_machine_check, PARANOID_SIZE, 50, 0 });
}

TEST(nmi, around_swapgs_of_an_interrupts_entry, SWAPGS)
{
	char *entry =
		lockdep_on() ? asm_traced_interrupt : asm_common_interrupt;

	sweep_way(&(const struct way){ "asm_common_interrupt", true, NMI_DEVICE,
				       user_nmi_int_device, entry, ENTRY_SIZE,
				       20, 0 });
}

TEST(nmi, around_swapgs_of_the_way_back_to_cpl_3, SWAPGS)
{
	u32 size = (u32)(native_irq_return_user - return_from_event) + 2;

	sweep_way(&(const struct way){ "return_from_event", true, X86_TRAP_OF,
				       user_nmi_int_4, return_from_event, size,
				       20, 0 });
}

/* SYSCALL keeps the user's RSP, too, for some instructions at CPL 0. */
static void sweep_syscall(u64 sp)
{
	u32 size = (u32)(entry_SYSRETQ - entry_SYSCALL_64) + 3;

	sweep_way(&(const struct way){ "entry_SYSCALL_64", true, TRAP_SYSCALL,
				       user_nmi_syscall, entry_SYSCALL_64, size,
				       50, sp });
}

TEST(nmi, around_swapgs_of_syscall_and_sysret, SWAPGS)
{
	sweep_syscall(0);
}

/* CPL 3 may have any RSP: this one looks as if a handler had been hit. */
TEST(nmi, around_swapgs_of_syscall_with_an_rsp_in_the_nmi_stack, SWAPGS)
{
	u64 top = stack_top(smp_processor_id(), STACK_IST1 + IST_NMI - 1);

	sweep_syscall(top - 88);
}
