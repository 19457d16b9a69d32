/* The story's words and captions, for texts that people do not write but programs send. */
#include "workers/text-to-video/captions.h"
#include "workers/text-to-video/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORD_MS = 300 };

static struct text *new_text(const char *raw)
{
	struct text *text;

	assert_int_equal(text_new(&text, raw, NULL), KN_OK);
	return text;
}

static void assert_bytes(const char *raw, const char *clean)
{
	struct text *text = new_text(raw);

	assert_string_equal(text->bytes, clean);
	text_free(&text);
}

static char *repeat(const char *unit, size_t count)
{
	size_t len = strlen(unit);
	char *all = malloc(len * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(all + i * len, unit, len);
	all[len * count] = '\0';
	return all;
}

static void test_what_is_shown(void **state)
{
	(void)state;
	assert_bytes("  a \t b\r\n\n c ", "a b\nc");
	assert_bytes("a\xe2\x80\xae"
		     "b\xe2\x81\xa6"
		     "c",
		     "abc");                                    /* directions */
	assert_bytes("\xf0\x9d\x93\x97\xf0\x9d\x97\x82", "Hi"); /* mathematical dress */
	assert_bytes("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x91\x8d"); /* a skin tone */
}

static void test_marks_do_not_pile_up(void **state)
{
	char *heap = repeat("\xcc\x81", 5000), *joiners = repeat("\xe2\x80\x8d", 5000);
	char raw[25000];
	struct text *text;

	(void)state;
	snprintf(raw, sizeof(raw), "e%s b%s", heap, joiners);
	text = new_text(raw);
	assert_int_equal(strlen(text->bytes), 1 + 8 * 2 + 2 + 8 * 3);
	text_free(&text);
	free(heap);
	free(joiners);
}

static void test_nothing_to_speak(void **state)
{
	static const char *const texts[] = {"", " \n ", "... !!! ---", "\xe2\x80\x8b", "\xcc\x81"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct text *text;

		assert_int_equal(text_new(&text, texts[i], NULL), KN_ERR_INVALID);
		assert_null(text);
	}
}

/* Cues in order, each of at most two lines that fit, and every word in one of them. */
static void check_captions(const char *unit, size_t count)
{
	char *raw = repeat(unit, count);
	struct text *text = new_text(raw);
	struct captions *captions;
	size_t next = 0;
	int64_t free_from = 0;

	for (size_t i = 0; i < text->count; i++) {
		assert_in_range(text->words[i].columns, 0, WORD_COLUMNS);
		text->words[i].begin = (int64_t)i * WORD_MS;
		text->words[i].end = text->words[i].begin + WORD_MS;
	}
	assert_int_equal(captions_new(&captions, text, (int64_t)text->count * WORD_MS), KN_OK);
	for (size_t i = 0; i < captions->count; i++) {
		const struct cue *cue = &captions->cues[i];

		assert_int_equal(cue->from, next);
		assert_in_range(cue->second, cue->from + 1, cue->to);
		assert_in_range(text_columns(text, cue->from, cue->second), 0, CAPTION_COLUMNS);
		assert_in_range(text_columns(text, cue->second, cue->to), 0, CAPTION_COLUMNS);
		assert_true(cue->begin >= free_from && cue->end > cue->begin);
		free_from = cue->end;
		next = cue->to;
	}
	assert_int_equal(next, text->count);
	captions_free(&captions);
	text_free(&text);
	free(raw);
}

static void test_captions_of_anything(void **state)
{
	static const char *const units[] = {
		"a",
		"a ",
		"a\n",
		"the cat. ",
		"Mr. ",
		"ab, ",
		"七",
		"あ",
		"今日は",
		"ก",
		"مر",
		"😀",
		"👩‍👩‍👧‍👦",
		"🇩🇪",
		"e\xcc\x81",
		"a\xe2\x80\x8b",
		"W\xc2\xa0",
		"7",
		"\\N{\\an8}",
		"-a-",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		check_captions(units[i], 1);
		check_captions(units[i], 7);
		check_captions(units[i], 3000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_shown),
		cmocka_unit_test(test_marks_do_not_pile_up),
		cmocka_unit_test(test_nothing_to_speak),
		cmocka_unit_test(test_captions_of_anything),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
