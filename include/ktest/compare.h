/* SPDX-License-Identifier: MIT */
/* compare.h - what the runners of machine and host share. Pure. */
#pragma once

#include <ktest/ktest.h>

bool ktest_holds(enum ktest_op op, u64 got, u64 want);
const char *ktest_op_text(enum ktest_op op);

/* Bytes of c->name before the dot. */
size_t ktest_suite_length(const struct ktest_case *c);

/* The SUITE() of c among those given, or NULL. */
const struct ktest_suite *ktest_suite_of(const struct ktest_case *c,
					 const struct ktest_suite *const *start,
					 const struct ktest_suite *const *stop);
