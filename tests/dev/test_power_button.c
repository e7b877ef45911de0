// SPDX-License-Identifier: MIT
/*
 * The power button, pressed by the host companion: PWRBTN_STS of PM1, and the
 * SCI, a level for as long as an enabled status bit is set.
 *
 * Spec: ACPI 6.5 "PM1 Event Grouping", "PM1 Status Registers", "PM1 Enable
 *       Registers", "Fixed Power Button"; "SCI Interrupt".
 */
#include <acpi/tables.h>
#include <asm/io.h>
#include <ktest/companion.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#define RULE	   "ACPI 6.5 Fixed Power Button"
#define STS_RULE   "ACPI 6.5 PM1 Status Registers, PWRBTN_STS"
#define PM1_PWRBTN BIT(8)
#define SCI_EN	   BIT(0) /* of PM1 control */

static struct pin pin = { .vector = 0x61 };
static u16 status, enable, control; /* ports */
static u16 enabled;		    /* PM1 enable as found */
static u16 seen;		    /* PM1 status in the handler */
static bool switched;		    /* from legacy to ACPI mode, by us */
static u32 clear_at;		    /* the handler's run that clears it */

static void clear_status(void)
{
	outw(PM1_PWRBTN, status);
}

static void teardown(void)
{
	if (!status)
		return;
	outw(0, enable);
	clear_status();
	pins_close();
	outw(enabled, enable);
	if (switched)
		outb(acpi_tables.fadt.acpi_disable,
		     (u16)acpi_tables.fadt.smi_cmd);
	switched = false;
	status = 0;
}

SUITE(sci, .needs = NEEDS_COMPANION | NEEDS_IOAPIC, .teardown = teardown);

static void take(struct pin *p)
{
	seen = inw(status);
	if (p->count >= clear_at)
		clear_status();
}

/* In legacy mode the button is an SMI: the firmware's business. */
static bool acpi_mode(void)
{
	const struct acpi_fadt *f = &acpi_tables.fadt;

	if (inw(control) & SCI_EN)
		return true;
	if (!f->smi_cmd || !f->acpi_enable)
		return false;
	outb(f->acpi_enable, (u16)f->smi_cmd);
	switched = true;
	return WAIT_FOR(inw(control) & SCI_EN, WAIT_DEFAULT_US);
}

/* False: it was said why. The pin is open, the button's event on as asked. */
static bool start(bool on)
{
	const struct acpi_fadt *f = &acpi_tables.fadt;
	union ioapic_rte rte = PIN_LEVEL;
	u16 flags;
	u32 gsi;

	if (acpi_sci(&acpi_tables, &gsi, &flags))
		SKIP(return false, "the FADT declares no SCI");
	if (f->flags & ACPI_FADT_POWER_BUTTON)
		SKIP(return false, "the FADT declares no fixed power button");
	if (f->pm1a_event.space != ACPI_SPACE_IO || f->pm1_event_len < 4)
		SKIP(return false, "PM1 is not in I/O ports");
	status = (u16)f->pm1a_event.address;
	enable = status + f->pm1_event_len / 2;
	control = (u16)f->pm1a_control.address;
	enabled = inw(enable);
	clear_at = 1;
	seen = 0;
	pin.handler = take;
	outw(0, enable);
	clear_status();
	rte.level = !!(flags & ACPI_IRQ_LEVEL);
	rte.active_low = !!(flags & ACPI_IRQ_LOW);
	if (!EXPECT_TRUE(acpi_mode()) ||
	    !EXPECT_EQ(pin_open(&pin, gsi, rte), 0))
		return false;
	if (on)
		outw(PM1_PWRBTN, enable);
	return true;
}

static bool press(void)
{
	return companion_did(companion_ask("system_powerdown"));
}

TEST(sci, power_button_is_one_sci_with_its_status_set, RULE)
{
	if (!start(true))
		return;
	EXPECT_EQ(inw(status) & PM1_PWRBTN, 0);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	for (u32 n = 1; n <= 3 && ktest_ok(); n++) {
		seen = 0;
		clear_at = n;
		if (!press())
			return;
		EXPECT_EQ(pin_wait(&pin, n), n);
		EXPECT_EQ(seen & PM1_PWRBTN, PM1_PWRBTN);
		EXPECT_TRUE(pin.tmr);
	}
}

TEST(sci, sci_comes_again_until_the_status_is_cleared, "ACPI 6.5 SCI Interrupt")
{
	if (!start(true))
		return;
	clear_at = 4;
	if (!press())
		return;
	EXPECT_EQ(pin_wait(&pin, 4), 4);
	EXPECT_FALSE(pin_remote_irr(&pin));
}

TEST(sci, status_is_cleared_by_writing_1_and_by_nothing_else, STS_RULE)
{
	if (!start(true))
		return;
	pin_mask(&pin, true);
	if (!press())
		return;
	EXPECT_TRUE(WAIT_FOR(inw(status) & PM1_PWRBTN, WAIT_DEFAULT_US));
	outw(0, status);
	EXPECT_EQ(inw(status) & PM1_PWRBTN, PM1_PWRBTN);
	clear_status();
	EXPECT_EQ(inw(status) & PM1_PWRBTN, 0);
}

TEST(sci, pressed_twice_unseen_it_is_one_event, STS_RULE)
{
	if (!start(true))
		return;
	pin_mask(&pin, true);
	if (!press() || !press())
		return;
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(inw(status) & PM1_PWRBTN, 0);
}

TEST(sci, enable_taken_away_lowers_the_line, "ACPI 6.5 PM1 Enable Registers")
{
	if (!start(true))
		return;
	pin_mask(&pin, true);
	if (!press())
		return;
	outw(0, enable);
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	outw(PM1_PWRBTN, enable); /* still set: it is one now */
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

/* The hardware sets it whatever the enable bit says; the enable makes an SCI.
 */
TEST(sci, button_not_enabled_sets_its_status_and_no_sci, STS_RULE)
{
	if (!start(false) || !press())
		return;
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	EXPECT_EQ(inw(status) & PM1_PWRBTN, PM1_PWRBTN);
}
