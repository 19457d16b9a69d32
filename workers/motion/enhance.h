/* A short prompt into a fuller one. */
#ifndef ENHANCE_H
#define ENHANCE_H

#include "workers/common/worker.h"

/*
 * By the chat endpoint that the options openai_base_url and openai_api_key name, or by rules when
 * there is no key or no answer. What is used is reported as a log line and in the progress.
 * The caller frees. Never NULL.
 */
char *enhance_prompt(const struct worker_job *job, const char *prompt);

#endif
