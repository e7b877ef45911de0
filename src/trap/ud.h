/* SPDX-License-Identifier: MIT */
/*
 * ud.h - what the files of the #UD decoder share: ud_parse.c finds prefixes,
 * opcode and ModRM, ud_table.c says what each encoding needs, ud_lock.c what
 * LOCK may precede, decode_ud.c turns all of it into a sentence.
 *
 * Spec: SDM 2A "Instruction Format", 2D "Opcode Map"; APM 3 appendix A.
 */
#pragma once

#include <asm/cpufeatures.h>
#include <lib/compiler.h>

/* Opcode maps. The numbers of the first four are VEX's and EVEX's mmmmm. */
enum ud_map {
	MAP_ONE,
	MAP_0F,
	MAP_0F38,
	MAP_0F3A,
	MAP_VEX_0F,
	MAP_VEX_0F38,
	MAP_VEX_0F3A,
	MAP_VEX_OTHER,
	MAP_EVEX,
	MAP_XOP,
};

/* The mandatory prefix: F2 and F3 outrank 66. */
enum ud_pp { PP_NONE, PP_66, PP_F3, PP_F2, PP_ANY };

struct ud_insn {
	u8 len;	       /* bytes from the first prefix through ModRM */
	u8 rex;	       /* 0, or 0x40..0x4f right before the opcode */
	u8 vector;     /* 0, or the first byte of VEX, EVEX or XOP */
	u8 payload[3]; /* its other bytes */
	enum ud_map map;
	enum ud_pp pp;
	u8 opcode;
	u8 modrm;
	bool has_modrm;
	bool lock;
	bool stray; /* VEX, EVEX or XOP behind 66, F2, F3, LOCK or REX */
};

static inline u8 modrm_mod(u8 modrm)
{
	return modrm >> 6;
}

static inline u8 modrm_reg(u8 modrm)
{
	return modrm >> 3 & 7;
}

/* 0, or -EINVAL if the code ends before the instruction can be named. */
int ud_parse(struct ud_insn *insn, const u8 *code, size_t len);

enum ud_cause {
	CAUSE_FORM, /* it exists: then the operands or the mode were wrong */
	CAUSE_REGISTER,
	CAUSE_UNDEFINED,
	CAUSE_SCE,
	CAUSE_SMM,
	CAUSE_SSE,
	CAUSE_AVX,
	CAUSE_XSAVE,
	CAUSE_VMX,
	CAUSE_SVM,
	CAUSE_SMX,
	CAUSE_CET,
	CAUSE_PKE,
	CAUSE_FSGS,
	CAUSE_MWAIT,
	CAUSE_AMD,
	NR_CAUSES,
};

/* In place of a feature number: exists everywhere; CPUID word not read. */
#define UD_ALWAYS 0xff
#define UD_UNREAD 0xfe
static_assert(CPUID_WORDS * 32 < UD_UNREAD, "features fit a byte");

/* One encoding, or a range of opcodes. The table's first match counts. */
struct ud_row {
	u8 map, first, last, pp;
	u8 mod;		/* MOD_* */
	u8 mask, value; /* of ModRM */
	u8 feature;
	u8 cause; /* given the feature */
	char name[16];
};

enum { MOD_ANY, MOD_MEM, MOD_REG };

/* The row that describes insn, or NULL. */
const struct ud_row *ud_lookup(const struct ud_insn *insn);

/* The mnemonic an opcode of the one-byte map had before 64-bit mode. */
const char *ud_invalid_in_64bit(u8 opcode);

/* LOCK before insn: legal, on a register, on what cannot be locked at all. */
enum ud_lock { UD_LOCK_OK, UD_LOCK_REGISTER, UD_LOCK_NEVER };
enum ud_lock ud_lock(const struct ud_insn *insn);
