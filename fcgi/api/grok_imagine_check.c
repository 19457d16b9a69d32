/* What requests may say, and the words for what they may not: those of FastAPI with pydantic v1. */
#include "fcgi/response.h"
#include "grok_imagine.h"
#include "lib/json.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

enum { PROMPT_MAX = 500, LIMIT_MAX = 1000, LIMIT_DEFAULT = 100 };

/* The words that clients filter by. A cancelled job has failed, here. */
static const struct {
	const char *name;
	enum job_state state;
} statuses[] = {
	{"pending", JOB_QUEUED},
	{"processing", JOB_PROCESSING},
	{"completed", JOB_COMPLETED},
	{"failed", JOB_FAILED},
};
enum { STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

const char *grok_imagine_status(enum job_state state)
{
	for (size_t i = 0; i < STATUSES; i++)
		if (statuses[i].state == state)
			return statuses[i].name;
	return "failed";
}

/* --- faults --- */

void fault_add(struct faults *faults, const char *where, const char *field, const char *msg,
	       const char *type, json_object *ctx)
{
	json_object *fault = json_object_new_object(), *loc = json_object_new_array();

	if (faults->list == NULL)
		faults->list = json_object_new_array();
	json_object_array_add(loc, json_object_new_string(where));
	json_object_array_add(loc, json_object_new_string(field));
	json_object_object_add(fault, "loc", loc);
	json_add_string(fault, "msg", msg);
	json_add_string(fault, "type", type);
	if (ctx != NULL)
		json_object_object_add(fault, "ctx", ctx);
	json_object_array_add(faults->list, fault);
}

bool faults_answer(struct request *req, struct faults *faults)
{
	json_object *body;

	if (faults->list == NULL)
		return false;
	body = json_object_new_object();
	json_object_object_add(body, "detail", faults->list);
	faults->list = NULL;
	respond_json(req, 422, body);
	return true;
}

static json_object *limit_ctx(int64_t value)
{
	json_object *ctx = json_object_new_object();

	json_add_int(ctx, "limit_value", value);
	return ctx;
}

/* --- bodies --- */

const char *check_string(struct faults *faults, json_object *body, const char *field, bool required)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(body, field, &value)) {
		if (required)
			fault_add(faults, "body", field, "field required", "value_error.missing",
				  NULL);
		return NULL;
	}
	if (value == NULL) {
		if (required)
			fault_add(faults, "body", field, "none is not an allowed value",
				  "type_error.none.not_allowed", NULL);
		return NULL;
	}
	if (!json_object_is_type(value, json_type_string)) {
		fault_add(faults, "body", field, "str type expected", "type_error.str", NULL);
		return NULL;
	}
	return json_object_get_string(value);
}

static json_object *const_ctx(const char *given)
{
	json_object *ctx = json_object_new_object(), *permitted = json_object_new_array();

	json_object_array_add(permitted, json_object_new_string("grok"));
	json_add_string(ctx, "given", given);
	json_object_object_add(ctx, "permitted", permitted);
	return ctx;
}

void check_creation(struct faults *faults, json_object *body, struct creation *out)
{
	out->model = check_string(faults, body, "model", true);
	if (out->model != NULL && strcmp(out->model, "grok") != 0)
		fault_add(faults, "body", "model", "unexpected value; permitted: 'grok'",
			  "value_error.const", const_ctx(out->model));
	out->prompt = check_string(faults, body, "prompt", true);
	if (out->prompt != NULL && text_length(out->prompt, strlen(out->prompt)) > PROMPT_MAX)
		fault_add(faults, "body", "prompt", "ensure this value has at most 500 characters",
			  "value_error.any_str.max_length", limit_ctx(PROMPT_MAX));
	out->image = check_string(faults, body, "image", false);
}

/* --- queries --- */

static json_object *enum_ctx(void)
{
	json_object *ctx = json_object_new_object(), *values = json_object_new_array();

	for (size_t i = 0; i < STATUSES; i++)
		json_object_array_add(values, json_object_new_string(statuses[i].name));
	json_object_object_add(ctx, "enum_values", values);
	return ctx;
}

static int check_status(struct faults *faults, const char *text)
{
	if (text == NULL)
		return -1;
	for (size_t i = 0; i < STATUSES; i++)
		if (strcmp(statuses[i].name, text) == 0)
			return (int)statuses[i].state;
	fault_add(faults, "query", "status",
		  "value is not a valid enumeration member; permitted: 'pending', 'processing', "
		  "'completed', 'failed'",
		  "type_error.enum", enum_ctx());
	return -1;
}

static int64_t check_limit(struct faults *faults, const char *text)
{
	char *end;
	long long limit;

	if (text == NULL)
		return LIMIT_DEFAULT;
	limit = strtoll(text, &end, 10); /* what overflows is too large or too small all the same */
	if (strspn(text, "-0123456789") != strlen(text) || end == text || *end != '\0')
		fault_add(faults, "query", "limit", "value is not a valid integer",
			  "type_error.integer", NULL);
	else if (limit < 1)
		fault_add(faults, "query", "limit",
			  "ensure this value is greater than or equal to 1",
			  "value_error.number.not_ge", limit_ctx(1));
	else if (limit > LIMIT_MAX)
		fault_add(faults, "query", "limit",
			  "ensure this value is less than or equal to 1000",
			  "value_error.number.not_le", limit_ctx(LIMIT_MAX));
	return limit;
}

/* A query argument; what is no text is a fault. */
static const char *query_text(struct faults *faults, struct request *req, const char *name)
{
	const char *text = NULL;

	if (request_query(req, name, &text) != KN_OK) {
		fault_add(faults, "query", name, "str type expected", "type_error.str", NULL);
		return NULL;
	}
	return text;
}

void check_listing(struct faults *faults, struct request *req, struct listing *out)
{
	out->state = check_status(faults, query_text(faults, req, "status"));
	out->limit = check_limit(faults, query_text(faults, req, "limit"));
	out->after = query_text(faults, req, "after");
}
