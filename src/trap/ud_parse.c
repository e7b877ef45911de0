// SPDX-License-Identifier: MIT
/*
 * ud_parse.c - one instruction of 64-bit mode in its parts: prefixes, REX,
 * VEX, EVEX, XOP, opcode, ModRM, SIB, displacement, immediate. Pure.
 *
 * Every byte is taken by next(), which knows both ends: that of the code
 * given and that of the longest instruction.
 *
 * Spec: SDM 2A "Instruction Format", "Intel AVX and VEX", "EVEX Prefix";
 *       APM 3 "Instruction Encoding", "XOP".
 */
#include <trap/ud.h>

#include <lib/errno.h>
#include <lib/string.h>

struct cursor {
	const u8 *code;
	size_t len, at;
	int err;
};

/* 0 behind the end, and err says so. */
static u8 next(struct cursor *c)
{
	if (!c->err && c->at >= UD_MAX_LEN)
		c->err = -E2BIG;
	else if (!c->err && c->at >= c->len)
		c->err = -EINVAL;
	return c->err ? 0 : c->code[c->at++];
}

static bool peek(const struct cursor *c, u8 *byte)
{
	if (c->err || c->at >= c->len || c->at >= UD_MAX_LEN)
		return false;
	*byte = c->code[c->at];
	return true;
}

static bool take_prefix(struct ud_insn *insn, u8 byte)
{
	switch (byte) {
	case 0xf0:
		insn->lock = true;
		return true;
	case 0xf2:
		insn->pp = PP_F2;
		return true;
	case 0xf3:
		insn->pp = PP_F3;
		return true;
	case 0x66:
		insn->data16 = true;
		if (insn->pp == PP_NONE)
			insn->pp = PP_66;
		return true;
	case 0x67:
		insn->addr32 = true;
		return true;
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x26:
	case 0x64:
	case 0x65:
		insn->segment = byte;
		return true;
	}
	return false;
}

bool ud_is_prefix(u8 byte)
{
	struct ud_insn scratch = { .len = 0 };

	return take_prefix(&scratch, byte) || (byte & 0xf0) == 0x40;
}

/* A REX that another prefix follows is ignored, so only the last counts. */
static void take_prefixes(struct ud_insn *insn, struct cursor *c)
{
	u8 byte;

	while (peek(c, &byte)) {
		if ((byte & 0xf0) == 0x40)
			insn->rex = byte;
		else if (take_prefix(insn, byte))
			insn->rex = 0;
		else
			break;
		c->at++;
	}
}

/* 8F is POP unless what would be its ModRM has mmmmm of 8 or more: XOP. */
static size_t payload_size(const struct cursor *c)
{
	struct cursor ahead = *c;

	switch (next(&ahead)) {
	case 0xc5:
		return 1;
	case 0xc4:
		return 2;
	case 0x62:
		return 3;
	case 0x8f:
		return (next(&ahead) & 0x1f) >= 8 ? 2 : 0;
	}
	return 0;
}

/* VEX and XOP have mmmmm, EVEX has mmm; what no map bears is _OTHER. */
static enum ud_map map_of(enum ud_encoding encoding, u8 mmmmm)
{
	switch (encoding) {
	case UD_VEX:
		if (mmmmm >= 1 && mmmmm <= 3)
			return MAP_VEX_0F + mmmmm - 1;
		return MAP_VEX_OTHER;
	case UD_EVEX:
		if (mmmmm == 5 || mmmmm == 6)
			return MAP_EVEX_5 + mmmmm - 5;
		if (mmmmm >= 1 && mmmmm <= 3)
			return MAP_EVEX_0F + mmmmm - 1;
		return MAP_EVEX_OTHER;
	default:
		if (mmmmm >= 8 && mmmmm <= 10)
			return MAP_XOP_8 + mmmmm - 8;
		return MAP_XOP_OTHER;
	}
}

static enum ud_encoding encoding_of(u8 first)
{
	if (first == 0x62)
		return UD_EVEX;
	return first == 0x8f ? UD_XOP : UD_VEX;
}

static void take_payload(struct ud_insn *insn, struct cursor *c, size_t size)
{
	u8 mask;
	size_t i;

	insn->stray = insn->lock || insn->rex || insn->pp != PP_NONE;
	insn->vector = next(c);
	insn->encoding = encoding_of(insn->vector);
	for (i = 0; i < size; i++)
		insn->payload[i] = next(c);
	if (size == 1) { /* C5 */
		insn->map = MAP_VEX_0F;
		insn->pp = insn->payload[0] & 3;
		return;
	}
	mask = insn->encoding == UD_EVEX ? 7 : 0x1f;
	insn->map = map_of(insn->encoding, insn->payload[0] & mask);
	insn->pp = insn->payload[1] & 3;
}

static void take_opcode(struct ud_insn *insn, struct cursor *c)
{
	size_t payload = payload_size(c);

	if (payload)
		take_payload(insn, c, payload);
	insn->opcode = next(c);
	if (payload || insn->opcode != 0x0f)
		return;
	insn->map = MAP_0F;
	insn->opcode = next(c);
	if (insn->opcode == 0x0f)
		insn->encoding = UD_3DNOW;
	if (insn->opcode != 0x38 && insn->opcode != 0x3a)
		return;
	insn->map = insn->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
	insn->opcode = next(c);
}

static bool form_has_modrm(char form)
{
	switch (form) {
	case 'M':
	case 'C':
	case 'B':
	case 'Z':
	case 'Q':
	case 'G':
	case 'H':
	case 'D':
		return true;
	}
	return false;
}

/* 64-bit addressing; 67 makes the sum 32 bits wide and nothing shorter. */
static void size_operand(struct ud_insn *insn, struct cursor *c)
{
	u8 mod = modrm_mod(insn->modrm), base = insn->modrm & 7;

	if (mod == 3)
		return;
	insn->has_sib = base == 4;
	if (insn->has_sib)
		base = next(c) & 7;
	if (mod == 1)
		insn->disp_size = 1;
	else if (mod == 2 || base == 5)
		insn->disp_size = 4;
}

/* 2, 4 or 8; REX.W outranks 66. */
static u8 operand_size(const struct ud_insn *insn)
{
	if (insn->rex & 8)
		return 8;
	return insn->data16 ? 2 : 4;
}

static u8 imm_size(const struct ud_insn *insn, enum ud_isa isa)
{
	u8 z = min(operand_size(insn), (u8)4);
	bool test = modrm_reg(insn->modrm) < 2; /* of group 3 alone */

	switch (ud_form(insn)) {
	case 'b':
	case 'B':
		return 1;
	case 'w':
		return 2;
	case 'e':
		return 3;
	case 'D':
		return 4;
	case 'z':
	case 'Z':
		return z;
	case 'v':
		return operand_size(insn);
	case 'o':
		return insn->addr32 ? 4 : 8;
	case 'j':
		return isa == ISA_AMD64 ? z : 4;
	case 'G':
		return test ? 1 : 0;
	case 'H':
		return test ? z : 0;
	case 'Q':
		return insn->pp == PP_66 || insn->pp == PP_F2 ? 2 : 0;
	}
	return 0;
}

static void take_operands(struct ud_insn *insn, struct cursor *c,
			  enum ud_isa isa)
{
	u8 i;

	if (insn->has_modrm && ud_form(insn) != 'C')
		size_operand(insn, c);
	for (i = 0; i < insn->disp_size; i++)
		next(c);
	insn->imm_size = imm_size(insn, isa);
	for (i = 0; i < insn->imm_size; i++) {
		u8 byte = next(c);

		if (i == 0)
			insn->imm8 = byte;
	}
}

int ud_parse(struct ud_insn *insn, const u8 *code, size_t len, enum ud_isa isa)
{
	struct cursor c = { .code = code, .len = len };

	memset(insn, 0, sizeof(*insn));
	take_prefixes(insn, &c);
	take_opcode(insn, &c);
	insn->has_modrm = form_has_modrm(ud_form(insn));
	if (insn->has_modrm)
		insn->modrm = next(&c);
	insn->named = !c.err;
	if (c.err)
		return c.err;
	take_operands(insn, &c, isa);
	insn->len = (u8)c.at;
	return c.err;
}
