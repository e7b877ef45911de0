// SPDX-License-Identifier: MIT
/*
 * signal.c - the handlers a case has registered, and handing faults to them.
 */
#include <trap/signal.h>

#include <asm/fpu_control.h>
#include <asm/trapnr.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <trap/catch.h>

/* Changed in task context only. */
static struct {
	signal_fn fn;
	void *data;
} handlers[NSIG];

int signal_handler(u32 signo, signal_fn fn, void *data)
{
	if (!signo || signo >= NSIG)
		return -EINVAL;
	handlers[signo].data = data;
	handlers[signo].fn = fn;
	return 0;
}

void signal_handlers_clear(void)
{
	memset(handlers, 0, sizeof(handlers));
}

/* Raised and not masked, now: nobody has used the unit since. */
static u32 fpu_causes(u32 nr)
{
	u32 mxcsr;

	if (nr == X86_TRAP_MF)
		return read_fsw() & ~read_fcw() & 0x3f;
	if (nr != X86_TRAP_XF)
		return 0;
	mxcsr = read_mxcsr();
	return mxcsr & ~(mxcsr >> 7) & 0x3f;
}

struct kernel_siginfo event_siginfo(const struct pt_regs *regs,
				    const struct trap_event *event)
{
	struct trap_facts facts = {
		.nr = event->nr,
		.error_code = regs->error_code,
		.ip = regs->ip,
		.cr2 = event->cr2,
		.dr6 = event->dr6,
	};

	if (!user_mode(regs))
		return (struct kernel_siginfo){ 0 };
	facts.fpu = fpu_causes(event->nr);
	return siginfo_of(&facts);
}

bool deliver_signal(struct pt_regs *regs, const struct trap_event *event)
{
	struct kernel_siginfo info = event_siginfo(regs, event);
	signal_fn fn = handlers[info.si_signo].fn;

	return fn && fn(&info, regs, handlers[info.si_signo].data);
}
