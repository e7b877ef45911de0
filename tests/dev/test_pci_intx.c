// SPDX-License-Identifier: MIT
/*
 * INTx: a level-triggered line, low when a function asks, shared by all that
 * are wired to it; the function's status bit and its disable bit.
 *
 * Spec: PCI Local Bus Specification 3.0, "Interrupt Pins", "Device Control",
 *       "Device Status".
 */
#include "pci_case.h"

#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/raised.h>

#define PIN_RULE    "PCI 3.0 Interrupt Pins"
#define OFF_RULE    "PCI 3.0 Device Control, Interrupt Disable"
#define STATUS_RULE "PCI 3.0 Device Status, Interrupt Status"

SUITE(pci, .teardown = pci_case_close);

static u32 lower_at; /* the interrupt whose handler quiets the function */
static bool rirr;

static void lower(struct pin *p)
{
	rirr = pin_remote_irr(p);
	if (p->count >= lower_at)
		pci_source_lower(src);
}

static bool begin(void)
{
	lower_at = 1;
	return intx_begin(lower);
}

static void judge_once(void)
{
	if (!begin())
		return;
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	for (u32 n = 1; n <= 4; n++) {
		pci_source_raise(src);
		EXPECT_EQ(pin_wait(&pin, n), n);
	}
	EXPECT_TRUE(pin.isr && pin.tmr && rirr);
	EXPECT_FALSE(pin_remote_irr(&pin));
}

TEST(pci, intx_removed_in_the_handler_interrupts_once, PIN_RULE,
     .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_once);
}

static void judge_held(void)
{
	if (!begin())
		return;
	lower_at = 5;
	pci_source_raise(src);
	EXPECT_EQ(pin_wait(&pin, 5), 5);
}

TEST(pci, intx_held_interrupts_again_after_eoi, PIN_RULE, .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_held);
}

static void judge_status(void)
{
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	EXPECT_FALSE(intx_status());
	pci_source_raise(src);
	EXPECT_TRUE(WAIT_FOR(intx_status(), WAIT_DEFAULT_US));
	pci_source_lower(src);
	EXPECT_TRUE(WAIT_FOR(!intx_status(), WAIT_DEFAULT_US));
}

TEST(pci, interrupt_status_follows_the_function, STATUS_RULE,
     .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_status);
}

/* The bit holds the pin, not what the status says. */
static void judge_disable(void)
{
	if (!begin())
		return;
	set_command(PCI_COMMAND_INTX_DISABLE, true);
	pci_source_raise(src);
	EXPECT_TRUE(WAIT_FOR(intx_status(), WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(pci, interrupt_disable_holds_the_pin_and_not_the_status, OFF_RULE,
     .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_disable);
}

static void judge_withdrawn(void)
{
	if (!begin())
		return;
	pin_mask(&pin, true);
	pci_source_raise(src);
	pin_settle();
	pci_source_lower(src);
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	pci_source_raise(src);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	set_command(PCI_COMMAND_INTX_DISABLE, true);
	pin.count = 0;
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	EXPECT_EQ(pin_wait(&pin, 0), 0); /* its handler has quieted it */
}

TEST(pci, intx_withdrawn_while_masked_never_comes, PIN_RULE,
     .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_withdrawn);
}

static enum pci_source other; /* on the same pin as src */
static u32 pairs, alone;

static void lower_in_turn(struct pin *p)
{
	pci_source_lower(p->count == 1 ? src : other);
}

/* Open another source whose pin is gsi too, and let it through. */
static bool open_other(int gsi)
{
	const struct pci_dev *const my_dev = pdev;
	const enum pci_source mine = src;
	bool found = false;
	u32 flags;

	for (src = 0; src < NR_PCI_SOURCES && !found; src++) {
		if (src == mine || src == PCI_SRC_SLOT) /* each_source() */
			continue;
		pdev = pci_source_open(src);
		found = pdev && pdev->pin && intx_gsi(&flags) == gsi;
		other = src;
		if (found)
			set_command(PCI_COMMAND_INTX_DISABLE, false);
		else if (pdev)
			pci_source_close(src);
	}
	src = mine;
	pdev = my_dev;
	return found;
}

/* The line is low until both are quiet, and interrupts as long as it is. */
static void judge_two(void)
{
	u32 flags;

	if (!open_other(intx_gsi(&flags))) {
		alone++;
		return;
	}
	pairs++;
	if (!begin())
		return;
	pin.handler = lower_in_turn;
	pin_mask(&pin, true);
	pci_source_raise(src);
	pci_source_raise(other);
	pin_settle();
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 2), 2);
	EXPECT_FALSE(pin_remote_irr(&pin));
	pci_source_close(other);
}

TEST(pci, intx_of_two_functions_is_held_until_both_are_quiet, PIN_RULE,
     .needs = NEEDS_IOAPIC)
{
	pairs = alone = 0;
	each_source(HAS_INTX, judge_two);
	if (alone && !pairs)
		SKIP(return, "no two of the sources share a pin");
}

/* One line, several actions; each looks at its own function. */
struct sharer {
	enum pci_source src;
	bool deaf; /* always "not mine" */
	u32 calls, mine;
};

static irqreturn_t share(int irq, void *data)
{
	struct sharer *s = data;

	s->calls++;
	if (s->deaf)
		return IRQ_NONE;
	s->mine++;
	pci_source_lower(s->src);
	return IRQ_HANDLED;
}

static bool shared(struct sharer *first, struct sharer *second, u64 n)
{
	u32 irq = intx_irq();
	u64 before = kstat_irqs(irq);

	EXPECT_EQ(request_irq(irq, share, IRQF_SHARED, "one", first), 0);
	EXPECT_EQ(request_irq(irq, share, IRQF_SHARED, "two", second), 0);
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	for (u64 i = 0; i < n; i++) {
		pci_source_raise(src);
		WAIT_FOR(kstat_irqs(irq) > before + i, WAIT_DEFAULT_US);
		pin_settle();
	}
	EXPECT_EQ(kstat_irqs(irq) - before, n);
	raised_irqs(irq, n);
	set_command(PCI_COMMAND_INTX_DISABLE, true);
	EXPECT_EQ(free_irq(irq, first), 0);
	return EXPECT_EQ(free_irq(irq, second), 0);
}

static void judge_shared(void)
{
	struct sharer none = { .deaf = true }, mine = { .src = src };

	if (!shared(&none, &mine, 3) || !shared(&mine, &none, 2))
		return;
	EXPECT_EQ(none.calls, 5);
	EXPECT_EQ(mine.calls, 5);
	EXPECT_EQ(mine.mine, 5);
}

TEST(pci, intx_is_shared_by_two_handlers,
     "PCI 3.0 Interrupt Pins; Linux kernel/irq/handle.c, "
     "__handle_irq_event_percpu()",
     .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_shared);
}

/* Each handler asks its own function whether it was the one. */
static struct {
	const struct pci_dev *dev;
	enum pci_source src;
	u32 calls, mine;
} pair[2];

static irqreturn_t ask(int irq, void *data)
{
	typeof(&pair[0]) p = data;

	p->calls++;
	if (!(pci_read(p->dev, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT))
		return IRQ_NONE;
	p->mine++;
	pci_source_lower(p->src);
	return IRQ_HANDLED;
}

static bool both_took(u32 first, u32 second)
{
	WAIT_FOR(READ_ONCE(pair[0].mine) == first &&
			 READ_ONCE(pair[1].mine) == second,
		 WAIT_DEFAULT_US);
	pin_settle();
	return EXPECT_EQ(pair[0].mine, first) & EXPECT_EQ(pair[1].mine, second);
}

static void judge_each_its_own(void)
{
	u32 irq = intx_irq();
	u64 before = kstat_irqs(irq);

	pair[0] = (typeof(pair[0])){ .dev = pdev, .src = src };
	pair[1] = (typeof(pair[0])){ .dev = pci_source_find(other),
				     .src = other };
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	for (u32 n = 0; n < 2; n++)
		EXPECT_EQ(request_irq(irq, ask, IRQF_SHARED, "pair", &pair[n]),
			  0);
	for (u32 n = 1; n <= 3; n++) {
		pci_source_raise(src);
		both_took(n, n - 1);
		pci_source_raise(other);
		if (!both_took(n, n))
			break;
	}
	EXPECT_EQ(pair[0].calls, pair[1].calls);
	EXPECT_EQ(kstat_irqs(irq) - before, 6);
	EXPECT_EQ(pair[0].calls, 6);
	raised_irqs(irq, 6);
	for (u32 n = 0; n < 2; n++)
		EXPECT_EQ(free_irq(irq, &pair[n]), 0);
}

static void judge_pair(void)
{
	u32 flags;

	if (!open_other(intx_gsi(&flags))) {
		alone++;
		return;
	}
	pairs++;
	judge_each_its_own();
	pci_source_close(other);
}

TEST(pci, two_functions_of_one_line_have_a_handler_each,
     "PCI 3.0 Interrupt Pins; Linux kernel/irq/handle.c, "
     "__handle_irq_event_percpu()",
     .needs = NEEDS_IOAPIC)
{
	pairs = alone = 0;
	each_source(HAS_INTX, judge_pair);
	if (alone && !pairs)
		SKIP(return, "no two of the sources share a pin");
}
