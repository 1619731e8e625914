/* html_columns.c - see html_columns.h. */
#include "html_columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct bytes {
	uint8_t *data;
	size_t length, room;
	bool failed;
};

struct ms_columns {
	bool no_paths, failed, any;
	const char *prefix;
	struct bytes body, strings, whole;
	uint32_t string_count;
	/* Open addressing: number of a string + 1, and where it starts. */
	uint32_t *slots, *starts;
	size_t slot_count, start_room;
	uint64_t *values;                /* of the column being made */
	size_t value_room;
	char *header;
	size_t header_length;
	FILE *out;                       /* into header */
};

static void append(struct bytes *b, const void *data, size_t length)
{
	if (b->failed)
		return;
	if (length > b->room - b->length) {
		size_t room = (b->room + length) * 2 + 4096;
		uint8_t *grown = realloc(b->data, room);

		if (!grown) {
			b->failed = true;
			return;
		}
		b->data = grown;
		b->room = room;
	}
	if (length)
		memcpy(b->data + b->length, data, length);
	b->length += length;
}

static void align8(struct bytes *b)
{
	static const uint8_t zeros[8];

	append(b, zeros, (8 - b->length % 8) % 8);
}

const char *ms_path_without_directories(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* ---- strings ------------------------------------------------------------------------------------------------------ */

static bool grow_slots(struct ms_columns *c)
{
	size_t count = c->slot_count ? c->slot_count * 2 : 4096;
	uint32_t *slots = calloc(count, sizeof *slots);

	if (!slots)
		return false;
	for (uint32_t i = 0; i < c->string_count; i++) {
		const char *s = (const char *)c->strings.data + c->starts[i];
		size_t at = XXH3_64bits(s, strlen(s)) & (count - 1);

		while (slots[at])
			at = (at + 1) & (count - 1);
		slots[at] = i + 1;
	}
	free(c->slots);
	c->slots = slots;
	c->slot_count = count;
	return true;
}

static uint32_t string_number(struct ms_columns *c, const char *s)
{
	size_t length = strlen(s), at;

	if (c->failed || (c->string_count * 2 >= c->slot_count && !grow_slots(c)))
		goto fail;
	for (at = XXH3_64bits(s, length) & (c->slot_count - 1); c->slots[at]; at = (at + 1) & (c->slot_count - 1))
		if (strcmp((const char *)c->strings.data + c->starts[c->slots[at] - 1], s) == 0)
			return c->slots[at] - 1;
	if (c->string_count == c->start_room) {
		size_t room = c->start_room * 2 + 1024;
		uint32_t *grown = realloc(c->starts, room * sizeof *grown);

		if (!grown)
			goto fail;
		c->starts = grown;
		c->start_room = room;
	}
	if (c->strings.length + length >= UINT32_MAX)
		goto fail;
	c->starts[c->string_count] = (uint32_t)c->strings.length;
	append(&c->strings, s, length + 1);
	if (c->strings.failed)
		goto fail;
	c->slots[at] = ++c->string_count;
	return c->string_count - 1;
fail:
	c->failed = true;
	return 0;
}

/* ---- columns ------------------------------------------------------------------------------------------------------ */

static bool is_text(uint8_t kind)
{
	return kind == MS_COLUMN_TEXT || kind == MS_COLUMN_PATH || kind == MS_COLUMN_CHARS || kind == MS_COLUMN_TEXT_OF;
}

/* A cell as 64 bits: the number itself (negative ones as two's complement), or the number of the string. */
static uint64_t cell(struct ms_columns *c, const struct ms_report *report, const struct ms_html_column *column, const void *row)
{
	const char *field = (const char *)row + column->offset, *s = NULL;
	char room[MS_COLUMN_TEXT_ROOM];

	switch (column->kind) {
	case MS_COLUMN_U8:
		return *(const uint8_t *)field;
	case MS_COLUMN_BOOL:
		return *(const bool *)field;
	case MS_COLUMN_U16:
		return *(const uint16_t *)(const void *)field;
	case MS_COLUMN_U32:
		return *(const uint32_t *)(const void *)field;
	case MS_COLUMN_U64:
		return *(const uint64_t *)(const void *)field;
	case MS_COLUMN_I32:
		return (uint64_t)(int64_t) * (const int32_t *)(const void *)field;
	case MS_COLUMN_I64:
		return (uint64_t) * (const int64_t *)(const void *)field;
	case MS_COLUMN_NUMBER_OF:
		return column->number(report, row);
	case MS_COLUMN_TEXT:
	case MS_COLUMN_PATH:
		s = *(const char *const *)(const void *)field;
		break;
	case MS_COLUMN_CHARS:
		s = field;
		break;
	case MS_COLUMN_TEXT_OF:
		s = column->text(report, row, room);
		break;
	}
	if (!s)
		s = "";
	return string_number(c, column->kind == MS_COLUMN_PATH && c->no_paths ? ms_path_without_directories(s) : s);
}

static void write_column(struct ms_columns *c, const struct ms_html_column *column, size_t count)
{
	bool negative = column->kind == MS_COLUMN_I32 || column->kind == MS_COLUMN_I64;
	uint64_t most = 0;
	unsigned width;

	for (size_t i = 0; i < count; i++)
		most |= c->values[i];
	width = negative && most >> 63 ? 8 : most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : most <= UINT32_MAX ? 4 : 8;
	align8(&c->body);
	fprintf(c->out, "\"%s\":[\"%s%u\",%zu]", column->name, is_text(column->kind) ? "s" : width == 8 ? "f" : "u", width * 8,
	        c->body.length);
	for (size_t i = 0; i < count; i++) {
		if (width == 8) {
			double value = negative ? (double)(int64_t)c->values[i] : (double)c->values[i];

			append(&c->body, &value, 8);
		} else {
			append(&c->body, &c->values[i], width); /* little-endian, as the machine that this runs on */
		}
	}
}

void ms_columns_prefix(struct ms_columns *c, const char *prefix)
{
	c->prefix = prefix;
}

void ms_columns_add_rows(struct ms_columns *c, const struct ms_report *report, const struct ms_html_table *table, const void *rows, size_t count)
{
	if ((count && !rows) || c->failed) {
		c->failed = true;
		return;
	}
	if (count > c->value_room) {
		uint64_t *grown = realloc(c->values, count * sizeof *grown);

		if (!grown) {
			c->failed = true;
			return;
		}
		c->values = grown;
		c->value_room = count;
	}
	fprintf(c->out, "%s\"%s%s\":{\"rows\":%zu,\"columns\":{", c->any ? "," : "", c->prefix, table->name, count);
	c->any = true;
	for (size_t k = 0; k < table->column_count; k++) {
		for (size_t i = 0; i < count; i++)
			c->values[i] = cell(c, report, &table->columns[k], (const char *)rows + i * table->stride);
		if (k)
			putc(',', c->out);
		write_column(c, &table->columns[k], count);
	}
	fputs("}}", c->out);
}

void ms_columns_add(struct ms_columns *c, const struct ms_report *report, const struct ms_html_table *table)
{
	bool owned = false;
	size_t count = 0;
	void *rows = table->rows(report, &count, &owned);

	ms_columns_add_rows(c, report, table, rows, count);
	if (owned)
		free(rows);
}

struct ms_columns *ms_columns_new(bool no_paths)
{
	struct ms_columns *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->no_paths = no_paths;
	c->prefix = "";
	c->out = open_memstream(&c->header, &c->header_length);
	if (!c->out) {
		free(c);
		return NULL;
	}
	fputs("{\"tables\":{", c->out);
	string_number(c, "");            /* number 0 is the empty string */
	return c;
}

const uint8_t *ms_columns_finish(struct ms_columns *c, size_t *bytes)
{
	uint32_t length;
	bool failed;

	align8(&c->body);
	fprintf(c->out, "},\"strings\":{\"offset\":%zu,\"bytes\":%zu}}", c->body.length, c->strings.length);
	fflush(c->out);
	while ((4 + c->header_length) % 8) {
		putc(' ', c->out);
		fflush(c->out);
	}
	failed = ferror(c->out) || c->failed || c->body.failed || c->strings.failed || c->header_length > UINT32_MAX;
	if (failed)
		return NULL;
	length = (uint32_t)c->header_length;
	append(&c->whole, &length, sizeof length);
	append(&c->whole, c->header, c->header_length);
	append(&c->whole, c->body.data, c->body.length);
	append(&c->whole, c->strings.data, c->strings.length);
	*bytes = c->whole.length;
	return c->whole.failed ? NULL : c->whole.data;
}

void ms_columns_free(struct ms_columns *c)
{
	if (!c)
		return;
	fclose(c->out);
	free(c->header);
	free(c->body.data);
	free(c->strings.data);
	free(c->whole.data);
	free(c->slots);
	free(c->starts);
	free(c->values);
	free(c);
}
