// SPDX-License-Identifier: MIT
/*
 * console.c - the sinks, and the copy of the log in RAM that serves a sink
 * registered late or held back.
 */
#include <console/console.h>

#include <console/uart.h>
#include <lib/compiler.h>
#include <lib/string.h>

#include "internal.h"

#define EARLY_LOG_SIZE 8192

/* All of this is guarded by printk's lock. */
static char early_log[EARLY_LOG_SIZE];
static char *log_buf = early_log;
static size_t log_size = EARLY_LOG_SIZE;
static size_t log_len;	 /* bytes kept; later ones are only written */
static size_t held_from; /* first byte that the sinks have not got */
static u32 hold_depth;
static struct console *consoles;

void console_set_log_buffer(char *buf, size_t size)
{
	if (size < log_len)
		return;
	memcpy(buf, log_buf, log_len);
	log_buf = buf;
	log_size = size;
}

static void to_sinks(const char *buf, size_t len)
{
	for (struct console *con = consoles; con; con = con->next)
		con->write(buf, len);
}

void console_write(const char *buf, size_t len)
{
	size_t room = log_size - log_len;
	size_t keep = len < room ? len : room;

	memcpy(log_buf + log_len, buf, keep);
	log_len += keep;
	/* With no room left, losing the hold is better than losing the log. */
	if (!hold_depth || keep < len) {
		if (hold_depth && held_from < log_len - keep)
			to_sinks(log_buf + held_from,
				 log_len - keep - held_from);
		to_sinks(buf, len);
		held_from = log_len;
	}
}

void console_register(struct console *con)
{
	con->write(log_buf, held_from);
	con->next = consoles;
	consoles = con;
}

void console_unregister(struct console *con)
{
	struct console **link = &consoles;

	while (*link && *link != con)
		link = &(*link)->next;
	if (*link)
		*link = con->next;
}

void console_hold(void)
{
	if (!hold_depth++)
		held_from = log_len;
}

void console_release(void)
{
	if (!hold_depth || --hold_depth)
		return;
	to_sinks(log_buf + held_from, log_len - held_from);
	held_from = log_len;
}
