// SPDX-License-Identifier: MIT
/*
 * SYSCALL and SYSRET through irqbed's own entry, which is Linux's: what comes
 * back, by which of SYSRET and IRETQ, and an event in every window where GS or
 * RSP is still, or again, the user's. The instructions themselves: suite
 * `syscall` in tests/delivery/.
 *
 * Spec: SDM 2B "SYSCALL", "SYSRET"; SDM 3A "Fast System Calls in 64-Bit Mode";
 *       APM 3 "SYSCALL", "SYSRET".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <entry/syscall.h>
#include <ktest/insn_user.h>
#include <trap/syscall.h>
#include <trap/traps.h>

#include "judge.h"

#define RULE  "SDM 2B SYSCALL; SDM 2B SYSRET"
#define LINUX "Linux arch/x86/entry/entry_64.S: entry_SYSCALL_64"
#define GPRS  15

#define WANT_SYSCALL WANT(TRAP_SYSCALL, 0, user_syscall + 2)

static const u64 user_flags[] = {
	X86_EFLAGS_CF,	 X86_EFLAGS_PF, X86_EFLAGS_AF, X86_EFLAGS_ZF,
	X86_EFLAGS_SF,	 X86_EFLAGS_DF, X86_EFLAGS_OF, X86_EFLAGS_NT,
	X86_EFLAGS_IOPL, X86_EFLAGS_AC, X86_EFLAGS_ID,
};

static struct pt_regs *patterned(void)
{
	struct pt_regs *regs = user_regs((u64)user_syscall);

	for (u32 i = 0; i < GPRS; i++)
		(&regs->r15)[i] = 0x0123456789abcdefull * (i + 1) ^ i;
	return regs;
}

/* All 15, but RCX and R11 as given. */
static void same_gprs(const struct pt_regs *got, const struct pt_regs *sent,
		      u64 cx, u64 r11)
{
	struct pt_regs want = *sent;

	want.cx = cx;
	want.r11 = r11;
	for (u32 i = 0; i < GPRS; i++)
		EXPECT_EQ((&got->r15)[i], (&want.r15)[i]);
}

TEST(syscall, the_msrs_are_linuxs, LINUX)
{
	EXPECT_EQ(rdmsr(MSR_STAR), 0x0023001000000000ull);
	EXPECT_EQ(rdmsr(MSR_LSTAR), entry_SYSCALL_64);
	EXPECT_EQ(rdmsr(MSR_CSTAR), entry_SYSCALL32_ignore);
	EXPECT_EQ(rdmsr(MSR_SYSCALL_MASK), 0x257fd5);
	EXPECT_EQ(rdmsr(MSR_EFER) & EFER_SCE, EFER_SCE);
}

TEST(syscall, it_comes_back_behind_itself_on_rsp0s_stack, LINUX)
{
	judge_user(PLACE("syscall"), user_regs((u64)user_syscall),
		   WANT_SYSCALL);
}

TEST(syscall, all_registers_but_rcx_and_r11_arrive, RULE)
{
	const struct pt_regs *sent = patterned();
	const struct trap *got =
		judge_user(PLACE("syscall"), sent, WANT_SYSCALL);

	same_gprs(&got->regs, sent, got->ip, got->flags);
}

/* In R11 as they were; not one of them in the handler. */
TEST(syscall, each_flag_is_kept_in_r11_and_cleared_inside, LINUX)
{
	for (u32 i = 0; i < ARRAY_SIZE(user_flags); i++) {
		struct pt_regs *regs = user_regs((u64)user_syscall);
		const struct trap *got;

		regs->flags |= user_flags[i];
		got = judge_user(PLACE("syscall"), regs, WANT_SYSCALL);
		EXPECT_EQ(got->flags, regs->flags);
		EXPECT_EQ(got->regs.r11, regs->flags);
		EXPECT_EQ(got->handler_flags &
				  (X86_EFLAGS_IF | X86_EFLAGS_DF |
				   X86_EFLAGS_NT | X86_EFLAGS_AC |
				   X86_EFLAGS_IOPL | X86_EFLAGS_ID),
			  0);
	}
}

TEST(syscall, user_rsp_is_only_saved, LINUX)
{
	static const u64 sp[] = { 0, 1, NONCANONICAL, ~0ull };

	for (u32 i = 0; i < ARRAY_SIZE(sp); i++) {
		struct pt_regs *regs = user_regs((u64)user_syscall);

		regs->sp = sp[i];
		judge_user(PLACE("syscall"), regs, WANT_SYSCALL);
	}
}

/* Enter by SYSRET: RIP from RCX, RFLAGS from R11, the rest from regs. */
TEST(syscall, sysret_enters_cpl_3_with_everything_as_asked, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(user_flags); i++) {
		struct pt_regs *regs = patterned();
		struct trap got;

		regs->ip = (u64)user_int_0x80;
		regs->flags |= user_flags[i];
		got = catch_user_sysret(regs);
		EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
		EXPECT_EQ(got.ip, user_int_0x80 + 2);
		EXPECT_EQ(got.cs, __USER_CS);
		EXPECT_EQ(got.ss, __USER_DS);
		EXPECT_EQ(got.sp, regs->sp);
		EXPECT_EQ(got.flags, regs->flags);
		EXPECT_EQ(got.stack, STACK_ENTRY);
		same_gprs(&got.regs, regs, regs->ip, regs->flags);
	}
}

/* A service: what it found, and what it changes of that. */
struct service {
	u32 calls;
	bool ours; /* GS base was this CPU's */
	struct pt_regs found, set, mask;
};

static bool serve(struct pt_regs *regs, void *data)
{
	struct service *s = data;
	u64 *to = (u64 *)regs;

	s->calls++;
	s->ours = rdmsr(MSR_GS_BASE) == (u64)this_cpu(self);
	s->found = *regs;
	for (u32 i = 0; i < sizeof(*regs) / 8; i++) {
		u64 mask = ((u64 *)&s->mask)[i];

		to[i] = (to[i] & ~mask) | (((u64 *)&s->set)[i] & mask);
	}
	return true;
}

static u32 breaks;

/* An instruction breakpoint: count, and let the instruction pass. */
static bool on_break(struct pt_regs *regs, void *ip)
{
	if (regs->ip == (u64)ip)
		breaks++;
	regs->flags |= X86_EFLAGS_RF;
	return true;
}

static void break_on(const void *ip)
{
	breaks = 0;
	trap_hook(X86_TRAP_DB, on_break, (void *)ip);
	write_dr0((u64)ip);
	write_dr7(DR7_FIXED | DR7_G(0));
}

static void break_off(void)
{
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	write_dr0(0);
	trap_hook(X86_TRAP_DB, NULL, NULL);
}

/* One SYSCALL that s serves, watched at ip; then INT 0x80 at CPL 3. */
static struct trap served(struct service *s, const struct pt_regs *regs,
			  const void *ip)
{
	struct trap got;

	syscall_hook(serve, s);
	break_on(ip);
	got = catch_user(regs);
	break_off();
	syscall_hook(NULL, NULL);
	EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.ip, user_syscall + 4);
	EXPECT_EQ(got.cs, __USER_CS);
	EXPECT_EQ(got.ss, __USER_DS);
	EXPECT_EQ(got.sp, regs->sp);
	EXPECT_EQ(s->calls, 1);
	EXPECT_TRUE(s->ours);
	EXPECT_EQ(s->found.ip, user_syscall + 2);
	return got;
}

TEST(syscall, a_service_returns_by_sysret_with_all_registers, LINUX)
{
	struct service s = { .set.ax = 0x600d, .mask.ax = ~0ull };
	struct pt_regs *sent = patterned();
	struct trap got = served(&s, sent, entry_SYSRETQ);

	EXPECT_EQ(breaks, 1);
	same_gprs(&s.found, sent, s.found.ip, s.found.flags);
	sent->ax = 0x600d;
	same_gprs(&got.regs, sent, s.found.ip, s.found.flags);
	EXPECT_EQ(got.flags, sent->flags);
}

/* What SYSRET would not load as it is, IRETQ does. */
TEST(syscall, what_sysret_cannot_load_goes_by_iretq, LINUX)
{
	static const struct {
		const char *name;
		struct service s;
	} change[] = {
		{ "RCX", { .set.cx = 5, .mask.cx = ~0ull } },
		{ "R11", { .set.r11 = 5, .mask.r11 = ~0ull } },
		{ "RF",
		  { .set.flags = X86_EFLAGS_RF, .mask.flags = X86_EFLAGS_RF } },
		{ "RF and R11",
		  { .set = { .flags = X86_EFLAGS_RF, .r11 = X86_EFLAGS_RF },
		    .mask = { .flags = X86_EFLAGS_RF,
			      .r11 = X86_EFLAGS_RF } } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(change); i++) {
		struct service s = change[i].s;
		struct pt_regs *sent = patterned();
		struct trap got = served(&s, sent, entry_SYSRETQ);
		u64 r11 = (s.found.r11 & ~s.mask.r11) | s.set.r11;

		if (!EXPECT_EQ(breaks, 0))
			ktest_note("with %s changed", change[i].name);
		same_gprs(&got.regs, sent, s.mask.cx ? s.set.cx : s.found.cx,
			  r11);
	}
}

/* By IRETQ the return to an address that is not canonical is our fault. */
TEST(syscall, a_return_to_a_noncanonical_address_never_goes_by_sysret, LINUX)
{
	struct service s = { .set = { .ip = NONCANONICAL, .cx = NONCANONICAL },
			     .mask = { .ip = ~0ull, .cx = ~0ull } };
	struct trap got;

	syscall_hook(serve, &s);
	break_on(entry_SYSRETQ);
	got = catch_user(user_regs((u64)user_syscall));
	break_off();
	syscall_hook(NULL, NULL);
	EXPECT_EQ(breaks, 0);
	EXPECT_EQ(s.calls, 1);
	EXPECT_EQ(got.regs.vector, X86_TRAP_GP);
	EXPECT_EQ(got.error_code, 0);
}

/*
 * A #DB wherever GS or RSP is the user's: it finds its own GS base and stack,
 * puts both back, and the call goes on as if nothing had been.
 */
static void watched(const char *name, const void *ip)
{
	u64 gs = rdmsr(MSR_GS_BASE), user_gs = rdmsr(MSR_KERNEL_GS_BASE);
	struct service s = { 0 };
	struct pt_regs *sent = patterned();
	struct trap got;

	wrmsr(MSR_KERNEL_GS_BASE, USER_VA);
	got = served(&s, sent, ip);
	if (!EXPECT_EQ(breaks, 1))
		ktest_note("at %s", name);
	same_gprs(&got.regs, sent, s.found.ip, s.found.flags);
	EXPECT_EQ(rdmsr(MSR_GS_BASE), gs);
	EXPECT_EQ(rdmsr(MSR_KERNEL_GS_BASE), USER_VA);
	wrmsr(MSR_KERNEL_GS_BASE, user_gs);
}

TEST(syscall, an_event_at_the_first_instruction_finds_its_own_gs, LINUX)
{
	watched("entry_SYSCALL_64", entry_SYSCALL_64);
}

TEST(syscall, an_event_on_the_users_stack_with_our_gs, LINUX)
{
	watched("entry_SYSCALL_64_own_gs", entry_SYSCALL_64_own_gs);
	watched("entry_SYSCALL_64_safe_stack", entry_SYSCALL_64_safe_stack);
}

TEST(syscall, an_event_on_the_way_out_finds_its_own_gs, LINUX)
{
	watched("entry_SYSRETQ_unsafe_stack", entry_SYSRETQ_unsafe_stack);
	watched("entry_SYSRETQ", entry_SYSRETQ);
}

struct steps {
	u32 n;
	u64 ip[4], cs[4];
};

static bool on_step(struct pt_regs *regs, void *data)
{
	struct steps *s = data;

	if (s->n < ARRAY_SIZE(s->ip)) {
		s->ip[s->n] = regs->ip;
		s->cs[s->n] = regs->cs;
	}
	if (++s->n >= 2)
		regs->flags &= ~(u64)X86_EFLAGS_TF;
	return true;
}

/*
 * TF at SYSCALL: SFMASK takes it away, so nothing inside is stepped; IRETQ
 * gives it back, and the next instruction is.
 */
TEST(syscall, single_stepping_passes_over_it, LINUX)
{
	struct steps steps = { 0 };
	struct service s = { 0 };
	struct pt_regs *regs = user_regs((u64)user_step_syscall);
	struct trap got;

	regs->flags |= X86_EFLAGS_TF;
	syscall_hook(serve, &s);
	trap_hook(X86_TRAP_DB, on_step, &steps);
	got = catch_user(regs);
	trap_hook(X86_TRAP_DB, NULL, NULL);
	syscall_hook(NULL, NULL);
	EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.ip, user_step_syscall + 7);
	EXPECT_EQ(s.calls, 1);
	EXPECT_EQ(s.found.flags & X86_EFLAGS_TF, X86_EFLAGS_TF);
	EXPECT_EQ(steps.n, 2);
	EXPECT_EQ(steps.ip[0], user_step_syscall + 1);
	EXPECT_EQ(steps.ip[1], user_step_syscall + 4);
	EXPECT_EQ(steps.cs[1], __USER_CS);
}
