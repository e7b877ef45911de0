// SPDX-License-Identifier: MIT
/*
 * What ends the blocking of NMIs: any IRET, at its end, and nothing else. Each
 * case runs with one NMI latched and no handler of it anywhere; the stub that
 * takes it says where that was.
 *
 * Spec: SDM 3A "Handling Multiple NMIs"; APM 2 "NMI-Non-Maskable-Interrupt
 *       Exception (Vector 2)".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>

#include "judge.h"
#include "nmi.h"

#define RULE	"SDM 3A Handling Multiple NMIs"
#define NMI_IST IST_TEST_A

static const struct iret_frame *frame(u32 hit)
{
	return (const struct iret_frame *)probe.hit[hit].top;
}

/* Scratch tables; NMI's stub returns. */
static bool block_begin(void)
{
	if (!EXPECT_EQ(probe_reset(), 0))
		return false;
	probe_take_gate(X86_TRAP_NMI);
	probe_gate(X86_TRAP_NMI)->bits.ist = NMI_IST;
	probe.action[X86_TRAP_NMI] = PROBE_RETURN;
	return true;
}

/* One NMI, at ip, as hit n. */
static void expect_nmi_at(u32 n, const void *ip)
{
	EXPECT_EQ(probe.count[X86_TRAP_NMI], 1);
	EXPECT_EQ(probe.hit[n].vector, X86_TRAP_NMI);
	EXPECT_EQ(frame(n)->ip, ip);
	EXPECT_EQ(probe.hit[n].sp,
		  stack_top(smp_processor_id(), STACK_IST1 + NMI_IST - 1) -
			  sizeof(struct iret_frame));
}

static u32 seen; /* NMIs taken before the IRET */

static void latched(void *fn)
{
	latch_nmi();
	((void (*)(void *))fn)(NULL);
	seen = probe.count[X86_TRAP_NMI];
	insn_nmi_iret(NULL);
}

/* fn must not let it in; the IRETQ behind does, and it comes right there. */
static void holds(void (*fn)(void *))
{
	if (!block_begin())
		return;
	probe_call(latched, fn);
	EXPECT_EQ(seen, 0);
	expect_nmi_at(0, insn_nmi_iret_at);
	probe_teardown();
}

TEST(nmi, ret_does_not_unblock, RULE)
{
	holds(insn_nmi_ret);
}

TEST(nmi, far_return_does_not_unblock, RULE)
{
	holds(insn_nmi_retf);
}

TEST(nmi, popf_does_not_unblock, RULE)
{
	holds(insn_nmi_popf);
}

static void latched_then(void *fn)
{
	latch_nmi();
	((void (*)(void *))fn)(NULL);
}

TEST(nmi, iret_without_a_handler_unblocks, RULE)
{
	if (!block_begin())
		return;
	probe_call(latched_then, insn_nmi_iret);
	expect_nmi_at(0, insn_nmi_iret_at);
	EXPECT_EQ(probe.hits, 1);
	probe_teardown();
}

/* Exceptions inside an NMI's handler: delivery holds, the IRETQ lets in. */
struct inner {
	void (*fn)(void *);
	const void *at;
	u32 vector;
	u8 action, skip;
};

static u32 skip;

static enum probe_action on_inner(struct probe_regs *regs)
{
	enum probe_action action = probe.action[regs->vector];
	u64 *ip = &regs->top[action == PROBE_RETURN_CODE];

	seen += probe.count[X86_TRAP_NMI];
	*ip += skip;
	return action;
}

static void unblocks(const struct inner *inner)
{
	if (!block_begin())
		return;
	seen = 0;
	skip = inner->skip;
	probe.action[inner->vector] = inner->action;
	probe.hook[inner->vector] = on_inner;
	probe_call(latched_then, inner->fn);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_EQ(probe.hit[0].vector, inner->vector);
	EXPECT_EQ(seen, 0);
	expect_nmi_at(1, inner->at);
	probe_teardown();
}

#define INNER(name, v, a, n)                                                   \
	unblocks(&(const struct inner){ insn_nmi_##name, insn_nmi_##name##_at, \
					v, a, n })

TEST(nmi, iret_of_int3_unblocks, RULE)
{
	INNER(int3, X86_TRAP_BP, PROBE_RETURN, 0);
}

TEST(nmi, iret_of_int_n_unblocks, RULE)
{
	INNER(int_n, NMI_DEVICE, PROBE_RETURN, 0);
}

TEST(nmi, iret_of_db_unblocks, RULE)
{
	INNER(icebp, X86_TRAP_DB, PROBE_RETURN, 0);
}

TEST(nmi, iret_of_a_fault_unblocks, RULE)
{
	INNER(ud2, X86_TRAP_UD, PROBE_RETURN, 2);
}

TEST(nmi, iret_of_a_page_fault_unblocks, RULE)
{
	INNER(fault, X86_TRAP_PF, PROBE_RETURN_CODE, 3);
}

/* SYSRET is no IRET: CPL 3 runs with NMIs blocked, until its way back ends. */
TEST(nmi, sysret_does_not_unblock,
     "SDM 3A Handling Multiple NMIs; SDM 2B SYSRET")
{
	u64 efer = rdmsr(MSR_EFER), star = rdmsr(MSR_STAR);

	if (!block_begin())
		return;
	probe_gate(NMI_BACK)->bits.dpl = 3;
	wrmsr(MSR_STAR, (u64)__USER32_CS << 48 | (u64)__KERNEL_CS << 32);
	wrmsr(MSR_EFER, efer | EFER_SCE);
	probe_call(latched_then, insn_nmi_sysret);
	wrmsr(MSR_EFER, efer);
	wrmsr(MSR_STAR, star);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_EQ(probe.hit[0].vector, NMI_BACK);
	EXPECT_EQ(frame(0)->ip, user_nmi_slide_end + 2);
	EXPECT_EQ(frame(0)->cs, __USER_CS);
	EXPECT_EQ(probe.hit[1].vector, X86_TRAP_NMI);
	EXPECT_EQ(frame(1)->cs, __KERNEL_CS);
	probe_teardown();
}

/* IRETQ to an address that is none: #GP, of the IRETQ itself. */
static void bad_iret(void *arg)
{
	static struct pt_regs regs;

	regs = (struct pt_regs){ .ip = NONCANONICAL,
				 .cs = __KERNEL_CS,
				 .flags = X86_EFLAGS_FIXED,
				 .sp = probe_stack(0),
				 .ss = __KERNEL_DS };
	latch_nmi();
	probe_enter(&regs);
}

/*
 * Intel: NMIs are unblocked before the handler of the fault begins. AMD's
 * blocking lasts until an IRET has been done, so there both orders will do.
 */
TEST(nmi, an_iret_that_faults_unblocks_too, RULE)
{
	bool inside;

	if (!block_begin())
		return;
	probe_call(bad_iret, NULL);
	inside = probe.hit[0].vector == X86_TRAP_NMI;
	EXPECT_EQ(probe.hits, 2);
	EXPECT_EQ(probe.count[X86_TRAP_GP], 1);
	EXPECT_EQ(probe.count[X86_TRAP_NMI], 1);
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		EXPECT_TRUE(inside);
	EXPECT_EQ(probe.hit[inside].vector, X86_TRAP_GP);
	EXPECT_EQ(probe.hit[inside].top[0], 0);
	probe_teardown();
}

static u32 in_handler;

static enum probe_action send_in_handler(struct probe_regs *regs)
{
	if (probe.count[X86_TRAP_NMI] > 1)
		return PROBE_RETURN;
	send_own_nmi();
	WAIT_FOR(READ_ONCE(probe.count[X86_TRAP_NMI]) > 1, 100);
	in_handler = probe.count[X86_TRAP_NMI];
	return PROBE_RETURN;
}

static void do_int_2(void *arg)
{
	int_nmi();
}

/* INT 2 is an INT n; on the case's own stack, so that a second fits. */
TEST(nmi, int_2_does_not_block, "SDM 3A Nonmaskable Interrupt (NMI)")
{
	if (!block_begin())
		return;
	probe_gate(X86_TRAP_NMI)->bits.ist = IST_NONE;
	probe.hook[X86_TRAP_NMI] = send_in_handler;
	probe_call(do_int_2, NULL);
	EXPECT_EQ(in_handler, 2);
	EXPECT_EQ(probe.hits, 2);
	probe_teardown();
}

static void do_send(void *arg)
{
	send_own_nmi();
	WAIT_FOR(READ_ONCE(probe.hits) > 0, WAIT_DEFAULT_US);
}

/* The same handler, begun by an NMI: the second waits for its IRETQ. */
TEST(nmi, an_nmi_does_block, RULE)
{
	if (!block_begin())
		return;
	probe_gate(X86_TRAP_NMI)->bits.ist = IST_NONE;
	probe.hook[X86_TRAP_NMI] = send_in_handler;
	probe_call(do_send, NULL);
	EXPECT_EQ(in_handler, 1);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_EQ(frame(1)->ip, frame(0)->ip); /* no instruction between */
	probe_teardown();
}
