#include "lib/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[256];

/* Loads a file of that text with one --set, which may be NULL. */
static enum kn_err load(const char *text, const char *set, struct conf **conf, char **message)
{
	struct conf_source source = {.file = path, .sets = &set, .sets_n = set != NULL};
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return conf_load(&source, conf, message);
}

static void test_defaults(void **state)
{
	struct conf *conf;
	char *message;

	(void)state;
	assert_int_equal(load("# nothing\n\n", NULL, &conf, &message), KN_OK);
	assert_int_equal(conf->server_port, 8000);
	assert_int_equal(conf->cache_size, 256 << 20);
	assert_int_equal(conf->dispatch, 1);
	assert_string_equal(conf->data_path, KINORA_DATA_DIR);
	assert_string_equal(conf->db_path, KINORA_DATA_DIR "/store");
	assert_string_equal(conf->video_storage_path, KINORA_DATA_DIR "/videos");
	assert_int_equal(conf->workers_n, 3);
	assert_string_equal(conf_worker_for(conf, "vivid_flow/veo3.1")->name, "motion");
	assert_string_equal(conf_worker_for(conf, "grok_3d/default")->command[0],
			    KINORA_LIBEXEC_DIR "/workers/text-to-3d");
	assert_null(conf_worker_for(conf, "grok_3d/other"));
	conf_free(&conf);
}

static void test_later_sources_win(void **state)
{
	struct conf *conf;
	char *message;

	(void)state;
	setenv("Server_Port", "8002", 1);
	setenv("KINORA_TEXT_PORT", "5002", 1);
	setenv("text_port", "5003", 1);
	setenv("THREADS", "", 1);
	assert_int_equal(load("SERVER_PORT = 8001\nthreads=9\ndata_path = rel/data", "threads=8",
			      &conf, &message),
			 KN_OK);
	assert_int_equal(conf->server_port, 8002);
	assert_int_equal(conf->text_port, 5002);
	assert_int_equal(conf->threads, 8);
	assert_int_equal(conf->data_path[0], '/');
	for (size_t i = 0; i < conf_options_count(); i++) {
		if (strcmp(conf_option_at(i)->name, "threads") == 0)
			assert_string_equal(conf->origins[i], "--set");
		if (strcmp(conf_option_at(i)->name, "server_port") == 0)
			assert_string_equal(conf->origins[i], "environment");
		if (strcmp(conf_option_at(i)->name, "data_path") == 0)
			assert_non_null(strstr(conf->origins[i], ":3"));
	}
	conf_free(&conf);
	unsetenv("Server_Port");
	unsetenv("KINORA_TEXT_PORT");
	unsetenv("text_port");
	unsetenv("THREADS");
}

static void test_marks(void **state)
{
	static const struct {
		const char *set;
		int64_t value; /* -1: refused */
	} cases[] = {
		{"disk_high_water=95%", 95},
		{"disk_high_water=100%", 100},
		{"disk_high_water=0", 0},
		{"disk_high_water=2G", INT64_C(2) << 30},
		{"disk_high_water=0%", -1},
		{"disk_high_water=101%", -1},
		{"disk_high_water=95", -1},
		{"disk_high_water=%", -1},
		{"disk_high_water=4294967297%", -1},
		{"disk_high_water=95%%", -1},
		{"disk_high_water=-1%", -1},
		{"disk_high_water=", -1},
	};
	struct conf *conf;
	char *message;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum kn_err err = load("", cases[i].set, &conf, &message);

		assert_int_equal(err, cases[i].value < 0 ? KN_ERR_INVALID : KN_OK);
		if (err == KN_OK) {
			assert_int_equal(conf->disk_high_water, cases[i].value);
			conf_free(&conf);
		} else {
			assert_non_null(strstr(message, "95%"));
			free(message);
		}
	}
}

static void test_units(void **state)
{
	struct conf *conf;
	char *message;

	(void)state;
	assert_int_equal(
		load("cache_size = 2g\nmax_image_size=4096\njob_timeout_seconds=2h\ndispatch=off",
		     NULL, &conf, &message),
		KN_OK);
	assert_int_equal(conf->cache_size, INT64_C(2) << 30);
	assert_int_equal(conf->max_image_size, 4096);
	assert_int_equal(conf->job_timeout_seconds, 7200);
	assert_int_equal(conf->dispatch, 0);
	conf_free(&conf);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *set;
		const char *says[3];
	} cases[] = {
		{"threads = many\n",
		 NULL,
		 {":1: ", "threads: found \"many\"", "allowed: a number from 4 to 1024"}},
		{"\nthreads = 4096\n", NULL, {":2: ", "found \"4096\"", "1024"}},
		{"threads = 99999999999999999999", NULL, {"threads", "found", "allowed"}},
		{"threads = 5 5", NULL, {"threads", "5 5", "allowed"}},
		{"cache_size = 9223372036854775807T", NULL, {"cache_size", "found", "allowed"}},
		{"max_image_size = 10X", NULL, {"max_image_size", "10X", "allowed"}},
		{"dispatch = perhaps", NULL, {"dispatch", "perhaps", "yes or no"}},
		{"log_level = loud", NULL, {"log_level", "loud", "error|warn|info|debug"}},
		{"log_level = info|debug", NULL, {"log_level", "found", "allowed"}},
		{"log_level =", NULL, {"log_level", "found \"\"", "allowed"}},
		{"worker_token = top\033secret", NULL, {"worker_token", "(hidden)", "allowed"}},
		{"data_path =\nrun_path = /x", NULL, {"data_path", "found nothing", "a path"}},
		{"servr_port = 1", NULL, {":1: ", "servr_port: unknown option", "server_port"}},
		{"server_port", NULL, {":1: ", "server_port", "option = value"}},
		{"[jobs]", NULL, {":1: ", "[jobs]", "[worker NAME]"}},
		{"[worker a b]", NULL, {":1: ", "a b", "allowed"}},
		{"", "server_port", {"--set: ", "server_port", "option=value"}},
		{"", "server_port=0", {"--set: ", "server_port: found \"0\"", "1 to 65535"}},
		{"[worker a]\nserves = grok_3d/default\ncommand = x\nslots = 0",
		 NULL,
		 {":4: ", "slots: found \"0\"", "1 to 1024"}},
		{"[worker a]\nserves = dalle/3\n", NULL, {":2: ", "dalle/3", "grok_imagine"}},
		{"[worker a]\ncomand = x\n", NULL, {":2: ", "comand: unknown option", "command"}},
		{"[worker a]\ncommand = x\n", NULL, {"worker", "a: serves", "found nothing"}},
		{"[worker a]\nserves = grok_3d/default",
		 NULL,
		 {"worker", "a: command", "found nothing"}},
		{"[worker a]\nserves = grok_3d/x\ncommand=x\n[worker b]\nserves = "
		 "grok_3d/x\ncommand=y",
		 NULL,
		 {"b: serves", "another worker", "grok_3d/x"}},
		{"[worker a]\n[worker a]\n", NULL, {":2: ", "already", "a"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *conf = NULL;
		char *message = NULL;

		assert_int_equal(load(cases[i].text, cases[i].set, &conf, &message),
				 KN_ERR_INVALID);
		assert_null(conf);
		for (int j = 0; j < 3; j++)
			if (strstr(message, cases[i].says[j]) == NULL)
				fail_msg("case %zu: \"%s\" lacks \"%s\"", i, message,
					 cases[i].says[j]);
		assert_null(strstr(message, "secret"));
		free(message);
	}
}

/* Everything behind it would be lost without a word. */
static void test_a_nul_is_refused(void **state)
{
	static const char text[] = "threads = 9\0 server_port = 1\n";
	struct conf_source source = {.file = path};
	FILE *file = fopen(path, "w");
	struct conf *conf = NULL;
	char *message = NULL;

	(void)state;
	assert_non_null(file);
	fwrite(text, 1, sizeof(text) - 1, file);
	fclose(file);
	assert_int_equal(conf_load(&source, &conf, &message), KN_ERR_INVALID);
	assert_non_null(strstr(message, ":1: found a NUL"));
	free(message);
}

static void test_a_missing_file_is_an_error_when_it_was_named(void **state)
{
	struct conf_source source = {.file = "/nonexistent/kinora.conf"};
	struct conf *conf = NULL;
	char *message = NULL;

	(void)state;
	assert_int_equal(conf_load(&source, &conf, &message), KN_ERR_INVALID);
	assert_non_null(strstr(message, "/nonexistent/kinora.conf"));
	free(message);
}

static void test_workers(void **state)
{
	const struct conf_worker *worker;
	struct conf *conf;
	char *message;

	(void)state;
	setenv("KINORA_LIBEXEC_DIR", "/build", 1);
	assert_int_equal(
		load("threads = 4\n[worker gpu]\nserves = grok_imagine/grok vivid_flow/wan2.1\n"
		     "command = /opt/gpu --fast\nslots = 2\ndeadline = 10m\nattempts = 3\n"
		     "[worker shapes]\nserves = grok_3d/default\ncommand = text-to-3d\n",
		     NULL, &conf, &message),
		KN_OK);
	assert_int_equal(conf->workers_n, 2);
	worker = conf_worker_for(conf, "vivid_flow/wan2.1");
	assert_string_equal(worker->name, "gpu");
	assert_int_equal(worker->serves_n, 2);
	assert_string_equal(worker->command[0], "/opt/gpu");
	assert_string_equal(worker->command[1], "--fast");
	assert_null(worker->command[2]);
	assert_int_equal(worker->slots, 2);
	assert_int_equal(worker->deadline, 600);
	assert_int_equal(worker->attempts, 3);
	assert_string_equal(conf_worker_for(conf, "grok_3d/default")->command[0],
			    "/build/workers/text-to-3d");
	conf_free(&conf);
	unsetenv("KINORA_LIBEXEC_DIR");
}

static void test_values_as_text(void **state)
{
	struct conf *conf, *again;
	char *message, *text;

	(void)state;
	assert_int_equal(load("worker_token = hush\ncache_size = 1536K\n", NULL, &conf, &message),
			 KN_OK);
	for (size_t i = 0; i < conf_options_count(); i++) {
		char set[512];

		text = conf_value_text(conf, i);
		assert_null(strstr(text, "hush"));
		if (strcmp(conf_option_at(i)->name, "cache_size") == 0)
			assert_string_equal(text, "1536K");
		snprintf(set, sizeof(set), "%s=%s", conf_option_at(i)->name, text);
		assert_int_equal(load("", set, &again, &message), KN_OK);
		conf_free(&again);
		free(text);
	}
	conf_free(&conf);
}

static void test_the_sample_has_every_option(void **state)
{
	char *sample = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&sample, &size);

	(void)state;
	conf_print_sample(to);
	fclose(to);
	for (size_t i = 0; i < conf_options_count(); i++) {
		const struct conf_option *option = conf_option_at(i);
		char line[512];

		snprintf(line, sizeof(line), "\n# %s\n", option->help);
		assert_non_null(strstr(sample, line));
		snprintf(line, sizeof(line), "\n#%s = %s\n", option->name, option->def);
		assert_non_null(strstr(sample, line));
	}
	free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_later_sources_win),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_a_nul_is_refused),
		cmocka_unit_test(test_a_missing_file_is_an_error_when_it_was_named),
		cmocka_unit_test(test_workers),
		cmocka_unit_test(test_values_as_text),
		cmocka_unit_test(test_the_sample_has_every_option),
	};
	const char *tmp = getenv("TMPDIR");
	int failed;

	snprintf(path, sizeof(path), "%s/kinora-conf-%d", tmp != NULL ? tmp : "/tmp",
		 (int)getpid());
	clearenv(); /* which may configure the instances of other tests */
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
