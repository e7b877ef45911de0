// SPDX-License-Identifier: MIT
/*
 * corpus_compare.c - the #UD decoder's length and verdict against objdump's.
 *
 * Of VEX, EVEX and XOP the verdict is compared opcode by opcode, not encoding
 * by encoding: W, L, vvvv and masks are not judged. Nor is LOCK, by objdump.
 * What further differs is in quirk[], with the reason.
 */
#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the disassembler says of one slot. */
struct opinion {
	u32 len;
	bool valid;
	char text[64];
};

static bool is_prefix_name(const char *word, size_t len)
{
	static const char names[][8] = { "data16", "addr32", "repz", "repnz",
					 "lock",   "cs",     "ds",   "es",
					 "ss",	   "fs",     "gs",   "rex" };
	size_t i;

	if (len > 3 && !memcmp(word, "rex.", 4))
		return true;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && !memcmp(word, names[i], len))
			return true;
	return false;
}

/* A prefix that it cannot attach stands on a line of its own. */
static bool only_prefixes(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " \n");

		if (len && !is_prefix_name(text, len))
			return false;
		text += len;
		text += strspn(text, " \n");
	}
	return true;
}

/* "  a0:\t0f 0b                \tud2" */
static bool parse_line(char *line, u64 *addr, u32 *len, const char **text)
{
	char *bytes, *end;

	*addr = strtoull(line, &end, 16);
	if (end == line || *end != ':' || end[1] != '\t')
		return false;
	bytes = end + 2;
	end = strchr(bytes, '\t');
	*text = end ? end + 1 : "";
	for (*len = 0; *bytes && bytes != end; (*len)++) {
		strtoul(bytes, &bytes, 16);
		bytes += strspn(bytes, " \n");
	}
	return true;
}

/* The line of a slot's first byte, and what continues it. */
static bool next_opinion(u64 at, struct opinion *says)
{
	static char line[512];
	const char *text;
	u64 addr;
	u32 len;

	memset(says, 0, sizeof(*says));
	while (fgets(line, sizeof(line), stdin)) {
		if (!parse_line(line, &addr, &len, &text) ||
		    addr != at + says->len)
			continue;
		says->len += len;
		if (only_prefixes(text))
			continue;
		says->valid = !strstr(text, "(bad)");
		snprintf(says->text, sizeof(says->text), "%.*s",
			 (int)strcspn(text, "\n"), text);
		return true;
	}
	return false;
}

/* Per map, mandatory prefix and opcode: did either call any encoding valid? */
static struct {
	bool seen, ours, theirs;
	struct ud_insn insn;
	u8 code[UD_MAX_LEN];
	char text[64];
} vector_op[MAP_XOP_OTHER + 1][NR_PP][256];

/*
 * Where the two differ and the manuals are with us, or leave it open: ours is
 * what we say of map, opcode and, where it matters, prefix and ModRM.reg.
 */
static const struct {
	u8 map, first, last;
	bool ours;
	u8 pps, regs;
} quirk[] = {
	/* 66 and F2 before WBINVD and BSF, BSR: not forbidden, so ignored. */
	{ MAP_0F, 0x09, 0x09, true, 0xa, 0xff },
	{ MAP_0F, 0xbc, 0xbd, true, 0x8, 0xff },
	/* 66 before CLAC: refused since binutils know ERETS there; STAC's not.
	 */
	{ MAP_0F, 0x01, 0x01, true, 0x2, 0x02 },
	/* TILEZERO has rm 0: later binutils look at it, no encoding here has.
	 */
	{ MAP_VEX_0F38, 0x49, 0x49, true, 0x8, 0xff },
	/* AMD has none in long mode; which CPU it is, the decoder is not told.
	 */
	{ MAP_0F, 0x34, 0x35, true, 0xf, 0xff },
	/* PREFETCHW of a register: a reserved NOP. */
	{ MAP_0F, 0x0d, 0x0d, true, 0xf, 0xff },
	/* MPX is NOPs while off: its forms that do not exist are, too. */
	{ MAP_0F, 0x1a, 0x1b, true, 0xf, 0xff },
	/* APM 3: EXTRQ xmm, imm, imm is /0. */
	{ MAP_0F, 0x78, 0x78, false, 0x2, 0xfe },
	/* SDM 2: MFENCE and SFENCE ignore ModRM.rm. */
	{ MAP_0F, 0xae, 0xae, true, 0x1, 0xc0 },
	/* SDM 2: NP, no mandatory prefix is allowed; objdump ignores it. */
	{ MAP_0F, 0xae, 0xae, false, 0xe, 0x8f },
	{ MAP_0F, 0xd7, 0xd7, false, 0xc, 0xff },
	{ MAP_VEX_0F, 0x77, 0x77, false, 0xe, 0xff },
	{ MAP_VEX_0F, 0xae, 0xae, false, 0xe, 0xff },
	/* The same with the one prefix these have. */
	{ MAP_EVEX_0F38, 0x4e, 0x4e, false, 0xd, 0xff },
	{ MAP_EVEX_0F38, 0x50, 0x51, false, 0xd, 0xff },
	{ MAP_EVEX_0F3A, 0x42, 0x42, false, 0xd, 0xff },
	{ MAP_EVEX_0F3A, 0x70, 0x70, false, 0xd, 0xff },
	{ MAP_EVEX_0F3A, 0x72, 0x72, false, 0xd, 0xff },
};

static bool is_quirk(const struct ud_insn *insn, bool ours)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quirk); i++)
		if (quirk[i].map == insn->map &&
		    quirk[i].first <= insn->opcode &&
		    quirk[i].last >= insn->opcode && quirk[i].ours == ours &&
		    quirk[i].pps >> insn->pp & 1 &&
		    quirk[i].regs >> modrm_reg(insn->modrm) & 1)
			return true;
	return false;
}

static u32 errors;

/* objdump knows extensions the tables do not: what only it knows is no error.
 */
static bool newer;

static void complain(const u8 *code, const char *text, const char *what,
		     u32 ours, u32 theirs)
{
	size_t i;

	if (++errors > 40)
		return;
	printf("#");
	for (i = 0; i < UD_MAX_LEN; i++)
		printf(" %02x", code[i]);
	printf(": %s: ours %u, objdump %u: %s\n", what, ours, theirs, text);
}

static void compare_one(const u8 *code, const struct opinion *says,
			enum ud_isa isa)
{
	struct ud_insn insn;
	int err = ud_parse(&insn, code, UD_MAX_LEN, isa);
	bool valid = !err && ud_class(&insn) == UD_VALID;

	if (err) {
		complain(code, says->text, "error", (u32)-err, says->len);
		return;
	}
	if (says->valid && newer && !valid)
		return;
	if (says->valid && insn.len != says->len)
		complain(code, says->text, "length", insn.len, says->len);
	if (insn.vector) {
		typeof(vector_op[0][0][0]) *op =
			&vector_op[insn.map][insn.pp][insn.opcode];

		op->ours |= valid;
		if (!op->seen || (says->valid && !op->theirs)) {
			op->insn = insn;
			memcpy(op->code, code, UD_MAX_LEN);
			memcpy(op->text, says->text, sizeof(op->text));
		}
		op->theirs |= says->valid;
		op->seen = true;
	} else if (!insn.lock && valid != says->valid &&
		   !is_quirk(&insn, valid)) {
		complain(code, says->text, "valid", valid, says->valid);
	}
}

static void compare_vectors(void)
{
	u32 i;

	for (i = 0; i < sizeof(vector_op) / sizeof(vector_op[0][0][0]); i++) {
		typeof(vector_op[0][0][0]) *op = &vector_op[0][0][0] + i;

		if (op->seen && op->ours != op->theirs &&
		    !is_quirk(&op->insn, op->ours))
			complain(op->code, op->text, "vector valid", op->ours,
				 op->theirs);
	}
}

int compare(const char *path, const char *isa, bool is_newer)
{
	FILE *in = fopen(path, "rb");
	struct opinion says;
	u8 slot[SLOT];
	u64 n = 0;

	newer = is_newer;
	while (in && fread(slot, sizeof(slot), 1, in) == 1) {
		if (!next_opinion(n * SLOT, &says)) {
			printf("# no line for slot %llu\n",
			       (unsigned long long)n);
			return 1;
		}
		compare_one(slot, &says,
			    strcmp(isa, "amd64") ? ISA_INTEL64 : ISA_AMD64);
		n++;
	}
	compare_vectors();
	printf("%llu compared, %u differ\n", (unsigned long long)n, errors);
	return errors || !n;
}
