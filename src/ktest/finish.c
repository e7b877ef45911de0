// SPDX-License-Identifier: MIT
/*
 * finish.c - how a run ends. A way that does not work falls through to HLT;
 * the verdict is in the log by then.
 */
#include <asm/io.h>
#include <asm/irqflags.h>
#include <console/console.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/halt.h>

#include "internal.h"

#define DEBUG_EXIT_PORT 0xf4  /* QEMU's isa-debug-exit, iosize 4 */
#define RESET_CONTROL	0xcf9 /* chipsets': 2 chooses hard, 6 does it */
#define KBD_COMMAND	0x64
#define KBD_PULSE_RESET 0xfe

static void (*firmware_reset)(bool poweroff);

void ktest_set_reset(void (*fn)(bool poweroff))
{
	firmware_reset = fn;
}

/* The chipset's register, then the keyboard controller's pulse. */
static void reset(void)
{
	outb(0x02, RESET_CONTROL);
	udelay(50);
	outb(0x06, RESET_CONTROL);
	udelay(50000);
	outb(KBD_PULSE_RESET, KBD_COMMAND);
	udelay(50000);
}

__noreturn void finish_run(enum finish how, enum verdict verdict)
{
	native_irq_disable();
	console_drain();
	if (how == FINISH_EXIT)
		outl(verdict, DEBUG_EXIT_PORT);
	if ((how == FINISH_POWEROFF || how == FINISH_RESET) && firmware_reset)
		firmware_reset(how == FINISH_POWEROFF);
	if (how == FINISH_RESET)
		reset();
	halt_forever();
}
