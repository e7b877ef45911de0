// SPDX-License-Identifier: MIT
/*
 * Softirqs raised everywhere: by threads, handlers, softirqs and other CPUs,
 * with `stress` 1,000,000 of them. One that is raised while it is pending is
 * pending; so each CPU counts which were not, and these ran, there, once each.
 *
 * Linux: kernel/softirq.c.
 */
#include "stress.h"

#include <cpu/irqflags.h>

#define ROUNDS 10
#define FEW    4000
#define MANY   1000000

static const u8 numbers[] = { NET_TX_SOFTIRQ, BLOCK_SOFTIRQ, IRQ_POLL_SOFTIRQ };
#define NR ARRAY_SIZE(numbers)

/* Of a CPU: IF=0 where it is written. */
struct raises {
	u64 asked;  /* how often this CPU wanted one raised, anywhere */
	u64 raised; /* how often one was, here */
	u64 set[NR], ran[NR];
	u64 counted[NR]; /* what /proc/softirqs showed before */
	u32 again;	 /* so many actions raise another one */
	u32 nested, wrong;
	bool inside;
};

static DEFINE_PER_CPU(struct raises, raises);
static softirq_action_t found[NR];

/* On this CPU, any context. False: it was pending. */
static bool raise_one(u32 i)
{
	u64 flags = local_irq_save();
	struct raises *r = this_cpu_ptr(&raises);
	bool fresh = !(local_softirq_pending() & BIT(numbers[i]));

	r->raised++;
	r->set[i] += fresh;
	raise_softirq_irqoff(numbers[i]);
	local_irq_restore(flags);
	return fresh;
}

static void raise_here(void *which)
{
	raise_one((u32)(u64)which);
}

/* What merges with a pending one would end the chain: another one goes on. */
static void raise_again(struct raises *r)
{
	bool fresh = false;

	while (r->again && !fresh) {
		r->again--;
		fresh = raise_one(r->again % NR);
	}
}

static void act(u32 i)
{
	struct raises *r = this_cpu_ptr(&raises);

	r->nested += r->inside;
	r->inside = true;
	r->wrong += irqs_disabled() || !in_serving_softirq();
	WRITE_ONCE(r->ran[i], r->ran[i] + 1);
	raise_again(r);
	r->inside = false;
}

#define ACTION(n)                    \
	static void action_##n(void) \
	{                            \
		act(n);              \
	}
ACTION(0)
ACTION(1)
ACTION(2)

static const char *raise_open(void)
{
	static const softirq_action_t action[NR] = { action_0, action_1,
						     action_2 };

	stress_where_open();
	for (u32 i = 0; i < NR; i++) {
		found[i] = softirq_action(numbers[i]);
		open_softirq(numbers[i], action[i]);
	}
	return NULL;
}

static void raise_close(void)
{
	for (u32 i = 0; i < NR; i++)
		open_softirq(numbers[i], found[i]);
	stress_where_close();
}

static void raise_enter(struct stress_cpu *me)
{
	struct raises *r = this_cpu_ptr(&raises);

	*r = (struct raises){ 0 };
	for (u32 i = 0; i < NR; i++)
		r->counted[i] = softirq_count_of(numbers[i]);
}

/* Its action raises the next one, and so on: some more than ten rounds. */
static u32 raise_chain(struct stress_cpu *me)
{
	u32 n = stress_random(me, 14);

	local_irq_disable();
	this_cpu_ptr(&raises)->again += n;
	raise_one(n % NR);
	local_irq_enable();
	return n + 1;
}

/* Two of them at once, or one, at the end of what kept them off. */
static u32 raise_behind_bh_disable(struct stress_cpu *me)
{
	u32 which = stress_random(me, NR);

	local_bh_disable();
	raise_one(which);
	raise_one(stress_random(me, NR));
	local_bh_enable();
	return 2;
}

/* How many it raised. */
static u32 raise_somewhere(struct stress_cpu *me)
{
	u32 n = stress_random(me, 4);

	if (n == 0)
		return raise_chain(me);
	if (n == 1)
		return raise_behind_bh_disable(me);
	stress_in(me, stress_anywhere(me), raise_here,
		  (void *)(u64)stress_random(me, NR));
	return 1;
}

static void raise_step(struct stress_cpu *me)
{
	struct raises *r = this_cpu_ptr(&raises);
	u32 share = stress_share(FEW, MANY), n = 0;

	while (n < share && !me->lost) {
		n += raise_somewhere(me);
		stress_give_way();
	}
	r->asked += n;
}

static bool all_ran(const struct raises *r)
{
	for (u32 i = 0; i < NR; i++) {
		if (READ_ONCE(r->ran[i]) != READ_ONCE(r->set[i]))
			return false;
	}
	return true;
}

static void raise_leave(struct stress_cpu *me)
{
	STRESS_WAIT(me, all_ran(this_cpu_ptr(&raises)), me->cpu,
		    "a softirq that was raised");
}

static void judge_cpu(u32 place)
{
	u32 cpu = stress_cpu_at(place);
	const struct raises *r = per_cpu_ptr(&raises, cpu);

	for (u32 i = 0; i < NR; i++) {
		if (!EXPECT_EQ(r->ran[i], r->set[i]) |
		    !EXPECT_EQ(softirq_count_cpu(numbers[i], cpu) -
				       r->counted[i],
			       r->set[i]))
			ktest_note("CPU %u: %s", cpu, softirq_name(numbers[i]));
	}
	EXPECT_EQ(r->nested, 0);
	EXPECT_EQ(r->wrong, 0);
	EXPECT_EQ(r->again, 0);
}

static void raise_judge(void)
{
	u64 asked = 0, raised = 0, ran = 0;

	for (u32 i = 0; i < stress_size(); i++) {
		const struct raises *r = per_cpu_ptr(&raises, stress_cpu_at(i));

		judge_cpu(i);
		asked += r->asked;
		raised += r->raised;
		for (u32 k = 0; k < NR; k++)
			ran += r->ran[k];
	}
	EXPECT_EQ(raised, asked);
	ktest_note("stress.softirqs_raised=%llu stress.softirqs_run=%llu",
		   (unsigned long long)raised, (unsigned long long)ran);
}

static const struct stress_op stress_raise = {
	.name = "softirqs from everywhere",
	.open = raise_open,
	.enter = raise_enter,
	.step = raise_step,
	.leave = raise_leave,
	.judge = raise_judge,
	.close = raise_close,
};

TEST(stress, softirqs_raised_everywhere_run_once_each,
     "Linux kernel/softirq.c raise_softirq_irqoff()", .deadline_ms = STRESS_MS)
{
	stress_run(&stress_raise, ROUNDS);
}
