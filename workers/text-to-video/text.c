#include "workers/text-to-video/text.h"

#include "workers/text-to-video/reading.h"

#include <pango/pango.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

enum { ATTACHED_MAX = 8 }; /* to one letter; the flag of Wales has seven */

static const char sentence_ends[] = ".!?…。！？｡؟۔।॥።։";
static const char clause_ends[] = ",;:،؛、，；：—–";
static const char closers[] = "\"')]}”’»」』）】》›";
/* A full stop after these ends no sentence. */
static const char *const abbreviations[] = {"Mr.",  "Mrs.", "Ms.", "Dr.", "St.", "Prof.", "vs.",
					    "e.g.", "i.e.", "Sr.", "Jr.", "No.", "z.B.",  "т.е."};

static bool among(ucs4_t c, const char *set)
{
	return u8_strchr((const uint8_t *)set, c) != NULL;
}

static bool is_direction_mark(ucs4_t c)
{
	return c == 0x200e || c == 0x200f || c == 0xfeff || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool is_line_end(ucs4_t c)
{
	return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* Letters, digits and pictures have names that a voice knows; punctuation has not. */
static bool is_speakable(ucs4_t c)
{
	return uc_is_general_category(c, UC_CATEGORY_L) ||
	       uc_is_general_category(c, UC_CATEGORY_N) ||
	       uc_is_general_category(c, UC_CATEGORY_So);
}

/* Letters in the dress of mathematics, with which people write bold and script where there is none:
 * no voice reads them, and few fonts have them. */
static ucs4_t plain(ucs4_t c)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int tag;

	if (c < 0x1d400 || c > 0x1d7ff)
		return c;
	return uc_decomposition(c, &tag, parts) == 1 ? parts[0] : c;
}

/* The colour of a skin; outline fonts show a box for it. */
static bool is_skin_tone(ucs4_t c)
{
	return c >= 0x1f3fb && c <= 0x1f3ff;
}

/* What has no place of its own: accents, joiners. */
static bool is_attached(ucs4_t c)
{
	return uc_is_general_category(c, UC_CATEGORY_M) ||
	       uc_is_general_category(c, UC_CATEGORY_Cf);
}

/* Single spaces, '\n' between paragraphs, nothing that turns the direction of what follows, and no
 * heaps of accents: they would take a renderer hours. */
static char *clean(const char *raw, bool *speakable)
{
	const uint8_t *at = (const uint8_t *)raw;
	GString *out = g_string_sized_new(strlen(raw) + 1);
	int attached = 0;
	ucs4_t c;

	*speakable = false;
	while ((at = u8_next(&c, at)) != NULL) {
		bool line = is_line_end(c);
		char last = out->len ? out->str[out->len - 1] : '\n';

		c = plain(c);
		attached = is_attached(c) ? attached + 1 : 0;
		if (is_direction_mark(c) || is_skin_tone(c) || attached > ATTACHED_MAX)
			continue;
		*speakable |= is_speakable(c);
		if (!line && !uc_is_space(c) && !uc_is_general_category(c, UC_CATEGORY_Cc))
			g_string_append_unichar(out, c);
		else if (line && last == ' ')
			out->str[out->len - 1] = '\n';
		else if (last != ' ' && last != '\n')
			g_string_append_c(out, line ? '\n' : ' ');
	}
	while (out->len && strchr(" \n", out->str[out->len - 1]))
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

static bool is_script(ucs4_t c, const char *name)
{
	const uc_script_t *script = uc_script(c);

	return script && !strcmp(script->name, name);
}

/* Scripts that are written without spaces between words. */
static bool is_unspaced(ucs4_t c)
{
	static const char *const names[] = {"Han", "Hiragana", "Katakana", "Thai",
					    "Lao", "Khmer",    "Myanmar"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_script(c, names[i]))
			return true;
	return false;
}

/* Whether a word may end between two characters where a line may break. */
static bool breaks(ucs4_t before, ucs4_t after, enum word_rule rule, unsigned columns)
{
	if (!is_unspaced(before) && !is_unspaced(after))
		return false;
	if (rule != WORDS_BY_KANA || columns >= WORD_COLUMNS / 2)
		return true;
	return !uc_is_general_category(before, UC_CATEGORY_L) ||
	       (is_script(before, "Hiragana") && !is_script(after, "Hiragana"));
}

struct cutter {
	GArray *words;
	struct reader *reader; /* or NULL */
	enum word_rule rule;
	const PangoLogAttr *attrs; /* of this paragraph */
};

static bool is_abbreviation(const struct word *word)
{
	for (size_t i = 0; i < sizeof(abbreviations) / sizeof(abbreviations[0]); i++)
		if (strlen(abbreviations[i]) == word->len &&
		    !memcmp(abbreviations[i], word->at, word->len))
			return true;
	return false;
}

static void mark_ends(struct word *word)
{
	const uint8_t *start = (const uint8_t *)word->at, *at = start + word->len;
	ucs4_t c = 0;

	while ((at = u8_prev(&c, at, start)) != NULL && among(c, closers))
		;
	word->ends_sentence = at && among(c, sentence_ends) && !is_abbreviation(word);
	word->ends_clause = word->ends_sentence || (at && among(c, clause_ends));
}

/* The length in bytes of the word that begins at character `index` of the paragraph. */
static struct word cut_word(const struct cutter *cutter, const char *start, const char *end,
			    size_t *index)
{
	const uint8_t *at = (const uint8_t *)start, *stop = (const uint8_t *)end;
	struct word word = {.at = start};
	ucs4_t c, before = 0;
	size_t chars = 0;

	while (at < stop) {
		const PangoLogAttr *attr = &cutter->attrs[*index];
		int n = u8_mbtouc(&c, at, (size_t)(stop - at)), width = uc_width(c, "UTF-8");

		if (c == ' ')
			break;
		width = width > 0 ? width : 0;
		if (chars && attr->is_line_break && breaks(before, c, cutter->rule, word.columns))
			break;
		if (chars >= WORD_CHARS ||
		    (attr->is_cursor_position && word.columns + width > WORD_COLUMNS))
			break;
		word.columns = (uint16_t)(word.columns + width);
		before = c;
		at += n;
		chars++;
		(*index)++;
	}
	word.len = (uint32_t)((const char *)at - start);
	word.space_after = at < stop && *at == ' ';
	return word;
}

/* Words end where phrases do. */
static void break_at_phrases(PangoLogAttr *attrs, const char *start, const char *end,
			     const struct reading *parts, size_t count)
{
	size_t next = 0, index = 0;

	for (const char *at = start; at < end; at = g_utf8_next_char(at), index++) {
		while (next < count && parts[next].at < (size_t)(at - start))
			next++;
		attrs[index].is_line_break = next < count &&
					     parts[next].at == (size_t)(at - start) &&
					     parts[next].opens_phrase;
	}
}

/* A part that was cut apart is spoken where it begins. */
static void set_spoken(GArray *words, size_t first, const char *start, const struct reading *parts,
		       size_t count)
{
	size_t next = 0;

	for (size_t i = first; i < words->len; i++) {
		struct word *word = &g_array_index(words, struct word, i);
		size_t end = (size_t)(word->at - start) + word->len;
		GString *spoken = g_string_new(NULL);

		for (; next < count && parts[next].at < end; next++)
			if (parts[next].kana)
				g_string_append(spoken, parts[next].kana);
			else
				g_string_append_len(spoken, start + parts[next].at,
						    (gssize)parts[next].len);
		word->spoken = g_string_free(spoken, FALSE);
	}
}

static void cut_words(struct cutter *cutter, const char *start, const char *end)
{
	size_t index = 0;

	while (start < end) {
		struct word word = cut_word(cutter, start, end, &index);

		start += word.len + word.space_after;
		index += word.space_after;
		mark_ends(&word);
		g_array_append_val(cutter->words, word);
	}
}

static void cut_paragraph(struct cutter *cutter, const char *start, const char *end)
{
	size_t chars = u8_mbsnlen((const uint8_t *)start, (size_t)(end - start));
	size_t first = cutter->words->len, count = 0;
	PangoLogAttr *attrs = calloc(chars + 1, sizeof(*attrs));
	struct reading *parts = NULL;
	struct word *last;

	if (!attrs)
		return;
	pango_get_log_attrs(start, (int)(end - start), -1, pango_language_get_default(), attrs,
			    (int)chars + 1);
	cutter->attrs = attrs;
	if (cutter->reader)
		parts = reading_new(cutter->reader, start, (size_t)(end - start), &count);
	if (parts)
		break_at_phrases(attrs, start, end, parts, count);
	cut_words(cutter, start, end);
	if (parts)
		set_spoken(cutter->words, first, start, parts, count);
	reading_free(&parts, count);
	free(attrs);
	last = &g_array_index(cutter->words, struct word, cutter->words->len - 1);
	last->ends_clause = last->ends_sentence = last->ends_paragraph = last->space_after = true;
}

enum kn_err text_new(struct text **out, const char *raw, const struct language *language)
{
	struct text *text = calloc(1, sizeof(*text));
	struct cutter cutter = {.words = g_array_new(FALSE, FALSE, sizeof(struct word))};
	bool speakable;

	*out = NULL;
	if (!text)
		return KN_ERR_NOMEM;
	text->bytes = clean(raw, &speakable);
	text->language = language ? language : language_of(text->bytes);
	cutter.rule = text->language->rule;
	if (cutter.rule == WORDS_BY_KANA && (cutter.reader = reader_open()) != NULL)
		cutter.rule = WORDS_BY_BREAK;
	for (char *line = text->bytes; *line;) {
		size_t len = strcspn(line, "\n");

		cut_paragraph(&cutter, line, line + len);
		line += len + (line[len] == '\n');
	}
	reader_close(&cutter.reader);
	text->count = cutter.words->len;
	text->words = (struct word *)(void *)g_array_free(cutter.words, FALSE);
	if (!speakable || !text->count)
		text_free(&text);
	*out = text;
	return text ? KN_OK : KN_ERR_INVALID;
}

void text_free(struct text **text)
{
	if (!*text)
		return;
	for (size_t i = 0; i < (*text)->count; i++)
		g_free((*text)->words[i].spoken);
	g_free((*text)->bytes);
	g_free((*text)->words);
	free(*text);
	*text = NULL;
}

size_t text_columns(const struct text *text, size_t from, size_t to)
{
	size_t columns = 0;

	for (size_t i = from; i < to; i++)
		columns += text->words[i].columns + (i + 1 < to && text->words[i].space_after);
	return columns;
}

size_t text_sentence_end(const struct text *text, size_t from)
{
	while (from < text->count && !text->words[from].ends_sentence)
		from++;
	return from < text->count ? from + 1 : from;
}

char *text_span(const struct text *text, size_t from, size_t to)
{
	const struct word *last = &text->words[to - 1];

	return strndup(text->words[from].at, (size_t)(last->at + last->len - text->words[from].at));
}
