/* SPDX-License-Identifier: MIT */
/*
 * companion.h - the host companion: what a machine cannot do to itself is
 * asked for on a second serial port, a line at a time, and answered there.
 *
 *	ask SEQ WORDS *CRC		we; CRC is crc32 of all before " *"
 *	ok SEQ *CRC			done
 *	error SEQ why *CRC		refused
 *
 * Words: ping, inject-nmi, system_powerdown, send-key KEY,
 *	  mce CPU BANK STATUS MCG_STATUS ADDR MISC [broadcast]; and any of
 *	  them behind "after MS".
 *
 * A port on a PC may lead to any device, so nothing is ever written to one
 * that the option companion=0xPORT does not name; run-qemu names COM2. Then
 * ping must be answered, or the cases that need a companion SKIP. One that
 * answered and falls silent later is a failure of the case.
 *
 * Context: task context of the boot CPU.
 */
#pragma once

#include <lib/compiler.h>

/*
 * Open the port and greet. Logs what came of it, "# companion=ready" or the
 * reason why not. Boot CPU, once, after serial_probe().
 */
bool companion_init(u64 port);

/*
 * Ask for it and wait for the answer. 0; -EREMOTEIO: refused, companion_why()
 * says why; -ETIMEDOUT: no answer, after having asked twice; -ENODEV.
 */
int companion_ask(const char *fmt, ...) __printf(1, 2);

/*
 * The same in three steps, for a stimulus that must not come before a certain
 * instruction: all but the last byte; the last byte, an OUT of '\n' to
 * companion_port() by whoever likes; the answer.
 */
int companion_prepare(const char *fmt, ...) __printf(1, 2);
void companion_fire(void);
int companion_answer(void);

u16 companion_port(void);
const char *companion_why(void);

/*
 * Judge what one of them returned: true for 0; a refusal is a SKIP in the
 * companion's words, silence a failed check.
 */
bool companion_did(int err);
