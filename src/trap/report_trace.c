// SPDX-License-Identifier: MIT
/*
 * report_trace.c - the backtrace by the chain of RBP, which may be broken.
 *
 * A frame counts when it lies, aligned, on a stack of ours, above the frame
 * before it on that stack, and can be read. A chain may go on from one stack
 * to another (irq to task), which MAX_FRAMES bounds. The last line says why
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

#define MAX_FRAMES 32

struct frame {
	u64 bp, ip; /* the caller's RBP, and where it goes on */
};

static bool on_boot_stack(u64 addr)
{
	return addr >= (u64)boot_stack && addr < (u64)boot_stack_top;
}

static bool same_stack(u64 a, u64 b)
{
	struct stack_info x = stack_of(a), y = stack_of(b);

	return x.kind == y.kind && x.cpu == y.cpu &&
	       on_boot_stack(a) == on_boot_stack(b);
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
	if (info.kind == STACK_NONE && !on_boot_stack(bp))
		return "on no stack of ours";
	if (info.guard)
		return "in a guard page";
	if (below && same_stack(bp, below) && bp <= below)
		return "not above the frame before it";
	return NULL;
}

void report_backtrace(u64 ip, u64 bp)
{
	const char *stop = NULL;
	struct frame frame;
	char where[96];
	u64 below = 0;
	int i;

	printk("# backtrace:");
	for (i = 0; i < MAX_FRAMES && !stop; i++) {
		region_name(ip, where, sizeof(where));
		printk("#   0x%016lx  %s", ip, where);
		stop = bad_frame(bp, below);
		if (!stop && !peek(&frame, bp, sizeof(frame)))
			stop = "not readable";
		if (stop)
			break;
		below = bp;
		bp = frame.bp;
		ip = frame.ip;
		if (!ip)
			stop = "followed by a return address of 0";
	}
	if (!stop)
		stop = "one too many";
	printk("# backtrace ends: rbp 0x%016lx is %s", bp, stop);
}
