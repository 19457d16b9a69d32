/*
 * Examples of Grok 3D: directories examples_path/grok-3d/ex_NAME with
 * example.json ("name", "description", and "prompt" if it differs from that),
 * image.jpg, model.glb and model.usdz. They are read when they are asked for:
 * a new one is there as soon as its directory is.
 */
#ifndef GROK_3D_EXAMPLES_H
#define GROK_3D_EXAMPLES_H

#include "lib/conf.h"
#include "lib/err.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether an id names an example, there or not. */
bool example_is_id(const char *id);
/* Its example.json, the caller's to put, and when that was written (µs). */
enum kn_err example_read(const struct conf *conf, const char *id, json_object **out,
			 int64_t *written);
/* The path that nginx knows its file by ("model.glb"). KN_ERR_NOT_FOUND: there is no such file. */
enum kn_err example_file(const struct conf *conf, const char *id, const char *file,
			 char out[PATH_MAX]);
/* The ids, sorted: *ids and each of them malloc'd. */
enum kn_err example_list(const struct conf *conf, char ***ids, size_t *n);

#endif
