// SPDX-License-Identifier: MIT
/*
 * left - cases that leave threads, timers and works behind, or hang with
 * others of them about, on purpose: each fails and names what it left, and the
 * one after it, clean_*, finds nothing of it. tests/qemu/left.t.
 */
#include <apic/lapic.h>
#include <bh/timer.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/insn.h>
#include <ktest/ktest.h>
#include <lib/errno.h>
#include <sched/completion.h>
#include <sched/kthread.h>
#include <sched/workqueue.h>
#include <smp/smp.h>
#include <trap/traps.h>

#define RULE	  "irqbed src/sched/left.c: a case leaves nothing behind"
#define CLEAN	  "irqbed src/sched/left.c: the next case begins clean"
#define ENDED	  "irqbed src/ktest/break_out.c: a thread that hangs is ended"
#define RUN_US	  2000000
#define CASE_MS	  500
#define QUIET_IRQ 13

SUITE(left, .manual = true);

/* Set by nobody: the loops are meant to have no end. */
static bool released;
static struct completion never;

static bool arrived; /* the thread runs */

static int spin(void *data)
{
	WRITE_ONCE(arrived, true);
	while (!READ_ONCE(released))
		cpu_relax();
	return 0;
}

static int spin_irqs_off(void *data)
{
	local_irq_disable();
	return spin(data);
}

static int sleep(void *data)
{
	wait_for_completion(&never);
	return 0;
}

static int doze(void *data)
{
	msleep(60000);
	return 0;
}

static int nothing(void *data)
{
	return 0;
}

static int fault(void *data)
{
	insn_ud2(NULL);
	return 0;
}

static u32 last_cpu(void)
{
	return nr_cpu_ids - 1;
}

static void start(int (*fn)(void *), u32 cpu, enum sched_prio prio)
{
	struct task_struct *t;

	arrived = false;
	init_completion(&never);
	t = kthread_create_on_cpu(fn, NULL, cpu, prio, "left/%u", cpu);
	if (EXPECT_TRUE(t))
		wake_up_process(t);
}

/* Threads, timers, sleepers and works of each CPU do what they are for. */
static struct work_struct probe;
static u32 probed;

static void on_probe(struct work_struct *work)
{
	WRITE_ONCE(probed, probed + 1);
}

static void use_works(void *unused)
{
	msleep(1);
	init_work(&probe, on_probe);
	schedule_work(&probe);
	flush_work(&probe);
}

#define CLEAN_CASE(name)        \
	TEST(left, name, CLEAN) \
	{                       \
		use_all_cpus(); \
	}

static void use_all_cpus(void)
{
	u32 cpu;

	probed = 0;
	use_works(NULL);
	for_each_online_cpu (cpu) {
		if (cpu)
			EXPECT_EQ(run_on(cpu, use_works, NULL, RUN_US), 0);
		EXPECT_EQ(cpu_hot(cpu)->preempt_count, 0);
	}
	EXPECT_EQ(probed, num_online_cpus());
	EXPECT_EQ(kthread_stop(kthread_create_on_cpu(nothing, NULL, last_cpu(),
						     PRIO_NORMAL, "last")),
		  -EINTR);
}

/* ---- left behind by a case that returns ---- */

TEST(left, thread_asleep, RULE)
{
	start(sleep, last_cpu(), PRIO_NORMAL);
	WAIT_FOR(waitqueue_active(&never.wait), WAIT_DEFAULT_US);
}

TEST(left, thread_dozing, RULE)
{
	start(doze, 0, PRIO_NORMAL);
}

TEST(left, thread_not_woken, RULE)
{
	EXPECT_TRUE(kthread_create_on_cpu(nothing, NULL, 0, PRIO_NORMAL,
					  "left/new"));
}

TEST(left, thread_not_stopped, RULE)
{
	start(nothing, 0, PRIO_NORMAL);
}

TEST(left, thread_ready, RULE)
{
	start(spin, 0, PRIO_IDLE - 1);
}

CLEAN_CASE(clean_1)

TEST(left, thread_running_elsewhere, RULE, .needs = NEEDS_SMP)
{
	start(spin, last_cpu(), PRIO_NORMAL);
	WAIT_FOR(READ_ONCE(arrived), WAIT_DEFAULT_US);
}

static int end_soon(void *data)
{
	WRITE_ONCE(arrived, true);
	return 0;
}

/* Its stack is not given away before its end has been said. */
TEST(left, thread_ending_elsewhere, RULE, .needs = NEEDS_SMP)
{
	start(end_soon, last_cpu(), PRIO_NORMAL);
	WAIT_FOR(READ_ONCE(arrived), WAIT_DEFAULT_US);
}

TEST(left, thread_running_elsewhere_irqs_off, RULE, .needs = NEEDS_SMP)
{
	start(spin_irqs_off, last_cpu(), PRIO_IRQ_THREAD);
	WAIT_FOR(READ_ONCE(arrived), WAIT_DEFAULT_US);
}

CLEAN_CASE(clean_2)

static enum hrtimer_restart on_hrtimer(struct hrtimer *timer)
{
	return HRTIMER_NORESTART;
}

TEST(left, hrtimer, RULE)
{
	static struct hrtimer timer;

	hrtimer_init(&timer, on_hrtimer);
	hrtimer_start(&timer, 60 * NSEC_PER_SEC, HRTIMER_MODE_REL);
	EXPECT_TRUE(hrtimer_active(&timer));
}

static void on_timer(struct timer_list *timer)
{
}

TEST(left, timer, RULE)
{
	static struct timer_list timer;

	timer_setup(&timer, on_timer, 0);
	mod_timer(&timer, get_jiffies_64() + 60 * HZ);
	EXPECT_TRUE(timer_pending(&timer));
}

TEST(left, delayed_work, RULE)
{
	static struct delayed_work d;

	init_delayed_work(&d, on_probe);
	EXPECT_TRUE(queue_delayed_work(system_wq, &d, 60 * HZ));
}

static void sleep_in_work(struct work_struct *work)
{
	sleep(NULL);
}

TEST(left, work_asleep, RULE)
{
	static struct work_struct w;

	init_completion(&never);
	init_work(&w, sleep_in_work);
	EXPECT_TRUE(schedule_work(&w));
}

TEST(left, works_pending, RULE)
{
	static struct work_struct w[2];
	struct workqueue_struct *wq = alloc_ordered_workqueue("left", 0);

	init_completion(&never);
	for (u32 i = 0; i < 2; i++) {
		init_work(&w[i], sleep_in_work);
		EXPECT_TRUE(queue_work(wq, &w[i]));
	}
}

TEST(left, workqueue, RULE)
{
	EXPECT_TRUE(alloc_workqueue("left", 0, 0));
}

CLEAN_CASE(clean_3)

/* ---- the case hangs, or a thread before it ---- */

TEST(left, hangs_asleep, ENDED, .deadline_ms = CASE_MS)
{
	EXPECT_TRUE(true);
	sleep(NULL);
}

TEST(left, hangs_in_flush_work, ENDED, .deadline_ms = CASE_MS)
{
	static struct work_struct w;

	init_completion(&never);
	init_work(&w, sleep_in_work);
	EXPECT_TRUE(schedule_work(&w));
	flush_work(&w);
}

TEST(left, hangs_behind_a_thread, ENDED, .deadline_ms = CASE_MS)
{
	start(spin, 0, PRIO_NORMAL);
}

TEST(left, hangs_behind_a_thread_irqs_off, ENDED, .deadline_ms = CASE_MS)
{
	start(spin_irqs_off, 0, PRIO_IRQ_THREAD);
}

/* Its lock comes first in it. */
static int spin_with_the_queue(void *data)
{
	local_irq_disable();
	raw_spin_lock((raw_spinlock_t *)this_cpu(rq));
	return spin(data);
}

TEST(left, hangs_with_its_queue_locked, ENDED, .deadline_ms = CASE_MS)
{
	start(spin_with_the_queue, 0, PRIO_NORMAL);
}

TEST(left, hangs_beside_an_equal, ENDED, .deadline_ms = CASE_MS)
{
	start(spin, 0, PRIO_KTEST);
	spin(NULL);
}

static void spin_in_work(struct work_struct *work)
{
	spin(NULL);
}

TEST(left, hangs_behind_a_work, ENDED, .deadline_ms = CASE_MS)
{
	static struct work_struct w;

	EXPECT_TRUE(true);
	init_work(&w, spin_in_work);
	schedule_work(&w);
}

CLEAN_CASE(clean_4)

static void sleep_there(void *unused)
{
	sleep(NULL);
}

TEST(left, hangs_asleep_elsewhere, ENDED, .needs = NEEDS_SMP)
{
	init_completion(&never);
	EXPECT_EQ(run_on(last_cpu(), sleep_there, NULL, 300000), -ETIMEDOUT);
}

static void spin_behind_a_thread(void *unused)
{
	start(spin, smp_processor_id(), PRIO_NORMAL);
}

TEST(left, hangs_elsewhere_behind_a_thread, ENDED, .needs = NEEDS_SMP)
{
	EXPECT_EQ(run_on(last_cpu(), spin_behind_a_thread, NULL, 300000),
		  -ETIMEDOUT);
}

static bool hang_in_nmi(struct pt_regs *regs, void *data)
{
	spin(NULL);
	return true;
}

static irqreturn_t no_handler(int irq, void *dev)
{
	return IRQ_NONE;
}

/* Not even an NMI gets it out of that: INIT does, and the lock stays taken. */
static void hang_with_a_lock(void *unused)
{
	local_irq_disable();
	raw_spin_lock(&irq_to_desc(QUIET_IRQ)->lock);
	apic_send_nmi(this_cpu(apic_id));
	spin(NULL);
}

TEST(left, lock_of_a_cpu_lost_elsewhere, RULE, .needs = NEEDS_SMP)
{
	EXPECT_EQ(request_irq(QUIET_IRQ, no_handler, 0, "left", NULL), 0);
	trap_hook(X86_TRAP_NMI, hang_in_nmi, NULL);
	EXPECT_EQ(run_on(last_cpu(), hang_with_a_lock, NULL, 300000),
		  -ETIMEDOUT);
}

CLEAN_CASE(clean_5)

/* ---- an exception in a thread ---- */

TEST(left, thread_that_faults, RULE)
{
	struct task_struct *t = kthread_create_on_cpu(
		fault, NULL, last_cpu(), PRIO_NORMAL, "left/fault");

	if (!EXPECT_TRUE(t))
		return;
	wake_up_process(t);
	EXPECT_TRUE(WAIT_FOR(t->state == TASK_DEAD, WAIT_DEFAULT_US));
	EXPECT_EQ(kthread_stop(t), -EFAULT);
}

TEST(left, thread_that_is_to_fault, RULE)
{
	struct task_struct *t = kthread_create_on_cpu(
		fault, NULL, last_cpu(), PRIO_NORMAL, "left/fault");

	if (!EXPECT_TRUE(t))
		return;
	ktest_means_crashes(1);
	wake_up_process(t);
	EXPECT_TRUE(WAIT_FOR(t->state == TASK_DEAD, WAIT_DEFAULT_US));
	EXPECT_EQ(kthread_stop(t), -EFAULT);
}

static void fault_in_work(struct work_struct *work)
{
	insn_ud2(NULL);
}

TEST(left, work_that_faults, RULE)
{
	static struct work_struct w;

	EXPECT_TRUE(true);
	init_work(&w, fault_in_work);
	schedule_work(&w);
}

CLEAN_CASE(clean_6)
