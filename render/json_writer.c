/* json_writer.c - see json_writer.h. */
#include "json_writer.h"

#include <inttypes.h>
#include <string.h>

#include "escape.h"

void ms_json_init(struct ms_json *j, FILE *out, unsigned pretty_depth)
{
	memset(j, 0, sizeof *j);
	j->out = out;
	j->pretty_depth = pretty_depth;
}

static void new_line(const struct ms_json *j)
{
	if (j->depth > j->pretty_depth)
		return;
	putc('\n', j->out);
	for (unsigned i = 0; i < j->depth; i++)
		putc(' ', j->out);
}

/* Everything before a value. */
static void member(struct ms_json *j, const char *key)
{
	if (j->depth) {
		if (j->has_members[j->depth - 1])
			fputs(j->depth > j->pretty_depth ? ", " : ",", j->out);
		j->has_members[j->depth - 1] = true;
		new_line(j);
	}
	if (key) {
		ms_escape_json(j->out, key);
		fputs(": ", j->out);
	}
}

static void open_container(struct ms_json *j, const char *key, char bracket)
{
	member(j, key);
	putc(bracket, j->out);
	j->has_members[j->depth] = false;
	j->depth += j->depth + 1 < MS_JSON_DEPTH;
}

static void close_container(struct ms_json *j, char bracket)
{
	bool any = j->has_members[--j->depth];

	if (any && j->depth < j->pretty_depth)
		new_line(j);
	putc(bracket, j->out);
	if (j->depth == 0)
		putc('\n', j->out);
}

void ms_json_object(struct ms_json *j, const char *key)
{
	open_container(j, key, '{');
}

void ms_json_array(struct ms_json *j, const char *key)
{
	open_container(j, key, '[');
}

void ms_json_end_object(struct ms_json *j)
{
	close_container(j, '}');
}

void ms_json_end_array(struct ms_json *j)
{
	close_container(j, ']');
}

void ms_json_string(struct ms_json *j, const char *key, const char *value)
{
	member(j, key);
	if (value)
		ms_escape_json(j->out, value);
	else
		fputs("null", j->out);
}

void ms_json_uint(struct ms_json *j, const char *key, uint64_t value)
{
	member(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void ms_json_int(struct ms_json *j, const char *key, int64_t value)
{
	member(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void ms_json_bool(struct ms_json *j, const char *key, bool value)
{
	member(j, key);
	fputs(value ? "true" : "false", j->out);
}

void ms_json_null(struct ms_json *j, const char *key)
{
	member(j, key);
	fputs("null", j->out);
}

void ms_json_hex(struct ms_json *j, const char *key, uint64_t value)
{
	member(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", value);
}

void ms_json_number(struct ms_json *j, const char *key, double value)
{
	member(j, key);
	fprintf(j->out, "%.15g", value);
}

void ms_json_share(struct ms_json *j, const char *key, uint64_t part, uint64_t whole)
{
	uint64_t millionths;

	member(j, key);
	if (whole == 0) {
		fputs("null", j->out);
		return;
	}
	millionths = (uint64_t)((unsigned __int128)part * 1000000 / whole);
	fprintf(j->out, "%" PRIu64 ".%06" PRIu64, millionths / 1000000, millionths % 1000000);
}
