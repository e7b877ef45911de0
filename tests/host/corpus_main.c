// SPDX-License-Identifier: MIT
/*
 * corpus_main.c - decode-corpus: the #UD decoder against a disassembler, and
 * against noise. decode.t says how the parts go together.
 */
#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: decode-corpus generate FILE\n"
			    "       objdump ... FILE | decode-corpus compare "
			    "FILE intel64|amd64 [newer]\n"
			    "       decode-corpus fuzz COUNT\n";

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "generate")) {
		generate(argv[2]);
		return 0;
	}
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "compare"))
		return compare(argv[2], argv[3], argc == 5);
	if (argc == 3 && !strcmp(argv[1], "fuzz"))
		return fuzz(strtoul(argv[2], NULL, 0));
	fputs(usage, stderr);
	return 3;
}
