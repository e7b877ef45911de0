/* SPDX-License-Identifier: MIT */
/*
 * insn_step.h - instructions to step over and to set breakpoints at:
 * src/ktest/insn_step.S. Entered by IRETQ with a stack; insn_one_X is the
 * first instruction, _at the next one, and INT STEP_BACK ends all.
 */
#pragma once

#define STEP_BACK 0x5d /* free device vectors */
#define STEP_INT  0x5c

#ifndef __ASSEMBLER__
/* clang-format off */
#define STEP_LIST(X)						\
	X(nop) X(rdtsc) X(rdmsr) X(wrmsr) X(to_dr0) X(from_dr0)	\
	X(to_cr8) X(from_cr0) X(invlpg) X(swapgs) X(cli) X(out)	\
	X(push) X(pushf) X(popf) X(xchg) X(jcc) X(lidt) X(lgdt)	\
	X(jmp) X(call) X(ret) X(loop) X(lret) X(iret) X(rep_0)	\
	X(rep_out) X(int_n) X(int3) X(ud2) X(hlt)	\
	X(nops) X(popf_rf) X(mov_ss) X(mov_ss_int3) X(mov_ss_int_n) \
	X(rep_stos) X(store1) X(store2) X(store4) X(store8)	\
	X(store16) X(load1) X(load2) X(load4) X(load8) X(load16) \
	X(rmw) X(movs) X(in1) X(in2) X(in4) X(out1)	\
	X(out2) X(out4) X(ins) X(outs) X(push_mem) X(from_dr6)	\
	X(from_dr7) X(from_dr1) X(from_dr2) X(from_dr3) X(to_dr1) \
	X(to_dr2) X(to_dr3) X(to_dr6) X(to_dr7) X(lea)
/* clang-format on */

#define STEP_NAME(name) extern char insn_one_##name[], insn_one_##name##_at[];
STEP_LIST(STEP_NAME)
#undef STEP_NAME
#endif
