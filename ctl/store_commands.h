/* The commands on a whole store, one file each; their table is in store_commands.c. */
#ifndef CTL_STORE_COMMANDS_H
#define CTL_STORE_COMMANDS_H

#include "ctl.h"

int command_verify(struct ctl *ctl);
int command_backup(struct ctl *ctl);
int command_restore(struct ctl *ctl);
int command_compact(struct ctl *ctl);
int command_dump(struct ctl *ctl);
int command_load(struct ctl *ctl);

/* Of the lines that dump writes and load reads. */
enum { DUMP_VERSION = 1 };

#endif
