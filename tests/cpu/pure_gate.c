// SPDX-License-Identifier: MIT
/*
 * Gates and stack addresses, as pure arithmetic.
 *
 * Spec: SDM 3A "64-Bit Mode IDT", figure "64-Bit IDT Gate Descriptors".
 */
#include <cpu/desc.h>
#include <cpu/stacks.h>
#include <ktest/ktest.h>
#include <lib/string.h>

#define GATE_RULE "SDM 3A 64-Bit Mode IDT"

static gate_desc gate_of(u64 addr, u8 ist, u8 dpl)
{
	struct idt_data row = { .ist = ist,
				.dpl = dpl,
				.addr = (void (*)(void))(uintptr_t)addr };
	gate_desc gate;

	memset(&gate, 0xff, sizeof(gate));
	idt_init_desc(&gate, &row);
	return gate;
}

TEST(gate, the_offset_is_split_in_three, GATE_RULE)
{
	gate_desc gate = gate_of(0x0123456789abcdef, 0, 0);

	EXPECT_EQ(gate.raw[0] & 0xffff, 0xcdef);
	EXPECT_EQ(gate.raw[0] >> 48, 0x89ab);
	EXPECT_EQ(gate.raw[1], 0x01234567);
	EXPECT_EQ(gate_offset(&gate), 0x0123456789abcdef);
}

TEST(gate, attributes_lie_in_bits_32_to_47, GATE_RULE)
{
	for (u32 ist = 0; ist <= NR_IST; ist++) {
		gate_desc gate = gate_of(0, (u8)ist, 3);

		EXPECT_EQ(gate.raw[0] >> 32, 0xee00 | ist);
		EXPECT_EQ(gate.raw[0] >> 16 & 0xffff, __KERNEL_CS);
	}
	EXPECT_EQ(gate_of(0, 0, 0).raw[0] >> 32, 0x8e00);
}

TEST(gate, every_stack_address_names_its_stack,
     "irqbed ARCHITECTURE.md Memory map")
{
	for (u32 kind = 0; kind < NR_STACKS; kind++) {
		u64 top = stack_top(3, kind);
		struct stack_info in = stack_of(top - 8);
		struct stack_info guard = stack_of(top - STACK_SIZE - 1);

		EXPECT_EQ(in.kind, kind);
		EXPECT_EQ(in.cpu, 3);
		EXPECT_FALSE(in.guard);
		EXPECT_FALSE(stack_of(top - STACK_SIZE).guard);
		EXPECT_EQ(guard.kind, kind);
		EXPECT_TRUE(guard.guard);
		EXPECT_EQ(on_thread_stack((void *)(top - 8)),
			  kind == STACK_TASK);
	}
	EXPECT_TRUE(on_thread_stack((void *)(stack_top(3, STACK_THREAD) - 8)));
	EXPECT_TRUE(on_thread_stack((void *)(stack_top(3, 63) - 8)));
	EXPECT_EQ(stack_of(0).kind, STACK_NONE);
	EXPECT_EQ(stack_of(STACK_AREA_BASE - 1).kind, STACK_NONE);
	EXPECT_EQ(stack_of(~0ull).kind, STACK_NONE);
}
