#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 };

static const char *log_program = "kinora";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static int log_to_journal;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_threshold = level;
	log_to_journal = getenv("JOURNAL_STREAM") != NULL;
}

int log_level_from_name(const char *name)
{
	for (int i = 0; i < 4; i++)
		if (strcmp(level_names[i], name) == 0)
			return i;
	return -1;
}

/* "<3>" for the journal, the UTC time elsewhere: the journal stamps lines itself. */
static size_t put_prefix(char *line, size_t size, enum log_level level)
{
	static const int priority[] = {3, 4, 6, 7};
	struct timespec now;
	struct tm tm;
	size_t n = 0;

	if (log_to_journal) {
		n = (size_t)snprintf(line, size, "<%d>", priority[level]);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		gmtime_r(&now.tv_sec, &tm);
		n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &tm);
		n += (size_t)snprintf(line + n, size - n, ".%03ldZ ", now.tv_nsec / 1000000);
	}
	n += (size_t)snprintf(line + n, size - n, "%s[%d] %s: ", log_program, (int)getpid(),
			      level_names[level]);
	return n;
}

/* Control characters from outside must not forge lines or drive a terminal. */
static void blank_control_characters(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = ' ';
}

static void __attribute__((format(printf, 3, 0)))
emit(enum log_level level, const char *job, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	size_t n = put_prefix(line, sizeof(line), level);
	int len;

	if (job != NULL)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "job=%.64s ", job);
	len = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	if (len > 0)
		n += (size_t)len < sizeof(line) - n - 1 ? (size_t)len : sizeof(line) - n - 2;
	blank_control_characters(line, n);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say so */
}

void log_msg(enum log_level level, const char *job, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (level > log_threshold)
		return;
	va_start(ap, fmt);
	emit(level, job, fmt, ap);
	va_end(ap);
	errno = saved;
}

void log_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_ERROR, NULL, fmt, ap);
	va_end(ap);
	exit(EX_CONFIG);
}
