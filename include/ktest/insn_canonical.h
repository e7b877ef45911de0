/* SPDX-License-Identifier: MIT */
/*
 * insn_canonical.h - src/ktest/insn_canonical.S: stack and string instructions,
 * each for CPL 0 and for CPL 3. The fault is at the symbol; what raises none
 * ends in INT DL_BACK.
 */
#pragma once

/* clang-format off */
#define CANONICAL(name) extern char insn_canon_##name[], uf_canon_##name[]
CANONICAL(enter);
CANONICAL(leave);
CANONICAL(ret);
CANONICAL(lret);
CANONICAL(pushf);
CANONICAL(popf);
CANONICAL(push_imm);
CANONICAL(call);
CANONICAL(movsb);
CANONICAL(stosb);
CANONICAL(lodsb);
CANONICAL(scasb);
CANONICAL(cmpsb);
CANONICAL(rep_movsq);
CANONICAL(rep_stosq);
CANONICAL(wrfsbase);
CANONICAL(wrgsbase);
#undef CANONICAL
/* clang-format on */
