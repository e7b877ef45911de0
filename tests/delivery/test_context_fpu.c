// SPDX-License-Identifier: MIT
/*
 * The x87, SSE, AVX and AVX-512 state survives an interrupt and a trap that
 * return: irqbed's entry code and its handlers, which have none of it, are
 * what these cases judge.
 *
 * Spec: SDM 3A "Exception and Interrupt Handling"; SDM 1 "FXSAVE Area".
 */
#include <asm/special_insns.h>
#include <irq/irq.h>
#include <ktest/insn_fpu.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "delivery.h"

#define RULE	 "SDM 3A Interrupt and Exception Handling: resuming the program"
#define XCR0_AVX 0x07 /* x87, SSE, AVX */
#define XCR0_ZMM 0xe7 /* and opmasks, ZMM0-15's upper halves, ZMM16-31 */

static u32 handled;

static bool on_trap(struct pt_regs *regs, void *data)
{
	handled++;
	return true;
}

static irqreturn_t on_irq(int irq, void *data)
{
	handled++;
	return IRQ_HANDLED;
}

/* fn(state) with an interrupt pending, which it lets in before its INT3. */
static void both(void (*fn)(void *), void *state, u64 xcr0)
{
	u64 flags = local_irq_save(), before = 0;

	handled = 0;
	if (xcr0) {
		before = xgetbv(0);
		xsetbv(0, before | xcr0);
	}
	trap_hook(X86_TRAP_BP, on_trap, NULL);
	if (EXPECT_EQ(irq_claim_vector(IRQ_LOW, on_irq, NULL), 0)) {
		if (EXPECT_TRUE(pend(IRQ_LOW)))
			fn(state);
		irq_release_vector(IRQ_LOW);
	}
	trap_hook(X86_TRAP_BP, NULL, NULL);
	if (xcr0)
		xsetbv(0, before);
	local_irq_restore(flags);
	EXPECT_EQ(handled, 2);
}

/* SDM 1, table "Non-64-bit-Mode Layout of FXSAVE and FXRSTOR Memory Region". */
struct fx_image {
	u16 fcw, fsw;
	u8 ftw, reserved;
	u16 fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsr_mask;
	struct {
		u8 value[10], reserved[6];
	} st[8];
	u8 xmm[16][16];
	u8 rest[96];
};
static_assert(sizeof(struct fx_image) == 512, "SDM 1: FXSAVE area");

TEST(delivery, x87_and_sse_state_survives_an_interrupt_and_a_trap, RULE)
{
	static struct fx_image image[2] __attribute__((aligned(16)));
	struct sse_op masked = { .mxcsr = 0x1f80 };
	struct fx_image *in = &image[0], *out = &image[1];

	memset(image, 0, sizeof(image));
	for (u32 i = 0; i < sizeof(in->st); i++)
		((u8 *)in->st)[i] = i % 16 < 10 ? (u8)(i * 29 + 7) : 0;
	for (u32 i = 0; i < sizeof(in->xmm); i++)
		((u8 *)in->xmm)[i] = (u8)(i * 37 + 11);
	in->fcw = 0x0f7f;   /* round towards zero, all masked */
	in->fsw = 0x1a00;   /* TOP 3, C1 */
	in->ftw = 0xff;	    /* none empty */
	in->mxcsr = 0x7fa1; /* rounding too; two flags */
	both(insn_dl_context_fx, image, 0);
	fninit();
	insn_ldmxcsr(&masked);
	EXPECT_EQ(out->fcw, in->fcw);
	EXPECT_EQ(out->fsw, in->fsw);
	EXPECT_EQ(out->ftw, in->ftw);
	EXPECT_EQ(out->mxcsr, in->mxcsr);
	for (u32 i = 0; i < 8; i++)
		EXPECT_EQ(memcmp(out->st[i].value, in->st[i].value, 10), 0);
	EXPECT_EQ(memcmp(out->xmm, in->xmm, sizeof(in->xmm)), 0);
}

static bool has_xsave(void)
{
	return cpu_has(X86_FEATURE_XSAVE) && (read_cr4() & X86_CR4_OSXSAVE);
}

TEST(delivery, ymm_registers_survive_an_interrupt_and_a_trap, RULE)
{
	static struct dl_ymm ymm;

	if (!cpu_has(X86_FEATURE_AVX) || !has_xsave())
		SKIP(return, "this CPU has no AVX");
	for (u32 i = 0; i < sizeof(ymm.in); i++)
		(&ymm.in[0][0])[i] = (u8)(i * 41 + 3);
	memset(ymm.out, 0, sizeof(ymm.out));
	both(insn_dl_context_ymm, &ymm, XCR0_AVX);
	for (u32 i = 0; i < 16; i++)
		EXPECT_EQ(memcmp(ymm.out[i], ymm.in[i], sizeof(ymm.in[i])), 0);
}

TEST(delivery, zmm_and_opmasks_survive_an_interrupt_and_a_trap, RULE)
{
	static struct dl_zmm zmm;

	if (!cpu_has(X86_FEATURE_AVX512F) || !has_xsave())
		SKIP(return, "this CPU has no AVX-512");
	for (u32 i = 0; i < sizeof(zmm.in.zmm); i++)
		(&zmm.in.zmm[0][0])[i] = (u8)(i * 43 + i / 256);
	for (u32 i = 0; i < 8; i++)
		zmm.in.k[i] = (0x9e37 + i * 0x1357) & 0xffff;
	memset(&zmm.out, 0, sizeof(zmm.out));
	both(insn_dl_context_zmm, &zmm, XCR0_ZMM);
	EXPECT_EQ(memcmp(&zmm.out, &zmm.in, sizeof(zmm.in)), 0);
}
