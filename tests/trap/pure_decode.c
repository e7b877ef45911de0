// SPDX-License-Identifier: MIT
/*
 * Exceptions in words: the vector table, error codes bit by bit, signals,
 * RFLAGS and DR6.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference", "Error Code".
 */
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <ktest/ktest.h>
#include <lib/string.h>
#include <trap/decode.h>

#define RULE_REF    "SDM 3A Exception and Interrupt Reference"
#define RULE_ERROR  "SDM 3A Error Code"
#define RULE_PF	    "SDM 3A Interrupt 14"
#define RULE_SIGNAL "Linux arch/x86/kernel/traps.c, arch/x86/mm/fault.c"

static char text[128];

static const char *error(u32 nr, u64 error_code)
{
	decode_error_code(text, sizeof(text), nr, error_code);
	return text;
}

static const char *signal(u32 nr, u64 error_code, u64 dr6)
{
	decode_signal(text, sizeof(text), nr, error_code, dr6);
	return text;
}

static const char *flags(u64 val)
{
	decode_flags(text, sizeof(text), val);
	return text;
}

static const char *dr6(u64 val)
{
	decode_dr6(text, sizeof(text), val);
	return text;
}

/* clang-format off */
static const struct {
	char mnemonic[10];
	enum trap_class class;
	bool error_code;
} vectors[NR_EXCEPTIONS] = {
	[0] = { "#DE", TRAP_CLASS_FAULT, false },
	[1] = { "#DB", TRAP_CLASS_TRAP, false },
	[2] = { "NMI", TRAP_CLASS_INTERRUPT, false },
	[3] = { "#BP", TRAP_CLASS_TRAP, false },
	[4] = { "#OF", TRAP_CLASS_TRAP, false },
	[5] = { "#BR", TRAP_CLASS_FAULT, false },
	[6] = { "#UD", TRAP_CLASS_FAULT, false },
	[7] = { "#NM", TRAP_CLASS_FAULT, false },
	[8] = { "#DF", TRAP_CLASS_ABORT, true },
	[9] = { "OLD_MF", TRAP_CLASS_ABORT, false },
	[10] = { "#TS", TRAP_CLASS_FAULT, true },
	[11] = { "#NP", TRAP_CLASS_FAULT, true },
	[12] = { "#SS", TRAP_CLASS_FAULT, true },
	[13] = { "#GP", TRAP_CLASS_FAULT, true },
	[14] = { "#PF", TRAP_CLASS_FAULT, true },
	[15] = { "RES15", TRAP_CLASS_RESERVED, false },
	[16] = { "#MF", TRAP_CLASS_FAULT, false },
	[17] = { "#AC", TRAP_CLASS_FAULT, true },
	[18] = { "#MC", TRAP_CLASS_ABORT, false },
	[19] = { "#XM", TRAP_CLASS_FAULT, false },
	[20] = { "#VE", TRAP_CLASS_FAULT, false },
	[21] = { "#CP", TRAP_CLASS_FAULT, true },
	[22] = { "reserved", TRAP_CLASS_RESERVED, false },
	[23] = { "reserved", TRAP_CLASS_RESERVED, false },
	[24] = { "reserved", TRAP_CLASS_RESERVED, false },
	[25] = { "reserved", TRAP_CLASS_RESERVED, false },
	[26] = { "reserved", TRAP_CLASS_RESERVED, false },
	[27] = { "reserved", TRAP_CLASS_RESERVED, false },
	[28] = { "#HV", TRAP_CLASS_INTERRUPT, false },
	[29] = { "#VC", TRAP_CLASS_FAULT, true },
	[30] = { "#SX", TRAP_CLASS_INTERRUPT, true },
	[31] = { "reserved", TRAP_CLASS_RESERVED, false },
};
/* clang-format on */

TEST(decode, every_vector_has_its_mnemonic, RULE_REF)
{
	u32 nr;

	for (nr = 0; nr < NR_EXCEPTIONS; nr++)
		EXPECT_STREQ(trap_info(nr)->mnemonic, vectors[nr].mnemonic);
}

TEST(decode, every_vector_has_its_class, RULE_REF)
{
	u32 nr;

	for (nr = 0; nr < NR_EXCEPTIONS; nr++)
		EXPECT_EQ(trap_info(nr)->class, vectors[nr].class);
}

TEST(decode, only_ten_vectors_push_an_error_code, RULE_REF)
{
	u32 nr, count = 0;

	for (nr = 0; nr < 256; nr++)
		count += trap_has_error_code(nr);
	EXPECT_EQ(count, 10);
	for (nr = 0; nr < NR_EXCEPTIONS; nr++)
		EXPECT_EQ(trap_has_error_code(nr), vectors[nr].error_code);
}

TEST(decode, every_row_is_complete, RULE_REF)
{
	u32 nr;

	for (nr = 0; nr < 256; nr++) {
		const struct trap_info *info = trap_info(nr);

		EXPECT_TRUE(info->mnemonic && *info->mnemonic);
		EXPECT_TRUE(info->name && *info->name);
		EXPECT_TRUE(info->signo || !info->si_code);
	}
}

TEST(decode, vectors_above_31_are_interrupts, RULE_REF)
{
	EXPECT_STREQ(trap_info(X86_TRAP_IRET)->mnemonic, "IRET");
	EXPECT_STREQ(trap_info(33)->mnemonic, "interrupt");
	EXPECT_STREQ(trap_info(255)->mnemonic, "interrupt");
	EXPECT_STREQ(trap_info(~0u)->mnemonic, "interrupt");
	EXPECT_EQ(trap_class_of(255, 0), TRAP_CLASS_INTERRUPT);
}

TEST(decode, classes_have_names, RULE_REF)
{
	EXPECT_STREQ(trap_class_name(TRAP_CLASS_FAULT), "fault");
	EXPECT_STREQ(trap_class_name(TRAP_CLASS_TRAP), "trap");
	EXPECT_STREQ(trap_class_name(TRAP_CLASS_ABORT), "abort");
	EXPECT_STREQ(trap_class_name(TRAP_CLASS_INTERRUPT), "interrupt");
	EXPECT_STREQ(trap_class_name(TRAP_CLASS_RESERVED), "reserved");
}

TEST(decode, debug_class_follows_dr6_and_dr7, "SDM 3A Interrupt 1")
{
	u64 write1 = DR7_L(1) | DR7_RW(1, DR_RW_WRITE);

	EXPECT_EQ(trap_class_of(X86_TRAP_DB, DR_BD), TRAP_CLASS_FAULT);
	EXPECT_EQ(trap_class_of(X86_TRAP_DB, DR_STEP), TRAP_CLASS_TRAP);
	EXPECT_EQ(trap_class_of(X86_TRAP_DB, DR_TRAP0), TRAP_CLASS_TRAP);
	EXPECT_EQ(debug_class(DR_TRAP0, DR7_L(0)), TRAP_CLASS_FAULT);
	EXPECT_EQ(debug_class(DR_TRAP0 << 1, write1), TRAP_CLASS_TRAP);
	EXPECT_EQ(debug_class(DR_TRAP0 << 3, write1), TRAP_CLASS_FAULT);
	EXPECT_EQ(debug_class(DR_BT, 0), TRAP_CLASS_TRAP);
	EXPECT_EQ(debug_class(0, 0), TRAP_CLASS_TRAP); /* INT1 */
}

TEST(decode, pf_names_each_bit, RULE_PF)
{
	const u32 pf = X86_TRAP_PF;

	EXPECT_STREQ(error(pf, 0), "not present, read, supervisor");
	EXPECT_STREQ(error(pf, X86_PF_PROT),
		     "protection violation, read, supervisor");
	EXPECT_STREQ(error(pf, X86_PF_WRITE), "not present, write, supervisor");
	EXPECT_STREQ(error(pf, X86_PF_USER), "not present, read, user");
	EXPECT_STREQ(error(pf, X86_PF_RSVD),
		     "not present, read, supervisor, reserved bit set");
	EXPECT_STREQ(error(pf, X86_PF_INSTR), "not present, fetch, supervisor");
	EXPECT_STREQ(error(pf, X86_PF_PK),
		     "not present, read, supervisor, protection key");
	EXPECT_STREQ(error(pf, X86_PF_SHSTK),
		     "not present, read, supervisor, shadow stack access");
	EXPECT_STREQ(error(pf, X86_PF_SGX),
		     "not present, read, supervisor, SGX enclave check");
}

TEST(decode, pf_names_combinations, RULE_PF)
{
	const u32 pf = X86_TRAP_PF;

	EXPECT_STREQ(error(pf, 7), "protection violation, write, user");
	EXPECT_STREQ(error(pf, 0x15), "protection violation, fetch, user");
	EXPECT_STREQ(error(pf, 9), "protection violation, read, supervisor, "
				   "reserved bit set");
	EXPECT_STREQ(error(pf, 0x27),
		     "protection violation, write, user, protection key");
	EXPECT_STREQ(error(pf, 0x12),
		     "not present, write and fetch, supervisor");
	EXPECT_STREQ(error(pf, 0x100080),
		     "not present, read, supervisor, undefined bits 0x100080");
}

TEST(decode, selector_codes_name_table_and_index, RULE_ERROR)
{
	static const u8 nr[] = { X86_TRAP_TS, X86_TRAP_NP, X86_TRAP_SS,
				 X86_TRAP_GP };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		EXPECT_STREQ(error(nr[i], 0), "no selector");
		EXPECT_STREQ(error(nr[i], 0x28), "GDT selector 0x28");
		EXPECT_STREQ(error(nr[i], 0x2c), "LDT selector 0x2c");
		EXPECT_STREQ(error(nr[i], 0x28a), "IDT gate 0x51");
		EXPECT_STREQ(error(nr[i], 0xfff8), "GDT selector 0xfff8");
	}
}

TEST(decode, selector_codes_name_the_external_bit, RULE_ERROR)
{
	const u32 gp = X86_TRAP_GP;

	EXPECT_STREQ(error(gp, 1), "no selector, external");
	EXPECT_STREQ(error(gp, 0x29), "GDT selector 0x28, external");
	EXPECT_STREQ(error(gp, 0x28b), "IDT gate 0x51, external");
	EXPECT_STREQ(error(gp, 0x2d), "LDT selector 0x2c, external");
}

TEST(decode, idt_bit_outranks_the_table_bit, RULE_ERROR)
{
	EXPECT_STREQ(error(X86_TRAP_NP, 0x16), "IDT gate 0x02");
	EXPECT_STREQ(error(X86_TRAP_NP, 2), "IDT gate 0x00");
}

TEST(decode, selector_codes_show_undefined_bits, RULE_ERROR)
{
	EXPECT_STREQ(error(X86_TRAP_GP, 0x10028),
		     "GDT selector 0x28, undefined bits 0x10000");
	EXPECT_STREQ(error(X86_TRAP_GP, ~0ull),
		     "IDT gate 0x1fff, external, "
		     "undefined bits 0xffffffffffff0000");
}

TEST(decode, df_and_ac_codes_are_zero, "SDM 3A Interrupt 8")
{
	EXPECT_STREQ(error(X86_TRAP_DF, 0), "always 0");
	EXPECT_STREQ(error(X86_TRAP_AC, 0), "always 0");
	EXPECT_STREQ(error(X86_TRAP_DF, 5), "0x5, but it is always 0");
}

TEST(decode, cp_codes_name_the_check, "SDM 3A Interrupt 21")
{
	EXPECT_STREQ(error(X86_TRAP_CP, 1), "NEAR_RET");
	EXPECT_STREQ(error(X86_TRAP_CP, 2), "FAR_RET/IRET");
	EXPECT_STREQ(error(X86_TRAP_CP, 3), "ENDBRANCH");
	EXPECT_STREQ(error(X86_TRAP_CP, 4), "RSTORSSP");
	EXPECT_STREQ(error(X86_TRAP_CP, 5), "SETSSBSY");
	EXPECT_STREQ(error(X86_TRAP_CP, 0x8003),
		     "ENDBRANCH, ENCL: in an enclave");
	EXPECT_STREQ(error(X86_TRAP_CP, 0), "cause 0");
	EXPECT_STREQ(error(X86_TRAP_CP, 6), "cause 6");
	EXPECT_STREQ(error(X86_TRAP_CP, 0x10001),
		     "NEAR_RET, undefined bits 0x10000");
}

TEST(decode, vc_and_sx_codes_name_the_event, "APM 2 #VC; APM 2 #SX")
{
	EXPECT_STREQ(error(X86_TRAP_VC, 0x72), "intercept 0x72: CPUID");
	EXPECT_STREQ(error(X86_TRAP_VC, 0x400), "intercept 0x400: NPF");
	EXPECT_STREQ(error(X86_TRAP_VC, 0x99), "intercept 0x99");
	EXPECT_STREQ(error(X86_TRAP_SX, 1), "INIT redirected");
	EXPECT_STREQ(error(X86_TRAP_SX, 2), "cause 0x2");
}

TEST(decode, other_vectors_have_no_error_code, RULE_REF)
{
	EXPECT_STREQ(error(X86_TRAP_UD, 0), "none");
	EXPECT_STREQ(error(X86_TRAP_MC, 3), "none");
	EXPECT_STREQ(error(0x80, 0), "none");
}

TEST(decode, page_faults_name_linux_signal_codes, RULE_SIGNAL)
{
	const u32 pf = X86_TRAP_PF;

	EXPECT_STREQ(signal(pf, 4, 0), "SIGSEGV/SEGV_MAPERR");
	EXPECT_STREQ(signal(pf, 6, 0), "SIGSEGV/SEGV_MAPERR");
	EXPECT_STREQ(signal(pf, 7, 0), "SIGSEGV/SEGV_ACCERR");
	EXPECT_STREQ(signal(pf, 0x25, 0), "SIGSEGV/SEGV_PKUERR");
	EXPECT_STREQ(signal(pf, 0xd, 0), "SIGKILL/SI_KERNEL");
}

TEST(decode, debug_exceptions_name_linux_signal_codes, RULE_SIGNAL)
{
	const u32 db = X86_TRAP_DB;

	EXPECT_STREQ(signal(db, 0, DR_STEP), "SIGTRAP/TRAP_TRACE");
	EXPECT_STREQ(signal(db, 0, DR_TRAP0 << 2), "SIGTRAP/TRAP_HWBKPT");
	EXPECT_STREQ(signal(db, 0, DR_STEP | 1), "SIGTRAP/TRAP_TRACE");
	EXPECT_STREQ(signal(db, 0, DR6_RESERVED), "SIGTRAP/TRAP_BRKPT");
}

TEST(decode, faults_name_linux_signals, RULE_SIGNAL)
{
	EXPECT_STREQ(signal(X86_TRAP_DE, 0, 0), "SIGFPE/FPE_INTDIV");
	EXPECT_STREQ(signal(X86_TRAP_BP, 0, 0), "SIGTRAP/SI_KERNEL");
	EXPECT_STREQ(signal(X86_TRAP_OF, 0, 0), "SIGSEGV/SI_KERNEL");
	EXPECT_STREQ(signal(X86_TRAP_BR, 0, 0), "SIGSEGV/SI_KERNEL");
	EXPECT_STREQ(signal(X86_TRAP_UD, 0, 0), "SIGILL/ILL_ILLOPN");
	EXPECT_STREQ(signal(X86_TRAP_TS, 0, 0), "SIGSEGV/SI_KERNEL");
	EXPECT_STREQ(signal(X86_TRAP_NP, 0, 0), "SIGBUS/SI_KERNEL");
	EXPECT_STREQ(signal(X86_TRAP_SS, 0, 0), "SIGBUS/SI_KERNEL");
	EXPECT_STREQ(signal(X86_TRAP_GP, 0, 0), "SIGSEGV/SI_KERNEL");
	EXPECT_STREQ(signal(X86_TRAP_AC, 0, 0), "SIGBUS/BUS_ADRALN");
	EXPECT_STREQ(signal(X86_TRAP_MC, 0, 0), "SIGBUS/BUS_MCEERR_AR");
	EXPECT_STREQ(signal(X86_TRAP_CP, 0, 0), "SIGSEGV/SEGV_CPERR");
	EXPECT_STREQ(signal(X86_TRAP_VC, 0, 0), "SIGBUS/BUS_OBJERR");
	EXPECT_STREQ(signal(X86_TRAP_IRET, 0, 0), "SIGILL/ILL_BADSTK");
}

TEST(decode, events_without_a_signal_say_so, RULE_SIGNAL)
{
	EXPECT_STREQ(signal(X86_TRAP_NMI, 0, 0), "none");
	EXPECT_STREQ(signal(X86_TRAP_DF, 0, 0), "none (Linux panics)");
	EXPECT_STREQ(signal(X86_TRAP_NM, 0, 0), "none (Linux oopses)");
	EXPECT_STREQ(signal(25, 0, 0), "none");
	EXPECT_STREQ(signal(0x30, 0, 0), "none");
}

TEST(decode, rflags_names_each_bit, "SDM 3A EFLAGS Register")
{
	EXPECT_STREQ(flags(0), "[IOPL=0]");
	EXPECT_STREQ(flags(X86_EFLAGS_FIXED), "[IOPL=0]");
	EXPECT_STREQ(flags(0x246), "[IF ZF PF IOPL=0]");
	EXPECT_STREQ(flags(X86_EFLAGS_IOPL), "[IOPL=3]");
	EXPECT_STREQ(flags(0x1000), "[IOPL=1]");
	EXPECT_STREQ(flags(0x3f4fd5 | X86_EFLAGS_RF | X86_EFLAGS_VM |
			   X86_EFLAGS_IOPL),
		     "[ID VIP VIF AC VM RF NT OF DF IF TF SF ZF AF PF CF "
		     "IOPL=3]");
}

TEST(decode, dr6_names_each_bit, "SDM 3B Debug Status Register (DR6)")
{
	EXPECT_STREQ(dr6(0), "[]");
	EXPECT_STREQ(dr6(DR6_RESERVED), "[]");
	EXPECT_STREQ(dr6(DR6_RESERVED | DR_STEP | DR_TRAP0), "[BS B0]");
	EXPECT_STREQ(dr6(DR_BT | DR_BD | 0xe), "[BT BD B3 B2 B1]");
	EXPECT_STREQ(dr6(0xfffe0ff0), "[RTM]");
	EXPECT_STREQ(dr6(0xffff07f0), "[BLD]");
}

/* Every prefix of the text must come out whole and terminated. */
TEST(decode, short_buffers_are_cut_and_terminated,
     "irqbed include/lib/format.h")
{
	char whole[128], cut[128];
	size_t size;
	int n = decode_error_code(whole, sizeof(whole), X86_TRAP_PF, 0x8fff);

	EXPECT_EQ(n, strlen(whole));
	for (size = 1; size < sizeof(cut); size++) {
		memset(cut, '#', sizeof(cut));
		n = decode_error_code(cut, size, X86_TRAP_PF, 0x8fff);
		EXPECT_EQ(n, strlen(cut));
		EXPECT_TRUE((size_t)n < size);
		EXPECT_EQ(strncmp(cut, whole, (size_t)n), 0);
	}
	EXPECT_EQ(decode_flags(cut, 1, 0x246), 0);
	EXPECT_EQ(decode_dr6(cut, 1, 0xf), 0);
	EXPECT_EQ(decode_signal(cut, 1, X86_TRAP_PF, 0, 0), 0);
}
