#include "workers/text-to-video/stock_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_CHARS = 64, DAY_SECONDS = 86400 };

struct entry {
	char name[NAME_CHARS + sizeof(".mp4")];
	int64_t bytes, used;
};

static const char *directory_of(const struct stock_cache *cache)
{
	return *cache->directory ? cache->directory : ".";
}

static char *name_of(const char *query)
{
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, query, -1);
}

/* The clip under a name in the job's directory, so that pruning does not take it away; the name in
 * the cache if that lies on another file system. */
static char *borrow(const char *path, const char *name)
{
	char *local = g_strconcat(name, ".mp4", NULL);

	if (!link(path, local) || g_file_test(local, G_FILE_TEST_IS_REGULAR))
		return local;
	g_free(local);
	return g_strdup(path);
}

bool stock_cache_find(const struct stock_cache *cache, const char *query, char **clip,
		      char **credit)
{
	char *name = name_of(query);
	char *path = g_strdup_printf("%s/%s.mp4", directory_of(cache), name);
	char *note = g_strdup_printf("%s/%s.txt", directory_of(cache), name);
	bool found = g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
		     g_file_get_contents(note, credit, NULL, NULL);

	if (found) {
		utimensat(AT_FDCWD, path, NULL, 0);
		utimensat(AT_FDCWD, note, NULL, 0);
		*clip = borrow(path, name);
	}
	g_free(name);
	g_free(path);
	g_free(note);
	return found;
}

/* The credit goes first, so that no clip is there without one. */
void stock_cache_keep(const struct stock_cache *cache, const char *query, const char *part,
		      const char *credit, char **clip)
{
	char *name = name_of(query), *local = g_strconcat(name, ".mp4", NULL);
	char *path = g_strdup_printf("%s/%s.mp4", directory_of(cache), name);
	char *note = g_strdup_printf("%s/%s.txt", directory_of(cache), name);

	*clip = NULL;
	if (g_file_set_contents(note, credit, -1, NULL) && !rename(part, path))
		*clip = borrow(path, name);
	else if (!rename(part, local)) /* on another file system it stays here */
		*clip = g_strdup(local);
	g_free(name);
	g_free(local);
	g_free(path);
	g_free(note);
}

static bool is_ours(const char *name)
{
	return strspn(name, "0123456789abcdef") == NAME_CHARS &&
	       (!strcmp(name + NAME_CHARS, ".mp4") || !strcmp(name + NAME_CHARS, ".txt"));
}

static GArray *read_entries(DIR *dir)
{
	GArray *entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	struct dirent *found;

	while ((found = readdir(dir)) != NULL) {
		struct entry entry = {.bytes = 0};
		struct stat st;

		if (!is_ours(found->d_name) ||
		    fstatat(dirfd(dir), found->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		memcpy(entry.name, found->d_name, sizeof(entry.name));
		entry.bytes = st.st_size;
		entry.used = st.st_mtime;
		g_array_append_val(entries, entry);
	}
	return entries;
}

static int by_use(const void *a, const void *b)
{
	int64_t x = ((const struct entry *)a)->used, y = ((const struct entry *)b)->used;

	return (y > x) - (y < x);
}

void stock_cache_prune(const struct stock_cache *cache)
{
	int64_t oldest = time(NULL) - cache->max_days * DAY_SECONDS, bytes = 0;
	DIR *dir = *cache->directory ? opendir(cache->directory) : NULL;
	GArray *entries;

	if (!dir)
		return;
	entries = read_entries(dir);
	g_array_sort(entries, by_use);
	for (size_t i = 0; i < entries->len; i++) {
		const struct entry *entry = &g_array_index(entries, struct entry, i);

		bytes += entry->bytes;
		if (bytes > cache->max_bytes || entry->used < oldest)
			unlinkat(dirfd(dir), entry->name, 0);
	}
	g_array_free(entries, TRUE);
	closedir(dir);
}
