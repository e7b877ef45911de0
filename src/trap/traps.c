// SPDX-License-Identifier: MIT
/*
 * traps.c - every exception ends here; trap_dispatch() is the policy.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference".
 */
#include <trap/traps.h>

#include <asm/irq_vectors.h>
#include <asm/special_insns.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <cpu/preempt.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <trace/events.h>
#include <trap/catch.h>
#include <trap/extable.h>
#include <trap/idtentry.h>
#include <trap/mce.h>
#include <trap/report.h>
#include <trap/signal.h>
#include <trap/syscall.h>

#include "internal.h"

enum nmi_verdict (*nmi_ipi_hook)(struct pt_regs *regs);
enum nmi_verdict (*nmi_watchdog_hook)(struct pt_regs *regs);

/* Changed in task context only; a handler that runs meanwhile sees either. */
static struct {
	trap_hook_fn fn;
	void *data;
} trap_hooks[NR_EXCEPTIONS];

static DEFINE_PER_CPU(u64, trap_counts[NR_EXCEPTIONS]);
static DEFINE_PER_CPU(u64, unknown_nmis);
static DEFINE_PER_CPU(bool, nmi_postponed);
static DEFINE_PER_CPU(u64, own_nmis);

int trap_hook(u32 nr, trap_hook_fn fn, void *data)
{
	if (nr >= NR_EXCEPTIONS)
		return -EINVAL;
	WRITE_ONCE(trap_hooks[nr].fn, NULL);
	WRITE_ONCE(trap_hooks[nr].data, data);
	WRITE_ONCE(trap_hooks[nr].fn, fn);
	return 0;
}

void trap_hooks_clear(void)
{
	memset(trap_hooks, 0, sizeof(trap_hooks));
	syscall_hook(NULL, NULL);
	signal_handlers_clear();
}

u64 trap_count_cpu(u32 nr, u32 cpu)
{
	return nr < NR_EXCEPTIONS ? *per_cpu_ptr(&trap_counts[nr], cpu) : 0;
}

u64 trap_count(u32 nr)
{
	return trap_count_cpu(nr, smp_processor_id());
}

u64 unknown_nmi_count_cpu(u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(&unknown_nmis, cpu));
}

u64 unknown_nmi_count(void)
{
	return unknown_nmi_count_cpu(smp_processor_id());
}

static bool call_hook(struct pt_regs *regs, u32 nr)
{
	trap_hook_fn fn;

	if (nr >= NR_EXCEPTIONS)
		return false;
	fn = READ_ONCE(trap_hooks[nr].fn);
	return fn && fn(regs, READ_ONCE(trap_hooks[nr].data));
}

/* True: regs now resume in a catch frame. */
static bool trap_dispatch(struct pt_regs *regs, struct trap_event *event)
{
	if (!user_mode(regs) && fixup_exception(regs))
		return false;
	if (call_hook(regs, (u32)regs->vector))
		return false;
	if (user_mode(regs) && deliver_signal(regs, event))
		return false;
	/* The IRETQ that should have left for CPL 3 did not get there. */
	if (regs->ip == (u64)native_irq_return_user && event->nr < 32)
		event->nr = X86_TRAP_IRET;
	if (catch_value(regs, event))
		return true;
	report_exception(regs, "unexpected exception");
	if (catch_guard(regs, event))
		return true;
	bail_out_reported("unexpected exception, vector %u, rip=0x%016llx",
			  (u32)regs->vector, (unsigned long long)regs->ip);
}

static bool do_trap(struct pt_regs *regs)
{
	struct trap_event event = { .nr = (u32)regs->vector };
	bool resumed;

	trace_exception_enter(regs);
	if (regs->vector == X86_TRAP_PF || regs->vector == X86_TRAP_DF)
		event.cr2 = read_cr2();
	if (regs->vector == X86_TRAP_PF)
		trace_page_fault(user_mode(regs), event.cr2, regs->ip,
				 regs->error_code);
	(*this_cpu_ptr(&trap_counts[regs->vector & 31]))++;
	resumed = trap_dispatch(regs, &event);
	trace_exception_exit(regs);
	return resumed;
}

#define DEFINE_TRAP(vector, name)             \
	bool exc_##name(struct pt_regs *regs) \
	{                                     \
		return do_trap(regs);         \
	}
IDTENTRY_LIST(DEFINE_TRAP)
DEFINE_TRAP(X86_TRAP_DF, double_fault)

bool exc_machine_check(struct pt_regs *regs)
{
	bool resumed;

	nmi_finish_entry(regs);
	mce_gather();
	resumed = do_trap(regs);
	mce_done();
	return resumed;
}

bool exc_vmm_communication(struct pt_regs *regs)
{
	nmi_finish_entry(regs);
	return do_trap(regs);
}

/*
 * DR7 is off while we run, or a breakpoint on what the handler touches would
 * recurse onto this very IST stack; DR6 is ours to clear. The catcher finds
 * both in the event.
 */
bool exc_debug(struct pt_regs *regs)
{
	struct trap_event event = { .nr = X86_TRAP_DB, .dr6 = read_dr6() };
	u64 dr7 = read_dr7();
	bool resumed;

	nmi_finish_entry(regs);
	trace_exception_enter(regs);
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	(*this_cpu_ptr(&trap_counts[X86_TRAP_DB]))++;
	this_cpu(debug_dr6) = event.dr6;
	this_cpu(debug_dr7) = dr7;
	resumed = trap_dispatch(regs, &event);
	trace_exception_exit(regs);
	write_dr7(this_cpu(debug_dr7));
	return resumed;
}

u64 nmi_own_count_cpu(u32 cpu)
{
	return *per_cpu_ptr(&own_nmis, cpu);
}

/* A line of an NMI's handler: the one that was busy still is. */
static void after_line(void)
{
	if (!*this_cpu_ptr(&nmi_postponed) || in_nmi())
		return;
	*this_cpu_ptr(&nmi_postponed) = false;
	int_nmi();
}

void nmi_postpone(void)
{
	printk_done_hook = after_line;
	*this_cpu_ptr(&nmi_postponed) = true;
}

static enum nmi_verdict ask_upper_rooms(struct pt_regs *regs)
{
	enum nmi_verdict verdict = NMI_NOT_MINE;

	if (nmi_ipi_hook)
		verdict = nmi_ipi_hook(regs);
	if (verdict == NMI_NOT_MINE && nmi_watchdog_hook)
		verdict = nmi_watchdog_hook(regs);
	*this_cpu_ptr(&own_nmis) += verdict != NMI_NOT_MINE;
	return verdict;
}

/* begin: 0 if it was not traced then. */
static void trace_nmi(const void *handler, u64 begin)
{
	if (begin)
		trace_nmi_handler(handler, tsc_to_ns(rdtsc() - begin), true);
}

static bool handle_nmi(struct pt_regs *regs)
{
	u64 begin = trace_on() ? rdtsc() : 0;
	struct trap_event event = { .nr = X86_TRAP_NMI };
	u32 outer = preempt_count();
	enum nmi_verdict verdict;
	bool resumed = false;

	(*this_cpu_ptr(&trap_counts[X86_TRAP_NMI]))++;
	verdict = ask_upper_rooms(regs);
	if (verdict != NMI_NOT_MINE) {
		trace_nmi(ask_upper_rooms, begin);
		return verdict == NMI_RESUMED;
	}
	preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	if (!call_hook(regs, X86_TRAP_NMI)) {
		this_cpu(preempt_count) = outer;
		resumed = catch_value(regs, &event);
		if (!resumed)
			report_unknown_nmi(regs,
					   ++*this_cpu_ptr(&unknown_nmis));
	} else {
		trace_nmi(trap_hooks[X86_TRAP_NMI].fn, begin);
		preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	}
	return resumed;
}

/*
 * DR7 is off, as in Linux: a breakpoint on what the handler touches would be a
 * second #DB on its stack, if this NMI came in the first one's entry.
 */
bool exc_nmi(struct pt_regs *regs)
{
	u64 dr7 = read_dr7();
	bool resumed;

	if (dr7 != DR7_FIXED)
		write_dr7(DR7_FIXED);
	resumed = handle_nmi(regs);
	if (dr7 != DR7_FIXED)
		write_dr7(dr7);
	return resumed;
}

/* int $0x80: from CPL 3 the way back, from CPL 0 an event like others. */
void do_int80(struct pt_regs *regs)
{
	struct trap_event event = { .nr = IA32_SYSCALL_VECTOR };

	trace_exception_enter(regs);
	catch_value(regs, &event);
	trace_exception_exit(regs);
}

/* Leave the IST stack: continue on RSP0's, where CPL 3 would have come. */
struct pt_regs *sync_regs(const struct pt_regs *regs)
{
	struct pt_regs *to = (struct pt_regs *)this_cpu(tss)->sp[0] - 1;

	*to = *regs;
	return to;
}

/* No GS swap, no per-CPU area but the template: say what it was, and stop. */
void do_early_exception(struct pt_regs *regs)
{
	/* An NMI is no fault of ours: Linux, too, ignores the early ones. */
	if (regs->vector == X86_TRAP_NMI || fixup_exception(regs))
		return;
	report_exception(regs, "exception during early boot");
	bail_out_reported("early exception, vector %u, rip=0x%016llx",
			  (u32)regs->vector, (unsigned long long)regs->ip);
}
