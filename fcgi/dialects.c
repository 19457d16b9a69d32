#include "router.h"

#include <string.h>

static const struct dialect *const dialects[] = {
	&dialect_grok_imagine,
	&dialect_grok_3d,
	&dialect_text_to_video,
	&dialect_vivid_flow,
	&dialect_worker,
};

const struct dialect *dialect_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (strlen(dialects[i]->name) == len && memcmp(dialects[i]->name, name, len) == 0)
			return dialects[i];
	return NULL;
}
