// SPDX-License-Identifier: MIT
/*
 * inflate.c - undo DEFLATE. Canonical Huffman codes are decoded by counting, so
 * that a code needs its lengths sorted and no tree; the short ones, which are
 * nearly all there are, by a table first: every boot waits for this.
 *
 * Nothing here may lie in .rodata, which this fills: tables are computed, or
 * are in .data.
 *
 * Spec: RFC 1951 "DEFLATE Compressed Data Format Specification".
 */
#include <lib/inflate.h>

#include <lib/compiler.h>
#include <lib/errno.h>

#define MAX_BITS     15	 /* the longest code */
#define NR_LITERALS  288 /* 0-255 bytes, 256 end, 257-285 lengths */
#define NR_DISTANCES 30
#define NR_ORDER     19
#define QUICK_BITS   9
#define QUICK_SIZE   (1u << QUICK_BITS)
#define END	     256

struct stream {
	const u8 *in, *in_end;
	u8 *out_start, *out, *out_end;
	u32 hold, held; /* bits read ahead, and how many */
	bool bad;
};

/* A canonical code: how many of each length, and the symbols in order. */
struct code {
	u16 count[MAX_BITS + 1];
	u16 symbol[NR_LITERALS];
	/* By the next bits of the stream: symbol << 4 | length, or 0. */
	u16 quick[QUICK_SIZE];
};

static u32 bits(struct stream *s, u32 n)
{
	u32 val;

	while (s->held < n) {
		if (s->in == s->in_end) {
			s->bad = true;
			return 0;
		}
		s->hold |= (u32)*s->in++ << s->held;
		s->held += 8;
	}
	val = s->hold & ((1u << n) - 1);
	s->hold >>= n;
	s->held -= n;
	return val;
}

/* As many as there is room for, or as there are. */
static void read_ahead(struct stream *s)
{
	for (; s->held <= 24 && s->in != s->in_end; s->held += 8)
		s->hold |= (u32)*s->in++ << s->held;
}

static void put(struct stream *s, u8 byte)
{
	if (s->out == s->out_end)
		s->bad = true;
	else
		*s->out++ = byte;
}

/* RFC 1951 3.1.1: a code's first bit comes first, which is the lowest. */
static u32 reversed(u32 word, u32 len)
{
	u32 val = 0;

	for (; len; len--, word >>= 1)
		val = val << 1 | (word & 1);
	return val;
}

static void make_quick(struct code *code)
{
	u32 word = 0, index = 0;

	for (u32 i = 0; i < QUICK_SIZE; i++)
		code->quick[i] = 0;
	for (u32 len = 1; len <= QUICK_BITS; len++) {
		for (u32 n = code->count[len]; n; n--, word++, index++) {
			u32 at = reversed(word, len);

			for (; at < QUICK_SIZE; at += 1u << len)
				code->quick[at] =
					(u16)(code->symbol[index] << 4 | len);
		}
		word <<= 1;
	}
}

/* RFC 1951 3.2.2. Over-subscribed lengths are refused, incomplete are not. */
static void make_code(struct stream *s, struct code *code, const u8 *len, u32 n)
{
	u16 next[MAX_BITS + 2];
	int left = 1;

	for (u32 i = 0; i <= MAX_BITS; i++)
		code->count[i] = 0;
	for (u32 i = 0; i < n; i++)
		code->count[len[i]]++;
	code->count[0] = 0;
	next[1] = 0;
	for (u32 i = 1; i <= MAX_BITS; i++) {
		left = 2 * left - code->count[i];
		s->bad |= left < 0;
		next[i + 1] = (u16)(next[i] + code->count[i]);
	}
	for (u32 i = 0; i < n; i++) {
		if (len[i])
			code->symbol[next[len[i]]++] = (u16)i;
	}
	make_quick(code);
}

static u32 decode(struct stream *s, const struct code *code)
{
	u32 word = 0, first = 0, index = 0, quick;

	read_ahead(s);
	quick = code->quick[s->hold % QUICK_SIZE];
	if (quick && (quick & 15) <= s->held) {
		s->hold >>= quick & 15;
		s->held -= quick & 15;
		return quick >> 4;
	}
	for (u32 len = 1; len <= MAX_BITS && !s->bad; len++) {
		word |= bits(s, 1);
		if (word - first < code->count[len])
			return code->symbol[index + word - first];
		index += code->count[len];
		first = (first + code->count[len]) << 1;
		word <<= 1;
	}
	s->bad = true;
	return END;
}

/* Base and extra bits of a length or distance code: groups of n, doubling. */
static u32 expand(struct stream *s, u32 symbol, u32 group, u32 base)
{
	u32 extra;

	if (symbol < 2 * group)
		return base + symbol;
	extra = symbol / group - 1;
	return base + ((group + symbol % group) << extra) + bits(s, extra);
}

static void copy(struct stream *s, u32 symbol, const struct code *distances)
{
	/* 285 is the longest, 258, alone in its group. */
	u32 len = symbol == 285 ? 258 : expand(s, symbol - 257, 4, 3);
	u32 code = decode(s, distances), distance;

	if (symbol > 285 || code >= NR_DISTANCES) {
		s->bad = true;
		return;
	}
	distance = expand(s, code, 2, 1);
	if (distance > (size_t)(s->out - s->out_start))
		s->bad = true;
	while (len-- && !s->bad)
		put(s, s->out[-(long)distance]);
}

static void compressed(struct stream *s, const struct code *literals,
		       const struct code *distances)
{
	u32 symbol;

	while (!s->bad && (symbol = decode(s, literals)) != END) {
		if (symbol < END)
			put(s, (u8)symbol);
		else
			copy(s, symbol, distances);
	}
}

static void stored(struct stream *s)
{
	u32 len, check;

	s->in -= s->held / 8; /* to the next byte of those that are left */
	s->hold = s->held = 0;
	len = bits(s, 16);
	check = bits(s, 16);
	s->bad |= len != (~check & 0xffff);
	while (len-- && !s->bad)
		put(s, (u8)bits(s, 8));
}

/* RFC 1951 3.2.6: lengths 8, 9, 7 and 8 for the literals, 5 for distances. */
static void fixed(struct stream *s, struct code *literals,
		  struct code *distances)
{
	u8 len[NR_LITERALS];

	for (u32 i = 0; i < NR_LITERALS; i++)
		len[i] = (u8)(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
	make_code(s, literals, len, NR_LITERALS);
	for (u32 i = 0; i < NR_DISTANCES; i++)
		len[i] = 5;
	make_code(s, distances, len, NR_DISTANCES);
}

/* The order in which the lengths of the code of lengths come. */
static u8 order[NR_ORDER] __section(".data.inflate") = {
	16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
};

/* One code length, or a run of one: 16 repeats, 17 and 18 are zeros. */
static u32 run(struct stream *s, u32 symbol, u8 *value)
{
	if (symbol < 16)
		*value = (u8)symbol;
	if (symbol > 16)
		*value = 0;
	if (symbol == 16)
		return 3 + bits(s, 2);
	if (symbol == 17)
		return 3 + bits(s, 3);
	return symbol == 18 ? 11 + bits(s, 7) : 1;
}

/* RFC 1951 3.2.7. */
static void dynamic(struct stream *s, struct code *literals,
		    struct code *distances)
{
	u32 nlit = bits(s, 5) + 257, ndist = bits(s, 5) + 1;
	u32 ncode = bits(s, 4) + 4, n = 0;
	u8 len[NR_LITERALS + 32] = { 0 }, value = 0;

	if (nlit > 286 || ndist > NR_DISTANCES)
		s->bad = true;
	for (u32 i = 0; i < ncode; i++)
		len[order[i]] = (u8)bits(s, 3);
	make_code(s, literals, len, NR_ORDER);
	while (n < nlit + ndist && !s->bad) {
		u32 symbol = decode(s, literals);
		u32 times = run(s, symbol, &value);

		s->bad |= (symbol == 16 && !n) || n + times > nlit + ndist;
		while (times-- && !s->bad)
			len[n++] = value;
	}
	if (s->bad)
		return;
	make_code(s, distances, len + nlit, ndist);
	make_code(s, literals, len, nlit);
}

static void block(struct stream *s, u32 type)
{
	struct code literals, distances;

	if (type == 0) {
		stored(s);
		return;
	}
	if (type == 1)
		fixed(s, &literals, &distances);
	else if (type == 2)
		dynamic(s, &literals, &distances);
	else
		s->bad = true;
	compressed(s, &literals, &distances);
}

long inflate(void *dst, size_t dst_len, const void *src, size_t src_len)
{
	struct stream s = {
		.in = src,
		.in_end = (const u8 *)src + src_len,
		.out_start = dst,
		.out = dst,
		.out_end = (u8 *)dst + dst_len,
	};
	bool last = false;

	while (!last && !s.bad) {
		last = bits(&s, 1);
		block(&s, bits(&s, 2));
	}
	return s.bad ? -EINVAL : s.out - s.out_start;
}
