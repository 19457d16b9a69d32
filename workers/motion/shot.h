/* What is to be filmed: a job after all its defaults and words are understood. */
#ifndef SHOT_H
#define SHOT_H

#include "lib/motion_terms.h"

#include <stdbool.h>
#include <stdint.h>

struct shot {
	const char *prompt;
	const char *title; /* what is written over it; NULL: the prompt */
	bool low_clear;    /* the lower third is for captions */
	int64_t seed;
	int width, height; /* pixels, even */
	int fps;
	int64_t frames;
	int crf;            /* x264's */
	const char *preset; /* x264's */
	enum camera camera; /* CAMERA_NONE: a gentle push */
	enum environment environment;
	enum subject subject;
	double amplitude; /* of all motion; 1 is usual */
};

static inline double shot_seconds(const struct shot *shot)
{
	return (double)shot->frames / shot->fps;
}

#endif
