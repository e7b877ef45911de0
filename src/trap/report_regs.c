// SPDX-License-Identifier: MIT
/*
 * report_regs.c - registers, control registers, and the bytes around RIP.
 * Addresses are 0x and 16 digits: scripts/symbolize looks for that.
 */
#include <trap/report.h>

#include <console/printk.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/regions.h>
#include <trap/decode.h>

#include "report_parts.h"

#define CODE_BEFORE 16
#define CODE_AFTER  16

void report_regs(const struct pt_regs *regs)
{
	char text[96];

	region_name(regs->ip, text, sizeof(text));
	printk("# rip 0x%016lx  %s", regs->ip, text);
	region_name(regs->sp, text, sizeof(text));
	printk("# rsp 0x%016lx  %s", regs->sp, text);
	decode_flags(text, sizeof(text), regs->flags);
	printk("# cs 0x%04lx  ss 0x%04lx  rflags 0x%016lx %s", regs->cs,
	       regs->ss, regs->flags, text);
	printk("# rax 0x%016lx  rbx 0x%016lx  rcx 0x%016lx", regs->ax, regs->bx,
	       regs->cx);
	printk("# rdx 0x%016lx  rsi 0x%016lx  rdi 0x%016lx", regs->dx, regs->si,
	       regs->di);
	printk("# rbp 0x%016lx  r8  0x%016lx  r9  0x%016lx", regs->bp, regs->r8,
	       regs->r9);
	printk("# r10 0x%016lx  r11 0x%016lx  r12 0x%016lx", regs->r10,
	       regs->r11, regs->r12);
	printk("# r13 0x%016lx  r14 0x%016lx  r15 0x%016lx", regs->r13,
	       regs->r14, regs->r15);
}

void report_system(const struct report *r)
{
	char text[48];

	printk("# cr0 0x%016lx  cr2 0x%016lx  cr3 0x%016lx", r->cr0, r->cr2,
	       r->cr3);
	printk("# cr4 0x%016lx  cr8 0x%016lx  efer 0x%016lx", r->cr4, r->cr8,
	       r->efer);
	decode_dr6(text, sizeof(text), r->dr6);
	printk("# dr6 0x%016lx %s  dr7 0x%016lx", r->dr6, text, r->dr7);
	printk("# gs base 0x%016lx  kernel gs base 0x%016lx", r->gs_base,
	       r->kernel_gs_base);
	printk("# fs base 0x%016lx  tr 0x%04x", r->fs_base, r->tr);
	printk("# idt 0x%016lx limit 0x%04x  gdt 0x%016lx limit 0x%04x",
	       r->idt.address, r->idt.size, r->gdt.address, r->gdt.size);
}

/* The byte at RIP stands in <>; "??" could not be read. */
void report_code(u64 ip)
{
	char line[(CODE_BEFORE + CODE_AFTER) * 3 + 3];
	size_t n = 0;
	u64 addr;
	u8 byte;

	for (addr = ip - CODE_BEFORE; addr != ip + CODE_AFTER; addr++) {
		const char *open = addr == ip ? "<" : "";
		const char *close = addr == ip ? ">" : "";

		if (peek(&byte, addr, 1))
			n += scnprintf(line + n, sizeof(line) - n, " %s%02x%s",
				       open, byte, close);
		else
			n += scnprintf(line + n, sizeof(line) - n, " %s??%s",
				       open, close);
	}
	printk("# code%s", line);
}
