/*
 * Processes that a worker left behind, wherever they hid: a new session or a new
 * parent does not help them. They are known by KINORA_WORK_DIR in their environment,
 * which every worker gets and its children inherit.
 */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stddef.h>

/* Kills all processes whose KINORA_WORK_DIR starts with the text. Returns how many there were. */
size_t leftovers_kill(const char *work_dir);

#endif
