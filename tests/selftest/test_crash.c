// SPDX-License-Identifier: MIT
/*
 * crash - ways to crash, one a case, for the reports they print: their whole
 * text is compared by tests/qemu/report.t with tests/qemu/golden/. They run
 * only when tests= names the suite; each fails, and the run goes on.
 *
 * The statement that crashes ends in a comment that golden.py looks for, so
 * that its line may move; where it is the compiler's choice, each line it may
 * choose does. So that every compiler leaves the same frames, functions are
 * __noinline, insn_ret() makes them build one, and barrier() keeps a call from
 * becoming a jump.
 */
#include <apic/lapic.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <console/console.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <irq/irq.h>
#include <ktest/insn.h>
#include <ktest/insn_crash.h>
#include <ktest/insn_delivery.h>
#include <ktest/insn_seg.h>
#include <ktest/insn_user.h>
#include <ktest/ktest.h>
#include <ktest/probe.h>
#include <ktest/raised.h>
#include <mm/paging.h>
#include <trap/report.h>
#include <trap/traps.h>

#define RULE   "irqbed src/trap/report.c: every unexpected exception is reported"
#define VECTOR 0x50
#define ABSENT 0x0000600000000000ull /* no page of ours */

/* A case may leave the scratch IDT loaded: the crash was on it. */
SUITE(crash, .manual = true, .teardown = probe_teardown);

/* What the compiler must not see through. */
static void (*volatile no_function)(void);
static volatile u64 crash_depth;
static bool released;

TEST(crash, null_call, RULE)
{
	no_function(); /* CRASH */
	barrier();
}

static __noinline void recurse(u64 depth) /* CRASH */
{
	volatile u8 page[512];

	page[0] = (u8)depth; /* CRASH */
	crash_depth = depth;
	if (depth < 1000000)
		recurse(depth + 1); /* CRASH */
	crash_depth = page[0];
}

TEST(crash, stack_overflow, RULE)
{
	recurse(0);
	barrier();
}

TEST(crash, write_to_text, RULE)
{
	insn_ret(NULL);
	*(volatile u8 *)insn_ud2 = 0xcc; /* CRASH */
}

TEST(crash, write_to_idt, RULE)
{
	struct desc_ptr idt;

	insn_ret(NULL);
	store_idt(&idt);
	*(volatile u64 *)(idt.address + 14 * sizeof(gate_desc)) = 0; /* CRASH */
}

/* Only the canary: what lies above it must lead back to the caller. */
static __noinline __stack_protect void smash(void)
{
	volatile u64 buffer[4] = { 0 };

	for (u32 i = 0; i < 16; i++) {
		if (buffer[i] != this_cpu(fixed.stack_canary))
			continue;
		buffer[i] = ~0ull;
		break;
	}
} /* CRASH */

TEST(crash, canary_smash, RULE)
{
	smash();
	barrier();
}

/* Faults of this delivery are ours again, not the probe's. */
static void live_gate(u32 vector)
{
	struct desc_ptr idt;

	store_idt(&idt);
	*probe_gate(vector) = ((gate_desc *)idt.address)[vector];
}

TEST(crash, bad_gate, RULE)
{
	if (!EXPECT_EQ(probe_reset(), 0))
		return;
	live_gate(X86_TRAP_NP);
	probe_gate(VECTOR)->bits.p = 0;
	probe_call(insn_dl_int(VECTOR), NULL); /* CRASH */
	barrier();
}

TEST(crash, garbage_gate, RULE)
{
	if (!EXPECT_EQ(probe_reset(), 0))
		return;
	live_gate(X86_TRAP_GP);
	probe_gate(VECTOR)->raw[0] = 0xdeadbeefdeadbeefull;
	probe_call(insn_dl_int(VECTOR), NULL); /* CRASH */
	barrier();
}

/* Supervisor memory from CPL 3, whose RSP is of no use. */
TEST(crash, user_fault, RULE)
{
	struct pt_regs regs = { .ip = (u64)user_write,
				.di = (u64)insn_ud2,
				.cs = __USER_CS,
				.ss = __USER_DS,
				.flags = X86_EFLAGS_FIXED | X86_EFLAGS_IF,
				.sp = ABSENT };

	local_irq_disable();
	probe_enter(&regs);
}

static __noinline irqreturn_t faulting_handler(int irq, void *dev)
{
	insn_ret(NULL);
	*(volatile u32 *)ABSENT = 1; /* CRASH */
	return IRQ_HANDLED;
}

TEST(crash, fault_in_hardirq, RULE)
{
	if (!EXPECT_EQ(irq_claim_vector(VECTOR, faulting_handler, NULL), 0))
		return;
	local_irq_disable();
	apic_send_self(VECTOR);
	((void (*)(void))insn_dl_sti)(); /* CRASH */
	barrier();
}

static __noinline bool faulting_hook(struct pt_regs *regs, void *data)
{
	insn_ret(NULL);
	*(volatile u32 *)ABSENT = 1; /* CRASH */
	return true;
}

TEST(crash, fault_in_hook, RULE)
{
	trap_hook(X86_TRAP_UD, faulting_hook, NULL);
	insn_ud2(NULL); /* CRASH */
	barrier();
}

TEST(crash, fault_in_nmi, RULE)
{
	raised_nmis(1);
	trap_hook(X86_TRAP_NMI, faulting_hook, NULL);
	insn_dl_int(X86_TRAP_NMI)(NULL); /* CRASH */
	barrier();
}

/* #UD that cannot be pushed anywhere. */
TEST(crash, double_fault, RULE)
{
	insn_ud2_on((void *)ABSENT);
	barrier();
}

/* Nobody sent it, as far as anybody knows: said, and nothing comes of it. */
TEST(crash, unknown_nmi, RULE)
{
	u64 before = unknown_nmi_count();

	raised_nmis(1);
	apic_send_nmi(lapic_id());
	if (WAIT_FOR(unknown_nmi_count() != before, WAIT_DEFAULT_US))
		EXPECT_EQ(unknown_nmi_count(), before + 1);
}

TEST(crash, bug_on, RULE)
{
	BUG_ON(read_cr0() & X86_CR0_PG); /* CRASH */
}

static __noinline void wait_for_ever(void)
{
	insn_ret(NULL);
	while (!READ_ONCE(released)) /* CRASH */
		barrier();	     /* CRASH */
}

static irqreturn_t release(int irq, void *dev)
{
	WRITE_ONCE(released, true);
	return IRQ_HANDLED;
}

/* It waits for an interrupt that IF=0 keeps from coming. */
TEST(crash, hang, RULE, .deadline_ms = 500)
{
	if (!EXPECT_EQ(irq_claim_vector(VECTOR, release, NULL), 0))
		return;
	local_irq_disable();
	apic_send_self(VECTOR);
	wait_for_ever(); /* CRASH */
	barrier();
}

/* ---- what a report must survive ---- */

TEST(crash, bad_rip, RULE)
{
	insn_call((void *)ABSENT);
	barrier();
}

TEST(crash, noncanonical_rip, RULE)
{
	insn_jmp((void *)0x8000000000000000ull); /* CRASH */
	barrier();
}

TEST(crash, bad_rsp_and_rbp, RULE)
{
	insn_crash_on_stack((void *)0x5a5a5a5a5a5a5a5aull);
	barrier();
}

/* A frame whose caller is itself: the walk must end. */
TEST(crash, frame_loop, RULE)
{
	volatile u64 frame[2] = { (u64)frame, (u64)insn_ud2 };

	insn_crash_on_frame((void *)frame); /* CRASH */
	barrier();
}

TEST(crash, frame_misaligned, RULE)
{
	volatile u64 frame[2] = { 0, (u64)insn_ud2 };

	insn_crash_on_frame((char *)frame + 1); /* CRASH */
	barrier();
}

TEST(crash, frame_outside, RULE)
{
	insn_crash_on_frame((void *)ABSENT); /* CRASH */
	barrier();
}

TEST(crash, frame_in_guard, RULE)
{
	u64 guard = stack_top(0, STACK_TASK) - STACK_SIZE - PAGE_SIZE;

	insn_crash_on_frame((void *)guard); /* CRASH */
	barrier();
}

/* The report reads the code at RIP, and a breakpoint waits there. */
TEST(crash, fault_in_report, RULE)
{
	write_dr0((u64)insn_ud2);
	write_dr7(DR7_FIXED | DR7_L(0) | DR7_RW(0, DR_RW_READWRITE));
	insn_ud2(NULL); /* CRASH */
	barrier();
}

TEST(crash, the_run_went_on, RULE)
{
	EXPECT_TRUE(true);
}

/*
 * The first byte of the line it writes is the last: #DB inside printk(). Not
 * of this suite, since the log is then damaged.
 */
TEST(selftest, crashes_in_a_line, RULE)
{
	if (!EXPECT_TRUE(console_port()))
		return;
	write_cr4(read_cr4() | X86_CR4_DE);
	write_dr0(console_port());
	write_dr7(DR7_FIXED | DR7_L(0) | DR7_RW(0, DR_RW_IO));
	printk("# a line that is broken off");
}
