// SPDX-License-Identifier: MIT
/*
 * test_atomic.c - giving way, or calling what may sleep, where one must not:
 * each is said once, with who and where and the way there, and survived.
 *
 * The reports are read as they are written. The runner compares their number
 * with what the case meant.
 *
 * Linux: kernel/sched/core.c __schedule_bug(), __might_resched().
 */
#include "sched.h"

#include <apic/lapic.h>
#include <bh/softirq.h>
#include <bh/tasklet.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sched/completion.h>
#include <sched/workqueue.h>
#include <trap/traps.h>

#define ATOMIC LINUX_CORE " __schedule_bug()"
#define SLEEPS LINUX_CORE " __might_resched()"

#define QUIET_IRQ 13

static void *from; /* where the call that is to be named returns to */

/* One report, its first lines, and the caller in its backtrace. */
static void judge(const char *bug, const char *second)
{
	char address[24];

	listen_no_more();
	scnprintf(address, sizeof(address), "0x%016llx",
		  (unsigned long long)(u64)from);
	EXPECT_EQ(heard("# BUG: "), 1);
	EXPECT_EQ(heard(bug), 1);
	EXPECT_EQ(heard(second), 1);
	EXPECT_EQ(heard("# backtrace:"), 1);
	EXPECT_GE(heard(address), 1);
	if (!ktest_ok())
		ktest_note("the caller is %s", address);
	ktest_means_bugs(1);
}

/* ---- schedule() ---- */

static __noinline void call_schedule(void *unused)
{
	from = __builtin_return_address(0);
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule();
	barrier();
}

/* It came back, in that context, and may go on. */
static void judge_schedule(u32 count)
{
	char bug[80];

	scnprintf(bug, sizeof(bug),
		  "# BUG: scheduling while atomic: ktest/0/0x%08x\r\n", count);
	judge(bug, bug);
	EXPECT_EQ(current->state, TASK_RUNNING);
	EXPECT_EQ(preempt_count(), 0);
}

TEST(sched, schedule_with_preemption_off_is_scheduling_while_atomic, ATOMIC)
{
	listen();
	preempt_disable();
	call_schedule(NULL);
	preempt_enable();
	judge_schedule(PREEMPT_OFFSET);
}

TEST(sched, schedule_with_softirqs_off_is_scheduling_while_atomic, ATOMIC)
{
	listen();
	local_bh_disable();
	call_schedule(NULL);
	local_bh_enable();
	judge_schedule(SOFTIRQ_DISABLE_OFFSET);
}

/* A lock that others may want is held with preemption off. */
TEST(sched, schedule_with_a_spin_lock_is_scheduling_while_atomic, ATOMIC)
{
	static raw_spinlock_t lock;

	listen();
	preempt_disable();
	raw_spin_lock(&lock);
	call_schedule(NULL);
	raw_spin_unlock(&lock);
	preempt_enable();
	judge_schedule(PREEMPT_OFFSET);
}

TEST(sched, schedule_in_a_hardirq_is_scheduling_while_atomic, ATOMIC)
{
	listen();
	EXPECT_TRUE(sched_interrupt(call_schedule, NULL));
	judge_schedule(HARDIRQ_OFFSET);
}

static void on_tasklet(struct tasklet_struct *t)
{
	call_schedule(NULL);
	barrier();
}

static void schedule_tasklet(void *t)
{
	tasklet_schedule(t);
}

/* At the interrupt's exit. */
TEST(sched, schedule_in_a_softirq_is_scheduling_while_atomic, ATOMIC)
{
	static struct tasklet_struct t;

	tasklet_setup(&t, on_tasklet);
	listen();
	EXPECT_TRUE(sched_interrupt(schedule_tasklet, &t));
	EXPECT_EQ(tasklet_kill(&t), 0);
	judge_schedule(SOFTIRQ_OFFSET);
}

static bool on_nmi(struct pt_regs *regs, void *data)
{
	call_schedule(NULL);
	WRITE_ONCE(*(u32 *)data, 1);
	return true;
}

TEST(sched, schedule_in_an_nmi_is_scheduling_while_atomic, ATOMIC)
{
	static u32 came;

	came = 0;
	listen();
	raised_nmis(1);
	trap_hook(X86_TRAP_NMI, on_nmi, &came);
	apic_send_nmi(lapic_id());
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(came), WAIT_DEFAULT_US));
	trap_hook(X86_TRAP_NMI, NULL, NULL);
	judge_schedule(NMI_OFFSET + HARDIRQ_OFFSET);
}

/* ---- what may sleep, though it need not ---- */

static struct mutex lock;
static struct wait_queue_head queue;
static struct work_struct work;
static struct completion completion;
static struct task_struct *thread;

static void on_work(struct work_struct *unused)
{
}

static int end(void *unused)
{
	return 0;
}

static irqreturn_t never(int irq, void *dev)
{
	return IRQ_NONE;
}

static void call_mutex_lock(void)
{
	mutex_lock(&lock);
	mutex_unlock(&lock);
}

static void call_wait_event(void)
{
	wait_event(queue, true);
}

static void call_wait_for_completion(void)
{
	complete(&completion);
	wait_for_completion(&completion);
}

static void call_msleep(void)
{
	msleep(0);
}

static void call_flush_work(void)
{
	flush_work(&work);
}

static void call_cancel_work_sync(void)
{
	cancel_work_sync(&work);
}

static void call_kthread_create(void)
{
	thread = kthread_create_on_cpu(end, NULL, 0, PRIO_NORMAL, "case");
}

struct sleeper {
	const char *file; /* as the report has it, up to its line */
	void (*call)(void);
};

static __noinline void call_sleeper(void *arg)
{
	from = __builtin_return_address(0);
	((const struct sleeper *)arg)->call();
	barrier();
}

static void prepare(void)
{
	mutex_init(&lock);
	init_waitqueue_head(&queue);
	init_completion(&completion);
	init_work(&work, on_work);
	thread = NULL;
}

/* in_atomic() and irqs_disabled() as they are there. */
static void judge_sleeper(const struct sleeper *s, int atomic, int off)
{
	char bug[96], second[80];

	scnprintf(bug, sizeof(bug),
		  "# BUG: sleeping function called from invalid context at "
		  "%s:",
		  s->file);
	scnprintf(second, sizeof(second),
		  "# in_atomic(): %d, irqs_disabled(): %d, name: ktest\r\n",
		  atomic, off);
	judge(bug, second);
	if (thread)
		kthread_stop(thread);
	thread = NULL;
}

static void with_preemption_off(const struct sleeper *s)
{
	prepare();
	listen();
	preempt_disable();
	call_sleeper((void *)s);
	preempt_enable();
	judge_sleeper(s, 1, 0);
}

static void with_interrupts_off(const struct sleeper *s)
{
	u64 flags;

	prepare();
	listen();
	flags = local_irq_save();
	call_sleeper((void *)s);
	local_irq_restore(flags);
	judge_sleeper(s, 0, 1);
}

static void in_a_hardirq(const struct sleeper *s)
{
	prepare();
	listen();
	EXPECT_TRUE(sched_interrupt(call_sleeper, (void *)s));
	judge_sleeper(s, 1, 1);
}

#define MAY_SLEEP(name, in)                                              \
	TEST(sched, name##_may_sleep_and_says_so_before_it_does, SLEEPS) \
	{                                                                \
		static const struct sleeper s = { in, call_##name };     \
                                                                         \
		with_preemption_off(&s);                                 \
		with_interrupts_off(&s);                                 \
	}

MAY_SLEEP(mutex_lock, "src/sched/mutex.c")
MAY_SLEEP(wait_event, "tests/sched/test_atomic.c")
MAY_SLEEP(wait_for_completion, "src/sched/completion.c")
MAY_SLEEP(msleep, "src/sched/wait.c")
MAY_SLEEP(flush_work, "src/sched/flush.c")
MAY_SLEEP(cancel_work_sync, "src/sched/flush.c")
MAY_SLEEP(kthread_create, "src/sched/kthread.c")

TEST(sched, in_a_hardirq_nothing_may_sleep, SLEEPS)
{
	static const struct sleeper s = { "src/sched/mutex.c",
					  call_mutex_lock };

	in_a_hardirq(&s);
}

/* Itself, and what it then calls: with IF=0 it still goes well. */
TEST(sched, request_threaded_irq_may_sleep_and_says_so_before_it_does, SLEEPS)
{
	static int dev;
	u32 bugs = sched_bug_count();
	u64 flags;
	int err;

	listen();
	flags = local_irq_save();
	err = request_threaded_irq(QUIET_IRQ, NULL, never, IRQF_ONESHOT, "case",
				   &dev);
	local_irq_restore(flags);
	listen_no_more();
	EXPECT_EQ(err, 0);
	EXPECT_EQ(heard("invalid context at src/irq/manage.c:"), 1);
	EXPECT_EQ(heard("invalid context at src/sched/kthread.c:"), 1);
	EXPECT_EQ(heard("# BUG: "), sched_bug_count() - bugs);
	EXPECT_EQ(heard("# backtrace:"), sched_bug_count() - bugs);
	ktest_means_bugs(sched_bug_count() - bugs);
	EXPECT_EQ(free_irq(QUIET_IRQ, &dev), 0);
}

TEST(sched, what_may_sleep_says_nothing_where_it_may, SLEEPS)
{
	prepare();
	listen();
	call_mutex_lock();
	call_wait_event();
	call_wait_for_completion();
	call_msleep();
	call_flush_work();
	call_cancel_work_sync();
	call_kthread_create();
	listen_no_more();
	EXPECT_EQ(heard("# BUG: "), 0);
	if (EXPECT_TRUE(thread))
		kthread_stop(thread);
}
