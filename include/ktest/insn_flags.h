/* SPDX-License-Identifier: MIT */
/*
 * insn_flags.h - for probe_enter(): insn_flags_* at CPL 0, uf_flags_* at CPL
 * 3. See src/ktest/insn_flags.S.
 */
#pragma once

/* clang-format off */
#define FLAGS_INSN(name) \
	extern char insn_flags_##name[], uf_flags_##name[]
FLAGS_INSN(pushfq);
FLAGS_INSN(pushfw);
FLAGS_INSN(popfw);
FLAGS_INSN(lretq_16);	/* releases 16 bytes */
FLAGS_INSN(sti);	/* sti; nop; nop */
#undef FLAGS_INSN
/* clang-format on */
