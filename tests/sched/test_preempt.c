// SPDX-License-Identifier: MIT
/*
 * test_preempt.c - who runs, and when the one that runs gives way.
 *
 * A case runs at PRIO_KTEST: a thread that it wakes at PRIO_NORMAL runs before
 * it goes on, unless something holds that off.
 *
 * Linux: kernel/sched/core.c; include/linux/preempt.h.
 */
#include <bh/hrtimer.h>
#include <bh/softirq.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <sched/wait.h>

#include "sched.h"

#define PREEMPT "Linux include/linux/preempt.h"
#define BETTER(letter)                                                       \
	kthread_create_on_cpu(note_letter, (void *)(letter), 0, PRIO_NORMAL, \
			      "better")

/* Woken worst first while nothing may switch: then the best first. */
TEST(sched, of_those_that_wait_the_best_priority_runs_first,
     LINUX_CORE ", pick_next_task()")
{
	static const enum sched_prio prio[4] = { PRIO_KTEST, PRIO_NORMAL,
						 PRIO_IRQ_THREAD, PRIO_NORMAL };
	struct task_struct *t[4];

	diary_begin();
	for (u32 i = 0; i < 4; i++) {
		t[i] = kthread_create_on_cpu(note_letter,
					     (void *)(u64) "knim"[i], 0,
					     prio[i], "%u", i);
		if (!EXPECT_TRUE(t[i]))
			return;
	}
	preempt_disable();
	for (u32 i = 0; i < 4; i++)
		EXPECT_TRUE(wake_up_process(t[i]));
	EXPECT_STREQ(diary, "");
	preempt_enable();
	if (!diary[3]) /* our slice may be over by now */
		yield();
	EXPECT_STREQ(diary, "inmk"); /* equals as they were woken */
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(kthread_stop(t[i]), "knim"[i]);
}

static struct task_struct *peer[2];

static int wake_peers(void *unused)
{
	note('a');
	wake_up_process(peer[0]);
	wake_up_process(peer[1]);
	note('A');
	return 0;
}

TEST(sched, an_equal_or_worse_priority_waits_for_its_turn,
     LINUX_CORE ", check_preempt_curr()")
{
	struct task_struct *t;

	diary_begin();
	peer[0] = BETTER('n');
	peer[1] = kthread_create_on_cpu(note_letter, (void *)'k', 0, PRIO_KTEST,
					"worse");
	if (!EXPECT_TRUE(peer[0]) || !EXPECT_TRUE(peer[1]))
		return;
	t = spawn(wake_peers, NULL, PRIO_NORMAL);
	EXPECT_STREQ(diary, "aAn");
	yield();
	EXPECT_STREQ(diary, "aAnk");
	kthread_stop(t);
	kthread_stop(peer[0]);
	kthread_stop(peer[1]);
}

static bool resched_in_handler;

static void wake_and_note(void *task)
{
	note('h');
	wake_up_process(task);
	resched_in_handler = need_resched();
	note('H');
}

TEST(sched, an_interrupt_that_wakes_a_better_one_switches_at_its_end,
     LINUX_CORE ", preempt_schedule_irq()")
{
	struct task_struct *t = BETTER('t');

	diary_begin();
	resched_in_handler = false;
	EXPECT_TRUE(sched_interrupt(wake_and_note, t));
	note('b');
	EXPECT_STREQ(diary, "hHtb");
	EXPECT_TRUE(resched_in_handler);
	EXPECT_FALSE(need_resched());
	kthread_stop(t);
}

TEST(sched, preempt_disable_holds_a_switch_off_and_nests,
     PREEMPT ", preempt_enable()")
{
	struct task_struct *t = BETTER('t');

	diary_begin();
	preempt_disable();
	preempt_disable();
	EXPECT_TRUE(sched_interrupt(wake_and_note, t));
	EXPECT_STREQ(diary, "hH");
	EXPECT_TRUE(need_resched());
	preempt_enable();
	EXPECT_STREQ(diary, "hH");
	EXPECT_EQ(preempt_count(), 1);
	preempt_enable();
	EXPECT_STREQ(diary, "hHt");
	EXPECT_FALSE(need_resched());
	kthread_stop(t);
}

TEST(sched, local_bh_disable_holds_a_switch_off_until_bh_is_enabled,
     "Linux kernel/softirq.c, __local_bh_enable_ip()")
{
	struct task_struct *t = BETTER('t');

	diary_begin();
	local_bh_disable();
	EXPECT_TRUE(sched_interrupt(wake_and_note, t));
	EXPECT_STREQ(diary, "hH");
	local_bh_enable();
	EXPECT_STREQ(diary, "hHt");
	kthread_stop(t);
}

TEST(sched, with_interrupts_off_a_wake_up_waits_for_a_place_to_switch,
     PREEMPT ", preemptible()")
{
	struct task_struct *t = BETTER('t');
	u64 flags = local_irq_save();

	diary_begin();
	EXPECT_TRUE(wake_up_process(t));
	EXPECT_STREQ(diary, "");
	EXPECT_FALSE(cond_resched());
	preempt_disable(); /* or a tick's end would be the place */
	local_irq_restore(flags);
	EXPECT_TRUE(need_resched());
	EXPECT_FALSE(cond_resched());
	EXPECT_STREQ(diary, "");
	preempt_enable();
	EXPECT_STREQ(diary, "t");
	kthread_stop(t);
}

/* Whether cond_resched() switched: the end of a tick may do so before it. */
static bool wake_and_cond_resched(void)
{
	struct task_struct *t = BETTER('t');
	u64 flags;
	bool switched;

	diary_begin();
	EXPECT_FALSE(cond_resched());
	flags = local_irq_save();
	wake_up_process(t);
	local_irq_restore(flags);
	switched = cond_resched();
	EXPECT_STREQ(diary, "t");
	EXPECT_FALSE(cond_resched());
	kthread_stop(t);
	return switched;
}

TEST(sched, cond_resched_switches_only_if_somebody_better_waits,
     LINUX_CORE ", __cond_resched()")
{
	bool switched = false;

	for (u32 tries = 0; !switched && tries < 20; tries++)
		switched = wake_and_cond_resched();
	EXPECT_TRUE(switched);
}

static int three_turns(void *letter)
{
	for (u32 i = 0; i < 3; i++) {
		note((char)(uintptr_t)letter);
		yield();
	}
	return 0;
}

TEST(sched, yield_goes_behind_all_of_the_same_priority,
     LINUX_CORE ", do_sched_yield()")
{
	struct task_struct *t[3];
	u64 switches;

	diary_begin();
	for (u32 i = 0; i < 3; i++) {
		t[i] = kthread_create_on_cpu(three_turns,
					     (void *)(u64)('a' + i), 0,
					     PRIO_NORMAL, "%u", i);
		if (!EXPECT_TRUE(t[i]))
			return;
	}
	preempt_disable();
	for (u32 i = 0; i < 3; i++)
		wake_up_process(t[i]);
	preempt_enable();
	EXPECT_STREQ(diary, "abcabcabc");
	for (u32 i = 0; i < 3; i++)
		kthread_stop(t[i]);
	switches = current->nr_switches;
	yield(); /* to nobody */
	schedule();
	EXPECT_EQ(current->nr_switches, switches);
}

static void raise_by_irq(void *unused)
{
	note('h');
	raise_softirq_irqoff(NET_RX_SOFTIRQ);
}

static void wake_by_softirq(void)
{
	note('s');
	wake_up_process(peer[0]);
	note('S');
}

TEST(sched, a_softirqs_wake_up_switches_once_it_is_over,
     "Linux kernel/softirq.c, irq_exit_rcu()")
{
	softirq_action_t before = softirq_action(NET_RX_SOFTIRQ);

	diary_begin();
	peer[0] = BETTER('t');
	open_softirq(NET_RX_SOFTIRQ, wake_by_softirq);
	EXPECT_TRUE(sched_interrupt(raise_by_irq, NULL));
	open_softirq(NET_RX_SOFTIRQ, before);
	note('b');
	EXPECT_STREQ(diary, "hsStb");
	kthread_stop(peer[0]);
}

static struct {
	char comm[TASK_COMM_LEN];
	u32 pid, count;
} at_timer;

/* Until it has hit the swapper: the host may pause where the case runs. */
static enum hrtimer_restart see_who_runs(struct hrtimer *timer)
{
	for (u32 i = 0; i < TASK_COMM_LEN; i++)
		at_timer.comm[i] = current->comm[i];
	at_timer.pid = current->pid;
	at_timer.count = preempt_count();
	hrtimer_forward(timer, ktime_get(), 200 * NSEC_PER_USEC);
	return at_timer.pid ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

TEST(sched, the_swapper_runs_when_all_others_sleep,
     LINUX_CORE ", pick_next_task_idle()")
{
	struct hrtimer timer;

	at_timer.pid = ~0u;
	hrtimer_init(&timer, see_who_runs);
	hrtimer_start(&timer, 200 * NSEC_PER_USEC, HRTIMER_MODE_REL);
	for (u32 i = 0; i < 100 && hrtimer_active(&timer); i++)
		usleep(1000);
	hrtimer_cancel(&timer);
	EXPECT_STREQ(at_timer.comm, "swapper");
	EXPECT_EQ(at_timer.pid, 0);
	EXPECT_EQ(at_timer.count, HARDIRQ_OFFSET);
	EXPECT_NE(current->pid, 0);
}

TEST(sched, a_slice_is_not_timed_when_the_rival_is_gone,
     LINUX_CORE ", hrtick_clear()", .uses = USES_APIC_TIMER)
{
	struct task_struct *t = spawn(note_letter, (void *)'k', PRIO_KTEST);

	if (!t)
		return;
	kthread_stop(t);
	sched_tick_stop();
	EXPECT_EQ(hrtimers_queued(), 0);
}
