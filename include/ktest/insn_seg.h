/* SPDX-License-Identifier: MIT */
/*
 * insn_seg.h - segment loads, stack references, addresses that are not
 * canonical, and other ways to #NP, #SS, #GP and #DF: src/ktest/insn_seg.S.
 */
#pragma once

#define INSN(name)                   \
	void insn_##name(void *arg); \
	extern char insn_##name##_at[]
/* RDI: the selector. */
INSN(mov_ds);
INSN(mov_es);
INSN(mov_fs);
INSN(mov_gs);
INSN(mov_ss);
INSN(lldt);
INSN(ltr);
INSN(far_ret);
/* RDI: the selector's far pointer, m16:32. */
INSN(lss);
INSN(lfs);
INSN(lgs);
INSN(far_jmp);
/* RDI: the address. */
INSN(load);
INSN(store);
INSN(load_fs_rbp);
INSN(load_rbp);
INSN(store_rbp);
INSN(load_rbp_index);
INSN(load_rsp);
INSN(push);
INSN(pop);
INSN(call_on);
INSN(ud2_on);
INSN(jmp);
INSN(call);
INSN(ret_to);
INSN(movaps_load);
INSN(movaps_store);
INSN(cmpxchg16b_of);
INSN(fxsave_to);
INSN(fxrstor_of);
INSN(xsave_to);
INSN(invlpg);
INSN(lgdt);
INSN(lidt);
INSN(nops15);
INSN(nops16);
/* RDI: what is written. */
INSN(mov_cr0);
INSN(mov_cr3);
INSN(mov_cr4);
INSN(mov_cr8);
/* RDI: struct reg_write. */
INSN(rdmsr);
INSN(wrmsr);
INSN(xsetbv);
#undef INSN

#include <lib/types.h>

struct reg_write {
	u32 index;
	u64 val;
};
