#include "log_files.h"

#include "clock.h"
#include "log.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char pattern[LOG_FILE_NAME_SIZE] = "requests_####-##-##.jsonl";

/* Each line of the log asks for it. */
void log_file_name(int64_t wall_us, char out[LOG_FILE_NAME_SIZE])
{
	char stamp[CLOCK_TEXT_SIZE];

	clock_format_zulu(wall_us, stamp);
	memcpy(out, pattern, LOG_FILE_NAME_SIZE);
	memcpy(strchr(out, '#'), stamp, strlen("YYYY-MM-DD"));
}

static bool is_ours(const char *name)
{
	for (const char *p = pattern; *p != '\0'; p++, name++)
		if (*p == '#' ? !isdigit((unsigned char)*name) : *name != *p)
			return false;
	return *name == '\0';
}

/* By the day in the name, which sorts as it is written: a copy has another time of its own. */
size_t log_files_remove(const char *dir, int64_t before, size_t max)
{
	char oldest_kept[LOG_FILE_NAME_SIZE];
	const struct dirent *entry;
	size_t n = 0;
	DIR *files = opendir(dir);

	log_file_name(before, oldest_kept);
	while (files != NULL && n < max && (entry = readdir(files)) != NULL) {
		if (!is_ours(entry->d_name) || strcmp(entry->d_name, oldest_kept) >= 0)
			continue;
		if (unlinkat(dirfd(files), entry->d_name, 0) == 0)
			n++;
		else
			log_warn("cannot remove %s/%s: %m", dir, entry->d_name);
	}
	if (files != NULL)
		closedir(files);
	return n;
}
