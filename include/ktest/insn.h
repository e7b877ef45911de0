/* SPDX-License-Identifier: MIT */
/*
 * insn.h - single instructions to be judged, each with its first byte at the
 * symbol, so that a fault's RIP is simply compared. See src/ktest/insn.S.
 * All take (void *arg), passed in RDI, and return if nothing faults.
 */
#pragma once

#define INSN(name) void insn_##name(void *arg)
#include <ktest/insn.list.h>
#undef INSN
