// SPDX-License-Identifier: MIT
/*
 * report.c - what is wrong with a lock, in Linux's words, and who takes it.
 *
 * Linux: kernel/locking/lockdep.c print_usage_bug(), print_circular_bug(),
 * print_deadlock_bug(), print_irq_inversion_bug(), print_bad_irq_dependency();
 * kernel/locking/spinlock_debug.c spin_dump().
 */
#include <console/printk.h>
#include <cpu/percpu.h>
#include <lib/format.h>
#include <trace/trace.h>
#include <trap/report.h>

#include "internal.h"

static u32 reports;
static struct {
	char *text; /* NULL: to the log */
	size_t size, len;
} captured;

u32 lockdep_reports(void)
{
	return READ_ONCE(reports);
}

void lockdep_capture(char *text, size_t size)
{
	captured.text = NULL;
	captured.size = size;
	captured.len = 0;
	if (text)
		text[0] = '\0';
	captured.text = text;
}

static __printf(1, 2) void line(const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (captured.text)
		captured.len += (size_t)scnprintf(captured.text + captured.len,
						  captured.size - captured.len,
						  "%s\n", text);
	else
		printk("# %s", text);
}

static const char *usage_name(enum lock_usage usage)
{
	static const char *const names[NR_LOCK_USAGES] = {
		[LOCK_USED_IN_HARDIRQ] = "IN-HARDIRQ-W",
		[LOCK_USED_IN_SOFTIRQ] = "IN-SOFTIRQ-W",
		[LOCK_ENABLED_HARDIRQ] = "HARDIRQ-ON-W",
		[LOCK_ENABLED_SOFTIRQ] = "SOFTIRQ-ON-W",
	};

	return names[usage];
}

static const char *irq_name(bool softirq)
{
	return softirq ? "SOFTIRQ" : "HARDIRQ";
}

/* Linux's get_usage_char(). */
static char usage_char(u8 usage, bool softirq)
{
	bool used = usage >> (LOCK_USED_IN_HARDIRQ + softirq) & 1;
	bool on = usage >> (LOCK_ENABLED_HARDIRQ + softirq) & 1;

	return used ? on ? '?' : '-' : on ? '+' : '.';
}

struct lock_name {
	char text[64];
};

/* "(name){-.+.}": hardirqs, their readers, softirqs, theirs. */
static struct lock_name class_name(u32 nr)
{
	const struct class_state *s = class_state(nr);
	struct lock_name name = { .text = "" };

	scnprintf(name.text, sizeof(name.text), "(%s){%c.%c.}", s->class->name,
		  usage_char(s->usage, false), usage_char(s->usage, true));
	return name;
}

static void print_lock(const char *before, const void *lock, u32 nr, u64 ip)
{
	line("%s0x%016llx %s, at: 0x%016llx", before,
	     (unsigned long long)(u64)lock, class_name(nr).text,
	     (unsigned long long)ip);
}

struct who {
	char text[40];
};

static struct who who(void)
{
	u32 pid = current_pid();
	struct who w = { .text = "" };

	scnprintf(w.text, sizeof(w.text), "%s/%u", trace_find_cmdline(pid),
		  pid);
	return w;
}

static void print_held(void)
{
	u32 depth;
	const struct held_lock *held = held_locks(&depth);
	char mark[16];

	line(depth == 1 ? "%u lock held by %s:" : "%u locks held by %s:", depth,
	     who().text);
	for (u32 i = 0; i < depth; i++) {
		scnprintf(mark, sizeof(mark), " #%u: ", i);
		if (held[i].nr)
			print_lock(mark, held[i].lock, held[i].nr, held[i].ip);
	}
}

static void begin(const char *what)
{
	if (!captured.text)
		__atomic_fetch_add(&reports, 1, __ATOMIC_RELAXED);
	line("======================================================");
	line("%s", what);
	line("------------------------------------------------------");
}

static void end(u64 ip)
{
	line(" *** DEADLOCK ***");
	print_held();
	line("stack backtrace: CPU: %u PID: %u, at: 0x%016llx",
	     smp_processor_id(), current_pid(), (unsigned long long)ip);
	if (!captured.text)
		report_backtrace((u64)__builtin_return_address(0),
				 *(u64 *)__builtin_frame_address(0));
}

static void scenario(const char *a, const char *interrupt, const char *b)
{
	line(" Possible unsafe locking scenario:");
	line("       CPU0");
	line("       ----");
	line("  lock(%s);", a);
	if (interrupt)
		line("  %s", interrupt);
	line("  %slock(%s);", interrupt ? "  " : "", b);
}

static void scenario_of_two(const char *a, const char *b, bool interrupt)
{
	line(" Possible %s locking scenario:",
	     interrupt ? "interrupt unsafe" : "unsafe");
	line("       CPU0                    CPU1");
	line("       ----                    ----");
	line("  lock(%s);", a);
	if (interrupt)
		line("                               local_irq_disable();");
	line("                               lock(%s);", b);
	line("                               lock(%s);", a);
	if (interrupt)
		line("  <Interrupt>");
	line("  %slock(%s);", interrupt ? "  " : "", b);
}

static void print_context(void)
{
	line("%s [HC%u:SC%u] takes:", who().text, in_hardirq(),
	     in_serving_softirq());
}

void report_usage(u32 nr, enum lock_usage now, u64 ip)
{
	const struct class_state *s = class_state(nr);
	enum lock_usage before = other_usage(now);

	begin("WARNING: inconsistent lock state");
	line("inconsistent {%s} -> {%s} usage.", usage_name(before),
	     usage_name(now));
	print_context();
	print_lock("", lock_asked(), nr, ip);
	line("{%s} state was registered at: 0x%016llx", usage_name(before),
	     (unsigned long long)s->usage_ip[before]);
	scenario(s->class->name, "<Interrupt>", s->class->name);
	end(ip);
}

void report_inversion(u32 nr, enum lock_usage now, u32 other, u64 ip)
{
	const struct class_state *s = class_state(other);
	bool used = now < LOCK_ENABLED_HARDIRQ;

	begin("WARNING: possible irq lock inversion dependency detected");
	line("%s just changed the state of lock:", who().text);
	print_lock("", lock_asked(), nr, ip);
	line(used ? "but this lock took another, %s-unsafe lock in the past:"
		  : "but this lock was taken by another, %s-safe lock in the "
		    "past:",
	     irq_name(now & 1));
	print_lock(" ", s->class, other, s->usage_ip[other_usage(now)]);
	line("and interrupts could create inverse lock ordering between them.");
	scenario_of_two(used ? s->class->name : class_state(nr)->class->name,
			used ? class_state(nr)->class->name : s->class->name,
			true);
	end(ip);
}

/* From the new lock to the one that is held, the last step first. */
static void print_chain(u32 prev, u32 next, u64 ip)
{
	u8 path[MAX_LOCK_CLASSES];
	u32 n = find_path(next, prev, path);

	line("the existing dependency chain (in reverse order) is:");
	for (u32 i = n; i-- > 1;)
		line("-> #%u %s: 0x%016llx", i, class_name(path[i]).text,
		     (unsigned long long)dependency_ip(path[i - 1], path[i]));
	line("-> #0 %s: 0x%016llx", class_name(next).text,
	     (unsigned long long)ip);
}

void report_circular(u32 prev, u32 next, u64 ip)
{
	u32 depth;
	const struct held_lock *held = held_locks(&depth);
	const struct held_lock *last = &held[depth - 1];

	begin("WARNING: possible circular locking dependency detected");
	line("%s is trying to acquire lock:", who().text);
	print_lock("", lock_asked(), next, ip);
	line("but task is already holding lock:");
	print_lock("", last->lock, prev, last->ip);
	line("which lock already depends on the new lock.");
	print_chain(prev, next, ip);
	scenario_of_two(class_state(prev)->class->name,
			class_state(next)->class->name, false);
	end(ip);
}

void report_safe_unsafe(u32 prev, u32 next, u32 safe, u32 unsafe, bool softirq,
			u64 ip)
{
	const char *irq = irq_name(softirq);
	char what[80];

	scnprintf(what, sizeof(what),
		  "WARNING: %s-safe -> %s-unsafe lock order detected", irq,
		  irq);
	begin(what);
	line("%s is trying to acquire:", who().text);
	print_lock("", lock_asked(), next, ip);
	line("which would create a new lock dependency:");
	line(" %s -> %s", class_name(prev).text, class_name(next).text);
	line("but this new dependency connects a %s-irq-safe lock: %s", irq,
	     class_name(safe).text);
	line("to a %s-irq-unsafe lock: %s", irq, class_name(unsafe).text);
	scenario_of_two(class_state(unsafe)->class->name,
			class_state(safe)->class->name, true);
	end(ip);
}

void report_recursive(const struct held_lock *old, spinlock_t *lock, u64 ip)
{
	struct class_state *s = class_state(old->nr);

	if (s->recursion_told)
		return;
	s->recursion_told = true;
	begin("WARNING: possible recursive locking detected");
	line("%s is trying to acquire lock:", who().text);
	print_lock("", lock, old->nr, ip);
	line("but task is already holding lock:");
	print_lock("", old->lock, old->nr, old->ip);
	scenario(s->class->name, NULL, s->class->name);
	end(ip);
}

void report_spin_bug(const spinlock_t *lock, const char *what, u64 ip)
{
	if (!captured.text)
		__atomic_fetch_add(&reports, 1, __ATOMIC_RELAXED);
	line("BUG: spinlock %s on CPU#%u, %s, at: 0x%016llx", what,
	     smp_processor_id(), who().text, (unsigned long long)ip);
	line(" lock: 0x%016llx, .magic: %08x, .owner_cpu: %d",
	     (unsigned long long)(u64)lock, lock->magic, (int)lock->owner - 1);
	if (!captured.text)
		report_backtrace((u64)__builtin_return_address(0),
				 *(u64 *)__builtin_frame_address(0));
}
