// SPDX-License-Identifier: MIT
/*
 * decode_bits.c - RFLAGS and DR6 as the names of their set bits. Pure.
 *
 * Spec: SDM 3A "System Flags and Fields in the EFLAGS Register"; SDM 3B
 *       "Debug Status Register (DR6)".
 */
#include <trap/decode.h>

#include <asm/processor-flags.h>
#include <lib/compiler.h>
#include <lib/format.h>

/* DR6 bits that read as 1, and mean something when they do not. */
#define DR6_NOT_RTM 0x00010000
#define DR6_NOT_BLD 0x00000800
/* Bits that are 1 in any DR6 the CPU wrote: tells it from a mere mask. */
#define DR6_ALWAYS1 0xfffe07f0

struct bit_name {
	u32 bit;
	char name[4];
};

/* "[" and the name of each bit that is set, most significant first. */
static int put_bits(char *buf, size_t size, u64 val,
		    const struct bit_name *bits, size_t count)
{
	const char *gap = "";
	size_t i;
	int n = scnprintf(buf, size, "[");

	for (i = 0; i < count; i++) {
		if (!(val & bits[i].bit))
			continue;
		n += scnprintf(buf + n, size - n, "%s%s", gap, bits[i].name);
		gap = " ";
	}
	return n;
}

int decode_flags(char *buf, size_t size, u64 flags)
{
	static const struct bit_name bits[] = {
		{ X86_EFLAGS_ID, "ID" },   { X86_EFLAGS_VIP, "VIP" },
		{ X86_EFLAGS_VIF, "VIF" }, { X86_EFLAGS_AC, "AC" },
		{ X86_EFLAGS_VM, "VM" },   { X86_EFLAGS_RF, "RF" },
		{ X86_EFLAGS_NT, "NT" },   { X86_EFLAGS_OF, "OF" },
		{ X86_EFLAGS_DF, "DF" },   { X86_EFLAGS_IF, "IF" },
		{ X86_EFLAGS_TF, "TF" },   { X86_EFLAGS_SF, "SF" },
		{ X86_EFLAGS_ZF, "ZF" },   { X86_EFLAGS_AF, "AF" },
		{ X86_EFLAGS_PF, "PF" },   { X86_EFLAGS_CF, "CF" },
	};
	int n = put_bits(buf, size, flags, bits, ARRAY_SIZE(bits));

	return n + scnprintf(buf + n, size - n, "%sIOPL=%u]", n > 1 ? " " : "",
			     (u32)FIELD_GET(X86_EFLAGS_IOPL, flags));
}

int decode_dr6(char *buf, size_t size, u64 dr6)
{
	static const struct bit_name bits[] = {
		{ DR6_NOT_RTM, "RTM" },	 { DR_BT, "BT" },
		{ DR_STEP, "BS" },	 { DR_BD, "BD" },
		{ DR6_NOT_BLD, "BLD" },	 { DR_TRAP0 << 3, "B3" },
		{ DR_TRAP0 << 2, "B2" }, { DR_TRAP0 << 1, "B1" },
		{ DR_TRAP0, "B0" },
	};
	u64 active = dr6 & ~(u64)(DR6_NOT_RTM | DR6_NOT_BLD);
	int n;

	if ((dr6 & DR6_ALWAYS1) == DR6_ALWAYS1)
		active |= ~dr6 & (DR6_NOT_RTM | DR6_NOT_BLD);
	n = put_bits(buf, size, active, bits, ARRAY_SIZE(bits));
	return n + scnprintf(buf + n, size - n, "]");
}
