/* SPDX-License-Identifier: MIT */
/*
 * insn_df.h - an instruction for each event, at CPL 0 and, as u_, at CPL 3;
 * for probe_enter(): src/ktest/insn_df.S.
 */
#pragma once

#define INSN(name) extern char insn_df_##name[], insn_df_u_##name[]
INSN(int_n); /* int DL_INT */
INSN(int3);
INSN(int_4);
INSN(icebp);
INSN(div); /* divl %ecx */
INSN(nop);
INSN(ud2);
INSN(fld1);
INSN(mov_ds); /* movl %eax, %ds */
INSN(mov_ss);
INSN(load); /* movl (%rdx), %eax */
INSN(fdiv); /* x87, not masked; raised by ... */
INSN(fdiv_fwait);
INSN(divss); /* SSE, not masked; raised by ... */
INSN(divss_at);
INSN(fire); /* outb %al, %dx, to the host's companion; raised after ... */
INSN(fire_at);
INSN(fire_end); /* and before this */
#undef INSN

extern char insn_df_bnd[]; /* MPX: RAX below RDX; raised by ... */
extern char insn_df_bnd_at[];
extern char insn_df_wait[];	  /* RCX rounds */
extern char insn_df_u_rstorssp[]; /* rstorssp (%rdx) */

/* For compatibility mode. */
extern char insn_df_u32_into[];
extern char insn_df_u32_bound[]; /* bound %eax, (%edx) */
extern char insn_df_u32_bounds[];
