// SPDX-License-Identifier: MIT
/* test_sched_help.c - the diary, threads and interrupts to order, an ear. */
#include "sched.h"

#include <apic/lapic.h>
#include <console/console.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <irq/irq.h>
#include <lib/string.h>

#define VECTOR	 0x73
#define TEXT_MAX 6000

char diary[DIARY_SIZE];
static u32 diary_n;

static struct {
	void (*fn)(void *arg);
	void *arg;
	u32 arrived;
} order;

void diary_begin(void)
{
	memset(diary, 0, sizeof(diary));
	diary_n = 0;
}

void note(char who)
{
	u32 n = __atomic_fetch_add(&diary_n, 1, __ATOMIC_SEQ_CST);

	if (n < DIARY_SIZE - 1)
		WRITE_ONCE(diary[n], who);
}

struct task_struct *spawn_on(u32 cpu, int (*fn)(void *), void *data,
			     enum sched_prio prio)
{
	struct task_struct *t =
		kthread_create_on_cpu(fn, data, cpu, prio, "case");

	if (EXPECT_TRUE(t))
		wake_up_process(t);
	return t;
}

struct task_struct *spawn(int (*fn)(void *), void *data, enum sched_prio prio)
{
	return spawn_on(smp_processor_id(), fn, data, prio);
}

int note_letter(void *data)
{
	note((char)(uintptr_t)data);
	return (int)(uintptr_t)data;
}

static irqreturn_t on_irq(int irq, void *dev)
{
	order.fn(order.arg);
	order.arrived++;
	return IRQ_HANDLED;
}

bool sched_interrupt(void (*fn)(void *arg), void *arg)
{
	bool ok;

	order.fn = fn;
	order.arg = arg;
	order.arrived = 0;
	ok = !irq_claim_vector(VECTOR, on_irq, &order) &&
	     !apic_send_self(VECTOR) &&
	     WAIT_FOR(READ_ONCE(order.arrived), WAIT_DEFAULT_US);
	irq_release_vector(VECTOR);
	return ok && order.arrived == 1;
}

void wake_task(void *arg)
{
	wake_up_process(arg);
}

u32 other_cpu(void)
{
	return cpumask_next(1, &cpu_online_mask);
}

/* What the log says while we listen. Written under printk's lock. */
static struct {
	char text[TEXT_MAX];
	size_t len;
	bool on, registered;
} ear;

static void hear(const char *buf, size_t len)
{
	if (!ear.on)
		return;
	len = min(len, TEXT_MAX - 1 - ear.len);
	memcpy(ear.text + ear.len, buf, len);
	ear.len += len;
}

static struct console ear_console = { .name = "ear", .write = hear };

void listen(void)
{
	if (!ear.registered)
		console_register(&ear_console); /* it is given the log so far */
	ear.registered = true;
	memset(ear.text, 0, sizeof(ear.text));
	ear.len = 0;
	ear.on = true;
}

void listen_no_more(void)
{
	ear.on = false;
	console_unregister(&ear_console);
	ear.registered = false;
}

u32 heard(const char *part)
{
	size_t len = strlen(part);
	u32 n = 0;

	for (size_t i = 0; i + len <= ear.len; i++)
		n += !strncmp(ear.text + i, part, len);
	return n;
}
