// SPDX-License-Identifier: MIT
/*
 * report_trace.c - the backtrace by the chain of RBP, which may be broken.
 *
 * A frame counts when it lies, aligned, on a stack of ours, above the frame
 * before it on that stack, and can be read. A chain may go on from one stack
 * to another (irq to task), which MAX_LINES bounds. The last line says why
 * the walk ended: a trace that ends early is a finding in itself.
 */
#include <trap/report.h>

#include <console/printk.h>
#include <cpu/sections.h>
#include <cpu/stacks.h>
#include <lib/compiler.h>
#include <mm/paging.h>
#include <mm/regions.h>

#include "report_parts.h"

#define MAX_FRAMES (STACK_SIZE / sizeof(struct frame))
#define MAX_LINES  32 /* a recursion is one line */

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

static void print_line(u64 ip, u32 repeats)
{
	char where[96];

	region_name(ip, where, sizeof(where));
	if (repeats > 1)
		printk("#   0x%016lx  %s, %u times", ip, where, repeats);
	else
		printk("#   0x%016lx  %s", ip, where);
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

void report_backtrace(u64 ip, u64 bp)
{
	const char *stop = NULL;
	u32 lines = 0, repeats = 1, i;
	struct frame frame;
	u64 below = 0;

	printk("# backtrace:");
	for (i = 0; i < MAX_FRAMES && lines < MAX_LINES; i++) {
		stop = next_frame(&frame, bp, below);
		if (stop)
			break;
		if (frame.ip == ip) {
			repeats++;
		} else {
			print_line(ip, repeats);
			lines++;
			repeats = 1;
		}
		below = bp;
		bp = frame.bp;
		ip = frame.ip;
	}
	print_line(ip, repeats);
	printk("# backtrace ends: rbp 0x%016lx is %s", bp,
	       stop ? stop : "a frame more than fits here");
}
