// SPDX-License-Identifier: MIT
/*
 * test_wait.c - wait queues: who is woken by what, and nobody's wake-up lost.
 * Linux: kernel/sched/wait.c, include/linux/wait.h.
 */
#include <sched/wait.h>

#include <bh/hrtimer.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <smp/smp.h>

#include "sched.h"

#define WAIT "Linux include/linux/wait.h"

static struct wait_queue_head queue;
static bool come; /* what they wait for */
static u32 looked;

static void begin(void)
{
	diary_begin();
	init_waitqueue_head(&queue);
	come = false;
	looked = 0;
}

static bool look(void)
{
	looked++;
	return READ_ONCE(come);
}

static int wait_plainly(void *letter)
{
	wait_event(queue, look());
	return note_letter(letter);
}

static int wait_exclusively(void *letter)
{
	wait_event_exclusive(queue, look());
	return note_letter(letter);
}

static int wait_interruptibly(void *letter)
{
	EXPECT_EQ(wait_event_interruptible(queue, look()), 0);
	return note_letter(letter);
}

/* n of them, of letters first, first + 1, ..., that wait. False: too few. */
static bool spawn_waiters(struct task_struct **t, u32 n,
			  int (*fn)(void *letter), char first)
{
	for (u32 i = 0; i < n; i++) {
		t[i] = spawn(fn, (void *)(u64)(first + (char)i), PRIO_NORMAL);
		if (!t[i])
			return false;
	}
	return true;
}

/* Whoever waits still: let all go. */
static void end(struct task_struct **t, u32 n)
{
	come = true;
	wake_up_all(&queue);
	while (n--)
		kthread_stop(t[n]);
	EXPECT_FALSE(waitqueue_active(&queue));
}

TEST(sched, wake_up_wakes_exclusive_waiters_one_by_one_first_come_first,
     WAIT ", wake_up()")
{
	struct task_struct *t[4];

	begin();
	if (!spawn_waiters(t, 4, wait_exclusively, 'a'))
		return;
	EXPECT_TRUE(waitqueue_active(&queue));
	come = true;
	EXPECT_STREQ(diary, "");
	wake_up(&queue);
	EXPECT_STREQ(diary, "a");
	wake_up_nr(&queue, 2);
	EXPECT_STREQ(diary, "abc");
	wake_up(&queue);
	wake_up(&queue);
	EXPECT_STREQ(diary, "abcd");
	EXPECT_FALSE(waitqueue_active(&queue));
	end(t, 4);
}

TEST(sched, wake_up_wakes_all_that_are_not_exclusive, WAIT ", wake_up()")
{
	struct task_struct *t[5];

	begin();
	if (!spawn_waiters(t, 2, wait_exclusively, 'x') ||
	    !spawn_waiters(t + 2, 3, wait_plainly, 'a'))
		return;
	come = true;
	wake_up(&queue);
	EXPECT_STREQ(diary, "abcx");
	end(t, 5);
	EXPECT_STREQ(diary, "abcxy");
}

TEST(sched, wake_up_all_wakes_exclusive_ones_too, WAIT ", wake_up_all()")
{
	struct task_struct *t[4];

	begin();
	if (!spawn_waiters(t, 2, wait_exclusively, 'x') ||
	    !spawn_waiters(t + 2, 2, wait_plainly, 'a'))
		return;
	come = true;
	wake_up_all(&queue);
	EXPECT_STREQ(diary, "abxy");
	end(t, 4);
}

TEST(sched, who_is_woken_for_nothing_goes_on_waiting, WAIT ", wait_event()")
{
	struct task_struct *t;

	begin();
	if (!spawn_waiters(&t, 1, wait_plainly, 'a'))
		return;
	EXPECT_EQ(looked, 1);
	wake_up(&queue);
	EXPECT_EQ(looked, 2);
	wake_up_process(t); /* whoever may have done so */
	EXPECT_EQ(looked, 3);
	EXPECT_EQ(t->state, TASK_UNINTERRUPTIBLE);
	EXPECT_STREQ(diary, "");
	end(&t, 1);
	EXPECT_STREQ(diary, "a");
}

TEST(sched, a_condition_that_holds_is_not_waited_for, WAIT ", wait_event()")
{
	u64 switches = current->nr_switches;

	begin();
	come = true;
	wait_event(queue, look());
	EXPECT_EQ(looked, 1);
	EXPECT_EQ(current->nr_switches, switches);
	EXPECT_EQ(current->state, TASK_RUNNING);
	EXPECT_EQ(wait_event_timeout(queue, look(), 1000), 1000);
	EXPECT_EQ(wait_event_timeout(queue, look(), 0), 1);
	EXPECT_FALSE(waitqueue_active(&queue));
}

TEST(sched, a_wait_that_times_out_is_never_early_and_leaves_the_queue,
     WAIT ", wait_event_timeout()")
{
	ktime_t begun = ktime_get();

	begin();
	EXPECT_EQ(wait_event_timeout(queue, look(), 700), 0);
	EXPECT_GE(ktime_get() - begun, 700 * NSEC_PER_USEC);
	EXPECT_FALSE(waitqueue_active(&queue));
	EXPECT_EQ(current->state, TASK_RUNNING);
	EXPECT_GE(looked, 2);
	EXPECT_EQ(wait_event_timeout(queue, look(), 0), 0);
}

static void come_by_irq(void *unused)
{
	come = true;
	wake_up(&queue);
	note('h');
}

static int wait_long(void *unused)
{
	u64 left = wait_event_timeout(queue, look(), RUN_US);

	note('w');
	return left > 0 && left <= RUN_US;
}

TEST(sched, an_interrupt_ends_a_wait_in_time, WAIT ", wait_event_timeout()")
{
	struct task_struct *t;

	begin();
	t = spawn(wait_long, NULL, PRIO_NORMAL);
	if (!t)
		return;
	EXPECT_TRUE(sched_interrupt(come_by_irq, NULL));
	note('b');
	EXPECT_STREQ(diary, "hwb");
	EXPECT_EQ(kthread_stop(t), 1);
}

TEST(sched, wake_up_interruptible_leaves_uninterruptible_ones_asleep,
     WAIT ", wake_up_interruptible()")
{
	struct task_struct *t[2];

	begin();
	if (!spawn_waiters(t, 1, wait_plainly, 'u') ||
	    !spawn_waiters(t + 1, 1, wait_interruptibly, 'i'))
		return;
	come = true;
	wake_up_interruptible(&queue);
	EXPECT_STREQ(diary, "i");
	EXPECT_EQ(t[0]->state, TASK_UNINTERRUPTIBLE);
	wake_up(&queue);
	EXPECT_STREQ(diary, "iu");
	end(t, 2);
}

/* Between set_current_state() and schedule(): the sleep does not happen. */
TEST(sched, a_wake_up_just_before_the_sleep_is_not_lost,
     LINUX_CORE ", set_current_state()")
{
	u64 switches = current->nr_switches;

	set_current_state(TASK_UNINTERRUPTIBLE);
	EXPECT_TRUE(sched_interrupt(wake_task, current));
	EXPECT_EQ(current->state, TASK_RUNNING);
	schedule();
	EXPECT_EQ(current->nr_switches, switches);
}

/* Set aside with another state: it stays runnable, and only then sleeps. */
TEST(sched, a_thread_set_aside_on_its_way_to_sleep_is_not_asleep,
     LINUX_CORE ", __schedule()")
{
	struct task_struct *t = kthread_create_on_cpu(note_letter, (void *)'t',
						      0, PRIO_NORMAL, "other");

	diary_begin();
	if (!EXPECT_TRUE(t))
		return;
	set_current_state(TASK_UNINTERRUPTIBLE);
	EXPECT_TRUE(sched_interrupt(wake_task, t));
	note('b');
	EXPECT_STREQ(diary, "tb");
	EXPECT_EQ(current->state, TASK_UNINTERRUPTIBLE);
	set_current_state(TASK_RUNNING);
	kthread_stop(t);
}

static struct {
	struct task_struct *sleeper;
	volatile u32 ball; /* odd: the sleeper's turn */
	u32 rounds;
	u64 until;
} game;

static void begin_game(u32 rounds)
{
	game.rounds = rounds;
	game.ball = 0;
	game.until = deadline_after(ROUNDS_US);
}

static int play(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (game.ball & 1) {
			set_current_state(TASK_RUNNING);
			game.ball++;
		} else if (!kthread_should_stop()) {
			schedule();
		}
	}
	return 0;
}

static void serve(void *served)
{
	u32 *i = served;

	for (*i = 0; more_rounds(*i, game.rounds, game.until); ++*i) {
		game.ball++;
		wake_up_process(game.sleeper);
		if (!WAIT_FOR(!(game.ball & 1), WAIT_DEFAULT_US))
			return;
	}
}

TEST(sched, a_wake_up_from_another_cpu_is_never_lost,
     LINUX_CORE ", try_to_wake_up()", .needs = NEEDS_SMP)
{
	u32 served;

	begin_game(ktest_stress() ? 20000 : 500);
	game.sleeper = spawn(play, NULL, PRIO_NORMAL);
	if (!game.sleeper)
		return;
	EXPECT_EQ(run_on(other_cpu(), serve, &served, ROUNDS_US + RUN_US), 0);
	EXPECT_EQ(game.ball, 2 * served);
	kthread_stop(game.sleeper);
}

static struct wait_queue_head here, there;

static int ping(void *unused)
{
	while (!kthread_should_stop()) {
		wait_event(here, game.ball & 1 || kthread_should_stop());
		if (!(game.ball & 1))
			continue;
		game.ball++;
		wake_up(&there);
	}
	return 0;
}

static bool pong(u32 round)
{
	game.ball++;
	wake_up(&here);
	return wait_event_timeout(there, game.ball == 2 * (round + 1), RUN_US);
}

TEST(sched, two_cpus_that_wait_for_each_other_go_on_in_turns,
     WAIT ", wait_event()", .needs = NEEDS_SMP)
{
	struct task_struct *t;
	u32 round = 0;
	bool back = true;

	begin_game(ktest_stress() ? 5000 : 100);
	init_waitqueue_head(&here);
	init_waitqueue_head(&there);
	t = spawn_on(other_cpu(), ping, NULL, PRIO_NORMAL);
	if (!t)
		return;
	for (; back && more_rounds(round, game.rounds, game.until); round++)
		back = pong(round);
	EXPECT_TRUE(back);
	EXPECT_EQ(kthread_stop(t), 0);
}
