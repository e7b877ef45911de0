// SPDX-License-Identifier: MIT
/*
 * corpus_generate.c - some 180,000 encodings, made from the opcode maps: every
 * opcode of every map, with prefixes, ModRM, SIB, VEX, EVEX, XOP.
 *
 * Each has a slot of 32 bytes, NOPs behind it: whatever a disassembler makes
 * of the first 15 bytes, it is back in step at the next slot. NOPs serve as
 * displacement and immediate too.
 */
#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOP 0x90

static FILE *out;
static size_t written;

struct bytes {
	u8 b[SLOT];
	size_t n;
};

static void put(struct bytes *insn, u8 byte)
{
	insn->b[insn->n++] = byte;
}

static void emit(const struct bytes *insn)
{
	u8 slot[SLOT];

	memset(slot, NOP, sizeof(slot));
	memcpy(slot, insn->b, insn->n);
	if (fwrite(slot, sizeof(slot), 1, out) != 1)
		exit(2);
	written++;
}

/* ModRM and SIB of each kind of operand; reg comes on top. */
static const struct {
	u8 modrm, sib;
} operand[] = {
	{ 0x00, 0 },	/* (rax) */
	{ 0xc1, 0 },	/* ecx */
	{ 0x05, 0 },	/* rip + disp32 */
	{ 0x04, 0x24 }, /* (rsp) */
	{ 0x04, 0x25 }, /* disp32, no base */
	{ 0x44, 0x8d }, /* disp8(rbp, rcx, 4) */
	{ 0x81, 0 },	/* disp32(rcx) */
	{ 0x84, 0x60 }, /* disp32(rax), no index */
};

#define MEMORY_INDEX 5

static void emit_operand(struct bytes insn, u32 kind, u32 reg)
{
	u8 modrm = (u8)(operand[kind].modrm | reg << 3);

	put(&insn, modrm);
	if (modrm_mod(modrm) != 3 && (modrm & 7) == 4)
		put(&insn, operand[kind].sib);
	emit(&insn);
}

static struct bytes escaped(const char *prefixes, u32 map, u32 op)
{
	struct bytes insn = { .n = 0 };

	for (; *prefixes; prefixes++)
		put(&insn, (u8)*prefixes);
	if (map)
		put(&insn, 0x0f);
	if (map > 1)
		put(&insn, map == 2 ? 0x38 : 0x3a);
	put(&insn, (u8)op);
	return insn;
}

static bool is_escape(u32 map, u32 op)
{
	if (map == 1)
		return op == 0x38 || op == 0x3a;
	return !map && (op == 0x0f || op == 0x62 || op == 0xc4 || op == 0xc5 ||
			ud_is_prefix((u8)op));
}

static bool has_modrm(u32 map, u32 op)
{
	struct bytes insn = escaped("", map, op);
	struct ud_insn parsed;

	put(&insn, 0);
	ud_parse(&parsed, insn.b, UD_MAX_LEN, ISA_INTEL64);
	return parsed.has_modrm;
}

/* Opcodes whose ModRM byte selects instructions one by one. */
static bool every_modrm(u32 map, u32 op)
{
	if (!map)
		return op >= 0xd8 && op <= 0xdf;
	return map == 1 && (op == 0x00 || op == 0x01 || op == 0xae ||
			    op == 0xba || op == 0xc7);
}

static void generate_opcode(const char *prefixes, u32 map, u32 op, bool plain)
{
	struct bytes insn = escaped(prefixes, map, op);
	u32 modrm, kind, reg;

	if (!has_modrm(map, op)) {
		emit(&insn);
		return;
	}
	if (plain && every_modrm(map, op)) {
		for (modrm = 0; modrm < 256; modrm++) {
			struct bytes one = insn;

			put(&one, (u8)modrm);
			if (modrm >> 6 != 3 && (modrm & 7) == 4)
				put(&one, 0x24);
			emit(&one);
		}
		return;
	}
	for (reg = 0; plain && map < 2 && reg < 8; reg++) {
		emit_operand(insn, 0, reg);
		emit_operand(insn, 1, reg);
	}
	/* What the loop above already has is left out. */
	for (kind = plain && map < 2 ? 2 : 0; kind < ARRAY_SIZE(operand);
	     kind++)
		if (plain || kind == op % ARRAY_SIZE(operand) || kind == 1)
			emit_operand(insn, kind, 0);
}

static void generate_legacy(void)
{
	static const char plain[][3] = { "", "\x66", "\xf3", "\xf2" };
	static const char more[][4] = {
		"\x48",	    "\x66\x48", "\x67",	    "\x64",	"\x2e",
		"\x4f",	    "\x67\x66", "\xf0",	    "\xf2\x48", "\xf3\x48",
		"\x66\xf2", "\x66\xf3", "\xf0\x66",
	};
	u32 map, op, i;

	for (map = 0; map < 4; map++) {
		for (op = 0; op < 256; op++) {
			if (is_escape(map, op))
				continue;
			for (i = 0; i < ARRAY_SIZE(plain); i++)
				generate_opcode(plain[i], map, op, true);
			for (i = 0; i < ARRAY_SIZE(more); i++)
				generate_opcode(more[i], map, op, false);
		}
	}
}

/* The byte behind the operands is the opcode. */
static void generate_3dnow(void)
{
	u32 op;

	for (op = 0; op < 256; op++) {
		emit(&(struct bytes){ .b = { 0x0f, 0x0f, 0xc1, (u8)op },
				      .n = 4 });
		emit(&(struct bytes){ .b = { 0x0f, 0x0f, 0x40, 1, (u8)op },
				      .n = 5 });
	}
}

/*
 * Three-byte forms; vvvv is 1111b, so that what does not use it is valid. The
 * memory operand has an index, for VGATHER, whose registers must differ.
 */
static void generate_vector(u8 first, u8 mmmmm, u32 op, u32 pp)
{
	u32 wl, reg;

	for (wl = 0; wl < 4; wl++) {
		u8 w = (u8)((wl & 1) << 7 | 0x78 | (wl & 2) << 1 | pp);
		struct bytes insn = { .b = { first, 0xe0 | mmmmm, w, (u8)op },
				      .n = 4 };

		emit_operand(insn, MEMORY_INDEX, (op + 3) % 8);
		emit_operand(insn, 1, (op + 3 + wl) % 8);
		if (first != 0x8f)
			emit_operand(insn, 1, op % 8);
		for (reg = 0; first == 0x8f && !wl && reg < 8; reg++)
			emit_operand(insn, 1, reg);
	}
}

static void generate_vex2(u32 op, u32 pp)
{
	struct bytes insn = { .b = { 0xc5, (u8)(0xf8 | pp), (u8)op }, .n = 3 };
	u32 kind;

	for (kind = 0; kind < ARRAY_SIZE(operand); kind += 1 + op % 2)
		emit_operand(insn, kind, 2);
}

/* 128 and 512 bits, and with k1; each W. */
static void generate_evex(u8 mmm, u32 op, u32 pp)
{
	static const u8 last[] = { 0x08, 0x48, 0x49 };
	u32 w, i;

	for (w = 0; w < 2; w++) {
		for (i = 0; i < ARRAY_SIZE(last); i++) {
			struct bytes insn = {
				.b = { 0x62, 0xf0 | mmm,
				       (u8)(w << 7 | 0x7c | pp), last[i],
				       (u8)op },
				.n = 5,
			};

			emit_operand(insn, MEMORY_INDEX,
				     (op + 3 + i + 2 * w) % 8);
			emit_operand(insn, 1, (op + 3 * i) % 8);
		}
	}
}

void generate(const char *path)
{
	static const u8 evex_maps[] = { 1, 2, 3, 5, 6 };
	u32 op, pp, i;

	out = fopen(path, "wb");
	if (!out)
		exit(2);
	generate_legacy();
	generate_3dnow();
	for (op = 0; op < 256; op++) {
		for (pp = 0; pp < NR_PP; pp++) {
			for (i = 1; i <= 3; i++)
				generate_vector(0xc4, (u8)i, op, pp);
			generate_vex2(op, pp);
			for (i = 0; i < ARRAY_SIZE(evex_maps); i++)
				generate_evex(evex_maps[i], op, pp);
		}
		for (i = 8; i <= 10; i++)
			generate_vector(0x8f, (u8)i, op, 0);
	}
	if (fclose(out))
		exit(2);
	printf("%zu encodings\n", written);
}
