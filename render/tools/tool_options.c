/* tool_options.c - see tool_options.h. */
#include "tool_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/embedded_suppressions.h"
#include "analyze/moment.h"
#include "analyze/suppressions.h"

uint64_t tool_number(struct argp_state *state, const char *option, const char *text, uint64_t low, uint64_t high)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < low || value > high)
		argp_error(state, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", option, low, high, text);
	return value;
}

void *tool_one_more(struct argp_state *state, void *list, size_t count, size_t size)
{
	void *grown = realloc(list, (count + 1) * size);

	if (!grown)
		argp_failure(state, STATUS_UNWRITTEN, 0, "no memory");
	return grown;
}

static bool is_moment(const char *text, struct ms_error *err)
{
	struct ms_moment m;

	return ms_moment_parse(&m, text, err) == MS_OK;
}

void tool_check_moment(struct argp_state *state, const char *option, const char *text)
{
	struct ms_error err;

	if (!is_moment(text, &err))
		argp_error(state, "--%s: %s", option, err.message);
}

void tool_window_parse(struct argp_state *state, const char *option, const char *text, struct tool_window *out)
{
	struct ms_error err;

	tool_window_free(out);
	out->text = strdup(text);
	if (!out->text)
		argp_failure(state, STATUS_UNWRITTEN, ENOMEM, "--%s", option);
	/* Moments hold colons, too: the first one that leaves two moments separates. */
	for (char *colon = strchr(out->text, ':'); colon; colon = strchr(colon + 1, ':')) {
		*colon = '\0';
		out->from = *out->text ? out->text : "start";
		out->to = colon[1] ? colon + 1 : "end";
		if (is_moment(out->from, &err) && is_moment(out->to, &err))
			return;
		*colon = ':';
	}
	argp_error(state, "--%s takes two moments like 10s:20s, not '%s': %s", option, text,
	           is_moment(text, &err) ? "--at takes one" : err.message);
}

void tool_window_free(struct tool_window *w)
{
	free(w->text);
	*w = (struct tool_window){0};
}

void tool_add_gate(struct argp_state *state, struct ms_gate **gates, size_t *count, const char *text,
                   int (*parse)(struct ms_gate *, const char *, struct ms_error *))
{
	struct ms_error err;

	*gates = tool_one_more(state, *gates, *count, sizeof **gates);
	if (parse(&(*gates)[(*count)++], text, &err))
		argp_error(state, "--fail-on: %s", err.message);
}

int tool_suppress(const char *tool, const char *file, struct ms_suppressions *s, struct ms_report *report, const struct ms_trace *trace,
                  struct ms_error *err)
{
	int rc = ms_suppressions_embedded(s, trace, err);

	if (rc == MS_E_ARGUMENT) { /* the program's fault, not the user's: those before the error count */
		fprintf(stderr, "%s: %s%s%s\n", tool, file ? file : "", file ? ": " : "", err->message);
		rc = MS_OK;
	}
	return rc == MS_OK && ms_suppressions_count(s) ? ms_suppress(report, s, err) : rc;
}

void tool_say(const char *tool, const char *file, const struct ms_error *err)
{
	if (strstr(err->message, file)) /* "cannot open FILE: ..." */
		fprintf(stderr, "%s: %s", tool, err->message);
	else
		fprintf(stderr, "%s: %s: %s", tool, file, err->message);
	if (err->offset != MS_NO_OFFSET)
		fprintf(stderr, " (offset %" PRIu64 ")", err->offset);
	putc('\n', stderr);
}
