/* SPDX-License-Identifier: MIT */
/*
 * msr-index.h - model-specific registers by number, with their bits.
 *
 * Spec: SDM 4 "Model-Specific Registers (MSRs)"; APM 2 "MSR Cross-Reference".
 */
#pragma once

/* clang-format off */
#define MSR_IA32_TSC			0x00000010
#define MSR_IA32_APICBASE		0x0000001b
#define   MSR_IA32_APICBASE_BSP		  0x100
#define   MSR_IA32_APICBASE_EXTD	  0x400	/* x2APIC mode */
#define   MSR_IA32_APICBASE_ENABLE	  0x800
#define   MSR_IA32_APICBASE_BASE	  0x000ffffffffff000ull
#define MSR_SMI_COUNT			0x00000034
#define MSR_IA32_FEAT_CTL		0x0000003a
#define MSR_IA32_TSC_ADJUST		0x0000003b
#define MSR_IA32_UCODE_REV		0x0000008b
#define MSR_IA32_XAPIC_DISABLE_STATUS	0x000000bd
#define   LEGACY_XAPIC_DISABLED		  (1ull << 0)
#define MSR_MTRRCAP			0x000000fe
#define   MTRRCAP_VCNT			  0xffull
#define   MTRRCAP_FIX			  (1ull << 8)
#define MSR_IA32_ARCH_CAPABILITIES	0x0000010a
#define   ARCH_CAP_XAPIC_DISABLE	  (1ull << 21)
#define MSR_IA32_SYSENTER_CS		0x00000174
#define MSR_IA32_SYSENTER_ESP		0x00000175
#define MSR_IA32_SYSENTER_EIP		0x00000176
#define MSR_IA32_MCG_CAP		0x00000179
#define   MCG_BANKCNT_MASK		  0xffull
#define   MCG_CTL_P			  (1ull << 8)
#define   MCG_EXT_P			  (1ull << 9)
#define   MCG_CMCI_P			  (1ull << 10)
#define   MCG_TES_P			  (1ull << 11)
#define   MCG_SER_P			  (1ull << 24)
#define   MCG_LMCE_P			  (1ull << 27)
#define MSR_IA32_MCG_STATUS		0x0000017a
#define   MCG_STATUS_RIPV		  (1ull << 0)
#define   MCG_STATUS_EIPV		  (1ull << 1)
#define   MCG_STATUS_MCIP		  (1ull << 2)
#define MSR_IA32_MCG_CTL		0x0000017b
#define MSR_IA32_MISC_ENABLE		0x000001a0
#define MSR_IA32_DEBUGCTL		0x000001d9
#define   DEBUGCTL_BTF			  (1ull << 1)
#define MSR_MTRR_PHYS_BASE0		0x00000200	/* masks: the odd ones */
#define MSR_IA32_PAT			0x00000277
#define MSR_IA32_MCx_CTL2(n)		(0x00000280 + (n))
#define MSR_IA32_MCx_CTL(n)		(0x00000400 + 4 * (n))
#define MSR_IA32_MCx_STATUS(n)		(0x00000401 + 4 * (n))
#define   MCI_STATUS_VAL		  (1ull << 63)
#define   MCI_STATUS_OVER		  (1ull << 62)
#define   MCI_STATUS_UC			  (1ull << 61)
#define   MCI_STATUS_EN			  (1ull << 60)
#define   MCI_STATUS_MISCV		  (1ull << 59)
#define   MCI_STATUS_ADDRV		  (1ull << 58)
#define   MCI_STATUS_PCC		  (1ull << 57)
#define   MCI_STATUS_S			  (1ull << 56)	/* MCG_SER_P */
#define   MCI_STATUS_AR			  (1ull << 55)	/* MCG_SER_P */
#define   MCI_STATUS_DEFERRED		  (1ull << 44)	/* AMD */
#define   MCI_STATUS_MCACOD		  0xffffull
#define     MCACOD_FILTER		    0x1000	/* Intel: F */
#define MSR_IA32_MCx_ADDR(n)		(0x00000402 + 4 * (n))
#define MSR_IA32_MCx_MISC(n)		(0x00000403 + 4 * (n))
#define MSR_MTRR_DEF_TYPE		0x000002ff
#define MSR_IA32_U_CET			0x000006a0
#define MSR_IA32_S_CET			0x000006a2
#define MSR_IA32_PL0_SSP		0x000006a4
#define MSR_IA32_PL3_SSP		0x000006a7
#define MSR_IA32_INT_SSP_TAB		0x000006a8
#define MSR_IA32_PKRS			0x000006e1
#define MSR_IA32_TSC_DEADLINE		0x000006e0
#define MSR_X2APIC_BASE			0x00000800	/* + xAPIC offset / 16 */
#define MSR_EFER			0xc0000080
#define MSR_STAR			0xc0000081
#define MSR_LSTAR			0xc0000082
#define MSR_CSTAR			0xc0000083
#define MSR_SYSCALL_MASK		0xc0000084
#define MSR_FS_BASE			0xc0000100
#define MSR_GS_BASE			0xc0000101
#define MSR_KERNEL_GS_BASE		0xc0000102
#define MSR_TSC_AUX			0xc0000103
#define MSR_IA32_BNDCFGS		0x00000d90
#define   BNDCFG_ENABLE			  (1ull << 0)
#define MSR_AMD64_SYSCFG		0xc0010010
#define   MSR_AMD64_SYSCFG_MEM_ENCRYPT	  (1ull << 23)
#define MSR_K7_HWCR			0xc0010015
#define   MSR_K7_HWCR_MCSTATUS_WREN	  (1ull << 18)
/* clang-format on */
