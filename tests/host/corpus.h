/* SPDX-License-Identifier: MIT */
/* corpus.h - what the files of decode-corpus share. */
#pragma once

#include <trap/ud.h>

#define SLOT  32
#define NR_PP 4 /* mandatory prefixes, none among them */

/* Write the corpus to path; exits if it cannot. */
void generate(const char *path);

/*
 * objdump's lines on stdin against our decoder, isa "intel64" or "amd64";
 * newer: than the tables. 0, or 1 with the differences printed.
 */
int compare(const char *path, const char *isa, bool is_newer);

/* count random instructions in buffers no byte longer. 0, or 1. */
int fuzz(unsigned long count);
