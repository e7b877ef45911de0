// SPDX-License-Identifier: MIT
/*
 * decode_error.c - error codes in words, bit by bit. Pure.
 *
 * Spec: SDM 3A "Error Code", "Interrupt 14-Page-Fault Exception (#PF)",
 *       "Interrupt 21-Control Protection Exception (#CP)"; APM 2 "#VC",
 *       "#SX", "SVM Intercept Exit Codes".
 */
#include <trap/decode.h>

#include <lib/compiler.h>
#include <lib/format.h>

#define ERROR_EXT 0x0001
#define ERROR_IDT 0x0002
#define ERROR_TI  0x0004
#define ERROR_SEL 0xfff8

/* What is left when every bit that means something has been named. */
static int put_undefined(char *buf, size_t size, u64 bits)
{
	if (!bits)
		return 0;
	return scnprintf(buf, size, ", undefined bits 0x%lx", bits);
}

static int decode_pf_error(char *buf, size_t size, u64 error_code)
{
	static const struct {
		u16 bit;
		char name[26];
	} more[] = {
		{ X86_PF_RSVD, ", reserved bit set" },
		{ X86_PF_PK, ", protection key" },
		{ X86_PF_SHSTK, ", shadow stack access" },
		{ X86_PF_SGX, ", SGX enclave check" },
	};
	const char *what = "read";
	u64 left = error_code & ~(u64)(X86_PF_PROT | X86_PF_WRITE |
				       X86_PF_USER | X86_PF_INSTR);
	size_t i;
	int n;

	if (error_code & X86_PF_WRITE)
		what = "write";
	if (error_code & X86_PF_INSTR)
		what = error_code & X86_PF_WRITE ? "write and fetch" : "fetch";
	n = scnprintf(buf, size, "%s, %s, %s",
		      error_code & X86_PF_PROT ? "protection violation"
					       : "not present",
		      what, error_code & X86_PF_USER ? "user" : "supervisor");
	for (i = 0; i < ARRAY_SIZE(more); i++)
		if (left & more[i].bit) {
			n += scnprintf(buf + n, size - n, "%s", more[i].name);
			left &= ~(u64)more[i].bit;
		}
	return n + put_undefined(buf + n, size - n, left);
}

/* IDT outranks TI: with it the index counts gates, which have no RPL. */
static int decode_selector_error(char *buf, size_t size, u64 error_code)
{
	u32 selector = error_code & ERROR_SEL;
	int n;

	if (error_code & ERROR_IDT)
		n = scnprintf(buf, size, "IDT gate 0x%02x", selector >> 3);
	else if (error_code & ERROR_TI)
		n = scnprintf(buf, size, "LDT selector 0x%02x",
			      selector | ERROR_TI);
	else if (selector)
		n = scnprintf(buf, size, "GDT selector 0x%02x", selector);
	else
		n = scnprintf(buf, size, "no selector");
	if (error_code & ERROR_EXT)
		n += scnprintf(buf + n, size - n, ", external");
	return n + put_undefined(buf + n, size - n, error_code & ~0xffffull);
}

static int decode_cp_error(char *buf, size_t size, u64 error_code)
{
	static const char cause[][14] = {
		"cause 0",   "NEAR_RET", "FAR_RET/IRET",
		"ENDBRANCH", "RSTORSSP", "SETSSBSY",
	};
	u32 nr = error_code & 0x7fff;
	int n;

	if (nr < ARRAY_SIZE(cause))
		n = scnprintf(buf, size, "%s", cause[nr]);
	else
		n = scnprintf(buf, size, "cause %u", nr);
	if (error_code & 0x8000)
		n += scnprintf(buf + n, size - n, ", ENCL: in an enclave");
	return n + put_undefined(buf + n, size - n, error_code & ~0xffffull);
}

/* #VC's code is the exit code the intercept would have had. */
static int decode_vc_error(char *buf, size_t size, u64 error_code)
{
	static const struct {
		u16 code;
		char name[10];
	} exits[] = {
		{ 0x027, "DR7 read" }, { 0x037, "DR7 write" },
		{ 0x051, "#AC" },      { 0x06e, "RDTSC" },
		{ 0x06f, "RDPMC" },    { 0x072, "CPUID" },
		{ 0x076, "INVD" },     { 0x07b, "IOIO" },
		{ 0x07c, "MSR" },      { 0x081, "VMMCALL" },
		{ 0x087, "RDTSCP" },   { 0x089, "WBINVD" },
		{ 0x08a, "MONITOR" },  { 0x08b, "MWAIT" },
		{ 0x400, "NPF" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(exits); i++)
		if (exits[i].code == error_code)
			return scnprintf(buf, size, "intercept 0x%lx: %s",
					 error_code, exits[i].name);
	return scnprintf(buf, size, "intercept 0x%lx", error_code);
}

static int decode_sx_error(char *buf, size_t size, u64 error_code)
{
	if (error_code == 1)
		return scnprintf(buf, size, "INIT redirected");
	return scnprintf(buf, size, "cause 0x%lx", error_code);
}

static int decode_zero_error(char *buf, size_t size, u64 error_code)
{
	if (!error_code)
		return scnprintf(buf, size, "always 0");
	return scnprintf(buf, size, "0x%lx, but it is always 0", error_code);
}

int decode_error_code(char *buf, size_t size, u32 nr, u64 error_code)
{
	switch (nr) {
	case X86_TRAP_PF:
		return decode_pf_error(buf, size, error_code);
	case X86_TRAP_TS:
	case X86_TRAP_NP:
	case X86_TRAP_SS:
	case X86_TRAP_GP:
		return decode_selector_error(buf, size, error_code);
	case X86_TRAP_CP:
		return decode_cp_error(buf, size, error_code);
	case X86_TRAP_VC:
		return decode_vc_error(buf, size, error_code);
	case X86_TRAP_SX:
		return decode_sx_error(buf, size, error_code);
	}
	if (trap_has_error_code(nr))
		return decode_zero_error(buf, size, error_code);
	return scnprintf(buf, size, "none");
}
