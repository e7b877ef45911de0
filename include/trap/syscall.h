/* SPDX-License-Identifier: MIT */
/* syscall.h - what happens to a system call by SYSCALL. */
#pragma once

#include <asm/ptrace.h>

/*
 * A case's own service. IF=0; may edit regs. True: back to CPL 3 with regs as
 * they are, by SYSRET where that loads them exactly, else by IRETQ. False, or
 * no hook: the event is the catch frame's, nr TRAP_SYSCALL.
 */
typedef bool (*syscall_fn)(struct pt_regs *regs, void *data);

/* Install fn, NULL to remove; the runner removes it after each case. */
void syscall_hook(syscall_fn fn, void *data);
