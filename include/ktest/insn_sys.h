/* SPDX-License-Identifier: MIT */
/*
 * insn_sys.h - instructions on system state that insn_seg.h has not:
 * src/ktest/insn_sys.S.
 */
#pragma once

#include <lib/types.h>

#define INSN(name)                   \
	void insn_##name(void *arg); \
	extern char insn_##name##_at[]
/* RDI: ECX. */
INSN(monitor);
INSN(mwait);
INSN(rdpmc);
/* RDI: an XSAVE area, of which nothing is loaded. */
INSN(xrstor_nothing);
#undef INSN

/* RDI: the image of RFLAGS, which becomes what PUSHF sees behind POPF. */
void insn_popf_pushf(void *arg);

struct seg_load {
	u64 selector;
	u64 base; /* where the segment begins; or what to read, then its value
		   */
};

/* RDI: struct seg_load. By MOV and by POP; IF is 0 for GS. */
void insn_mov_fs_base(void *arg);
void insn_pop_fs_base(void *arg);
void insn_mov_gs_base(void *arg);
void insn_pop_gs_base(void *arg);
void insn_read_by_ds(void *arg);
void insn_read_by_es(void *arg);
void insn_read_by_ss(void *arg);
