/* SPDX-License-Identifier: MIT */
/* insn_pic.S - what a spurious IRQ of the 8259s looks like to the CPU. */
	.text

	.macro insn name
	.balign	16
	.globl	insn_\name
	.hidden	insn_\name
insn_\name:
	.endm

insn int_irq7
	int	$0x37			# ISA_IRQ_VECTOR(7)
	ret
insn int_irq15
	int	$0x3f			# ISA_IRQ_VECTOR(15)
	ret

	.section .note.GNU-stack, "", @progbits
