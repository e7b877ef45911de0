// SPDX-License-Identifier: MIT
/*
 * ud_lock.c - which instructions the LOCK prefix may stand before. Pure.
 *
 * Spec: SDM 2A "LOCK-Assert LOCK# Signal Prefix".
 */
#include <trap/ud.h>

/* clang-format off */
/* Which: map, opcodes, and ModRM.reg as a mask, where that says more. */
static const struct {
	u8 map, first, last, regs;
} lockable[] = {
	{ MAP_ONE, 0x00, 0x01, 0xff }, /* ADD */
	{ MAP_ONE, 0x08, 0x09, 0xff }, /* OR */
	{ MAP_ONE, 0x10, 0x11, 0xff }, /* ADC */
	{ MAP_ONE, 0x18, 0x19, 0xff }, /* SBB */
	{ MAP_ONE, 0x20, 0x21, 0xff }, /* AND */
	{ MAP_ONE, 0x28, 0x29, 0xff }, /* SUB */
	{ MAP_ONE, 0x30, 0x31, 0xff }, /* XOR */
	{ MAP_ONE, 0x80, 0x83, 0x7f }, /* ADD..XOR, but CMP */
	{ MAP_ONE, 0x86, 0x87, 0xff }, /* XCHG */
	{ MAP_ONE, 0xf6, 0xf7, 0x04 }, /* NOT */
	{ MAP_ONE, 0xf6, 0xf7, 0x08 }, /* NEG */
	{ MAP_ONE, 0xfe, 0xff, 0x01 }, /* INC */
	{ MAP_ONE, 0xfe, 0xff, 0x02 }, /* DEC */
	{ MAP_0F, 0xab, 0xab, 0xff }, /* BTS */
	{ MAP_0F, 0xb3, 0xb3, 0xff }, /* BTR */
	{ MAP_0F, 0xbb, 0xbb, 0xff }, /* BTC */
	{ MAP_0F, 0xba, 0xba, 0xe0 }, /* BTS/BTR/BTC */
	{ MAP_0F, 0xb0, 0xb1, 0xff }, /* CMPXCHG */
	{ MAP_0F, 0xc0, 0xc1, 0xff }, /* XADD */
	{ MAP_0F, 0xc7, 0xc7, 0x02 }, /* CMPXCHG8B */
};
/* clang-format on */

/* ADD r, r/m and its like: the destination is a register, mod or not. */
static bool writes_register(const struct ud_insn *insn)
{
	return insn->map == MAP_ONE && insn->opcode < 0x38 &&
	       (insn->opcode & 6) == 2;
}

enum ud_lock ud_lock(const struct ud_insn *insn)
{
	u8 op = insn->opcode;
	size_t i;

	if (writes_register(insn))
		return UD_LOCK_REGISTER;
	for (i = 0; i < ARRAY_SIZE(lockable); i++) {
		if (lockable[i].map != insn->map || op < lockable[i].first ||
		    op > lockable[i].last)
			continue;
		if (!(lockable[i].regs >> modrm_reg(insn->modrm) & 1))
			continue;
		/* With a register, 0F C7 is no CMPXCHG8B but RDRAND's group. */
		if (modrm_mod(insn->modrm) != 3)
			return UD_LOCK_OK;
		return UD_LOCK_REGISTER;
	}
	return UD_LOCK_NEVER;
}
