/* SPDX-License-Identifier: MIT */
/* insn.list.h - every symbol of src/ktest/insn.S, for insn.h. */
INSN(ret);
INSN(ud2);
