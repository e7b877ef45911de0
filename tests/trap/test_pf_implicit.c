// SPDX-License-Identifier: MIT
/*
 * #PF by what the CPU reads and writes on its own behalf: descriptors of the
 * GDT and LDT, gates of the IDT, the TSS. Such accesses are the supervisor's
 * at any CPL, and SMAP knows no AC for them.
 *
 * The table lies across FIRST and SECOND: what the run needs in FIRST, what
 * the case makes the CPU touch at SECOND. Only SECOND's entry is changed.
 *
 * Spec: SDM 3A "Determination of Access Rights" (implicit supervisor-mode
 *       accesses), "Supervisor-Mode Access Prevention"; APM 2 "Page-Protection
 *       Checks".
 */
#include <asm/msr-index.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <ktest/insn_pf.h>
#include <ktest/insn_seg.h>
#include <ktest/insn_user.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "pf.h"

#define RULE	 "SDM 3A Determination of Access Rights"
#define GATES	 0x80	  /* in FIRST; the gate of int $0x80 is the next */
#define IN_FIRST (128ull) /* bytes of the GDT before SECOND */
#define SELECTOR ((u16)IN_FIRST)

/* Flat data, writable, DPL 3, with A, and without. */
#define DATA_SEGMENT 0x00cff3000000ffffull
#define NOT_ACCESSED 0x00cff2000000ffffull

/* The physical side of SECOND, and of what precedes it. */
static void *before_second(u64 bytes)
{
	return (u8 *)pf.page + PAGE_SIZE - bytes;
}

/* What the case makes the CPU do, and where that instruction is. */
struct doing {
	const char *what;
	u64 user_ip;	       /* at CPL 3 */
	void (*fn)(void *arg); /* at CPL 0, with AC in the second */
	void (*fn_ac)(void *arg);
	const char *at, *at_ac;
	u64 arg;   /* RDI */
	u64 bytes; /* the CPU touches some of SECOND's first bytes */
	bool writes;
};

static struct trap do_it(const struct doing *d, enum pf_who who)
{
	struct pt_regs *regs;
	struct trap got;

	if (who < CPL3) {
		got = catch_trap(who == CPL0 ? d->fn : d->fn_ac,
				 (void *)d->arg);
	} else {
		regs = user_regs(d->user_ip);
		regs->di = d->arg | 3;
		regs->flags |= who == CPL3_AC ? X86_EFLAGS_AC : 0;
		got = catch_user(regs);
	}
	if (got.nr == 0x80)
		got.nr = TRAP_NONE;
	catch_trap(insn_mov_es, NULL);
	return got;
}

static struct pf_answer answer(enum pf_who who, enum pf_access access)
{
	struct pf_mode mode = pf_mode_now();
	struct pf_ask ask = {
		.access = access,
		.cpl3 = who >= CPL3,
		.ac = who == CPL0_AC || who == CPL3_AC,
		.implicit = true,
		.levels = pf.levels,
	};

	for (int i = 0; i < pf.levels; i++)
		ask.entry[i] = *pf.entry[i];
	ask.entry[pf.levels - 1] = *PTE2;
	return pf_model(&mode, &ask);
}

static void judge_fault(const struct doing *d, enum pf_who who,
			const struct trap *got, const struct pf_answer *want)
{
	u64 at = who >= CPL3	  ? d->user_ip
		 : who == CPL0_AC ? (u64)d->at_ac
				  : (u64)d->at;

	EXPECT_EQ(got->error_code & ~want->open, want->code & ~want->open);
	EXPECT_GE(got->cr2, SECOND);
	EXPECT_LT(got->cr2, SECOND + d->bytes);
	EXPECT_EQ(got->ip, at);
	EXPECT_EQ(got->cs, who >= CPL3 ? __USER_CS : __KERNEL_CS);
	EXPECT_EQ(got->flags & X86_EFLAGS_RF, X86_EFLAGS_RF);
	if (who >= CPL3)
		EXPECT_EQ(got->sp, USER_SP);
	EXPECT_EQ(got->stack, who >= CPL3 ? STACK_ENTRY : STACK_TASK);
}

/* A and D of the page, and A of a descriptor that was as new. */
static void judge_memory(const struct doing *d, bool fault)
{
	u64 entry = READ_ONCE(*PTE2);

	if (!fault)
		EXPECT_EQ(entry & _PAGE_ACCESSED, _PAGE_ACCESSED);
	EXPECT_EQ(entry & _PAGE_DIRTY, d->writes && !fault ? _PAGE_DIRTY : 0);
	if (d->writes)
		EXPECT_EQ(*(u64 *)before_second(0),
			  fault ? NOT_ACCESSED : DATA_SEGMENT);
}

/* One implicit access, or a read and then a write, of SECOND as it is. */
static void try_one(const struct doing *d, enum pf_who who)
{
	struct pf_answer want = answer(who, PF_READ);
	u64 before = trap_count(X86_TRAP_PF), entry = *PTE2;
	struct trap got;

	if (d->writes && !want.fault)
		want = answer(who, PF_WRITE);
	else if (d->writes) /* perhaps one locked read and write */
		want.open |= X86_PF_WRITE;
	got = do_it(d, who);
	if (EXPECT_TRAP(got, want.fault ? X86_TRAP_PF : TRAP_NONE) &&
	    want.fault)
		judge_fault(d, who, &got, &want);
	EXPECT_EQ(trap_count(X86_TRAP_PF) - before, want.fault);
	judge_memory(d, want.fault);
	if (!ktest_ok())
		ktest_note("%s, CPL %u, AC %u, entry 0x%llx, CR0 0x%llx, "
			   "CR4 0x%llx",
			   d->what, who < CPL3 ? 0 : 3, who & 1,
			   (unsigned long long)entry,
			   (unsigned long long)read_cr0(),
			   (unsigned long long)read_cr4());
}

struct sweep {
	const struct doing *doing;
	u32 who; /* a bit each */
};

/* SECOND in all rights; a descriptor that is to be written is as new. */
static void all_leaves(void *arg)
{
	const struct sweep *s = arg;

	for (u32 i = 0; i < 32 && ktest_ok(); i++) {
		u32 who = i & 3;
		u64 set = (i & 4 ? _PAGE_RW : 0) | (i & 8 ? _PAGE_USER : 0) |
			  (i & 16 ? _PAGE_PRESENT : 0);

		if (!(s->who & BIT(who)))
			continue;
		if (s->doing->writes)
			*(u64 *)before_second(0) = NOT_ACCESSED;
		set_entry(PTE2, SECOND,
			  _PAGE_PRESENT | _PAGE_RW | _PAGE_USER |
				  _PAGE_ACCESSED | _PAGE_DIRTY,
			  set);
		try_one(s->doing, who);
	}
}

#define ALL_WHO	  (BIT(CPL0) | BIT(CPL0_AC) | BIT(CPL3) | BIT(CPL3_AC))
#define NOT_0_AC  (ALL_WHO & ~BIT(CPL0_AC))
#define ONLY_0_AC BIT(CPL0_AC)

/* The live GDT, as much as lies before SECOND; there, one segment. */
static void on_scratch_gdt(const struct doing *d, u64 segment, u32 who)
{
	struct sweep s = { .doing = d, .who = who };
	struct desc_ptr live,
		ptr = { .size = IN_FIRST + 63, .address = SECOND - IN_FIRST };

	store_gdt(&live);
	memcpy(before_second(IN_FIRST), (void *)live.address, IN_FIRST);
	*(u64 *)before_second(0) = segment;
	load_gdt(&ptr);
	pf_each_mode(DIM_WP | DIM_SMAP, all_leaves, &s);
	load_gdt(&live);
}

#define LOAD_ES                                            \
	.user_ip = (u64)user_pf_mov_es, .fn = insn_mov_es, \
	.fn_ac = insn_pf_mov_es_ac, .at = insn_mov_es_at,  \
	.at_ac = insn_pf_mov_es_ac_at, .bytes = 8

static void gdt_read(u32 who)
{
	struct doing d = { .what = "descriptor read",
			   .arg = SELECTOR,
			   LOAD_ES };

	on_scratch_gdt(&d, DATA_SEGMENT, who);
}

static void gdt_write(u32 who)
{
	struct doing d = {
		.what = "accessed bit", .arg = SELECTOR, .writes = true, LOAD_ES
	};

	on_scratch_gdt(&d, NOT_ACCESSED, who);
}

TEST(pf, descriptor_read_is_the_supervisors, RULE)
{
	gdt_read(NOT_0_AC);
}

TEST(pf, accessed_bit_of_a_descriptor_is_the_supervisors_write, RULE)
{
	gdt_write(NOT_0_AC);
}

/* Else a driver with AC set could be given a descriptor by CPL 3. */
TEST(pf, implicit_access_from_cpl_0_has_no_ac, RULE)
{
	if (!cpu_has(X86_FEATURE_SMAP))
		SKIP(return, "this CPU has no SMAP");
	gdt_read(ONLY_0_AC);
}

/* PKRU is asked about user pages, IA32_PKRS about the supervisor's. */
TEST(pf, protection_keys_hold_for_implicit_accesses, "SDM 3A Protection Keys")
{
	u64 cr4 = read_cr4();
	const u32 no_access = 1u << 2 * 3, no_write = 2u << 2 * 3;

	if (!cpu_has(X86_FEATURE_PKU) || !cpu_has(X86_FEATURE_PKS))
		SKIP(return, "this CPU has not both kinds of protection keys");
	wrmsr(MSR_IA32_PKRS, 0);
	write_cr4(cr4 | X86_CR4_PKE | X86_CR4_PKS);
	set_entry(PTE2, SECOND, 0, _PAGE_PKEY(3));
	for (u32 i = 0; i < 4 && ktest_ok(); i++) {
		wrpkru(i & 1 ? no_write : no_access);
		wrmsr(MSR_IA32_PKRS, i & 2 ? no_write : no_access);
		gdt_read(NOT_0_AC);
		gdt_write(NOT_0_AC);
	}
	wrmsr(MSR_IA32_PKRS, 0);
	wrpkru(0);
	write_cr4(cr4);
}

/* An LDT whose first descriptor is at SECOND; its own descriptor in FIRST. */
TEST(pf, ldt_read_is_the_supervisors, RULE)
{
	struct doing d = { .what = "LDT read", .arg = 4, LOAD_ES };
	struct sweep s = { .doing = &d, .who = NOT_0_AC };
	struct desc_ptr live,
		ptr = { .size = IN_FIRST - 1, .address = SECOND - IN_FIRST };
	u64 *gdt = before_second(IN_FIRST), base = SECOND;

	store_gdt(&live);
	memcpy(gdt, (void *)live.address, IN_FIRST);
	gdt[14] = 0x0000820000000007 | (base & 0xffffff) << 16 |
		  (base >> 24 & 0xff) << 56;
	gdt[15] = base >> 32;
	*(u64 *)before_second(0) = DATA_SEGMENT;
	load_gdt(&ptr);
	load_ldt(14 * 8);
	pf_each_mode(DIM_WP | DIM_SMAP, all_leaves, &s);
	load_ldt(0);
	load_gdt(&live);
}

#define INT_0X80                                                 \
	.user_ip = (u64)user_int_0x80, .fn = insn_pf_int_0x80,   \
	.fn_ac = insn_pf_int_0x80_ac, .at = insn_pf_int_0x80_at, \
	.at_ac = insn_pf_int_0x80_ac_at

/* Gates 0 to 0x7f in FIRST, #PF's among them; the gate of 0x80 at SECOND. */
static void idt_sweep(u32 who)
{
	struct doing d = { .what = "gate", .bytes = 16, INT_0X80 };
	struct sweep s = { .doing = &d, .who = who };
	struct desc_ptr live, ptr = { .size = sizeof(scratch_idt) - 1,
				      .address = SECOND - GATES * 16 };

	store_idt(&live);
	memcpy(before_second(GATES * 16), (void *)live.address, GATES * 16);
	memcpy(before_second(0), (void *)(live.address + GATES * 16), 16);
	local_irq_disable(); /* the gates behind 0x80 are not there */
	load_idt(&ptr);
	pf_each_mode(DIM_WP | DIM_SMAP, all_leaves, &s);
	load_idt(&live);
	local_irq_enable();
}

TEST(pf, implicit_access_from_cpl_3_is_a_supervisor_access, RULE)
{
	idt_sweep(BIT(CPL3) | BIT(CPL3_AC));
}

TEST(pf, gate_read_from_cpl_0_is_the_supervisors, RULE)
{
	idt_sweep(BIT(CPL0));
}

/* A TSS whose first bytes bytes lie in FIRST, in TR; and the live one back. */
static struct desc_ptr live_gdt;

static void load_scratch_tss(u64 bytes, u16 limit)
{
	struct desc_ptr ptr = { .size = IN_FIRST - 1, .address = FIRST };
	union desc_struct *gdt = (union desc_struct *)pf.page;
	struct tss *tss = before_second(bytes);

	store_gdt(&live_gdt);
	gdt_fill(gdt, (struct tss *)(SECOND - bytes));
	gdt[GDT_ENTRY_TSS].limit0 = limit;
	*tss = *this_cpu(tss);
	tss->io_bitmap_base = sizeof(*tss);
	local_irq_disable();
	load_gdt(&ptr);
	load_tr(__TSS_SEL);
}

static void unload_scratch_tss(void)
{
	load_gdt(&live_gdt);
	cpu_reload_tr();
	local_irq_enable();
}

/* RSP0 and the stacks of NMI, #DF and #MC in FIRST; IST6 at SECOND. */
TEST(pf, tss_read_is_the_supervisors, RULE)
{
	struct doing d = { .what = "IST6 of the TSS", .bytes = 8, INT_0X80 };
	struct sweep s = { .doing = &d, .who = NOT_0_AC };

	scratch_idt_begin();
	scratch_idt[0x80].bits.ist = 6;
	load_scratch_tss(offsetof(struct tss, ist[5]), sizeof(struct tss) - 1);
	pf_each_mode(DIM_WP | DIM_SMAP, all_leaves, &s);
	unload_scratch_tss();
	scratch_idt_end();
}

/* Port 0x80 is allowed by a bit of SECOND, if the CPU may read it. */
TEST(pf, io_map_read_is_the_supervisors, RULE)
{
	struct doing d = { .what = "I/O permission map",
			   .bytes = 0x80 / 8 + 2,
			   .user_ip = (u64)user_pf_in };
	struct sweep s = { .doing = &d, .who = BIT(CPL3) | BIT(CPL3_AC) };

	memset((u8 *)pf.page + PAGE_SIZE, 0, 64);
	load_scratch_tss(sizeof(struct tss), sizeof(struct tss) + 63);
	pf_each_mode(DIM_WP | DIM_SMAP, all_leaves, &s);
	unload_scratch_tss();
}

/*
 * The frame of IRETQ is read as CPL says, not implicitly. #PF comes on a stack
 * of its own: the frame's page would refuse the push as well.
 */
TEST(pf, iretq_reads_its_frame_as_the_supervisor, "SDM 2A IRET")
{
	u64 frame = FIRST + 0x800;
	struct trap got;

	if (!cpu_has(X86_FEATURE_SMAP))
		SKIP(return, "this CPU has no SMAP");
	set_entry(PTE1, FIRST, 0, _PAGE_USER);
	scratch_idt_begin();
	scratch_idt[X86_TRAP_PF].bits.ist = 6;
	got = catch_trap(insn_pf_iretq_on, (void *)frame);
	scratch_idt_end();
	EXPECT_TRAP(got, X86_TRAP_PF);
	EXPECT_EQ(got.error_code, X86_PF_PROT);
	EXPECT_GE(got.cr2, frame);
	EXPECT_LT(got.cr2, frame + 40);
	EXPECT_EQ(got.ip, insn_pf_iretq_on_at);
	EXPECT_EQ(got.sp, frame);
	EXPECT_EQ(got.stack, STACK_IST6);
}
