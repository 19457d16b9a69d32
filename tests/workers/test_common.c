/* The pure parts of the workers' library: words, chance, palettes, moves, and which addresses are
 * public. */
#include "workers/common/fetch.h"
#include "workers/common/palette.h"
#include "workers/common/program.h"
#include "workers/common/rng.h"
#include "workers/common/words.h"
#include "workers/motion/move.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_words(void **state)
{
	char *folded = words_fold("  Pan LEFT, slowly!\nСНЕГ идёт…");

	(void)state;
	assert_string_equal(folded, " pan left slowly снег идёт ");
	assert_true(words_have(folded, "zoom|pan left"));
	assert_true(words_have(folded, "снег*"));
	assert_false(words_have(folded, "slow|an left|left pan"));
	assert_int_equal(words_find(folded, "left|pan"), 0);
	free(folded);
}

static void test_no_words(void **state)
{
	char *folded = words_fold("");

	(void)state;
	assert_string_equal(folded, " ");
	assert_false(words_have(folded, "a|b*"));
	free(folded);
}

static void test_chance_repeats(void **state)
{
	struct rng a, b, c;

	(void)state;
	rng_seed(&a, "text", 7, "sky");
	rng_seed(&b, "text", 7, "sky");
	rng_seed(&c, "text", 7, "sea");
	assert_memory_equal(&a, &b, sizeof(a));
	assert_memory_not_equal(&a, &c, sizeof(a));
	for (int i = 0; i < 1000; i++) {
		double x = rng_range(&a, -1, 1);

		assert_true(x >= -1 && x < 1);
		assert_in_range(rng_below(&a, 5), 0, 4);
	}
}

static void test_palettes(void **state)
{
	(void)state;
	assert_string_equal(palette_choose("A quiet OCEAN", 1)->name, "ocean");
	assert_string_equal(palette_choose("The ocean at sunset", 1)->name, "sunset");
	assert_string_equal(palette_choose("зимний лес", 1)->name, "snow");
	assert_ptr_equal(palette_choose("qwxz", 3), palette_choose("qwxz", 3));
}

/* The first word of each palette must call for it, or an earlier row hides it. */
static void test_every_palette_has_words(void **state)
{
	const struct palette *palette;

	(void)state;
	for (size_t i = 0; (palette = palette_at(i)); i++) {
		char *first = strndup(palette->words, strcspn(palette->words, "*|"));

		assert_string_equal(palette_choose(first, 1)->name, palette->name);
		free(first);
	}
}

static enum camera camera_of(const char *prompt)
{
	char *folded = words_fold(prompt);
	enum camera move = move_from_words(folded);

	free(folded);
	return move;
}

static void test_moves_from_words(void **state)
{
	(void)state;
	assert_int_equal(camera_of("Zoom in on the cat"), CAMERA_ZOOM_IN);
	assert_int_equal(camera_of("zoom out"), CAMERA_ZOOM_OUT);
	assert_int_equal(camera_of("slowly pan left, then zoom in"), CAMERA_PAN_LEFT);
	assert_int_equal(camera_of("pan"), CAMERA_PAN_RIGHT);
	assert_int_equal(camera_of("pan up"), CAMERA_TILT_UP);
	assert_int_equal(camera_of("a panda"), CAMERA_NONE);
}

static void test_moves_stay_inside(void **state)
{
	(void)state;
	for (int move = CAMERA_NONE; move <= CAMERA_ROLL_RIGHT; move++) {
		for (int i = 0; i <= 100; i++) {
			struct pose pose = move_pose((enum camera)move, i / 100.0, 2);

			assert_true(fabs(pose.x) <= 1 && fabs(pose.y) <= 1);
			assert_true(pose.zoom >= 1 && pose.zoom < 2);
			assert_true(fabs(pose.roll) < 0.2);
		}
	}
}

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return fetch_address_is_public((struct sockaddr *)&v4, sizeof(v4));
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return fetch_address_is_public((struct sockaddr *)&v6, sizeof(v6));
}

static void test_public_addresses(void **state)
{
	static const char *const allowed[] = {"8.8.8.8",        "172.15.255.255", "172.32.0.1",
					      "100.63.255.255", "100.128.0.0",    "223.255.255.255",
					      "2a00:1450::1",   "2606:4700::1111"};
	static const char *const refused[] = {"0.0.0.0",
					      "10.255.0.1",
					      "100.64.0.1",
					      "100.127.255.255",
					      "127.0.0.1",
					      "169.254.169.254",
					      "172.16.0.1",
					      "172.31.255.255",
					      "192.168.0.1",
					      "198.19.0.1",
					      "224.0.0.1",
					      "255.255.255.255",
					      "::",
					      "::1",
					      "::ffff:8.8.8.8",
					      "::127.0.0.1",
					      "64:ff9b::8.8.8.8",
					      "64:ff9b:1::1",
					      "2002:7f00:1::",
					      "2001::1",
					      "2001:db8::1",
					      "fe80::1",
					      "fd00::1",
					      "ff02::1"};
	struct sockaddr local = {.sa_family = AF_UNIX};

	(void)state;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		assert_true(is_public(allowed[i]));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(is_public(refused[i]));
	assert_false(fetch_address_is_public(&local, sizeof(local)));
}

static void count(void *arg, const char *data, size_t len)
{
	(void)data;
	*(size_t *)arg += len;
}

/* More than any pipe holds, in both directions at once. */
static void test_program_does_not_deadlock(void **state)
{
	size_t seen = 0;
	struct program *p;
	size_t size = 8 << 20;
	char *data = calloc(1, size);

	(void)state;
	assert_int_equal(
		program_start(&p, &(struct program_opts){.argv = (const char *const[]){"cat", NULL},
							 .feed = true,
							 .output = count,
							 .arg = &seen}),
		KN_OK);
	assert_int_equal(program_write(p, data, size), KN_OK);
	assert_int_equal(program_wait(p), KN_OK);
	assert_int_equal(seen, size);
	program_free(&p);
	free(data);
}

static enum kn_err run(char *why, const char *const *argv)
{
	return program_run(&(struct program_opts){.argv = argv, .wall_seconds = 1}, why, 200);
}

static void test_program_failures(void **state)
{
	char why[200];

	(void)state;
	assert_int_equal(run(why, (const char *const[]){"/nonexistent", NULL}), KN_ERR_NOT_FOUND);
	assert_int_equal(run(why, (const char *const[]){"false", NULL}), KN_ERR_IO);
	assert_string_equal(why, "false: exit status 1");
	assert_int_equal(run(why, (const char *const[]){"sleep", "60", NULL}), KN_ERR_TIMEOUT);
	assert_string_equal(why, "sleep: took too long");
	assert_int_equal(run(why, (const char *const[]){"ls", "/nonexistent $(id)", NULL}),
			 KN_ERR_IO);
	assert_non_null(strstr(why, "/nonexistent $(id)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_no_words),
		cmocka_unit_test(test_chance_repeats),
		cmocka_unit_test(test_palettes),
		cmocka_unit_test(test_every_palette_has_words),
		cmocka_unit_test(test_moves_from_words),
		cmocka_unit_test(test_moves_stay_inside),
		cmocka_unit_test(test_public_addresses),
		cmocka_unit_test(test_program_does_not_deadlock),
		cmocka_unit_test(test_program_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
