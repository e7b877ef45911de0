// SPDX-License-Identifier: MIT
/*
 * Faults of CPL 3 as Linux delivers them: which signal, which siginfo, and a
 * handler that ends the program or lets it go on.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference" for the events; Linux's
 *       arch/x86/kernel/traps.c, mm/fault.c, sigaction(2) for the signals.
 */
#include <asm/irq_vectors.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn.h>
#include <ktest/insn_fpu.h>
#include <ktest/insn_user.h>
#include <ktest/insn_user_fault.h>
#include <lib/errno.h>
#include <trap/decode.h>
#include <trap/traps.h>

#include "user_page.h"

#define RULE   "Linux arch/x86/kernel/traps.c: do_trap"
#define KERNEL 0xffff800000000000ull /* canonical, and nothing there */

/* One event, and what Linux makes of it. */
struct sig {
	const char *name, *at;
	u64 di, ax, flags;
	u32 nr, signo, si_code;
	u64 addr, error_code;
};

/* What the handler was told. */
struct told {
	u32 n;
	struct kernel_siginfo info;
};

static bool note(const struct kernel_siginfo *info, struct pt_regs *regs,
		 void *data)
{
	struct told *told = data;

	told->n++;
	told->info = *info;
	return false;
}

static void judge_info(const struct kernel_siginfo *got, const struct sig *want)
{
	bool ok = EXPECT_EQ(got->si_signo, want->signo);

	ok &= EXPECT_EQ(got->si_code, want->si_code);
	ok &= EXPECT_EQ(got->si_addr, want->addr);
	ok &= EXPECT_EQ(got->trap_nr, want->nr);
	ok &= EXPECT_EQ(got->error_code, want->error_code);
	if (!ok)
		ktest_note("%s: %s/%s", want->name, signal_name(got->si_signo),
			   si_code_name(got->si_signo, got->si_code));
}

/* The handler is told, once; it declines, and the catch frame says the same. */
static void delivered(const struct sig *want)
{
	struct pt_regs *regs = user_regs((u64)want->at);
	struct told told = { 0 };
	struct trap got;

	regs->di = want->di;
	regs->ax = want->ax;
	regs->flags |= want->flags;
	EXPECT_EQ(signal_handler(want->signo, note, &told), 0);
	got = catch_user(regs);
	signal_handler(want->signo, NULL, NULL);
	if (!EXPECT_TRAP(got, want->nr)) {
		ktest_note("%s", want->name);
		return;
	}
	EXPECT_EQ(told.n, 1);
	judge_info(&told.info, want);
	judge_info(&got.info, want);
}

#define EACH(list)                                 \
	for (u32 i = 0; i < ARRAY_SIZE(list); i++) \
	delivered(&(list)[i])

TEST(signal, faults_that_name_their_own_address, RULE)
{
	const struct sig list[] = {
		{ "#DE", user_div, .nr = X86_TRAP_DE, .signo = SIGFPE,
		  .si_code = FPE_INTDIV, .addr = (u64)user_div },
		{ "#UD", user_ud2, .nr = X86_TRAP_UD, .signo = SIGILL,
		  .si_code = ILL_ILLOPN, .addr = (u64)user_ud2 },
	};

	EACH(list);
}

/* A number, and nothing more: SI_KERNEL and address 0. */
TEST(signal, faults_that_say_nothing_of_an_address, RULE)
{
	const struct sig list[] = {
		{ "#BP", user_int3, .nr = X86_TRAP_BP, .signo = SIGTRAP,
		  .si_code = SI_KERNEL },
		{ "#OF", user_int_4, .nr = X86_TRAP_OF, .signo = SIGSEGV,
		  .si_code = SI_KERNEL },
		{ "HLT", user_hlt, .nr = X86_TRAP_GP, .signo = SIGSEGV,
		  .si_code = SI_KERNEL },
		{ "INT 13", user_int_13, .nr = X86_TRAP_GP, .signo = SIGSEGV,
		  .si_code = SI_KERNEL, .error_code = 13 * 8 + 2 },
		{ "a selector", uf_mov_ds, .ax = __KERNEL_DS, .nr = X86_TRAP_GP,
		  .signo = SIGSEGV, .si_code = SI_KERNEL,
		  .error_code = __KERNEL_DS },
		{ "a hole", uf_load1, .di = NONCANONICAL, .nr = X86_TRAP_GP,
		  .signo = SIGSEGV, .si_code = SI_KERNEL },
	};

	EACH(list);
}

TEST(signal, page_faults_say_mapped_or_not,
     "Linux arch/x86/mm/fault.c: __bad_area_nosemaphore")
{
	const struct sig list[] = {
		{ "read", uf_load1, .di = USER_VA, .nr = X86_TRAP_PF,
		  .signo = SIGSEGV, .si_code = SEGV_MAPERR, .addr = USER_VA,
		  .error_code = X86_PF_USER },
		{ "write", uf_store1, .di = USER_VA, .nr = X86_TRAP_PF,
		  .signo = SIGSEGV, .si_code = SEGV_MAPERR, .addr = USER_VA,
		  .error_code = X86_PF_USER | X86_PF_WRITE },
		{ "NULL", uf_load1, .di = 0, .nr = X86_TRAP_PF,
		  .signo = SIGSEGV, .si_code = SEGV_MAPERR,
		  .error_code = X86_PF_USER },
		{ "write to text", uf_store1, .di = (u64)user_nop,
		  .nr = X86_TRAP_PF, .signo = SIGSEGV, .si_code = SEGV_ACCERR,
		  .addr = (u64)user_nop,
		  .error_code = X86_PF_PROT | X86_PF_USER | X86_PF_WRITE },
		{ "ours", uf_load1, .di = (u64)insn_ret, .nr = X86_TRAP_PF,
		  .signo = SIGSEGV, .si_code = SEGV_ACCERR,
		  .addr = (u64)insn_ret,
		  .error_code = X86_PF_PROT | X86_PF_USER },
	};

	EACH(list);
}

/* Of the kernel's half a program learns not even whether it is mapped. */
TEST(signal, the_kernels_half_is_never_mapped,
     "Linux arch/x86/mm/fault.c: sanitize_error_code")
{
	const struct sig list[] = {
		{ "absent", uf_load1, .di = KERNEL, .nr = X86_TRAP_PF,
		  .signo = SIGSEGV, .si_code = SEGV_MAPERR, .addr = KERNEL,
		  .error_code = X86_PF_PROT | X86_PF_USER },
		{ "the IDT", uf_load1, .di = CPU_ENTRY_IDT, .nr = X86_TRAP_PF,
		  .signo = SIGSEGV, .si_code = SEGV_MAPERR,
		  .addr = CPU_ENTRY_IDT,
		  .error_code = X86_PF_PROT | X86_PF_USER },
	};

	EACH(list);
}

TEST(signal, a_protection_key_has_a_code_of_its_own,
     "Linux arch/x86/mm/fault.c: access_error")
{
	const struct sig want = { "PKU",
				  uf_load1,
				  .di = USER_VA,
				  .nr = X86_TRAP_PF,
				  .signo = SIGSEGV,
				  .si_code = SEGV_PKUERR,
				  .addr = USER_VA,
				  .error_code = X86_PF_PROT | X86_PF_USER |
						X86_PF_PK };
	u64 page, cr4 = read_cr4();

	if (!cpu_has(X86_FEATURE_PKU))
		SKIP(return, "this CPU has no protection keys");
	page = map_user_page();
	if (page) {
		*lookup_pte(USER_VA) |= _PAGE_PKEY(1);
		invlpg(USER_VA);
		write_cr4(cr4 | X86_CR4_PKE);
		write_pkru(1u << 2); /* AD of key 1 */
		delivered(&want);
		write_pkru(0);
		write_cr4(cr4);
	}
	unmap_user_page(page);
}

TEST(signal, debug_exceptions_say_what_kind,
     "Linux arch/x86/kernel/traps.c: get_si_code")
{
	const struct sig icebp = { "INT1",
				   user_icebp,
				   .nr = X86_TRAP_DB,
				   .signo = SIGTRAP,
				   .si_code = TRAP_BRKPT,
				   .addr = (u64)user_icebp + 1 };
	const struct sig step = { "TF",
				  uf_nop,
				  .flags = X86_EFLAGS_TF,
				  .nr = X86_TRAP_DB,
				  .signo = SIGTRAP,
				  .si_code = TRAP_TRACE,
				  .addr = (u64)uf_nop_end };
	const struct sig bp = { "DR0",
				uf_nop,
				.nr = X86_TRAP_DB,
				.signo = SIGTRAP,
				.si_code = TRAP_HWBKPT,
				.addr = (u64)uf_nop };

	delivered(&icebp);
	delivered(&step);
	write_dr0((u64)uf_nop);
	write_dr7(DR7_FIXED | DR7_L(0));
	delivered(&bp);
	write_dr7(DR7_FIXED);
	write_dr0(0);
}

/* Each cause that FCW does not mask, alone; with all of them, the first. */
TEST(signal, x87_faults_say_the_cause,
     "Linux arch/x86/kernel/fpu/core.c: fpu__exception_code")
{
	static const struct {
		u32 raised, si_code;
	} cause[] = {
		{ 0x01, FPE_FLTINV }, { 0x02, FPE_FLTUND },
		{ 0x04, FPE_FLTDIV }, { 0x08, FPE_FLTOVF },
		{ 0x10, FPE_FLTUND }, { 0x20, FPE_FLTRES },
		{ 0x3f, FPE_FLTINV }, { 0x3c, FPE_FLTDIV },
	};
	u64 page = map_user_page();
	struct x87_env *env = (struct x87_env *)page;

	for (u32 i = 0; page && i < ARRAY_SIZE(cause); i++) {
		struct sig want = { "FWAIT",
				    uf_fldenv_fwait,
				    .di = USER_VA,
				    .nr = X86_TRAP_MF,
				    .signo = SIGFPE,
				    .si_code = cause[i].si_code,
				    .addr = (u64)uf_after_fldenv };

		*env = (struct x87_env){ .fcw = 0x37f & ~cause[i].raised,
					 .fsw = 0x8080 | cause[i].raised,
					 .ftw = 0xffff };
		delivered(&want);
		fninit();
	}
	unmap_user_page(page);
}

/* A masked cause does not count: only ZE of ZE and PE is told. */
TEST(signal, a_masked_x87_cause_is_not_told,
     "Linux arch/x86/kernel/fpu/core.c: fpu__exception_code")
{
	struct sig want = { "FWAIT",
			    uf_fldenv_fwait,
			    .di = USER_VA,
			    .nr = X86_TRAP_MF,
			    .signo = SIGFPE,
			    .si_code = FPE_FLTDIV,
			    .addr = (u64)uf_after_fldenv };
	u64 page = map_user_page();

	if (page) {
		*(struct x87_env *)page = (struct x87_env){ .fcw = 0x37f & ~4u,
							    .fsw = 0x8085,
							    .ftw = 0xffff };
		delivered(&want);
		fninit();
	}
	unmap_user_page(page);
}

TEST(signal, an_unmasked_sse_cause_is_a_sigfpe,
     "Linux arch/x86/kernel/fpu/core.c: fpu__exception_code")
{
	struct sig want = { "DIVSS",
			    uf_sse_divss,
			    .di = USER_VA,
			    .nr = X86_TRAP_XF,
			    .signo = SIGFPE,
			    .si_code = FPE_FLTDIV,
			    .addr = (u64)uf_divss };
	u64 page = map_user_page();

	if (page) {
		*(struct user_sse *)page =
			(struct user_sse){ .mxcsr = 0x1f80 & ~0x200u,
					   .a = 0x3f800000 };
		delivered(&want);
		insn_ldmxcsr(&(struct sse_op){ .mxcsr = 0x1f80 });
	}
	unmap_user_page(page);
}

TEST(signal, a_misaligned_access_is_a_sigbus,
     "Linux arch/x86/kernel/traps.c: exc_alignment_check")
{
	struct sig want = { "#AC",
			    uf_load4,
			    .di = USER_VA + 2,
			    .flags = X86_EFLAGS_AC,
			    .nr = X86_TRAP_AC,
			    .signo = SIGBUS,
			    .si_code = BUS_ADRALN };
	u64 page = map_user_page();

	if (page)
		delivered(&want);
	unmap_user_page(page);
}

/* What a program's handler may do; sigreturn loads all of it. */
struct fixup {
	u32 n;
	struct pt_regs to;
};

static bool go_on(const struct kernel_siginfo *info, struct pt_regs *regs,
		  void *data)
{
	struct fixup *f = data;

	f->n++;
	*regs = f->to;
	return true;
}

TEST(signal, the_program_goes_on_with_what_its_handler_set,
     "Linux arch/x86/kernel/signal_64.c: sigreturn")
{
	struct fixup f = { .to = *user_regs((u64)user_int_0x80) };
	struct trap got;

	for (u32 i = 0; i < 15; i++)
		(&f.to.r15)[i] = 0x0f1e2d3c4b5a6978ull * (i + 1);
	f.to.flags |= X86_EFLAGS_CF | X86_EFLAGS_DF | X86_EFLAGS_AC;
	f.to.sp = 0x1234;
	signal_handler(SIGILL, go_on, &f);
	got = catch_user(user_regs((u64)user_ud2));
	signal_handler(SIGILL, NULL, NULL);
	EXPECT_EQ(f.n, 1);
	EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.ip, user_int_0x80 + 2);
	EXPECT_EQ(got.cs, __USER_CS);
	EXPECT_EQ(got.flags, f.to.flags);
	EXPECT_EQ(got.sp, f.to.sp);
	EXPECT_EQ(got.info.si_signo, 0);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((&got.regs.r15)[i], (&f.to.r15)[i]);
}

static bool map_it(const struct kernel_siginfo *info, struct pt_regs *regs,
		   void *data)
{
	struct told *told = data;

	told->n++;
	told->info = *info;
	*lookup_pte(USER_VA) |= _PAGE_PRESENT;
	invlpg(USER_VA);
	return true;
}

/* A fault is restartable: the very instruction, once what it lacked is there.
 */
TEST(signal, a_handler_that_maps_the_page_lets_the_access_happen, RULE)
{
	struct pt_regs *regs = user_regs((u64)uf_load8);
	struct told told = { 0 };
	u64 page = map_user_page();
	struct trap got;

	if (page) {
		*(u64 *)page = 0x1122334455667788;
		*lookup_pte(USER_VA) &= ~_PAGE_PRESENT;
		invlpg(USER_VA);
		regs->di = USER_VA;
		signal_handler(SIGSEGV, map_it, &told);
		got = catch_user(regs);
		signal_handler(SIGSEGV, NULL, NULL);
		EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
		EXPECT_EQ(got.regs.ax, 0x1122334455667788);
		EXPECT_EQ(told.n, 1);
		EXPECT_EQ(told.info.si_code, SEGV_MAPERR);
	}
	unmap_user_page(page);
}

static bool count_step(const struct kernel_siginfo *info, struct pt_regs *regs,
		       void *data)
{
	struct told *told = data;

	told->n++;
	told->info = *info;
	if (info->si_addr == (u64)user_step_syscall + 1)
		regs->ip += 2; /* over the SYSCALL */
	return true;
}

/* As a debugger would: a SIGTRAP behind each instruction. */
TEST(signal, a_handler_can_step_a_program, RULE)
{
	struct pt_regs *regs = user_regs((u64)user_step_syscall);
	struct told told = { 0 };
	struct trap got;

	regs->flags |= X86_EFLAGS_TF;
	signal_handler(SIGTRAP, count_step, &told);
	got = catch_user(regs);
	signal_handler(SIGTRAP, NULL, NULL);
	EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(told.n, 3); /* three NOPs; INT has no step of its own */
	EXPECT_EQ(told.info.si_code, TRAP_TRACE);
	EXPECT_EQ(told.info.si_addr, user_step_syscall + 5);
}

static bool count(struct pt_regs *regs, void *data)
{
	(*(u32 *)data)++;
	regs->ip += 2;
	return true;
}

TEST(signal, a_hook_for_the_vector_comes_first, "irqbed include/trap/traps.h")
{
	struct told told = { 0 };
	u32 hooked = 0;

	signal_handler(SIGILL, note, &told);
	trap_hook(X86_TRAP_UD, count, &hooked);
	EXPECT_EQ(catch_user(user_regs((u64)user_ud2)).nr, IA32_SYSCALL_VECTOR);
	trap_hook(X86_TRAP_UD, NULL, NULL);
	signal_handler(SIGILL, NULL, NULL);
	EXPECT_EQ(hooked, 1);
	EXPECT_EQ(told.n, 0);
}

TEST(signal, another_signals_handler_is_not_asked, RULE)
{
	struct told told = { 0 };
	struct trap got;

	for (u32 signo = 1; signo < NSIG; signo++)
		if (signo != SIGFPE)
			signal_handler(signo, note, &told);
	got = catch_user(user_regs((u64)user_div));
	signal_handlers_clear();
	EXPECT_TRAP(got, X86_TRAP_DE);
	EXPECT_EQ(told.n, 0);
	EXPECT_EQ(signal_handler(0, note, &told), -EINVAL);
	EXPECT_EQ(signal_handler(NSIG, note, &told), -EINVAL);
}

/* Our own faults, the ways in that are asked for, and #NM have none. */
TEST(signal, what_is_no_fault_of_cpl_3_sends_none, RULE)
{
	struct told told = { 0 };
	u64 cr0 = read_cr0();
	struct trap got;

	for (u32 signo = 1; signo < NSIG; signo++)
		signal_handler(signo, note, &told);
	EXPECT_TRAP(catch_trap(insn_ud2, NULL), X86_TRAP_UD);
	EXPECT_TRAP(catch_user(user_regs((u64)user_int_0x80)), 0x80);
	EXPECT_TRAP(catch_user(user_regs((u64)user_syscall)), TRAP_SYSCALL);
	write_cr0(cr0 | X86_CR0_TS);
	got = catch_user(user_regs((u64)uf_fld1));
	write_cr0(cr0);
	signal_handlers_clear();
	EXPECT_TRAP(got, X86_TRAP_NM);
	EXPECT_EQ(got.info.si_signo, 0);
	EXPECT_EQ(told.n, 0);
}
