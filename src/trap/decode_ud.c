// SPDX-License-Identifier: MIT
/*
 * decode_ud.c - name the instruction that raised #UD, and the reason. Pure.
 *
 * The checks stand in the order in which a CPU decodes: an opcode that is
 * meant to fault, one that 64-bit mode took away, a broken VEX, LOCK where it
 * may not be, a register that does not exist; then what ud_table.c knows.
 *
 * Spec: SDM 3A "Interrupt 6-Invalid Opcode Exception (#UD)"; SDM 2A
 *       "LOCK-Assert LOCK# Signal Prefix", "MOV-Move to/from Control
 *       Registers". Forced emulation: KVM's and Xen's own prefixes.
 */
#include <trap/decode.h>

#include <lib/format.h>
#include <lib/string.h>
#include <trap/ud.h>

struct ud_text {
	char *buf;
	size_t size;
	int len;
};

static void __printf(2, 3) say(struct ud_text *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text->len = vscnprintf(text->buf, text->size, fmt, args);
	va_end(args);
}

/* The hypervisors compare exactly these five bytes at RIP. */
static const char *forced_emulation(const u8 *code, size_t len)
{
	if (len < 5 || code[0] != 0x0f || code[1] != 0x0b)
		return "";
	if (!memcmp(code + 2, "kvm", 3))
		return " + KVM forced-emulation prefix";
	if (!memcmp(code + 2, "xen", 3))
		return " + Xen forced-emulation prefix";
	return "";
}

/* No prefix makes these anything else. UD0 and UD1 need no ModRM to tell. */
static bool say_ud012(struct ud_text *text, const struct ud_insn *insn,
		      const u8 *code, size_t len)
{
	if (insn->map != MAP_0F)
		return false;
	if (insn->opcode == 0x0b)
		say(text, "UD2%s", forced_emulation(code, len));
	else if (insn->opcode == 0xb9)
		say(text, "UD1");
	else if (insn->opcode == 0xff)
		say(text, "UD0");
	else
		return false;
	return true;
}

/* EVEX fixes P0[3] = 0 and P1[2] = 1 where BOUND has its ModRM. */
static bool evex_malformed(const struct ud_insn *insn)
{
	return insn->vector == 0x62 &&
	       ((insn->payload[0] & 0x08) || !(insn->payload[1] & 0x04));
}

static bool say_mode(struct ud_text *text, const struct ud_insn *insn)
{
	const char *name = NULL;

	if (ud_form(insn) == '!')
		name = ud_invalid_in_64bit(insn->opcode);
	if (name)
		say(text, "%s: invalid in 64-bit mode", name);
	else if (evex_malformed(insn))
		say(text, "BOUND: invalid in 64-bit mode, where 62 is EVEX");
	else if (insn->stray)
		say(text, "%s behind LOCK, 66, F2, F3 or REX",
		    insn->vector == 0x62   ? "EVEX"
		    : insn->vector == 0x8f ? "XOP"
					   : "VEX");
	else
		return false;
	return true;
}

static const char *lock_error(const struct ud_insn *insn)
{
	bool cr0 = insn->map == MAP_0F && (insn->opcode & 0xfd) == 0x20 &&
		   modrm_reg(insn->modrm) == 0;

	if (!insn->lock)
		return NULL;
	if (cr0)
		return "LOCK MOV CR0, AMD's MOV CR8: extension absent";
	switch (ud_lock(insn)) {
	case UD_LOCK_OK:
		return NULL;
	case UD_LOCK_REGISTER:
		return "LOCK on a register destination";
	case UD_LOCK_NEVER:
		break;
	}
	return "LOCK on an instruction that cannot be locked";
}

/* MOV CR and DR have no memory form: ModRM.mod is ignored. */
static bool say_special(struct ud_text *text, const struct ud_insn *insn)
{
	u32 reg = modrm_reg(insn->modrm) | (insn->rex & 4 ? 8 : 0);
	const char *to = insn->opcode & 2 ? "to" : "from";

	if (insn->map != MAP_0F || (insn->opcode & 0xfc) != 0x20)
		return false;
	if (!(insn->opcode & 1) && !(BIT(reg) & 0x11d)) /* 0, 2, 3, 4, 8 */
		say(text, "MOV %s CR%u: no such register", to, reg);
	else if (insn->opcode & 1 && reg > 7)
		say(text, "MOV %s DR%u: no such register", to, reg);
	else if (insn->opcode & 1 && (reg == 4 || reg == 5))
		say(text, "MOV %s DR%u: reserved while CR4.DE is 1", to, reg);
	else
		return false;
	return true;
}

/* Loading CS is for far transfers; 6 and 7 are no segments. No REX.R here. */
static bool say_segment(struct ud_text *text, const struct ud_insn *insn)
{
	u32 reg = modrm_reg(insn->modrm);
	bool to = insn->opcode & 2;

	if (insn->map != MAP_ONE || (insn->opcode & 0xfd) != 0x8c)
		return false;
	if (to && reg == 1)
		say(text, "MOV to CS");
	else if (reg > 5)
		say(text, "MOV %s segment register %u: no such register",
		    to ? "to" : "from", reg);
	else
		return false;
	return true;
}

/* What is wrong with an instruction that exists. */
static const char cause_text[NR_CAUSES][48] = {
	[CAUSE_FORM] = "present; wrong operands or mode, or disabled",
	[CAUSE_REGISTER] = "no register form",
	[CAUSE_MEMORY] = "no memory form",
	[CAUSE_UNDEFINED] = "undefined encoding",
	[CAUSE_SCE] = "EFER.SCE is 0",
	[CAUSE_SMM] = "outside system-management mode",
	[CAUSE_SSE] = "CR0.EM is 1 or CR4.OSFXSR is 0",
	[CAUSE_AVX] = "CR4.OSXSAVE is 0 or XCR0 lacks the state",
	[CAUSE_XSAVE] = "CR4.OSXSAVE is 0",
	[CAUSE_VMX] = "not in VMX operation (CR4.VMXE, VMXON)",
	[CAUSE_SVM] = "EFER.SVME is 0",
	[CAUSE_SMX] = "CR4.SMXE is 0",
	[CAUSE_CET] = "CR4.CET is 0 or shadow stacks are off",
	[CAUSE_PKE] = "CR4.PKE is 0",
	[CAUSE_FSGS] = "CR4.FSGSBASE is 0",
	[CAUSE_MWAIT] = "off in IA32_MISC_ENABLE, or CPL above 0",
	[CAUSE_AMD] = "AMD has none in long mode",
};

static void say_row(struct ud_text *text, const struct ud_row *row,
		    bool (*has)(u32 feature))
{
	if (row->feature == UD_UNREAD)
		say(text, "%s: extension absent or disabled", row->name);
	else if (row->feature != UD_ALWAYS && !has(row->feature))
		say(text, "%s: extension absent", row->name);
	else
		say(text, "%s: %s", row->name, cause_text[row->cause]);
}

/* A hole, or what every CPU has: then the reason lies elsewhere. */
static void say_opcode(struct ud_text *text, const struct ud_insn *insn)
{
	static const char map[][10] = {
		"",	     "0f ",	  "0f 38 ",   "0f 3a ",	   "VEX 0f ",
		"VEX 0f38 ", "VEX 0f3a ", "VEX map ", "EVEX 0f ",  "EVEX 38 ",
		"EVEX 3a ",  "EVEX 5 ",	  "EVEX 6 ",  "EVEX map ", "XOP 8 ",
		"XOP 9 ",    "XOP a ",	  "XOP map ",
	};
	u32 prefixes = ud_defined(insn);

	static_assert(ARRAY_SIZE(map) == MAP_XOP_OTHER + 1, "one a map");
	if (prefixes >> insn->pp & 1)
		say(text, "opcode %s%02x: defined, no reason known",
		    map[insn->map], insn->opcode);
	else
		say(text, "unknown opcode %s%02x%s", map[insn->map],
		    insn->opcode, prefixes ? " with this prefix" : "");
}

int decode_ud(char *buf, size_t size, const u8 *code, size_t len,
	      bool (*has)(u32 feature))
{
	struct ud_text text = { .buf = buf, .size = size };
	const struct ud_row *row;
	struct ud_insn insn;

	ud_parse(&insn, code, len, ISA_INTEL64);
	if (say_ud012(&text, &insn, code, len))
		return text.len;
	if (insn.named && say_mode(&text, &insn))
		return text.len;
	row = insn.named ? ud_lookup(&insn) : NULL;
	if (!insn.named)
		say(&text, "unknown opcode: only %zu code bytes readable", len);
	else if (lock_error(&insn))
		say(&text, "%s", lock_error(&insn));
	else if (say_special(&text, &insn) || say_segment(&text, &insn))
		;
	else if (row && (ud_defined(&insn) >> insn.pp & 1))
		say_row(&text, row, has);
	else
		say_opcode(&text, &insn);
	return text.len;
}
