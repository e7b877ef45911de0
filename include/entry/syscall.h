/* SPDX-License-Identifier: MIT */
/* syscall.h - where SYSCALL leads, and addresses in entry/syscall.S. */
#pragma once

/* STAR, LSTAR, CSTAR, SFMASK and EFER.SCE, as Linux has them. IF=0. */
void syscall_init(void);

void entry_SYSCALL_64(void);
void entry_SYSCALL32_ignore(void);

/* In entry_SYSCALL_64: from here on GS is ours, and from there on RSP too. */
extern char entry_SYSCALL_64_own_gs[], entry_SYSCALL_64_safe_stack[];

/* On the way back: RSP is the user's again; after SWAPGS, at SYSRET, GS too. */
extern char entry_SYSRETQ_unsafe_stack[], entry_SYSRETQ[];
