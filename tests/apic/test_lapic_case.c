// SPDX-License-Identifier: MIT
/*
 * What the suite `lapic` shares, see lapic_case.h, and what is cleaned up
 * after each of its cases.
 */
#include "lapic_case.h"

#include <apic/apic_timer.h>
#include <asm/pgtable.h>
#include <entry/idt.h>
#include <ktest/arrivals.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <smp/smp.h>

/* A case that was broken off has left its handlers, and they its stack. */
static void release_all(void)
{
	irq_release_vector(VEC_LOW);
	irq_release_vector(VEC_A);
	irq_release_vector(VEC_B);
	irq_release_vector(VEC_C);
	apic_timer_set_handler(NULL);
	smp_startup_hook = NULL;
	arrivals_close();
	logical_model_end();
}

SUITE(lapic, .teardown = release_all, .uses = USES_APIC_TIMER);

irqreturn_t lapic_count_arrival(int irq, void *dev)
{
	struct arrivals *a = dev;

	WRITE_ONCE(a->tsc, rdtsc());
	WRITE_ONCE(a->count, a->count + 1);
	return IRQ_HANDLED;
}

bool lapic_arrived(const struct arrivals *a, u32 count)
{
	bool came = WAIT_FOR(READ_ONCE(a->count) >= count, WAIT_DEFAULT_US);

	udelay(SETTLE_US);
	return came;
}

void lapic_flush(void)
{
	struct arrivals a = { 0 };

	udelay(SETTLE_US);
	if (irq_claim_vector(VEC_LOW, lapic_count_arrival, &a))
		return;
	apic_send_self(VEC_LOW);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.count), WAIT_DEFAULT_US));
	irq_release_vector(VEC_LOW);
}

/* In the order in which "Local APIC Version Register" lets them appear. */
u32 lapic_lvt_regs(u16 regs[MAX_LVTS])
{
	static const u16 all[MAX_LVTS] = { APIC_LVTT,	APIC_LVT0,
					   APIC_LVT1,	APIC_LVTERR,
					   APIC_LVTPC,	APIC_LVTTHMR,
					   APIC_LVTCMCI };
	u32 n = min(lapic_lvt_count(), (u32)MAX_LVTS);

	memcpy(regs, all, n * sizeof(all[0]));
	return n;
}

void lapic_save(struct lapic_regs *r)
{
	r->base = rdmsr(MSR_IA32_APICBASE);
	r->svr = apic_read(APIC_SPIV);
	r->tpr = apic_read(APIC_TASKPRI);
	r->ldr = apic_read(APIC_LDR);
	r->dfr = apic_is_x2apic ? 0 : apic_read(APIC_DFR);
	r->tmict = apic_read(APIC_TMICT);
	r->tdcr = apic_read(APIC_TDCR);
	r->nr_lvts = lapic_lvt_regs(r->lvt_reg);
	for (u32 i = 0; i < r->nr_lvts; i++)
		r->lvt[i] = apic_read(r->lvt_reg[i]);
}

/* SVR first: while it disables, no LVT can be unmasked. */
void lapic_put_back(const struct lapic_regs *r)
{
	apic_write(APIC_SPIV, r->svr);
	for (u32 i = 0; i < r->nr_lvts; i++)
		apic_write(r->lvt_reg[i], r->lvt[i]);
	apic_write(APIC_TDCR, r->tdcr);
	apic_write(APIC_TMICT, r->tmict);
	if (!apic_is_x2apic) {
		apic_write(APIC_DFR, r->dfr);
		apic_write(APIC_LDR, r->ldr);
	}
	apic_write(APIC_TASKPRI, r->tpr);
}

struct trap catch_rdmsr(u32 msr, u64 *val)
{
	struct lapic_msr m = { .msr = msr };
	struct trap got = catch_trap(lapic_rdmsr, &m);

	*val = m.val;
	return got;
}

struct trap catch_wrmsr(u32 msr, u64 val)
{
	struct lapic_msr m = { .msr = msr, .val = val };

	return catch_trap(lapic_wrmsr, &m);
}

#define MISSES_NAMED 3

static void tally(struct gp_tally *t, const struct trap *got, const char *insn,
		  const char *what, u32 msr, u64 val)
{
	t->made++;
	if (got->nr == X86_TRAP_GP && !got->error_code && got->ip == (u64)insn)
		t->faulted++;
	else if (t->made - t->faulted <= MISSES_NAMED)
		ktest_note("%s 0x%x, 0x%llx: %s", what, msr,
			   (unsigned long long)val,
			   got->nr == TRAP_NONE ? "no exception"
						: "not #GP(0), or elsewhere");
}

void tally_rdmsr(struct gp_tally *t, u32 msr)
{
	u64 val;
	struct trap got = catch_rdmsr(msr, &val);

	tally(t, &got, insn_lapic_rdmsr, "RDMSR", msr, val);
}

void tally_wrmsr(struct gp_tally *t, u32 msr, u64 val)
{
	struct trap got = catch_wrmsr(msr, val);

	tally(t, &got, insn_lapic_wrmsr, "WRMSR", msr, val);
}

void expect_rdmsr_gp(u32 msr)
{
	u64 val;
	struct trap got = catch_rdmsr(msr, &val);

	if (!EXPECT_TRAP(got, X86_TRAP_GP)) {
		ktest_note("RDMSR 0x%x gave 0x%llx", msr,
			   (unsigned long long)val);
		return;
	}
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, (u64)insn_lapic_rdmsr);
}

void expect_wrmsr_gp(u32 msr, u64 val)
{
	struct trap got = catch_wrmsr(msr, val);

	if (!EXPECT_TRAP(got, X86_TRAP_GP)) {
		ktest_note("WRMSR 0x%x of 0x%llx", msr,
			   (unsigned long long)val);
		return;
	}
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, (u64)insn_lapic_wrmsr);
}

bool lapic_only(u32 base_reg, int vector)
{
	for (int word = 0; word < 8; word++) {
		u32 bits = apic_read(base_reg + (u32)word * 0x10);
		u32 want = vector >= 0 && vector / 32 == word
				   ? 1u << (vector % 32)
				   : 0;

		if (bits != want)
			return false;
	}
	return true;
}

/* Written in task context with IF=0 before anything can arrive. */
static void (*scratch_service)(u32 vector);
static gate_desc *scratch_idt;
static struct desc_ptr live_idt;
struct scratch_log scratch_log;

void scratch_record(u32 vector)
{
	u32 n = scratch_log.n;

	scratch_log.count[vector]++;
	if (n < ARRAY_SIZE(scratch_log.order))
		scratch_log.order[n] = (u8)vector;
	WRITE_ONCE(scratch_log.n, n + 1);
}

void scratch_serve(u32 vector)
{
	scratch_record(vector);
	apic_eoi();
}

/* The highest bit in service is the one just accepted. */
static void scratch_dispatch(void)
{
	int vector = lapic_highest(APIC_ISR);

	if (vector >= 0)
		scratch_service((u32)vector);
}

int scratch_begin(void (*service)(u32 vector))
{
	struct idt_data row = { .addr = lapic_scratch_stub };
	struct desc_ptr ptr = { .size = NR_VECTORS * sizeof(gate_desc) - 1 };

	scratch_idt = (gate_desc *)alloc_pages(1);
	if (!scratch_idt)
		return -ENOMEM;
	memset(&scratch_log, 0, sizeof(scratch_log));
	store_idt(&live_idt);
	memcpy(scratch_idt, (void *)live_idt.address, PAGE_SIZE);
	for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS; v++)
		idt_init_desc(&scratch_idt[v], &row);
	scratch_service = service;
	lapic_scratch_hook = scratch_dispatch;
	ptr.address = (u64)scratch_idt;
	load_idt(&ptr);
	return 0;
}

void scratch_end(void)
{
	load_idt(&live_idt);
	free_pages((u64)scratch_idt, 1);
}
