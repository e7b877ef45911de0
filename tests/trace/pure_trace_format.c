// SPDX-License-Identifier: MIT
/*
 * pure_trace_format.c - every event as a line, to the letter; every character
 * of the flags.
 */
#include <trace/events.h>

#include <ktest/ktest.h>
#include <lib/string.h>

#define FTRACE "Linux Documentation/trace/ftrace.rst, \"Output format\""
#define TP     "Linux include/trace/events/"

static const char *comm_of(u32 pid)
{
	return !pid ? "<idle>" : pid == 7 ? "kworker/1:0" : "ktest";
}

static bool line_is(const struct trace_entry *e, u64 us, const char *want)
{
	char got[256];
	int len = trace_format(got, sizeof(got), e, us, comm_of);

	EXPECT_EQ(len, (int)strlen(want));
	return ktest_check_str(__FILE__, __LINE__, "line", got, want);
}

/* Fields behind "NAME: ", of an event of CPU 1. */
static void fields_are(u32 type, u64 a, u64 b, u64 c, const char *name,
		       const char *want)
{
	struct trace_entry e = { .cpu = 1,
				 .type = (u8)type,
				 .arg = { a, b, c } };
	char got[256];
	const char *colon;

	strscpy(e.name, name, sizeof(e.name));
	trace_format(got, sizeof(got), &e, 0, comm_of);
	colon = strchr(got, ':'); /* the time's */
	colon = strchr(colon + 1, ':');
	ktest_check_str(__FILE__, __LINE__, trace_name(type), colon + 2, want);
}

TEST(trace_format, a_line_is_task_pid_cpu_flags_time_and_event, FTRACE)
{
	struct trace_entry e = { .cpu = 3,
				 .type = TRACE_local_timer_entry,
				 .flags = TRACE_IRQS_OFF | TRACE_HARDIRQ,
				 .preempt = 1,
				 .pid = 7,
				 .arg = { 236 } };

	line_is(&e, 12345678901234,
		"     kworker/1:0-7       [003] d.h1. 12345678.901234: "
		"local_timer_entry: vector=236");
	e.pid = 0;
	e.cpu = 511;
	line_is(&e, 1000007,
		"          <idle>-0       [511] d.h1.     1.000007: "
		"local_timer_entry: vector=236");
	e.pid = 123456789;
	line_is(&e, 0,
		"           ktest-123456789 [511] d.h1.     0.000000: "
		"local_timer_entry: vector=236");
}

static void flags_are(u8 flags, u8 preempt, const char *want)
{
	struct trace_entry e = { .flags = flags, .preempt = preempt };
	char got[256];

	trace_format(got, sizeof(got), &e, 0, comm_of);
	got[36] = '\0'; /* "%16s-%-7d [%03d] " is 31 characters */
	ktest_check_str(__FILE__, __LINE__, "flags", &got[31], want);
}

TEST(trace_format, each_flag_has_its_letter, FTRACE)
{
	flags_are(0, 0, ".....");
	flags_are(TRACE_IRQS_OFF, 0, "d....");
	flags_are(TRACE_BH_OFF, 0, "b....");
	flags_are(TRACE_IRQS_OFF | TRACE_BH_OFF, 0, "D....");
	flags_are(TRACE_NEED_RESCHED, 0, ".N...");
	flags_are(TRACE_HARDIRQ, 0, "..h..");
	flags_are(TRACE_SOFTIRQ, 0, "..s..");
	flags_are(TRACE_HARDIRQ | TRACE_SOFTIRQ, 0, "..H..");
	flags_are(TRACE_NMI, 0, "..z..");
	flags_are(TRACE_NMI | TRACE_SOFTIRQ, 0, "..z..");
	flags_are(TRACE_NMI | TRACE_HARDIRQ, 0, "..Z..");
	flags_are(0, 1, "...1.");
	flags_are(0, 15, "...f.");
}

TEST(trace_format, irq_events, TP "irq.h")
{
	fields_are(TRACE_irq_handler_entry, 4, 0, 0, "uart", "irq=4 name=uart");
	fields_are(TRACE_irq_handler_exit, 4, 1, 0, "", "irq=4 ret=handled");
	fields_are(TRACE_irq_handler_exit, 4, 0, 0, "", "irq=4 ret=unhandled");
	for (u32 t = TRACE_softirq_raise; t <= TRACE_softirq_exit; t++)
		fields_are(t, 6, 0, 0, "TASKLET", "vec=6 [action=TASKLET]");
	for (u32 t = TRACE_tasklet_entry; t <= TRACE_tasklet_exit; t++)
		fields_are(t, 0x10, 0x20, 0, "", "tasklet=0x10 function=0x20");
}

TEST(trace_format, timer_events, TP "timer.h")
{
	fields_are(TRACE_hrtimer_expire_entry, 0x10, 0x20, 5000000000, "",
		   "hrtimer=0x10 function=0x20 now=5000000000");
	fields_are(TRACE_hrtimer_expire_exit, 0x10, 0, 0, "", "hrtimer=0x10");
	fields_are(TRACE_timer_expire_entry, 0x10, 0x20, 77, "",
		   "timer=0x10 function=0x20 now=77 baseclk=77");
	fields_are(TRACE_timer_expire_exit, 0x10, 0, 0, "", "timer=0x10");
}

TEST(trace_format, workqueue_events, TP "workqueue.h")
{
	fields_are(TRACE_workqueue_queue_work, 0x10, 0x20, TRACE_PAIR(2, -1),
		   "events",
		   "work struct=0x10 function=0x20 workqueue=events req_cpu=2 "
		   "cpu=-1");
	fields_are(TRACE_workqueue_activate_work, 0x10, 0x20, 0, "",
		   "work struct 0x10 function=0x20 ");
	fields_are(TRACE_workqueue_execute_start, 0x10, 0x20, 0, "",
		   "work struct 0x10: function 0x20");
	fields_are(TRACE_workqueue_execute_end, 0x10, 0x20, 0, "",
		   "work struct 0x10: function 0x20");
}

TEST(trace_format, sched_events, TP "sched.h")
{
	static const struct {
		u32 state, preempt;
		const char *letter;
	} rows[] = { { 0, 0, "R" }, { 0, 1, "R+" }, { 1, 0, "S" },
		     { 2, 0, "D" }, { 2, 1, "R+" }, { 0x80, 0, "X" } };
	char want[200];

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		strscpy(want,
			"prev_comm=kworker/1:0 prev_pid=7 prev_prio=120 "
			"prev_state=",
			sizeof(want));
		strscpy(want + strlen(want), rows[i].letter, 4);
		strscpy(want + strlen(want),
			" ==> next_comm=swapper/1 next_pid=0 next_prio=120",
			100);
		fields_are(TRACE_sched_switch, TRACE_PAIR(7, 120),
			   TRACE_PAIR(rows[i].state, rows[i].preempt),
			   TRACE_PAIR(0, 120), "", want);
	}
	fields_are(TRACE_sched_wakeup, 7, 120, 2, "",
		   "comm=kworker/1:0 pid=7 prio=120 target_cpu=002");
	fields_are(TRACE_sched_waking, 1, 49, 12, "",
		   "comm=ktest pid=1 prio=49 target_cpu=012");
}

TEST(trace_format, the_rest, TP "ipi.h, nmi.h, exceptions.h, irq_vectors.h")
{
	fields_are(TRACE_ipi_send_cpu, 3, 0x10, 0, "",
		   "cpu=3 callsite=0x10 callback=0x0");
	fields_are(TRACE_page_fault_user, 0x10, 0x20, 7, "",
		   "address=0x10 ip=0x20 error_code=0x7");
	fields_are(TRACE_page_fault_kernel, 0, ~0ull, 0, "",
		   "address=0x0 ip=0xffffffffffffffff error_code=0x0");
	fields_are(TRACE_nmi_handler, 0x10, 1500, 1, "",
		   "0x10 delta_ns: 1500 handled: 1");
	for (u32 t = TRACE_local_timer_entry; t < NR_TRACE_TYPES; t++)
		fields_are(t, 236, 0, 0, "", "vector=236");
	EXPECT_STREQ(trace_name(TRACE_thermal_apic_exit), "thermal_apic_exit");
}

TEST(trace_format, any_bytes_end_in_a_short_line,
     "irqbed include/trace/trace.h")
{
	struct trace_entry e;
	char got[256];

	for (u32 byte = 0; byte < 256; byte++) {
		memset(&e, (int)byte, sizeof(e));
		memset(e.name, 'x', sizeof(e.name));
		e.name[sizeof(e.name) - 1] = '\0';
		EXPECT_LT(trace_format(got, sizeof(got), &e, ~0ull, comm_of),
			  sizeof(got));
		e.type = (u8)(byte % NR_TRACE_TYPES);
		EXPECT_LT(trace_format(got, sizeof(got), &e, ~0ull, comm_of),
			  sizeof(got));
	}
}
