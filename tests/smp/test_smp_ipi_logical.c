// SPDX-License-Identifier: MIT
/*
 * IPIs to sets of CPUs: logical destinations of each model, lowest priority,
 * and irqbed's own drivers, which send them.
 *
 * Spec: SDM 3A "Flat Model", "Cluster Model", "Logical Destination Mode in
 *       x2APIC Mode", "Lowest Priority Delivery Mode".
 */
#include "smp_case.h"

#define FLAT_RULE     "SDM 3A Flat Model"
#define CLUSTER_RULE  "SDM 3A Cluster Model"
#define X2APIC_RULE   "SDM 3A Logical Destination Mode in x2APIC Mode"
#define LOWEST_RULE   "SDM 3A Lowest Priority Delivery Mode"
#define LOWEST_ROUNDS 4

/* Whoever dest names receives it, be it somebody or not. */
static void judge_logical(u32 sender, u32 dest)
{
	judge_ipi(sender, APIC_DEST_LOGICAL, dest, smp_named_by(dest));
}

/* All sets of the lowest four bits, each added to what base has. */
static void judge_each_set(u32 base)
{
	for (u32 bits = 1; bits < 16 && ktest_ok(); bits++)
		judge_logical(bits % 2 ? 0 : smp_last(), base | bits);
}

TEST(smp, ipi_flat_destination_comes_to_each_of_its_bits, FLAT_RULE,
     .needs = NEEDS_SMP | NEEDS_XAPIC)
{
	smp_use_driver(&apic_flat);
	judge_each_set(0);
	judge_logical(0, 0x80);
	judge_logical(0, 0xff);
}

/* So that few CPUs, too, are several clusters. */
static u8 two_a_cluster(u32 cpu)
{
	return (u8)(cpu / 2 % 15 << 4 | 1u << cpu % 2);
}

static const struct apic_driver two_driver = {
	.name = "two",
	.max_cpus = 30,
	.dfr = APIC_DFR_CLUSTER,
	.ldr = two_a_cluster,
};

TEST(smp, ipi_cluster_destination_comes_to_its_bits_of_its_cluster,
     CLUSTER_RULE, .needs = NEEDS_SMP | NEEDS_XAPIC)
{
	smp_use_driver(&two_driver);
	judge_each_set(0x00);
	judge_each_set(0x10);
	judge_logical(0, 0xe3);
	judge_logical(0, 0xff);
	smp_use_driver(&apic_physflat);
}

TEST(smp, ipi_x2apic_destination_comes_to_its_bits_of_its_cluster, X2APIC_RULE,
     .needs = NEEDS_SMP | NEEDS_X2APIC)
{
	u32 base = smp_logical_id(0) & 0xffff0000;

	judge_each_set(base);
	judge_logical(0, base);
	judge_logical(0, base | 0xffff);
	judge_logical(0, base ^ 0x10000 ^ 0xffff);
	judge_logical(0, 0xfffeffff);
	judge_logical(smp_last(), 0xffffffff);
}

static void set_tpr(void *arg)
{
	apic_write(APIC_TASKPRI, *(u32 *)arg);
}

static void tpr_of(u32 cpu, u32 tpr)
{
	if (cpu == smp_processor_id())
		set_tpr(&tpr);
	else
		EXPECT_EQ(smp_call_function_single(cpu, set_tpr, &tpr, true),
			  0);
}

/* To all that one destination can name; it may be refused, and ESR says so. */
static void judge_lowest(void)
{
	u32 dest = apic_is_x2apic ? smp_logical_id(0) | 0xffff : 0x7f;
	struct cpumask set;
	int who;

	if (!apic_is_x2apic)
		smp_use_driver(&apic_flat);
	set = smp_named_by(dest);
	lapic_esr();
	ipi_watch();
	smp_send_from(0, APIC_DM_LOWEST | APIC_DEST_LOGICAL, dest);
	who = ipi_expect_one(&set);
	EXPECT_TRUE(who >= 0 ||
		    (who == -1 && lapic_esr() & APIC_ESR_REDIR_IPI));
}

TEST(smp, ipi_lowest_priority_comes_to_one_of_the_set_once, LOWEST_RULE,
     .needs = NEEDS_SMP)
{
	for (u32 i = 0; i < LOWEST_ROUNDS && ktest_ok(); i++)
		judge_lowest();
}

/*
 * Which one is the chipset's choice, and any of the set may be it; it is
 * still one, and once. Its task priority does not hold the vector off.
 */
TEST(smp, ipi_lowest_priority_among_unequal_comes_to_one_once, LOWEST_RULE,
     .needs = NEEDS_SMP)
{
	u32 cpus[] = { 0, smp_last() };

	for (u32 i = 0; i < ARRAY_SIZE(cpus) && ktest_ok(); i++) {
		tpr_of(cpus[i], 0x20);
		judge_lowest();
		tpr_of(cpus[i], 0);
	}
}

struct mask_send {
	struct cpumask mask;
	int err;
};

static void send_mask(void *arg)
{
	struct mask_send *s = arg;

	s->err = apic_driver->send_IPI_mask(
		&s->mask, APIC_DM_FIXED | APIC_INT_ASSERT | IPI_VECTOR);
}

static void judge_driver(const struct apic_driver *d)
{
	struct mask_send s;

	if (!apic_driver_fits(d))
		return;
	smp_use_driver(d);
	for (u32 n = 0; smp_subset(n, &s.mask) && ktest_ok(); n++) {
		ipi_watch();
		smp_do_on(n % 2 ? smp_last() : 0, send_mask, &s);
		EXPECT_EQ(s.err, 0);
		if (!ipi_expect(&s.mask, 1))
			ktest_note("driver %s, set %u", d->name, n);
	}
}

TEST(smp, ipi_to_any_set_by_each_driver, "irqbed include/apic/apic_driver.h",
     .needs = NEEDS_SMP, .deadline_ms = 30000)
{
	static const struct apic_driver *const all[] = {
		&apic_flat,	 &apic_cluster, &apic_physflat,
		&x2apic_cluster, &x2apic_phys,
	};

	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		judge_driver(all[i]);
}

/* The calls that count leave theirs in ICR: it is read before. */
static u32 shorthand_used(struct cpumask mask)
{
	u32 used;

	ipi_watch();
	EXPECT_EQ(apic_send_ipi_mask(&mask, IPI_VECTOR), 0);
	used = (u32)apic->icr_read() & APIC_DEST_ALLBUT;
	ipi_expect(&mask, 1);
	return used;
}

TEST(smp, ipi_to_all_others_is_one_write_where_nobody_else_is_hit,
     "Linux arch/x86/kernel/apic/ipi.c", .needs = NEEDS_SMP)
{
	bool allowed = apic_shorthand_allowed();

	EXPECT_EQ(shorthand_used(smp_all_but(0)),
		  allowed ? APIC_DEST_ALLBUT : 0);
	EXPECT_EQ(shorthand_used(smp_all()), 0);
	EXPECT_EQ(shorthand_used(smp_only(0)), 0);
	if (num_online_cpus() > 2)
		EXPECT_EQ(shorthand_used(smp_only(smp_last())), 0);
	apic_use_shorthand(false);
	EXPECT_EQ(shorthand_used(smp_all_but(0)), 0);
	apic_use_shorthand(allowed);
}
