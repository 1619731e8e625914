/*
 * json_writer.h - writes JSON (RFC 8259) as it goes: commas, indentation, escapes, exact 64-bit integers.
 *
 * A report can be larger than memory would like as a document tree, and JSON libraries in C hold integers in a signed
 * 64-bit type: hence a writer of our own. Containers down to `pretty_depth` have one member per line, deeper ones stand
 * on one line.
 *
 * Errors: none are returned; the stream remembers (ferror). Ownership: the FILE stays the caller's; nothing is allocated.
 * Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_JSON_WRITER_H
#define MS_RENDER_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MS_JSON_DEPTH 32

struct ms_json {
	FILE *out;
	unsigned depth, pretty_depth;
	bool has_members[MS_JSON_DEPTH];
};

void ms_json_init(struct ms_json *j, FILE *out, unsigned pretty_depth);

/* key: NULL inside arrays and for the root. Strings: any bytes, see render/escape.h. */
void ms_json_object(struct ms_json *j, const char *key);
void ms_json_array(struct ms_json *j, const char *key);
void ms_json_end_object(struct ms_json *j);
void ms_json_end_array(struct ms_json *j);

void ms_json_string(struct ms_json *j, const char *key, const char *value); /* NULL: null */
void ms_json_uint(struct ms_json *j, const char *key, uint64_t value);
void ms_json_int(struct ms_json *j, const char *key, int64_t value);
void ms_json_bool(struct ms_json *j, const char *key, bool value);
void ms_json_null(struct ms_json *j, const char *key);
/* "0x..." as a string: JavaScript cannot hold an address in a number. */
void ms_json_hex(struct ms_json *j, const char *key, uint64_t value);
/* A finite number, fifteen digits of it: as memscope-query prints it. */
void ms_json_number(struct ms_json *j, const char *key, double value);
/* part / whole with six decimals, rounded down (1 means all); null when whole is 0. */
void ms_json_share(struct ms_json *j, const char *key, uint64_t part, uint64_t whole);

#endif
