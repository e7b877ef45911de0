// SPDX-License-Identifier: MIT
/*
 * format.c - an event as a line of ftrace's text. Pure.
 *
 * A pointer is hexadecimal digits: %p and %ps of a kernel without symbols.
 *
 * Linux: kernel/trace/trace_output.c, the TP_printk() of each event,
 * Documentation/trace/ftrace.rst "Output format".
 */
#include <trace/trace.h>

#include <lib/format.h>

struct line {
	char *buf;
	size_t size, len;
	const char *(*comm)(u32 pid);
};

static void __printf(2, 3) put(struct line *l, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	l->len += (size_t)vscnprintf(l->buf + l->len, l->size - l->len, fmt,
				     args);
	va_end(args);
}

#define PTR(n)	((void *)e->arg[n])
#define LOW(n)	((u32)e->arg[n])
#define HIGH(n) ((u32)(e->arg[n] >> 32))
#define ULL(n)	((unsigned long long)e->arg[n])

static void print_irq_entry(struct line *l, const struct trace_entry *e)
{
	put(l, "irq=%u name=%s", LOW(0), e->name);
}

static void print_irq_exit(struct line *l, const struct trace_entry *e)
{
	put(l, "irq=%u ret=%s", LOW(0), e->arg[1] ? "handled" : "unhandled");
}

static void print_softirq(struct line *l, const struct trace_entry *e)
{
	put(l, "vec=%u [action=%s]", LOW(0), e->name);
}

static void print_tasklet(struct line *l, const struct trace_entry *e)
{
	put(l, "tasklet=%p function=%p", PTR(0), PTR(1));
}

static void print_hrtimer_entry(struct line *l, const struct trace_entry *e)
{
	put(l, "hrtimer=%p function=%p now=%llu", PTR(0), PTR(1), ULL(2));
}

static void print_hrtimer_exit(struct line *l, const struct trace_entry *e)
{
	put(l, "hrtimer=%p", PTR(0));
}

/* The base's clock is now: a list has no wheel to turn. */
static void print_timer_entry(struct line *l, const struct trace_entry *e)
{
	put(l, "timer=%p function=%p now=%llu baseclk=%llu", PTR(0), PTR(1),
	    ULL(2), ULL(2));
}

static void print_timer_exit(struct line *l, const struct trace_entry *e)
{
	put(l, "timer=%p", PTR(0));
}

static void print_queue_work(struct line *l, const struct trace_entry *e)
{
	put(l, "work struct=%p function=%p workqueue=%s req_cpu=%d cpu=%d",
	    PTR(0), PTR(1), e->name, (int)LOW(2), (int)HIGH(2));
}

static void print_activate_work(struct line *l, const struct trace_entry *e)
{
	put(l, "work struct %p function=%p ", PTR(0), PTR(1));
}

static void print_execute_work(struct line *l, const struct trace_entry *e)
{
	put(l, "work struct %p: function %p", PTR(0), PTR(1));
}

/* The idle threads share a pid, but not a name. */
static void put_comm(struct line *l, const char *key, u32 pid, u32 cpu)
{
	if (pid)
		put(l, "%s=%s", key, l->comm(pid));
	else
		put(l, "%s=swapper/%u", key, cpu);
}

/* Linux: TASK_REPORT's letters, of TASK_* in sched/task.h. */
static const char *state_letter(u32 state)
{
	if (state & 1)
		return "S";
	if (state & 2)
		return "D";
	return state ? "X" : "R";
}

static void print_sched_switch(struct line *l, const struct trace_entry *e)
{
	bool preempt = HIGH(1);

	put_comm(l, "prev_comm", LOW(0), e->cpu);
	put(l, " prev_pid=%u prev_prio=%u prev_state=%s ==> ", LOW(0), HIGH(0),
	    preempt ? "R+" : state_letter(LOW(1)));
	put_comm(l, "next_comm", LOW(2), e->cpu);
	put(l, " next_pid=%u next_prio=%u", LOW(2), HIGH(2));
}

static void print_sched_wakeup(struct line *l, const struct trace_entry *e)
{
	put_comm(l, "comm", LOW(0), LOW(2));
	put(l, " pid=%u prio=%u target_cpu=%03u", LOW(0), LOW(1), LOW(2));
}

static void print_ipi_send_cpu(struct line *l, const struct trace_entry *e)
{
	put(l, "cpu=%u callsite=%p callback=%p", LOW(0), PTR(1), PTR(2));
}

static void print_page_fault(struct line *l, const struct trace_entry *e)
{
	put(l, "address=%p ip=%p error_code=0x%llx", PTR(0), PTR(1), ULL(2));
}

static void print_nmi_handler(struct line *l, const struct trace_entry *e)
{
	put(l, "%p delta_ns: %llu handled: %u", PTR(0), ULL(1), LOW(2));
}

static void print_vector(struct line *l, const struct trace_entry *e)
{
	put(l, "vector=%u", LOW(0));
}

static const struct {
	const char *name;
	void (*print)(struct line *l, const struct trace_entry *e);
} events[NR_TRACE_TYPES] = {
#define X(n, p) { #n, print_##p },
#include <trace/events.list.h>
#undef X
};

const char *trace_name(u32 type)
{
	return events[type].name;
}

static char irqs_off(u8 flags)
{
	if (flags & TRACE_BH_OFF)
		return flags & TRACE_IRQS_OFF ? 'D' : 'b';
	return flags & TRACE_IRQS_OFF ? 'd' : '.';
}

static char hardsoft_irq(u8 flags)
{
	if (flags & TRACE_NMI)
		return flags & TRACE_HARDIRQ ? 'Z' : 'z';
	if (flags & TRACE_HARDIRQ)
		return flags & TRACE_SOFTIRQ ? 'H' : 'h';
	return flags & TRACE_SOFTIRQ ? 's' : '.';
}

/* One bit stands for both of Linux's: 'N'. Threads never migrate: '.'. */
static void put_flags(struct line *l, const struct trace_entry *e)
{
	put(l, "%c%c%c", irqs_off(e->flags),
	    e->flags & TRACE_NEED_RESCHED ? 'N' : '.', hardsoft_irq(e->flags));
	if (e->preempt)
		put(l, "%x.", e->preempt);
	else
		put(l, "..");
}

int trace_format(char *buf, size_t size, const struct trace_entry *e, u64 us,
		 const char *(*comm)(u32 pid))
{
	struct line l = { .buf = buf, .size = size, .comm = comm };

	if (e->type >= NR_TRACE_TYPES)
		return scnprintf(buf, size, "# Unknown type %u", e->type);
	put(&l, "%16s-%-7u [%03u] ", comm(e->pid), e->pid, e->cpu);
	put_flags(&l, e);
	put(&l, " %5llu.%06llu: %s: ", (unsigned long long)us / 1000000,
	    (unsigned long long)us % 1000000, trace_name(e->type));
	events[e->type].print(&l, e);
	return (int)l.len;
}
