// SPDX-License-Identifier: MIT
/*
 * The registers of a machine check in words.
 *
 * Spec: SDM 3B "IA32_MCi_STATUS MSRS", "Interpreting Machine-Check Error
 *       Codes"; APM 2 "MCA Error Codes".
 */
#include <asm/msr-index.h>
#include <ktest/ktest.h>
#include <lib/string.h>
#include <trap/mce.h>

#define RULE_STATUS "SDM 3B IA32_MCi_STATUS MSRS"
#define RULE_CODE   "SDM 3B Interpreting Machine-Check Error Codes"
#define RULE_UCR    "SDM 3B Uncorrected Recoverable (UCR) Errors"
#define RULE_AMD    "APM 2 Machine-Check Status Registers"

static char text[128];

static const char *status(u64 val, enum mce_kind kind)
{
	decode_mci_status(text, sizeof(text), val, kind);
	return text;
}

static const char *code(u16 val)
{
	decode_mca_code(text, sizeof(text), val, MCE_INTEL_SER);
	return text;
}

static const char *amd_code(u16 val)
{
	decode_mca_code(text, sizeof(text), val, MCE_AMD);
	return text;
}

TEST(decode, mcg_status_names_its_bits, "SDM 3B IA32_MCG_STATUS MSR")
{
	decode_mcg_status(text, sizeof(text), 5);
	EXPECT_STREQ(text, "[RIPV MCIP]");
	decode_mcg_status(text, sizeof(text), 0xa);
	EXPECT_STREQ(text, "[EIPV LMCE_S]");
	decode_mcg_status(text, sizeof(text), 0);
	EXPECT_STREQ(text, "[]");
}

TEST(decode, mci_status_names_its_bits, RULE_STATUS)
{
	EXPECT_STREQ(status(0xfe00000000000000, MCE_INTEL),
		     "[VAL OVER UC EN MISCV ADDRV PCC]");
	EXPECT_STREQ(status(0xbd80000000000134, MCE_INTEL_SER),
		     "[VAL UC EN MISCV ADDRV] [S AR]");
	EXPECT_STREQ(status(0x8000000000000000, MCE_INTEL_SER), "[VAL] []");
	EXPECT_STREQ(status(0x01807fffffffffff, MCE_INTEL), "[]");
}

TEST(decode, mci_status_of_amd_has_other_bits, RULE_AMD)
{
	EXPECT_STREQ(status(0xb6a0780000000000, MCE_AMD),
		     "[VAL UC EN ADDRV PCC] "
		     "[TCC SyndV CECC UECC Deferred Poison]");
	EXPECT_STREQ(status(0x8100000000000000, MCE_AMD), "[VAL] []");
}

TEST(decode, mci_status_is_cut_to_fit, RULE_STATUS)
{
	char small[12];

	EXPECT_EQ(decode_mci_status(small, sizeof(small), ~0ull, MCE_AMD), 11);
	EXPECT_STREQ(small, "[VAL OVER U");
	EXPECT_EQ(decode_mci_status(small, 0, ~0ull, MCE_AMD), 0);
}

TEST(decode, mce_severity_follows_uc_pcc_s_and_ar, RULE_UCR)
{
	EXPECT_STREQ(mce_severity(MCI_STATUS_VAL, MCE_INTEL_SER), "corrected");
	EXPECT_STREQ(mce_severity(MCI_STATUS_UC, MCE_INTEL_SER), "UCNA");
	EXPECT_STREQ(mce_severity(MCI_STATUS_UC | MCI_STATUS_S, MCE_INTEL_SER),
		     "SRAO");
	EXPECT_STREQ(mce_severity(MCI_STATUS_UC | MCI_STATUS_S | MCI_STATUS_AR,
				  MCE_INTEL_SER),
		     "SRAR");
	EXPECT_STREQ(
		mce_severity(MCI_STATUS_UC | MCI_STATUS_PCC, MCE_INTEL_SER),
		"fatal");
	EXPECT_STREQ(mce_severity(MCI_STATUS_UC | MCI_STATUS_S, MCE_INTEL),
		     "uncorrected");
}

TEST(decode, mce_severity_of_amd_knows_deferred, RULE_AMD)
{
	EXPECT_STREQ(mce_severity(MCI_STATUS_DEFERRED, MCE_AMD), "deferred");
	EXPECT_STREQ(mce_severity(MCI_STATUS_DEFERRED, MCE_INTEL), "corrected");
	EXPECT_STREQ(mce_severity(MCI_STATUS_UC | MCI_STATUS_AR, MCE_AMD),
		     "uncorrected");
	EXPECT_STREQ(mce_severity(MCI_STATUS_UC | MCI_STATUS_PCC, MCE_AMD),
		     "fatal");
}

TEST(decode, mca_simple_codes, RULE_CODE)
{
	EXPECT_STREQ(code(0), "no error");
	EXPECT_STREQ(code(1), "unclassified");
	EXPECT_STREQ(code(2), "microcode ROM parity");
	EXPECT_STREQ(code(3), "external error");
	EXPECT_STREQ(code(4), "FRC error");
	EXPECT_STREQ(code(5), "internal parity");
	EXPECT_STREQ(code(6), "SMM code access");
	EXPECT_STREQ(code(7), "unknown code 0x0007");
	EXPECT_STREQ(code(0x400), "internal timer");
	EXPECT_STREQ(code(0x401), "internal unclassified");
	EXPECT_STREQ(code(0x7ff), "internal unclassified");
	EXPECT_STREQ(code(0xe0b), "I/O error");
	EXPECT_STREQ(code(0x8000), "unknown code 0x8000");
}

TEST(decode, mca_compound_codes, RULE_CODE)
{
	EXPECT_STREQ(code(0x000d), "cache hierarchy: L1");
	EXPECT_STREQ(code(0x0011), "TLB: instruction, L1");
	EXPECT_STREQ(code(0x001b), "TLB: generic, any");
	EXPECT_STREQ(code(0x0090), "memory controller: read, channel 0");
	EXPECT_STREQ(code(0x00cf), "memory controller: scrubbing, no channel");
	EXPECT_STREQ(code(0x02a1), "extended memory: write, channel 1");
	EXPECT_STREQ(code(0x0134), "cache hierarchy: data read, data, L0");
	EXPECT_STREQ(code(0x0150),
		     "cache hierarchy: instruction fetch, instruction, L0");
	EXPECT_STREQ(code(0x017a), "cache hierarchy: eviction, generic, L2");
	EXPECT_STREQ(code(0x01f0),
		     "cache hierarchy: reserved request, instruction, L0");
	EXPECT_STREQ(code(0x0813),
		     "bus: originated, generic read, memory, any");
	EXPECT_STREQ(code(0x0f2b),
		     "bus: generic, generic write, I/O, any, timed out");
}

TEST(decode, mca_filter_bit_changes_no_class, RULE_CODE)
{
	EXPECT_STREQ(code(0x1134), "cache hierarchy: data read, data, L0");
	EXPECT_STREQ(code(0x1813),
		     "bus: originated, generic read, memory, any");
	EXPECT_STREQ(amd_code(0x1134), "unknown code 0x1134");
}

TEST(decode, mca_codes_of_amd, "APM 2 MCA Error Codes")
{
	EXPECT_STREQ(amd_code(0x0015), "TLB: data, L1");
	EXPECT_STREQ(amd_code(0x0135), "cache hierarchy: data read, data, L1");
	EXPECT_STREQ(amd_code(0x0a0f),
		     "bus: responded, generic error, other, any");
	EXPECT_STREQ(amd_code(0x0400), "internal unclassified");
	EXPECT_STREQ(amd_code(0x0001), "unknown code 0x0001");
	EXPECT_STREQ(amd_code(0x0090), "unknown code 0x0090");
}

TEST(decode, mci_misc_says_what_the_address_is, RULE_UCR)
{
	decode_mci_misc(text, sizeof(text), 0x8c);
	EXPECT_STREQ(text, "physical address, 2^12 bytes");
	decode_mci_misc(text, sizeof(text), 0x46);
	EXPECT_STREQ(text, "linear address, 2^6 bytes");
	decode_mci_misc(text, sizeof(text), 0x1c0);
	EXPECT_STREQ(text, "generic, 2^0 bytes");
}

/* No code is without words, and none runs over its buffer. */
TEST(decode, every_mca_code_has_words, RULE_CODE)
{
	for (u32 kind = MCE_INTEL; kind <= MCE_AMD; kind++)
		for (u32 val = 0; val < 0x10000; val += 7) {
			int n = decode_mca_code(text, sizeof(text), (u16)val,
						(enum mce_kind)kind);

			if (n <= 0 || n > 64)
				EXPECT_EQ(n, val);
		}
	EXPECT_GT(strlen(text), 0);
}
