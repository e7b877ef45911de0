/* SPDX-License-Identifier: MIT */
/*
 * insn_iret.h - returns of each size and what is seen after them; for
 * probe_enter(), RSP at the frame: src/ktest/insn_iret.S.
 */
#pragma once

extern char insn_iretq[];
extern char insn_iretl[];
extern char insn_iretw[];

/* DS, ES, FS, GS from AX, CX, DX, SI, then IRETQ. */
extern char insn_iret_segments[];

/* IRETQ through frame, stepped: RFLAGS.TF is set before. Never returns. */
struct iret_frame;
void insn_iret_stepped(struct iret_frame *frame);

/* At CPL 3: the same selectors into the same registers, INT DL_BACK. */
extern char insn_iret_u_read_segments[];
