// SPDX-License-Identifier: MIT
/*
 * decode_mce.c - the registers of a machine check in words. Pure.
 *
 * Spec: SDM 3B "IA32_MCG_STATUS MSR", "IA32_MCi_STATUS MSRS", "Interpreting
 *       Machine-Check Error Codes"; APM 2 "MCA Error Codes", "Machine-Check
 *       Status Registers".
 */
#include <trap/mce.h>

#include <asm/msr-index.h>
#include <lib/format.h>

struct named_bit {
	u8 bit;
	char name[9];
};

static int put_names(char *buf, size_t size, u64 val,
		     const struct named_bit *bits, size_t count)
{
	const char *gap = "";
	int n = scnprintf(buf, size, "[");

	for (size_t i = 0; i < count; i++) {
		if (!(val >> bits[i].bit & 1))
			continue;
		n += scnprintf(buf + n, size - n, "%s%s", gap, bits[i].name);
		gap = " ";
	}
	return n + scnprintf(buf + n, size - n, "]");
}

int decode_mcg_status(char *buf, size_t size, u64 mcg_status)
{
	static const struct named_bit bits[] = {
		{ 0, "RIPV" }, { 1, "EIPV" }, { 2, "MCIP" }, { 3, "LMCE_S" }
	};

	return put_names(buf, size, mcg_status, bits, ARRAY_SIZE(bits));
}

int decode_mci_status(char *buf, size_t size, u64 status, enum mce_kind kind)
{
	static const struct named_bit bits[] = {
		{ 63, "VAL" },	 { 62, "OVER" },  { 61, "UC" }, { 60, "EN" },
		{ 59, "MISCV" }, { 58, "ADDRV" }, { 57, "PCC" }
	};
	static const struct named_bit ser[] = { { 56, "S" }, { 55, "AR" } };
	static const struct named_bit amd[] = {
		{ 55, "TCC" },	{ 53, "SyndV" },    { 46, "CECC" },
		{ 45, "UECC" }, { 44, "Deferred" }, { 43, "Poison" }
	};
	bool is_amd = kind == MCE_AMD;
	int n = put_names(buf, size, status, bits, ARRAY_SIZE(bits));

	if (kind == MCE_INTEL || !size)
		return n;
	n += scnprintf(buf + n, size - n, " ");
	return n + put_names(buf + n, size - n, status, is_amd ? amd : ser,
			     is_amd ? ARRAY_SIZE(amd) : ARRAY_SIZE(ser));
}

/* With S and AR an uncorrected error says how it is to be survived. */
const char *mce_severity(u64 status, enum mce_kind kind)
{
	if (kind == MCE_AMD && status & MCI_STATUS_DEFERRED)
		return "deferred";
	if (!(status & MCI_STATUS_UC))
		return "corrected";
	if (status & MCI_STATUS_PCC)
		return "fatal";
	if (kind != MCE_INTEL_SER)
		return "uncorrected";
	if (!(status & MCI_STATUS_S))
		return "UCNA";
	return status & MCI_STATUS_AR ? "SRAR" : "SRAO";
}

static const char *level(u16 code)
{
	static const char text[][4] = { "L0", "L1", "L2", "any" };

	return text[code & 3];
}

static const char *kind_of_transaction(u16 code)
{
	static const char text[][12] = { "instruction", "data", "generic",
					 "reserved" };

	return text[code >> 2 & 3];
}

static const char *request(u16 code)
{
	static const char text[][18] = {
		"generic error", "generic read", "generic write",
		"data read",	 "data write",	 "instruction fetch",
		"prefetch",	 "eviction",	 "snoop",
	};
	u32 rrrr = code >> 4 & 0xf;

	return rrrr < ARRAY_SIZE(text) ? text[rrrr] : "reserved request";
}

static int put_memory(char *buf, size_t size, const char *what, u16 code)
{
	static const char text[][12] = { "generic",  "read",	  "write",
					 "address",  "scrubbing", "reserved",
					 "reserved", "reserved" };
	int n = scnprintf(buf, size, "%s: %s, ", what, text[code >> 4 & 7]);

	if ((code & 0xf) == 0xf)
		return n + scnprintf(buf + n, size - n, "no channel");
	return n + scnprintf(buf + n, size - n, "channel %u", code & 0xf);
}

static int put_bus(char *buf, size_t size, u16 code)
{
	static const char by[][12] = { "originated", "responded", "observed",
				       "generic" };
	static const char to[][9] = { "memory", "reserved", "I/O", "other" };

	return scnprintf(buf, size, "bus: %s, %s, %s, %s%s", by[code >> 9 & 3],
			 request(code), to[code >> 2 & 3], level(code),
			 code & 0x100 ? ", timed out" : "");
}

static int put_simple(char *buf, size_t size, u16 code, enum mce_kind kind)
{
	static const char text[][26] = {
		"no error",	   "unclassified", "microcode ROM parity",
		"external error",  "FRC error",	   "internal parity",
		"SMM code access",
	};

	if (kind != MCE_AMD && code < ARRAY_SIZE(text))
		return scnprintf(buf, size, "%s", text[code]);
	if (kind != MCE_AMD && code == 0x0400)
		return scnprintf(buf, size, "internal timer");
	if (kind != MCE_AMD && code == 0x0e0b)
		return scnprintf(buf, size, "I/O error");
	if ((code & 0xfc00) == 0x0400)
		return scnprintf(buf, size, "internal unclassified");
	return scnprintf(buf, size, "unknown code 0x%04x", code);
}

/* The position of the highest 1 is the class, as the manuals draw it. */
int decode_mca_code(char *buf, size_t size, u16 code, enum mce_kind kind)
{
	u16 plain = kind == MCE_AMD ? code : code & ~MCACOD_FILTER;

	if (plain == 0x0e0b && kind != MCE_AMD)
		return put_simple(buf, size, plain, kind);
	if ((plain & 0xf800) == 0x0800)
		return put_bus(buf, size, plain);
	if ((plain & 0xff00) == 0x0100)
		return scnprintf(buf, size, "cache hierarchy: %s, %s, %s",
				 request(plain), kind_of_transaction(plain),
				 level(plain));
	if ((plain & 0xfff0) == 0x0010)
		return scnprintf(buf, size, "TLB: %s, %s",
				 kind_of_transaction(plain), level(plain));
	if (kind != MCE_AMD && (plain & 0xff80) == 0x0280)
		return put_memory(buf, size, "extended memory", plain);
	if (kind != MCE_AMD && (plain & 0xff80) == 0x0080)
		return put_memory(buf, size, "memory controller", plain);
	if (kind != MCE_AMD && (plain & 0xfffc) == 0x000c)
		return scnprintf(buf, size, "cache hierarchy: %s",
				 level(plain));
	return put_simple(buf, size, plain, kind);
}

int decode_mci_misc(char *buf, size_t size, u64 misc)
{
	static const char mode[][20] = {
		"segment offset", "linear address", "physical address",
		"memory address", "reserved",	    "reserved",
		"reserved",	  "generic",
	};

	return scnprintf(buf, size, "%s, 2^%u bytes", mode[misc >> 6 & 7],
			 (u32)(misc & 0x3f));
}
