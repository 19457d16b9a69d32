/*
 * Diagnostics to standard error, one line a call, in one write(2), so that
 * lines of several threads and programs never mix. A line under systemd
 * carries its priority as "<N>". Every call keeps errno.
 */
#ifndef KN_LOG_H
#define KN_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Program name (not copied: give a literal) and the most talkative level shown. Call before threads. */
void log_init(const char *program, enum log_level level);
/* "error", "warn", "info" or "debug". Returns -1 for another word. */
int log_level_from_name(const char *name);

/* job may be NULL; it is printed as job=ID wherever there is one. */
void log_msg(enum log_level level, const char *job, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_msg(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warn(...) log_msg(LOG_LEVEL_WARN, NULL, __VA_ARGS__)
#define log_info(...) log_msg(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)

/* Prints the message and exits with EX_CONFIG (78). Only before serving starts. */
void log_fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
