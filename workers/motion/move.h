/* Camera moves: which one a prompt asks for, and where the camera is at each instant. */
#ifndef MOVE_H
#define MOVE_H

#include "lib/motion_terms.h"

/* Where the camera looks. */
struct pose {
	double x, y; /* -1..1: from one end to the other of what lies outside the frame */
	double zoom; /* 1 and more */
	double roll; /* radians, clockwise */
};

/* What the words of a folded text (words.h) ask for; the _NONE value if nothing. What the folded
 * text `unwanted` names is not chosen. */
enum camera move_from_words(const char *folded);
enum environment environment_from_words(const char *folded, const char *unwanted);
enum subject subject_from_words(const char *folded);

/* The pose at t, 0..1 of the film. amplitude 1 is usual, 2 the most. */
struct pose move_pose(enum camera move, double t, double amplitude);

#endif
