/* Text-to-Video: requests as http.h has them. */
#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	http_run("text_to_video worker", data, size);
	return 0;
}
