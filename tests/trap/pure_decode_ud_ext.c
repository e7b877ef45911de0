// SPDX-License-Identifier: MIT
/*
 * Naming what raised #UD: extensions that CPUID does not declare, or that
 * are declared and off, and the holes between the instructions.
 *
 * Spec: SDM 3A "Interrupt 6-Invalid Opcode Exception (#UD)"; SDM 2D "Opcode
 *       Map"; APM 3 for AMD's.
 */
#include "decode_ud.h"

/* clang-format off */
TEST(decode_ud, absent_extensions, RULE_UD)
{
	static const struct encoding want[] = {
		{ 4, { 0xf3, 0x0f, 0xc7, 0xf8 }, "RDPID: extension absent" },
		{ 3, { 0x0f, 0xc7, 0xf0 }, "RDRAND: extension absent" },
		{ 4, { 0x48, 0x0f, 0xc7, 0xf0 }, "RDRAND: extension absent" },
		{ 4, { 0x66, 0x0f, 0xc7, 0xf0 }, "RDRAND: extension absent" },
		{ 3, { 0x0f, 0xc7, 0xf8 }, "RDSEED: extension absent" },
		{ 4, { 0xf3, 0x0f, 0xb8, 0xc0 }, "POPCNT: extension absent" },
		{ 5, { 0xf2, 0x0f, 0x38, 0xf0, 0xc0 },
		  "CRC32: extension absent" },
		{ 4, { 0x0f, 0x38, 0xf0, 0x00 }, "MOVBE: extension absent" },
		{ 4, { 0x0f, 0x38, 0xf1, 0x00 }, "MOVBE: extension absent" },
		{ 5, { 0x66, 0x0f, 0x38, 0xf6, 0xc0 },
		  "ADCX: extension absent" },
		{ 5, { 0xf3, 0x0f, 0x38, 0xf6, 0xc0 },
		  "ADOX: extension absent" },
		{ 5, { 0x66, 0x0f, 0x38, 0xdc, 0xc0 },
		  "AES-NI: extension absent" },
		{ 6, { 0x66, 0x0f, 0x3a, 0xdf, 0xc0, 0x01 },
		  "AESKEYGENASSIST: extension absent" },
		{ 4, { 0x0f, 0x38, 0xc8, 0xc0 }, "SHA: extension absent" },
		{ 5, { 0x0f, 0x3a, 0xcc, 0xc0, 0x00 },
		  "SHA1RNDS4: extension absent" },
	};

	EXPECT_TEXTS(want, has_none);
}

TEST(decode_ud, absent_system_extensions, RULE_UD)
{
	static const struct encoding want[] = {
		{ 3, { 0x0f, 0xae, 0x20 }, "XSAVE: extension absent" },
		{ 3, { 0x0f, 0xae, 0x28 }, "XRSTOR: extension absent" },
		{ 3, { 0x0f, 0x01, 0xd0 }, "XGETBV: extension absent" },
		{ 3, { 0x0f, 0x01, 0xd1 }, "XSETBV: extension absent" },
		{ 3, { 0x0f, 0x01, 0xc8 }, "MONITOR: extension absent" },
		{ 3, { 0x0f, 0x01, 0xc9 }, "MWAIT: extension absent" },
		{ 4, { 0x66, 0x0f, 0xae, 0x30 }, "CLWB: extension absent" },
		{ 4, { 0x66, 0x0f, 0xae, 0x38 },
		  "CLFLUSHOPT: extension absent" },
		{ 3, { 0x0f, 0x01, 0xf9 }, "RDTSCP: extension absent" },
		{ 5, { 0x66, 0x0f, 0x38, 0x82, 0x00 },
		  "INVPCID: extension absent" },
		{ 4, { 0xf2, 0x0f, 0xae, 0xf0 }, "UMWAIT: extension absent" },
		{ 4, { 0xf3, 0x0f, 0xae, 0xf0 },
		  "UMONITOR: extension absent" },
		{ 4, { 0x66, 0x0f, 0xae, 0xf0 }, "TPAUSE: extension absent" },
		{ 3, { 0x0f, 0x01, 0xca }, "CLAC: extension absent" },
		{ 3, { 0x0f, 0x01, 0xcb }, "STAC: extension absent" },
		{ 3, { 0x0f, 0x01, 0xee }, "RDPKRU: extension absent" },
		{ 4, { 0xf3, 0x0f, 0xae, 0xc0 },
		  "RDFSBASE: extension absent" },
		{ 5, { 0xf3, 0x48, 0x0f, 0xae, 0xd8 },
		  "WRGSBASE: extension absent" },
		{ 3, { 0x0f, 0x01, 0xd5 }, "XEND: extension absent" },
		{ 3, { 0xc6, 0xf8, 0x00 }, "XABORT: extension absent" },
		{ 6, { 0xc7, 0xf8, 0, 0, 0, 0 }, "XBEGIN: extension absent" },
		{ 3, { 0x0f, 0x01, 0xe8 },
		  "SERIALIZE: extension absent or disabled" },
		{ 4, { 0x66, 0x0f, 0xef, 0xc0 }, "SSE2: extension absent" },
		{ 5, { 0x66, 0x0f, 0x38, 0x17, 0xc0 },
		  "SSE4.1: extension absent" },
		{ 4, { 0x0f, 0x0f, 0xc0, 0x9e }, "3DNow!: extension absent" },
	};

	EXPECT_TEXTS(want, has_none);
}

TEST(decode_ud, virtualization_absent, RULE_UD)
{
	static const struct encoding want[] = {
		{ 3, { 0x0f, 0x01, 0xc1 }, "VMCALL: extension absent" },
		{ 3, { 0x0f, 0x01, 0xc2 }, "VMLAUNCH: extension absent" },
		{ 3, { 0x0f, 0x01, 0xc4 }, "VMXOFF: extension absent" },
		{ 4, { 0xf3, 0x0f, 0xc7, 0x30 }, "VMXON: extension absent" },
		{ 4, { 0x66, 0x0f, 0xc7, 0x30 }, "VMCLEAR: extension absent" },
		{ 3, { 0x0f, 0xc7, 0x30 }, "VMPTRLD: extension absent" },
		{ 3, { 0x0f, 0xc7, 0x38 }, "VMPTRST: extension absent" },
		{ 3, { 0x0f, 0x78, 0xc0 }, "VMREAD: extension absent" },
		{ 3, { 0x0f, 0x79, 0xc0 }, "VMWRITE: extension absent" },
		{ 5, { 0x66, 0x0f, 0x38, 0x80, 0x00 },
		  "INVEPT: extension absent" },
		{ 3, { 0x0f, 0x01, 0xd8 }, "VMRUN: extension absent" },
		{ 3, { 0x0f, 0x01, 0xd9 }, "VMMCALL: extension absent" },
		{ 3, { 0x0f, 0x01, 0xdd }, "CLGI: extension absent" },
		{ 3, { 0x0f, 0x01, 0xdf }, "INVLPGA: extension absent" },
	};

	EXPECT_TEXTS(want, has_none);
}

TEST(decode_ud, extensions_that_are_off, RULE_UD)
{
	static const struct encoding want[] = {
		{ 2, { 0x0f, 0x05 }, "SYSCALL: EFER.SCE is 0" },
		{ 3, { 0x48, 0x0f, 0x07 }, "SYSRET: EFER.SCE is 0" },
		{ 2, { 0x0f, 0xaa }, "RSM: outside system-management mode" },
		{ 3, { 0x0f, 0x58, 0xc0 },
		  "SSE: CR0.EM is 1 or CR4.OSFXSR is 0" },
		{ 4, { 0x66, 0x0f, 0x6f, 0xc0 },
		  "SSE2: CR0.EM is 1 or CR4.OSFXSR is 0" },
		{ 3, { 0x0f, 0xae, 0x10 },
		  "LDMXCSR: CR0.EM is 1 or CR4.OSFXSR is 0" },
		{ 3, { 0x0f, 0x6f, 0xc0 },
		  "MMX: CR0.EM is 1 or CR4.OSFXSR is 0" },
		{ 4, { 0xf3, 0x0f, 0xc7, 0x30 },
		  "VMXON: not in VMX operation (CR4.VMXE, VMXON)" },
		{ 3, { 0x0f, 0x01, 0xd8 }, "VMRUN: EFER.SVME is 0" },
		{ 3, { 0x0f, 0x01, 0xd0 }, "XGETBV: CR4.OSXSAVE is 0" },
		{ 4, { 0xf3, 0x0f, 0xae, 0xc0 },
		  "RDFSBASE: CR4.FSGSBASE is 0" },
		{ 3, { 0x0f, 0x01, 0xef }, "WRPKRU: CR4.PKE is 0" },
		{ 3, { 0x0f, 0x01, 0xc9 },
		  "MWAIT: off in IA32_MISC_ENABLE, or CPL above 0" },
		{ 2, { 0x0f, 0x34 }, "SYSENTER: AMD has none in long mode" },
		{ 2, { 0x0f, 0x37 }, "GETSEC: CR4.SMXE is 0" },
		{ 4, { 0xf3, 0x0f, 0x01, 0xe8 },
		  "SETSSBSY: CR4.CET is 0 or shadow stacks are off" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, register_forms_that_do_not_exist, RULE_UD)
{
	static const struct encoding want[] = {
		{ 2, { 0x8d, 0xc0 }, "LEA: no register form" },
		{ 2, { 0xff, 0xd8 }, "CALL far: no register form" },
		{ 2, { 0xff, 0xe8 }, "JMP far: no register form" },
		{ 3, { 0x0f, 0xb2, 0xc0 }, "LSS: no register form" },
	};

	EXPECT_TEXTS(want, has_all);
}

TEST(decode_ud, holes_in_the_opcode_map, "SDM 2D Opcode Map")
{
	static const struct encoding want[] = {
		{ 2, { 0xff, 0xf8 }, "group 5: undefined encoding" },
		{ 2, { 0xfe, 0xd0 }, "group 4: undefined encoding" },
		{ 2, { 0x8f, 0xe0 }, "group 1A: undefined encoding" },
		{ 2, { 0xc6, 0xc8 }, "group 11: undefined encoding" },
		{ 3, { 0x0f, 0x00, 0xf8 }, "group 6: undefined encoding" },
		{ 3, { 0x0f, 0x01, 0xd2 }, "group 7: undefined encoding" },
		{ 4, { 0x0f, 0xba, 0xc0, 0x01 },
		  "group 8: undefined encoding" },
		{ 3, { 0x0f, 0xc7, 0xc0 }, "group 9: undefined encoding" },
		{ 3, { 0x0f, 0xae, 0xc0 }, "group 15: undefined encoding" },
		{ 2, { 0x0f, 0x04 }, "unknown opcode 0f 04" },
		{ 2, { 0x0f, 0x0a }, "unknown opcode 0f 0a" },
		{ 2, { 0x0f, 0x3f }, "unknown opcode 0f 3f" },
		{ 3, { 0x0f, 0x7a, 0xc0 }, "unknown opcode 0f 7a" },
		{ 3, { 0x0f, 0x24, 0xc0 }, "unknown opcode 0f 24" },
		{ 4, { 0xf3, 0x0f, 0x14, 0xc0 },
		  "unknown opcode 0f 14 with this prefix" },
		{ 4, { 0xc5, 0xf8, 0x38, 0xc0 }, "unknown opcode VEX 0f 38" },
		{ 3, { 0x0f, 0x13, 0xc0 }, "MOVLPS: no register form" },
		{ 3, { 0x0f, 0xd7, 0x00 }, "PMOVMSKB: no memory form" },
		{ 2, { 0x0f, 0xa2 },
		  "opcode 0f a2: defined, no reason known" },
		{ 4, { 0x0f, 0x38, 0x99, 0xc0 }, "unknown opcode 0f 38 99" },
		{ 5, { 0x0f, 0x3a, 0x99, 0xc0, 0x00 },
		  "unknown opcode 0f 3a 99" },
		{ 1, { 0x90 }, "opcode 90: defined, no reason known" },
		{ 1, { 0xf4 }, "opcode f4: defined, no reason known" },
	};

	EXPECT_TEXTS(want, has_all);
}
/* clang-format on */
