/* SPDX-License-Identifier: MIT */
/*
 * ud.h - the decoder behind #UD's reports. Pure: ud_parse.c takes the bytes
 * apart, ud_map.c draws the opcode maps, ud_table.c says what each encoding
 * needs and what ModRM forbids, ud_lock.c what LOCK may precede, decode_ud.c
 * turns all of it into a sentence.
 *
 * Spec: SDM 2A "Instruction Format", 2D "Opcode Map"; APM 3 appendix A.
 */
#pragma once

#include <asm/cpufeatures.h>
#include <lib/compiler.h>

enum ud_map {
	MAP_ONE,
	MAP_0F,
	MAP_0F38,
	MAP_0F3A,
	MAP_VEX_0F,
	MAP_VEX_0F38,
	MAP_VEX_0F3A,
	MAP_VEX_OTHER,
	MAP_EVEX_0F,
	MAP_EVEX_0F38,
	MAP_EVEX_0F3A,
	MAP_EVEX_5,
	MAP_EVEX_6,
	MAP_EVEX_OTHER,
	MAP_XOP_8,
	MAP_XOP_9,
	MAP_XOP_A,
	MAP_XOP_OTHER,
};

enum ud_encoding { UD_LEGACY, UD_3DNOW, UD_VEX, UD_EVEX, UD_XOP };

/* The mandatory prefix: F2 and F3 outrank 66. */
enum ud_pp { PP_NONE, PP_66, PP_F3, PP_F2, PP_ANY };

struct ud_insn {
	u8 len;	       /* all of it, 1..15; valid if ud_parse() returned 0 */
	bool named;    /* the fields below are valid, whatever it returned */
	u8 rex;	       /* 0, or 0x40..0x4f right before the opcode */
	u8 vector;     /* 0, or the first byte of VEX, EVEX or XOP */
	u8 payload[3]; /* its other bytes */
	enum ud_encoding encoding;
	enum ud_map map;
	enum ud_pp pp;
	u8 opcode;
	u8 modrm;
	bool has_modrm;
	bool has_sib;
	u8 disp_size, imm_size;
	u8 imm8; /* the first byte of imm; 3DNow!'s opcode */
	bool lock, data16, addr32;
	u8 segment; /* 0, or the last segment prefix */
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

#define UD_MAX_LEN 15

/* In 64-bit mode Intel ignores 66 before a near branch, AMD does not. */
enum ud_isa { ISA_INTEL64, ISA_AMD64 };

/*
 * Take one instruction apart; reads code[0..len - 1] at most. 0; -EINVAL if
 * the code ends before it does; -E2BIG if it is longer than 15 bytes, which
 * is #GP. The length of what is not defined is that of its neighbours.
 */
int ud_parse(struct ud_insn *insn, const u8 *code, size_t len, enum ud_isa isa);

/* How ud_map.c draws what follows the opcode, '!': gone in 64-bit mode. */
char ud_form(const struct ud_insn *insn);

/* With which mandatory prefixes the opcode is defined: BIT(pp), 0 = a hole. */
u32 ud_defined(const struct ud_insn *insn);

/* Prefix or opcode, by the first byte alone. */
bool ud_is_prefix(u8 byte);

enum ud_cause {
	CAUSE_FORM, /* it exists: then the operands or the mode were wrong */
	CAUSE_REGISTER,
	CAUSE_MEMORY,
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

/* Undefined in 64-bit mode on every CPU, LOCK and control registers apart. */
enum ud_class { UD_VALID, UD_GONE, UD_HOLE, UD_STRAY };
enum ud_class ud_class(const struct ud_insn *insn);

/* LOCK before insn: legal, on a register, on what cannot be locked at all. */
enum ud_lock { UD_LOCK_OK, UD_LOCK_REGISTER, UD_LOCK_NEVER };
enum ud_lock ud_lock(const struct ud_insn *insn);
