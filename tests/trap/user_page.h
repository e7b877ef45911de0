/* SPDX-License-Identifier: MIT */
/* user_page.h - one page at USER_VA for a case of CPL 3. */
#pragma once

#include <mm/page_alloc.h>
#include <mm/paging.h>

#include "judge.h"

/* Its physical address, where CPL 0 reaches it, or 0: the case has failed. */
static inline u64 map_user_page(void)
{
	u64 page = alloc_pages(1);

	if (EXPECT_EQ(map_range(USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0))
		return page;
	return 0;
}

static inline void unmap_user_page(u64 page)
{
	unmap_range(USER_VA, PAGE_SIZE);
	if (page)
		free_pages(page, 1);
}
