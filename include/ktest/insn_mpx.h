/* SPDX-License-Identifier: MIT */
/*
 * insn_mpx.h - MPX's checks, for probe_enter(): insn_mpx_* at CPL 0, uf_mpx_*
 * at CPL 3. What comes through ends in INT DL_BACK of insn_delivery.h. See
 * src/ktest/insn_mpx.S.
 */
#pragma once

/* clang-format off */
/* BNDMK of RDX, so that both bounds are RDX; at NAME_at the check of RAX. */
#define MPX(name)                                          \
	extern char insn_mpx_##name[], insn_mpx_##name##_at[]; \
	extern char uf_mpx_##name[], uf_mpx_##name##_at[]
MPX(bndcl);
MPX(bndcu);
MPX(bndcn);	/* against the upper bound's complement */
#undef MPX

/* The entry of RAX in the bound directory. */
extern char insn_mpx_bndldx[], insn_mpx_bndstx[];
extern char uf_mpx_bndldx[], uf_mpx_bndstx[];

/* Components 3 and 4 to and from the standard image at RDI. */
void insn_mpx_xsave(void *image);
void insn_mpx_xrstor(void *image);
/* clang-format on */
