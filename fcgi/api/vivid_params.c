#include "vivid_params.h"

#include "lib/motion_terms.h"
#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum model { NO_MODEL = -1, WAN, VEO, MODELS };

static const char *const model_names[MODELS] = {"wan2.1", "veo3.1"};

enum kind { TEXT, INTEGER, EVEN, FLOAT, BOOLEAN, CHOICE, TERM, KINDS };

struct param {
	const char *name;
	enum model model;
	enum kind kind;
	const char *def;
	double min, max;                   /* of numbers; max of a text's code points */
	const char *allowed;               /* of a choice: how a fault names them */
	const char *const *choices;        /* of a choice, ended by NULL */
	bool (*is_term)(const char *text); /* of a term: whether the vocabulary has it */
	const char *(*terms)(void);        /* of a term: the vocabulary, for a fault */
};

static bool is_camera(const char *text)
{
	enum camera camera;

	return camera_parse(text, &camera);
}

static bool is_subject(const char *text)
{
	enum subject subject;

	return subject_parse(text, &subject);
}

static bool is_environment(const char *text)
{
	enum environment environment;

	return environment_parse(text, &environment);
}

static const char *const durations[] = {"4", "6", "8", NULL};
static const char *const resolutions[] = {"720p", "1080p", NULL};

static const struct param params[] = {
	{.name = "negative_prompt",
	 WAN,
	 TEXT,
	 "blurry, low quality, distorted",
	 0,
	 VIVID_PROMPT_MAX},
	{.name = "cfg", WAN, FLOAT, "7.5", 1.0, 20.0},
	{.name = "width", WAN, EVEN, "1280", 64, 1920},
	{.name = "height", WAN, EVEN, "720", 64, 1920},
	{.name = "length", WAN, INTEGER, "81", 1, 321},
	{.name = "steps", WAN, INTEGER, "30", 1, 100},
	{.name = "seed", WAN, INTEGER, "42", 0, 4294967295.0},
	{.name = "duration_seconds",
	 VEO,
	 CHOICE,
	 "4",
	 .allowed = "4, 6, or 8",
	 .choices = durations},
	{.name = "resolution",
	 VEO,
	 CHOICE,
	 "720p",
	 .allowed = "720p or 1080p",
	 .choices = resolutions},
	{.name = "camera_motion", VEO, TERM, "None", .is_term = is_camera, .terms = camera_names},
	{.name = "subject_animation",
	 VEO,
	 TERM,
	 "None",
	 .is_term = is_subject,
	 .terms = subject_names},
	{.name = "environmental_animation",
	 VEO,
	 TERM,
	 "None",
	 .is_term = is_environment,
	 .terms = environment_names},
	{.name = "enhance_prompt", VEO, BOOLEAN, "false"},
};
enum { PARAMS = sizeof(params) / sizeof(params[0]) };

static const char *const common_fields[] = {"prompt", "model", "image", "image_url"};
enum { COMMON = sizeof(common_fields) / sizeof(common_fields[0]) };

static void fault(json_object *details, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fault(json_object *details, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_array_add(details, json_object_new_string(text));
}

/* --- values, strictly: no blanks, plus signs, exponents, hex or nan --- */

/* "123" or "-123" of at most 15 digits: exact in a double, too. */
static bool parse_integer(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-');
	size_t n = strspn(digits, "0123456789");

	if (n == 0 || n > 15 || digits[n] != '\0' || (n > 1 && digits[0] == '0'))
		return false;
	*out = strtoll(text, NULL, 10);
	return true;
}

/* "7" or "7.5"; the programs never set a locale, so the point is a point. */
static bool parse_float(const char *text, double *out)
{
	size_t whole = strspn(text, "0123456789"), part = 0, end = whole;

	if (text[whole] == '.') {
		part = strspn(text + whole + 1, "0123456789");
		end = part > 0 ? whole + 1 + part : whole;
	}
	if (whole == 0 || whole > 9 || part > 15 || text[end] != '\0')
		return false;
	*out = strtod(text, NULL);
	return true;
}

static bool parse_boolean(const char *text, bool *out)
{
	*out = strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *out || strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static json_object *integer_value(const struct param *p, const char *text, json_object *details)
{
	bool even = p->kind == EVEN;
	int64_t value;

	if (parse_integer(text, &value) && (double)value >= p->min && (double)value <= p->max &&
	    (!even || value % 2 == 0))
		return json_object_new_int64(value);
	fault(details, "%s must be an %sinteger between %.0f and %.0f", p->name,
	      even ? "even " : "", p->min, p->max);
	return NULL;
}

static json_object *float_value(const struct param *p, const char *text, json_object *details)
{
	double value;

	if (parse_float(text, &value) && value >= p->min && value <= p->max)
		return json_object_new_double(value);
	fault(details, "%s must be a number between %.1f and %.1f", p->name, p->min, p->max);
	return NULL;
}

static json_object *choice_value(const struct param *p, const char *text, json_object *details)
{
	int64_t number;

	for (size_t i = 0; p->choices[i] != NULL; i++)
		if (strcmp(p->choices[i], text) == 0)
			return parse_integer(text, &number) ? json_object_new_int64(number)
							    : json_object_new_string(text);
	fault(details, "%s must be %s", p->name, p->allowed);
	return NULL;
}

static json_object *boolean_value(const struct param *p, const char *text, json_object *details)
{
	bool value;

	if (parse_boolean(text, &value))
		return json_object_new_boolean(value);
	fault(details, "%s must be true or false", p->name);
	return NULL;
}

static json_object *text_value(const struct param *p, const char *text, json_object *details)
{
	if ((double)text_length(text, strlen(text)) <= p->max)
		return json_object_new_string(text);
	fault(details, "%s must be at most %.0f characters", p->name, p->max);
	return NULL;
}

static json_object *term_value(const struct param *p, const char *text, json_object *details)
{
	if (*text != '\0' && p->is_term(text))
		return json_object_new_string(text);
	fault(details, "%s must be one of: %s", p->name, p->terms());
	return NULL;
}

static json_object *parse_value(const struct param *p, const char *text, json_object *details)
{
	static json_object *(*const parse[KINDS])(const struct param *, const char *,
						  json_object *) = {
		[TEXT] = text_value,   [INTEGER] = integer_value, [EVEN] = integer_value,
		[FLOAT] = float_value, [BOOLEAN] = boolean_value, [CHOICE] = choice_value,
		[TERM] = term_value,
	};

	return parse[p->kind](p, text, details);
}

/* --- fields --- */

static const struct param *find_param(const char *name)
{
	for (size_t i = 0; i < PARAMS; i++)
		if (strcmp(params[i].name, name) == 0)
			return &params[i];
	return NULL;
}

static bool is_common(const char *name)
{
	for (size_t i = 0; i < COMMON; i++)
		if (strcmp(common_fields[i], name) == 0)
			return true;
	return false;
}

static void check_names(const struct form *form, enum model model, json_object *details)
{
	for (size_t i = 0; i < form->n; i++) {
		const struct form_field *field = &form->v[i];
		const struct param *p = find_param(field->name);

		if (p == NULL && !is_common(field->name))
			fault(details, "unknown parameter: %.64s", field->name);
		else if (p != NULL && model != NO_MODEL && p->model != model)
			fault(details, "%s is not a parameter of %s", p->name, model_names[model]);
		else if (field->path != NULL && strcmp(field->name, "image") != 0)
			fault(details, "%s must not be a file", field->name);
	}
}

static enum model check_model(const struct form *form, json_object *details)
{
	const struct form_field *field = form_find(form, "model");
	const char *name = form_text(form, "model");

	if (field == NULL || field->is_null)
		return WAN;
	for (int i = 0; name != NULL && i < MODELS; i++)
		if (strcmp(name, model_names[i]) == 0)
			return (enum model)i;
	fault(details, "model must be wan2.1 or veo3.1");
	return NO_MODEL;
}

static void check_prompt(const struct form *form, struct vivid_request *out, json_object *details)
{
	const struct form_field *field = form_find(form, "prompt");
	const char *prompt = form_text(form, "prompt");

	if (field != NULL && field->is_json)
		fault(details, "prompt must be text");
	else if (prompt == NULL || text_is_blank(prompt, strlen(prompt)))
		fault(details, "prompt is required");
	else if (text_length(prompt, strlen(prompt)) > VIVID_PROMPT_MAX)
		fault(details, "prompt must be at most %d characters", VIVID_PROMPT_MAX);
	out->prompt = prompt;
}

/* Only how it is written: whether there is such a picture, the worker finds out. Names in buckets
 * may have blanks. */
static bool is_fetchable(const char *url)
{
	size_t bucket;

	if (strlen(url) > 2048)
		return false;
	for (const char *c = url; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	if (strncasecmp(url, "https://", 8) == 0)
		return url[8] != '\0' && strchr("/?#:", url[8]) == NULL && strchr(url, ' ') == NULL;
	if (strncasecmp(url, "gs://", 5) != 0)
		return false;
	bucket = strcspn(url + 5, "/");
	return bucket > 0 && url[5 + bucket] == '/' && url[5 + bucket + 1] != '\0';
}

static void check_image(const struct form *form, struct vivid_request *out, json_object *details)
{
	const struct form_field *image = form_find(form, "image");
	const char *url = form_text(form, "image_url");
	bool has_image = image != NULL && !image->is_null;
	bool has_url = url != NULL && *url != '\0';

	out->image_url = has_url ? url : NULL;
	if (has_image && image->path == NULL)
		fault(details, "image must be a file; send a URL as image_url");
	else if (has_image && has_url)
		fault(details, "give either image or image_url, not both");
	else if (!has_image && !has_url)
		fault(details, "image or image_url is required");
	else if (has_url && !is_fetchable(url))
		fault(details, "image_url must be a gs://bucket/path or https:// URL");
}

/* Numbers and booleans may be text, but text is not a number, a list or an object. */
static json_object *value_of(const struct param *p, const struct form *form, json_object *details)
{
	const struct form_field *field = form_find(form, p->name);

	if (field == NULL || field->value == NULL)
		return parse_value(p, p->def, details);
	if (field->is_json && (p->kind == TEXT || p->kind == TERM)) {
		fault(details, "%s must be text", p->name);
		return NULL;
	}
	return parse_value(p, field->value, details);
}

static void check_values(const struct form *form, enum model model, struct vivid_request *out,
			 json_object *details)
{
	for (size_t i = 0; i < PARAMS; i++)
		if (params[i].model == model)
			json_object_object_add(out->params, params[i].name,
					       value_of(&params[i], form, details));
}

enum kn_err vivid_params_check(const struct form *form, struct vivid_request *out,
			       json_object **details)
{
	enum model model;

	memset(out, 0, sizeof(*out));
	*details = json_object_new_array();
	out->params = json_object_new_object();
	if (*details == NULL || out->params == NULL)
		return KN_ERR_NOMEM;
	model = check_model(form, *details);
	check_prompt(form, out, *details);
	check_image(form, out, *details);
	check_names(form, model, *details);
	if (model != NO_MODEL) {
		out->model = model_names[model];
		check_values(form, model, out, *details);
	}
	if (out->image_url != NULL)
		json_object_object_add(out->params, "image_url",
				       json_object_new_string(out->image_url));
	return json_object_array_length(*details) == 0 ? KN_OK : KN_ERR_INVALID;
}
