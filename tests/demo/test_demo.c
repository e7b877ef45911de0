// SPDX-License-Identifier: MIT
/*
 * test_demo.c - one interrupt, from the pin of a UART to the last of its bottom
 * halves, with the context of each step: for who wants to see it happen.
 * docs/life-of-an-interrupt.md walks through what `make demo` prints.
 *
 * A byte is sent to itself. The hard handler takes it, and asks for one of each
 * kind of bottom half; each writes down where it is. The case then prints that,
 * and judges the order, which the kinds promise.
 *
 * Linux: kernel/irq/handle.c, kernel/softirq.c, kernel/workqueue.c.
 */
#include <apic/ioapic.h>
#include <bh/softirq.h>
#include <bh/tasklet.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <dev/uart.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <sched/workqueue.h>

#define RULE "Linux kernel/softirq.c, irq_exit()"

/* In the order in which they are to come. */
enum stage { SEND, HARDIRQ, SOFTIRQ, TASKLET, IRQ_THREAD, WORK, BACK, STAGES };

static const char *const stage_names[STAGES] = {
	"the byte is sent", "hard handler", "softirq NET_RX",	"tasklet",
	"irq thread",	    "work",	    "the case goes on",
};

/* What a step saw around it, written while it ran. */
struct step {
	enum stage stage;
	u64 tsc, sp;
	u32 cpu, preempt_count;
	bool irqs_off;
	char comm[TASK_COMM_LEN];
};

static struct step steps[STAGES + 1]; /* one more than is right */
static volatile u32 nr_steps;

static struct serial *port;
static volatile u8 received;
static softirq_action_t net_rx_before;
static struct tasklet_struct tasklet;
static struct work_struct work;

static __noinline void write_down(enum stage stage)
{
	struct step *s = &steps[min(nr_steps, (u32)STAGES)];

	s->stage = stage;
	s->tsc = rdtsc();
	s->sp = (u64)__builtin_frame_address(0);
	s->cpu = smp_processor_id();
	s->preempt_count = preempt_count();
	s->irqs_off = irqs_disabled();
	strscpy(s->comm, current->comm, sizeof(s->comm));
	nr_steps++;
}

/* Reading the byte takes the device's request back: the pin falls. */
static irqreturn_t hard_handler(int irq, void *dev)
{
	if (serial_irq_id(port) == UART_IIR_NO_INT)
		return IRQ_NONE;
	write_down(HARDIRQ);
	received = (u8)serial_receive(port);
	raise_softirq_irqoff(NET_RX_SOFTIRQ);
	tasklet_schedule(&tasklet);
	schedule_work(&work);
	return IRQ_WAKE_THREAD;
}

static void net_rx(void)
{
	write_down(SOFTIRQ);
}

static void tasklet_fn(struct tasklet_struct *t)
{
	write_down(TASKLET);
}

static irqreturn_t thread_fn(int irq, void *dev)
{
	write_down(IRQ_THREAD);
	return IRQ_HANDLED;
}

static void work_fn(struct work_struct *w)
{
	write_down(WORK);
}

static void close_demo(void)
{
	if (!port)
		return;
	serial_close(port);
	open_softirq(NET_RX_SOFTIRQ, net_rx_before);
	port = NULL;
}

SUITE(demo, .teardown = close_demo);

/* No FIFO: its time-out would be a second cause. */
static bool open_demo(void)
{
	struct serial *s = serial_for_tests();

	if (!EXPECT_EQ(serial_open(s, true), 0))
		return false;
	port = s;
	nr_steps = 0;
	net_rx_before = softirq_action(NET_RX_SOFTIRQ);
	open_softirq(NET_RX_SOFTIRQ, net_rx);
	tasklet_setup(&tasklet, tasklet_fn);
	init_work(&work, work_fn);
	uart_out(&port->uart, UART_FCR, 0);
	serial_irq_enable(port, UART_IER_RDI);
	return EXPECT_EQ(request_threaded_irq(port->irq, hard_handler,
					      thread_fn, 0, "uart", &port),
			 0);
}

static const char *context_of(const struct step *s)
{
	if (s->preempt_count & HARDIRQ_MASK)
		return "hardirq";
	return s->preempt_count & SOFTIRQ_OFFSET ? "softirq" : "task";
}

static void print_step(const struct step *s)
{
	ktest_note("%5llu.%03llu us  %-16s  %-7s  IF=%d  0x%08x  %-6s  %u  %s",
		   (unsigned long long)tsc_to_ns(s->tsc - steps[0].tsc) / 1000,
		   (unsigned long long)tsc_to_ns(s->tsc - steps[0].tsc) % 1000,
		   stage_names[s->stage], context_of(s), !s->irqs_off,
		   s->preempt_count, stack_name(stack_of(s->sp).kind), s->cpu,
		   s->comm);
}

static void print_way(void)
{
	const struct irq_desc *desc = irq_to_desc(port->irq);
	u32 pin = 0;

	ioapic_of_gsi(desc->gsi, &pin);
	ktest_note("UART at 0x%llx raises IRQ %u: GSI %u, IOAPIC pin %u, "
		   "vector 0x%x of CPU %u, %s",
		   (unsigned long long)port->uart.base, port->irq, desc->gsi,
		   pin, desc->vector, desc->cpu,
		   desc->level ? "level" : "edge");
	ktest_note("time after    step              context  IF    "
		   "preempt_count  stack   cpu  task");
	for (u32 i = 0; i < min(nr_steps, (u32)STAGES); i++)
		print_step(&steps[i]);
}

/* The right step, and the context in which its kind is to run. */
static void judge_step(enum stage stage, const char *context, bool irqs_off)
{
	const struct step *s = &steps[stage];

	EXPECT_EQ(s->stage, stage);
	EXPECT_STREQ(context_of(s), context);
	EXPECT_EQ(s->irqs_off, irqs_off);
	EXPECT_EQ(s->cpu, steps[HARDIRQ].cpu);
	EXPECT_GE(s->tsc, steps[stage ? stage - 1 : 0].tsc);
}

static void judge_steps(void)
{
	EXPECT_EQ(nr_steps, STAGES);
	judge_step(SEND, "task", false);
	judge_step(HARDIRQ, "hardirq", true);
	judge_step(SOFTIRQ, "softirq", false);
	judge_step(TASKLET, "softirq", false);
	judge_step(IRQ_THREAD, "task", false);
	judge_step(WORK, "task", false);
	judge_step(BACK, "task", false);
}

TEST(demo, one_interrupt_from_the_pin_to_the_last_bottom_half, RULE,
     .needs = NEEDS_UART | NEEDS_IOAPIC)
{
	u8 byte = 'i';

	if (!open_demo())
		return;
	write_down(SEND);
	uart_out(&port->uart, UART_THR, byte);
	if (!WAIT_FOR(nr_steps >= BACK, 10000) && nr_steps == 1)
		SKIP(goto out, "loopback disconnects this board's line");
	write_down(BACK);
	raised_irqs(port->irq, 1);
	print_way();
	judge_steps();
	EXPECT_EQ(received, byte);
out:
	serial_irq_enable(port, 0);
	free_irq(port->irq, &port);
}
