/* SPDX-License-Identifier: MIT */
/*
 * probe.h - an IDT of the case's own, whose 256 stubs expect nothing.
 *
 * Each stub notes raw facts and then does what the case chose: resume behind
 * probe_call(), or IRETQ. So a wrong stack, a missing error code or a bad gate
 * is a value to compare and never a crash in handlers that trust the CPU.
 *
 *	probe_gate(0x50)->bits.p = 0;
 *	probe_call(insn_dl_int(0x50), NULL);
 *	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_NP);
 *
 * The scratch tables are live only while probe_call() runs; checks are made
 * after it. #MC and NMI keep their real gates, so the watchdog still works,
 * and #DF has its real stack; a case may change any of them.
 */
#pragma once

#include <asm/desc_defs.h>
#include <asm/irq_vectors.h>
#include <asm/ptrace.h>
#include <lib/compiler.h>

#define PROBE_HITS 16 /* kept in full; later ones are only counted */

/* What a stub does once it has noted the facts. */
enum probe_action {
	PROBE_LEAVE,	   /* resume behind probe_call(): the default */
	PROBE_RETURN,	   /* IRETQ: the event pushed no error code */
	PROBE_RETURN_CODE, /* drop the error code, IRETQ */
};

/* Five words the CPU always pushes, lowest address first. */
struct iret_frame {
	u64 ip, cs, flags, sp, ss;
};

struct probe_hit {
	u32 vector;
	u64 sp;	    /* RSP at the stub's first instruction */
	u64 top[6]; /* words from there up; the sixth 0 if on another page */
	u64 flags;  /* RFLAGS there */
	u16 cs, ss;
	u64 cr2, dr6;
	struct pt_regs regs; /* the 15 GPRs as they arrived; the rest is 0 */
};

/* The GPRs on the stub's stack, then what the CPU pushed: a hook edits it. */
struct probe_regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	u64 ax, cx, dx, si, di;
	u64 flags, vector; /* by the stub: RFLAGS inside, which gate */
	u64 top[6];	   /* by the CPU: [error code] ip cs flags sp ss */
};

/*
 * Runs in the stub after the facts are noted, IF=0; returns the action. After
 * CPL 3 the user's GS is live: no per-CPU data then.
 */
typedef enum probe_action (*probe_hook_fn)(struct probe_regs *regs);

struct probe {
	/* The case's wishes; probe_reset() gives the defaults. */
	gate_desc *idt;
	union desc_struct *gdt; /* a writable copy of the live one */
	struct tss *tss;	/* RSP0, IST5-7 on probe_stack()s, 1-4 live */
	u16 idt_limit;
	bool use_tss; /* load gdt and tss too */
	u8 action[NR_VECTORS];
	bool eoi[NR_VECTORS]; /* the stub ends an APIC interrupt */
	probe_hook_fn hook[NR_VECTORS];
	/* What happened. */
	u32 hits;
	u32 count[NR_VECTORS];
	struct probe_hit hit[PROBE_HITS];
};

extern struct probe probe;

/* Tables as new, nothing counted. 0 or -ENOMEM. Before each case. */
int probe_reset(void);

/* Live tables again, whatever the case did. After each case. */
void probe_teardown(void);

gate_desc *probe_gate(u32 vector);
void probe_gate_offset(u32 vector, u64 offset);

/* An interrupt gate to vector's stub, DPL 0, no IST: NMI's and #DF's too. */
void probe_take_gate(u32 vector);

/* Forget the hits; wishes stay. */
void probe_clear(void);

/*
 * Top of the case's own stack n, 0..7: IST n, 0 for RSP0. 64 bytes below a
 * page's end, so that the stub can look beyond it.
 */
u64 probe_stack(u32 n);

/*
 * Call fn(arg) with IF=0 on the scratch tables; GPRs that the ABI keeps, RSP,
 * RFLAGS and the GS bases are as before when it comes back, and NMIs are not
 * blocked. True: a stub resumed here; false: fn returned.
 */
bool probe_call(void (*fn)(void *), void *arg);

/*
 * IRETQ to everything regs says: for probe_call(), does not return. The IRETQ
 * itself is at probe_enter_iretq, and RSP is then &regs->ip.
 */
void probe_enter(void *regs);
extern char probe_enter_iretq[];

/* The same with RFLAGS.NT set before the IRETQ, at probe_enter_nt_iretq. */
void probe_enter_nt(void *regs);
extern char probe_enter_nt_iretq[];
