/* Grok Imagine: requests as http.h has them. */
#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	http_run("grok_imagine worker", data, size);
	return 0;
}
