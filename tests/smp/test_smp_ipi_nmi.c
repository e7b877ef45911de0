// SPDX-License-Identifier: MIT
/*
 * NMIs from CPU to CPU, and INIT level de-assert, which no CPU of today knows.
 *
 * Spec: SDM 3A "Interrupt Command Register (ICR)", "Nonmaskable Interrupt
 *       (NMI)".
 */
#include "smp_case.h"

#define ICR_RULE "SDM 3A Interrupt Command Register (ICR)"

struct nmi_send {
	u32 low, dest;
};

static void send_nmi(void *arg)
{
	const struct nmi_send *s = arg;

	apic->icr_write(s->low | APIC_DM_NMI | APIC_INT_ASSERT, s->dest);
}

static void judge_nmi(u32 sender, u32 low, u32 dest, struct cpumask want)
{
	struct nmi_send s = { low, dest };

	nmi_watch();
	smp_do_on(sender, send_nmi, &s);
	if (!nmi_expect(&want))
		ktest_note("CPU %u sent 0x%05x to 0x%x", sender, low, dest);
}

TEST(smp, nmi_to_each_cpu_comes_to_nobody_else, ICR_RULE, .needs = NEEDS_SMP,
     .deadline_ms = 30000)
{
	u32 cpu, last = smp_last();

	for_each_online_cpu (cpu) {
		judge_nmi(0, 0, cpu_hot(cpu)->apic_id, smp_only(cpu));
		if (!ktest_ok())
			return;
	}
	judge_nmi(last, 0, cpu_hot(0)->apic_id, smp_only(0));
}

TEST(smp, nmi_all_but_self_comes_to_all_others, ICR_RULE, .needs = NEEDS_SMP)
{
	judge_nmi(0, APIC_DEST_ALLBUT, 0, smp_all_but(0));
	judge_nmi(smp_last(), APIC_DEST_ALLBUT, 0, smp_all_but(smp_last()));
}

TEST(smp, nmi_to_a_set_comes_to_each_of_it, ICR_RULE, .needs = NEEDS_SMP)
{
	struct cpumask set;

	for (u32 n = 0; smp_subset(n, &set) && ktest_ok(); n++) {
		nmi_watch();
		EXPECT_EQ(apic_send_nmi_mask(&set), 0);
		nmi_expect(&set);
	}
}

static void nothing(void *unused)
{
}

/* A CPU that took it for INIT would not answer; the boot CPU would restart. */
TEST(smp, init_level_de_assert_is_ignored, ICR_RULE, .needs = NEEDS_SMP)
{
	u32 low = APIC_DM_INIT | APIC_INT_LEVELTRIG | APIC_DEST_ALLINC;
	u32 n = num_online_cpus();

	EXPECT_EQ(apic->icr_write(low, 0), 0);
	EXPECT_EQ(apic_wait_icr_idle(), 0);
	EXPECT_EQ(on_each_cpu(nothing, NULL, true), 0);
	EXPECT_EQ(run_on(smp_last(), nothing, NULL, RUN_US), 0);
	EXPECT_EQ(num_online_cpus(), n);
}
