// SPDX-License-Identifier: MIT
/*
 * Priority: TPR and CR8, PPR, what waits, what nests, who goes first.
 *
 * Spec: SDM 3A "Interrupt, Task, and Processor Priority", "Task Priority in
 *       IA-32e Mode"; APM 2 "Task Priority", "Processor Priority".
 */
#include "lapic_case.h"

#include <lib/string.h>

#define PRIORITY_RULE "SDM 3A Interrupt, Task, and Processor Priority"
#define NR_CLASSES    16

TEST(lapic, cr8_is_the_class_of_the_tpr, "SDM 3A Task Priority in IA-32e Mode")
{
	local_irq_disable();
	for (u32 class = 0; class < NR_CLASSES; class ++) {
		write_cr8(class);
		EXPECT_EQ(apic_read(APIC_TASKPRI), class << 4);
		EXPECT_EQ(read_cr8(), class);
	}
	write_cr8(0);
	local_irq_enable();
}

/* CR8 shows the class only; a write of CR8 clears the sub-class. */
TEST(lapic, tpr_shows_in_cr8_without_its_subclass,
     "SDM 3A Task Priority in IA-32e Mode")
{
	local_irq_disable();
	for (u32 tpr = 0; tpr < 0x100; tpr += 0x0f) {
		apic_write(APIC_TASKPRI, tpr);
		EXPECT_EQ(apic_read(APIC_TASKPRI), tpr);
		EXPECT_EQ(read_cr8(), tpr >> 4);
	}
	apic_write(APIC_TASKPRI, 0x5a);
	write_cr8(5);
	EXPECT_EQ(apic_read(APIC_TASKPRI), 0x50);
	apic_write(APIC_TASKPRI, 0);
	EXPECT_EQ(read_cr8(), 0);
	local_irq_enable();
}

TEST(lapic, ppr_is_the_tpr_with_nothing_in_service, PRIORITY_RULE)
{
	local_irq_disable();
	for (u32 tpr = 0; tpr < 0x100; tpr += 0x0f) {
		apic_write(APIC_TASKPRI, tpr);
		EXPECT_EQ(apic_read(APIC_PROCPRI), tpr);
	}
	apic_write(APIC_TASKPRI, 0);
	EXPECT_EQ(apic_read(APIC_PROCPRI), 0);
	local_irq_enable();
}

/* PPR for each TPR class, with sub-class 0 and 5, while class is served. */
static u8 ppr_seen[NR_CLASSES][NR_CLASSES][2];

static void serve_and_sample_ppr(u32 vector)
{
	for (u32 class = 0; class < NR_CLASSES; class ++) {
		for (u32 sub = 0; sub < 2; sub++) {
			apic_write(APIC_TASKPRI, class << 4 | 5 * sub);
			ppr_seen[vector >> 4][class][sub] =
				(u8)apic_read(APIC_PROCPRI);
		}
	}
	apic_write(APIC_TASKPRI, 0);
	scratch_serve(vector);
}

/* The sub-class when both classes are equal: either, says the manual. */
static bool ppr_is_right(u32 isrv, u32 tpr, u32 ppr)
{
	if (tpr >> 4 > isrv >> 4)
		return ppr == tpr;
	if (tpr >> 4 < isrv >> 4)
		return ppr == (isrv & 0xf0);
	return ppr == tpr || ppr == (tpr & 0xf0);
}

TEST(lapic, ppr_is_the_higher_of_tpr_and_in_service, PRIORITY_RULE)
{
	u32 right = 0, wrong = 0;

	if (!EXPECT_EQ(scratch_begin(serve_and_sample_ppr), 0))
		return;
	for (u32 class = 1; class < NR_CLASSES; class ++) {
		apic_send_self(class << 4 | 9);
		WAIT_FOR(READ_ONCE(scratch_log.n) == class, WAIT_DEFAULT_US);
	}
	scratch_end();
	EXPECT_EQ(scratch_log.n, NR_CLASSES - 1);
	for (u32 i = 0; i < (NR_CLASSES - 1) * NR_CLASSES * 2; i++) {
		u32 isrv = (1 + i / (NR_CLASSES * 2)) << 4 | 9;
		u32 tpr = (i / 2 % NR_CLASSES) << 4 | 5 * (i & 1);
		u32 ppr = ppr_seen[isrv >> 4][tpr >> 4][i & 1];

		if (ppr_is_right(isrv, tpr, ppr))
			right++;
		else if (!wrong++)
			ktest_note("serving 0x%02x, TPR 0x%02x: PPR 0x%02x",
				   isrv, tpr, ppr);
	}
	EXPECT_EQ(right, (NR_CLASSES - 1) * NR_CLASSES * 2);
}

static void set_class_by_tpr(u32 class)
{
	apic_write(APIC_TASKPRI, class << 4);
}

static void set_class_by_cr8(u32 class)
{
	write_cr8(class);
}

/* At TPR class: the lowest vector above comes, the highest within waits. */
static bool class_holds(u32 class, void (*set_class)(u32))
{
	u32 held = class << 4 | 0xf, above = (class + 1) << 4;
	bool came = true, waits, released;

	set_class(class);
	apic_send_self(held);
	WAIT_FOR(lapic_test(APIC_IRR, held), WAIT_DEFAULT_US);
	if (above < NR_VECTORS) {
		apic_send_self(above);
		came = WAIT_FOR(READ_ONCE(scratch_log.count[above]),
				WAIT_DEFAULT_US);
	}
	udelay(5);
	waits = !READ_ONCE(scratch_log.count[held]) &&
		lapic_only(APIC_IRR, (int)held);
	set_class(class - 1);
	released =
		WAIT_FOR(READ_ONCE(scratch_log.count[held]), WAIT_DEFAULT_US);
	if (came && waits && released)
		return true;
	ktest_note("class %u: above came=%d, within waits=%d, released=%d",
		   class, came, waits, released);
	return false;
}

static void judge_classes(void (*set_class)(u32))
{
	u32 good = 0, exact = 0;

	if (!EXPECT_EQ(scratch_begin(scratch_serve), 0))
		return;
	for (u32 class = 1; class < NR_CLASSES; class ++)
		good += class_holds(class, set_class);
	set_class(0);
	scratch_end();
	for (u32 class = 1; class < NR_CLASSES; class ++)
		exact += scratch_log.count[class << 4 | 0xf] == 1;
	EXPECT_EQ(good, NR_CLASSES - 1);
	EXPECT_EQ(exact, NR_CLASSES - 1);
	EXPECT_EQ(scratch_log.n, 2 * (NR_CLASSES - 1) - 1);
}

TEST(lapic, tpr_holds_its_class_and_those_below, PRIORITY_RULE)
{
	judge_classes(set_class_by_tpr);
}

TEST(lapic, cr8_holds_its_class_and_those_below,
     "SDM 3A Task Priority in IA-32e Mode")
{
	judge_classes(set_class_by_cr8);
}

/* The sub-class of TPR takes no part in holding. */
TEST(lapic, tpr_subclass_holds_nothing_more, PRIORITY_RULE)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	apic_write(APIC_TASKPRI, (VEC_A & 0xf0) - 1);
	apic_send_self(VEC_A);
	EXPECT_TRUE(lapic_arrived(&a, 1));
	apic_write(APIC_TASKPRI, 0);
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

/* Send n vectors with IF=0, then judge the order in which they come. */
static void judge_order(const u8 *send, const u8 *want, u32 n)
{
	if (!EXPECT_EQ(scratch_begin(scratch_serve), 0))
		return;
	local_irq_disable();
	for (u32 i = 0; i < n; i++)
		apic_send_self(send[i]);
	for (u32 i = 0; i < n; i++)
		EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, send[i]),
				     WAIT_DEFAULT_US));
	local_irq_enable();
	WAIT_FOR(READ_ONCE(scratch_log.n) >= n, WAIT_DEFAULT_US);
	scratch_end();
	EXPECT_EQ(scratch_log.n, n);
	for (u32 i = 0; i < n; i++)
		EXPECT_EQ(scratch_log.order[i], want[i]);
}

TEST(lapic, the_highest_class_is_delivered_first, PRIORITY_RULE)
{
	static const u8 send[] = { 0x18, 0x35, 0xf2, 0x7f, 0x80, 0xec, 0x21 };
	static const u8 want[] = { 0xf2, 0xec, 0x80, 0x7f, 0x35, 0x21, 0x18 };

	judge_order(send, want, ARRAY_SIZE(send));
}

TEST(lapic, within_a_class_the_higher_vector_is_first, PRIORITY_RULE)
{
	static const u8 send[] = { 0x62, 0x60, 0x6f, 0x61 };
	static const u8 want[] = { 0x6f, 0x62, 0x61, 0x60 };

	judge_order(send, want, ARRAY_SIZE(send));
}

/* What each nesting case raises inside the handler of VEC_B, with IF=1. */
static u8 raise_inside;
static u32 came_inside;

static void serve_with_irqs_on(u32 vector)
{
	scratch_record(vector);
	if (vector == VEC_B) {
		apic_send_self(raise_inside);
		WAIT_FOR(lapic_test(APIC_IRR, raise_inside) ||
				 READ_ONCE(scratch_log.count[raise_inside]),
			 WAIT_DEFAULT_US);
		local_irq_enable();
		udelay(SETTLE_US);
		local_irq_disable();
		came_inside = scratch_log.count[raise_inside];
	}
	apic_eoi();
}

static void judge_nesting(u8 vector, u32 inside)
{
	raise_inside = vector;
	came_inside = 0;
	if (!EXPECT_EQ(scratch_begin(serve_with_irqs_on), 0))
		return;
	apic_send_self(VEC_B);
	WAIT_FOR(READ_ONCE(scratch_log.n) >= 2, WAIT_DEFAULT_US);
	udelay(SETTLE_US);
	scratch_end();
	EXPECT_EQ(came_inside, inside);
	EXPECT_EQ(scratch_log.n, 2);
	EXPECT_EQ(scratch_log.count[VEC_B], 1);
	EXPECT_EQ(scratch_log.count[vector], 1);
}

TEST(lapic, a_higher_class_nests_over_a_lower, PRIORITY_RULE)
{
	judge_nesting((VEC_B & 0xf0) + 0x10, 1);
}

TEST(lapic, the_same_class_waits_for_the_eoi, PRIORITY_RULE)
{
	judge_nesting(VEC_B | 0x0f, 0);
}

TEST(lapic, a_lower_class_waits_for_the_eoi, PRIORITY_RULE)
{
	judge_nesting((VEC_B & 0xf0) - 1, 0);
}

/* The TPR as raised by a handler holds what would nest. */
static void serve_with_tpr_raised(u32 vector)
{
	if (vector == VEC_A)
		apic_write(APIC_TASKPRI, VEC_C & 0xf0);
	scratch_record(vector);
	if (vector == VEC_A) {
		apic_send_self(VEC_C);
		WAIT_FOR(lapic_test(APIC_IRR, VEC_C), WAIT_DEFAULT_US);
		local_irq_enable();
		udelay(SETTLE_US);
		local_irq_disable();
		came_inside = scratch_log.count[VEC_C];
		apic_write(APIC_TASKPRI, 0);
	}
	apic_eoi();
}

TEST(lapic, a_raised_tpr_keeps_a_higher_class_from_nesting, PRIORITY_RULE)
{
	came_inside = 0;
	if (!EXPECT_EQ(scratch_begin(serve_with_tpr_raised), 0))
		return;
	apic_send_self(VEC_A);
	WAIT_FOR(READ_ONCE(scratch_log.n) >= 2, WAIT_DEFAULT_US);
	scratch_end();
	EXPECT_EQ(came_inside, 0);
	EXPECT_EQ(scratch_log.n, 2);
	EXPECT_EQ(scratch_log.count[VEC_C], 1);
}
