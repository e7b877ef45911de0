// SPDX-License-Identifier: MIT
/*
 * format.c - printf formatting. What does not fit is dropped; what is not
 * understood is copied as it stands, so a wrong format shows in the log.
 *
 * Spec: ISO C11 "The fprintf function"; %p is "0x" and hexadecimal digits.
 */
#include <lib/format.h>
#include <lib/string.h>

#define NUMBER_MAX 1000000 /* widths and precisions saturate here */

struct out {
	char *buf;
	size_t size, len;
	va_list args;
};

struct spec {
	bool left, zero, alt, plus, space;
	int width;
	int precision; /* -1 = none */
	u8 bytes;      /* size of the integer argument */
};

static bool full(const struct out *o)
{
	return o->len + 1 >= o->size;
}

static void put(struct out *o, char c)
{
	if (!full(o))
		o->buf[o->len++] = c;
}

static void put_chars(struct out *o, const char *s, int n)
{
	for (int i = 0; i < n; i++)
		put(o, s[i]);
}

static void pad(struct out *o, char c, int n)
{
	for (; n > 0 && !full(o); n--)
		put(o, c);
}

/* Prefix, zeros, body; blanks around them up to the width. */
static void put_field(struct out *o, const struct spec *s, const char *prefix,
		      int zeros, const char *body, int len)
{
	int prefix_len = (int)strlen(prefix);
	int blanks = s->width - prefix_len - zeros - len;

	if (!s->left)
		pad(o, ' ', blanks);
	put_chars(o, prefix, prefix_len);
	pad(o, '0', zeros);
	put_chars(o, body, len);
	if (s->left)
		pad(o, ' ', blanks);
}

static void put_number(struct out *o, const struct spec *s, const char *prefix,
		       u64 value, unsigned int base, const char *digits)
{
	char text[24]; /* 2^64 has 22 octal digits */
	int at = sizeof(text);
	int len, zeros;

	for (; value; value /= base)
		text[--at] = digits[value % base];
	len = (int)sizeof(text) - at;

	zeros = 1 - len; /* zero itself is one digit */
	if (s->precision >= 0)
		zeros = s->precision - len;
	else if (s->zero && !s->left)
		zeros = max(zeros, s->width - (int)strlen(prefix) - len);
	if (base == 8 && s->alt && zeros < 1)
		zeros = 1;
	put_field(o, s, prefix, max(zeros, 0), text + at, len);
}

static void put_unsigned(struct out *o, const struct spec *s, char conversion)
{
	u64 value;

	if (s->bytes == 8)
		value = va_arg(o->args, u64);
	else
		value = va_arg(o->args, u32) & GENMASK(s->bytes * 8 - 1, 0);

	if (conversion == 'u')
		put_number(o, s, "", value, 10, "0123456789");
	else if (conversion == 'o')
		put_number(o, s, "", value, 8, "01234567");
	else if (conversion == 'X')
		put_number(o, s, s->alt && value ? "0X" : "", value, 16,
			   "0123456789ABCDEF");
	else
		put_number(o, s, s->alt && value ? "0x" : "", value, 16,
			   "0123456789abcdef");
}

static void put_signed(struct out *o, const struct spec *s)
{
	const char *sign = s->plus ? "+" : s->space ? " " : "";
	s64 value;

	if (s->bytes == 8)
		value = va_arg(o->args, s64);
	else
		value = va_arg(o->args, s32);
	if (s->bytes == 2)
		value = (s16)value;
	if (s->bytes == 1)
		value = (s8)value;
	put_number(o, s, value < 0 ? "-" : sign,
		   value < 0 ? -(u64)value : (u64)value, 10, "0123456789");
}

static void put_string(struct out *o, const struct spec *s)
{
	const char *text = va_arg(o->args, const char *);
	int len = 0;

	if (!text)
		text = "(null)";
	while (len < NUMBER_MAX && len != s->precision && text[len])
		len++;
	put_field(o, s, "", 0, text, len);
}

/* A number at *fmt, or '*' for the next argument. */
static int number(struct out *o, const char **fmt)
{
	int n = 0;

	if (**fmt == '*') {
		++*fmt;
		n = va_arg(o->args, int);
		return max(min(n, NUMBER_MAX), -NUMBER_MAX);
	}
	for (; **fmt >= '0' && **fmt <= '9'; ++*fmt)
		n = min(n * 10 + (**fmt - '0'), NUMBER_MAX);
	return n;
}

static const char *parse_flags(struct spec *s, const char *fmt)
{
	for (; *fmt && strchr("-0#+ ", *fmt); fmt++) {
		s->left |= *fmt == '-';
		s->zero |= *fmt == '0';
		s->alt |= *fmt == '#';
		s->plus |= *fmt == '+';
		s->space |= *fmt == ' ';
	}
	return fmt;
}

static const char *parse_length(struct spec *s, const char *fmt)
{
	s->bytes = 4;
	if (*fmt == 'h') {
		s->bytes = fmt[1] == 'h' ? 1 : 2;
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	}
	if (*fmt == 'l' || *fmt == 'z') { /* LP64: l, ll and z are one size */
		s->bytes = 8;
		return fmt + (fmt[0] == 'l' && fmt[1] == 'l' ? 2 : 1);
	}
	return fmt;
}

/* All between '%' and the conversion, whose place is returned. */
static const char *parse_spec(struct out *o, struct spec *s, const char *fmt)
{
	fmt = parse_flags(s, fmt);
	s->width = number(o, &fmt);
	if (s->width < 0) {
		s->left = true;
		s->width = -s->width;
	}
	s->precision = -1;
	if (*fmt == '.') {
		fmt++;
		s->precision = max(number(o, &fmt), -1);
	}
	return parse_length(s, fmt);
}

/* Print one conversion; false if it is not one of ours. */
static bool convert(struct out *o, struct spec *s, char conversion)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(o, s);
		return true;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		put_unsigned(o, s, conversion);
		return true;
	case 'p':
		put_number(o, s, "0x", (uintptr_t)va_arg(o->args, void *), 16,
			   "0123456789abcdef");
		return true;
	case 'c':
		c = (char)va_arg(o->args, int);
		put_field(o, s, "", 0, &c, 1);
		return true;
	case 's':
		put_string(o, s);
		return true;
	case '%':
		put(o, '%');
		return true;
	}
	return false;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { .buf = buf, .size = size };

	va_copy(o.args, args);
	while (*fmt) {
		struct spec s = { 0 };
		const char *end;

		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		end = parse_spec(&o, &s, fmt + 1);
		if (*end && convert(&o, &s, *end))
			fmt = end + 1;
		else
			put(&o, *fmt++);
	}
	va_end(o.args);
	if (size)
		buf[o.len] = '\0';
	return (int)o.len;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
