// SPDX-License-Identifier: MIT
/*
 * MSI: what the message's address and data do, and the capability's bits.
 *
 * Spec: PCI Local Bus Specification 3.0, "Message Signaled Interrupts"; SDM
 *       3A "Message Signalled Interrupts".
 */
#include "pci_case.h"

#include <acpi/tables.h>
#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <cpu/percpu.h>
#include <cpu/stacks.h>
#include <ktest/arrivals.h>
#include <ktest/raised.h>
#include <smp/smp.h>
#include <trap/traps.h>

#define WHERE_VECTOR 0x51 /* claimed on every CPU */
#define RUN_US	     2000000

#define SEND_RULE "PCI 3.0 Sending Messages"
#define ON_RULE	  "PCI 3.0 Enabling Operation"
#define MASK_RULE "PCI 3.0 Per-vector Masking and Function Masking"
#define ADDR_RULE "SDM 3A Message Address Register Format"
#define DATA_RULE "SDM 3A Message Data Register Format"

SUITE(msi, .teardown = pci_case_close, .needs = NEEDS_IOAPIC);

static void judge_once(void)
{
	if (!msi_begin())
		return;
	for (u32 n = 0; n < 4; n++)
		EXPECT_EQ(raised(1), 1);
	EXPECT_TRUE(pin.isr);
	EXPECT_EQ(pin_wait(&pin, 0), 4);
}

TEST(msi, one_event_is_one_interrupt, SEND_RULE)
{
	each_source(HAS_MSI, judge_once);
}

static void judge_vectors(void)
{
	static const u8 vectors[] = { 0x20, 0x3f, 0x7f, 0x81, 0xaa, 0xeb };

	for (u32 i = 0; i < sizeof(vectors); i++) {
		struct pin one = { .vector = vectors[i] };

		if (!EXPECT_EQ(pin_claim(&one), 0))
			return;
		irq_msi_compose_msg(&msg, this_cpu(apic_id), one.vector);
		msi_rewrite();
		pci_source_raise(src);
		EXPECT_EQ(pin_wait(&one, 1), 1);
		pci_source_lower(src);
		pins_close();
	}
}

TEST(msi, data_names_the_vector, DATA_RULE)
{
	each_source(HAS_MSI, judge_vectors);
}

static void judge_disabled(void)
{
	if (!msi_begin())
		return;
	msi_enable(false);
	EXPECT_EQ(raised(0), 0);
	msi_enable(true);
	EXPECT_EQ(raised(1), 1);
}

TEST(msi, disabled_sends_nothing, ON_RULE)
{
	each_source(HAS_MSI, judge_disabled);
}

static void judge_master(void)
{
	if (!msi_begin())
		return;
	set_command(PCI_COMMAND_MASTER, false);
	EXPECT_EQ(raised(0), 0);
	set_command(PCI_COMMAND_MASTER, true);
	EXPECT_LE(raised(1), 2); /* the one held back may be sent now */
	EXPECT_EQ(raised(1), 1);
}

TEST(msi, without_bus_mastering_no_message_is_sent,
     "PCI 3.0 Device Control, Bus Master")
{
	each_source(HAS_MSI, judge_master);
}

/* INTx Disable does not concern messages. */
static void judge_intx_disable(void)
{
	if (!msi_begin())
		return;
	EXPECT_TRUE(pci_read(pdev, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(raised(1), 1);
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	EXPECT_EQ(raised(1), 1);
}

TEST(msi, interrupt_disable_does_not_hold_messages,
     "PCI 3.0 Device Control, Interrupt Disable")
{
	each_source(HAS_MSI, judge_intx_disable);
}

static bool pending(void)
{
	return pci_read(pdev, msi.pending, 4) & 1;
}

static void judge_mask(void)
{
	if (!msi_begin())
		return;
	EXPECT_FALSE(pending());
	pci_write(pdev, msi.mask, 4, 1);
	pci_source_raise(src);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	EXPECT_TRUE(pending());
	pci_write(pdev, msi.mask, 4, 0);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_FALSE(pending());
	pci_source_lower(src);
	EXPECT_EQ(raised(1), 1);
}

TEST(msi, masked_is_pending_and_comes_once_on_unmask, MASK_RULE)
{
	each_source(HAS_MASK, judge_mask);
}

static void judge_rewrite(void)
{
	struct pin other = { .vector = 0x71 };

	if (!msi_begin() || !EXPECT_EQ(pin_claim(&other), 0))
		return;
	pci_write(pdev, msi.mask, 4, 1);
	pci_source_raise(src);
	pin_settle();
	msg.data.vector = other.vector;
	pci_write_msi_msg(pdev, &msi, &msg);
	pci_write(pdev, msi.mask, 4, 0);
	EXPECT_EQ(pin_wait(&other, 1), 1);
	EXPECT_EQ(pin.count, 0);
}

TEST(msi, pending_message_is_the_one_written_while_masked, MASK_RULE)
{
	each_source(HAS_MASK, judge_rewrite);
}

static void judge_registers(void)
{
	u32 at = msi.pos + PCI_MSI_ADDRESS_LO;

	pci_write(pdev, at, 4, 0xfeedbcac);
	EXPECT_EQ(pci_read(pdev, at, 4), 0xfeedbcac);
	pci_write(pdev, at, 4, 0xfee00003);
	EXPECT_EQ(pci_read(pdev, at, 4), 0xfee00000);
	pci_write(pdev, msi.data, 2, 0xa55a);
	EXPECT_EQ(pci_read(pdev, msi.data, 2), 0xa55a);
	if (msi.is_64) {
		pci_write(pdev, at + 4, 4, 0x12345678);
		EXPECT_EQ(pci_read(pdev, at + 4, 4), 0x12345678);
	}
}

TEST(msi, address_is_dword_aligned_and_data_has_16_bits,
     "PCI 3.0 Message Address; PCI 3.0 Message Data")
{
	each_source(HAS_MSI, judge_registers);
}

/* No CPU has it: neither the MADT knows it nor is it the broadcast. */
static u8 nobodys_id(void)
{
	u8 id = 0xfe;

	for (u32 i = 0; i < acpi_tables.madt.nr_cpus; i++) {
		if (acpi_tables.madt.cpu[i].apic_id == id) {
			id--;
			i = (u32)-1;
		}
	}
	return id;
}

static void judge_destination(void)
{
	if (!msi_begin())
		return;
	msg.address_lo.destid_0_7 = nobodys_id();
	msi_rewrite();
	EXPECT_EQ(raised(0), 0);
	msg.address_lo.destid_0_7 = this_cpu(apic_id) & 0xff;
	msi_rewrite();
	EXPECT_EQ(raised(1), 1);
}

TEST(msi, address_names_the_apic, ADDR_RULE)
{
	each_source(HAS_MSI, judge_destination);
}

/* One event to a logical destination: once at each CPU of it, none elsewhere.
 */
static void judge_logical_dest(u32 dest, bool here)
{
	struct cpumask who = logical_dest(dest);

	EXPECT_EQ(cpumask_test_cpu(smp_processor_id(), &who), here);
	msg.address_lo.destid_0_7 = dest & 0xff;
	msi_rewrite();
	pci_source_raise(src);
	if (!arrivals_expect(&who))
		ktest_note("destination 0x%02x", dest);
	pci_source_lower(src);
}

/* xAPIC: LDR bits 31:24, flat; x2APIC: 8 bits reach members of cluster 0. */
static void judge_logical(void)
{
	u32 id = apic_is_x2apic ? apic_read(APIC_LDR) : 0x01;

	if (!msi_begin() || !arrivals_open(WHERE_VECTOR))
		return;
	if (!apic_is_x2apic)
		logical_model_begin(APIC_DFR_FLAT, (u8)id);
	msg.address_lo.dest_mode_logical = 1;
	msg.data.vector = WHERE_VECTOR;
	judge_logical_dest(id, true);
	judge_logical_dest(id | 0x7f, true);
	judge_logical_dest(~id & 0x7f, false);
	logical_model_end();
}

TEST(msi, logical_destination_selects_by_ldr, ADDR_RULE)
{
	u32 ldr = apic_read(APIC_LDR);

	if (apic_is_x2apic && ldr > 0xff)
		SKIP(return, "8 bits cannot name LDR 0x%x", ldr);
	each_source(HAS_MSI, judge_logical);
}

/* One CPU in the group: the hint can choose no other. */
static void judge_lowest(void)
{
	if (!msi_begin())
		return;
	msg.address_lo.redirect_hint = 1;
	msg.data.delivery_mode = APIC_DM_LOWEST >> 8;
	msi_rewrite();
	EXPECT_EQ(raised(1), 1);
	EXPECT_TRUE(pin.isr);
}

TEST(msi, redirection_hint_delivers_once, ADDR_RULE)
{
	each_source(HAS_MSI, judge_lowest);
}

static void aim_lowest(u32 dest)
{
	msg.address_lo.destid_0_7 = dest & 0xff;
	msi_rewrite();
}

static void event(bool on)
{
	if (on)
		pci_source_raise(src);
	else
		pci_source_lower(src);
}

static void judge_several_cpus(void)
{
	if (!msi_begin() || !arrivals_open(WHERE_VECTOR))
		return;
	if (!apic_is_x2apic)
		logical_model_begin(APIC_DFR_FLAT, 0x01);
	msg.address_lo.dest_mode_logical = 1;
	msg.address_lo.redirect_hint = 1;
	msg.data.delivery_mode = APIC_DM_LOWEST >> 8;
	msg.data.vector = WHERE_VECTOR;
	judge_one_of_several(aim_lowest, event);
	logical_model_end();
}

TEST(msi, redirection_hint_chooses_one_of_several, ADDR_RULE,
     .needs = NEEDS_SMP)
{
	each_source(HAS_MSI, judge_several_cpus);
}

static void nothing(void *unused)
{
}

static void init_by_message(u32 cpu)
{
	pci_source_raise(src);
	pin_settle();
	pci_source_lower(src);
}

/*
 * Only a CPU that was hit by INIT takes a SIPI. The vector is ignored. INIT
 * takes back what is pending: so that nothing is, it does something first.
 */
static void judge_init(void)
{
	u32 cpu = nr_cpu_ids - 1;

	if (!msi_begin())
		return;
	msg.address_lo.destid_0_7 = cpu_hot(cpu)->apic_id & 0xff;
	msg.data.delivery_mode = APIC_DM_INIT >> 8;
	msi_rewrite();
	EXPECT_EQ(run_on(cpu, nothing, NULL, RUN_US), 0);
	if (!EXPECT_EQ(smp_restart_cpu_by(cpu, init_by_message), 0))
		smp_restart_cpu(cpu);
	EXPECT_EQ(run_on(cpu, nothing, NULL, RUN_US), 0);
	EXPECT_EQ(pin.count, 0);
}

TEST(msi, init_mode_makes_a_cpu_wait_for_sipi, DATA_RULE, .needs = NEEDS_SMP)
{
	u32 id = cpu_hot(nr_cpu_ids - 1)->apic_id;

	if (id >= 0xff)
		SKIP(return, "8 bits cannot name ID 0x%x", id);
	each_source(HAS_MSI, judge_init);
}

static void judge_trigger(void)
{
	if (!msi_begin())
		return;
	EXPECT_EQ(raised(1), 1);
	EXPECT_FALSE(pin.tmr);
	msg.data.is_level = msg.data.assert = 1;
	msi_rewrite();
	EXPECT_EQ(raised(1), 1);
	EXPECT_TRUE(pin.tmr);
	msg.data.is_level = msg.data.assert = 0;
	msi_rewrite();
	EXPECT_EQ(raised(1), 1);
	EXPECT_FALSE(pin.tmr);
}

TEST(msi, trigger_mode_is_what_tmr_shows, DATA_RULE)
{
	each_source(HAS_MSI, judge_trigger);
}

/* Of two messages it sends the one that its capability says, not the data. */
static void judge_several(void)
{
	struct pin two[2] = { { .vector = 0xa2 }, { .vector = 0xa3 } };
	u32 own;

	if (!EXPECT_EQ(pin_claim(&two[0]), 0) ||
	    !EXPECT_EQ(pin_claim(&two[1]), 0))
		return;
	for (u32 low = 0; low < 2; low++) {
		irq_msi_compose_msg(&msg, this_cpu(apic_id), two[low].vector);
		msi_rewrite();
		if (msi.mask)
			pci_write(pdev, msi.mask, 4, 0);
		pci_write(pdev, msi.pos + PCI_MSI_FLAGS, 2,
			  PCI_MSI_FLAGS_ENABLE |
				  FIELD_PREP(PCI_MSI_FLAGS_QSIZE, 1));
		own = FIELD_GET(PCI_EXP_FLAGS_IRQ,
				pci_read(pdev, pdev->exp + PCI_EXP_FLAGS, 2));
		if (!EXPECT_LE(own, 1))
			return;
		pci_source_raise(src);
		EXPECT_EQ(pin_wait(&two[own], low + 1), low + 1);
		EXPECT_EQ(two[!own].count, 0);
		pci_source_lower(src);
	}
}

TEST(msi, of_several_messages_the_function_chooses_by_the_low_bits,
     "PCI 3.0 MSI Capability Structure, Multiple Message Enable")
{
	each_source(HAS_MSI | HAS_MANY, judge_several);
}

static struct {
	volatile u32 count;
	enum stack_kind stack;
	bool vector_set;
} nmi;

static bool on_nmi(struct pt_regs *regs, void *data)
{
	nmi.stack = stack_of((u64)regs).kind;
	nmi.vector_set = lapic_test(APIC_IRR, pin.vector) ||
			 lapic_test(APIC_ISR, pin.vector);
	nmi.count++;
	return true;
}

static void judge_nmi(void)
{
	nmi.count = 0;
	trap_hook(X86_TRAP_NMI, on_nmi, NULL);
	if (!msi_begin())
		return;
	msg.data.delivery_mode = APIC_DM_NMI >> 8;
	msi_rewrite();
	raised_nmis(1);
	pci_source_raise(src);
	EXPECT_TRUE(WAIT_FOR(nmi.count, WAIT_DEFAULT_US));
	pci_source_lower(src);
	pin_settle();
	EXPECT_EQ(nmi.count, 1);
	EXPECT_EQ(nmi.stack, STACK_IST1 + IST_NMI - 1);
	EXPECT_FALSE(nmi.vector_set);
	EXPECT_EQ(pin.count, 0);
}

TEST(msi, nmi_mode_arrives_as_nmi_on_its_own_stack, DATA_RULE, .uses = USES_NMI)
{
	each_source(HAS_MSI, judge_nmi);
}

static void release(struct pin *p)
{
	pci_source_lower(src);
}

/* MSI and INTx exclude each other. */
static void judge_exclusive(void)
{
	u32 flags;
	int gsi = intx_gsi(&flags);
	struct pin wire = { .vector = 0x71, .handler = release };
	union ioapic_rte rte = { .level = 1,
				 .active_low = !!(flags & ACPI_IRQ_LOW) };

	if (!msi_begin() || !EXPECT_EQ(pin_open(&wire, (u32)gsi, rte), 0))
		return;
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	EXPECT_EQ(raised(1), 1);
	EXPECT_EQ(wire.count, 0);
	msi_enable(false);
	EXPECT_EQ(raised(0), 0);
	EXPECT_EQ(pin_wait(&wire, 1), 1);
}

TEST(msi, enabled_is_instead_of_intx_and_disabled_is_intx_again, ON_RULE)
{
	each_source(HAS_MSI | HAS_INTX, judge_exclusive);
}
