#include "config.h"

#include "workers/text-to-video/reading.h"

#include <glib.h>

#ifdef HAVE_MECAB

#include <mecab.h>
#include <string.h>

/* Columns of the IPA dictionary: part of speech, its kind, …, reading, pronunciation. */
enum { SPEECH, KIND, PRONUNCIATION = 8, FEATURES };

struct reader *reader_open(void)
{
	mecab_t *mecab = mecab_new2("");
	const mecab_dictionary_info_t *dictionary = mecab ? mecab_dictionary_info(mecab) : NULL;

	if (dictionary && !g_ascii_strcasecmp(dictionary->charset, "UTF-8"))
		return (struct reader *)mecab;
	if (mecab)
		mecab_destroy(mecab);
	return NULL;
}

void reader_close(struct reader **reader)
{
	if (*reader)
		mecab_destroy((mecab_t *)*reader);
	*reader = NULL;
}

/* Particles, endings and the second half of a compound belong to what is before them. */
static bool opens_phrase(char **now, char **before)
{
	static const char *const bound[] = {"助詞",   "助動詞", "接尾", "非自立",
					    "括弧閉", "句点",   "読点", NULL};

	if (!before)
		return true;
	if (g_strv_contains(bound, now[SPEECH]) || g_strv_contains(bound, now[KIND]))
		return false;
	if (!strcmp(before[SPEECH], "接頭詞") || !strcmp(before[KIND], "括弧開"))
		return false;
	return strcmp(now[SPEECH], "名詞") || strcmp(before[SPEECH], "名詞");
}

struct reading *reading_new(struct reader *reader, const char *text, size_t len, size_t *count)
{
	GArray *parts = g_array_new(FALSE, FALSE, sizeof(struct reading));
	const mecab_node_t *node = mecab_sparse_tonode2((mecab_t *)reader, text, len);
	char **before = NULL;

	for (; node; node = node->next) {
		char **features = g_strsplit(node->feature, ",", 0);
		size_t known = g_strv_length(features);
		struct reading part = {.at = (size_t)(node->surface - text), .len = node->length};

		if (node->stat == MECAB_BOS_NODE || node->stat == MECAB_EOS_NODE || known <= KIND) {
			g_strfreev(features);
			continue;
		}
		part.opens_phrase = opens_phrase(features, before);
		if (known >= FEATURES && strcmp(features[PRONUNCIATION], "*"))
			part.kana = g_strdup(features[PRONUNCIATION]);
		g_array_append_val(parts, part);
		g_strfreev(before);
		before = features;
	}
	g_strfreev(before);
	*count = parts->len;
	return (struct reading *)(void *)g_array_free(parts, parts->len == 0);
}

#else

struct reader *reader_open(void)
{
	return NULL;
}

void reader_close(struct reader **reader)
{
	(void)reader;
}

struct reading *reading_new(struct reader *reader, const char *text, size_t len, size_t *count)
{
	(void)reader, (void)text, (void)len;
	*count = 0;
	return NULL;
}

#endif

void reading_free(struct reading **parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		g_free((*parts)[i].kana);
	g_free(*parts);
	*parts = NULL;
}
