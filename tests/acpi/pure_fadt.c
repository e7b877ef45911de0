// SPDX-License-Identifier: MIT
/* The FADT: revisions, cut lengths, old and extended register blocks. */
#include "fake.h"
#include <lib/errno.h>
#include <lib/string.h>

#define FADT "ACPI 6.5 \"Fixed ACPI Description Table (FADT)\""
#define FAIL ((u64)(s64)-EINVAL)

/* Offsets in the whole table; the body begins at 36. */
#define AT(off) ((off)-36)

static const struct acpi_fadt *const fadt = &fake_info.fadt;

/* The case's table: QEMU's addresses, revision 3, PM timer of 24 bits. */
static u8 body[AT(276)];

static void put(size_t off, u64 val, size_t size)
{
	memcpy(body + AT(off), &val, size);
}

static void put_gas(size_t off, u8 space, u8 width, u64 address)
{
	const u8 gas[] = { GAS(space, width, 0, address) };

	memcpy(body + AT(off), gas, sizeof(gas));
}

static void sample(void)
{
	memset(body, 0, sizeof(body));
	put(46, 9, 2);
	put(48, 0xb2, 4);
	put(52, 2, 1);
	put(53, 3, 1);
	put(56, 0x600, 4); /* PM1a event */
	put(64, 0x604, 4); /* PM1a control */
	put(76, 0x608, 4); /* PM timer */
	put(88, 4, 1);
	put(89, 2, 1);
	put(91, 4, 1);
	put(108, 0x32, 1);
	put(109, ACPI_FADT_8042, 2);
	put(112, ACPI_FADT_RESET_REG, 4);
	put_gas(116, ACPI_SPACE_IO, 8, 0xcf9);
	put(128, 0xf, 1);
	put_gas(148, ACPI_SPACE_IO, 32, 0x600);
	put_gas(172, ACPI_SPACE_IO, 16, 0x604);
	put_gas(208, ACPI_SPACE_IO, 32, 0x608);
}

static u32 parse(u8 revision, size_t len)
{
	return fake_parse("FACP", revision, body, AT(len));
}

TEST(acpi, fadt_fields, FADT)
{
	sample();
	EXPECT_EQ(parse(3, 244), 0);
	EXPECT_TRUE(fadt->present && fadt->boot_arch_valid);
	EXPECT_EQ(fadt->sci_irq, 9);
	EXPECT_EQ(fadt->smi_cmd, 0xb2);
	EXPECT_EQ(fadt->acpi_enable, 2);
	EXPECT_EQ(fadt->acpi_disable, 3);
	EXPECT_EQ(fadt->century, 0x32);
	EXPECT_EQ(fadt->boot_arch, ACPI_FADT_8042);
	EXPECT_EQ(fadt->pm1_event_len, 4);
	EXPECT_EQ(fadt->pm1a_event.address, 0x600);
	EXPECT_EQ(fadt->pm1a_control.address, 0x604);
	EXPECT_EQ(fadt->pm1b_event.address, 0);
	EXPECT_EQ(fadt->pm1b_control.address, 0);
	EXPECT_EQ(fadt->pm_timer.address, 0x608);
	EXPECT_EQ(fadt->pm_timer.space, ACPI_SPACE_IO);
	EXPECT_EQ(fadt->reset.address, 0xcf9);
	EXPECT_EQ(fadt->reset_value, 0xf);
	EXPECT_FALSE(fadt->flags & ACPI_FADT_TMR_VAL_EXT);
}

TEST(acpi, fadt_second_blocks, FADT)
{
	sample();
	put(60, 0x700, 4);
	put(68, 0x704, 4);
	EXPECT_EQ(parse(3, 244), 0);
	EXPECT_EQ(fadt->pm1b_event.address, 0x700);
	EXPECT_EQ(fadt->pm1b_event.bit_width, 32);
	EXPECT_EQ(fadt->pm1b_control.address, 0x704);
	EXPECT_EQ(fadt->pm1b_control.bit_width, 16);
	put_gas(160, ACPI_SPACE_IO, 32, 0x800);
	put_gas(184, ACPI_SPACE_IO, 16, 0x804);
	EXPECT_EQ(parse(3, 244), 0);
	EXPECT_EQ(fadt->pm1b_event.address, 0x800);
	EXPECT_EQ(fadt->pm1b_control.address, 0x804);
}

/* Revision 1 is 116 bytes: what follows in memory is not its own. */
TEST(acpi, fadt_revision_1_ends_at_116, FADT)
{
	sample();
	EXPECT_EQ(parse(1, 116), 0);
	EXPECT_TRUE(fadt->present);
	EXPECT_EQ(fadt->pm_timer.address, 0x608);
	EXPECT_EQ(fadt->reset.address, 0);
	EXPECT_FALSE(fadt->boot_arch_valid);
	EXPECT_EQ(fadt->boot_arch, 0);
	EXPECT_TRUE(acpi_has_8042(&fake_info));
	EXPECT_TRUE(acpi_has_cmos_rtc(&fake_info));
}

TEST(acpi, fadt_revision_1_has_no_reset_register, FADT)
{
	sample();
	EXPECT_EQ(parse(1, 244), 0);
	EXPECT_EQ(fadt->reset.address, 0);
}

TEST(acpi, fadt_revision_2_has_boot_flags_and_reset_register, FADT)
{
	sample();
	put_gas(116, ACPI_SPACE_PCI, 8, 0x1f00dc);
	EXPECT_EQ(parse(2, 244), 0);
	EXPECT_TRUE(fadt->boot_arch_valid);
	EXPECT_EQ(fadt->reset.address, 0x1f00dc);
	EXPECT_EQ(fadt->reset.space, ACPI_SPACE_PCI);
}

TEST(acpi, fadt_reset_register_needs_flag_and_length, FADT)
{
	sample();
	EXPECT_EQ(parse(3, 128), 1);
	EXPECT_EQ(fadt->reset.address, 0);
	EXPECT_EQ(parse(3, 129), 0);
	EXPECT_EQ(fadt->reset.address, 0xcf9);
	put(112, 0, 4);
	EXPECT_EQ(parse(3, 244), 0);
	EXPECT_EQ(fadt->reset.address, 0);
}

TEST(acpi, fadt_reset_register_must_make_sense, FADT)
{
	sample();
	put_gas(116, 3, 8, 0xcf9);
	EXPECT_EQ(parse(3, 244), 1);
	EXPECT_EQ(fadt->reset.address, 0);
	put_gas(116, ACPI_SPACE_IO, 8, 0);
	EXPECT_EQ(parse(3, 244), 1);
	EXPECT_EQ(fadt->reset_value, 0);
}

TEST(acpi, fadt_extended_block_is_preferred, FADT)
{
	sample();
	put_gas(208, ACPI_SPACE_MEMORY, 32, 0xfed80808);
	EXPECT_EQ(parse(5, 268), 0);
	EXPECT_EQ(fadt->pm_timer.address, 0xfed80808);
	EXPECT_EQ(fadt->pm_timer.space, ACPI_SPACE_MEMORY);
}

TEST(acpi, fadt_extended_block_cut_or_empty_is_not_used, FADT)
{
	sample();
	put_gas(208, ACPI_SPACE_IO, 32, 0x1808);
	EXPECT_EQ(parse(3, 219), 0); /* one byte short */
	EXPECT_EQ(fadt->pm_timer.address, 0x608);
	EXPECT_EQ(parse(3, 220), 0);
	EXPECT_EQ(fadt->pm_timer.address, 0x1808);
	put_gas(208, ACPI_SPACE_IO, 32, 0);
	EXPECT_EQ(parse(3, 244), 0);
	EXPECT_EQ(fadt->pm_timer.address, 0x608);
	EXPECT_EQ(fadt->pm_timer.bit_width, 32);
}

TEST(acpi, fadt_extended_block_that_cannot_be_is_named, FADT)
{
	sample();
	put_gas(208, 0x7f, 32, 0x608);
	put_gas(148, ACPI_SPACE_IO, 32, 0x10600);
	EXPECT_EQ(parse(3, 244), 2);
	EXPECT_EQ(fadt->pm_timer.address, 0x608);
	EXPECT_EQ(fadt->pm_timer.space, ACPI_SPACE_IO);
	EXPECT_EQ(fadt->pm1a_event.address, 0x600);
	EXPECT_STREQ(fake_info.complaints.text[0],
		     "FADT: X_PM1a_EVT_BLK in space 1 at 0x10600, not used");
}

TEST(acpi, fadt_without_a_pm_timer, FADT)
{
	sample();
	put(91, 0, 1);
	EXPECT_EQ(parse(3, 244), 0);
	EXPECT_EQ(fadt->pm_timer.address, 0);
}

TEST(acpi, fadt_timer_of_32_bits, FADT)
{
	sample();
	put(112, ACPI_FADT_TMR_VAL_EXT, 4);
	EXPECT_EQ(parse(3, 244), 0);
	EXPECT_TRUE(fadt->flags & ACPI_FADT_TMR_VAL_EXT);
}

TEST(acpi, fadt_boot_architecture, "ACPI 6.5 \"IA-PC Boot Architecture\"")
{
	sample();
	put(109, ACPI_FADT_NO_CMOS_RTC, 2);
	EXPECT_EQ(parse(5, 268), 0);
	EXPECT_FALSE(acpi_has_8042(&fake_info));
	EXPECT_FALSE(acpi_has_cmos_rtc(&fake_info));
	put(109, ACPI_FADT_8042, 2);
	EXPECT_EQ(parse(5, 268), 0);
	EXPECT_TRUE(acpi_has_8042(&fake_info));
	EXPECT_TRUE(acpi_has_cmos_rtc(&fake_info));
}

TEST(acpi, fadt_hardware_reduced_has_no_fixed_hardware,
     "ACPI 6.5 \"Hardware-Reduced ACPI\"")
{
	u32 gsi;
	u16 flags;

	sample();
	put(112, ACPI_FADT_HW_REDUCED | ACPI_FADT_RESET_REG, 4);
	EXPECT_EQ(parse(5, 268), 0);
	EXPECT_EQ(fadt->pm_timer.address, 0);
	EXPECT_EQ(fadt->pm1a_event.address, 0);
	EXPECT_EQ(fadt->reset.address, 0xcf9);
	EXPECT_EQ(acpi_sci(&fake_info, &gsi, &flags), (u64)(s64)-ENODEV);
}

TEST(acpi, fadt_too_short_is_refused, FADT)
{
	sample();
	EXPECT_EQ(parse(1, 115), 1);
	EXPECT_FALSE(fadt->present);
	EXPECT_EQ(acpi_parse_fadt(body, 36, &fake_info), FAIL);
	EXPECT_EQ(acpi_parse_fadt(body, 116, &fake_info), 0);
}

static void expect_sci(u16 inti, u32 want_gsi, u16 want_flags)
{
	const u8 madt[] = { LE32(0xfee00000), LE32(1),	 2, 10, 0, 9,
			    LE32(20),	      LE16(inti) };
	u32 gsi = 0;
	u16 flags = 0xff;

	sample();
	fake_reset();
	fake_table("FACP", 3, body, AT(244));
	if (inti != 0xffff)
		fake_table("APIC", 1, madt, sizeof(madt));
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_EQ(acpi_sci(&fake_info, &gsi, &flags), 0);
	EXPECT_EQ(gsi, want_gsi);
	EXPECT_EQ(flags, want_flags);
}

/* Level, low by itself and where an override leaves it open. */
TEST(acpi, sci_line, "ACPI 6.5 FADT \"SCI_INT\"")
{
	u32 gsi;
	u16 flags;

	expect_sci(0xffff, 9, ACPI_IRQ_LEVEL | ACPI_IRQ_LOW);
	expect_sci(0x0, 20, ACPI_IRQ_LEVEL | ACPI_IRQ_LOW);
	expect_sci(0xd, 20, ACPI_IRQ_LEVEL);
	expect_sci(0x5, 20, 0);
	expect_sci(0x4, 20, ACPI_IRQ_LOW);
	fake_reset();
	EXPECT_EQ(fake_parse_rsdp(fake_rsdp(2), 36), 0);
	EXPECT_EQ(acpi_sci(&fake_info, &gsi, &flags), (u64)(s64)-ENODEV);
}
