/*
 * Property: any SQL over any trace that opens gives rows, within the limit of rows, or an error that says why; nothing but reading is
 * let through, nothing leaks. Input: number of bytes of the SQL (2 bytes, little-endian), the SQL, then the trace.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/query/query.h"
#include "checksums.h"
#include "format/trace_reader.h"

#define MOST_ROWS 200
#define MOST_NS 20000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_row(const struct ms_query *q)
{
	for (unsigned i = 0; i < ms_query_column_count(q); i++) {
		struct ms_value v;

		ms_query_value(q, i, &v);
		if (!ms_query_column_name(q, i) || !v.text || strlen(v.text) > 64u << 20)
			abort();
	}
}

static void ask(const struct ms_trace *t, const char *sql)
{
	const struct ms_query_options options = {.timeout_ns = MOST_NS, .max_memory_bytes = 64 << 20};
	struct ms_query *q;
	struct ms_error err = {.code = MS_OK};
	bool row = true;
	int rc = ms_query_open(&q, t, &options, &err);

	if (rc)
		abort();
	rc = ms_query_prepare(q, sql, &err);
	for (unsigned rows = 0; rc == MS_OK && row && rows < MOST_ROWS; rows++) {
		rc = ms_query_step(q, &row, &err);
		if (rc == MS_OK && row)
			look_at_row(q);
	}
	if (rc && (err.code != rc || !err.message[0]))
		abort();
	ms_query_close(q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = size < 2 ? 0 : (size_t)(data[0] | data[1] << 8);
	struct ms_trace *t;
	struct ms_error err;
	uint8_t *bytes;
	char *sql;

	if (size < 2)
		return 0;
	if (length > size - 2)
		length = size - 2;
	sql = strndup((const char *)data + 2, length);
	bytes = malloc(size);
	if (sql && bytes) {
		size -= 2 + length;
		memcpy(bytes, data + 2 + length, size);
		make_checksums_right(bytes, size);
		if (ms_trace_open_memory(&t, bytes, size, &err) == MS_OK) {
			ask(t, sql);
			ms_trace_close(t);
		}
	}
	free(sql);
	free(bytes);
	return 0;
}
