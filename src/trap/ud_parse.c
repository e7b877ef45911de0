// SPDX-License-Identifier: MIT
/*
 * ud_parse.c - prefixes, REX, VEX, EVEX, XOP, opcode and ModRM, no further:
 * enough to name an instruction. Pure.
 *
 * Spec: SDM 2A "Instruction Format", "Intel AVX and VEX"; APM 3 "XOP".
 */
#include "ud.h"

#include <lib/errno.h>
#include <lib/string.h>

/* Which opcodes are followed by a ModRM byte, bit n of word n / 32. */
static const u32 modrm_one[8] = {
	0x0f0f0f0f, 0x0f0f0f0f, 0x00000000, 0x00000a08,
	0x0000ffff, 0x00000000, 0xff0f00c3, 0xc0c00000,
};
static const u32 modrm_0f[8] = {
	0xffffa00f, 0x0000ff0f, 0xffffffff, 0xff7fffff,
	0xffff0000, 0xfffff838, 0xffff00ff, 0xffffffff,
};

static bool is_prefix(struct ud_insn *insn, u8 byte)
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
		if (insn->pp == PP_NONE)
			insn->pp = PP_66;
		return true;
	case 0x67:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x26:
	case 0x64:
	case 0x65:
		return true;
	}
	return false;
}

/* A REX that another prefix follows is ignored, so only the last counts. */
static size_t take_prefixes(struct ud_insn *insn, const u8 *code, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((code[i] & 0xf0) == 0x40)
			insn->rex = code[i];
		else if (is_prefix(insn, code[i]))
			insn->rex = 0;
		else
			break;
	}
	return i;
}

static enum ud_map vex_map(u8 mmmmm)
{
	switch (mmmmm) {
	case 1:
		return MAP_VEX_0F;
	case 2:
		return MAP_VEX_0F38;
	case 3:
		return MAP_VEX_0F3A;
	}
	return MAP_VEX_OTHER;
}

/* 8F is POP unless what would be its ModRM has mmmmm of 8 or more: XOP. */
static size_t payload_size(const u8 *code, size_t left)
{
	switch (code[0]) {
	case 0xc5:
		return 1;
	case 0xc4:
		return 2;
	case 0x62:
		return 3;
	case 0x8f:
		return left > 1 && (code[1] & 0x1f) >= 8 ? 2 : 0;
	}
	return 0;
}

static void take_payload(struct ud_insn *insn)
{
	insn->stray = insn->lock || insn->rex || insn->pp != PP_NONE;
	switch (insn->vector) {
	case 0xc5:
		insn->map = MAP_VEX_0F;
		insn->pp = insn->payload[0] & 3;
		return;
	case 0xc4:
		insn->map = vex_map(insn->payload[0] & 0x1f);
		break;
	case 0x62:
		insn->map = MAP_EVEX;
		break;
	default:
		insn->map = MAP_XOP;
	}
	insn->pp = insn->payload[1] & 3;
}

/* 0F escapes: returns how many bytes they take. */
static size_t take_escape(struct ud_insn *insn, const u8 *code, size_t left)
{
	if (left < 1 || code[0] != 0x0f)
		return 0;
	insn->map = MAP_0F;
	if (left < 2 || (code[1] != 0x38 && code[1] != 0x3a))
		return 1;
	insn->map = code[1] == 0x38 ? MAP_0F38 : MAP_0F3A;
	return 2;
}

static bool wants_modrm(const struct ud_insn *insn)
{
	u8 op = insn->opcode;

	if (insn->map == MAP_ONE)
		return modrm_one[op / 32] >> (op % 32) & 1;
	if (insn->map == MAP_0F)
		return modrm_0f[op / 32] >> (op % 32) & 1;
	return !(insn->map == MAP_VEX_0F && op == 0x77); /* VZEROUPPER */
}

int ud_parse(struct ud_insn *insn, const u8 *code, size_t len)
{
	size_t at, payload;

	memset(insn, 0, sizeof(*insn));
	at = take_prefixes(insn, code, len);
	if (at >= len)
		return -EINVAL;
	payload = payload_size(code + at, len - at);
	if (payload) {
		if (len - at <= payload)
			return -EINVAL;
		insn->vector = code[at];
		memcpy(insn->payload, code + at + 1, payload);
		take_payload(insn);
		at += 1 + payload;
	} else {
		at += take_escape(insn, code + at, len - at);
	}
	if (at >= len)
		return -EINVAL;
	insn->opcode = code[at++];
	insn->has_modrm = wants_modrm(insn);
	if (insn->has_modrm && at >= len)
		return -EINVAL;
	if (insn->has_modrm)
		insn->modrm = code[at++];
	insn->len = (u8)at;
	return 0;
}
