// SPDX-License-Identifier: MIT
/*
 * test_bh.c - the diary and the interrupt that suite bh works with, and the
 * first rules: what a softirq is called, and what context it is.
 *
 * Linux: include/linux/interrupt.h, include/linux/preempt.h.
 */
#include "bh.h"

#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <sched/ksoftirqd.h>
#include <sched/sched.h>
#include <trap/traps.h>

struct bh_diary bh_diary;

static softirq_action_t saved_action[NR_SOFTIRQS];
static void (*then_of[NR_SOFTIRQS])(void);
static u32 arrived; /* interrupts whose handler has returned */

void bh_write(u32 who)
{
	u32 n = bh_diary.n++;

	if (n < BH_ENTRIES)
		bh_diary.entry[n] = (struct bh_entry){
			.who = who,
			.count = preempt_count(),
			.irqs_on = !irqs_disabled(),
		};
}

u32 bh_count(u32 who)
{
	u32 n = 0;

	for (u32 i = 0; i < bh_diary.n && i < BH_ENTRIES; i++)
		n += bh_diary.entry[i].who == who;
	return n;
}

bool bh_order_is(const u32 *who, u32 n)
{
	bool same = bh_diary.n == n;

	for (u32 i = 0; same && i < n; i++)
		same = bh_diary.entry[i].who == who[i];
	for (u32 i = 0; !same && i < bh_diary.n && i < BH_ENTRIES; i++)
		ktest_note("diary %u: 0x%x, want 0x%x", i,
			   bh_diary.entry[i].who, i < n ? who[i] : ~0u);
	return same;
}

#define ACTION(n)                     \
	static void action_##n(void)  \
	{                             \
		bh_write(n);          \
		if (then_of[n])       \
			then_of[n](); \
	}
ACTION(0)
ACTION(1)
ACTION(2)
ACTION(3)
ACTION(4)
ACTION(5)
ACTION(6)
ACTION(7)
ACTION(8)
ACTION(9)

void bh_open(u32 nr, void (*then)(void))
{
	static const softirq_action_t action[NR_SOFTIRQS] = {
		action_0, action_1, action_2, action_3, action_4,
		action_5, action_6, action_7, action_8, action_9,
	};

	then_of[nr] = then;
	open_softirq(nr, action[nr]);
}

static irqreturn_t on_irq(int irq, void *dev)
{
	void (*fn)(void) = dev;

	bh_write(BH_HARDIRQ);
	if (fn)
		fn();
	arrived++;
	return IRQ_HANDLED;
}

static void no_act(void)
{
}

bool bh_claim(u32 vector, void (*fn)(void))
{
	return !irq_claim_vector(vector, on_irq, fn ? fn : no_act);
}

bool bh_send(u32 vector)
{
	u32 before = READ_ONCE(arrived);

	return !apic_send_self(vector) &&
	       WAIT_FOR(READ_ONCE(arrived) != before, WAIT_DEFAULT_US);
}

bool bh_hardirq(void (*fn)(void))
{
	u32 before = READ_ONCE(arrived);
	bool ok = bh_claim(BH_VECTOR, fn) && bh_send(BH_VECTOR);

	irq_release_vector(BH_VECTOR);
	return ok && READ_ONCE(arrived) == before + 1;
}

/* The interrupt is let in by one instruction at a time. */
static bool let_in(u32 before)
{
	local_irq_enable();
	cpu_relax();
	local_irq_disable();
	return arrived != before;
}

bool bh_hardirq_then_off(void (*fn)(void))
{
	u32 before = READ_ONCE(arrived);
	bool ok = bh_claim(BH_VECTOR, fn);

	local_irq_disable();
	ok = ok && !apic_send_self(BH_VECTOR) &&
	     WAIT_FOR(let_in(before), WAIT_DEFAULT_US);
	irq_release_vector(BH_VECTOR);
	return ok && arrived == before + 1;
}

bool bh_ksoftirqd_due(void)
{
	return READ_ONCE(this_cpu_ksoftirqd()->state) == TASK_RUNNING;
}

bool bh_let_ksoftirqd(void)
{
	if (!bh_ksoftirqd_due())
		return false;
	for (u32 turn = 0; turn < 100 && bh_ksoftirqd_due(); turn++)
		yield();
	return true;
}

void bh_settle(void)
{
	bh_let_ksoftirqd();
}

static int setup(void)
{
	bh_settle(); /* what the last suite woke for nothing */
	bh_diary.n = 0;
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++)
		saved_action[nr] = softirq_action(nr);
	return local_softirq_pending() ? -1 : 0;
}

static void teardown(void)
{
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++)
		open_softirq(nr, saved_action[nr]);
	irq_release_vector(BH_VECTOR);
	irq_release_vector(BH_VECTOR_HIGH);
}

SUITE(bh, .setup = setup, .teardown = teardown);

TEST(bh, ten_softirqs_in_the_order_of_linux,
     "Linux include/linux/interrupt.h, enum HI_SOFTIRQ ... NR_SOFTIRQS")
{
	static const char *const name[] = {
		"HI",	    "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
		"IRQ_POLL", "TASKLET", "SCHED",	 "HRTIMER", "RCU",
	};

	EXPECT_EQ(NR_SOFTIRQS, ARRAY_SIZE(name));
	for (u32 nr = 0; nr < ARRAY_SIZE(name); nr++)
		EXPECT_STREQ(softirq_name(nr), name[nr]);
}

/* The four predicates as a number, so that one comparison shows all. */
enum { NMI = 8, HARDIRQ = 4, SERVING = 2, TASK = 1 };

static u32 context(void)
{
	return (in_nmi() ? NMI : 0) | (in_hardirq() ? HARDIRQ : 0) |
	       (in_serving_softirq() ? SERVING : 0) | (in_task() ? TASK : 0);
}

static u32 seen_in_hardirq, seen_in_softirq, seen_in_both, seen_in_nmi;
static bool nmi_came;

static void look_in_hardirq(void)
{
	seen_in_hardirq = context();
	raise_softirq(NET_RX_SOFTIRQ);
}

static void look_in_both(void)
{
	seen_in_both = context();
}

static void look_in_softirq(void)
{
	seen_in_softirq = context();
	bh_send(BH_VECTOR_HIGH);
}

static bool look_in_nmi(struct pt_regs *regs, void *data)
{
	seen_in_nmi = context();
	nmi_came = true;
	return true;
}

#define PREDICATES                                                 \
	"Linux include/linux/preempt.h, \"Macros to retrieve the " \
	"current execution context\""

TEST(bh, hardirq_and_softirq_know_themselves, PREDICATES)
{
	seen_in_hardirq = seen_in_softirq = seen_in_both = 0;
	bh_open(NET_RX_SOFTIRQ, look_in_softirq);
	EXPECT_TRUE(bh_claim(BH_VECTOR_HIGH, look_in_both));
	EXPECT_EQ(context(), TASK);
	EXPECT_TRUE(bh_claim(BH_VECTOR, look_in_hardirq));
	EXPECT_TRUE(bh_send(BH_VECTOR));
	EXPECT_EQ(seen_in_hardirq, HARDIRQ);
	EXPECT_EQ(seen_in_softirq, SERVING);
	EXPECT_EQ(seen_in_both, HARDIRQ | SERVING);
	EXPECT_EQ(context(), TASK);
	EXPECT_FALSE(in_interrupt());
}

/* Linux: nmi_enter() adds NMI_OFFSET + HARDIRQ_OFFSET. */
TEST(bh, nmi_knows_itself_and_is_no_task, PREDICATES)
{
	u32 before = preempt_count();

	nmi_came = false;
	trap_hook(X86_TRAP_NMI, look_in_nmi, NULL);
	raised_nmis(1);
	EXPECT_EQ(apic_send_nmi(lapic_id()), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(nmi_came), WAIT_DEFAULT_US));
	trap_hook(X86_TRAP_NMI, NULL, NULL);
	EXPECT_EQ(seen_in_nmi, NMI | HARDIRQ);
	EXPECT_EQ(preempt_count(), before);
}

TEST(bh, bh_disabled_is_still_a_task, PREDICATES)
{
	u32 inside;

	local_bh_disable();
	inside = context();
	EXPECT_TRUE(in_interrupt());
	EXPECT_EQ(softirq_count(), SOFTIRQ_DISABLE_OFFSET);
	local_bh_enable();
	EXPECT_EQ(inside, TASK);
	EXPECT_EQ(softirq_count(), 0);
}
