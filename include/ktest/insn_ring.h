/* SPDX-License-Identifier: MIT */
/*
 * insn_ring.h - instructions for CPL 1 and 2, by probe_enter(): one a slot,
 * groups of them from NAME to NAME_end. What comes through ends in INT DL_BACK
 * of insn_delivery.h. See src/ktest/insn_ring.S.
 */
#pragma once

#define RING_SLOT 32
#define RING_NAME 16 /* the instruction's text, for messages */

#ifndef __ASSEMBLER__
/* clang-format off */
/* CPL 0's alone. RDI and RSI point to GDTR's and IDTR's images; RBX, RBP, R8
 * and R10 hold CR0, CR3, CR4 and DR7; RCX an MSR; R9, RDX and RAX 0. */
extern char insn_ring_privileged[], insn_ring_privileged_end[];
extern char insn_ring_wbinvd[];
extern char insn_ring_umip[], insn_ring_umip_end[];
extern char insn_ring_clac[], insn_ring_clac_end[];
extern char insn_ring_monitor[], insn_ring_monitor_end[];
extern char insn_ring_io[], insn_ring_io_end[];	/* as IOPL allows */
extern char insn_ring_rdtsc[];
extern char insn_ring_popf[];
extern char insn_ring_iretq[];
extern char insn_ring_lretq[];
extern char insn_ring_mov_es[];		/* mov %eax, %es */
extern char insn_ring_mov_ss[];
extern char insn_ring_store[];		/* mov %rax, (%rdx) */
/* clang-format on */
#endif
