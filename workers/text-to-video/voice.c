#include "workers/text-to-video/voice.h"

#include <espeak-ng/speak_lib.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

enum { WORDS_PER_MINUTE = 165, PITCH_RANGE = 60 };

/* One espeak_Synth, passed to the callback as user data. */
struct utterance {
	FILE *out;
	const size_t *starts; /* the character at which each word begins */
	size_t count;
	int64_t *begins;
	int64_t samples;
	bool failed;
};

enum kn_err voice_open(int *rate)
{
	*rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL, espeakINITIALIZE_DONT_EXIT);
	if (*rate <= 0)
		return KN_ERR_IO;
	espeak_SetParameter(espeakRATE, WORDS_PER_MINUTE, 0);
	espeak_SetParameter(espeakRANGE, PITCH_RANGE, 0);
	return KN_OK;
}

bool voice_choose(const char *name)
{
	size_t len = strlen(name);

	/* espeak-ng opens files of that name, so it must be a name and no path. */
	return len && len <= 32 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
		       len &&
	       espeak_SetVoiceByName(name) == EE_OK;
}

/* espeak-ng reads numbers as several words and some words as one; only the first event of a word
 * counts. */
static void on_word(struct utterance *u, const espeak_EVENT *event)
{
	size_t lo = 0, hi = u->count,
	       at = event->text_position > 0 ? (size_t)event->text_position - 1 : 0;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (u->starts[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	if (u->begins[lo] < 0)
		u->begins[lo] = event->sample;
}

static int on_samples(short *samples, int count, espeak_EVENT *events)
{
	struct utterance *u = events->user_data;

	for (; u && events->type != espeakEVENT_LIST_TERMINATED; events++)
		if (events->type == espeakEVENT_WORD)
			on_word(u, events);
	if (!u || !samples || count <= 0)
		return 0;
	u->samples += count;
	if (u->out && fwrite(samples, sizeof(*samples), (size_t)count, u->out) != (size_t)count)
		u->failed = true;
	return u->failed;
}

/* Words without an event of their own share the time of the one before, by their width. */
static void fill_gaps(const struct word *words, struct utterance *u)
{
	int64_t floor = 0;

	for (size_t i = 0; i < u->count; i++) {
		size_t next = i + 1;
		int64_t width = words[i].columns + 1, until, before;

		if (u->begins[i] < floor)
			u->begins[i] = floor;
		for (; next < u->count && u->begins[next] < u->begins[i]; next++)
			width += words[next].columns + 1;
		until = next < u->count ? u->begins[next] : u->samples;
		before = u->begins[i];
		for (size_t j = i; j + 1 < next; j++) {
			before += (until - u->begins[i]) * (words[j].columns + 1) / width;
			u->begins[j + 1] = before;
		}
		i = next - 1;
		floor = u->begins[i];
	}
}

static char *spoken_form(const struct text *text, size_t from, size_t to, size_t *starts)
{
	GString *spoken = g_string_new(NULL);
	size_t chars = 0;

	for (size_t i = from; i < to; i++) {
		const struct word *word = &text->words[i];
		/* A cut in a long run or between Japanese phrases is one for the voice too, but
		 * Chinese words would fall apart into their characters. */
		bool space = word->space_after || strcmp(text->language->script, "Han");

		const char *at = word->spoken ? word->spoken : word->at;
		size_t len = word->spoken ? strlen(word->spoken) : word->len;

		starts[i - from] = chars;
		g_string_append_len(spoken, at, (gssize)len);
		chars += u8_mbsnlen((const uint8_t *)at, len) + space;
		if (space)
			g_string_append_c(spoken, ' ');
	}
	return g_string_free(spoken, FALSE);
}

enum kn_err voice_say(const struct text *text, size_t from, size_t to, FILE *out, int64_t *begins,
		      int64_t *samples)
{
	size_t count = to - from, *starts = g_new(size_t, count);
	char *spoken = spoken_form(text, from, to, starts);
	struct utterance u = {.out = out, .starts = starts, .count = count, .begins = begins};
	espeak_ERROR err;

	for (size_t i = 0; i < count; i++)
		begins[i] = -1;
	espeak_SetSynthCallback(on_samples);
	err = espeak_Synth(spoken, strlen(spoken) + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL,
			   &u);
	fill_gaps(text->words + from, &u);
	*samples = u.samples;
	g_free(spoken);
	g_free(starts);
	return err == EE_OK && !u.failed ? KN_OK : KN_ERR_IO;
}

void voice_close(void)
{
	espeak_Terminate();
}
