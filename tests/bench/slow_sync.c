/* Preloaded: each fsync and fdatasync takes SLOW_SYNC_US longer, as on a slower disk. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slow(const char *name, int fd)
{
	int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *us = getenv("SLOW_SYNC_US");

	usleep(us != NULL ? (useconds_t)atoi(us) : 2000);
	return sync(fd);
}

int fsync(int fd)
{
	return slow("fsync", fd);
}

int fdatasync(int fd)
{
	return slow("fdatasync", fd);
}
