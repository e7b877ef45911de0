/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of this room share. */
#pragma once

/* Take the root table; 4 or 5 levels as CR4.LA57 stands. 0 or -ENOMEM. */
int paging_alloc_root(void);
