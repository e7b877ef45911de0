// SPDX-License-Identifier: MIT
/*
 * I/O APICs that no machine at hand has: of other sizes, several with gaps
 * between their GSIs, old ones without EOI register, ones that do not answer.
 * The same code as on the machine, over a fake file of registers.
 *
 * Spec: Intel 82093AA IOAPIC datasheet; ICH datasheets, "EOI Register".
 */
#include <apic/ioapic.h>
#include <ktest/ktest.h>
#include <lib/errno.h>
#include <lib/string.h>

#define RTE_RULE  "82093AA I/O Redirection Table Registers"
#define VER_RULE  "82093AA I/O APIC Version Register"
#define MADT_RULE "ACPI 6.5 I/O APIC Structure"

#define ENTRIES	  240 /* of all fakes together */
#define FILE_SIZE 0x1000
#define FILES	  0xfec00000ull

enum answer { ANSWERS, FLOATS, READS_ZERO, NOT_MAPPED };

/* One file; its entries are part of the pool. */
struct file {
	enum answer answer;
	u32 version, pins, index, index_mask, id;
	union ioapic_rte *rte;
};

static union ioapic_rte pool[ENTRIES];
static struct file files[3];
static struct acpi_ioapic said[ARRAY_SIZE(files)]; /* by the MADT */
static struct ioapic found[ARRAY_SIZE(files)];
static u32 nr_said;
static u32 locked, unlocked_steps;

/* The last writes through the window or to EOI: which register, what. */
static struct {
	u32 reg, val;
} trace[6];
static u32 traced;

static void note(u32 reg, u32 val)
{
	trace[traced % ARRAY_SIZE(trace)].reg = reg;
	trace[traced++ % ARRAY_SIZE(trace)].val = val;
}

static struct file *file_at(u64 addr)
{
	return &files[(addr - FILES) / FILE_SIZE];
}

static u32 *half(struct file *f)
{
	u32 n = f->index - IOAPIC_REG_RTE(0);

	if (f->index == IOAPIC_REG_ID)
		return &f->id;
	if (f->index < IOAPIC_REG_RTE(0) || n >= 2 * f->pins)
		return NULL;
	return n & 1 ? &f->rte[n / 2].high : &f->rte[n / 2].low;
}

static int fake_map(u64 base)
{
	return file_at(base)->answer == NOT_MAPPED ? -ENOMEM : 0;
}

static u32 fake_read(u64 addr)
{
	struct file *f = file_at(addr);

	if (f->answer != ANSWERS)
		return f->answer == FLOATS ? ~0u : 0;
	unlocked_steps += !locked;
	if (addr % FILE_SIZE == IOAPIC_REGSEL)
		return f->index;
	if (f->index == IOAPIC_REG_VERSION)
		return f->version | (f->pins - 1) << 16;
	return half(f) ? *half(f) : 0;
}

static void fake_eoi(struct file *f, u32 vector)
{
	for (u32 pin = 0; pin < f->pins && f->version >= 0x20; pin++) {
		if (f->rte[pin].vector == vector)
			f->rte[pin].remote_irr = 0;
	}
}

/* Remote IRR and delivery status are read-only; an edge has no Remote IRR. */
static void fake_write_window(struct file *f, u32 val)
{
	u32 *reg = half(f);

	note(f->index, val);
	unlocked_steps += !locked;
	if (!reg)
		return;
	if (reg != &f->id && !(f->index & 1)) {
		val &= ~(u32)IOAPIC_RTE_READONLY;
		if (val & BIT(15))
			val |= *reg & BIT(14);
	}
	*reg = val;
}

static void fake_write(u64 addr, u32 val)
{
	struct file *f = file_at(addr);

	if (f->answer != ANSWERS)
		return;
	if (addr % FILE_SIZE == IOAPIC_REGSEL) {
		unlocked_steps += !locked;
		f->index = val & f->index_mask;
	} else if (addr % FILE_SIZE == IOAPIC_WINDOW) {
		fake_write_window(f, val);
	} else {
		note(IOAPIC_EOI, val);
		fake_eoi(f, val);
	}
}

static u64 fake_lock(void)
{
	return locked++;
}

static void fake_unlock(u64 flags)
{
	locked = (u32)flags;
}

static const struct ioapic_mmio fake = {
	.map = fake_map,
	.read = fake_read,
	.write = fake_write,
	.lock = fake_lock,
	.unlock = fake_unlock,
};

static void nothing_there(void)
{
	memset(pool, 0, sizeof(pool));
	memset(files, 0, sizeof(files));
	memset(found, 0, sizeof(found));
	memset(said, 0, sizeof(said));
	nr_said = locked = unlocked_steps = traced = 0;
}

/* One more, listed in the MADT; its entries follow those of the last. */
static struct file *add(u32 version, u32 pins, u32 gsi_base)
{
	u32 n = nr_said++;
	struct file *f = &files[n];

	f->version = version;
	f->pins = pins;
	f->index_mask = 0xff;
	f->rte = n ? files[n - 1].rte + files[n - 1].pins : pool;
	said[n].address = FILES + n * FILE_SIZE;
	said[n].gsi_base = gsi_base;
	return f;
}

static u32 probe(void)
{
	return ioapic_probe_all(found, said, nr_said, &fake);
}

static u32 masked(const struct file *f)
{
	u32 n = 0;

	for (u32 pin = 0; pin < f->pins; pin++)
		n += f->rte[pin].raw == BIT(16);
	return n;
}

TEST(ioapic, of_every_size_each_entry_is_masked, VER_RULE)
{
	static const u8 sizes[] = { 1, 16, 24, 32, 64, 120 };

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct file *f;

		nothing_there();
		f = add(0x11 + i, sizes[i], 0);
		EXPECT_EQ(probe(), 1);
		EXPECT_EQ(found[0].pins, sizes[i]);
		EXPECT_EQ(found[0].version, 0x11 + i);
		EXPECT_EQ(masked(f), sizes[i]);
	}
}

/* Entry 120 would be index 100H, which 8 bits make 0: the ID register. */
TEST(ioapic, of_240_entries_8_bits_of_index_reach_120, RTE_RULE)
{
	struct file *f;

	nothing_there();
	f = add(0x20, 240, 0);
	f->id = 0x07000000;
	EXPECT_EQ(probe(), 1);
	EXPECT_EQ(found[0].pins, 120);
	EXPECT_EQ(f->id, 0x07000000);
	EXPECT_EQ(masked(f), 120);
}

TEST(ioapic, of_240_entries_a_wider_index_reaches_all, RTE_RULE)
{
	struct file *f;

	nothing_there();
	f = add(0x20, 240, 0);
	f->index_mask = 0xffff;
	EXPECT_EQ(probe(), 1);
	EXPECT_EQ(found[0].pins, 240);
	EXPECT_EQ(masked(f), 240);
}

TEST(ioapic, none_listed_is_none_found, MADT_RULE)
{
	u32 pin;

	nothing_there();
	EXPECT_EQ(probe(), 0);
	EXPECT_FALSE(ioapic_find(found, 0, 0, &pin));
}

TEST(ioapic, one_that_does_not_answer_is_left_out, MADT_RULE)
{
	for (enum answer a = FLOATS; a <= NOT_MAPPED; a++) {
		nothing_there();
		add(0x20, 24, 0);
		add(0x20, 24, 24)->answer = a;
		add(0x20, 24, 48);
		EXPECT_EQ(probe(), 2);
		EXPECT_EQ(found[0].gsi_base, 0);
		EXPECT_EQ(found[1].gsi_base, 48);
	}
}

TEST(ioapic, of_several_a_gsi_finds_its_own, MADT_RULE)
{
	static const struct {
		u32 gsi;
		s8 io;
		u8 pin;
	} rows[] = {
		{ 0, 0, 0 },   { 23, 0, 23 }, { 24, -1, 0 },  { 31, -1, 0 },
		{ 32, 1, 0 },  { 47, 1, 15 }, { 48, -1, 0 },  { 99, -1, 0 },
		{ 100, 2, 0 }, { 101, 2, 1 }, { 102, -1, 0 }, { ~0u, -1, 0 },
	};

	nothing_there();
	add(0x11, 24, 0);
	add(0x20, 16, 32);
	add(0x20, 2, 100);
	EXPECT_EQ(probe(), 3);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 pin = 0;
		const struct ioapic *io =
			ioapic_find(found, 3, rows[i].gsi, &pin);

		if (!EXPECT_EQ(io ? io - found : -1, rows[i].io) ||
		    !EXPECT_EQ(pin, rows[i].pin))
			ktest_note("gsi %u", rows[i].gsi);
	}
}

/* GSIs do not wrap: one at the end of the numbers owns none at their start. */
TEST(ioapic, one_at_the_last_gsis_does_not_own_the_first, MADT_RULE)
{
	u32 pin = 0;

	nothing_there();
	add(0x20, 24, 0xfffffff0);
	EXPECT_EQ(probe(), 1);
	EXPECT_FALSE(ioapic_find(found, 1, 0, &pin));
	EXPECT_EQ(ioapic_find(found, 1, 0xffffffff, &pin), found);
	EXPECT_EQ(pin, 15);
}

TEST(ioapic, what_firmware_left_open_is_noted_and_masked, RTE_RULE)
{
	struct file *f;

	nothing_there();
	f = add(0x20, 120, 0);
	for (u32 pin = 0; pin < 120; pin++)
		f->rte[pin].masked = pin % 3 != 1;
	EXPECT_EQ(probe(), 1);
	for (u32 pin = 0; pin < 64; pin++)
		EXPECT_EQ(found[0].firmware_unmasked >> pin & 1, pin % 3 == 1);
	EXPECT_EQ(masked(f), 120);
}

/* System management belongs to the firmware, and lives on without us. */
TEST(ioapic, an_entry_routed_as_smi_is_left_alone,
     "82093AA I/O Redirection Table Registers, Delivery Mode")
{
	const union ioapic_rte smi = { .delivery_mode = APIC_DM_SMI >> 8,
				       .dest = 3 };
	struct file *f;

	nothing_there();
	f = add(0x20, 24, 0);
	f->rte[7] = f->rte[8] = smi;
	f->rte[8].masked = 1;
	EXPECT_EQ(probe(), 1);
	EXPECT_EQ(f->rte[7].raw, smi.raw);
	EXPECT_EQ(f->rte[8].raw, smi.raw | BIT(16));
	EXPECT_EQ(masked(f), 22);
}

static void write_entry(union ioapic_rte rte)
{
	nothing_there();
	add(0x20, 24, 0);
	probe();
	traced = 0;
	ioapic_write_rte(&found[0], 5, rte);
}

/* Else a half-written entry would be live for a moment. */
TEST(ioapic, the_half_with_the_mask_goes_first_to_mask, RTE_RULE)
{
	write_entry((union ioapic_rte){ .masked = 1, .dest = 9 });
	EXPECT_EQ(traced, 2);
	EXPECT_EQ(trace[0].reg, IOAPIC_REG_RTE(5));
	EXPECT_EQ(trace[1].reg, IOAPIC_REG_RTE(5) + 1);
	EXPECT_EQ(trace[1].val, 9u << 24);
}

TEST(ioapic, the_half_with_the_mask_goes_last_to_unmask, RTE_RULE)
{
	write_entry((union ioapic_rte){ .vector = 0x61, .dest = 9 });
	EXPECT_EQ(traced, 2);
	EXPECT_EQ(trace[0].reg, IOAPIC_REG_RTE(5) + 1);
	EXPECT_EQ(trace[1].reg, IOAPIC_REG_RTE(5));
	EXPECT_EQ(trace[1].val, 0x61);
}

/* A level entry in service, ended by irqbed; what is left of it. */
static union ioapic_rte end_level(u32 version)
{
	const union ioapic_rte rte = { .vector = 0x61,
				       .level = 1,
				       .remote_irr = 1,
				       .active_low = 1,
				       .dest = 2 };
	struct file *f;

	nothing_there();
	f = add(version, 24, 0);
	probe();
	f->rte[5] = rte;
	traced = 0;
	ioapic_eoi_pin(&found[0], 5);
	EXPECT_EQ(f->rte[5].raw, rte.raw & ~BIT(14));
	return f->rte[5];
}

TEST(ioapic, from_version_20_the_eoi_register_ends_it,
     "ICH datasheet, EOI Register")
{
	EXPECT_EQ(end_level(0x20).remote_irr, 0);
	EXPECT_EQ(traced, 1);
	EXPECT_EQ(trace[0].reg, IOAPIC_EOI);
	EXPECT_EQ(trace[0].val, 0x61);
}

/* There a passage through edge mode ends it, masked all the while. */
TEST(ioapic, before_version_20_edge_and_back_ends_it,
     "82093AA I/O Redirection Table Registers, Remote IRR")
{
	EXPECT_EQ(end_level(0x11).remote_irr, 0);
	EXPECT_EQ(traced, 4);
	EXPECT_EQ(trace[0].reg, IOAPIC_REG_RTE(5));
	EXPECT_EQ(trace[0].val & (BIT(16) | BIT(15)), BIT(16));
	EXPECT_EQ(trace[3].reg, IOAPIC_REG_RTE(5));
}

TEST(ioapic, index_and_window_are_one_step,
     "82093AA I/O Register Select Register")
{
	nothing_there();
	add(0x11, 24, 0);
	EXPECT_EQ(probe(), 1);
	ioapic_eoi_pin(&found[0], 5);
	EXPECT_EQ(unlocked_steps, 0);
	EXPECT_EQ(locked, 0);
}
