// SPDX-License-Identifier: MIT
/*
 * Naming what raised #UD: opcodes meant to fault, opcodes of another mode,
 * prefixes, registers that do not exist.
 *
 * Spec: SDM 3A "Interrupt 6-Invalid Opcode Exception (#UD)"; SDM 2D "Opcode
 *       Map". Forced emulation: KVM's and Xen's own prefixes.
 */
#include "decode_ud.h"

#include <lib/string.h>

#define RULE_LOCK "SDM 2A LOCK-Assert LOCK# Signal Prefix"
#define RULE_CR	  "SDM 2B MOV-Move to/from Control Registers"
#define RULE_VEX  "SDM 2A VEX and the LOCK, 66H, F2H, F3H, REX Prefixes"

/* clang-format off */
TEST(decode_ud, ud0_ud1_ud2, RULE_UD)
{
	static const struct encoding want[] = {
		{ 2, { 0x0f, 0x0b }, "UD2" },
		{ 5, { 0x0f, 0x0b, 0x90, 0x90, 0x90 }, "UD2" },
		{ 2, { 0x0f, 0xb9 }, "UD1" },
		{ 3, { 0x0f, 0xb9, 0xc0 }, "UD1" },
		{ 2, { 0x0f, 0xff }, "UD0" },
		{ 3, { 0x0f, 0xff, 0xc0 }, "UD0" },
		{ 3, { 0x66, 0x0f, 0x0b }, "UD2" },
		{ 3, { 0xf0, 0x0f, 0x0b }, "UD2" },
		{ 3, { 0x48, 0x0f, 0x0b }, "UD2" },
		{ 4, { 0x67, 0x0f, 0xb9, 0x00 }, "UD1" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, forced_emulation_prefixes, "Linux arch/x86/include/asm/emulate_prefix.h")
{
	static const struct encoding want[] = {
		{ 5, { 0x0f, 0x0b, 'k', 'v', 'm' },
		  "UD2 + KVM forced-emulation prefix" },
		{ 6, { 0x0f, 0x0b, 'k', 'v', 'm', 0x90 },
		  "UD2 + KVM forced-emulation prefix" },
		{ 5, { 0x0f, 0x0b, 'x', 'e', 'n' },
		  "UD2 + Xen forced-emulation prefix" },
		{ 4, { 0x0f, 0x0b, 'k', 'v' }, "UD2" },
		{ 5, { 0x0f, 0x0b, 'k', 'v', 'M' }, "UD2" },
		{ 6, { 0x66, 0x0f, 0x0b, 'k', 'v', 'm' }, "UD2" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, opcodes_64_bit_mode_took_away, RULE_UD)
{
	static const struct encoding want[] = {
		{ 1, { 0x06 }, "PUSH ES: invalid in 64-bit mode" },
		{ 1, { 0x07 }, "POP ES: invalid in 64-bit mode" },
		{ 1, { 0x0e }, "PUSH CS: invalid in 64-bit mode" },
		{ 1, { 0x16 }, "PUSH SS: invalid in 64-bit mode" },
		{ 1, { 0x17 }, "POP SS: invalid in 64-bit mode" },
		{ 1, { 0x1e }, "PUSH DS: invalid in 64-bit mode" },
		{ 1, { 0x1f }, "POP DS: invalid in 64-bit mode" },
		{ 1, { 0x27 }, "DAA: invalid in 64-bit mode" },
		{ 1, { 0x2f }, "DAS: invalid in 64-bit mode" },
		{ 1, { 0x37 }, "AAA: invalid in 64-bit mode" },
		{ 1, { 0x3f }, "AAS: invalid in 64-bit mode" },
		{ 1, { 0x60 }, "PUSHA: invalid in 64-bit mode" },
		{ 1, { 0x61 }, "POPA: invalid in 64-bit mode" },
		{ 3, { 0x82, 0xc0, 0x01 },
		  "group 1 (82): invalid in 64-bit mode" },
		{ 7, { 0x9a, 0, 0, 0, 0, 8, 0 },
		  "CALL far: invalid in 64-bit mode" },
		{ 1, { 0xce }, "INTO: invalid in 64-bit mode" },
		{ 2, { 0xd4, 0x0a }, "AAM: invalid in 64-bit mode" },
		{ 2, { 0xd5, 0x0a }, "AAD: invalid in 64-bit mode" },
		{ 1, { 0xd6 }, "SALC: invalid in 64-bit mode" },
		{ 7, { 0xea, 0, 0, 0, 0, 8, 0 },
		  "JMP far: invalid in 64-bit mode" },
		{ 2, { 0x66, 0x06 }, "PUSH ES: invalid in 64-bit mode" },
		{ 2, { 0x48, 0xce }, "INTO: invalid in 64-bit mode" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, bound_became_evex, "SDM 2A EVEX Prefix")
{
	static const struct encoding want[] = {
		{ 6, { 0x62, 0x08, 0x7c, 0x48, 0x58, 0xc0 },
		  "BOUND: invalid in 64-bit mode, where 62 is EVEX" },
		{ 6, { 0x62, 0xf1, 0x00, 0x48, 0x58, 0xc0 },
		  "BOUND: invalid in 64-bit mode, where 62 is EVEX" },
		{ 6, { 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0 },
		  "AVX-512: extension absent" },
	};

	EXPECT_TEXTS(want, has_none);
}

TEST(decode_ud, vex_is_named_and_not_les_or_lds, RULE_VEX)
{
	static const struct encoding want[] = {
		{ 4, { 0xc5, 0xf8, 0x58, 0xc0 }, "AVX: extension absent" },
		{ 3, { 0xc5, 0xf8, 0x77 }, "AVX: extension absent" },
		{ 5, { 0xc4, 0xe1, 0x78, 0x58, 0xc0 },
		  "AVX: extension absent" },
		{ 5, { 0xc4, 0xe2, 0x70, 0xf2, 0xc0 },
		  "ANDN: extension absent" },
		{ 5, { 0xc4, 0xe2, 0x73, 0xf5, 0xc0 },
		  "BZHI/PEXT/PDEP: extension absent" },
		{ 6, { 0xc4, 0xe3, 0x7b, 0xf0, 0xc0, 0x01 },
		  "RORX: extension absent" },
		{ 5, { 0xc4, 0xe2, 0x71, 0x98, 0xc0 },
		  "FMA3: extension absent" },
		{ 5, { 0x8f, 0xe9, 0x78, 0x80, 0xc0 },
		  "XOP: extension absent" },
	};

	EXPECT_TEXTS(want, has_none);
}

TEST(decode_ud, vex_with_its_state_off, RULE_VEX)
{
	static const struct encoding want[] = {
		{ 4, { 0xc5, 0xf8, 0x58, 0xc0 },
		  "AVX: CR4.OSXSAVE is 0 or XCR0 lacks the state" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, prefixes_before_vex, RULE_VEX)
{
	static const struct encoding want[] = {
		{ 5, { 0x66, 0xc5, 0xf8, 0x58, 0xc0 },
		  "VEX behind LOCK, 66, F2, F3 or REX" },
		{ 5, { 0xf2, 0xc5, 0xf8, 0x58, 0xc0 },
		  "VEX behind LOCK, 66, F2, F3 or REX" },
		{ 5, { 0xf3, 0xc5, 0xf8, 0x58, 0xc0 },
		  "VEX behind LOCK, 66, F2, F3 or REX" },
		{ 5, { 0x40, 0xc5, 0xf8, 0x58, 0xc0 },
		  "VEX behind LOCK, 66, F2, F3 or REX" },
		{ 5, { 0xf0, 0xc5, 0xf8, 0x58, 0x00 },
		  "VEX behind LOCK, 66, F2, F3 or REX" },
		{ 7, { 0x66, 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0 },
		  "EVEX behind LOCK, 66, F2, F3 or REX" },
		/* A segment prefix and 67 are allowed. */
		{ 6, { 0x67, 0x64, 0xc5, 0xf8, 0x58, 0x00 },
		  "AVX: CR4.OSXSAVE is 0 or XCR0 lacks the state" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, lock_on_a_register, RULE_LOCK)
{
	static const struct encoding want[] = {
		{ 3, { 0xf0, 0x01, 0xc0 },
		  "LOCK on a register destination" },
		{ 4, { 0xf0, 0x48, 0x01, 0xc0 },
		  "LOCK on a register destination" },
		{ 3, { 0xf0, 0x03, 0x00 },
		  "LOCK on a register destination" },
		{ 3, { 0xf0, 0x87, 0xc0 },
		  "LOCK on a register destination" },
		{ 3, { 0xf0, 0xff, 0xc0 },
		  "LOCK on a register destination" },
		{ 3, { 0xf0, 0xf7, 0xd8 },
		  "LOCK on a register destination" },
		{ 4, { 0xf0, 0x83, 0xc0, 0x01 },
		  "LOCK on a register destination" },
		{ 4, { 0xf0, 0x0f, 0xb1, 0xc8 },
		  "LOCK on a register destination" },
		{ 5, { 0xf0, 0x0f, 0xba, 0xe8, 0x01 },
		  "LOCK on a register destination" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, lock_on_what_cannot_be_locked, RULE_LOCK)
{
	static const char text[] = "LOCK on an instruction that cannot be "
				   "locked";
	static const struct {
		u8 len, code[6];
	} insn[] = {
		{ 2, { 0xf0, 0x90 } },			/* NOP */
		{ 3, { 0xf0, 0x89, 0x00 } },		/* MOV */
		{ 3, { 0xf0, 0x39, 0x00 } },		/* CMP */
		{ 4, { 0xf0, 0x83, 0x38, 0x01 } },	/* CMP, group 1 */
		{ 3, { 0xf0, 0x85, 0x00 } },		/* TEST */
		{ 3, { 0xf0, 0xff, 0x30 } },		/* PUSH, group 5 */
		{ 3, { 0xf0, 0xf7, 0x20 } },		/* MUL, group 3 */
		{ 4, { 0xf0, 0x0f, 0xa3, 0x00 } },	/* BT */
		{ 5, { 0xf0, 0x0f, 0xba, 0x20, 0x01 } }, /* BT, group 8 */
		{ 2, { 0xf0, 0xfa } },			/* CLI */
		{ 3, { 0xf0, 0x0f, 0xa2 } },		/* CPUID */
	};
	char got[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(insn); i++) {
		decode_ud(got, sizeof(got), insn[i].code, insn[i].len,
			  has_all);
		EXPECT_STREQ(got, text);
	}
}

TEST(decode_ud, lock_where_it_is_legal_is_no_reason, RULE_LOCK)
{
	static const struct encoding want[] = {
		{ 3, { 0xf0, 0x01, 0x00 },
		  "opcode 01: defined, no reason known" },
		{ 3, { 0xf0, 0xfe, 0x08 },
		  "DEC: present; wrong operands or mode, or disabled" },
		{ 5, { 0xf0, 0x48, 0x0f, 0xc7, 0x08 },
		  "CMPXCHG8B/16B: present; wrong operands or mode, or "
		  "disabled" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, lock_mov_cr0_is_amds_cr8, "APM 3 MOV CRn")
{
	static const struct encoding want[] = {
		{ 4, { 0xf0, 0x0f, 0x20, 0xc0 },
		  "LOCK MOV CR0, AMD's MOV CR8: extension absent" },
		{ 4, { 0xf0, 0x0f, 0x22, 0xc0 },
		  "LOCK MOV CR0, AMD's MOV CR8: extension absent" },
		{ 4, { 0xf0, 0x0f, 0x22, 0xd8 },
		  "LOCK on an instruction that cannot be locked" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, control_registers_that_do_not_exist, RULE_CR)
{
	static const struct encoding want[] = {
		{ 3, { 0x0f, 0x22, 0xc8 }, "MOV to CR1: no such register" },
		{ 3, { 0x0f, 0x20, 0xc8 }, "MOV from CR1: no such register" },
		{ 3, { 0x0f, 0x22, 0xe8 }, "MOV to CR5: no such register" },
		{ 3, { 0x0f, 0x22, 0xf0 }, "MOV to CR6: no such register" },
		{ 3, { 0x0f, 0x22, 0xf8 }, "MOV to CR7: no such register" },
		{ 4, { 0x44, 0x0f, 0x22, 0xc8 },
		  "MOV to CR9: no such register" },
		{ 4, { 0x44, 0x0f, 0x20, 0xf8 },
		  "MOV from CR15: no such register" },
		/* ModRM.mod is ignored. */
		{ 3, { 0x0f, 0x22, 0x08 }, "MOV to CR1: no such register" },
		{ 3, { 0x0f, 0x22, 0xd8 },
		  "opcode 0f 22: defined, no reason known" },
		{ 4, { 0x44, 0x0f, 0x22, 0xc0 },
		  "opcode 0f 22: defined, no reason known" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, debug_registers_4_and_5, "SDM 3B Debug Registers DR4 and DR5")
{
	static const struct encoding want[] = {
		{ 3, { 0x0f, 0x21, 0xe0 },
		  "MOV from DR4: reserved while CR4.DE is 1" },
		{ 3, { 0x0f, 0x23, 0xe8 },
		  "MOV to DR5: reserved while CR4.DE is 1" },
		{ 4, { 0x44, 0x0f, 0x23, 0xc0 },
		  "MOV to DR8: no such register" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, segment_registers, "SDM 2B MOV-Move")
{
	static const struct encoding want[] = {
		{ 2, { 0x8e, 0xc8 }, "MOV to CS" },
		{ 2, { 0x8e, 0xf0 },
		  "MOV to segment register 6: no such register" },
		{ 2, { 0x8c, 0xf8 },
		  "MOV from segment register 7: no such register" },
		{ 2, { 0x8c, 0xc8 }, "opcode 8c: defined, no reason known" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, code_that_cannot_be_read_on, RULE_UD)
{
	static const struct encoding want[] = {
		{ 0, { 0 }, "unknown opcode: only 0 code bytes readable" },
		{ 1, { 0x0f }, "unknown opcode: only 1 code bytes readable" },
		{ 1, { 0x66 }, "unknown opcode: only 1 code bytes readable" },
		{ 2, { 0x0f, 0x38 },
		  "unknown opcode: only 2 code bytes readable" },
		{ 2, { 0x0f, 0xc7 },
		  "unknown opcode: only 2 code bytes readable" },
		{ 1, { 0xc5 }, "unknown opcode: only 1 code bytes readable" },
		{ 3, { 0x62, 0xf1, 0x7c },
		  "unknown opcode: only 3 code bytes readable" },
	};

	EXPECT_TEXTS(want, has_all);
}

/* A REX counts only where the opcode follows it; any prefix may repeat. */
TEST(decode_ud, prefixes_in_any_number_and_order, "SDM 2A REX Prefixes")
{
	static const struct encoding want[] = {
		{ 5, { 0x44, 0x66, 0x0f, 0x22, 0xc8 },
		  "MOV to CR1: no such register" },
		{ 5, { 0x41, 0x44, 0x0f, 0x22, 0xc8 },
		  "MOV to CR9: no such register" },
		{ 5, { 0xf3, 0x66, 0x0f, 0xc7, 0xf8 },
		  "RDPID: extension absent" },
		{ 5, { 0x66, 0xf3, 0x0f, 0xc7, 0xf8 },
		  "RDPID: extension absent" },
		{ 6, { 0x2e, 0x65, 0xf3, 0x0f, 0xc7, 0xf8 },
		  "RDPID: extension absent" },
		{ 9, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66 },
		  "unknown opcode: only 9 code bytes readable" },
	};

	EXPECT_TEXTS(want, has_none);
}
/* clang-format on */

/*
 * Every one on the host and with `stress`; else this machine's run, which is to
 * be short, takes each second byte behind some first ones.
 */
static u32 second_step(void)
{
#if __STDC_HOSTED__
	return 1;
#else
	return ktest_stress() ? 1 : 16;
#endif
}

/* Whatever the bytes, a text comes out, whole, and the code is not overrun. */
TEST(decode_ud, every_two_byte_start_gives_a_text, RULE_UD)
{
	u8 code[15];
	char got[128], cut[8];
	u32 first, second, step = second_step();
	bool ok = true;

	memset(code, 0xc0, sizeof(code));
	for (first = 0; first < 256; first++) {
		for (second = first % step; second < 256; second += step) {
			code[0] = (u8)first;
			code[1] = (u8)second;
			ok &= decode_ud(got, sizeof(got), code, sizeof(code),
					has_none) > 0;
			ok &= got[0] != '\0' && strlen(got) < 80;
			ok &= decode_ud(cut, sizeof(cut), code, 2, has_all) <
			      (int)sizeof(cut);
		}
	}
	EXPECT_TRUE(ok);
}
