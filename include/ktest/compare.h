/* SPDX-License-Identifier: MIT */
/* compare.h - what EXPECT_* decide, for the machine and the host. Pure. */
#pragma once

#include <ktest/ktest.h>

bool ktest_holds(enum ktest_op op, u64 got, u64 want);
const char *ktest_op_text(enum ktest_op op);
