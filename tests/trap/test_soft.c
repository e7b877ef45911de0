// SPDX-License-Identifier: MIT
/*
 * Software's errors that our own page tables turn into exceptions: NULL, what
 * is read-only, what is not code, and a stack that was overwritten.
 *
 * Spec: SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "Page-Level
 *       Protection". What is mapped how: src/mm/paging_init.c.
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/percpu.h>
#include <cpu/sections.h>
#include <ktest/insn.h>
#include <ktest/insn_mem.h>
#include <ktest/insn_user.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>
#include <mm/regions.h>
#include <trap/decode.h>

#include "judge.h"

#define RULE	 "SDM 3A Interrupt 14; irqbed ARCHITECTURE.md \"Memory map\""
#define RO_WRITE (X86_PF_PROT | X86_PF_WRITE)
#define NX_FETCH (X86_PF_PROT | X86_PF_INSTR)

/* A #PF at rip, whose CR2 is the address. */
static void refused(const struct place *at, void (*fn)(void *), u64 addr,
		    u64 code, u64 rip)
{
	const struct trap *got =
		judge(at, fn, (void *)addr,
		      WANT(X86_TRAP_PF, code, rip, .fault = true));

	EXPECT_EQ(got->cr2, addr);
}

#define READ_REFUSED(addr, code)                                        \
	refused(PLACE("read " #addr), insn_mem_read, (u64)(addr), code, \
		(u64)insn_mem_read)
#define WRITE_REFUSED(addr)                                                   \
	refused(PLACE("write " #addr), insn_mem_write, (u64)(addr), RO_WRITE, \
		(u64)insn_mem_write)
#define FETCH_REFUSED(addr, code)                                        \
	refused(PLACE("jump " #addr), insn_mem_fetch, (u64)(addr), code, \
		(u64)(addr))

TEST(soft, null_read, RULE)
{
	READ_REFUSED(0, 0);
	READ_REFUSED(PAGE_SIZE - 1, 0);
}

TEST(soft, null_write, RULE)
{
	refused(PLACE("write NULL"), insn_mem_write, 0, X86_PF_WRITE,
		(u64)insn_mem_write);
}

/* The call is done: RIP is NULL, the return address is on the stack. */
TEST(soft, null_call, RULE)
{
	struct trap got = catch_trap(insn_mem_call, NULL);

	EXPECT_TRAP(got, X86_TRAP_PF);
	EXPECT_EQ(got.error_code, X86_PF_INSTR);
	EXPECT_EQ(got.cr2, 0);
	EXPECT_EQ(got.ip, 0);
	EXPECT_EQ(*(u64 *)got.sp, (u64)insn_mem_call + 2);
}

/* The first page whole, and what an index into it may reach at most. */
TEST(soft, null_access_anywhere_in_the_page, RULE)
{
	for (u64 at = 1; at < PAGE_SIZE; at <<= 1) {
		READ_REFUSED(at, 0);
		refused(PLACE("write"), insn_mem_write, at, X86_PF_WRITE,
			(u64)insn_mem_write);
	}
}

TEST(soft, null_jump, RULE)
{
	FETCH_REFUSED(0, X86_PF_INSTR);
}

/* Nothing of ours is there; NULL of an int cast to a pointer, and others. */
static const u64 wild[] = { 0x5a5a5a5a5a5aull & PAGE_MASK, 0x7ffffffff000ull,
			    0xffff800000000000ull, 0xffffffff80000000ull,
			    0xffffffffffffffffull };

TEST(soft, wild_read_and_write, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(wild); i++) {
		READ_REFUSED(wild[i], 0);
		refused(PLACE("write"), insn_mem_write, wild[i], X86_PF_WRITE,
			(u64)insn_mem_write);
	}
}

TEST(soft, wild_jump, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(wild); i++)
		FETCH_REFUSED(wild[i], X86_PF_INSTR);
}

/* RET has popped: RSP is the caller's, RIP is what the word was. */
TEST(soft, overwritten_return_address, RULE)
{
	struct catch_frame frame = { 0 };
	const struct trap *got = &frame.trap;

	catch_run(&frame, CATCH_VALUE, insn_mem_return_to, (void *)wild[0]);
	EXPECT_TRAP(*got, X86_TRAP_PF);
	EXPECT_EQ(got->error_code, X86_PF_INSTR);
	EXPECT_EQ(got->cr2, wild[0]);
	EXPECT_EQ(got->ip, wild[0]);
	/* catch_call() had pushed RBP alone. */
	EXPECT_EQ(got->sp, frame.sp - 8);
}

TEST(soft, use_after_unmap, RULE)
{
	u64 page = alloc_pages(1), va = USER_VA;

	if (!EXPECT_EQ(map_range(va, page, PAGE_SIZE, PAGE_KERNEL), 0))
		return;
	EXPECT_RETURNS(insn_mem_write, va);
	unmap_range(va, PAGE_SIZE);
	READ_REFUSED(va, 0);
	refused(PLACE("write"), insn_mem_write, va, X86_PF_WRITE,
		(u64)insn_mem_write);
	FETCH_REFUSED(va, X86_PF_INSTR);
	free_pages(page, 1);
}

TEST(soft, write_to_text, RULE)
{
	WRITE_REFUSED(_text);
	WRITE_REFUSED(insn_ret);
	WRITE_REFUSED(user_nop);
	WRITE_REFUSED((u64)_etext - 1);
}

TEST(soft, write_to_constants, RULE)
{
	WRITE_REFUSED(__rodata_start);
	WRITE_REFUSED(__data_start); /* tables of pointers */
}

TEST(soft, write_to_the_idt_and_gdt, RULE)
{
	struct desc_ptr idt, gdt;

	store_idt(&idt);
	store_gdt(&gdt);
	WRITE_REFUSED(idt.address);
	WRITE_REFUSED(idt.address + idt.size);
	WRITE_REFUSED(gdt.address);
	WRITE_REFUSED(gdt.address + gdt.size);
}

TEST(soft, write_to_the_image_header, RULE)
{
	WRITE_REFUSED(ImageBase);
	FETCH_REFUSED(ImageBase, NX_FETCH);
}

static u8 data[16];

TEST(soft, execution_of_data, RULE)
{
	data[0] = 0xc3;
	FETCH_REFUSED(data, NX_FETCH);
	FETCH_REFUSED(__rodata_start, NX_FETCH);
	FETCH_REFUSED(this_cpu(tss), NX_FETCH);
}

TEST(soft, execution_of_the_stack, RULE)
{
	volatile u8 code[16] = { 0xc3 };

	FETCH_REFUSED(code, NX_FETCH);
}

TEST(soft, guard_below_every_stack, RULE)
{
	for (u32 kind = 0; kind < NR_STACKS; kind++) {
		u64 bottom = stack_top(smp_processor_id(), kind) - STACK_SIZE;

		READ_REFUSED(bottom - 1, 0);
		READ_REFUSED(bottom - PAGE_SIZE, 0);
	}
}

static const char *const stack_names[] = {
	"task", "#DF",	"NMI",	"#DB",	 "#MC",
	"#VC",	"IST6", "IST7", "entry", "irq",
};

TEST(soft, write_below_every_stack, RULE)
{
	for (u32 kind = 0; kind < NR_STACKS; kind++)
		refused(PLACE("write"), insn_mem_write,
			stack_top(smp_processor_id(), kind) - STACK_SIZE - 1,
			X86_PF_WRITE, (u64)insn_mem_write);
}

/* User pages: not executed, not touched by accident. */
TEST(soft, execution_of_user_text, RULE)
{
	if (!cpu_has(X86_FEATURE_SMEP))
		SKIP(return, "this CPU has no SMEP");
	FETCH_REFUSED(user_nop, NX_FETCH);
}

TEST(soft, read_of_user_text, RULE)
{
	if (!cpu_has(X86_FEATURE_SMAP))
		SKIP(return, "this CPU has no SMAP");
	READ_REFUSED(user_nop, X86_PF_PROT);
}

/* CPL 3 may read none of ours. */
static void user_refused(const char *insn, u64 addr, u64 code, u64 rip)
{
	struct pt_regs *regs = user_regs((u64)insn);
	const struct trap *got;

	regs->di = addr;
	got = judge_user(PLACE("access from CPL 3"), regs,
			 WANT(X86_TRAP_PF, code, rip, .fault = true));
	EXPECT_EQ(got->cr2, addr);
}

TEST(soft, user_access_to_ours, RULE)
{
	u64 text = (u64)_text,
	    sp = stack_top(smp_processor_id(), STACK_TASK) - 8;

	user_refused(user_read, text, X86_PF_PROT | X86_PF_USER,
		     (u64)user_read);
	user_refused(user_write, (u64)data, RO_WRITE | X86_PF_USER,
		     (u64)user_write);
	user_refused(user_read, sp, X86_PF_PROT | X86_PF_USER, (u64)user_read);
	user_refused(user_read, 0, X86_PF_USER, (u64)user_read);
}

TEST(soft, user_null, RULE)
{
	user_refused(user_read, 0, X86_PF_USER, (u64)user_read);
	user_refused(user_write, 0, X86_PF_USER | X86_PF_WRITE,
		     (u64)user_write);
	user_refused(user_jump, 0, X86_PF_USER | X86_PF_INSTR, 0);
}

TEST(soft, user_wild_access, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(wild); i++) {
		user_refused(user_read, wild[i], X86_PF_USER, (u64)user_read);
		user_refused(user_jump, wild[i], X86_PF_USER | X86_PF_INSTR,
			     wild[i]);
	}
}

TEST(soft, user_write_to_its_own_text, RULE)
{
	user_refused(user_write, (u64)user_nop, RO_WRITE | X86_PF_USER,
		     (u64)user_write);
}

TEST(soft, user_execution_of_its_stack, RULE)
{
	user_refused(user_jump, USER_SP, NX_FETCH | X86_PF_USER, USER_SP);
}

TEST(soft, user_jump_into_ours, RULE)
{
	user_refused(user_jump, (u64)insn_mem_read, NX_FETCH | X86_PF_USER,
		     (u64)insn_mem_read);
	user_refused(user_jump, (u64)data, NX_FETCH | X86_PF_USER, (u64)data);
}

TEST(soft, user_access_to_the_idt_gdt_and_tss, RULE)
{
	struct desc_ptr idt, gdt;

	store_idt(&idt);
	store_gdt(&gdt);
	user_refused(user_read, idt.address, X86_PF_PROT | X86_PF_USER,
		     (u64)user_read);
	user_refused(user_write, gdt.address, RO_WRITE | X86_PF_USER,
		     (u64)user_write);
	user_refused(user_write, (u64)this_cpu(tss), RO_WRITE | X86_PF_USER,
		     (u64)user_write);
}

/* What a report calls the address; from is what it must begin with. */
static void named(u64 addr, const char *from)
{
	char text[96];

	region_name(addr, text, sizeof(text));
	text[min(strlen(text), strlen(from))] = '\0';
	EXPECT_STREQ(text, from);
}

#define NAMES "irqbed ARCHITECTURE.md \"Memory map\""

TEST(soft, null_and_wild_addresses_have_names, NAMES)
{
	named(0, "NULL page");
	named(PAGE_SIZE - 1, "NULL page");
	named(wild[0], "not mapped by irqbed");
	named(wild[3], "not mapped by irqbed");
	named(NONCANONICAL, "non-canonical");
}

TEST(soft, parts_of_the_image_have_names, NAMES)
{
	named((u64)_text, ".text+0x0");
	named((u64)insn_mem_read, ".text+0x");
	named((u64)user_nop, ".text (user)+0x");
	named((u64)__rodata_start, ".rodata+0x0");
	named((u64)__data_start, ".data (read-only)+0x0");
	named((u64)data, ".data+0x");
	named((u64)ImageBase, "irqbed's PE header+0x0");
}

TEST(soft, descriptor_tables_have_names, NAMES)
{
	struct desc_ptr idt, gdt;

	store_idt(&idt);
	store_gdt(&gdt);
	named(idt.address, "IDT (read-only alias)");
	named(gdt.address, "GDT of CPU 0 (read-only alias)");
}

/* The guard, and the stack itself. */
TEST(soft, stacks_and_their_guards_have_names, NAMES)
{
	char want[64];

	for (u32 kind = 0; kind < ARRAY_SIZE(stack_names); kind++) {
		u64 top = stack_top(smp_processor_id(), kind);

		scnprintf(want, sizeof(want), "%s stack of CPU 0",
			  stack_names[kind]);
		named(top - 1, want);
		named(top - STACK_SIZE, want);
		scnprintf(want, sizeof(want), "guard page of the %s stack",
			  stack_names[kind]);
		named(top - STACK_SIZE - 1, want);
	}
}

void __stack_chk_fail(void);

/* Find our own canary above buf, and flip a bit of it. */
static __noinline __stack_protect void smash(void *arg)
{
	volatile u64 buf[4] = { 0 };
	volatile u64 *end = __builtin_frame_address(0);
	u64 canary = this_cpu(fixed.stack_canary);

	memset((void *)buf, 0, sizeof(buf));
	for (volatile u64 *p = buf; p < end; p++) {
		if (*p == canary)
			*p ^= 1;
	}
}

/* The function's epilogue notices, says so in the log, and stops at UD2. */
TEST(soft, smashed_canary_is_noticed, "GCC -fstack-protector-strong")
{
	struct trap got = catch_trap(smash, NULL);

	EXPECT_TRAP(got, X86_TRAP_UD);
	EXPECT_GE(got.ip, __stack_chk_fail);
	EXPECT_LT(got.ip, (u64)__stack_chk_fail + 128);
}
