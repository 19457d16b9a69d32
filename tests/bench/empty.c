/* What libfcgi costs by itself: a responder with as many threads as ours that answers every request
 * with the same few bytes. Descriptor 0 is the listening socket. Usage: empty THREADS */
#define NO_FCGI_DEFINES
#include <fcgiapp.h>
#include <pthread.h>
#include <stdlib.h>

static void *run(void *arg)
{
	/* A little shorter than the answer to a status poll. */
	static const char answer[] =
		"Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 96\r\n\r\n"
		"{\"id\":\"job_000000000000\",\"status\":\"pending\",\"model\":\"grok\",\"prompt\":"
		"\"a\","
		"\"created_at\":1700000000}";
	FCGX_Request request;

	(void)arg;
	FCGX_InitRequest(&request, 0, 0);
	while (FCGX_Accept_r(&request) == 0) {
		char body[4096];

		while (FCGX_GetStr(body, sizeof(body), request.in) > 0)
			;
		FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 64;
	pthread_t id;

	FCGX_Init();
	while (threads-- > 1)
		pthread_create(&id, NULL, run, NULL);
	run(NULL);
	return 0;
}
