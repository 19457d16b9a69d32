#include "workers/text-to-video/narration.h"

#include "workers/common/worker.h"
#include "workers/text-to-video/loudness.h"
#include "workers/text-to-video/speech.h"
#include "workers/text-to-video/stage.h"
#include "workers/text-to-video/voice.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LEAD_MS = 300,
	SENTENCE_MS = 330,
	PARAGRAPH_MS = 700,
	TAIL_MS = 900,
	UTTERANCE_WORDS = 80,      /* a sentence without an end is spoken in parts */
	REMOTE_CHUNK_BYTES = 1500, /* less than a service takes; more would blur the word times */
};

static const char pcm_file[] = "narration.pcm";

struct recorder {
	struct text *text;
	FILE *pcm;
	int rate;
	int64_t samples; /* written so far */
	int64_t limit;   /* of samples */
	int64_t begins[UTTERANCE_WORDS];
};

static int64_t samples_of(const struct recorder *r, int ms)
{
	return (int64_t)r->rate * ms / 1000;
}

static enum kn_err silence(FILE *out, int64_t samples)
{
	static const char zeros[4096];

	for (int64_t left = samples * 2; out && left > 0;) {
		size_t part = left < (int64_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);

		if (fwrite(zeros, 1, part, out) != part)
			return KN_ERR_IO;
		left -= (int64_t)part;
	}
	return KN_OK;
}

static int pause_after(const struct word *word)
{
	return word->ends_paragraph ? PARAGRAPH_MS : word->ends_sentence ? SENTENCE_MS : 0;
}

/* One breath: a sentence, or part of a long one. The words' times are in samples, from `at`. */
static enum kn_err utter(struct recorder *r, size_t from, size_t to, FILE *out, int64_t *at)
{
	struct word *words = r->text->words;
	int64_t said = 0, rest = samples_of(r, pause_after(&words[to - 1]));
	enum kn_err err = voice_say(r->text, from, to, out, r->begins, &said);

	for (size_t i = from; i < to; i++) {
		words[i].begin = *at + r->begins[i - from];
		words[i].end = *at + (i + 1 < to ? r->begins[i + 1 - from] : said);
	}
	*at += said + rest;
	return err ? err : silence(out, rest);
}

/* Words [from, to), of which the last ends a sentence or the text. */
static enum kn_err speak(struct recorder *r, size_t from, size_t to, FILE *out, int64_t *samples)
{
	enum kn_err err = KN_OK;

	for (size_t next; !err && from < to; from = next) {
		next = text_sentence_end(r->text, from);
		if (next > from + UTTERANCE_WORDS)
			next = from + UTTERANCE_WORDS;
		err = utter(r, from, next, out, samples);
		if (!err && *samples > r->limit)
			err = KN_ERR_TOO_LARGE;
		if (out)
			stage_at(STAGE_AUDIO, (int64_t)next, (int64_t)r->text->count);
	}
	return err;
}

static enum kn_err begin_track(struct recorder *r)
{
	if (fseek(r->pcm, 0, SEEK_SET) || ftruncate(fileno(r->pcm), 0))
		return KN_ERR_IO;
	r->samples = samples_of(r, LEAD_MS);
	return silence(r->pcm, r->samples);
}

static enum kn_err speak_here(struct recorder *r)
{
	enum kn_err err = begin_track(r);

	return err ? err : speak(r, 0, r->text->count, r->pcm, &r->samples);
}

/* Where whole sentences fill a request. */
static size_t chunk_end(const struct text *text, size_t from)
{
	size_t to = from, next;

	do {
		next = text_sentence_end(text, to);
		if ((size_t)(text->words[next - 1].at - text->words[from].at) > REMOTE_CHUNK_BYTES)
			break;
		to = next;
	} while (to < text->count && !text->words[to - 1].ends_paragraph);
	if (to == from)
		while (to < next && text->words[to].at - text->words[from].at < REMOTE_CHUNK_BYTES)
			to++;
	return to;
}

/* The service does not say when it speaks which word: the local voice's times, stretched over what
 * lies between the first and the last sound. */
static void map_times(struct recorder *r, size_t from, size_t to, const struct speech *speech)
{
	struct word *words = r->text->words;
	int64_t first = words[from].begin, local = words[to - 1].end - first;
	double scale = (double)(speech->last - speech->first) / (double)(local > 0 ? local : 1);
	int64_t base = r->samples + speech->first;

	for (size_t i = from; i < to; i++) {
		words[i].begin = base + (int64_t)((double)(words[i].begin - first) * scale);
		words[i].end = base + (int64_t)((double)(words[i].end - first) * scale);
	}
}

static enum kn_err speak_chunk(struct recorder *r, const struct remote *remote, size_t from,
			       size_t to, char *why, size_t why_size)
{
	int64_t rest = samples_of(r, pause_after(&r->text->words[to - 1]));
	char *span = text_span(r->text, from, to);
	struct speech speech;
	enum kn_err err = KN_ERR_NOMEM;

	if (span)
		err = speech_say(remote, span, r->rate, r->pcm, &speech, why, why_size);
	free(span);
	if (err)
		return err;
	map_times(r, from, to, &speech);
	r->samples += speech.samples + rest;
	return r->samples > r->limit ? KN_ERR_TOO_LARGE : silence(r->pcm, rest);
}

/* Spoken here first, for the times, and so that a service is not paid for what is too long. */
static enum kn_err speak_there(struct recorder *r, const struct remote *remote, char *why,
			       size_t why_size)
{
	int64_t local = 0;
	enum kn_err err = speak(r, 0, r->text->count, NULL, &local);

	if (!err)
		err = begin_track(r);
	for (size_t from = 0, to; !err && from < r->text->count; from = to) {
		to = chunk_end(r->text, from);
		err = speak_chunk(r, remote, from, to, why, why_size);
		stage_at(STAGE_AUDIO, (int64_t)to, (int64_t)r->text->count);
	}
	return err;
}

/* Silence to the end of the last frame, and the words' times in milliseconds. */
static enum kn_err finish_track(struct recorder *r, int fps, int64_t *frames)
{
	int64_t end = r->samples + samples_of(r, TAIL_MS);
	struct text *text = r->text;

	*frames = (end * fps + r->rate - 1) / r->rate;
	for (size_t i = 0; i < text->count; i++) {
		text->words[i].begin = text->words[i].begin * 1000 / r->rate;
		text->words[i].end = text->words[i].end * 1000 / r->rate;
	}
	return silence(r->pcm, *frames * r->rate / fps - r->samples);
}

static void choose_voice(const struct text *text, const char *wanted)
{
	if (wanted && voice_choose(wanted))
		return;
	if (wanted)
		worker_log("There is no voice \"%s\"; using %s", wanted, text->language->voice);
	if (!voice_choose(text->language->voice)) {
		worker_log("There is no voice %s; using en-us", text->language->voice);
		voice_choose("en-us");
	}
}

static enum kn_err record(struct recorder *r, const struct narration_opts *opts, int64_t *frames,
			  char *why, size_t why_size)
{
	enum kn_err err = KN_ERR_IO;

	if (opts->remote) {
		err = speak_there(r, opts->remote, why, why_size);
		if (err && err != KN_ERR_TOO_LARGE)
			worker_log(
				"The speech service failed (%s); using the voice of this machine",
				why);
	}
	if (err && err != KN_ERR_TOO_LARGE)
		err = speak_here(r);
	if (!err && r->text->words[r->text->count - 1].end <= samples_of(r, LEAD_MS))
		return KN_ERR_INVALID;
	snprintf(why, why_size, "the sound could not be stored");
	return err ? err : finish_track(r, opts->fps, frames);
}

enum kn_err narration_make(struct text *text, const struct narration_opts *opts, int64_t *frames,
			   char *why, size_t why_size)
{
	struct recorder r = {.text = text};
	enum kn_err err;

	err = voice_open(&r.rate);
	if (err) {
		snprintf(why, why_size, "espeak-ng has no voices: install espeak-ng-data");
		return err;
	}
	choose_voice(text, opts->voice);
	r.limit = opts->max_seconds * r.rate;
	r.pcm = fopen(pcm_file, "w+be");
	if (r.pcm) {
		err = record(&r, opts, frames, why, why_size);
		if (fclose(r.pcm) && !err)
			err = KN_ERR_IO;
	} else {
		err = KN_ERR_IO;
	}
	voice_close();
	if (!err)
		err = loudness_level(pcm_file, r.rate, opts->file, why, why_size);
	unlink(pcm_file);
	return err;
}
