/* SPDX-License-Identifier: MIT */
/* cet.h - what the files of suite `cp` share. */
#pragma once

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_cet.h>
#include <trap/decode.h>

#include "judge.h"

#define RULE "SDM 3A Interrupt 21"

/* The error codes. */
enum cp_code {
	CP_NEAR_RET = 1,
	CP_FAR_RET_IRET,
	CP_ENDBRANCH,
	CP_RSTORSSP,
	CP_SETSSBSY,
};

#define NO_SHSTK "this CPU has no shadow stacks"
#define NO_IBT	 "this CPU has no indirect-branch tracking"

static inline bool has_ibt(void)
{
	return boot_cpu_data.max_leaf >= 7 && cpuid_count(7, 0).edx & BIT(20);
}

/* One page of shadow stack; the SSP it starts with, zeroes on both sides. */
#define SHSTK_VA    USER_VA
#define SHSTK_START (SHSTK_VA + PAGE_SIZE - 0x100)

/* Not writable but dirty: that is what makes a page a shadow stack's. */
#define PAGE_USER_SHSTK	  (PAGE_USER_RX | _PAGE_NX)
#define PAGE_KERNEL_SHSTK PAGE_KERNEL_RO
