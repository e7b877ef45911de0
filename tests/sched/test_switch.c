// SPDX-License-Identifier: MIT
/*
 * test_switch.c - what a thread had is there when it runs again, whether it
 * gave way or was set aside in the middle of anything.
 *
 * Linux: arch/x86/entry/entry_64.S __switch_to_asm; the SysV ABI says what a
 * function keeps, an interrupt keeps everything.
 */
#include <apic/lapic.h>
#include <bh/hrtimer.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/insn.h>
#include <ktest/insn_delivery.h>
#include <ktest/insn_sched.h>
#include <lib/crc32.h>
#include <lib/string.h>
#include <sched/completion.h>
#include <trap/catch.h>

#include "sched.h"

#define SWITCH "Linux arch/x86/entry/entry_64.S, __switch_to_asm()"
#define FLAGS  (X86_EFLAGS_FIXED | X86_EFLAGS_IF)
#define VECTOR 0x74

static struct insn_callee_saved kept[2];

static void fill_kept(struct insn_callee_saved *k, u64 flags)
{
	for (u32 i = 0; i < 6; i++)
		k->in[i] = (u64)k * 0x9e3779b97f4a7c15ull * (i + 1);
	k->flags_in = flags;
}

static void give_way_twice(void)
{
	note('m');
	yield();
	note('m');
	yield();
}

static int switch_with_registers(void *unused)
{
	insn_sched_call(&kept[1], give_way_twice);
	return 0;
}

TEST(sched, a_switch_keeps_what_a_function_keeps, SWITCH)
{
	struct task_struct *t;

	diary_begin();
	fill_kept(&kept[0], X86_EFLAGS_FIXED); /* IF=0: it is so again */
	fill_kept(&kept[1], FLAGS);
	t = spawn(switch_with_registers, NULL, PRIO_KTEST);
	insn_sched_call(&kept[0], give_way_twice);
	EXPECT_STREQ(diary, "mmmm");
	if (!t)
		return;
	kthread_stop(t);
	for (u32 k = 0; k < 2; k++) {
		for (u32 i = 0; i < 6; i++)
			EXPECT_EQ(kept[k].out[i], kept[k].in[i]);
	}
	EXPECT_EQ(kept[0].flags_out & X86_EFLAGS_IF, 0);
	EXPECT_EQ(kept[1].flags_out & X86_EFLAGS_IF, X86_EFLAGS_IF);
	EXPECT_EQ((kept[0].flags_out | kept[1].flags_out) & X86_EFLAGS_DF, 0);
}

static struct dl_context mine, others;

static void fill(struct dl_context *c, u64 factor, u64 flags)
{
	memset(c, 0, sizeof(*c));
	for (u32 i = 0; i < 15; i++)
		c->gpr_in[i] = factor * (i + 1);
	for (u32 i = 0; i < sizeof(c->xmm_in); i++)
		((u8 *)c->xmm_in)[i] =
			(u8)(i * 37 + 11); /* threads have no FPU */
	c->flags_in = flags;
}

static void judge(const struct dl_context *c)
{
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ(c->gpr_out[i], c->gpr_in[i]);
	EXPECT_EQ(c->flags_out, c->flags_in);
	EXPECT_EQ(c->sp, 0); /* RSP is where it was */
}

static irqreturn_t wake_dev(int irq, void *task)
{
	wake_up_process(task);
	insn_dl_clobber();
	return IRQ_HANDLED;
}

/* Other values everywhere, and IF=0 meanwhile: both must find their own. */
static int use_all_registers(void *unused)
{
	note('t');
	insn_dl_clobber();
	local_irq_disable();
	insn_dl_context_irq(&others);
	local_irq_enable();
	return 0;
}

TEST(sched, a_thread_set_aside_finds_every_register_as_it_was,
     LINUX_CORE ", preempt_schedule_irq()")
{
	struct task_struct *t = kthread_create_on_cpu(use_all_registers, NULL,
						      0, PRIO_NORMAL, "other");
	u64 flags;

	if (!EXPECT_TRUE(t))
		return;
	diary_begin();
	fill(&mine, 0x9e3779b97f4a7c15ull,
	     X86_EFLAGS_FIXED | X86_EFLAGS_CF | X86_EFLAGS_ZF | X86_EFLAGS_DF |
		     X86_EFLAGS_ID);
	fill(&others, 0xc2b2ae3d27d4eb4full, X86_EFLAGS_FIXED | X86_EFLAGS_OF);
	EXPECT_EQ(irq_claim_vector(VECTOR, wake_dev, t), 0);
	flags = local_irq_save();
	apic_send_self(VECTOR);
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, VECTOR), WAIT_DEFAULT_US));
	EXPECT_STREQ(diary, "");
	insn_dl_context_irq(&mine);
	EXPECT_STREQ(diary, "t");
	local_irq_restore(flags);
	irq_release_vector(VECTOR);
	judge(&mine);
	judge(&others);
	kthread_stop(t);
}

static struct {
	struct hrtimer timer;
	struct task_struct *task;
	u32 ticks, rounds;
} pulse;

#define PULSES 40

/* Never at the same place; it ends itself. */
static enum hrtimer_restart wake_at_pulse(struct hrtimer *timer)
{
	wake_up_process(pulse.task);
	hrtimer_forward(timer, ktime_get(), 20000 + 137 * (++pulse.ticks % 64));
	return pulse.rounds < PULSES ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

static int clobber_at_pulse(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		set_current_state(TASK_RUNNING);
		insn_dl_clobber();
		pulse.rounds++;
	}
	return 0;
}

/* At whatever instruction the timer hits, the sum comes out the same. */
TEST(sched, code_set_aside_anywhere_computes_what_it_would_have,
     LINUX_CORE ", preempt_schedule_irq()")
{
	static u8 data[512];
	u32 want, sums = 0, wrong = 0;

	for (u32 i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 73 + ktest_seed());
	want = crc32(0, data, sizeof(data));
	pulse.ticks = pulse.rounds = 0;
	pulse.task = spawn(clobber_at_pulse, NULL, PRIO_NORMAL);
	if (!pulse.task)
		return;
	hrtimer_init(&pulse.timer, wake_at_pulse);
	hrtimer_start(&pulse.timer, 20000, HRTIMER_MODE_REL);
	EXPECT_TRUE(
		WAIT_FOR((sums++, wrong += crc32(0, data, sizeof(data)) != want,
			  !hrtimer_active(&pulse.timer)),
			 WAIT_DEFAULT_US));
	EXPECT_GE(pulse.rounds, PULSES);
	EXPECT_EQ(wrong, 0);
	EXPECT_GT(sums, 0);
	kthread_stop(pulse.task);
}

static struct completion go;
static struct trap caught[2];

static void sleep_then_fault(void *nr)
{
	note('s');
	wait_for_completion(&go);
	if (*(u32 *)nr)
		__builtin_trap();
	insn_ud2(NULL);
}

static int catch_in_thread(void *nr)
{
	caught[*(u32 *)nr] = catch_trap(sleep_then_fault, nr);
	note('c');
	return 0;
}

/* Each thread's frames are its own: the innermost one is not who came last. */
TEST(sched, an_exception_is_caught_by_its_own_threads_frame,
     "irqbed include/trap/catch.h, catch_trap()")
{
	static u32 nr[2] = { 0, 1 };
	struct task_struct *t[2];

	diary_begin();
	init_completion(&go);
	t[0] = spawn(catch_in_thread, &nr[0], PRIO_NORMAL);
	t[1] = spawn(catch_in_thread, &nr[1], PRIO_NORMAL);
	EXPECT_STREQ(diary, "ss");
	complete(&go); /* the one that began to wait first */
	EXPECT_STREQ(diary, "ssc");
	complete(&go);
	EXPECT_STREQ(diary, "sscc");
	for (u32 i = 0; i < 2; i++) {
		EXPECT_TRAP(caught[i], X86_TRAP_UD);
		EXPECT_EQ(stack_of(caught[i].sp).kind, STACK_THREAD);
		if (t[i])
			kthread_stop(t[i]);
	}
	EXPECT_EQ(caught[0].ip, insn_ud2);
	EXPECT_NE(caught[1].ip, insn_ud2);
}
