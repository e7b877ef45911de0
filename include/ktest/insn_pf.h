/* SPDX-License-Identifier: MIT */
/*
 * insn_pf.h - accesses of every size and kind, for what a page fault in the
 * middle of them leaves behind: src/ktest/insn_pf.S. RDI: the address; _at is
 * the access. What begins with user_pf_ runs at CPL 3.
 */
#pragma once

#include <lib/types.h>

#define INSN(name)                   \
	void insn_##name(void *arg); \
	extern char insn_##name##_at[]
INSN(pf_read2);
INSN(pf_read4);
INSN(pf_read8);
INSN(pf_read16);
INSN(pf_write2);
INSN(pf_write4);
INSN(pf_write8);
INSN(pf_write16);
/* FS's base plus RDI; RDI's low half. */
INSN(pf_read_fs);
INSN(pf_read_addr32);
/* STAC, the read, CLAC; and the read behind both. */
INSN(pf_stac_read);
INSN(pf_stac_clac_read);
/* Reads and then writes; those that compare find nothing equal. */
INSN(pf_add);
INSN(pf_lock_add);
INSN(pf_inc);
INSN(pf_bts);
INSN(pf_xchg);
INSN(pf_xadd);
INSN(pf_cmpxchg);
INSN(pf_lock_cmpxchg);
INSN(pf_cmpxchg8b);
INSN(pf_cmpxchg16b);
/* 512 bytes and more. */
INSN(pf_fxsave);
INSN(pf_fxrstor);
INSN(pf_xsave);
INSN(pf_xrstor);
/* Accesses by name only. */
INSN(pf_lea);
INSN(pf_nop);
INSN(pf_prefetch);
INSN(pf_prefetchw);
INSN(pf_invlpg);
INSN(pf_clflush);
/* RDI: struct string_regs. With _down DF is set meanwhile. */
INSN(pf_rep_movsb);
INSN(pf_rep_movsq);
INSN(pf_rep_stosb);
INSN(pf_rep_stosq);
INSN(pf_rep_lodsb);
INSN(pf_rep_scasb);
INSN(pf_rep_cmpsb);
INSN(pf_rep_stosb_down);
INSN(pf_rep_movsb_down);
/* RDI: struct invpcid_arg. */
INSN(pf_invpcid);
/* IRETQ with RSP = RDI. */
INSN(pf_iretq_on);
/* int $0x80, from CPL 0 too, with RFLAGS.AC set. */
INSN(pf_int_0x80);
INSN(pf_int_0x80_ac);
/* RDI: a selector, for ES; RFLAGS.AC is set. */
INSN(pf_mov_es_ac);
#undef INSN

struct invpcid_arg {
	u64 type, pcid, addr;
};

struct string_regs {
	u64 si, di, cx;
};

/* One after the other; RDI, RBP and RSP as the case sets them. */
#define USER(name) extern char user_pf_##name[]
USER(read16);
USER(write16);
USER(push);
USER(push_imm);
USER(pushf);
USER(push_mem);
USER(pop_mem);
USER(call);
USER(call_mem);
USER(enter);
USER(enter_far);
USER(pop);
USER(popf);
USER(ret);
USER(leave);
USER(mov_es);
USER(in);
#undef USER
