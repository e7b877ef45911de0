/* SPDX-License-Identifier: MIT */
/*
 * delivery.h - what the files of this suite share: registers to start from,
 * and the frame a stub found.
 *
 * It is delivery through the IDT that is judged: FRED, which does without,
 * stays off where a CPU has it (CR4.FRED is 0 after reset).
 *
 * A suite that raises IF on the scratch IDT takes the APIC timer: a tick that
 * a pause of the host made due would be the first event there.
 */
#pragma once

#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <asm/trapnr.h>
#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <cpu/desc.h>
#include <cpu/irqflags.h>
#include <ktest/insn_delivery.h>
#include <ktest/ktest.h>
#include <ktest/probe.h>
#include <mm/paging.h>

#define FLAGS0	 X86_EFLAGS_FIXED /* no flag set, IF=0 */
#define FLAGS_IF (X86_EFLAGS_FIXED | X86_EFLAGS_IF)

/* Error code of a fault that gate n caused: index, IDT bit. */
#define IDT_CODE(n) ((n)*8 + 2)
#define CODE_EXT    1

#define RUN_STACK  0 /* probe_stack() the snippets run on at CPL 0 */
#define REGS_STACK 4

/* Interrupts of this suite, by self IPI: two priority classes. */
#define IRQ_LOW	 0x61
#define IRQ_HIGH 0x91

static inline struct pt_regs kernel_regs(const void *ip)
{
	return (struct pt_regs){ .ip = (u64)ip,
				 .cs = __KERNEL_CS,
				 .flags = FLAGS0,
				 .sp = probe_stack(RUN_STACK),
				 .ss = __KERNEL_DS };
}

/* Pages of the suite's own, mapped where a case asks for them. */
#define DL_USER_VA 0x0000520000000000ull
#define DL_PAGE_VA 0x0000510000000000ull
/* Compatibility mode's: the last below 4 GiB, firmware's ROM, not mapped. */
#define DL_LOW_VA 0x00000000fffff000ull

static inline struct pt_regs user_regs(const void *ip)
{
	return (struct pt_regs){ .ip = (u64)ip,
				 .cs = __USER_CS,
				 .flags = FLAGS0,
				 .sp = DL_USER_VA + PAGE_SIZE - 64,
				 .ss = __USER_DS };
}

/*
 * Where probe_enter() reads them from: a stack of the suite's own, since RSP
 * points there at its IRETQ, whose fault would push over the case's locals.
 */
static inline struct pt_regs *iret_regs(void)
{
	return (struct pt_regs *)probe_stack(REGS_STACK) - 1;
}

static inline void run_by(void (*enter)(void *), const struct pt_regs *regs)
{
	*iret_regs() = *regs;
	probe_clear();
	probe_call(enter, iret_regs());
}

/* Enter regs on the scratch IDT; back by a stub that leaves. */
static inline void run(const struct pt_regs *regs)
{
	run_by(probe_enter, regs);
}

/* The frame of hit i, whose event pushed no error code, or one. */
static inline const struct iret_frame *plain(u32 i)
{
	return (const struct iret_frame *)&probe.hit[i].top[0];
}

static inline const struct iret_frame *coded(u32 i)
{
	return (const struct iret_frame *)&probe.hit[i].top[1];
}

/* Hit 0 is that of insn_sc_mode or insn_sc_u_mode, at: in which mode it ran. */
#define EXPECT_MODE(at, long_mode)                               \
	do {                                                     \
		EXPECT_PLAIN(0, DL_BACK, (at) + 8);              \
		EXPECT_EQ(probe.hit[0].regs.ax,                  \
			  (long_mode) ? (u32)(u64)(at) + 6 : 0); \
	} while (0)

/* RF in the image of a hardware interrupt is test_saved_rf.c's alone. */
static inline u64 without_rf(u64 flags)
{
	return flags & ~(u64)X86_EFLAGS_RF;
}

/* Hit i came by vector v, with nothing but a frame, at RIP at. */
#define EXPECT_PLAIN(i, v, at)                      \
	do {                                        \
		EXPECT_EQ(probe.hit[i].vector, v);  \
		EXPECT_EQ(plain(i)->ip, (u64)(at)); \
	} while (0)

/* Hit i came by vector v, with an error code, at RIP at. */
#define EXPECT_CODED(i, v, code, at)                  \
	do {                                          \
		EXPECT_EQ(probe.hit[i].vector, v);    \
		EXPECT_EQ(probe.hit[i].top[0], code); \
		EXPECT_EQ(coded(i)->ip, (u64)(at));   \
	} while (0)

/* RSP at the first instruction of a stub whose stack began at top. */
static inline u64 sp_plain(u64 top)
{
	return (top & ~15ull) - sizeof(struct iret_frame);
}

static inline u64 sp_coded(u64 top)
{
	return sp_plain(top) - 8;
}

/*
 * Make vector pending in this CPU's IRR, and see it there. IF=0, and IF stays
 * 0 until probe_call(), whose stub ends it.
 */
static inline bool pend(u32 vector)
{
	probe.eoi[vector] = true;
	apic_send_self(vector);
	return WAIT_FOR(lapic_test(APIC_IRR, vector), WAIT_DEFAULT_US);
}
