// SPDX-License-Identifier: MIT
/*
 * Pages that some CPUs map anew while all read through them: once map_range()
 * has returned, nobody sees the page that was there before. And everything at
 * once: all operations of stress.h, mixed by the seed.
 *
 * Spec: SDM 3A "Propagation of Paging-Structure Changes to Multiple
 *       Processors".
 */
#include "stress.h"

#include <mm/page_alloc.h>
#include <mm/paging.h>

#define ROUNDS	    10
#define MIX_ROUNDS  30
#define VA	    0x0000540000000000ull
#define WRITERS	    4	  /* the first places */
#define GENERATIONS 3	  /* pages a writer has, in turn */
#define READS	    8	  /* a round */
#define GONE	    (~0u) /* in a page that is not mapped any more */

/* A writer's own; all read it: this generation is what can be seen. */
static u32 mapped[WRITERS];
static u64 pages;
static DEFINE_PER_CPU(u32, stale);
static DEFINE_PER_CPU(u32, stale_writer);

static u64 va_of(u32 writer)
{
	return VA + writer * PAGE_SIZE;
}

static u64 page_of(u32 writer, u32 generation)
{
	return pages +
	       (writer * GENERATIONS + generation % GENERATIONS) * PAGE_SIZE;
}

/* Under the page's own address, that is: past what is mapped at VA. */
static void write_page(u32 writer, u32 generation, u32 what)
{
	*(volatile u32 *)page_of(writer, generation) = what;
}

static int map_next(u32 writer)
{
	u32 next = mapped[writer] + 1;
	int err;

	write_page(writer, next, next);
	err = map_range(va_of(writer), page_of(writer, next), PAGE_SIZE,
			PAGE_KERNEL);
	__atomic_store_n(&mapped[writer], next, __ATOMIC_RELEASE);
	write_page(writer, next - 1, GONE);
	return err;
}

static const char *tlb_open(void)
{
	pages = alloc_pages(WRITERS * GENERATIONS);
	if (!EXPECT_NE(pages, 0))
		return "no memory";
	for (u32 i = 0; i < WRITERS; i++)
		EXPECT_EQ(map_next(i), 0);
	return NULL;
}

static void tlb_close(void)
{
	unmap_range(VA, WRITERS * PAGE_SIZE);
	if (pages)
		free_pages(pages, WRITERS * GENERATIONS);
	pages = 0;
}

static void tlb_enter(struct stress_cpu *me)
{
	*this_cpu_ptr(&stale) = 0;
}

static void read_all(void)
{
	for (u32 i = 0; i < WRITERS; i++) {
		u32 least = __atomic_load_n(&mapped[i], __ATOMIC_ACQUIRE);
		u32 seen = *(volatile u32 *)va_of(i);

		if ((s32)(seen - least) >= 0)
			continue;
		++*this_cpu_ptr(&stale);
		*this_cpu_ptr(&stale_writer) = i;
	}
}

/* Each change interrupts every CPU there is: seldom, where there are many. */
static void tlb_step(struct stress_cpu *me)
{
	u32 seldom = 1 + num_online_cpus() / 8;

	if (me->place < WRITERS && !stress_random(me, seldom) &&
	    map_next(me->place))
		stress_lost(me, me->cpu, "a page: map_range() failed");
	for (u32 i = 0; i < READS; i++)
		read_all();
}

static void tlb_judge(void)
{
	for (u32 i = 0; i < stress_size(); i++) {
		u32 cpu = stress_cpu_at(i), old = *per_cpu_ptr(&stale, cpu);
		u32 writer = *per_cpu_ptr(&stale_writer, cpu) % stress_size();

		if (!EXPECT_EQ(old, 0))
			ktest_note("CPU %u still saw a page that CPU %u had "
				   "mapped another one over",
				   cpu, stress_cpu_at(writer));
	}
}

const struct stress_op stress_tlb = {
	.name = "page-table changes",
	.open = tlb_open,
	.enter = tlb_enter,
	.step = tlb_step,
	.judge = tlb_judge,
	.close = tlb_close,
};

TEST(stress, no_cpu_sees_a_page_that_another_has_replaced,
     "SDM 3A Propagation of Paging-Structure Changes to Multiple Processors",
     .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_tlb, ROUNDS);
}

static const struct stress_op *const all_ops[] = {
	&stress_ipi,	 &stress_reschedule, &stress_call, &stress_timer,
	&stress_softirq, &stress_tasklet,    &stress_nmi,  &stress_tlb,
	&stress_lock,	 &stress_uart,	     &stress_hpet,
};

TEST(stress, everything_at_once_is_accounted_for,
     "irqbed CONTRIBUTING.md: judge counts exactly",
     .uses = USES_NMI | USES_HPET, .deadline_ms = STRESS_MS)
{
	stress_run_mixed(all_ops, ARRAY_SIZE(all_ops), MIX_ROUNDS);
}
