/* Lines of JSON between our programs: what a worker prints, and the control protocol. What is
 * understood has the members that its kind promises; a message that is written again is understood
 * the same. */
#include "fuzz.h"

#include "daemon/worker_line.h"
#include "lib/control.h"

static void check_worker_line(const char *text, size_t len)
{
	struct worker_line line;

	if (worker_line_parse(text, len, &line) != KN_OK) {
		assert(line.root == NULL);
		return;
	}
	assert(line.progress >= -1 && line.progress <= 100);
	assert(line.kind != WORKER_VERSION || line.version > 0);
	assert(line.kind != WORKER_LOG || line.text != NULL);
	assert(line.kind != WORKER_ERROR || line.text != NULL);
	assert(line.kind != WORKER_ASSET || (line.name != NULL && line.file != NULL));
	worker_line_free(&line);
}

/* As far as a message can be written again at all. */
static char *write_again(const struct control_message *message)
{
	json_object *body = json_object_get(message->body);

	if (message->event != NULL)
		return control_format_event(message->event, body);
	if (message->op != NULL)
		return control_format_request(message->id, message->op, body);
	return control_format_answer(message->id, message->err, message->text, body);
}

static void check_message(const char *text, size_t len)
{
	struct control_message message, again;
	char *written;

	if (control_parse(text, len, &message) != KN_OK)
		return;
	assert(message.body == NULL || json_object_is_type(message.body, json_type_object));
	assert(message.op != NULL || message.event != NULL || message.err == KN_OK ||
	       message.text != NULL);
	written = write_again(&message);
	assert(written != NULL && strchr(written, '\n') == written + strlen(written) - 1);
	assert(control_parse(written, strlen(written) - 1, &again) == KN_OK);
	assert((message.op == NULL) == (again.op == NULL) && message.err == again.err);
	assert(message.op == NULL || strcmp(message.op, again.op) == 0);
	assert(message.event != NULL || message.id == again.id);
	free(written);
	control_message_free(&again);
	control_message_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_worker_line((const char *)data, size);
	check_message((const char *)data, size);
	return 0;
}
