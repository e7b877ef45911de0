// SPDX-License-Identifier: MIT
/*
 * probe.c - the scratch IDT, GDT and TSS behind probe.h.
 *
 * probe_note() runs inside the stubs and so trusts nothing: not the stack's
 * depth, not GS (hence no stack protector), not the error code.
 */
#include <ktest/probe.h>

#include <apic/lapic.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <asm/trapnr.h>
#include <cpu/desc.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#define NR_STACK_PAGES 8
#define STUB_SIZE      16
#define TOP_SLACK      64

struct probe probe;

/* probe.S: where PROBE_LEAVE goes. */
struct {
	u64 bx, bp, r12, r13, r14, r15, sp, flags;
} probe_resume __attribute__((visibility("hidden")));

static_assert(offsetof(struct probe_regs, flags) == 15 * 8, "probe.S");
static_assert(offsetof(struct pt_regs, cs) == 0x90, "probe.S");

extern char probe_stubs[];
int probe_call_asm(void (*fn)(void *), void *arg);
int probe_note(struct probe_regs *regs);

static u64 pages; /* IDT, GDT and TSS, stacks, full_idt; kept for ever */
static gate_desc *full_idt; /* as fill_idt() wants it, to be copied */
static struct desc_ptr live_idt, live_gdt;
static u64 live_gs_base, live_user_gs;
static bool loaded;

gate_desc *probe_gate(u32 vector)
{
	return &probe.idt[vector];
}

void probe_gate_offset(u32 vector, u64 offset)
{
	gate_desc *gate = probe_gate(vector);

	gate->offset_low = (u16)offset;
	gate->offset_middle = (u16)(offset >> 16);
	gate->offset_high = (u32)(offset >> 32);
}

u64 probe_stack(u32 n)
{
	return pages + (3 + n) * PAGE_SIZE - TOP_SLACK;
}

void probe_clear(void)
{
	probe.hits = 0;
	memset(probe.count, 0, sizeof(probe.count));
	memset(probe.hit, 0, sizeof(probe.hit));
}

static void keep_gate(u32 vector)
{
	struct desc_ptr idt;

	store_idt(&idt);
	probe.idt[vector] = ((gate_desc *)idt.address)[vector];
}

void probe_take_gate(u32 vector)
{
	struct idt_data row = { .vector = (u8)vector };

	idt_init_desc(&probe.idt[vector], &row);
	probe_gate_offset(vector, (u64)probe_stubs + vector * STUB_SIZE);
}

/* Once: 256 gates take as long as all else that a short case does. */
static int take_pages(void)
{
	if (pages)
		return 0;
	pages = alloc_pages(3 + NR_STACK_PAGES);
	if (!pages)
		return -ENOMEM;
	full_idt = (gate_desc *)(pages + (2 + NR_STACK_PAGES) * PAGE_SIZE);
	probe.idt = full_idt;
	for (u32 v = 0; v < NR_VECTORS; v++)
		probe_take_gate(v);
	return 0;
}

static void fill_idt(void)
{
	memcpy(probe.idt, full_idt, NR_VECTORS * sizeof(gate_desc));
	probe.idt[X86_TRAP_DF].bits.ist = IST_DF;
	keep_gate(X86_TRAP_NMI);
	keep_gate(X86_TRAP_MC);
}

/* #DF, NMI, #DB and #MC keep their real stacks: their real entries do. */
static void fill_tss(void)
{
	*probe.tss = *this_cpu(tss);
	probe.tss->sp[0] = probe_stack(0);
	for (u32 i = IST_VC; i <= NR_IST; i++)
		probe.tss->ist[i - 1] = probe_stack(i);
	gdt_fill(probe.gdt, probe.tss);
}

int probe_reset(void)
{
	int err = take_pages();

	if (err)
		return err;
	memset(&probe, 0, sizeof(probe));
	probe.idt = (gate_desc *)pages;
	probe.gdt = (union desc_struct *)(pages + PAGE_SIZE);
	probe.tss = (struct tss *)(pages + PAGE_SIZE + PAGE_SIZE / 2);
	probe.idt_limit = NR_VECTORS * sizeof(gate_desc) - 1;
	fill_idt();
	fill_tss();
	return 0;
}

static void load(void)
{
	struct desc_ptr idt = { .size = probe.idt_limit,
				.address = (u64)probe.idt };
	struct desc_ptr gdt = { .size = GDT_ENTRIES * 8 - 1,
				.address = (u64)probe.gdt };

	live_gs_base = rdmsr(MSR_GS_BASE);
	live_user_gs = rdmsr(MSR_KERNEL_GS_BASE);
	store_idt(&live_idt);
	store_gdt(&live_gdt);
	loaded = true;
	if (probe.use_tss) {
		probe.gdt[GDT_ENTRY_TSS].type = DESC_TSS_AVAILABLE;
		load_gdt(&gdt);
		load_tr(__TSS_SEL);
	}
	load_idt(&idt);
}

static void unload(void)
{
	load_idt(&live_idt);
	if (probe.use_tss) {
		load_gdt(&live_gdt);
		reload_segments(); /* a case may have left other limits */
		cpu_reload_tr();
	}
	loaded = false;
}

void probe_teardown(void)
{
	u64 flags = local_irq_save();

	if (loaded)
		unload();
	local_irq_restore(flags);
}

bool probe_call(void (*fn)(void *), void *arg)
{
	u64 flags = local_irq_save();
	bool left;

	load();
	left = probe_call_asm(fn, arg);
	unload();
	local_irq_restore(flags);
	return left;
}

static __no_stack_protector void note_hit(struct probe_hit *hit,
					  const struct probe_regs *regs)
{
	hit->vector = (u32)regs->vector;
	hit->sp = (u64)regs->top;
	for (u32 i = 0; i < 5; i++)
		hit->top[i] = regs->top[i];
	if ((u64)&regs->top[5] % PAGE_SIZE) /* else perhaps a guard page */
		hit->top[5] = regs->top[5];
	hit->flags = regs->flags;
	hit->cs = read_cs();
	hit->ss = read_ss();
	hit->cr2 = read_cr2();
	hit->dr6 = read_dr6();
	memcpy(&hit->regs, regs, offsetof(struct probe_regs, flags));
}

__no_stack_protector int probe_note(struct probe_regs *regs)
{
	u32 vector = regs->vector & 0xff;
	enum probe_action action = probe.action[vector];

	if (probe.hits < PROBE_HITS)
		note_hit(&probe.hit[probe.hits], regs);
	probe.hits++;
	probe.count[vector]++;
	if (probe.eoi[vector])
		apic_eoi();
	if (probe.hook[vector])
		action = probe.hook[vector](regs);
	if (action != PROBE_LEAVE)
		return action;
	wrmsr(MSR_GS_BASE, live_gs_base);
	wrmsr(MSR_KERNEL_GS_BASE, live_user_gs);
	return action;
}
