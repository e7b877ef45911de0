/* SPDX-License-Identifier: MIT */
/*
 * insn_compat.h - 32-bit instructions of CPL 3 for probe_enter() with
 * __USER32_CS; below 4 GiB, or of no use. See src/ktest/insn_compat.S.
 */
#pragma once

/* clang-format off */
extern char insn_compat_aam[];		/* aam $0 */
extern char insn_compat_into[];
extern char insn_compat_bound[];	/* bound %eax, (%edx) */
extern char insn_compat_swapgs[];
extern char insn_compat_pop_ss[];	/* pop %ss; nop; nop; */
extern char insn_compat_load_by_ebp[];	/* mov (%ebp), %ecx */
extern char insn_compat_load_by_cs[];	/* mov %cs:(%edx), %ecx */
extern char insn_compat_jmp[];		/* jmp *%edx */
extern char insn_compat_lcall[];	/* lcall *(%edx) */
extern char insn_compat_ljmp[];		/* ljmp *(%edx) */
extern char insn_compat_sysenter[];
extern char insn_compat_pop_ss_int[];	/* pop %ss; int $DL_INT; */
extern char insn_compat_load[];		/* mov %eax, %ds; ... */
extern char insn_compat_load_at[];	/* mov (%edx), %ecx */
extern char insn_compat_load_disp[];
extern char insn_compat_load_disp_at[];	/* mov 0x20(%edx), %ecx */
extern char insn_compat_push[];		/* push %edx */
extern char insn_compat_store[];
extern char insn_compat_store_at[];	/* mov %ecx, (%edx) */
extern char insn_compat_user_ds[];	/* __USER_DS, as POP SS reads it */
extern char insn_compat_bounds[];	/* 0 and 1 */
/* clang-format on */
