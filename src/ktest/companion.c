// SPDX-License-Identifier: MIT
/*
 * companion.c - ask the host, on a serial port, for what only it can do.
 *
 * Read:    companion_answer().
 * Uses:    dev/uart.h.
 * Context: task context; one question at a time.
 */
#include <ktest/companion.h>

#include <console/printk.h>
#include <cpu/deadline.h>
#include <dev/uart.h>
#include <ktest/ktest.h>
#include <lib/crc32.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>

#define LINE_MAX 200 /* the host takes 250 */
#define ATTEMPTS 2   /* each WAIT_DEFAULT_US long: within a case's 10 s */

static struct {
	struct serial *port; /* NULL: nobody there */
	u32 seq;
	char question[LINE_MAX]; /* as sent, without its newline */
	char answer[LINE_MAX];	 /* the last one: "error 7 why" */
} host;

u16 companion_port(void)
{
	return host.port ? (u16)host.port->uart.base : 0;
}

/* What follows "error SEQ ". */
const char *companion_why(void)
{
	const char *seq = strchr(host.answer, ' ');
	const char *why = seq ? strchr(seq + 1, ' ') : NULL;

	return why ? why + 1 : "";
}

/* Send text as it is, and wait until it has left. */
static int put(const char *text)
{
	uart_write(&host.port->uart, text, strlen(text));
	return uart_drain(&host.port->uart);
}

/* Throw away what came late; a flood must not hold us. */
static void flush(void)
{
	for (u32 i = 0; i < 4 * LINE_MAX; i++)
		if (serial_receive(host.port) < 0)
			return;
}

static int prepare(const char *fmt, va_list args)
{
	char *q = host.question;
	int n;

	if (!host.port)
		return -ENODEV;
	n = scnprintf(q, LINE_MAX, "ask %u ", ++host.seq);
	n += vscnprintf(q + n, LINE_MAX - n - 10, fmt, args);
	scnprintf(q + n, LINE_MAX - n, " *%08x", crc32(0, q, n));
	flush();
	/* What may stand on the line already is a line of its own then. */
	return put("\n") ? -ETIMEDOUT : put(q);
}

int companion_prepare(const char *fmt, ...)
{
	va_list args;
	int err;

	va_start(args, fmt);
	err = prepare(fmt, args);
	va_end(args);
	return err;
}

void companion_fire(void)
{
	if (host.port)
		uart_out(&host.port->uart, UART_THR, '\n');
}

/* A line without its checksum, which holds; false: noise. */
static bool unseal(char *line, size_t len)
{
	char sum[12];

	if (len < 10 || line[len - 10] != ' ')
		return false;
	scnprintf(sum, sizeof(sum), " *%08x", crc32(0, line, len - 10));
	if (strcmp(line + len - 10, sum))
		return false;
	line[len - 10] = '\0';
	return true;
}

/* Is this the answer to our question? 0, -EREMOTEIO; -EAGAIN: it is not. */
static int verdict(void)
{
	char want[24];

	scnprintf(want, sizeof(want), "ok %u", host.seq);
	if (!strcmp(host.answer, want))
		return 0;
	scnprintf(want, sizeof(want), "error %u ", host.seq);
	return strncmp(host.answer, want, strlen(want)) ? -EAGAIN : -EREMOTEIO;
}

/* Lines until the answer or the deadline: as verdict(), or -ETIMEDOUT. */
static int listen(void)
{
	u64 deadline = deadline_after(WAIT_DEFAULT_US);
	int c, err;
	size_t n = 0;

	while (!deadline_passed(deadline)) {
		c = serial_receive(host.port);
		if (c < 0) {
			cpu_relax();
			continue;
		}
		if (c != '\n') {
			if (n < LINE_MAX - 1) /* a longer one is noise */
				host.answer[n++] = (char)c;
			continue;
		}
		host.answer[n] = '\0';
		err = unseal(host.answer, n) ? verdict() : -EAGAIN;
		if (err != -EAGAIN)
			return err;
		n = 0;
	}
	return -ETIMEDOUT;
}

/* The host does nothing twice for one SEQ: asking again is harmless. */
int companion_answer(void)
{
	int err = -ENODEV;

	for (u32 i = 0; host.port && i < ATTEMPTS; i++) {
		if (i && (put("\n") || put(host.question) || put("\n")))
			return -ETIMEDOUT;
		err = listen();
		if (err != -ETIMEDOUT)
			break;
	}
	return err;
}

int companion_ask(const char *fmt, ...)
{
	va_list args;
	int err;

	va_start(args, fmt);
	err = prepare(fmt, args);
	va_end(args);
	if (err)
		return err;
	companion_fire();
	return companion_answer();
}

bool companion_did(int err)
{
	if (err == -EREMOTEIO)
		SKIP(return false, "the companion refused: %s",
			    companion_why());
	return EXPECT_EQ(err, 0);
}

/* The port, taken for good; NULL: it cannot be used, as the log says. */
static struct serial *take_port(u64 base)
{
	for (u32 n = 0; n < NR_SERIAL; n++) {
		struct serial *s = serial_get(n);

		if (!s || s->uart.base != base)
			continue;
		if (s->is_console || serial_open(s, false))
			break;
		s->reserved = true;
		return s;
	}
	printk("# companion=none: no usable UART at 0x%llx",
	       (unsigned long long)base);
	return NULL;
}

bool companion_init(u64 port)
{
	int err;

	if (!port)
		return false;
	host.port = take_port(port);
	if (!host.port)
		return false;
	err = companion_ask("ping");
	printk("# companion=%s", err ? "silent" : "ready");
	if (err) {
		host.port->reserved = false;
		serial_close(host.port);
		host.port = NULL;
	}
	return !err;
}
