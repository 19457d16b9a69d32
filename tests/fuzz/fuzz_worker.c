/* /worker/v1 and the dialects whose jobs it does: requests as http.h has them. */
#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	http_run("worker grok_imagine grok_3d text_to_video", data, size);
	return 0;
}
