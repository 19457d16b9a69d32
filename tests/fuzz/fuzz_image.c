/* The image of a Grok Imagine request: base64 or a data URL. What is taken is an image, and comes
 * back as it was decoded. */
#include "http.h"

#include "fcgi/api/grok_imagine.h"
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/mime.h"

#include <sodium.h>

static void check_kept(struct server *server, struct job *job, bool data_url)
{
	const struct job_file *file = job_files_find(&job->inputs, "image");
	json_object *text = NULL;
	const char *why, *base64;
	struct job again = {.api = JOB_GROK_IMAGINE, .id = "job_again"};

	assert(file != NULL && mime_is_image(file->mime));
	assert(file->bytes <= (uint64_t)server->conf->max_image_size);
	assert(image_text(server, job, data_url, &text) == KN_OK);
	base64 = json_object_get_string(text);
	assert(image_is_data_url(base64) == data_url);
	assert(image_keep(server, &again, base64, &why) == KN_OK);
	assert(memcmp(again.inputs.v[0].sha256, file->sha256, sizeof(file->sha256)) == 0);
	assert(again.inputs.v[0].bytes == file->bytes);
	asset_remove_all(server->conf, &again, true);
	job_files_clear(&again.inputs);
	json_object_put(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = {.api = JOB_GROK_IMAGINE, .id = "job_image"};
	struct server *server = http_server();
	char *text = fuzz_text(data, size);
	const char *why = NULL;
	enum kn_err err = image_keep(server, &job, text, &why);

	if (err == KN_OK) {
		check_kept(server, &job, image_is_data_url(text));
		asset_remove_all(server->conf, &job, true);
	} else {
		assert(err == KN_ERR_INVALID && why != NULL && job.inputs.n == 0);
	}
	job_files_clear(&job.inputs);
	free(text);
	return 0;
}
