/* SPDX-License-Identifier: MIT */
/*
 * insn_delivery.h - instructions for the suite `delivery`, to be entered by
 * probe_enter(). Each ends in INT DL_BACK, whose stub leaves, so that what
 * came after the event is seen as well. See src/ktest/insn_delivery.S.
 */
#pragma once

#define DL_INT	0x50 /* the vector that is judged */
#define DL_BACK 0x51

#ifndef __ASSEMBLER__
#include <lib/compiler.h>

/* "int n; ret", four bytes apart: insn_dl_int(n) is a function. */
extern char insn_dl_int_table[];
static inline void (*insn_dl_int(u32 n))(void *)
{
	return (void (*)(void *))(insn_dl_int_table + 4 * n);
}

/* clang-format off */
extern char insn_dl_int_back[];		/* int DL_INT; */
extern char insn_dl_nop[];		/* nop; nop; */
extern char insn_dl_ud2[];		/* ud2; */
extern char insn_dl_load[];		/* mov (%rdx), %rax; */
extern char insn_dl_load_next[];
extern char insn_dl_sti[];		/* sti; nop; nop; */
extern char insn_dl_sti_cli[];		/* sti; cli; nop; */
extern char insn_dl_sti_hlt[];		/* sti; hlt; */
extern char insn_dl_sti_ud2[];		/* sti; ud2; */
extern char insn_dl_sti_mov_ss[];	/* sti; mov %eax, %ss; nop; nop; */
extern char insn_dl_lss[];		/* lss (%rdx), %eax; nop; */
extern char insn_dl_lss_next[];
extern char insn_dl_mov_ss[];		/* mov %eax, %ss; nop; nop; */
extern char insn_dl_mov_ss_ud2[];	/* mov %eax, %ss; ud2; */
extern char insn_dl_mov_ss_mem[];	/* mov (%rdx), %ss; nop; nop; */
extern char insn_dl_mov_ss_loop[];	/* 1: mov %eax, %ss; nop; ... */
extern char insn_dl_mov_ss_loop_nop[];
extern char insn_dl_sti_mov_ss_loop[];	/* sti; 1: mov %eax, %ss; nop; ... */
extern char insn_dl_pop_ss[];		/* 17, which was POP SS */
extern char insn_dl_popf[];		/* popfq; nop; */
extern char insn_dl_lock_mov[];		/* lock mov %eax, (%rdx), a #UD */
extern char insn_dl_fld[];		/* fldl (%rdx) */
extern char insn_dl_nop_ud2[];		/* nop; ud2; */
extern char insn_dl_jmp[];		/* jmp *%rdx */
extern char insn_dl_mov_cr8[];		/* mov %rcx, %cr8; nop; */
extern char insn_dl_mov_cr8_next[];
extern char insn_dl_rep_movsb[];	/* rep movsb; */
extern char insn_dl_rep_stosb[];	/* rep stosb; */
extern char insn_dl_u_int_back[];	/* from here on for CPL 3 */
extern char insn_dl_u_int_table[];	/* int n, two bytes apart; */
extern char insn_dl_u_nop[];
extern char insn_dl_u_ud2[];
extern char insn_dl_u_iretq[];		/* iretq */
/* clang-format on */

/* What insn_dl_context_*() fill the CPU with, and what they find after. */
struct dl_context {
	u64 gpr_in[15], gpr_out[15]; /* pt_regs' order, BP too */
	u64 flags_in, flags_out;
	u8 xmm_in[16][16], xmm_out[16][16];
	u64 sp;
};

/* Load all, let one event happen, store all. */
void insn_dl_context_int3(void *context);  /* #BP, an exception */
void insn_dl_context_icebp(void *context); /* #DB, on its own stack */
void insn_dl_context_irq(void *context);   /* sti; nop; cli: what is pending */
void insn_dl_context_ud2(void *context);   /* #UD: its handler skips it */
extern char insn_dl_context_ud2_insn[];

/* YMM0-15 alone; an interrupt that is pending and an #BP happen to them. */
struct dl_ymm {
	u8 in[16][32], out[16][32];
};
void insn_dl_context_ymm(void *ymm);

/* The same to x87, MXCSR and XMM: two FXSAVE images, 16-byte aligned. */
void insn_dl_context_fx(void *images);

/* And to ZMM0-31 and K0-7 (AVX-512F: 16 bits of each K). */
struct dl_zmm {
	struct {
		u8 zmm[32][64];
		u64 k[8];
	} in, out;
};
void insn_dl_context_zmm(void *zmm);

/* Overwrites every GPR the ABI lets a function overwrite. */
void insn_dl_clobber(void);
#endif
