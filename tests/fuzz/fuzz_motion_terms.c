/* The words for motion. Each name that is listed means itself, and what is understood is in the
 * table. */
#include "fuzz.h"

#include "lib/motion_terms.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *spaced = malloc(size + 4);
	enum environment environment = ENVIRONMENT_NONE, environment_again;
	enum subject subject = SUBJECT_NONE, subject_again;
	enum camera camera = CAMERA_NONE, camera_again;

	assert(spaced != NULL);
	snprintf(spaced, size + 4, " %s -", text);
	if (camera_parse(text, &camera)) {
		assert(camera <= CAMERA_ROLL_RIGHT);
		assert(text[0] == '\0' ||
		       (camera_parse(spaced, &camera_again) && camera == camera_again));
	}
	if (environment_parse(text, &environment)) {
		assert(environment <= ENVIRONMENT_LIGHT_RAYS);
		assert(text[0] == '\0' || (environment_parse(spaced, &environment_again) &&
					   environment == environment_again));
	}
	if (subject_parse(text, &subject)) {
		assert(subject <= SUBJECT_FLOAT);
		assert(text[0] == '\0' ||
		       (subject_parse(spaced, &subject_again) && subject == subject_again));
	}
	free(text);
	free(spaced);
	return 0;
}
