// SPDX-License-Identifier: MIT
/*
 * #DB inside an NMI's handler and an NMI inside #DB's: each on its own stack,
 * both return, and neither disturbs the debug registers of the other.
 *
 * Spec: SDM 3A "Handling Multiple NMIs", "Interrupt Stack Table"; SDM 3B
 *       "Debug Exceptions".
 */
#include <cpu/deadline.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "db.h"
#include "nmi.h"

#define RULE "SDM 3A Handling Multiple NMIs; SDM 3B Debug Exceptions"

static u64 watched __aligned(8);

static struct {
	u32 dbs, nmis, nmis_in_db, dbs_in_nmi;
	enum stack_kind db_stack, nmi_stack;
	u64 dr6, dr7_in_nmi;
	bool in_nmi, in_db;
} both;

static void touch(void *arg)
{
	WRITE_ONCE(watched, 1);
}

static bool db_that_sends(struct pt_regs *regs, void *data)
{
	both.dbs++;
	both.dbs_in_nmi += both.in_nmi;
	both.db_stack = stack_of((u64)regs).kind;
	both.dr6 = this_cpu(debug_dr6);
	if (both.in_nmi)
		return true;
	both.in_db = true;
	send_own_nmi();
	WAIT_FOR(READ_ONCE(both.nmis), WAIT_DEFAULT_US);
	both.in_db = false;
	return true;
}

static bool count_nmi(struct pt_regs *regs, void *data)
{
	both.nmis++;
	both.nmis_in_db += both.in_db;
	both.nmi_stack = stack_of((u64)regs).kind;
	both.dr7_in_nmi = read_dr7();
	return true;
}

#define IST_STACK(ist) ((enum stack_kind)(STACK_IST1 + (ist)-1))

static u64 watch(void)
{
	u64 dr7 = DR7_FIXED | DR7_G(0) | DR7_RW(0, DR_RW_WRITE) |
		  DR7_LEN(0, DR_LEN_8);

	memset(&both, 0, sizeof(both));
	write_dr0((u64)&watched);
	write_dr6(DR6_RESERVED);
	return dr7;
}

TEST(db, an_nmi_in_its_handler_returns_into_it, RULE)
{
	u64 dr7 = watch(), after;

	trap_hook(X86_TRAP_DB, db_that_sends, NULL);
	trap_hook(X86_TRAP_NMI, count_nmi, NULL);
	raised_nmis(1);
	write_dr7(dr7);
	touch(NULL);
	after = read_dr7();
	write_dr7(DR7_FIXED);
	EXPECT_EQ(both.dbs, 1);
	EXPECT_EQ(both.nmis_in_db, 1);
	EXPECT_EQ(both.nmis, 1);
	EXPECT_EQ(both.db_stack, IST_STACK(IST_DB));
	EXPECT_EQ(both.nmi_stack, IST_STACK(IST_NMI));
	EXPECT_EQ(both.dr6, DR6_RESERVED | DR_TRAP0);
	EXPECT_EQ(after, dr7);
}

static bool nmi_that_touches(struct pt_regs *regs, void *data)
{
	both.nmis++;
	both.dr7_in_nmi = read_dr7();
	if (both.nmis > 1)
		return true;
	both.in_nmi = true;
	write_dr7(*(const u64 *)data);
	touch(NULL);
	write_dr7(DR7_FIXED);
	both.in_nmi = false;
	send_own_nmi(); /* unblocked by #DB's IRETQ: it nests, and runs later */
	udelay(20);
	both.nmis_in_db = both.nmis; /* so many had begun by now */
	return true;
}

/* Our handler has DR7 off (as Linux's) until it wants a breakpoint itself. */
TEST(db, in_an_nmis_handler_it_returns_into_that, RULE)
{
	u64 dr7 = watch(), after;

	trap_hook(X86_TRAP_DB, db_that_sends, NULL);
	trap_hook(X86_TRAP_NMI, nmi_that_touches, &dr7);
	raised_nmis(2);
	write_dr7(dr7);
	send_own_nmi();
	WAIT_FOR(READ_ONCE(both.nmis) == 2, WAIT_DEFAULT_US);
	after = read_dr7();
	write_dr7(DR7_FIXED);
	EXPECT_EQ(both.dbs, 1);
	EXPECT_EQ(both.dbs_in_nmi, 1);
	EXPECT_EQ(both.nmis_in_db, 1);
	EXPECT_EQ(both.nmis, 2);
	EXPECT_EQ(both.db_stack, IST_STACK(IST_DB));
	EXPECT_EQ(both.dr6, DR6_RESERVED | DR_TRAP0);
	EXPECT_EQ(both.dr7_in_nmi, DR7_FIXED);
	EXPECT_EQ(after, dr7);
}
