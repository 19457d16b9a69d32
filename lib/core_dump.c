#include "core_dump.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

void core_dump_disable(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	/* LeakSanitizer attaches to its own process, which this would forbid. */
	if (!IS_SANITIZED)
		prctl(PR_SET_DUMPABLE, 0);
}
