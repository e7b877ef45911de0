// SPDX-License-Identifier: MIT
/* test_completion.c - Linux: kernel/sched/completion.c. */
#include <sched/completion.h>

#include <bh/hrtimer.h>
#include <cpu/deadline.h>
#include <lib/string.h>
#include <smp/smp.h>

#include "sched.h"

#define COMPLETION "Linux kernel/sched/completion.c"

static struct completion x;

static int wait_for_x(void *letter)
{
	wait_for_completion(&x);
	return note_letter(letter);
}

static bool spawn_waiters(struct task_struct **t, u32 n)
{
	diary_begin();
	init_completion(&x);
	for (u32 i = 0; i < n; i++) {
		t[i] = spawn(wait_for_x, (void *)(u64)('a' + i), PRIO_NORMAL);
		if (!t[i])
			return false;
	}
	return true;
}

TEST(sched, each_complete_lets_one_through_first_come_first,
     COMPLETION ", complete()")
{
	struct task_struct *t[3];

	if (!spawn_waiters(t, 3))
		return;
	EXPECT_STREQ(diary, "");
	complete(&x);
	EXPECT_STREQ(diary, "a");
	EXPECT_FALSE(completion_done(&x));
	complete(&x);
	complete(&x);
	EXPECT_STREQ(diary, "abc");
	EXPECT_FALSE(try_wait_for_completion(&x));
	for (u32 i = 0; i < 3; i++)
		kthread_stop(t[i]);
}

TEST(sched, a_completion_counts_what_nobody_has_waited_for_yet,
     COMPLETION ", complete()")
{
	init_completion(&x);
	complete(&x);
	complete(&x);
	EXPECT_TRUE(completion_done(&x));
	wait_for_completion(&x);
	EXPECT_TRUE(try_wait_for_completion(&x));
	EXPECT_FALSE(completion_done(&x));
	EXPECT_FALSE(try_wait_for_completion(&x));
	EXPECT_EQ(wait_for_completion_timeout(&x, 100), 0);
}

TEST(sched, complete_all_lets_all_through_for_good,
     COMPLETION ", complete_all()")
{
	struct task_struct *t[3];

	if (!spawn_waiters(t, 3))
		return;
	complete_all(&x);
	EXPECT_STREQ(diary, "abc");
	wait_for_completion(&x);
	EXPECT_TRUE(try_wait_for_completion(&x));
	complete(&x); /* no less than all */
	EXPECT_TRUE(try_wait_for_completion(&x));
	EXPECT_TRUE(completion_done(&x));
	reinit_completion(&x);
	EXPECT_FALSE(try_wait_for_completion(&x));
	for (u32 i = 0; i < 3; i++)
		kthread_stop(t[i]);
}

TEST(sched, waiting_for_a_completion_times_out_never_early,
     COMPLETION ", wait_for_completion_timeout()")
{
	ktime_t begun = ktime_get();

	init_completion(&x);
	EXPECT_EQ(wait_for_completion_timeout(&x, 600), 0);
	EXPECT_GE(ktime_get() - begun, 600 * NSEC_PER_USEC);
	EXPECT_FALSE(waitqueue_active(&x.wait));
	complete(&x);
	EXPECT_GT(wait_for_completion_timeout(&x, 600), 0);
	EXPECT_FALSE(completion_done(&x));
}

static void complete_x(void *unused)
{
	complete(&x);
	note('h');
}

TEST(sched, an_interrupt_completes, COMPLETION ", complete()")
{
	struct task_struct *t;

	if (!spawn_waiters(&t, 1))
		return;
	EXPECT_TRUE(sched_interrupt(complete_x, NULL));
	EXPECT_STREQ(diary, "ha");
	EXPECT_EQ(kthread_stop(t), 'a');
}

static struct completion *volatile offered;
static u32 completed;

static int complete_what_is_offered(void *unused)
{
	while (!kthread_should_stop()) {
		struct completion *c = offered;

		if (!c) {
			cpu_relax();
			continue;
		}
		offered = NULL;
		complete(c);
		completed++;
	}
	return 0;
}

/* Gone, and overwritten, as soon as the wait is over. */
static bool wait_on_stack(void)
{
	struct completion c;
	bool done;

	init_completion(&c);
	offered = &c;
	done = wait_for_completion_timeout(&c, RUN_US);
	memset(&c, 0xa5, sizeof(c)); /* a lock that is taken, if looked at */
	barrier();
	return done;
}

TEST(sched, a_completion_may_be_gone_once_its_wait_is_over,
     COMPLETION ", complete()", .needs = NEEDS_SMP)
{
	u64 until = deadline_after(ROUNDS_US);
	u32 wanted = ktest_stress() ? 20000 : 100, i = 0;
	struct task_struct *t;
	bool done = true;

	offered = NULL;
	completed = 0;
	t = spawn_on(other_cpu(), complete_what_is_offered, NULL, PRIO_NORMAL);
	if (!t)
		return;
	for (; done && more_rounds(i, wanted, until); i++)
		done = wait_on_stack();
	EXPECT_EQ(kthread_stop(t), 0);
	EXPECT_TRUE(done);
	EXPECT_EQ(completed, i);
}
