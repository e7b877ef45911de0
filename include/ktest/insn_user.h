/* SPDX-License-Identifier: MIT */
/*
 * insn_user.h - what cases run at CPL 3: src/ktest/insn_user.S, on the pages
 * of .user.text. Addresses, not functions: only IRETQ goes there.
 */
#pragma once

#define USER(name) extern char user_##name[]
#include <ktest/insn_user.list.h>
#undef USER
