/* SPDX-License-Identifier: MIT */
/*
 * insn_nmi.h - to place an NMI on an instruction of one's choice:
 * src/ktest/insn_nmi.S.
 */
#pragma once

/* Free device vectors: INT at a slide's end, and one with a handler. */
#define NMI_BACK   0x5f
#define NMI_DEVICE 0x5e

#ifndef __ASSEMBLER__
#include <lib/compiler.h>

/*
 * Call send(), which sends this CPU an NMI; NMI's gate leads to
 * insn_nmi_block_stub, on an IST stack not in use. True: it came, and since
 * the stub leaves without IRETQ, NMIs are blocked until the next one. False:
 * it did not come for some microseconds: they were blocked, one is latched.
 */
bool insn_nmi_block(void (*send)(void));
extern char insn_nmi_block_stub[];

/* 64 times NOP, then INT NMI_BACK, for CPL 0 and 3. No stack is used. */
extern char insn_nmi_slide[], insn_nmi_slide_end[];
extern char user_nmi_slide[], user_nmi_slide_end[];

/* INT n, then INT NMI_BACK. At CPL 0 with GS swapped around INT 18. */
extern char user_nmi_int_4[], user_nmi_int_18[], user_nmi_int_device[];
extern char insn_nmi_int_18[];
extern char user_nmi_syscall[], user_nmi_syscall_at[]; /* the same */

/*
 * Ways to return, RETs and IRETQ, and exceptions: _at is where execution goes
 * on, or should once a handler has returned.
 */
#define INSN(name)                       \
	void insn_nmi_##name(void *arg); \
	extern char insn_nmi_##name##_at[]
INSN(ret);
INSN(retf);
INSN(popf);
INSN(iret);
INSN(int3);
INSN(int_n);
INSN(icebp);
INSN(ud2);
INSN(fault); /* a load from arg */
INSN(hlt);
#undef INSN

/* SYSRET to user_nmi_slide. EFER.SCE and STAR are the caller's. */
void insn_nmi_sysret(void *arg);
#endif
