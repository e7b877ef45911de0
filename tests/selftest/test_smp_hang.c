// SPDX-License-Identifier: MIT
/*
 * hang - every way in which a CPU, or several, can hang: the run goes on, and
 * so does the CPU. tests/qemu/smp.t runs them, with 1, 2 and 4 CPUs. A case
 * named hang.* fails, since it hung; the one after it, alive.*, passes: every
 * CPU works again.
 */
#include <apic/lapic.h>
#include <bh/softirq.h>
#include <bh/tasklet.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <ktest/insn.h>
#include <ktest/ktest.h>
#include <ktest/raised.h>
#include <lib/errno.h>
#include <sched/ksoftirqd.h>
#include <sched/sched.h>
#include <smp/nmi_backtrace.h>
#include <smp/smp.h>
#include <trap/traps.h>

#define RULE	"irqbed src/smp/watch.c: a CPU that hangs is broken out of it"
#define WORKS	"irqbed src/smp/run_on.c: a CPU that hung is as good as new"
#define SHORT	300000 /* us */
#define LONG	60000000
#define CASE_MS 500
#define LINE	13 /* nobody's today: the FPU's */

SUITE(hang, .manual = true);

/* Set by nobody: the loop is meant to have no end. */
static bool released;
static u32 calls;

static void spin(void *arg)
{
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	while (!READ_ONCE(released))
		cpu_relax();
}

static void spin_irqs_off(void *arg)
{
	local_irq_disable();
	spin(NULL);
}

static bool spin_in_nmi(struct pt_regs *regs, void *data)
{
	spin(NULL);
	return true;
}

static void hang_in_nmi(void *arg)
{
	apic_send_nmi(lapic_id());
	spin(NULL);
}

static void count(void *arg)
{
	__atomic_fetch_add((u32 *)arg, 1, __ATOMIC_RELAXED);
}

static void fault(void *arg)
{
	insn_ud2(NULL);
}

static u32 last_cpu(void)
{
	return nr_cpu_ids - 1;
}

/* Nothing that can be done on a CPU is refused or lost. */
static void all_cpus_work(void)
{
	u32 cpu, n = 0;

	EXPECT_EQ(num_online_cpus(), nr_cpu_ids);
	for_each_online_cpu (cpu) {
		if (cpu)
			EXPECT_EQ(run_on(cpu, count, &n, 2000000), 0);
		/* It may be in its tick just now. */
		EXPECT_TRUE(WAIT_FOR(!READ_ONCE(cpu_hot(cpu)->preempt_count),
				     WAIT_DEFAULT_US));
	}
	EXPECT_EQ(n, nr_cpu_ids - 1);
	EXPECT_EQ(on_each_cpu(count, &n, true), 0);
	EXPECT_EQ(n, 2 * nr_cpu_ids - 1);
	EXPECT_TRUE(trigger_allbutself_cpu_backtrace());
}

#define ALIVE(name)              \
	TEST(hang, name, WORKS)  \
	{                        \
		all_cpus_work(); \
	}

TEST(hang, boot_cpu, RULE, .deadline_ms = CASE_MS)
{
	spin_irqs_off(NULL);
}

ALIVE(alive_1)

TEST(hang, last_cpu, RULE, .needs = NEEDS_SMP)
{
	EXPECT_EQ(run_on(last_cpu(), spin_irqs_off, NULL, SHORT), -ETIMEDOUT);
}

ALIVE(alive_2)

TEST(hang, with_interrupts_on, RULE, .needs = NEEDS_SMP)
{
	EXPECT_EQ(run_on(last_cpu(), spin, NULL, SHORT), -ETIMEDOUT);
}

ALIVE(alive_3)

TEST(hang, in_a_call_function, RULE, .needs = NEEDS_SMP)
{
	u64 limit = smp_call_timeout_us;

	smp_call_timeout_us = SHORT;
	EXPECT_EQ(smp_call_function_single(last_cpu(), spin, NULL, true),
		  -ETIMEDOUT);
	smp_call_timeout_us = limit;
}

ALIVE(alive_4)

/* The boot CPU, too, is broken out of it: the case's time is over. */
TEST(hang, all_at_once, RULE, .needs = NEEDS_SMP, .deadline_ms = CASE_MS)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu)
			EXPECT_EQ(run_on_start(cpu, spin_irqs_off, NULL, LONG),
				  0);
	}
	calls = 0;
	WAIT_FOR(READ_ONCE(calls) == nr_cpu_ids - 1, WAIT_DEFAULT_US);
	spin_irqs_off(NULL);
}

ALIVE(alive_5)

/* CPU 1 looks after CPU 0; when it hangs, CPU 2 does. */
TEST(hang, boot_cpu_and_its_watcher, RULE, .deadline_ms = CASE_MS)
{
	if (nr_cpu_ids < 3)
		SKIP(return, "needs 3 CPUs");
	EXPECT_EQ(run_on_start(1, spin_irqs_off, NULL, LONG), 0);
	spin_irqs_off(NULL);
}

ALIVE(alive_6)

/* No NMI gets through: INIT does. */
TEST(hang, in_an_nmi_handler, RULE, .needs = NEEDS_SMP)
{
	trap_hook(X86_TRAP_NMI, spin_in_nmi, NULL);
	EXPECT_EQ(run_on(last_cpu(), hang_in_nmi, NULL, SHORT), -ETIMEDOUT);
}

ALIVE(alive_7)

TEST(hang, work_that_nobody_waits_for, RULE, .needs = NEEDS_SMP)
{
	EXPECT_EQ(run_on_start(last_cpu(), spin_irqs_off, NULL, SHORT), 0);
}

ALIVE(alive_8)

TEST(hang, exception_in_run_on, RULE, .needs = NEEDS_SMP)
{
	EXPECT_EQ(run_on(last_cpu(), fault, NULL, SHORT), -EFAULT);
}

ALIVE(alive_9)

/* In its idle loop, where it has not been asked to catch anything. */
TEST(hang, exception_in_a_call_function, RULE, .needs = NEEDS_SMP)
{
	EXPECT_EQ(smp_call_function_single(last_cpu(), fault, NULL, true),
		  -EFAULT);
}

ALIVE(alive_10)

/* Nobody waits and nobody knows: but its timer ticks no more. */
TEST(hang, idle_cpu, RULE, .needs = NEEDS_SMP, .deadline_ms = 60000)
{
	u32 before = smp_recovered_count();

	if (nr_cpu_ids < 3)
		SKIP(return, "needs 3 CPUs: the boot CPU's case looks at none");
	EXPECT_EQ(smp_call_function_single(1, spin, NULL, false), 0);
	EXPECT_TRUE(WAIT_FOR(smp_recovered_count() != before, 30000000));
}

ALIVE(alive_11)

static void spin_in_a_lines_lock(void *arg)
{
	raw_spin_lock(&irq_to_desc(LINE)->lock);
	spin_irqs_off(NULL);
}

static irqreturn_t nothing(int irq, void *dev)
{
	return IRQ_HANDLED;
}

static void use_line(void)
{
	EXPECT_EQ(request_irq(LINE, nothing, 0, "alive", &calls), 0);
	free_irq(LINE, &calls);
}

static bool in_vain; /* the case below was broken off as it waited */

/* A line whose lock it held can be taken into use at once, by this case. */
TEST(hang, in_a_lines_lock, RULE, .needs = NEEDS_SMP)
{
	EXPECT_EQ(run_on(last_cpu(), spin_in_a_lines_lock, NULL, SHORT),
		  -ETIMEDOUT);
	in_vain = true;
	use_line();
	in_vain = false;
}

TEST(hang, alive_13, WORKS)
{
	EXPECT_FALSE(in_vain);
	use_line();
	all_cpus_work();
}

static void spin_in_tasklet(struct tasklet_struct *t)
{
	spin(NULL);
}

static struct tasklet_struct spinning;

static void schedule_it(void *arg)
{
	tasklet_schedule(&spinning);
}

/* Its timer ticks, but its idle loop does not go round any more. */
TEST(hang, softirq_of_an_idle_cpu, RULE, .needs = NEEDS_SMP,
     .deadline_ms = 60000)
{
	u32 before = smp_recovered_count();

	if (nr_cpu_ids < 3)
		SKIP(return, "needs 3 CPUs: the boot CPU's case looks at none");
	tasklet_setup(&spinning, spin_in_tasklet);
	EXPECT_EQ(run_on(1, schedule_it, NULL, 2000000), 0);
	EXPECT_TRUE(WAIT_FOR(smp_recovered_count() != before, 30000000));
}

ALIVE(alive_12)

/* Its own time limit is the end of the run: nothing reaches the boot CPU. */
TEST(selftest, boot_cpu_hangs_in_an_nmi_handler, RULE, .deadline_ms = CASE_MS)
{
	EXPECT_TRUE(true);
	trap_hook(X86_TRAP_NMI, spin_in_nmi, NULL);
	hang_in_nmi(NULL);
}

/* Its task goes on behind it: only what it woke hangs. */
static void spin_in_softirq(void)
{
	if (current == this_cpu_ksoftirqd())
		spin(NULL);
}

static void raise_and_yield(void *arg)
{
	local_irq_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	yield();
	local_irq_enable();
}

TEST(hang, ksoftirqd, RULE, .needs = NEEDS_SMP)
{
	softirq_action_t saved = softirq_action(NET_RX_SOFTIRQ);

	open_softirq(NET_RX_SOFTIRQ, spin_in_softirq);
	run_on(last_cpu(), raise_and_yield, NULL, SHORT);
	open_softirq(NET_RX_SOFTIRQ, saved);
}

static void count_softirq(void)
{
	calls++;
}

/* And ksoftirqd of the CPU that it was broken out of serves again. */
TEST(hang, alive_14, WORKS)
{
	softirq_action_t saved = softirq_action(NET_RX_SOFTIRQ);

	all_cpus_work();
	calls = 0;
	open_softirq(NET_RX_SOFTIRQ, count_softirq);
	if (last_cpu())
		run_on(last_cpu(), raise_and_yield, NULL, 2000000);
	else
		raise_and_yield(NULL);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(calls), WAIT_DEFAULT_US));
	open_softirq(NET_RX_SOFTIRQ, saved);
}

static irqreturn_t spin_in_thread(int irq, void *dev)
{
	spin(NULL);
	return IRQ_HANDLED;
}

static irqreturn_t wake_thread(int irq, void *dev)
{
	return IRQ_WAKE_THREAD;
}

/* FERR#'s line, which nothing drives, by an IPI of its vector. */
static void have_line_hang(void *arg)
{
	if (request_threaded_irq(13, wake_thread, spin_in_thread,
				 IRQF_TRIGGER_RISING, "spins", &calls))
		return;
	raised_irqs(13, 1);
	apic_send_self(irq_to_desc(13)->vector);
	synchronize_irq(13);
	free_irq(13, &calls);
}

TEST(hang, irq_thread, RULE, .needs = NEEDS_SMP | NEEDS_IOAPIC)
{
	run_on(last_cpu(), have_line_hang, NULL, SHORT);
}

ALIVE(alive_15)
