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
#include <lib/string.h>
#include <mm/paging.h>
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
		u64 bottom = stack_top(0, kind) - STACK_SIZE;

		READ_REFUSED(bottom - 1, 0);
		READ_REFUSED(bottom - PAGE_SIZE, 0);
	}
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
	u64 text = (u64)_text, sp = stack_top(0, STACK_TASK) - 8;

	user_refused(user_read, text, X86_PF_PROT | X86_PF_USER,
		     (u64)user_read);
	user_refused(user_write, (u64)data, RO_WRITE | X86_PF_USER,
		     (u64)user_write);
	user_refused(user_read, sp, X86_PF_PROT | X86_PF_USER, (u64)user_read);
	user_refused(user_read, 0, X86_PF_USER, (u64)user_read);
}

void __stack_chk_fail(void);

/* Find our own canary above buf, and flip a bit of it. */
static __noinline void smash(void *arg)
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
