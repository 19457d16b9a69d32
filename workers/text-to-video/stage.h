/*
 * The five stages of the document with their numbers, messages and log lines.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdint.h>

enum stage { STAGE_AUDIO, STAGE_CAPTIONS, STAGE_QUERIES, STAGE_BACKGROUND, STAGE_RENDERING };

void stage_begin(enum stage stage);
/* done of total within the stage. */
void stage_at(enum stage stage, int64_t done, int64_t total);
void stage_end(enum stage stage);

#endif
