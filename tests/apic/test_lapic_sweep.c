// SPDX-License-Identifier: MIT
/*
 * All vectors and all classes at once: in what order they come, how they nest
 * and unwind, what the TPR lets through step by step, what is no error.
 *
 * Spec: SDM 3A "Interrupt, Task, and Processor Priority", "Interrupt
 *       Acceptance for Fixed Interrupts", "Valid Interrupt Vectors".
 */
#include "lapic_case.h"

#define PRIORITY_RULE "SDM 3A Interrupt, Task, and Processor Priority"
#define ACCEPT_RULE   "SDM 3A Interrupt Acceptance for Fixed Interrupts"
#define NR_CLASSES    16
#define NR_LEGAL      (NR_VECTORS - FIRST_APIC_VECTOR)

/* The case's vector of a class: neither its first nor its last. */
#define VEC_OF(class) ((class) << 4 | 5)

static void send_and_see_pending(u32 vector)
{
	apic_send_self(vector);
	WAIT_FOR(lapic_test(APIC_IRR, vector), WAIT_DEFAULT_US);
}

/* Serve, and count those that came after a lower one. */
static u32 last_served, out_of_order;

static void serve_in_order(u32 vector)
{
	out_of_order += vector >= last_served;
	last_served = vector;
	scratch_serve(vector);
}

TEST(lapic, all_240_vectors_pending_at_once_come_from_the_top, ACCEPT_RULE)
{
	u32 full = 0, exact = 0;

	last_served = NR_VECTORS;
	out_of_order = 0;
	if (!EXPECT_EQ(scratch_begin(serve_in_order), 0))
		return;
	local_irq_disable();
	for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS; v++)
		send_and_see_pending(v);
	for (u32 word = 0; word < 8; word++)
		full += apic_read(APIC_IRR + word * 0x10) ==
			(word ? ~0u : 0xffff0000);
	local_irq_enable();
	WAIT_FOR(READ_ONCE(scratch_log.n) >= NR_LEGAL, WAIT_DEFAULT_US);
	scratch_end();
	for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS; v++)
		exact += scratch_log.count[v] == 1;
	EXPECT_EQ(full, 8);
	EXPECT_EQ(exact, NR_LEGAL);
	EXPECT_EQ(scratch_log.n, NR_LEGAL);
	EXPECT_EQ(out_of_order, 0);
}

static u32 in_service_at_top;
static u8 ppr_after[NR_CLASSES]; /* at each class, once the next has ended */

static u32 isr_bits(void)
{
	u32 n = 0;

	for (u32 v = 0; v < NR_VECTORS; v++)
		n += lapic_test(APIC_ISR, v);
	return n;
}

/* Each class lets the next higher one in before it ends. */
static void serve_and_let_in(u32 vector)
{
	u32 class = vector >> 4;

	scratch_record(vector);
	if (class < NR_CLASSES - 1) {
		send_and_see_pending(VEC_OF(class + 1));
		local_irq_enable();
		WAIT_FOR(READ_ONCE(scratch_log.count[VEC_OF(class + 1)]),
			 WAIT_DEFAULT_US);
		local_irq_disable();
	} else {
		in_service_at_top = isr_bits();
	}
	ppr_after[class] = (u8)apic_read(APIC_PROCPRI);
	apic_eoi();
}

static bool nest_all(void)
{
	in_service_at_top = 0;
	if (!EXPECT_EQ(scratch_begin(serve_and_let_in), 0))
		return false;
	apic_send_self(VEC_OF(1));
	WAIT_FOR(READ_ONCE(scratch_log.n) >= NR_CLASSES - 1, WAIT_DEFAULT_US);
	udelay(SETTLE_US);
	scratch_end();
	return EXPECT_EQ(scratch_log.n, NR_CLASSES - 1);
}

TEST(lapic, fifteen_classes_nest_one_over_another, PRIORITY_RULE)
{
	if (!nest_all())
		return;
	for (u32 class = 1; class < NR_CLASSES; class ++)
		EXPECT_EQ(scratch_log.order[class - 1], VEC_OF(class));
	EXPECT_EQ(in_service_at_top, NR_CLASSES - 1);
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
}

TEST(lapic, ppr_falls_to_the_next_in_service_with_each_eoi, PRIORITY_RULE)
{
	if (!nest_all())
		return;
	for (u32 class = 1; class < NR_CLASSES; class ++)
		EXPECT_EQ(ppr_after[class], class << 4);
	EXPECT_EQ(apic_read(APIC_PROCPRI), 0);
}

static u32 waited;

/* The first of two in one class: the second must wait for its EOI. */
static void serve_and_keep_out(u32 vector)
{
	u32 second = vector | 0x0f;

	scratch_record(vector);
	if (vector != second) {
		send_and_see_pending(second);
		local_irq_enable();
		udelay(2);
		local_irq_disable();
		waited += !scratch_log.count[second] &&
			  lapic_test(APIC_IRR, second);
	}
	apic_eoi();
}

TEST(lapic, in_every_class_the_next_waits_for_the_eoi, PRIORITY_RULE)
{
	waited = 0;
	if (!EXPECT_EQ(scratch_begin(serve_and_keep_out), 0))
		return;
	for (u32 class = 1; class < NR_CLASSES; class ++) {
		apic_send_self(VEC_OF(class));
		WAIT_FOR(READ_ONCE(scratch_log.n) >= 2 * class,
			 WAIT_DEFAULT_US);
	}
	scratch_end();
	EXPECT_EQ(waited, NR_CLASSES - 1);
	EXPECT_EQ(scratch_log.n, 2 * (NR_CLASSES - 1));
}

TEST(lapic, a_falling_tpr_releases_one_class_after_another, PRIORITY_RULE)
{
	u32 exact = 0, held;

	if (!EXPECT_EQ(scratch_begin(scratch_serve), 0))
		return;
	apic_write(APIC_TASKPRI, 0xf0);
	for (u32 class = 1; class < NR_CLASSES; class ++)
		send_and_see_pending(VEC_OF(class));
	udelay(5);
	held = READ_ONCE(scratch_log.n);
	for (u32 class = NR_CLASSES - 1; class > 0; class --) {
		u32 came = NR_CLASSES - class;

		apic_write(APIC_TASKPRI, (class - 1) << 4);
		WAIT_FOR(READ_ONCE(scratch_log.n) >= came, WAIT_DEFAULT_US);
		udelay(2);
		exact += scratch_log.n == came &&
			 scratch_log.order[came - 1] == VEC_OF(class);
	}
	scratch_end();
	EXPECT_EQ(held, 0);
	EXPECT_EQ(exact, NR_CLASSES - 1);
}

/* Without waiting for one before the next is sent. */
TEST(lapic, sends_back_to_back_all_arrive, "SDM 3A Determining IPI Destination")
{
	u32 exact = 0;

	if (!EXPECT_EQ(scratch_begin(scratch_serve), 0))
		return;
	for (u32 class = 1; class < NR_CLASSES; class ++)
		apic_send_self(VEC_OF(class));
	WAIT_FOR(READ_ONCE(scratch_log.n) >= NR_CLASSES - 1, WAIT_DEFAULT_US);
	udelay(SETTLE_US);
	scratch_end();
	for (u32 class = 1; class < NR_CLASSES; class ++)
		exact += scratch_log.count[VEC_OF(class)] == 1;
	EXPECT_EQ(exact, NR_CLASSES - 1);
	EXPECT_EQ(scratch_log.n, NR_CLASSES - 1);
}

/* The errors that send() made. */
static u32 errors_of(void (*make)(void))
{
	u32 lvterr = apic_read(APIC_LVTERR), before, after;

	apic_write(APIC_LVTERR, APIC_LVT_MASKED | ERROR_APIC_VECTOR);
	lapic_esr();
	before = lapic_esr();
	make();
	udelay(SETTLE_US);
	after = lapic_esr();
	apic_write(APIC_LVTERR, lvterr);
	return after & ~before;
}

static void send_each_legal(void)
{
	if (!EXPECT_EQ(scratch_begin(scratch_serve), 0))
		return;
	for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS; v++)
		apic_send_self(v);
	WAIT_FOR(READ_ONCE(scratch_log.n) >= NR_LEGAL, WAIT_DEFAULT_US);
	scratch_end();
	EXPECT_EQ(scratch_log.n, NR_LEGAL);
}

TEST(lapic, sending_a_legal_vector_is_no_error, "SDM 3A Error Handling")
{
	EXPECT_EQ(errors_of(send_each_legal), 0);
}

/* All of them masked; with each vector that they may have. */
static u32 wrong_vectors;

static void fill_lvts(void)
{
	struct lapic_regs saved;

	wrong_vectors = 0;
	local_irq_disable();
	lapic_save(&saved);
	for (u32 i = 0; i < saved.nr_lvts; i++) {
		for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS; v++) {
			apic_write(saved.lvt_reg[i], APIC_LVT_MASKED | v);
			wrong_vectors += (apic_read(saved.lvt_reg[i]) &
					  APIC_VECTOR_MASK) != v;
		}
	}
	lapic_put_back(&saved);
	local_irq_enable();
}

TEST(lapic, each_lvt_keeps_every_vector, "SDM 3A Local Vector Table")
{
	fill_lvts();
	EXPECT_EQ(wrong_vectors, 0);
}

TEST(lapic, a_legal_vector_in_an_lvt_is_no_error, "SDM 3A Error Handling")
{
	EXPECT_EQ(errors_of(fill_lvts), 0);
}

/* Vectors 0 to 15 have bits that are reserved. */
TEST(lapic, bits_of_the_illegal_vectors_are_clear,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	EXPECT_EQ(apic_read(APIC_ISR) & 0xffff, 0);
	EXPECT_EQ(apic_read(APIC_TMR) & 0xffff, 0);
	EXPECT_EQ(apic_read(APIC_IRR) & 0xffff, 0);
}
