// SPDX-License-Identifier: MIT
/*
 * The CPL 3 half of #GP, #SS and #PF where the cause is an address, a length or
 * an alignment, and string instructions that fault half-way. Segment loads:
 * tests/delivery/test_user_segments.c.
 *
 * Spec: SDM 3A "Interrupt 12", "Interrupt 13", "Interrupt 14"; SDM 1
 *       "Canonical Addressing"; SDM 2B "REP"; APM 2 the same by vector.
 */
#include <asm/fpu_control.h>
#include <asm/irq_vectors.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_fpu.h>
#include <ktest/insn_user.h>
#include <ktest/insn_user_fault.h>
#include <lib/string.h>
#include <trap/signal.h>

#include "user_page.h"

#define GP_RULE "SDM 3A Interrupt 13"
#define SS_RULE "SDM 3A Interrupt 12"
#define ALIGNED "SDM 3A Interrupt 13: operands not aligned to 16"

struct insn {
	const char *name;
	char *at, *end;
};

#define UF(name)                                  \
	{                                         \
#name, uf_##name, uf_##name##_end \
	}

static const struct trap *faults(const struct insn *insn, struct pt_regs *regs,
				 u32 nr)
{
	struct place at = { __FILE__, __LINE__, insn->name };

	regs->ip = (u64)insn->at;
	return judge_user(&at, regs, WANT(nr, 0, insn->at, .fault = true));
}

/* Both edges of the hole, and its middle; for 4 and for 5 levels. */
static u64 hole(u32 i)
{
	u64 first = 1ull << (boot_cpu_data.virt_bits - 1);

	if (!(read_cr4() & X86_CR4_LA57))
		first = 1ull << 47;
	return i == 0 ? first : i == 1 ? NONCANONICAL : -first - 1;
}

TEST(gp, user_noncanonical_data, GP_RULE)
{
	static const struct insn list[] = { UF(load1), UF(load8), UF(store1),
					    UF(store8), UF(rmw8) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++)
		for (u32 edge = 0; edge < 3; edge++) {
			struct pt_regs *regs = user_regs(0);
			const struct trap *got;

			regs->di = hole(edge);
			got = faults(&list[i], regs, X86_TRAP_GP);
			EXPECT_EQ(got->regs.ax, 0);
		}
}

/* Jumps fault themselves, before RIP is loaded. */
TEST(gp, user_noncanonical_jump, "SDM 2A JMP; SDM 2A CALL")
{
	static const struct insn list[] = { UF(jmp), UF(call) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
		struct pt_regs *regs = user_regs(0);

		regs->di = NONCANONICAL;
		faults(&list[i], regs, X86_TRAP_GP);
	}
}

TEST(gp, user_noncanonical_return, "SDM 2B RET")
{
	struct pt_regs *regs = user_regs((u64)uf_ret);
	u64 page = map_user_page();
	struct trap got;

	if (page) {
		*(u64 *)page = NONCANONICAL;
		regs->sp = USER_VA;
		got = catch_user(regs);
		EXPECT_TRAP(got, X86_TRAP_GP);
		EXPECT_EQ(got.error_code, 0);
		EXPECT_EQ(got.ip, uf_ret);
		EXPECT_EQ(got.sp, USER_VA);
	}
	unmap_user_page(page);
}

/* FS and an index register make it an ordinary data reference. */
TEST(gp, user_rbp_as_index_and_with_fs_is_general_protection, SS_RULE)
{
	static const struct insn list[] = { UF(load_rbp_index),
					    UF(load_fs_rbp) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
		struct pt_regs *regs = user_regs(0);

		regs->bp = NONCANONICAL;
		faults(&list[i], regs, X86_TRAP_GP);
	}
}

TEST(ss, user_noncanonical_by_rbp, SS_RULE)
{
	static const struct insn list[] = { UF(load_rbp), UF(store_rbp) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++)
		for (u32 edge = 0; edge < 3; edge++) {
			struct pt_regs *regs = user_regs(0);

			regs->bp = hole(edge);
			faults(&list[i], regs, X86_TRAP_SS);
		}
}

TEST(ss, user_noncanonical_by_rsp, SS_RULE)
{
	static const struct insn list[] = { UF(load_rsp), UF(pop), UF(ret) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++)
		for (u32 edge = 0; edge < 3; edge++) {
			struct pt_regs *regs = user_regs(0);

			regs->sp = hole(edge);
			faults(&list[i], regs, X86_TRAP_SS);
		}
}

/* RSP is not moved by what did not happen. */
TEST(ss, user_push_and_call_on_a_noncanonical_rsp, SS_RULE)
{
	static const struct insn list[] = { UF(push), UF(call) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
		struct pt_regs *regs = user_regs(0);

		regs->sp = NONCANONICAL;
		regs->di = (u64)uf_nop;
		faults(&list[i], regs, X86_TRAP_SS);
	}
}

TEST(gp, user_misaligned_by_16, ALIGNED)
{
	static const struct insn list[] = { UF(movaps), UF(movaps_store),
					    UF(fxsave) };
	u64 page = map_user_page();

	for (u32 i = 0; page && i < ARRAY_SIZE(list); i++) {
		struct pt_regs *regs = user_regs(0);

		regs->di = USER_VA + 8;
		faults(&list[i], regs, X86_TRAP_GP);
	}
	unmap_user_page(page);
}

TEST(gp, user_misaligned_cmpxchg16b, ALIGNED)
{
	static const struct insn insn = UF(cmpxchg16b);
	struct pt_regs *regs = user_regs(0);
	u64 page;

	if (!cpu_has(X86_FEATURE_CX16))
		SKIP(return, "this CPU has no CMPXCHG16B");
	page = map_user_page();
	regs->di = USER_VA + 8;
	if (page)
		faults(&insn, regs, X86_TRAP_GP);
	unmap_user_page(page);
}

TEST(gp, user_instruction_longer_than_15_bytes, GP_RULE)
{
	static const struct insn insn = UF(nops16);

	judge_user(PLACE("15 bytes"), user_regs((u64)uf_nops15),
		   WANT(IA32_SYSCALL_VECTOR, 0, uf_nops15_end + 2));
	faults(&insn, user_regs(0), X86_TRAP_GP);
}

/* Every reserved bit of MXCSR by itself; nothing is loaded. */
TEST(gp, user_ldmxcsr_of_reserved_bits, GP_RULE)
{
	static const struct insn insn = { "ldmxcsr", uf_sse_divss, uf_divss };
	u64 page = map_user_page();

	for (u32 bit = 18; page && bit < 32; bit++) {
		struct pt_regs *regs = user_regs(0);

		*(u32 *)page = 0x1f80 | 1u << bit;
		regs->di = USER_VA;
		faults(&insn, regs, X86_TRAP_GP);
		EXPECT_EQ(read_mxcsr() >> 18, 0);
	}
	insn_ldmxcsr(&(struct sse_op){ .mxcsr = 0x1f80 });
	unmap_user_page(page);
}

/* POPF of word at CPL 3 with that IOPL: what RFLAGS are then. */
static u64 popf(u64 iopl, u64 word)
{
	struct pt_regs *regs = user_regs((u64)uf_popf);
	u64 page = map_user_page(), flags = 0;

	if (page) {
		*(u64 *)page = word;
		regs->flags |= iopl << 12;
		regs->sp = USER_VA;
		flags = catch_user(regs).flags;
	}
	unmap_user_page(page);
	return flags;
}

/* IF where CPL <= IOPL; IOPL never; neither is a fault. */
TEST(user, popf_changes_if_with_iopl_3_and_never_iopl,
     "SDM 2B POPF/POPFD/POPFQ")
{
	for (u64 iopl = 0; iopl <= 3; iopl++) {
		u64 was = iopl << 12, other = was ^ X86_EFLAGS_IOPL;
		u64 stays = iopl == 3 ? 0 : X86_EFLAGS_IF;

		EXPECT_EQ(popf(iopl, other | X86_EFLAGS_CF),
			  X86_EFLAGS_FIXED | was | stays | X86_EFLAGS_CF);
		EXPECT_EQ(popf(iopl, other | X86_EFLAGS_IF),
			  X86_EFLAGS_FIXED | was | X86_EFLAGS_IF);
	}
}

/* VM and reserved bits stay 0; VIF, VIP are cleared. */
TEST(user, popf_does_not_load_vm_vif_vip_or_reserved_flags,
     "SDM 2B POPF/POPFD/POPFQ")
{
	EXPECT_EQ(popf(0, X86_EFLAGS_VM | X86_EFLAGS_VIF | X86_EFLAGS_VIP |
				  0xffffffffffc08028ull),
		  X86_EFLAGS_FIXED | X86_EFLAGS_IF);
}

/* No privilege is needed to return to one's own. */
TEST(user, iretq_within_cpl_3, "SDM 2A IRET/IRETD/IRETQ")
{
	struct pt_regs *regs = user_regs((u64)uf_iretq);
	u64 page = map_user_page();
	u64 *frame = (u64 *)page;
	struct trap got;

	if (page) {
		frame[0] = (u64)user_int_0x80;
		frame[1] = __USER_CS;
		frame[2] = regs->flags | X86_EFLAGS_CF | X86_EFLAGS_ID;
		frame[3] = USER_SP - 8;
		frame[4] = __USER_DS;
		regs->sp = USER_VA;
		got = catch_user(regs);
		EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
		EXPECT_EQ(got.ip, user_int_0x80 + 2);
		EXPECT_EQ(got.sp, USER_SP - 8);
		EXPECT_EQ(got.flags, frame[2]);
	}
	unmap_user_page(page);
}

/* It cannot lower CPL: a fault; nor change IF or IOPL: they stay. */
TEST(user, iretq_to_cpl_0_from_cpl_3_is_refused, "SDM 2A IRET/IRETD/IRETQ")
{
	struct pt_regs *regs = user_regs((u64)uf_iretq);
	u64 page = map_user_page();
	u64 *frame = (u64 *)page;
	struct trap got;

	if (page) {
		frame[0] = (u64)user_int_0x80;
		frame[1] = __KERNEL_CS;
		frame[2] = regs->flags;
		frame[3] = USER_SP;
		frame[4] = __USER_DS;
		regs->sp = USER_VA;
		got = catch_user(regs);
		EXPECT_TRAP(got, X86_TRAP_GP);
		EXPECT_EQ(got.error_code, __KERNEL_CS);
		EXPECT_EQ(got.ip, uf_iretq);
		EXPECT_EQ(got.sp, USER_VA);
		frame[1] = __USER_CS;
		frame[2] = X86_EFLAGS_FIXED | X86_EFLAGS_IOPL;
		got = catch_user(regs);
		EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
		EXPECT_EQ(got.flags, X86_EFLAGS_FIXED | X86_EFLAGS_IF);
	}
	unmap_user_page(page);
}

/* Two pages of which the second is absent: how far a string came is exact. */
#define LEFT 24

struct string_case {
	struct insn insn;
	u32 size;
	bool src, dst; /* which pointers move */
	u32 error;
};

static bool map_second(const struct kernel_siginfo *info, struct pt_regs *regs,
		       void *seen)
{
	*(struct pt_regs *)seen = *regs;
	*lookup_pte(USER_VA + PAGE_SIZE) |= _PAGE_PRESENT;
	invlpg(USER_VA + PAGE_SIZE);
	return true;
}

static void half_way(const struct string_case *c)
{
	u64 start = USER_VA + PAGE_SIZE - LEFT, n = 2 * LEFT / c->size;
	struct pt_regs *regs = user_regs((u64)c->insn.at), seen = { 0 };
	u64 dst = c->dst ? start : 0, src = c->src ? start : 0;
	struct trap got;

	if (c->src && c->dst) /* the source is all there, a page before */
		src -= PAGE_SIZE / 2;
	regs->di = dst;
	regs->si = src;
	regs->cx = n;
	signal_handler(SIGSEGV, map_second, &seen);
	got = catch_user(regs);
	signal_handler(SIGSEGV, NULL, NULL);
	if (!EXPECT_EQ(seen.ip, c->insn.at))
		ktest_note("%s", c->insn.name);
	EXPECT_EQ(seen.error_code, c->error);
	EXPECT_EQ(seen.flags & X86_EFLAGS_RF, X86_EFLAGS_RF);
	EXPECT_EQ(seen.cx, n / 2);
	EXPECT_EQ(seen.di, dst + (c->dst ? LEFT : 0));
	EXPECT_EQ(seen.si, src + (c->src ? LEFT : 0));
	EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.regs.cx, 0);
	EXPECT_EQ(got.regs.di, dst + (c->dst ? 2 * LEFT : 0));
	EXPECT_EQ(got.regs.si, src + (c->src ? 2 * LEFT : 0));
}

TEST(pf, user_string_instructions_resume_where_they_faulted, "SDM 2B REP")
{
	static const struct string_case list[] = {
		{ UF(rep_movsb), 1, true, true, 6 },
		{ UF(rep_stosq), 8, false, true, 6 },
		{ UF(rep_lodsb), 1, true, false, 4 },
		{ UF(repe_cmpsb), 1, true, true, 4 },
		{ UF(repne_scasb), 1, false, true, 4 },
	};
	u64 pages = alloc_pages(2);

	for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
		memset((void *)pages, 0x5a, 2 * PAGE_SIZE);
		if (!EXPECT_EQ(map_range(USER_VA, pages, 2 * PAGE_SIZE,
					 PAGE_USER_RW),
			       0))
			break;
		*lookup_pte(USER_VA + PAGE_SIZE) &= ~_PAGE_PRESENT;
		invlpg(USER_VA + PAGE_SIZE);
		half_way(&list[i]);
	}
	unmap_range(USER_VA, 2 * PAGE_SIZE);
	free_pages(pages, 2);
}
