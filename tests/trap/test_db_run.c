// SPDX-License-Identifier: MIT
/* test_db_run.c - see db.h. */
#include "db.h"

#include <lib/string.h>

struct db_log db;
u8 db_mem[128] __aligned(64);

static u64 dr[4], dr7;

static __no_stack_protector bool executes(u64 ip)
{
	for (u32 n = 0; n < 4; n++) {
		u32 enabled = DR7_L(n) | DR7_G(n);

		if (dr7 & enabled && !(dr7 & DR7_RW(n, 3)) && dr[n] == ip)
			return true;
	}
	return false;
}

/* Note it; past an instruction breakpoint by RF, as software must. */
static __no_stack_protector enum probe_action on_db(struct probe_regs *regs)
{
	struct iret_frame *frame = (struct iret_frame *)regs->top;
	u64 dr6 = read_dr6();

	write_dr6(DR6_RESERVED);
	if (db.n >= DB_EVENTS)
		return PROBE_LEAVE;
	db.at[db.n++] = (struct db_event){ .ip = frame->ip,
					   .flags = frame->flags,
					   .dr6 = dr6,
					   .cx = regs->cx };
	if (!(dr6 & (DR_STEP | DR_BD)) && executes(frame->ip))
		frame->flags |= X86_EFLAGS_RF;
	if (dr6 & DR_BD) /* the CPU cleared GD: MOV DR runs this time */
		frame->flags |= X86_EFLAGS_RF;
	return PROBE_RETURN;
}

static __no_stack_protector enum probe_action on_back(struct probe_regs *regs)
{
	db.came_back = true;
	return PROBE_LEAVE;
}

struct pt_regs *db_begin(const void *ip)
{
	memset(&db, 0, sizeof(db));
	memset(dr, 0, sizeof(dr));
	dr7 = DR7_FIXED;
	EXPECT_EQ(probe_reset(), 0);
	probe.hook[X86_TRAP_DB] = on_db;
	probe.hook[STEP_BACK] = on_back;
	probe_gate(STEP_BACK)->bits.ist = IST_TEST_B; /* no watched stack */
	probe.action[STEP_INT] = PROBE_RETURN;
	probe.action[X86_TRAP_BP] = PROBE_RETURN;
	db.start = (struct pt_regs){ .ip = (u64)ip,
				     .cs = __KERNEL_CS,
				     .flags = X86_EFLAGS_FIXED,
				     .sp = probe_stack(0) - 64,
				     .ss = __KERNEL_DS,
				     .di = (u64)&db_mem[64],
				     .si = (u64)db_mem,
				     .dx = 0x80 };
	return &db.start;
}

void db_break(u32 n, const void *addr, u32 rw, u32 len)
{
	dr[n] = (u64)addr;
	dr7 |= DR7_G(n) | DR7_RW(n, rw) | DR7_LEN(n, len);
}

void db_dr7(u64 bits)
{
	dr7 |= bits;
}

static void enter(void *arg)
{
	write_dr0(dr[0]);
	write_dr1(dr[1]);
	write_dr2(dr[2]);
	write_dr3(dr[3]);
	write_dr6(DR6_RESERVED);
	write_dr7(dr7);
	probe_enter(arg);
}

void db_run(void)
{
	static struct pt_regs regs;

	regs = db.start;
	probe_call(enter, &regs);
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	EXPECT_TRUE(db.came_back);
}
