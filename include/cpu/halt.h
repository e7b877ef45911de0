/* SPDX-License-Identifier: MIT */
/* halt.h - the end: this CPU sleeps, interrupts off, for ever. */
#pragma once

void halt_forever(void) __attribute__((noreturn));
