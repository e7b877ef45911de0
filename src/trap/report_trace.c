// SPDX-License-Identifier: MIT
/*
 * report_trace.c - the backtrace by the chain of RBP, which may be broken.
 *
 * A frame counts when it lies, aligned, on a stack of ours, above the frame
 * before it on that stack, and can be read. A chain may go on from one stack
 * to another (irq to task), which MAX_LINES bounds. The last line says why
 * the walk ended: a trace that ends early is a finding in itself.
 *
 * "rip" before an address says that it is exact; the others are where a call
 * returns to, so the call is just before it. A "?" is Linux's: a word at RSP
 * that leads into .text, which is the caller if no frame was built yet.
 */
#include <trap/report.h>

#include <asm/irq_vectors.h>
#include <asm/processor-flags.h>
#include <console/printk.h>
#include <cpu/percpu.h>
#include <cpu/sections.h>
#include <cpu/stacks.h>
#include <lib/compiler.h>
#include <mm/paging.h>
#include <mm/regions.h>
#include <trap/decode.h>

#include "internal.h"
#include "report_parts.h"

#define MAX_FRAMES  (STACK_SIZE / sizeof(struct frame))
#define MAX_LINES   32 /* a recursion is one line */
#define MAX_GUESSES 12

struct frame {
	u64 bp, ip; /* the caller's RBP, and where it goes on */
};

bool report_on_boot_stack(u64 addr)
{
	return addr >= (u64)boot_stack && addr < (u64)boot_stack_top;
}

static bool same_stack(u64 a, u64 b)
{
	struct stack_info x = stack_of(a), y = stack_of(b);

	return x.kind == y.kind && x.cpu == y.cpu &&
	       report_on_boot_stack(a) == report_on_boot_stack(b);
}

/* Why bp is no frame, or NULL; below is the frame before it, or 0. */
static const char *bad_frame(u64 bp, u64 below)
{
	struct stack_info info = stack_of(bp);

	if (!bp)
		return "the outermost frame";
	if (!is_canonical(bp))
		return "not canonical";
	if (bp % 8)
		return "misaligned";
	if (info.kind == STACK_NONE && !report_on_boot_stack(bp))
		return "on no stack of ours";
	if (info.guard)
		return "in a guard page";
	if (below && same_stack(bp, below) && bp <= below)
		return "not above the frame before it";
	return NULL;
}

/* "mark" is what stands before the address, as wide as "rip". */
static void print_line(const char *mark, u64 ip, u32 repeats)
{
	char where[96];

	region_name(ip, where, sizeof(where));
	if (repeats > 1)
		printk("#   %s 0x%016lx  %s, %u times", mark, ip, where,
		       repeats);
	else
		printk("#   %s 0x%016lx  %s", mark, ip, where);
}

/* Read the frame at bp. Why it is none, or NULL. */
static const char *next_frame(struct frame *frame, u64 bp, u64 below)
{
	const char *bad = bad_frame(bp, below);

	if (!bad && !peek(frame, bp, sizeof(*frame)))
		bad = "not readable";
	if (!bad && !frame->ip)
		bad = "followed by a return address of 0";
	return bad;
}

bool report_is_text(u64 addr)
{
	return addr > (u64)_text && addr < (u64)__user_text_start;
}

static bool in_entry(u64 ip)
{
	return (ip >= (u64)asm_exc_divide_error &&
		ip < (u64)early_idt_handler_array) ||
	       (ip >= (u64)asm_exc_nmi && ip < (u64)nmi_exit_end);
}

/*
 * The entries call with their pt_regs at RSP and leave RBP alone: they lie
 * just above the frame that returns there. An interrupt that changed to the
 * irq stack left them on the other; irq_regs leads to them, unless another
 * interrupt came on top of it, and then RBP does not fit.
 */
static bool entry_regs(struct pt_regs *regs, const struct frame *frame, u64 bp)
{
	u64 at = bp + sizeof(*frame);

	if (!in_entry(frame->ip))
		return false;
	if (at == this_cpu(irq_stack_top))
		at = (u64)this_cpu(irq_regs);
	return peek(regs, at, sizeof(*regs)) && regs->vector < NR_VECTORS &&
	       regs->bp == frame->bp;
}

static void print_interrupted(const struct pt_regs *regs)
{
	printk("#   -- vector 0x%02lx (%s) interrupted CPL %lu, interrupts %s:",
	       regs->vector, trap_info((u32)regs->vector)->mnemonic,
	       regs->cs & 3, regs->flags & X86_EFLAGS_IF ? "on" : "off");
}

/* The innermost function may have no frame, or not yet, or no more. */
static void print_first(const struct pt_regs *regs)
{
	u64 word[2] = { 0 }, caller;

	peek(&word[0], regs->sp, sizeof(word[0]));
	peek(&word[1], regs->sp + 8, sizeof(word[1]));
	caller = word[0] == regs->bp ? word[1] : word[0];
	if (report_is_text(regs->ip))
		print_line("rip", regs->ip, 1);
	/* What is called at a bad address builds no frame at all. */
	if (regs->sp != regs->bp && report_is_text(caller))
		print_line(report_is_text(regs->ip) ? "  ?" : "   ", caller, 1);
}

struct walk {
	u64 bp, below;
	u64 ip; /* found, but not printed yet: it may be repeated */
	u32 repeats, lines;
};

static void flush(struct walk *w)
{
	if (w->repeats)
		print_line("   ", w->ip, w->repeats);
	w->lines += w->repeats > 0;
	w->repeats = 0;
}

static void step(struct walk *w, const struct frame *frame)
{
	struct pt_regs regs;

	if (w->repeats && frame->ip != w->ip)
		flush(w);
	w->ip = frame->ip;
	w->repeats++;
	if (entry_regs(&regs, frame, w->bp)) {
		flush(w);
		print_interrupted(&regs);
		print_first(&regs);
	}
	w->below = w->bp;
	w->bp = frame->bp;
}

/* False: the chain is broken off. */
static bool walk_frames(struct walk *w)
{
	const char *stop = NULL;
	struct frame frame;
	u32 i;

	for (i = 0; i < MAX_FRAMES && w->lines < MAX_LINES; i++) {
		stop = next_frame(&frame, w->bp, w->below);
		if (stop)
			break;
		step(w, &frame);
	}
	flush(w);
	printk("# backtrace ends: rbp 0x%016lx is %s", w->bp,
	       stop ? stop : "a frame more than fits here");
	return !stop || !w->bp;
}

/*
 * The chain is broken: what else on the stack leads into .text? Each may be a
 * caller, or left over from one that has returned.
 */
static void scan_stack(u64 sp)
{
	u32 found = 0, i;
	u64 word;

	sp &= ~7ull;
	if (stack_of(sp).kind == STACK_NONE)
		return;
	for (i = 1; i < STACK_SIZE / 8 && found < MAX_GUESSES; i++) {
		u64 at = sp + i * 8;

		if (!same_stack(at, sp) || !peek(&word, at, sizeof(word)))
			return;
		if (!report_is_text(word))
			continue;
		print_line("  ?", word, 1);
		found++;
	}
}

void report_backtrace(u64 ip, u64 bp)
{
	struct walk w = { .ip = ip, .bp = bp, .repeats = 1 };

	printk("# backtrace:");
	walk_frames(&w);
}

void report_backtrace_regs(const struct pt_regs *regs)
{
	struct walk w = { .bp = regs->bp };

	if (user_mode(regs)) {
		printk("# backtrace: none, this is user code");
		return;
	}
	printk("# backtrace:");
	print_first(regs);
	if (!walk_frames(&w))
		scan_stack(regs->sp);
}
