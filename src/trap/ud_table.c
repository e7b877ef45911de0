// SPDX-License-Identifier: MIT
/*
 * ud_table.c - encodings that can raise #UD, and what each one needs.
 *
 * Only instructions of extensions, modes and privileges are listed, and the
 * holes between them; what every x86-64 CPU executes is not. The first match
 * counts, so an exact ModRM stands before its group, a group before a range.
 * Names lie in the rows: no pointer, no relocation. No name: a plain hole.
 *
 * Spec: SDM 2D "Opcode Map"; SDM 2B to 2D for each instruction; APM 3
 *       "Opcode and Operand Encodings"; AMD's extensions from APM 3.
 */
#include <trap/ud.h>

#include <lib/string.h>

/*
 * Features nothing else in irqbed asks for. Those that CPUID declares in a
 * word cpuinfo does not keep are UD_UNREAD.
 */
/* clang-format off */
#define F_SSE3		X86_FEATURE(CPUID_1_ECX, 0)
#define F_PCLMUL	X86_FEATURE(CPUID_1_ECX, 1)
#define F_SMX		X86_FEATURE(CPUID_1_ECX, 6)
#define F_FMA		X86_FEATURE(CPUID_1_ECX, 12)
#define F_SSE4_2	X86_FEATURE(CPUID_1_ECX, 20)
#define F_F16C		X86_FEATURE(CPUID_1_ECX, 29)
#define F_SEP		X86_FEATURE(CPUID_1_EDX, 11)
#define F_CLFSH		X86_FEATURE(CPUID_1_EDX, 19)
#define F_SGX		X86_FEATURE(CPUID_7_EBX, 2)
#define F_BMI1		X86_FEATURE(CPUID_7_EBX, 3)
#define F_AVX2		X86_FEATURE(CPUID_7_EBX, 5)
#define F_BMI2		X86_FEATURE(CPUID_7_EBX, 8)
#define F_AVX512F	X86_FEATURE(CPUID_7_EBX, 16)
#define F_GFNI		X86_FEATURE(CPUID_7_ECX, 8)
#define F_KL		X86_FEATURE(CPUID_7_ECX, 23)
#define F_3DNOW		X86_FEATURE(CPUID_8000_0001_EDX, 31)
#define F_SSE4A		X86_FEATURE(CPUID_8000_0001_ECX, 6)
#define F_XOP		X86_FEATURE(CPUID_8000_0001_ECX, 11)
#define F_SKINIT	X86_FEATURE(CPUID_8000_0001_ECX, 12)
#define F_MONITORX	X86_FEATURE(CPUID_8000_0001_ECX, 29)
#define F(x)		X86_FEATURE_##x
#define YES		UD_ALWAYS
#define UNREAD		UD_UNREAD

/* ModRM: any; memory; register; memory or register with /n; one exact byte */
#define ALL		MOD_ANY, 0x00, 0x00
#define MEM		MOD_MEM, 0x00, 0x00
#define REG		MOD_REG, 0x00, 0x00
#define ALLN(n)		MOD_ANY, 0x38, (n) << 3
#define MEMN(n)		MOD_MEM, 0x38, (n) << 3
#define REGN(n)		MOD_REG, 0x38, (n) << 3
#define BYTE(b)		MOD_REG, 0xff, b
#define PAIR(b)		MOD_REG, 0xfe, b

#define ROW4(m, lo, hi, pp, mod, mask, value, feature, cause, name)	\
	{ MAP_##m, lo, hi, PP_##pp, mod, mask, value, feature,		\
	  CAUSE_##cause, name }
#define RANGE(m, lo, hi, pp, ...) ROW4(m, lo, hi, pp, __VA_ARGS__)
#define ROW(m, op, pp, ...)	  ROW4(m, op, op, pp, __VA_ARGS__)

static const struct ud_row rows[] = {
	/* One byte: register forms that do not exist, holes in groups. */
	ROW(ONE, 0x8d, ANY, REG, YES, REGISTER, "LEA"),
	ROW(ONE, 0x8f, ANY, ALLN(0), YES, FORM, "POP"),
	ROW(ONE, 0x8f, ANY, ALL, YES, UNDEFINED, "group 1A"),
	ROW(ONE, 0xc6, ANY, BYTE(0xf8), F(RTM), FORM, "XABORT"),
	ROW(ONE, 0xc7, ANY, BYTE(0xf8), F(RTM), FORM, "XBEGIN"),
	ROW(ONE, 0xc6, ANY, ALLN(0), YES, FORM, "MOV"),
	ROW(ONE, 0xc7, ANY, ALLN(0), YES, FORM, "MOV"),
	RANGE(ONE, 0xc6, 0xc7, ANY, ALL, YES, UNDEFINED, "group 11"),
	ROW(ONE, 0xfe, ANY, ALLN(0), YES, FORM, "INC"),
	ROW(ONE, 0xfe, ANY, ALLN(1), YES, FORM, "DEC"),
	ROW(ONE, 0xfe, ANY, ALL, YES, UNDEFINED, "group 4"),
	ROW(ONE, 0xff, ANY, REGN(3), YES, REGISTER, "CALL far"),
	ROW(ONE, 0xff, ANY, REGN(5), YES, REGISTER, "JMP far"),
	ROW(ONE, 0xff, ANY, ALLN(7), YES, UNDEFINED, "group 5"),

	/* x87: what the manuals leave blank, whatever a CPU makes of it. */
	ROW(ONE, 0xd9, ANY, MEMN(1), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xd9, ANY, BYTE(0xd0), YES, FORM, "FNOP"),
	ROW(ONE, 0xd9, ANY, REGN(2), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xd9, ANY, REGN(3), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xd9, ANY, PAIR(0xe2), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xd9, ANY, PAIR(0xe6), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xd9, ANY, BYTE(0xef), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xda, ANY, BYTE(0xe9), YES, FORM, "FUCOMPP"),
	ROW(ONE, 0xda, ANY, REGN(4), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xda, ANY, REGN(5), YES, UNDEFINED, "x87"),
	RANGE(ONE, 0xda, 0xdb, ANY, REGN(7), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xda, ANY, REGN(6), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdb, ANY, MEMN(4), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdb, ANY, MEMN(6), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdb, ANY, PAIR(0xe6), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdc, ANY, REGN(2), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdc, ANY, REGN(3), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdd, ANY, MEMN(5), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdd, ANY, REGN(1), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdd, ANY, REGN(6), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdd, ANY, REGN(7), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xde, ANY, BYTE(0xd9), YES, FORM, "FCOMPP"),
	RANGE(ONE, 0xde, 0xdf, ANY, REGN(2), YES, UNDEFINED, "x87"),
	RANGE(ONE, 0xde, 0xdf, ANY, REGN(3), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdf, ANY, BYTE(0xe0), YES, FORM, "FNSTSW"),
	ROW(ONE, 0xdf, ANY, REGN(1), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdf, ANY, REGN(4), YES, UNDEFINED, "x87"),
	ROW(ONE, 0xdf, ANY, REGN(7), YES, UNDEFINED, "x87"),

	/* 0F 00, 0F 01 */
	ROW(0F, 0x00, ANY, ALLN(6), YES, UNDEFINED, "group 6"),
	ROW(0F, 0x00, ANY, ALLN(7), YES, UNDEFINED, "group 6"),
	ROW(0F, 0x01, ANY, BYTE(0xc0), F_SGX, FORM, "ENCLV"),
	ROW(0F, 0x01, ANY, BYTE(0xc1), F(VMX), VMX, "VMCALL"),
	ROW(0F, 0x01, ANY, BYTE(0xc2), F(VMX), VMX, "VMLAUNCH"),
	ROW(0F, 0x01, ANY, BYTE(0xc3), F(VMX), VMX, "VMRESUME"),
	ROW(0F, 0x01, ANY, BYTE(0xc4), F(VMX), VMX, "VMXOFF"),
	ROW(0F, 0x01, ANY, BYTE(0xc5), UNREAD, FORM, "PCONFIG"),
	ROW(0F, 0x01, NONE, BYTE(0xc6), UNREAD, FORM, "WRMSRNS"),
	ROW(0F, 0x01, F2, BYTE(0xc6), UNREAD, FORM, "RDMSRLIST"),
	ROW(0F, 0x01, F3, BYTE(0xc6), UNREAD, FORM, "WRMSRLIST"),
	ROW(0F, 0x01, ANY, BYTE(0xc8), F(MONITOR), MWAIT, "MONITOR"),
	ROW(0F, 0x01, ANY, BYTE(0xc9), F(MONITOR), MWAIT, "MWAIT"),
	ROW(0F, 0x01, ANY, BYTE(0xca), F(SMAP), FORM, "CLAC"),
	ROW(0F, 0x01, ANY, BYTE(0xcb), F(SMAP), FORM, "STAC"),
	ROW(0F, 0x01, 66, BYTE(0xcc), UNREAD, FORM, "TDCALL"),
	ROW(0F, 0x01, 66, BYTE(0xcd), UNREAD, FORM, "SEAMRET"),
	ROW(0F, 0x01, 66, BYTE(0xce), UNREAD, FORM, "SEAMOPS"),
	ROW(0F, 0x01, 66, BYTE(0xcf), UNREAD, FORM, "SEAMCALL"),
	ROW(0F, 0x01, NONE, BYTE(0xcf), F_SGX, FORM, "ENCLS"),
	ROW(0F, 0x01, ANY, BYTE(0xd0), F(XSAVE), XSAVE, "XGETBV"),
	ROW(0F, 0x01, ANY, BYTE(0xd1), F(XSAVE), XSAVE, "XSETBV"),
	ROW(0F, 0x01, ANY, BYTE(0xd4), F(VMX), VMX, "VMFUNC"),
	ROW(0F, 0x01, ANY, BYTE(0xd5), F(RTM), FORM, "XEND"),
	ROW(0F, 0x01, ANY, BYTE(0xd6), F(RTM), FORM, "XTEST"),
	ROW(0F, 0x01, ANY, BYTE(0xd7), F_SGX, FORM, "ENCLU"),
	ROW(0F, 0x01, ANY, BYTE(0xd8), F(SVM), SVM, "VMRUN"),
	ROW(0F, 0x01, 66, BYTE(0xd9), YES, UNDEFINED, "group 7"),
	ROW(0F, 0x01, ANY, BYTE(0xd9), F(SVM), FORM, "VMMCALL"),
	ROW(0F, 0x01, ANY, BYTE(0xda), F(SVM), SVM, "VMLOAD"),
	ROW(0F, 0x01, ANY, BYTE(0xdb), F(SVM), SVM, "VMSAVE"),
	ROW(0F, 0x01, ANY, BYTE(0xdc), F(SVM), SVM, "STGI"),
	ROW(0F, 0x01, ANY, BYTE(0xdd), F(SVM), SVM, "CLGI"),
	ROW(0F, 0x01, ANY, BYTE(0xde), F_SKINIT, SVM, "SKINIT"),
	ROW(0F, 0x01, ANY, BYTE(0xdf), F(SVM), SVM, "INVLPGA"),
	ROW(0F, 0x01, NONE, BYTE(0xe8), UNREAD, FORM, "SERIALIZE"),
	ROW(0F, 0x01, F2, BYTE(0xe8), UNREAD, FORM, "XSUSLDTRK"),
	ROW(0F, 0x01, F2, BYTE(0xe9), UNREAD, FORM, "XRESLDTRK"),
	ROW(0F, 0x01, F3, BYTE(0xe8), F(SHSTK), CET, "SETSSBSY"),
	ROW(0F, 0x01, F3, BYTE(0xea), F(SHSTK), CET, "SAVEPREVSSP"),
	ROW(0F, 0x01, F3, BYTE(0xec), UNREAD, FORM, "UIRET"),
	ROW(0F, 0x01, F3, BYTE(0xed), UNREAD, FORM, "TESTUI"),
	ROW(0F, 0x01, F3, BYTE(0xee), UNREAD, FORM, "CLUI"),
	ROW(0F, 0x01, F3, BYTE(0xef), UNREAD, FORM, "STUI"),
	ROW(0F, 0x01, NONE, BYTE(0xee), F(PKU), PKE, "RDPKRU"),
	ROW(0F, 0x01, NONE, BYTE(0xef), F(PKU), PKE, "WRPKRU"),
	ROW(0F, 0x01, ANY, BYTE(0xf9), F(RDTSCP), FORM, "RDTSCP"),
	ROW(0F, 0x01, NONE, BYTE(0xfa), F_MONITORX, FORM, "MONITORX"),
	ROW(0F, 0x01, NONE, BYTE(0xfb), F_MONITORX, FORM, "MWAITX"),
	ROW(0F, 0x01, F3, BYTE(0xfa), UNREAD, FORM, "MCOMMIT"),
	ROW(0F, 0x01, F3, BYTE(0xfd), UNREAD, FORM, "RMPQUERY"),
	ROW(0F, 0x01, ANY, BYTE(0xfc), UNREAD, FORM, "CLZERO"),
	ROW(0F, 0x01, NONE, BYTE(0xfd), UNREAD, FORM, "RDPRU"),
	ROW(0F, 0x01, NONE, BYTE(0xfe), UNREAD, FORM, "INVLPGB"),
	ROW(0F, 0x01, F3, BYTE(0xfe), UNREAD, FORM, "RMPADJUST"),
	ROW(0F, 0x01, F2, BYTE(0xfe), UNREAD, FORM, "RMPUPDATE"),
	ROW(0F, 0x01, NONE, BYTE(0xff), UNREAD, FORM, "TLBSYNC"),
	ROW(0F, 0x01, F3, BYTE(0xff), UNREAD, FORM, "PSMASH"),
	ROW(0F, 0x01, F2, BYTE(0xff), UNREAD, FORM, "PVALIDATE"),
	ROW(0F, 0x01, F3, MEMN(5), F(SHSTK), CET, "RSTORSSP"),
	ROW(0F, 0x01, ANY, MEMN(5), YES, UNDEFINED, "group 7"),
	ROW(0F, 0x01, ANY, REGN(0), YES, UNDEFINED, "group 7"),
	ROW(0F, 0x01, ANY, REGN(1), YES, UNDEFINED, "group 7"),
	ROW(0F, 0x01, ANY, REGN(2), YES, UNDEFINED, "group 7"),
	ROW(0F, 0x01, ANY, REGN(5), YES, UNDEFINED, "group 7"),
	ROW(0F, 0x01, ANY, BYTE(0xf8), YES, FORM, "SWAPGS"),
	ROW(0F, 0x01, ANY, REGN(7), YES, UNDEFINED, "group 7"),

	/* 0F: system and holes */
	ROW(0F, 0x05, ANY, ALL, F(SYSCALL), SCE, "SYSCALL"),
	ROW(0F, 0x07, ANY, ALL, F(SYSCALL), SCE, "SYSRET"),
	ROW(0F, 0x0e, ANY, ALL, F_3DNOW, FORM, "FEMMS"),
	ROW(0F, 0x0f, ANY, ALL, F_3DNOW, FORM, "3DNow!"),
	ROW(0F, 0x34, ANY, ALL, F_SEP, AMD, "SYSENTER"),
	ROW(0F, 0x35, ANY, ALL, F_SEP, AMD, "SYSEXIT"),
	ROW(0F, 0x37, ANY, ALL, F_SMX, SMX, "GETSEC"),
	ROW(0F, 0x78, NONE, ALL, F(VMX), VMX, "VMREAD"),
	ROW(0F, 0x79, NONE, ALL, F(VMX), VMX, "VMWRITE"),
	RANGE(0F, 0x78, 0x79, ANY, MEM, YES, MEMORY, "EXTRQ/INSERTQ"),
	ROW(0F, 0x78, 66, REGN(0), F_SSE4A, SSE, "EXTRQ"),
	ROW(0F, 0x78, 66, ALL, YES, UNDEFINED, "EXTRQ"),
	ROW(0F, 0x79, 66, ALL, F_SSE4A, SSE, "EXTRQ"),
	RANGE(0F, 0x78, 0x79, F2, ALL, F_SSE4A, SSE, "INSERTQ"),
	ROW(0F, 0xaa, ANY, ALL, YES, SMM, "RSM"),
	ROW(0F, 0xb8, F3, ALL, F(POPCNT), FORM, "POPCNT"),
	ROW(0F, 0xba, ANY, MOD_ANY, 0x20, 0x00, YES, UNDEFINED, "group 8"),
	ROW(0F, 0xb2, ANY, REG, YES, REGISTER, "LSS"),
	RANGE(0F, 0xb4, 0xb5, ANY, REG, YES, REGISTER, "LFS/LGS"),
	RANGE(0F, 0xa6, 0xa7, ANY, ALL, YES, UNDEFINED, "PadLock"),

	/* 0F AE, 0F C7 */
	ROW(0F, 0xae, F3, REGN(0), F(FSGSBASE), FSGS, "RDFSBASE"),
	ROW(0F, 0xae, F3, REGN(1), F(FSGSBASE), FSGS, "RDGSBASE"),
	ROW(0F, 0xae, F3, REGN(2), F(FSGSBASE), FSGS, "WRFSBASE"),
	ROW(0F, 0xae, F3, REGN(3), F(FSGSBASE), FSGS, "WRGSBASE"),
	ROW(0F, 0xae, F3, ALLN(4), UNREAD, FORM, "PTWRITE"),
	ROW(0F, 0xae, F3, REGN(5), F(SHSTK), CET, "INCSSP"),
	ROW(0F, 0xae, 66, REGN(6), F(WAITPKG), FORM, "TPAUSE"),
	ROW(0F, 0xae, F3, REGN(6), F(WAITPKG), FORM, "UMONITOR"),
	ROW(0F, 0xae, F2, REGN(6), F(WAITPKG), FORM, "UMWAIT"),
	ROW(0F, 0xae, F3, MEMN(6), F(SHSTK), CET, "CLRSSBSY"),
	ROW(0F, 0xae, 66, MEMN(6), F(CLWB), FORM, "CLWB"),
	ROW(0F, 0xae, 66, MEMN(7), F(CLFLUSHOPT), FORM, "CLFLUSHOPT"),
	ROW(0F, 0xae, NONE, MEMN(0), F(FXSR), FORM, "FXSAVE"),
	ROW(0F, 0xae, NONE, MEMN(1), F(FXSR), FORM, "FXRSTOR"),
	ROW(0F, 0xae, NONE, MEMN(2), F(SSE), SSE, "LDMXCSR"),
	ROW(0F, 0xae, NONE, MEMN(3), F(SSE), SSE, "STMXCSR"),
	ROW(0F, 0xae, NONE, MEMN(4), F(XSAVE), XSAVE, "XSAVE"),
	ROW(0F, 0xae, NONE, MEMN(5), F(XSAVE), XSAVE, "XRSTOR"),
	ROW(0F, 0xae, NONE, MEMN(6), UNREAD, XSAVE, "XSAVEOPT"),
	ROW(0F, 0xae, NONE, MEMN(7), F_CLFSH, FORM, "CLFLUSH"),
	ROW(0F, 0xae, NONE, REGN(5), F(SSE2), FORM, "LFENCE"),
	ROW(0F, 0xae, NONE, REGN(6), F(SSE2), FORM, "MFENCE"),
	ROW(0F, 0xae, NONE, REGN(7), F(SSE), FORM, "SFENCE"),
	ROW(0F, 0xae, ANY, ALL, YES, UNDEFINED, "group 15"),
	ROW(0F, 0xc7, ANY, MEMN(1), F(CX16), FORM, "CMPXCHG8B/16B"),
	ROW(0F, 0xc7, ANY, MEMN(3), UNREAD, XSAVE, "XRSTORS"),
	ROW(0F, 0xc7, ANY, MEMN(4), UNREAD, XSAVE, "XSAVEC"),
	ROW(0F, 0xc7, ANY, MEMN(5), UNREAD, XSAVE, "XSAVES"),
	ROW(0F, 0xc7, F3, MEMN(6), F(VMX), VMX, "VMXON"),
	ROW(0F, 0xc7, 66, MEMN(6), F(VMX), VMX, "VMCLEAR"),
	ROW(0F, 0xc7, NONE, MEMN(6), F(VMX), VMX, "VMPTRLD"),
	ROW(0F, 0xc7, ANY, MEMN(7), F(VMX), VMX, "VMPTRST"),
	ROW(0F, 0xc7, F3, REGN(6), UNREAD, FORM, "SENDUIPI"),
	ROW(0F, 0xc7, F2, REG, YES, UNDEFINED, "group 9"),
	ROW(0F, 0xc7, ANY, REGN(6), F(RDRAND), FORM, "RDRAND"),
	ROW(0F, 0xc7, F3, REGN(7), F(RDPID), FORM, "RDPID"),
	ROW(0F, 0xc7, ANY, REGN(7), F(RDSEED), FORM, "RDSEED"),
	ROW(0F, 0xc7, ANY, ALL, YES, UNDEFINED, "group 9"),

	/* 0F 38, 0F 3A */
	RANGE(0F38, 0x80, 0x82, ANY, REG, YES, REGISTER, "INVEPT..INVPCID"),
	ROW(0F38, 0x2a, ANY, REG, YES, REGISTER, "MOVNTDQA"),
	RANGE(0F38, 0xd8, 0xdb, F3, REG, YES, REGISTER, "Key Locker"),
	RANGE(0F38, 0xdd, 0xdf, F3, REG, YES, REGISTER, "Key Locker"),
	ROW(0F38, 0xf5, ANY, REG, YES, REGISTER, "WRUSS"),
	ROW(0F38, 0xf6, NONE, REG, YES, REGISTER, "WRSS"),
	RANGE(0F38, 0xf8, 0xf9, ANY, REG, YES, REGISTER, "MOVDIR, ENQCMD"),
	RANGE(0F38, 0xfa, 0xfb, ANY, MEM, YES, MEMORY, "ENCODEKEY"),
	ROW(0F38, 0xfc, ANY, REG, YES, REGISTER, "RAO-INT"),
	ROW(0F38, 0xfc, ANY, MEM, UNREAD, FORM, "RAO-INT"),
	ROW(0F38, 0x80, 66, MEM, F(VMX), VMX, "INVEPT"),
	ROW(0F38, 0x81, 66, MEM, F(VMX), VMX, "INVVPID"),
	ROW(0F38, 0x82, 66, MEM, F(INVPCID), FORM, "INVPCID"),
	RANGE(0F38, 0xf0, 0xf1, F2, ALL, F_SSE4_2, FORM, "CRC32"),
	RANGE(0F38, 0xf0, 0xf1, ANY, REG, YES, REGISTER, "MOVBE"),
	RANGE(0F38, 0xf0, 0xf1, ANY, MEM, F(MOVBE), FORM, "MOVBE"),
	ROW(0F38, 0xf5, 66, MEM, F(SHSTK), CET, "WRUSS"),
	ROW(0F38, 0xf6, NONE, MEM, F(SHSTK), CET, "WRSS"),
	ROW(0F38, 0xf6, 66, ALL, F(ADX), FORM, "ADCX"),
	ROW(0F38, 0xf6, F3, ALL, F(ADX), FORM, "ADOX"),
	ROW(0F38, 0xf8, 66, MEM, F(MOVDIR64B), FORM, "MOVDIR64B"),
	ROW(0F38, 0xf8, F2, MEM, F(ENQCMD), FORM, "ENQCMD"),
	ROW(0F38, 0xf8, F3, MEM, F(ENQCMD), FORM, "ENQCMDS"),
	ROW(0F38, 0xf9, NONE, MEM, F(MOVDIRI), FORM, "MOVDIRI"),
	RANGE(0F38, 0xc8, 0xcd, NONE, ALL, F(SHA), SSE, "SHA"),
	ROW(0F38, 0xcf, 66, ALL, F_GFNI, SSE, "GFNI"),
	RANGE(0F38, 0xdb, 0xdf, 66, ALL, F(AES), SSE, "AES-NI"),
	RANGE(0F38, 0xd8, 0xdf, F3, ALL, F_KL, SSE, "Key Locker"),
	RANGE(0F38, 0xfa, 0xfb, F3, ALL, F_KL, SSE, "Key Locker"),
	RANGE(0F38, 0x00, 0x0b, ANY, ALL, F(SSSE3), SSE, "SSSE3"),
	RANGE(0F38, 0x1c, 0x1e, ANY, ALL, F(SSSE3), SSE, "SSSE3"),
	ROW(0F38, 0x37, 66, ALL, F_SSE4_2, SSE, "PCMPGTQ"),
	RANGE(0F38, 0x10, 0x41, 66, ALL, F(SSE4_1), SSE, "SSE4.1"),
	ROW(0F3A, 0x0f, ANY, ALL, F(SSSE3), SSE, "PALIGNR"),
	ROW(0F3A, 0x44, 66, ALL, F_PCLMUL, SSE, "PCLMULQDQ"),
	RANGE(0F3A, 0x60, 0x63, 66, ALL, F_SSE4_2, SSE, "SSE4.2"),
	RANGE(0F3A, 0x08, 0x42, 66, ALL, F(SSE4_1), SSE, "SSE4.1"),
	ROW(0F3A, 0xcc, NONE, ALL, F(SHA), SSE, "SHA1RNDS4"),
	RANGE(0F3A, 0xce, 0xcf, 66, ALL, F_GFNI, SSE, "GFNI"),
	ROW(0F3A, 0xdf, 66, ALL, F(AES), SSE, "AESKEYGENASSIST"),
	ROW(0F3A, 0xf0, F3, BYTE(0xc0), UNREAD, FORM, "HRESET"),
	ROW(0F3A, 0xf0, ANY, ALL, YES, UNDEFINED, "HRESET"),

	/* 0F: SSE's and MMX's forms that do not exist. */
	ROW(0F, 0x12, 66, REG, YES, REGISTER, "MOVLPD"),
	ROW(0F, 0x13, ANY, REG, YES, REGISTER, "MOVLPS"),
	ROW(0F, 0x16, 66, REG, YES, REGISTER, "MOVHPD"),
	ROW(0F, 0x17, ANY, REG, YES, REGISTER, "MOVHPS"),
	ROW(0F, 0x2b, ANY, REG, YES, REGISTER, "MOVNTPS"),
	ROW(0F, 0x50, ANY, MEM, YES, MEMORY, "MOVMSKPS"),
	RANGE(0F, 0x71, 0x73, ANY, MEM, YES, MEMORY, "group 12..14"),
	RANGE(0F, 0x71, 0x73, ANY, REGN(0), YES, UNDEFINED, "group 12..14"),
	RANGE(0F, 0x71, 0x73, ANY, REGN(1), YES, UNDEFINED, "group 12..14"),
	RANGE(0F, 0x71, 0x73, ANY, REGN(5), YES, UNDEFINED, "group 12..14"),
	RANGE(0F, 0x71, 0x72, ANY, REGN(3), YES, UNDEFINED, "group 12, 13"),
	RANGE(0F, 0x71, 0x72, ANY, REGN(7), YES, UNDEFINED, "group 12, 13"),
	ROW(0F, 0x73, ANY, REGN(4), YES, UNDEFINED, "group 14"),
	ROW(0F, 0x73, NONE, REGN(3), YES, UNDEFINED, "group 14"),
	ROW(0F, 0x73, NONE, REGN(7), YES, UNDEFINED, "group 14"),
	ROW(0F, 0xc3, ANY, REG, YES, REGISTER, "MOVNTI"),
	ROW(0F, 0xc5, ANY, MEM, YES, MEMORY, "PEXTRW"),
	ROW(0F, 0xd6, F2, MEM, YES, MEMORY, "MOVDQ2Q"),
	ROW(0F, 0xd6, F3, MEM, YES, MEMORY, "MOVQ2DQ"),
	ROW(0F, 0xd7, ANY, MEM, YES, MEMORY, "PMOVMSKB"),
	ROW(0F, 0xe7, ANY, REG, YES, REGISTER, "MOVNTQ"),
	ROW(0F, 0xf0, ANY, REG, YES, REGISTER, "LDDQU"),
	ROW(0F, 0xf7, ANY, MEM, YES, MEMORY, "MASKMOVQ"),

	/* 0F: the SSE classes, after everything that lies between them */
	ROW(0F, 0x12, F2, ALL, F_SSE3, SSE, "MOVDDUP"),
	ROW(0F, 0x12, F3, ALL, F_SSE3, SSE, "MOVSLDUP"),
	ROW(0F, 0x16, F3, ALL, F_SSE3, SSE, "MOVSHDUP"),
	ROW(0F, 0xf0, F2, ALL, F_SSE3, SSE, "LDDQU"),
	RANGE(0F, 0x7c, 0x7d, ANY, ALL, F_SSE3, SSE, "HADD/HSUB"),
	ROW(0F, 0xd0, ANY, ALL, F_SSE3, SSE, "ADDSUB"),
	ROW(0F, 0xc3, NONE, MEM, F(SSE2), FORM, "MOVNTI"),
	RANGE(0F, 0x10, 0x17, NONE, ALL, F(SSE), SSE, "SSE"),
	RANGE(0F, 0x10, 0x17, ANY, ALL, F(SSE2), SSE, "SSE2"),
	RANGE(0F, 0x28, 0x2f, NONE, ALL, F(SSE), SSE, "SSE"),
	RANGE(0F, 0x28, 0x2f, ANY, ALL, F(SSE2), SSE, "SSE2"),
	RANGE(0F, 0x50, 0x5f, NONE, ALL, F(SSE), SSE, "SSE"),
	RANGE(0F, 0x50, 0x7f, 66, ALL, F(SSE2), SSE, "SSE2"),
	RANGE(0F, 0x50, 0x7f, F2, ALL, F(SSE2), SSE, "SSE2"),
	RANGE(0F, 0x50, 0x7f, F3, ALL, F(SSE2), SSE, "SSE2"),
	RANGE(0F, 0x60, 0x7f, NONE, ALL, YES, SSE, "MMX"),
	RANGE(0F, 0xc2, 0xc6, NONE, ALL, F(SSE), SSE, "SSE"),
	RANGE(0F, 0xc2, 0xc6, ANY, ALL, F(SSE2), SSE, "SSE2"),
	RANGE(0F, 0xd1, 0xfe, NONE, ALL, YES, SSE, "MMX"),
	RANGE(0F, 0xd1, 0xfe, ANY, ALL, F(SSE2), SSE, "SSE2"),

	/* VEX, EVEX, XOP */
	ROW(VEX_0F38, 0xf2, NONE, ALL, F_BMI1, FORM, "ANDN"),
	ROW(VEX_0F38, 0xf3, NONE, ALL, F_BMI1, FORM, "BLS*"),
	ROW(VEX_0F38, 0xf7, NONE, ALL, F_BMI1, FORM, "BEXTR"),
	ROW(VEX_0F38, 0xf5, ANY, ALL, F_BMI2, FORM, "BZHI/PEXT/PDEP"),
	ROW(VEX_0F38, 0xf6, F2, ALL, F_BMI2, FORM, "MULX"),
	ROW(VEX_0F38, 0xf7, ANY, ALL, F_BMI2, FORM, "SARX/SHLX/SHRX"),
	ROW(VEX_0F3A, 0xf0, F2, ALL, F_BMI2, FORM, "RORX"),
	ROW(VEX_0F38, 0x13, 66, ALL, F_F16C, AVX, "VCVTPH2PS"),
	ROW(VEX_0F3A, 0x1d, 66, ALL, F_F16C, AVX, "VCVTPS2PH"),
	RANGE(VEX_0F38, 0x96, 0xbf, 66, ALL, F_FMA, AVX, "FMA3"),
	RANGE(VEX_0F38, 0x45, 0x47, 66, ALL, F_AVX2, AVX, "VPS*V*"),
	RANGE(VEX_0F38, 0x90, 0x93, 66, MEM, F_AVX2, AVX, "VGATHER"),
	RANGE(VEX_0F38, 0x49, 0x6c, ANY, ALL, UNREAD, AVX, "AMX"),
	RANGE(VEX_0F, 0x41, 0x4b, ANY, REG, F_AVX512F, AVX, "AVX-512 mask"),
	RANGE(VEX_0F, 0x90, 0x99, ANY, ALL, F_AVX512F, AVX, "AVX-512 mask"),
	RANGE(VEX_0F, 0x00, 0xff, ANY, ALL, F(AVX), AVX, "AVX"),
	RANGE(VEX_0F38, 0x00, 0xff, ANY, ALL, F(AVX), AVX, "AVX"),
	RANGE(VEX_0F3A, 0x00, 0xff, ANY, ALL, F(AVX), AVX, "AVX"),
	RANGE(VEX_OTHER, 0x00, 0xff, ANY, ALL, UNREAD, AVX, "VEX map"),
	RANGE(EVEX_0F, 0x00, 0xff, ANY, ALL, F_AVX512F, AVX, "AVX-512"),
	RANGE(EVEX_0F38, 0x00, 0xff, ANY, ALL, F_AVX512F, AVX, "AVX-512"),
	RANGE(EVEX_0F3A, 0x00, 0xff, ANY, ALL, F_AVX512F, AVX, "AVX-512"),
	RANGE(EVEX_5, 0x00, 0xff, ANY, ALL, UNREAD, AVX, "AVX512-FP16"),
	RANGE(EVEX_6, 0x00, 0xff, ANY, ALL, UNREAD, AVX, "AVX512-FP16"),
	RANGE(EVEX_OTHER, 0x00, 0xff, ANY, ALL, UNREAD, AVX, "EVEX map"),
	RANGE(XOP_8, 0x00, 0xff, ANY, ALL, F_XOP, AVX, "XOP"),
	RANGE(XOP_9, 0x00, 0xff, ANY, ALL, F_XOP, AVX, "XOP"),
	RANGE(XOP_A, 0x00, 0xff, ANY, ALL, F_XOP, AVX, "XOP"),
	RANGE(XOP_OTHER, 0x00, 0xff, ANY, ALL, F_XOP, AVX, "XOP map"),
};
/* clang-format on */

static bool row_matches(const struct ud_row *row, const struct ud_insn *insn)
{
	if (row->map != insn->map || insn->opcode < row->first ||
	    insn->opcode > row->last)
		return false;
	if (row->pp != PP_ANY && row->pp != insn->pp)
		return false;
	if (row->mod == MOD_REG && modrm_mod(insn->modrm) != 3)
		return false;
	if (row->mod == MOD_MEM && modrm_mod(insn->modrm) == 3)
		return false;
	return (insn->modrm & row->mask) == row->value;
}

const struct ud_row *ud_lookup(const struct ud_insn *insn)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (row_matches(&rows[i], insn))
			return &rows[i];
	return NULL;
}

/* ud_map.c says which opcodes there are, a row what ModRM takes from them. */
enum ud_class ud_class(const struct ud_insn *insn)
{
	const struct ud_row *row = ud_lookup(insn);

	if (insn->map == MAP_ONE && ud_form(insn) == '!')
		return UD_GONE;
	if (insn->stray)
		return UD_STRAY;
	if (!(ud_defined(insn) >> insn->pp & 1))
		return UD_HOLE;
	if (!row)
		return UD_VALID;
	return row->cause == CAUSE_UNDEFINED || row->cause == CAUSE_REGISTER ||
			       row->cause == CAUSE_MEMORY
		       ? UD_HOLE
		       : UD_VALID;
}

const char *ud_invalid_in_64bit(u8 opcode)
{
	static const struct {
		u8 opcode;
		char name[15];
	} gone[] = {
		{ 0x06, "PUSH ES" },  { 0x07, "POP ES" },
		{ 0x0e, "PUSH CS" },  { 0x16, "PUSH SS" },
		{ 0x17, "POP SS" },   { 0x1e, "PUSH DS" },
		{ 0x1f, "POP DS" },   { 0x27, "DAA" },
		{ 0x2f, "DAS" },      { 0x37, "AAA" },
		{ 0x3f, "AAS" },      { 0x60, "PUSHA" },
		{ 0x61, "POPA" },     { 0x82, "group 1 (82)" },
		{ 0x9a, "CALL far" }, { 0xce, "INTO" },
		{ 0xd4, "AAM" },      { 0xd5, "AAD" },
		{ 0xd6, "SALC" },     { 0xea, "JMP far" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gone); i++)
		if (gone[i].opcode == opcode)
			return gone[i].name;
	return NULL;
}
