/* SPDX-License-Identifier: MIT */
/*
 * mce.h - machine checks: the banks in which the hardware notes its errors,
 * read, cleared, and put into words.
 *
 * Spec: SDM 3B "Machine-Check Architecture", "Interpreting Machine-Check
 *       Error Codes"; APM 2 "Machine Check Architecture".
 */
#pragma once

#include <lib/compiler.h>

struct mce_bank {
	u32 nr;
	u64 status;
	u64 addr; /* 0 unless MCI_STATUS_ADDRV */
	u64 misc; /* 0 unless MCI_STATUS_MISCV */
};

#define MCE_KEPT 4 /* banks of one #MC; the rest are only counted */

struct mce_record {
	u64 mcg_status;
	u32 valid; /* banks that held an error */
	struct mce_bank bank[MCE_KEPT];
};

/* Whose meaning a bank's bits have. SER: Intel with MCG_CAP.MCG_SER_P. */
enum mce_kind { MCE_INTEL, MCE_INTEL_SER, MCE_AMD };
enum mce_kind mce_kind(void);

/* How many banks this CPU has; 0 without machine-check architecture. */
u32 mce_banks(void);

/*
 * Every bank reports everything from here on; what the firmware or the last
 * boot left in one is logged and cleared. This CPU, once its gates are there.
 */
void mcheck_cpu_init(void);

/* False: the bank holds no error. ADDR and MISC are read where valid. */
bool mce_read_bank(u32 nr, struct mce_bank *b);

/* Write 0, as the manuals want it: STATUS alone, or all of a bank. */
void mce_clear_bank(u32 nr);

/*
 * exc_machine_check()'s first and last act: note MCG_STATUS and the banks;
 * clear those banks, and MCIP last, because a machine check while it is set
 * shuts the CPU down.
 */
void mce_gather(void);
void mce_done(void);

/* What this CPU's last #MC found. */
const struct mce_record *mce_last(void);

/* Pure. "[RIPV MCIP]"; "[VAL UC EN PCC]"; length of the text. */
int decode_mcg_status(char *buf, size_t size, u64 mcg_status);
int decode_mci_status(char *buf, size_t size, u64 status, enum mce_kind kind);

/*
 * MCi_STATUS 15:0 in words: "cache hierarchy: data read, data, L1". AMD has
 * fewer of them.
 */
int decode_mca_code(char *buf, size_t size, u16 code, enum mce_kind kind);

/* "corrected", "UCNA", "SRAO", "SRAR", "deferred", "uncorrected", "fatal". */
const char *mce_severity(u64 status, enum mce_kind kind);

/* MCi_MISC of MCE_INTEL_SER: "physical address, 2^6 bytes". */
int decode_mci_misc(char *buf, size_t size, u64 misc);
