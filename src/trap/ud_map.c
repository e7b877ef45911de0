// SPDX-License-Identifier: MIT
/*
 * ud_map.c - the opcode maps of 64-bit mode, drawn as the manuals draw them:
 * one character an opcode, sixteen a line. Pure.
 *
 * Two kinds of picture. What follows an opcode, as far as length asks; maps
 * that are alike throughout need none:
 *
 *	.  nothing		M  ModRM		C  ModRM, mod ignored
 *	b  imm8			B  ModRM, imm8		w  imm16
 *	z  imm of operand size, 32 bits at most		Z  ModRM, the same
 *	v  imm of operand size				o  address-size offset
 *	e  imm16, imm8		j  near branch		Q  ModRM, EXTRQ's two
 *	G  ModRM, imm8 for /0 /1			H  the same with z
 *	!  gone in 64-bit mode	P R E V X  prefix, REX, EVEX, VEX, escape
 *
 * And which mandatory prefixes an opcode is defined with, a hexadecimal mask:
 * 1 none, 2 66, 4 F3, 8 F2; f also where prefixes do not matter. What ModRM
 * further forbids is in ud_table.c.
 *
 * Spec: SDM 2D "Opcode Map"; APM 3 "Opcode and Operand Encodings", "VEX and
 *       XOP Opcode Maps". EVEX as of AVX-512 with FP16, without AVX10.2, APX.
 */
#include <trap/ud.h>

#include <lib/string.h>

/* clang-format off */
#define PICTURE(name, ...)						\
	static const char name[] = __VA_ARGS__;				\
	static_assert(sizeof(name) == 256 + 1, "an opcode, a character")

PICTURE(one_form,
	  "MMMMbz!!MMMMbz!X"
	  "MMMMbz!!MMMMbz!!"
	  "MMMMbzP!MMMMbzP!"
	  "MMMMbzP!MMMMbzP!"
	  "RRRRRRRRRRRRRRRR"
	  "................"
	  "!!EMPPPPzZbB...."
	  "bbbbbbbbbbbbbbbb"
	  "BZ!BMMMMMMMMMMMM"
	  "..........!....."
	  "oooo....bz......"
	  "bbbbbbbbvvvvvvvv"
	  "BBw.VVBZe.w..b!."
	  "MMMM!!!.MMMMMMMM"
	  "bbbbbbbbjj!b...."
	  "P.PP..GH......MM");
PICTURE(x0f_form,
	  "MMMM.........M.B"
	  "MMMMMMMMMMMMMMMM"
	  "CCCC....MMMMMMMM"
	  "........X.X....."
	  "MMMMMMMMMMMMMMMM"
	  "MMMMMMMMMMMMMMMM"
	  "MMMMMMMMMMMMMMMM"
	  "BBBBMMM.QMMMMMMM"
	  "jjjjjjjjjjjjjjjj"
	  "MMMMMMMMMMMMMMMM"
	  "...MBMMM...MBMMM"
	  "MMMMMMMMMMBMMMMM"
	  "MMBMBBBM........"
	  "MMMMMMMMMMMMMMMM"
	  "MMMMMMMMMMMMMMMM"
	  "MMMMMMMMMMMMMMMM");
PICTURE(x0f,
	  "ffff0fffff0f0fff"
	  "fff33373ffffffff"
	  "ffff000033ffff33"
	  "ffffff0f00000000"
	  "ffffffffffffffff"
	  "3f553333fff7ffff"
	  "3333333333332237"
	  "f3333331bb00aa77"
	  "ffffffffffffffff"
	  "ffffffffffffffff"
	  "ffffff00ffffffff"
	  "ffffffff4fffffff"
	  "fff1333fffffffff"
	  "a33333e333333333"
	  "333333e333333333"
	  "833333333333333f");
PICTURE(x0f38,
	  "3333333333330000"
	  "2000220200003330"
	  "2222220022220000"
	  "2222220222222222"
	  "2200000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "2220000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000011111102"
	  "0000000040026666"
	  "0000000000000000"
	  "bb000270e144f000");
PICTURE(x0f3a,
	  "0000000022222223"
	  "0000222200000000"
	  "2220000000000000"
	  "0000000000000000"
	  "2220200000000000"
	  "0000000000000000"
	  "2222000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000001022"
	  "0000000000000002"
	  "0000000000000000"
	  "4000000000000000");
PICTURE(vex_0f,
	  "0000000000000000"
	  "fff3337300000000"
	  "0000000033c3cc33"
	  "0000000000000000"
	  "0330333300330000"
	  "3f553333fff7ffff"
	  "2222222222222226"
	  "e22222210000aa66"
	  "0000000000000000"
	  "33bb000033000000"
	  "0000000000000010"
	  "0000000000000000"
	  "00f0223000000000"
	  "a222222222222222"
	  "222222e222222222"
	  "8222222222222220");
PICTURE(vex_0f38,
	  "2222222222222222"
	  "0002002222202220"
	  "2222220022222222"
	  "2222222222222222"
	  "220002220b0e0000"
	  "ff2200002220c0f0"
	  "0000000000000000"
	  "0040000022000000"
	  "0000000000002020"
	  "2222002222222222"
	  "0000002222222222"
	  "f600222222222222"
	  "0000000000000002"
	  "0000000000022222"
	  "2222222222222222"
	  "00110d8f00000000");
PICTURE(vex_0f3a,
	  "2220222022222222"
	  "0000222222000200"
	  "2220000000000000"
	  "2222000022000000"
	  "2220202022222000"
	  "0000000000002222"
	  "2222000022222222"
	  "0000000022222222"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000022"
	  "0000000000000002"
	  "0000000000000000"
	  "8000000000000000");
PICTURE(evex_0f,
	  "0000000000000000"
	  "fff3337300000000"
	  "0000000033c3cc33"
	  "0000000000000000"
	  "0000000000000000"
	  "0f003333fff7ffff"
	  "222222222222222e"
	  "e2222220ffee006e"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "00f0223000000000"
	  "0222222022222222"
	  "222222e222222222"
	  "0222222022222220");
PICTURE(evex_0f38,
	  "2000200000022200"
	  "6666662022222222"
	  "6666666666622200"
	  "6666662266622222"
	  "2022222200002222"
	  "22ea220022220000"
	  "0022222080000000"
	  "22e2022222222222"
	  "0002000022220202"
	  "2222002222aa2222"
	  "2222002222aa2222"
	  "0000222222222222"
	  "0000202220222202"
	  "0000000000002222"
	  "0000000000000000"
	  "0000000000000000");
PICTURE(evex_0f3a,
	  "2202220032320002"
	  "0000222222220222"
	  "2222023300000000"
	  "0000000022220022"
	  "0022200000000000"
	  "2200223300000000"
	  "0000003300000000"
	  "2222000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0050000000000022"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000");
PICTURE(evex_5,
	  "0000000000000000"
	  "4400000000000300"
	  "0000000000404411"
	  "0000000000000000"
	  "0000000000000000"
	  "0500000055f75555"
	  "0000000000000020"
	  "0000000077a63f20"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000");
PICTURE(evex_6,
	  "0000000000000000"
	  "0003000000000000"
	  "0000000000002200"
	  "0000000000000000"
	  "0022000000002222"
	  "000000cc00000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000002222222222"
	  "0000002222222222"
	  "0000002222222222"
	  "0000000000000000"
	  "000000cc00000000"
	  "0000000000000000"
	  "0000000000000000");
PICTURE(xop_8,
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000011100000011"
	  "0000011100000011"
	  "0011001000000000"
	  "0000001000000000"
	  "1111000000001111"
	  "0000000000000000"
	  "0000000000001111"
	  "0000000000000000");
PICTURE(xop_9,
	  "0110000000000000"
	  "0010000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "1111000000000000"
	  "1111111111110000"
	  "0000000000000000"
	  "0000000000000000"
	  "0111001100010000"
	  "0111001100010000"
	  "0111000000000000"
	  "0000000000000000");
/* 3DNow!'s opcode is the byte behind its operands; no prefix matters. */
PICTURE(now3d,
	  "000000000000ff00"
	  "000000000000ff00"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000f000f0"
	  "f000f0ff00f000f0"
	  "f000f0ff00f000f0"
	  "f000f0ff000f000f"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000"
	  "0000000000000000");
/* clang-format on */

static const char *defined_in(const struct ud_insn *insn)
{
	switch (insn->map) {
	case MAP_0F:
		return x0f;
	case MAP_0F38:
		return x0f38;
	case MAP_0F3A:
		return x0f3a;
	case MAP_VEX_0F:
		return vex_0f;
	case MAP_VEX_0F38:
		return vex_0f38;
	case MAP_VEX_0F3A:
		return vex_0f3a;
	case MAP_EVEX_0F:
		return evex_0f;
	case MAP_EVEX_0F38:
		return evex_0f38;
	case MAP_EVEX_0F3A:
		return evex_0f3a;
	case MAP_EVEX_5:
		return evex_5;
	case MAP_EVEX_6:
		return evex_6;
	case MAP_XOP_8:
		return xop_8;
	case MAP_XOP_9:
		return xop_9;
	default:
		return NULL;
	}
}

static u32 hex_digit(char c)
{
	return (u32)(c <= '9' ? c - '0' : c - 'a' + 10);
}

char ud_form(const struct ud_insn *insn)
{
	u8 op = insn->opcode;

	switch (insn->map) {
	case MAP_ONE:
		return one_form[op];
	case MAP_0F:
		return x0f_form[op];
	case MAP_0F3A:
	case MAP_VEX_0F3A:
	case MAP_EVEX_0F3A:
	case MAP_XOP_8:
		return 'B';
	case MAP_XOP_A:
		return 'D';
	case MAP_VEX_0F:
		if (op == 0x77) /* VZEROUPPER, VZEROALL */
			return '.';
		/* fall through */
	case MAP_EVEX_0F:
		/* VMREAD's and Jcc's neighbours have no imm here. */
		return x0f_form[op] == 'B' ? 'B' : 'M';
	default:
		return 'M';
	}
}

/* XOP.A is two opcodes: BEXTR, and the group of LWPINS and LWPVAL. */
u32 ud_defined(const struct ud_insn *insn)
{
	const char *map = defined_in(insn);

	if (insn->map == MAP_ONE)
		return one_form[insn->opcode] == '!' ? 0 : 0xf;
	if (insn->map == MAP_XOP_A)
		return insn->opcode == 0x10 || insn->opcode == 0x12;
	if (insn->map == MAP_0F && insn->opcode == 0x0f)
		return hex_digit(now3d[insn->imm8]);
	return map ? hex_digit(map[insn->opcode]) : 0;
}
