/* From the job to the shot: each model's parameters with their defaults and limits. */
#ifndef REQUEST_H
#define REQUEST_H

#include "workers/common/worker.h"
#include "workers/motion/shot.h"

#include <stdbool.h>

struct request {
	struct shot shot; /* camera, environment and subject as the parameters say; the words come
			     later */
	const char *unwanted;   /* negative_prompt */
	const char *image_file; /* NULL: none was uploaded */
	const char *image_url;  /* NULL: none to fetch */
	bool size_from_image;   /* the frame takes the picture's aspect */
	bool enhance;           /* the prompt is to be expanded first */
};

/* Ends the worker with an error line when a parameter cannot be honoured. */
void request_read(const struct worker_job *job, struct request *request);

/* What the parameters left open, by the words of the final prompt. */
void request_apply_words(struct request *request);

#endif
