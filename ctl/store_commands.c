#include "store_commands.h"

const struct command commands_store[] = {
	{"verify", "", "dir grace# no-files!", "",
	 "look through the store and its files; --dir DATA, --grace SECONDS, --no-files",
	 command_verify},
	{"backup", "", "dir no-files!", "DIR",
	 "copy all that is kept to a new directory; --no-files, --dir DATA", command_backup},
	{"restore", "", "force! partial!", "DIR",
	 "put a backup in place; --force: what is there moves aside", command_restore},
	{"compact", "", "", "", "give the disk back what deleted jobs took in the store",
	 command_compact},
	{"dump", "", "dir", "[FILE]", "all records as JSON lines; --dir DATA", command_dump},
	{"load", "", "", "[FILE]", "make a store of what dump wrote", command_load},
	{0},
};
