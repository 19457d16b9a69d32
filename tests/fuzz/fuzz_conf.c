/* kinora.conf. A refusal says why and where; what was accepted reads the same when it is written as
 * a file again. */
#include "fuzz.h"

#include "lib/conf.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* The file that fd is, by a name that can be opened again. */
static enum kn_err load(int fd, struct conf **conf, char **message)
{
	char path[32];
	const struct conf_source source = {.file = path};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return conf_load(&source, conf, message);
}

static bool is_shown(size_t i)
{
	return conf_option_at(i)->type != CONF_SECRET;
}

static void write_values(int fd, const struct conf *conf)
{
	for (size_t i = 0; i < conf_options_count(); i++) {
		char *text = conf_value_text(conf, i);

		assert(text != NULL && strchr(text, '\n') == NULL);
		if (is_shown(i))
			dprintf(fd, "%s = %s\n", conf_option_at(i)->name, text);
		free(text);
	}
}

static void check_again(const struct conf *conf)
{
	int fd = memfd_create("again", MFD_CLOEXEC);
	struct conf *again = NULL;
	char *message = NULL;

	assert(fd >= 0);
	write_values(fd, conf);
	assert(load(fd, &again, &message) == KN_OK);
	for (size_t i = 0; i < conf_options_count(); i++) {
		char *a = conf_value_text(conf, i), *b = conf_value_text(again, i);

		assert(!is_shown(i) || strcmp(a, b) == 0);
		free(a);
		free(b);
	}
	conf_free(&again);
	close(fd);
}

static void check_workers(const struct conf *conf)
{
	for (size_t i = 0; i < conf->workers_n; i++) {
		const struct conf_worker *worker = &conf->workers[i];

		assert(worker->name != NULL && worker->serves_n > 0);
		assert(worker->command != NULL && worker->command[0] != NULL);
		assert(worker->slots >= 0 && worker->deadline > 0 && worker->attempts > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("conf", MFD_CLOEXEC);
	struct conf *conf = NULL;
	char *message = NULL;
	enum kn_err err;

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	err = load(fd, &conf, &message);
	if (err == KN_OK) {
		assert(conf != NULL && message == NULL);
		check_workers(conf);
		check_again(conf);
	} else {
		assert(conf == NULL && message != NULL && strchr(message, ':') != NULL);
	}
	conf_free(&conf);
	free(message);
	close(fd);
	return 0;
}
