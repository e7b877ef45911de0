/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of lockdep/ share and nobody else needs. */
#pragma once

#include <lockdep/lockdep.h>

/* irqflags.c: the hooks of cpu/irqflags.h. */
void lockdep_hardirqs_off(u64 ip, u64 flags);
void lockdep_hardirqs_on(u64 ip, u64 flags);
void lockdep_exception_enter(struct pt_regs *regs);
void lockdep_exception_exit(struct pt_regs *regs);

/* No section that has begun is known any more. */
void irqsoff_begin_anew(void);
