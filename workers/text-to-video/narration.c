#include "workers/text-to-video/narration.h"

#include "lib/text.h"
#include "workers/common/program.h"
#include "workers/text-to-video/sentences.h"
#include "workers/text-to-video/voices.h"
#include "workers/text-to-video/wav.h"

#include <ebur128.h>
#include <espeak-ng/speak_lib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

enum {
	BUFFER_MS = 200,
	SENTENCE_PAUSE_MS = 350,
	PARAGRAPH_PAUSE_MS = 650,
	LEAD_MS = 300, /* of silence before the first word, so that no film begins in the middle of
			  one */
	WORDS_PER_MINUTE = 165,
};

/* What the synthesiser's callback needs while one sentence is spoken. */
struct speaking {
	struct narration *narration;
	struct wav *wav;
	ebur128_state *loudness;
	const char *sentence;
	size_t sentence_at, sentence_len;
	int64_t began;       /* ms at which the sentence begins */
	size_t at, position; /* byte and character offset that belong together, to go on counting
				from */
	enum kn_err err;
};

bool narration_add(struct narration *narration, const struct spoken_word *word)
{
	struct spoken_word *grown;

	/* Grows by doubling: at every power of two. */
	if ((narration->words_n & (narration->words_n - 1)) == 0) {
		size_t room = narration->words_n == 0 ? 1 : 2 * narration->words_n;

		grown = reallocarray(narration->words, room, sizeof(*grown));
		if (grown == NULL)
			return false;
		narration->words = grown;
	}
	narration->words[narration->words_n++] = *word;
	return true;
}

/* The byte offset of a character of the sentence. Events come in order, mostly: counting goes on
 * from the last. */
static size_t byte_of(struct speaking *speaking, size_t position)
{
	if (position < speaking->position)
		speaking->at = speaking->position = 0;
	while (speaking->position < position && speaking->at < speaking->sentence_len) {
		int n = u8_mblen((const uint8_t *)speaking->sentence + speaking->at,
				 speaking->sentence_len - speaking->at);

		speaking->at += n > 0 ? (size_t)n : 1;
		speaking->position++;
	}
	return speaking->at;
}

static void take_word(struct speaking *speaking, const espeak_EVENT *event)
{
	struct narration *n = speaking->narration;
	struct spoken_word word = {.start = speaking->began + event->audio_position};
	size_t from = byte_of(speaking,
			      (size_t)(event->text_position > 0 ? event->text_position - 1 : 0));
	size_t to = byte_of(speaking, (size_t)(event->text_position - 1 + event->length));

	word.at = speaking->sentence_at + from;
	word.len = to - from;
	if (word.len == 0 || (n->words_n > 0 && word.at <= n->words[n->words_n - 1].at))
		return; /* a number or an abbreviation is said in several words: they are one here
			 */
	if (n->words_n > 0 && n->words[n->words_n - 1].end == 0)
		n->words[n->words_n - 1].end = word.start;
	if (!narration_add(n, &word))
		speaking->err = KN_ERR_NOMEM;
}

static int on_speech(short *samples, int count, espeak_EVENT *events)
{
	struct speaking *speaking = events->user_data;

	for (; events->type != espeakEVENT_LIST_TERMINATED; events++)
		if (events->type == espeakEVENT_WORD && speaking->err == KN_OK)
			take_word(speaking, events);
	if (samples != NULL && count > 0 && speaking->err == KN_OK) {
		speaking->err = wav_write(speaking->wav, samples, (size_t)count);
		ebur128_add_frames_short(speaking->loudness, samples, (size_t)count);
	}
	return speaking->err != KN_OK;
}

static enum kn_err pause_for(struct speaking *speaking, int ms)
{
	return wav_silence(speaking->wav, ms);
}

static enum kn_err speak_sentence(struct speaking *speaking, const struct sentence *sentence)
{
	struct narration *n = speaking->narration;
	size_t before = n->words_n;
	char *copy = strndup(n->text + sentence->at, sentence->len);

	if (copy == NULL)
		return KN_ERR_NOMEM;
	speaking->sentence = copy;
	speaking->sentence_at = sentence->at;
	speaking->sentence_len = sentence->len;
	speaking->began = wav_ms(speaking->wav);
	speaking->at = speaking->position = 0;
	if (espeak_Synth(copy, sentence->len + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL,
			 speaking) != EE_OK &&
	    speaking->err == KN_OK)
		speaking->err = KN_ERR_IO;
	free(copy);
	if (n->words_n > before) {
		n->words[n->words_n - 1].end = wav_ms(speaking->wav);
		n->words[n->words_n - 1].ends_sentence = true;
	}
	if (speaking->err == KN_OK)
		speaking->err = pause_for(speaking, sentence->ends_paragraph ? PARAGRAPH_PAUSE_MS
									     : SENTENCE_PAUSE_MS);
	return speaking->err;
}

static enum kn_err set_voice(const char *text, const char *language)
{
	const char *voice = *language != '\0' ? language : voice_for(text);

	if (espeak_SetVoiceByName(voice) != EE_OK &&
	    (*language != '\0' || espeak_SetVoiceByName("en") != EE_OK))
		return KN_ERR_NOT_FOUND;
	espeak_SetParameter(espeakRATE, WORDS_PER_MINUTE, 0);
	return KN_OK;
}

static enum kn_err speak_all(struct speaking *speaking, void (*progress)(int percent))
{
	const char *text = speaking->narration->text;
	struct sentence sentence = {0};
	size_t len = strlen(text);
	enum kn_err err = pause_for(speaking, LEAD_MS);

	while (err == KN_OK && sentence_next(text, len, &sentence)) {
		err = speak_sentence(speaking, &sentence);
		progress((int)((sentence.at + sentence.len) * 100 / len));
	}
	return err;
}

enum kn_err narration_speak(struct narration *out, const char *text, const char *language,
			    const char *file, void (*progress)(int percent))
{
	struct speaking speaking = {.narration = out};
	enum kn_err err;
	int rate;

	memset(out, 0, sizeof(*out));
	out->text = text;
	rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, NULL,
				 espeakINITIALIZE_DONT_EXIT);
	if (rate <= 0)
		return KN_ERR_INTERNAL;
	espeak_SetSynthCallback(on_speech);
	speaking.loudness = ebur128_init(1, (unsigned long)rate, EBUR128_MODE_I);
	err = speaking.loudness != NULL ? set_voice(text, language) : KN_ERR_NOMEM;
	if (err == KN_OK)
		err = wav_create(file, rate, &speaking.wav);
	if (err == KN_OK)
		err = speak_all(&speaking, progress);
	if (err == KN_OK) {
		out->ms = wav_ms(speaking.wav);
		ebur128_loudness_global(speaking.loudness, &out->loudness);
		if (out->words_n == 0 || !isfinite(out->loudness))
			err = KN_ERR_INVALID;
	}
	if (wav_close(&speaking.wav) != KN_OK && err == KN_OK)
		err = KN_ERR_IO;
	if (speaking.loudness != NULL)
		ebur128_destroy(&speaking.loudness);
	espeak_Terminate();
	return err;
}

enum kn_err narration_normalise(const struct narration *narration, const char *from, const char *to,
				char *why, size_t why_size)
{
	char filter[128];
	const char *argv[] = {
		"ffmpeg", "-nostdin",  "-hide_banner", "-loglevel", "error",         "-y",  "-i",
		from,     "-af",       filter,         "-ar",       "48000",         "-ac", "1",
		"-c:a",   "pcm_s16le", "-fflags",      "+bitexact", "-map_metadata", "-1",  to,
		NULL};

	/* The limiter only catches the peaks that the gain lifts over -1 dB. */
	snprintf(filter, sizeof(filter), "volume=%.2fdB,alimiter=limit=0.89:level=0",
		 NARRATION_LUFS - narration->loudness);
	return program_run(&(struct program_opts){.argv = argv}, why, why_size);
}

void narration_free(struct narration *narration)
{
	free(narration->words);
	memset(narration, 0, sizeof(*narration));
}
