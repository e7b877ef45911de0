// SPDX-License-Identifier: MIT
/*
 * The TSS's I/O permission bitmap: with CPL above IOPL an access to a port is
 * allowed if the bit of every byte accessed is there and 0, else #GP(0).
 *
 * A TSS of the case's own, large enough for all 64 Ki ports. Ports 0x80 to 0x8f
 * are a PC's POST code and DMA page registers: reading them does nothing, and
 * what is written is what was read.
 *
 * Spec: SDM 1 "I/O Permission Bit Map", "Protected-Mode I/O"; APM 2
 *       "I/O-Permission Bitmap".
 */
#include <asm/io.h>
#include <ktest/insn_syscall.h>
#include <ktest/insn_user_fault.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE		 "SDM 1 I/O Permission Bit Map"
#define IO_BITMAP_OFFSET sizeof(struct tss)
#define IO_BITMAP_BYTES	 (65536 / 8)
#define IO_TSS_PAGES	 3
#define PORT		 0x84

static u64 tss_pages;
static u8 *io_bitmap;

/* The TSS's limit: the last byte it has. */
static void set_limit(u32 limit)
{
	probe.gdt[GDT_ENTRY_TSS].limit0 = (u16)limit;
	probe.gdt[GDT_ENTRY_TSS].limit1 = limit >> 16;
}

/* All ports denied, the whole map and its closing byte within the limit. */
static int io_bitmap_setup(void)
{
	int err = probe_reset();

	tss_pages = alloc_pages(IO_TSS_PAGES);
	if (err || !tss_pages)
		return -1;
	*(struct tss *)tss_pages = *probe.tss;
	probe.tss = (struct tss *)tss_pages;
	probe.tss->io_bitmap_base = IO_BITMAP_OFFSET;
	gdt_fill(probe.gdt, probe.tss);
	io_bitmap = (u8 *)tss_pages + IO_BITMAP_OFFSET;
	memset(io_bitmap, 0xff, IO_BITMAP_BYTES + 1);
	set_limit(IO_BITMAP_OFFSET + IO_BITMAP_BYTES);
	probe.use_tss = true;
	probe_gate(IA32_SYSCALL_VECTOR)->bits.dpl = 3;
	return 0;
}

static void io_bitmap_teardown(void)
{
	probe_teardown();
	if (tss_pages)
		free_pages(tss_pages, IO_TSS_PAGES);
	tss_pages = 0;
}

SUITE(io_bitmap, .setup = io_bitmap_setup, .teardown = io_bitmap_teardown);

static void allow(u32 port, u32 n)
{
	for (; n--; port++)
		io_bitmap[port / 8] &= (u8)~BIT(port % 8);
}

static void deny(u32 port)
{
	io_bitmap[port / 8] |= BIT(port % 8);
}

/* An access, of so many ports. */
struct access {
	const char *name, *at, *end;
	u32 bytes;
};

#define A(insn, n)                                   \
	{                                            \
#insn, uf_##insn, uf_##insn##_end, n \
	}

static const struct access by_dx[] = {
	A(in8_dx, 1),  A(in16_dx, 2),  A(in32_dx, 4),
	A(out8_dx, 1), A(out16_dx, 2), A(out32_dx, 4),
};

static struct pt_regs access_regs(const struct access *a, u32 port)
{
	struct pt_regs regs = user_regs(a->at);

	regs.dx = port;
	regs.ax = inl(PORT); /* in case it is written */
	return regs;
}

static void is_allowed(const struct access *a, const struct pt_regs *regs)
{
	run(regs);
	EXPECT_EQ(probe.hits, 1);
	if (!EXPECT_EQ(probe.hit[0].vector, IA32_SYSCALL_VECTOR))
		ktest_note("%s of port 0x%llx", a->name,
			   (unsigned long long)regs->dx);
	EXPECT_EQ(plain(0)->ip, a->end + 2);
}

static void is_denied(const struct access *a, const struct pt_regs *regs)
{
	run(regs);
	EXPECT_EQ(probe.hits, 1);
	if (!EXPECT_EQ(probe.hit[0].vector, X86_TRAP_GP)) {
		ktest_note("%s of port 0x%llx", a->name,
			   (unsigned long long)regs->dx);
		return;
	}
	EXPECT_EQ(probe.hit[0].top[0], 0);
	EXPECT_EQ(coded(0)->ip, a->at);
	EXPECT_EQ(coded(0)->cs, __USER_CS);
	EXPECT_EQ(coded(0)->flags, regs->flags | X86_EFLAGS_RF);
	EXPECT_EQ(coded(0)->sp, regs->sp);
	EXPECT_EQ(coded(0)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
	EXPECT_EQ(probe.hit[0].regs.ax, regs->ax);
}

static void allowed(const struct access *a, u32 port)
{
	struct pt_regs regs = access_regs(a, port);

	is_allowed(a, &regs);
}

static void denied(const struct access *a, u32 port)
{
	struct pt_regs regs = access_regs(a, port);

	is_denied(a, &regs);
}

/* Its own bits are all that counts: every other one says no. */
TEST(io_bitmap, clear_bits_allow_the_access, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(by_dx); i++) {
		memset(io_bitmap, 0xff, IO_BITMAP_BYTES);
		allow(PORT, by_dx[i].bytes);
		allowed(&by_dx[i], PORT);
	}
}

TEST(io_bitmap, set_bits_deny_the_access, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(by_dx); i++)
		denied(&by_dx[i], PORT);
}

/* One port of several denied is enough, whichever it is. */
TEST(io_bitmap, each_byte_of_the_access_needs_its_bit, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(by_dx); i++) {
		for (u32 n = 0; n < by_dx[i].bytes; n++) {
			memset(io_bitmap, 0, IO_BITMAP_BYTES);
			deny(PORT + n);
			denied(&by_dx[i], PORT);
		}
	}
}

/* The bits on both sides of the access are others' business. */
TEST(io_bitmap, bits_beside_the_access_do_not_matter, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(by_dx); i++) {
		memset(io_bitmap, 0, IO_BITMAP_BYTES);
		deny(PORT - 1);
		deny(PORT + by_dx[i].bytes);
		allowed(&by_dx[i], PORT);
	}
}

/* Its bits in two bytes of the map: 0x87 in one, 0x88 in the next. */
TEST(io_bitmap, an_access_whose_bits_straddle_two_bytes, RULE)
{
	static const struct access word = A(in16_dx, 2), dword = A(in32_dx, 4);

	allow(0x85, 4);
	allowed(&word, 0x87);
	allowed(&dword, 0x85);
	deny(0x88);
	denied(&word, 0x87);
	denied(&dword, 0x85);
	allow(0x88, 1);
	deny(0x87);
	denied(&word, 0x87);
	denied(&dword, 0x85);
}

TEST(io_bitmap, a_port_in_the_instruction_is_looked_up_as_well, RULE)
{
	static const struct access imm[] = { A(in8, 1), A(in16, 2), A(in32, 4),
					     A(out8, 1) };

	for (u32 i = 0; i < ARRAY_SIZE(imm); i++) {
		memset(io_bitmap, 0xff, IO_BITMAP_BYTES);
		denied(&imm[i], 0);
		allow(0x80, imm[i].bytes);
		allowed(&imm[i], 0);
		deny(0x80);
		denied(&imm[i], 0);
	}
}

/* The map decides only where CPL is above IOPL. */
TEST(io_bitmap, iopl_3_overrides_it, "SDM 1 Protected-Mode I/O")
{
	for (u64 iopl = 0; iopl <= 3; iopl++) {
		struct pt_regs regs = access_regs(&by_dx[0], PORT);

		regs.flags |= iopl << 12;
		if (iopl == 3)
			is_allowed(&by_dx[0], &regs);
		else
			is_denied(&by_dx[0], &regs);
	}
}

TEST(io_bitmap, cpl_0_does_not_look_at_it, "SDM 1 Protected-Mode I/O")
{
	struct pt_regs regs = kernel_regs(insn_sc_in);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, DL_BACK);
}

/* Two bytes are read for every access: both must be within the limit. */
TEST(io_bitmap, the_limit_must_cover_the_byte_behind_the_bit, RULE)
{
	static const struct access byte = A(in8_dx, 1);
	u32 at = IO_BITMAP_OFFSET + PORT / 8;

	memset(io_bitmap, 0, IO_BITMAP_BYTES);
	set_limit(at + 1);
	allowed(&byte, PORT);
	set_limit(at);
	denied(&byte, PORT);
	set_limit(at - 1);
	denied(&byte, PORT);
}

TEST(io_bitmap, a_base_at_or_beyond_the_limit_denies_all_ports, RULE)
{
	u32 limit = IO_BITMAP_OFFSET + IO_BITMAP_BYTES;

	memset(io_bitmap, 0, IO_BITMAP_BYTES + 1);
	for (u32 i = 0; i < 3; i++) {
		probe.tss->io_bitmap_base = (u16)(limit + i);
		denied(&by_dx[0], 0x0);
		denied(&by_dx[0], PORT);
	}
	probe.tss->io_bitmap_base = 0xffff;
	denied(&by_dx[0], PORT);
}

/* The map ends with a byte of ones, which an access may run into. */
TEST(io_bitmap, the_closing_byte_denies_what_runs_into_it, RULE)
{
	static const struct access byte = A(in8_dx, 1), word = A(in16_dx, 2);

	memset(io_bitmap, 0, 0x88 / 8);
	set_limit(IO_BITMAP_OFFSET + 0x88 / 8);
	allowed(&byte, 0x87);
	denied(&word, 0x87);
	denied(&byte, 0x88);
}

TEST(io_bitmap, the_map_reaches_to_port_65535, RULE)
{
	static const struct access byte = A(in8_dx, 1);

	denied(&byte, 0xffff);
	allow(0xffff, 1);
	allowed(&byte, 0xffff);
	denied(&byte, 0xfffe);
	set_limit(IO_BITMAP_OFFSET + IO_BITMAP_BYTES - 1);
	denied(&byte, 0xffff);
}

/* DX alone names the port: its upper half and RDX's rest do not. */
TEST(io_bitmap, only_dx_is_looked_at, RULE)
{
	struct pt_regs regs = access_regs(&by_dx[0], PORT);

	allow(PORT, 1);
	regs.dx |= 0xfedcba9876540000;
	is_allowed(&by_dx[0], &regs);
}

static const struct access strings[] = {
	A(insb, 1),  A(insw, 2),  A(insl, 4),
	A(outsb, 1), A(outsw, 2), A(outsl, 4),
};

/* String forms ask as the others do: denied, nothing moves. */
TEST(io_bitmap, string_forms_are_looked_up_as_well, RULE)
{
	u64 page = alloc_pages(1);

	if (!EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(strings); i++) {
		const struct access *a = &strings[i];
		struct pt_regs regs = access_regs(a, PORT);
		bool in = i < 3;

		*(u32 *)page = in ? ~inl(PORT) : inl(PORT);
		regs.di = regs.si = DL_USER_VA;
		memset(io_bitmap, 0xff, IO_BITMAP_BYTES);
		is_denied(a, &regs);
		EXPECT_EQ(probe.hit[0].regs.di, DL_USER_VA);
		EXPECT_EQ(probe.hit[0].regs.si, DL_USER_VA);
		if (in)
			EXPECT_EQ(*(u32 *)page, ~inl(PORT));
		allow(PORT, a->bytes);
		is_allowed(a, &regs);
		EXPECT_EQ(in ? probe.hit[0].regs.di : probe.hit[0].regs.si,
			  DL_USER_VA + a->bytes);
	}
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
}

/* It is for ports: IF still needs IOPL. */
TEST(io_bitmap, it_does_not_allow_cli_and_sti,
     "SDM 1 I/O Permission Bit Map; SDM 2A CLI; SDM 2B STI")
{
	static const struct access flag[] = { A(cli, 0), A(sti, 0) };

	memset(io_bitmap, 0, IO_BITMAP_BYTES);
	for (u32 i = 0; i < ARRAY_SIZE(flag); i++)
		for (u64 iopl = 0; iopl < 3; iopl++) {
			struct pt_regs regs = access_regs(&flag[i], 0);

			regs.flags |= iopl << 12;
			is_denied(&flag[i], &regs);
		}
}
