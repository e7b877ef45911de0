// SPDX-License-Identifier: MIT
/*
 * The I/O APIC's registers: which hold what is written, which do not.
 *
 * Spec: Intel 82093AA IOAPIC datasheet, "Register Description";
 *       ACPI Specification, "I/O APIC Structure".
 */
#include <acpi/tables.h>
#include <apic/ioapic.h>
#include <asm/io.h>
#include <ktest/arrivals.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

/* All pins are written: no watchdog may stand on one of them. */
#define ALL_PINS USES_HPET | USES_RTC | USES_PIT

static void close_all(void)
{
	pins_close();
	arrivals_close();
	logical_model_end();
}

SUITE(ioapic, .needs = NEEDS_IOAPIC, .teardown = close_all);

static const struct ioapic *each(u32 i)
{
	return i < nr_ioapics ? &ioapics[i] : NULL;
}

#define for_each_ioapic(io) for (u32 n_ = 0; ((io) = each(n_)) != NULL; n_++)

/* Entries routed as SMI are the firmware's, here as in ioapic_init(). */
static bool ours(const struct ioapic *io, u32 pin)
{
	return ktest_ok() &&
	       ioapic_read_rte(io, pin).delivery_mode != APIC_DM_SMI >> 8;
}

#define for_each_pin(io, pin)                      \
	for (u32 pin = 0; pin < (io)->pins; pin++) \
		if (ours(io, pin))

#define VERSION_RULE "82093AA I/O APIC Version Register"

TEST(ioapic, every_one_the_madt_lists_answers, "ACPI 6.5 I/O APIC Structure")
{
	EXPECT_EQ(nr_ioapics, acpi_tables.madt.nr_ioapics);
}

/* 0XH is the 82489DX, 1XH the 82093AA and its kin, 2XH the ICH's. */
TEST(ioapic, version_is_a_defined_one, VERSION_RULE)
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		u32 reg = ioapic_read(io, IOAPIC_REG_VERSION);

		EXPECT_GE(reg & 0xff, 0x01);
		EXPECT_LE(reg & 0xff, 0x2f);
		EXPECT_EQ(reg & 0xff007f00, 0); /* reserved */
	}
}

TEST(ioapic, version_register_is_read_only, VERSION_RULE)
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		u32 reg = ioapic_read(io, IOAPIC_REG_VERSION);

		/* Bit 15, PRQ, is write-once on some chips: left alone. */
		ioapic_write(io, IOAPIC_REG_VERSION, ~reg & ~0x8000u);
		EXPECT_EQ(ioapic_read(io, IOAPIC_REG_VERSION), reg);
	}
}

TEST(ioapic, pins_of_different_ones_do_not_overlap,
     "ACPI 6.5 I/O APIC Structure")
{
	for (u32 i = 0; i < nr_ioapics; i++) {
		EXPECT_GE(ioapics[i].pins, 1);
		EXPECT_LE(ioapics[i].pins, 240);
		for (u32 j = 0; j < i; j++) {
			const struct ioapic *a = &ioapics[i], *b = &ioapics[j];

			EXPECT_TRUE(a->gsi_base >= b->gsi_base + b->pins ||
				    b->gsi_base >= a->gsi_base + a->pins);
		}
	}
}

TEST(ioapic, id_register_agrees_with_the_madt, "ACPI 6.5 I/O APIC Structure")
{
	const struct ioapic *io;

	for_each_ioapic(io) EXPECT_EQ(
		ioapic_read(io, IOAPIC_REG_ID) >> 24 & 0xf, io->id & 0xf);
}

TEST(ioapic, id_register_holds_every_id, "82093AA I/O APIC ID Register")
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		u32 found = ioapic_read(io, IOAPIC_REG_ID);

		for (u32 id = 0; id < 16; id++) {
			ioapic_write(io, IOAPIC_REG_ID, id << 24);
			EXPECT_EQ(ioapic_read(io, IOAPIC_REG_ID) >> 24 & 0xf,
				  id);
		}
		ioapic_write(io, IOAPIC_REG_ID, found);
		EXPECT_EQ(ioapic_read(io, IOAPIC_REG_ID), found);
	}
}

/* The ICHs have no arbitration bus, nor the register: what it reads is theirs.
 */
TEST(ioapic, arbitration_register_is_read_only,
     "82093AA I/O APIC Arbitration Register")
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		u32 reg = ioapic_read(io, IOAPIC_REG_ARB);

		ioapic_write(io, IOAPIC_REG_ARB, ~reg);
		EXPECT_EQ(ioapic_read(io, IOAPIC_REG_ARB), reg);
	}
}

TEST(ioapic, arbitration_register_is_loaded_with_the_id,
     "82093AA I/O APIC Arbitration Register")
{
	const struct ioapic *io;
	bool any = false;

	for_each_ioapic(io)
	{
		u32 found = ioapic_read(io, IOAPIC_REG_ID);

		if (io->version >= 0x20)
			continue;
		any = true;
		ioapic_write(io, IOAPIC_REG_ID, found ^ 0x05000000);
		EXPECT_EQ(ioapic_read(io, IOAPIC_REG_ARB) >> 24 & 0xf,
			  (found ^ 0x05000000) >> 24 & 0xf);
		ioapic_write(io, IOAPIC_REG_ID, found);
	}
	if (!any)
		SKIP(return, "version 0x20 and later have no arbitration ID");
}

TEST(ioapic, index_register_reads_back, "82093AA I/O Register Select Register")
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		for (u32 index = 0; index < 0x100; index++) {
			writel(index, io->base + IOAPIC_REGSEL);
			EXPECT_EQ(readl(io->base + IOAPIC_REGSEL), index);
		}
	}
}

#define RTE_RULE "82093AA I/O Redirection Table Registers"

/* What software may write, but for the mask: it stays set throughout. */
static const u32 low_bits[] = { 0x01,	0x02,	0x04,	0x08,	0x10,  0x20,
				0x40,	0x80,	0x100,	0x200,	0x400, 0x800,
				0x2000, 0x8000, 0xaa55, 0xafff, 0xa0ff };

TEST(ioapic, entry_low_half_reads_back_on_every_pin, RTE_RULE, .uses = ALL_PINS)
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		for_each_pin(io, pin)
		{
			for (u32 i = 0; i < ARRAY_SIZE(low_bits); i++) {
				u32 reg = IOAPIC_REG_RTE(pin), got;
				u32 want = 0x10000 | (low_bits[i] & 0xafff);

				ioapic_write(io, reg, want);
				got = ioapic_read(io, reg);
				got &= ~(u32)IOAPIC_RTE_READONLY;
				if (!EXPECT_EQ(got, want))
					ktest_note("gsi %u",
						   io->gsi_base + pin);
			}
			ioapic_write(io, IOAPIC_REG_RTE(pin), 0x10000);
		}
	}
}

TEST(ioapic, entry_destination_reads_back_on_every_pin, RTE_RULE,
     .uses = ALL_PINS)
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		for_each_pin(io, pin)
		{
			u32 reg = IOAPIC_REG_RTE(pin) + 1;

			for (u32 bit = 0; bit < 8; bit++) {
				ioapic_write(io, reg, 1u << (24 + bit));
				EXPECT_EQ(ioapic_read(io, reg) >> 24,
					  1u << bit);
			}
			ioapic_write(io, reg, 0);
			EXPECT_EQ(ioapic_read(io, reg) >> 24, 0);
		}
	}
}

TEST(ioapic, delivery_status_and_remote_irr_are_read_only, RTE_RULE,
     .uses = ALL_PINS)
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		for_each_pin(io, pin)
		{
			union ioapic_rte rte = { .masked = 1 };

			rte.delivery_status = 1;
			rte.remote_irr = 1;
			ioapic_write_rte(io, pin, rte);
			rte = ioapic_read_rte(io, pin);
			EXPECT_EQ(rte.delivery_status, 0);
			EXPECT_EQ(rte.remote_irr, 0);
			rte.level = 1;
			rte.remote_irr = 1;
			ioapic_write_rte(io, pin, rte);
			EXPECT_EQ(ioapic_read_rte(io, pin).remote_irr, 0);
			rte.raw = 0x10000;
			ioapic_write_rte(io, pin, rte);
		}
	}
}

TEST(ioapic, no_entry_answers_for_another, RTE_RULE, .uses = ALL_PINS)
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		union ioapic_rte rte = { .masked = 1 };

		for_each_pin(io, pin)
		{
			rte.vector = 0x10 + pin;
			rte.dest = ~pin;
			ioapic_write_rte(io, pin, rte);
		}
		for_each_pin(io, pin)
		{
			rte = ioapic_read_rte(io, pin);
			EXPECT_EQ(rte.vector, 0x10 + pin);
			EXPECT_EQ(rte.dest, ~pin & 0xff);
			rte.raw = 0x10000;
			ioapic_write_rte(io, pin, rte);
		}
	}
}

/* The index selects 32 bits: the other half of the entry stays. */
TEST(ioapic, writing_one_half_of_an_entry_keeps_the_other, RTE_RULE,
     .uses = ALL_PINS)
{
	const struct ioapic *io;

	for_each_ioapic(io)
	{
		ioapic_write(io, IOAPIC_REG_RTE(0), 0x100a5);
		ioapic_write(io, IOAPIC_REG_RTE(0) + 1, 0x5a000000);
		EXPECT_EQ(ioapic_read_rte(io, 0).low & 0xff, 0xa5);
		ioapic_write(io, IOAPIC_REG_RTE(0), 0x1005a);
		EXPECT_EQ(ioapic_read_rte(io, 0).dest, 0x5a);
		ioapic_write_rte(io, 0, (union ioapic_rte){ .masked = 1 });
	}
}
