/* SPDX-License-Identifier: MIT */
/*
 * pf_model.h - the manuals' rules for one access through the page tables, as
 * one function: what the #PF matrix is judged against. Pure.
 *
 * Spec: SDM 3A "Access Rights", "Protection Keys", "Page-Fault Exceptions",
 *       "Paging-Structure Entries"; APM 2 "Page-Protection Checks",
 *       "#PF-Page-Fault Exception (Vector 14)".
 */
#pragma once

#include <lib/compiler.h>
#include <trap/decode.h>

enum pf_access { PF_READ, PF_WRITE, PF_FETCH };

/* What the rules look at beside the access and the tables. */
struct pf_mode {
	bool wp, nxe, smep, smap, pke, pks;
	bool gbpages; /* PS may be set in a PDPTE */
	bool amd;     /* the APM leaves more open than the SDM */
	u8 maxphyaddr;
	u32 pkru, pkrs;
};

struct pf_ask {
	enum pf_access access;
	bool cpl3, ac;
	bool implicit; /* of a descriptor table or TSS: the supervisor's */
	int levels;    /* 4 or 5 */
	u64 entry[5];  /* the top level's first; unused below a leaf */
};

struct pf_answer {
	bool fault;
	u64 code; /* the error code, if it faults */
	u64 open; /* bits of it that the vendor's manual leaves undefined */
};

struct pf_answer pf_model(const struct pf_mode *mode, const struct pf_ask *ask);
