/* SPDX-License-Identifier: MIT */
/*
 * insn_cet.h - code for shadow stacks and indirect-branch tracking:
 * src/ktest/insn_cet.S. uf_cet_x runs at CPL 3 and ends in INT 0x80; the fault,
 * if it is not at the first byte, is at uf_cet_x_at, or where x branches, _to.
 */
#pragma once

/* U_CET and S_CET. SDM 1 "Control-flow Enforcement Technology (CET)". */
#define CET_SHSTK_EN	0x01
#define CET_WRSS_EN	0x02
#define CET_ENDBR_EN	0x04
#define CET_NO_TRACK_EN 0x10
#define CET_RESERVED	0x3c0 /* bits 9:6 */

#ifndef __ASSEMBLER__
extern char uf_cet_call[], uf_cet_call_next[];
extern char uf_cet_incssp[];
extern char uf_cet_ret[], uf_cet_ret_at[];
extern char uf_cet_lret[], uf_cet_lret_at[];
extern char uf_cet_iret[], uf_cet_iret_at[];
extern char uf_cet_rstorssp[], uf_cet_setssbsy[];
extern char uf_cet_wrss[], uf_cet_wruss[];
extern char uf_cet_jmp[], uf_cet_jmp_to[];
extern char uf_cet_indirect_call[], uf_cet_indirect_call_to[];
extern char uf_cet_endbr[], uf_cet_endbr_end[];
extern char uf_cet_notrack[], uf_cet_notrack_end[];

/* CPL 0, for probe_call() with insn_cet_gate as #CP's. */
void insn_cet_ret(void *arg);
void insn_cet_setssbsy(void *no_token);
void insn_cet_jmp(void *arg);
extern char insn_cet_ret_at[], insn_cet_setssbsy_at[], insn_cet_jmp_at[];
extern char insn_cet_gate[];

/* CPL 0, S_CET 0. */
void insn_cet_wruss(void *to);
void insn_cet_setssbsy_off(void *arg);
#endif
