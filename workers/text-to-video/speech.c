#include "workers/text-to-video/speech.h"

#include "workers/common/program.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

enum {
	BYTES_MAX = 64 << 20,
	DECODE_SECONDS = 60,
	LOUD = 400, /* of 32767: quieter is silence */
};

static const char answer_file[] = "speech.wav";

struct sink {
	FILE *pcm;
	struct speech *speech;
	unsigned char half; /* the first byte of a sample whose second is still to come */
	bool has_half, failed;
};

static void take_sample(struct sink *sink, unsigned char low, unsigned char high)
{
	int value = (int16_t)(low | high << 8);

	if (value > LOUD || value < -LOUD) {
		if (sink->speech->first < 0)
			sink->speech->first = sink->speech->samples;
		sink->speech->last = sink->speech->samples;
	}
	sink->speech->samples++;
}

static void take(void *arg, const char *data, size_t len)
{
	struct sink *sink = arg;

	if (fwrite(data, 1, len, sink->pcm) != len)
		sink->failed = true;
	for (size_t i = 0; i < len; i++) {
		if (sink->has_half)
			take_sample(sink, sink->half, (unsigned char)data[i]);
		sink->half = (unsigned char)data[i];
		sink->has_half = !sink->has_half;
	}
}

static enum kn_err decode(int rate, FILE *pcm, struct speech *speech, char *why, size_t why_size)
{
	struct sink sink = {.pcm = pcm, .speech = speech};
	char hz[16];
	const char *const argv[] = {"ffmpeg",
				    "-nostdin",
				    "-hide_banner",
				    "-loglevel",
				    "error",
				    "-protocol_whitelist",
				    "file",
				    "-format_whitelist",
				    "wav,mp3,flac,ogg",
				    "-i",
				    answer_file,
				    "-vn",
				    "-f",
				    "s16le",
				    "-ac",
				    "1",
				    "-ar",
				    hz,
				    "-threads",
				    "1",
				    "pipe:1",
				    NULL};
	struct program_opts opts = {.argv = argv,
				    .output = take,
				    .arg = &sink,
				    .cpu_seconds = DECODE_SECONDS,
				    .wall_seconds = 2 * DECODE_SECONDS};
	enum kn_err err;

	*speech = (struct speech){.first = -1};
	snprintf(hz, sizeof(hz), "%d", rate);
	err = program_run(&opts, why, why_size);
	if (!err && (sink.failed || sink.has_half))
		err = KN_ERR_IO;
	if (!err && speech->first < 0) {
		snprintf(why, why_size, "the answer holds no sound");
		err = KN_ERR_CORRUPT;
	}
	return err;
}

enum kn_err speech_say(const struct remote *remote, const char *text, int rate, FILE *pcm,
		       struct speech *speech, char *why, size_t why_size)
{
	char *url = g_strconcat(remote->base, "/audio/speech", NULL);
	char *authorization = g_strconcat("Bearer ", remote->key, NULL);
	json_object *body = json_object_new_object();
	struct remote_call call = {.remote = remote,
				   .url = url,
				   .authorization = authorization,
				   .body = body,
				   .file = answer_file,
				   .max_bytes = BYTES_MAX};
	enum kn_err err;

	json_object_object_add(body, "model", json_object_new_string("tts-1"));
	json_object_object_add(body, "voice", json_object_new_string("alloy"));
	json_object_object_add(body, "input", json_object_new_string(text));
	json_object_object_add(body, "response_format", json_object_new_string("wav"));
	err = remote_perform(&call, NULL, why, why_size);
	if (!err)
		err = decode(rate, pcm, speech, why, why_size);
	unlink(answer_file);
	json_object_put(body);
	g_free(authorization);
	g_free(url);
	return err;
}
