/* SPDX-License-Identifier: MIT */
/* insn_boot.h - the instructions of suite boot. See src/ktest/insn_boot.S. */
#pragma once

/* Each takes an address; the first instruction is the one that faults ... */
void insn_boot_read(void *addr);
void insn_boot_write(void *addr);

/* ... but here it is the one at _at, and for call the target itself. */
void insn_boot_rewrite(void *addr);
extern const char insn_boot_rewrite_at[];
void insn_boot_push_there(void *addr);
extern const char insn_boot_push_at[];
void insn_boot_call(void *addr);

/* RET in the user's text. */
void insn_boot_user_ret(void *unused);
