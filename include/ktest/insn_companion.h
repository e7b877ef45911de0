/* SPDX-License-Identifier: MIT */
/*
 * insn_companion.h - send the last byte of what companion_prepare() left, from
 * a known instruction on: src/ktest/insn_companion.S. Each takes the port.
 */
#pragma once

/*
 * From behind the OUT, _at, it polls to _end; returns once the answer has begun
 * to come and the stimulus has not: a refusal.
 */
void insn_fire(void *port);
extern char insn_fire_at[], insn_fire_end[];

/* HLT, at _at, once; IF as the caller left it. */
void insn_fire_hlt(void *port);
extern char insn_fire_hlt_at[], insn_fire_hlt_after[];

/* At CPL 3, with IOPL 3, the port in RDI: as insn_fire(), ends in INT 0x80. */
extern char user_fire[], user_fire_at[], user_fire_end[];
