// SPDX-License-Identifier: MIT
/*
 * options.c - key=value words into struct options, by one table.
 *
 * A row is a key, the function that reads its value, where that goes, and
 * what is allowed in the words the user is told. A new option is a new row.
 */
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/options.h>
#include <lib/string.h>

#define WORD_MAX  (OPT_TEXT + 32)
#define SHOWN_MAX 32	 /* of a bad word, so that the reason still fits */
#define PORT_MAX  0xfff8 /* eight registers follow */
#define ADDR_MAX  GENMASK(51, 0)
#define BAUD_BASE 115200

struct option {
	const char *key;
	const char *allowed;
	/* Returns 0, or -EINVAL with opt as it was. value NULL: no '='. */
	int (*set)(struct options *opt, const struct option *o,
		   const char *value);
	size_t offset, size; /* of the field */
	u64 low, high;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* All of text as a number, decimal or 0x: 0 or -EINVAL. */
static int parse_number(const char *text, u64 *number)
{
	bool hex = text[0] == '0' && lower(text[1]) == 'x';
	const char *digits = "0123456789abcdef";
	unsigned int base = hex ? 16 : 10;
	u64 n = 0;

	text += hex ? 2 : 0;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		const char *d = strchr(digits, lower(*text));

		if (!d || (size_t)(d - digits) >= base ||
		    __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, (u64)(d - digits), &n))
			return -EINVAL;
	}
	*number = n;
	return 0;
}

static int set_number(struct options *opt, const struct option *o,
		      const char *value)
{
	u64 n;

	if (!value || parse_number(value, &n) || n < o->low || n > o->high)
		return -EINVAL;
	memcpy((char *)opt + o->offset, &n, o->size); /* little endian */
	return 0;
}

static int set_seed(struct options *opt, const struct option *o,
		    const char *value)
{
	int err = set_number(opt, o, value);

	if (!err)
		opt->seed_given = true;
	return err;
}

static int set_flag(struct options *opt, const struct option *o,
		    const char *value)
{
	bool on = !value || !strcmp(value, "1");

	if (!on && strcmp(value, "0"))
		return -EINVAL;
	*(bool *)((char *)opt + o->offset) = on;
	return 0;
}

/* Text of the graphic characters, or of those a glob over names can use. */
static int set_text(struct options *opt, const struct option *o,
		    const char *value)
{
	if (!value || !*value || strlen(value) >= o->size)
		return -EINVAL;
	for (const char *c = value; *c; c++)
		if (*c < '!' || *c > '~')
			return -EINVAL;
	strscpy((char *)opt + o->offset, value, o->size);
	return 0;
}

static int set_globs(struct options *opt, const struct option *o,
		     const char *value)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789_."
				    "*?[]!^-,";

	for (const char *c = value; c && *c; c++)
		if (!strchr(chars, *c))
			return -EINVAL;
	return set_text(opt, o, value);
}

/* PORT or PORT,BAUD; the divisor of the UART's clock must be whole. */
static int parse_port(const char *value, u64 *port, u64 *baud)
{
	const char *comma = strchr(value, ',');
	char text[24];
	size_t len = comma ? (size_t)(comma - value) : strlen(value);

	if (len >= sizeof(text) || strncmp(value, "0x", 2))
		return -EINVAL;
	memcpy(text, value, len);
	text[len] = '\0';
	if (parse_number(text, port) || *port == 0 || *port > PORT_MAX)
		return -EINVAL;

	*baud = 0;
	if (!comma)
		return 0;
	if (parse_number(comma + 1, baud) || *baud == 0 || *baud > BAUD_BASE ||
	    BAUD_BASE % *baud || BAUD_BASE / *baud > UINT16_MAX)
		return -EINVAL;
	return 0;
}

static int set_serial(struct options *opt, const struct option *o,
		      const char *value)
{
	enum serial_kind kind;
	u64 base = 0, baud = 0;

	if (!value)
		return -EINVAL;
	if (!strcmp(value, "auto")) {
		kind = SERIAL_AUTO;
	} else if (!strcmp(value, "none")) {
		kind = SERIAL_NONE;
	} else if (!strncmp(value, "mmio:0x", 7)) {
		kind = SERIAL_MMIO;
		if (parse_number(value + 5, &base) || !base || base > ADDR_MAX)
			return -EINVAL;
	} else {
		kind = SERIAL_PORT;
		if (parse_port(value, &base, &baud))
			return -EINVAL;
	}
	opt->serial = kind;
	opt->serial_base = base;
	opt->serial_baud = (u32)baud;
	return 0;
}

static int set_finish(struct options *opt, const struct option *o,
		      const char *value)
{
	static const char *const names[] = {
		[FINISH_EXIT] = "exit",	      [FINISH_POWEROFF] = "poweroff",
		[FINISH_RESET] = "reset",     [FINISH_HALT] = "halt",
		[FINISH_MONITOR] = "monitor",
	};

	for (size_t i = 0; value && i < ARRAY_SIZE(names); i++) {
		if (names[i] && !strcmp(value, names[i])) {
			opt->finish = (enum finish)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* clang-format off */
#define ROW(f, fn, what, ...)					\
	{ .key = #f, .set = fn, .allowed = what,		\
	  .offset = offsetof(struct options, f),		\
	  .size = sizeof(((struct options *)0)->f), __VA_ARGS__ }
#define NUMBER(f, fn, what, l, h) ROW(f, fn, what, .low = l, .high = h)
#define FLAG(f) ROW(f, set_flag, "stands alone or takes 0 or 1")

static const struct option table[] = {
	ROW(tests, set_globs, "takes GLOB[,GLOB] of up to 511 characters"),
	ROW(skip, set_globs, "takes GLOB[,GLOB] of up to 511 characters"),
	ROW(platform, set_text, "takes a name of up to 63 characters"),
	NUMBER(repeat, set_number, "takes 1..1000000", 1, 1000000),
	NUMBER(seed, set_seed, "takes a 64-bit number", 0, UINT64_MAX),
	NUMBER(cpu, set_number, "takes 0..511", 0, 511),
	NUMBER(scale, set_number, "takes 1..1000", 1, 1000),
	ROW(serial, set_serial, "takes auto, none, 0xPORT[,BAUD], mmio:0xADDR"),
	NUMBER(companion, set_number, "takes an I/O port, 0 for none", 0,
	       PORT_MAX),
	ROW(finish, set_finish, "takes exit, poweroff, reset, halt, monitor"),
	FLAG(list), FLAG(shuffle), FLAG(stress), FLAG(bench), FLAG(trace),
	FLAG(lockdep), FLAG(monitor), FLAG(verbose),
};
/* clang-format on */

void options_default(struct options *opt)
{
	memset(opt, 0, sizeof(*opt));
	opt->repeat = 1;
	opt->cpu = -1;
	opt->scale = 1;
	opt->serial = SERIAL_AUTO;
	opt->finish = FINISH_DEFAULT;
}

/* The word as the log may show it: cut, and ASCII. */
static void shown_word(char shown[SHOWN_MAX + 4], const char *word)
{
	if (strscpy(shown, word, SHOWN_MAX + 1) < 0)
		memcpy(shown + SHOWN_MAX, "...", 4);
	for (; *shown; shown++)
		if (*shown < '!' || *shown > '~')
			*shown = '?';
}

void options_complain(struct option_errors *errors, const char *text)
{
	if (errors->count++ < OPT_ERRORS)
		strscpy(errors->text[errors->count - 1], text,
			sizeof(errors->text[0]));
}

static void complain(struct option_errors *errors, const char *word,
		     const struct option *o)
{
	char shown[SHOWN_MAX + 4], text[sizeof(errors->text[0])];

	shown_word(shown, word);
	if (o)
		scnprintf(text, sizeof(text), "'%s': %s %s", shown, o->key,
			  o->allowed);
	else
		scnprintf(text, sizeof(text), "unknown option '%s'", shown);
	options_complain(errors, text);
}

/* The row of the word's key, or NULL; *value is what follows '=', or NULL. */
static const struct option *find_option(const char *word, const char **value)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);

	*value = equals ? equals + 1 : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strlen(table[i].key) == len &&
		    !strncmp(table[i].key, word, len))
			return &table[i];
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Over blanks and comments to the next word, or to the end. */
static const char *skip_to_word(const char *text)
{
	while (is_space(*text) || *text == '#') {
		if (*text == '#')
			while (text[1] && text[1] != '\n' && text[1] != '\r')
				text++;
		text++;
	}
	return text;
}

static size_t word_length(const char *text)
{
	size_t len = 0;

	while (text[len] && !is_space(text[len]))
		len++;
	return len;
}

const char *options_skip_command(const char *text)
{
	static const char suffix[] = ".efi";
	const char *word = skip_to_word(text);
	size_t len = word_length(word);

	if (len < 4)
		return text;
	for (size_t i = 0; i < 4; i++)
		if (lower(word[len - 4 + i]) != suffix[i])
			return text;
	return word + len;
}

u32 options_parse(struct options *opt, const char *text,
		  struct option_errors *errors)
{
	char word[WORD_MAX];

	errors->count = 0;
	if (!strncmp(text, "\xef\xbb\xbf", 3)) /* U+FEFF as UTF-8 */
		text += 3;
	else if (*text == '\xff') /* U+FEFF cut to its low byte */
		text++;

	for (text = skip_to_word(text); *text; text = skip_to_word(text)) {
		size_t len = word_length(text);
		const struct option *o;
		const char *value;

		/* A word cut here is too long for any row, and says so. */
		strscpy(word, text, min(len + 1, sizeof(word)));
		o = find_option(word, &value);
		if (!o || o->set(opt, o, value))
			complain(errors, word, o);
		text += len;
	}
	return errors->count;
}
