/* SPDX-License-Identifier: MIT */
/* insn_stub.h - a stub entered without its event: src/ktest/insn_stub.S. */
#pragma once

#include <lib/compiler.h>

struct enter_stub {
	u64 stub;
	u64 ist; /* where its frame begins; 0: on this stack */
	u64 code;
	bool coded; /* it expects an error code */
};
static_assert(offsetof(struct enter_stub, coded) == 0x18, "insn_stub.S");

/* A struct enter_stub; from CPL 0 at insn_enter_stub_at, IF 0 in the stub. */
void insn_enter_stub(void *how);
extern char insn_enter_stub_at[];
