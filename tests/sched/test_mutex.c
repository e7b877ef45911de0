// SPDX-License-Identifier: MIT
/* test_mutex.c - Linux: kernel/locking/mutex.c, "mutex-design.rst". */
#include <sched/mutex.h>

#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <smp/smp.h>
#include <trap/catch.h>

#include "sched.h"

#define MUTEX "Linux kernel/locking/mutex.c"

static struct mutex lock;

static int lock_and_note(void *letter)
{
	mutex_lock(&lock);
	note((char)(uintptr_t)letter);
	mutex_unlock(&lock);
	return 0;
}

static bool spawn_lockers(struct task_struct **t, u32 n)
{
	diary_begin();
	mutex_init(&lock);
	mutex_lock(&lock);
	for (u32 i = 0; i < n; i++) {
		t[i] = spawn(lock_and_note, (void *)(u64)('a' + i),
			     PRIO_NORMAL);
		if (!t[i])
			return false;
	}
	return true;
}

static void end(struct task_struct **t, u32 n)
{
	EXPECT_FALSE(mutex_is_locked(&lock));
	while (n--)
		kthread_stop(t[n]);
}

TEST(sched, a_mutex_is_handed_over_in_the_order_they_came,
     MUTEX ", mutex_unlock()")
{
	struct task_struct *t[4];

	if (!spawn_lockers(t, 4))
		return;
	EXPECT_STREQ(diary, "");
	mutex_unlock(&lock);
	EXPECT_STREQ(diary, "abcd");
	end(t, 4);
}

/* The one that runs is faster, and must not be. */
TEST(sched, who_unlocks_a_mutex_does_not_overtake_those_that_wait,
     MUTEX ", MUTEX_FLAG_HANDOFF")
{
	struct task_struct *t[2];

	if (!spawn_lockers(t, 2))
		return;
	preempt_disable();
	mutex_unlock(&lock);
	EXPECT_TRUE(mutex_is_locked(&lock));
	EXPECT_FALSE(mutex_trylock(&lock));
	EXPECT_STREQ(diary, "");
	preempt_enable();
	mutex_lock(&lock);
	EXPECT_STREQ(diary, "ab");
	mutex_unlock(&lock);
	end(t, 2);
}

/* A wake-up that is none of the mutex's does not make an owner. */
TEST(sched, a_stray_wake_up_gives_nobody_a_mutex, MUTEX ", mutex_lock()")
{
	struct task_struct *t[2];

	if (!spawn_lockers(t, 2))
		return;
	EXPECT_TRUE(wake_up_process(t[1]));
	EXPECT_TRUE(wake_up_process(t[0]));
	EXPECT_STREQ(diary, "");
	EXPECT_EQ(t[0]->state, TASK_UNINTERRUPTIBLE);
	EXPECT_EQ(lock.owner, current);
	mutex_unlock(&lock);
	EXPECT_STREQ(diary, "ab");
	end(t, 2);
}

static int try(void *unused)
{
	bool got = mutex_trylock(&lock);

	if (got)
		mutex_unlock(&lock);
	return got;
}

TEST(sched, mutex_trylock_takes_it_only_if_it_is_free,
     MUTEX ", mutex_trylock()")
{
	struct task_struct *t;

	mutex_init(&lock);
	EXPECT_FALSE(mutex_is_locked(&lock));
	EXPECT_TRUE(mutex_trylock(&lock));
	EXPECT_TRUE(mutex_is_locked(&lock));
	t = spawn(try, NULL, PRIO_NORMAL);
	if (t)
		EXPECT_EQ(kthread_stop(t), 0);
	mutex_unlock(&lock);
	t = spawn(try, NULL, PRIO_NORMAL);
	if (t)
		EXPECT_EQ(kthread_stop(t), 1);
	EXPECT_FALSE(mutex_is_locked(&lock));
}

static void lock_it(void *unused)
{
	mutex_lock(&lock);
}

static void unlock_it(void *unused)
{
	mutex_unlock(&lock);
}

TEST(sched, a_mutex_is_its_owners_and_not_recursive,
     "Linux Documentation/locking/mutex-design.rst")
{
	mutex_init(&lock);
	EXPECT_TRAP(catch_trap(unlock_it, NULL), X86_TRAP_UD);
	mutex_lock(&lock);
	EXPECT_TRAP(catch_trap(lock_it, NULL), X86_TRAP_UD);
	EXPECT_EQ(lock.owner, current);
	EXPECT_EQ(preempt_count(), 0);
	mutex_unlock(&lock);
	EXPECT_FALSE(mutex_is_locked(&lock));
}

static struct {
	volatile u32 sum, inside, overlaps;
	u32 times, done;
} guarded;

static int add_many(void *unused)
{
	for (u32 i = 0; i < guarded.times; i++) {
		mutex_lock(&lock);
		guarded.overlaps += guarded.inside++;
		guarded.sum++;
		if (i % 8 == 0)
			yield(); /* the owner may give way */
		guarded.inside--;
		mutex_unlock(&lock);
	}
	__atomic_fetch_add(&guarded.done, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(sched, a_mutex_keeps_threads_of_all_cpus_apart, MUTEX ", mutex_lock()")
{
	struct task_struct *t[4];
	u32 cpu, n = 0;

	mutex_init(&lock);
	guarded.sum = guarded.inside = guarded.overlaps = guarded.done = 0;
	guarded.times = ktest_stress() ? 1000 : 16;
	t[n++] = spawn(add_many, NULL, PRIO_KTEST);
	for_each_online_cpu (cpu) {
		if (cpu && n < ARRAY_SIZE(t))
			t[n++] = spawn_on(cpu, add_many, NULL, PRIO_NORMAL);
	}
	add_many(NULL);
	WAIT_FOR((msleep(1), READ_ONCE(guarded.done) == n + 1), RUN_US);
	for (u32 i = 0; i < n; i++) {
		if (t[i])
			EXPECT_EQ(kthread_stop(t[i]), 0);
	}
	EXPECT_EQ(guarded.sum, (n + 1) * guarded.times);
	EXPECT_EQ(guarded.overlaps, 0);
	EXPECT_EQ(lock.owner, NULL);
}
