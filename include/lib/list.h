/* SPDX-License-Identifier: MIT */
/* list.h - a doubly linked ring, its head one of it. Linux: linux/list.h. */
#pragma once

#include <lib/compiler.h>

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list_head *entry,
				 struct list_head *head)
{
	entry->prev = head->prev;
	entry->next = head;
	head->prev->next = entry;
	head->prev = entry;
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	list_add_tail(entry, head->next);
}

/* Out of the ring; to be put into one again, or not to be looked at. */
static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

/* Out of the ring; alone afterwards, so that twice does no harm. */
static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

#define list_first_entry(head, type, member) \
	container_of((head)->next, type, member)

#define list_for_each_entry(pos, head, member)                       \
	for (pos = container_of((head)->next, typeof(*pos), member); \
	     &pos->member != (head);                                 \
	     pos = container_of(pos->member.next, typeof(*pos), member))
