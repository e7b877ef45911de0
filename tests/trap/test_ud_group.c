// SPDX-License-Identifier: MIT
/* test_ud_group.c - see ud_group.h. */
#include "ud_group.h"

#include <asm/special_insns.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <trap/ud.h>

u64 ud_operand[16] __aligned(64);

/* The bytes, as many as the instruction has; all, if it is too long. */
static void describe(char *text, size_t size, const char *slot,
		     const char *name)
{
	const u8 *code = (const u8 *)slot;
	int len = scnprintf(text, size, "%s", name);
	struct ud_insn insn;

	if (ud_parse(&insn, code, UD_MAX_LEN, ISA_INTEL64))
		insn.len = UD_MAX_LEN;
	for (u32 i = 0; i < insn.len; i++)
		len += scnprintf(text + len, size - (size_t)len, " %02x",
				 code[i]);
}

void ud_judge_slot(const struct ud_group *group, const char *slot,
		   const char *name, u32 nr, void *arg)
{
	char text[64];
	const struct place at = { group->file, group->line, text };

	describe(text, sizeof(text), slot, name);
	judge(&at, (void (*)(void *))slot, arg,
	      WANT(nr, 0, slot, .fault = true));
}

void ud_judge_valid(const struct ud_group *group, const char *slot,
		    const char *name)
{
	struct trap got = catch_trap((void (*)(void *))slot, ud_operand);
	char text[64];

	describe(text, sizeof(text), slot, name);
	ktest_check(group->file, group->line, text, OP_NE, "#UD", got.nr,
		    X86_TRAP_UD);
}

void ud_judge_arg(const struct ud_group *group, u32 nr, void *arg)
{
	for (const char *slot = group->first; slot < group->end;
	     slot += UD_SLOT)
		ud_judge_slot(group, slot, "bytes", nr, arg);
}

void ud_judge(const struct ud_group *group, u32 nr)
{
	memset(ud_operand, 0, sizeof(ud_operand));
	ud_judge_arg(group, nr, ud_operand);
}

void ud_judge_cr4(const struct ud_group *group, u64 clear, u32 nr)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~clear);
	ud_judge(group, nr);
	write_cr4(cr4);
}

void ud_judge_cr0(const struct ud_group *group, u64 set, u32 nr)
{
	u64 cr0 = read_cr0();

	write_cr0(cr0 | set);
	ud_judge(group, nr);
	write_cr0(cr0);
}
