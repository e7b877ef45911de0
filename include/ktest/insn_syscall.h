/* SPDX-License-Identifier: MIT */
/*
 * insn_syscall.h - SYSCALL, SYSRET, SYSENTER, SYSEXIT and SWAPGS, for
 * probe_enter(). What comes through ends in INT DL_BACK of
 * insn_delivery.h. See src/ktest/insn_syscall.S.
 */
#pragma once

#include <lib/types.h>

/* clang-format off */
extern char insn_sc_target[];		/* nop; nop; int DL_BACK */
extern char insn_sc_target_int[];	/* int DL_BACK */
extern char insn_sc_mode[];	/* lea 0(%rip), %eax; of 32 bits: lea 0 */
extern char insn_sc_syscall[];
extern char insn_sc_lock_syscall[];
extern char insn_sc_target_rsp[];	/* mov %rbx, %rsp; int DL_BACK */
extern char insn_sc_target_rsp_end[];
extern char insn_sc_lcall[];		/* lcall *(%rdi) */
extern char insn_sc_ljmp[];		/* ljmp *(%rdi) */
extern char insn_sc_lretq[];
extern char insn_sc_sysenter[];
extern char insn_sc_in[];		/* inb $0x80, %al */
extern char insn_sc_sysretq[];
extern char insn_sc_sysretl[];
extern char insn_sc_sysexitq[];
extern char insn_sc_sysexitl[];
extern char insn_sc_u_target[];		/* from here on for CPL 3 */
extern char insn_sc_u_mode[];
extern char insn_sc_u_syscall[];
extern char insn_sc_u_lock_syscall[];
extern char insn_sc_u_sysretq[];
extern char insn_sc_u_sysretl[];
extern char insn_sc_u_sysenter[];
extern char insn_sc_u_sysexitq[];
extern char insn_sc_u_lretl[];
extern char insn_sc_u_mov_ss_syscall[];	/* mov (%rdi), %ss; syscall */
extern char insn_sc_u_mov_ss_int[];	/* mov (%rdi), %ss; int $DL_INT */
extern char insn_sc_u_mov_ss_int3[];
/* clang-format on */

/* GS base and KERNEL_GS_BASE after one SWAPGS, and again after another. IF=0 */
struct sc_swapgs {
	u64 gs, kernel_gs, gs_after, kernel_gs_after;
};
void insn_sc_swapgs(struct sc_swapgs *to);

/*
 * SWAPGS and SYSRETQ to RIP with this RSP and RFLAGS, from wherever: what
 * SYSRET, unlike IRETQ, does not end is NMI blocking.
 */
void insn_sc_leave(u64 rip, u64 rsp, u64 flags) __attribute__((noreturn));
