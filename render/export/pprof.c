/*
 * pprof.c - a profile.proto, compressed by gzip: pprof, Go's tools, Grafana Pyroscope, speedscope, Perfetto.
 *
 * A sample per call path with the values of `values` below; every allocation was recorded, so the period is 1. Locations are lines of
 * source with what is inlined in them; functions without a name are called by module and offset. Mappings are the modules of the trace
 * with their build-ids; the program is the first. Addresses are those of the (last) mapping of a module, of the call, not of the return.
 * Source: the field numbers of profile.proto; tests/cli/export/profile.proto has those used here.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "format/intern.h"
#include "format/trace_reader.h"
#include "format/version.h"
#include "protobuf.h"
#include "render/escape.h"

#define VALUES(X)                                                            \
	X("alloc_objects", "count", s->allocations + s->reallocations)           \
	X("alloc_space", "bytes", s->allocated_bytes)                            \
	X("inuse_objects", "count", s->live_blocks)                              \
	X("inuse_space", "bytes", s->live_bytes)                                 \
	X("peak_objects", "count", s->peak_blocks)                               \
	X("peak_space", "bytes", s->peak_bytes)
#define DEFAULT_VALUE "peak_space"

enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE = 2, PROFILE_MAPPING = 3, PROFILE_LOCATION = 4, PROFILE_FUNCTION = 5, PROFILE_STRING = 6,
       PROFILE_TIME = 9, PROFILE_DURATION = 10, PROFILE_PERIOD_TYPE = 11, PROFILE_PERIOD = 12, PROFILE_COMMENT = 13, PROFILE_DEFAULT = 14 };

struct profile {
	const struct ms_export_input *in;
	struct ms_pb out;
	struct ms_intern strings, functions, locations;
	uint64_t *location_of;           /* of each node of the report */
	bool failed;
};

/* Index into the table of strings, which holds UTF-8 only. */
static uint64_t string(struct profile *p, const char *text)
{
	bool is_new;
	uint32_t id;

	if (!text || !*text)
		return 0;
	id = ms_intern(&p->strings, text, strlen(text), &is_new);
	p->failed |= id == 0;
	if (id && is_new) {
		char *bytes = malloc(3 * strlen(text) + 1), *to = bytes;

		p->failed |= !bytes;
		for (const char *s = text; bytes && *s;) {
			size_t n = ms_utf8_length(s);

			memcpy(to, n ? s : "\xef\xbf\xbd", n ? n : 3);
			to += n ? n : 3;
			s += n ? n : 1;
		}
		if (bytes)
			ms_pb_bytes(&p->out, PROFILE_STRING, bytes, (size_t)(to - bytes));
		free(bytes);
	}
	return id;
}

static void value_type(struct profile *p, uint32_t field, const char *type, const char *unit)
{
	struct ms_pb m = {0};
	uint64_t type_id = string(p, type), unit_id = string(p, unit);

	ms_pb_uint(&m, 1, type_id);
	ms_pb_uint(&m, 2, unit_id);
	ms_pb_message(&p->out, field, &m);
	ms_pb_free(&m);
}

static void mapping(struct profile *p, uint32_t id)
{
	const struct ms_module *module = ms_trace_module(p->in->trace, id);
	uint64_t file = string(p, ms_export_path(p->in, module->path)), build_id;
	struct ms_pb m = {0};
	char text[2 * 64 + 1] = "";

	for (size_t i = 0; i < module->build_id_bytes && i < 64; i++)
		sprintf(text + 2 * i, "%02x", module->build_id[i]);
	build_id = string(p, text);
	ms_pb_uint(&m, 1, id);
	ms_pb_uint(&m, 2, module->start);
	ms_pb_uint(&m, 3, module->end);
	ms_pb_uint(&m, 5, file);
	ms_pb_uint(&m, 6, build_id);
	for (uint32_t has = 7; has <= 10; has++) /* functions, files, lines, inlined frames: nothing is left to be looked up */
		ms_pb_uint(&m, has, 1);
	ms_pb_message(&p->out, PROFILE_MAPPING, &m);
	ms_pb_free(&m);
}

static void mappings(struct profile *p)
{
	uint32_t count = ms_trace_module_count(p->in->trace), first = 1;

	for (uint32_t id = count; id >= 1; id--)
		if (strcmp(ms_trace_module(p->in->trace, id)->path, ms_export_program(p->in->report)) == 0)
			first = id;
	if (count)
		mapping(p, first);
	for (uint32_t id = 1; id <= count; id++)
		if (id != first)
			mapping(p, id);
}

/* The last module with this path: id, 0 = none. */
static uint32_t module_of(const struct profile *p, const char *path)
{
	for (uint32_t id = ms_trace_module_count(p->in->trace); *path && id; id--) {
		const char *other = ms_trace_module(p->in->trace, id)->path;

		if (other == path || strcmp(other, path) == 0)
			return id;
	}
	return 0;
}

static uint64_t function(struct profile *p, const struct ms_report_line *l)
{
	char buffer[MS_EXPORT_FRAME];
	uint64_t key[3] = {string(p, ms_export_frame(buffer, l)), 0, 0};
	bool is_new;
	uint32_t id;

	if (l && *l->function) {
		key[1] = string(p, *l->linkage_name ? l->linkage_name : l->function);
		key[2] = string(p, ms_export_path(p->in, l->file));
	}
	id = ms_intern(&p->functions, key, sizeof key, &is_new);
	p->failed |= id == 0;
	if (is_new) {
		struct ms_pb m = {0};

		ms_pb_uint(&m, 1, id);
		for (uint32_t i = 0; i < 3; i++)
			ms_pb_uint(&m, 2 + i, key[i]);
		ms_pb_message(&p->out, PROFILE_FUNCTION, &m);
		ms_pb_free(&m);
	}
	return id;
}

/* The location of lines that are inlined into each other, the innermost first; count 0: no stack. */
static uint64_t location(struct profile *p, const struct ms_report_line *lines, uint32_t count)
{
	uint32_t module = count ? module_of(p, lines[count - 1].module) : 0, id;
	struct ms_pb content = {0}, line = {0}, m = {0};
	bool is_new;

	ms_pb_uint(&content, 2, module);
	if (module)
		ms_pb_uint(&content, 3, ms_trace_module(p->in->trace, module)->load_bias + lines[count - 1].offset - 1);
	for (uint32_t i = 0; i < (count ? count : 1); i++) {
		ms_pb_uint(&line, 1, function(p, count ? &lines[i] : NULL));
		ms_pb_uint(&line, 2, count ? lines[i].line : 0);
		ms_pb_message(&content, 4, &line);
	}
	id = content.failed ? 0 : ms_intern(&p->locations, content.bytes, content.size, &is_new);
	p->failed |= id == 0;
	if (id && is_new) {
		ms_pb_uint(&m, 1, id);
		ms_pb_append(&m, &content);
		ms_pb_message(&p->out, PROFILE_LOCATION, &m);
	}
	ms_pb_free(&m);
	ms_pb_free(&line);
	ms_pb_free(&content);
	return id;
}

static int sample(struct profile *p, const struct ms_report_site *s, uint64_t **path, size_t *room, struct ms_error *err)
{
	const struct ms_report *r = p->in->report;
	const uint64_t values[] = {
#define X(type, unit, expression) expression,
		VALUES(X)
#undef X
	};
	size_t depth = 0, any = 0;
	struct ms_pb m = {0};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		any += values[i] != 0;
	if (!any)
		return MS_OK;
	for (uint32_t n = s->node; n || depth == 0; n = r->nodes[n].parent) {
		if (depth == *room) {
			uint64_t *grown = realloc(*path, 2 * (*room + 32) * sizeof *grown);

			if (!grown)
				return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a call path");
			*path = grown;
			*room = 2 * (*room + 32);
		}
		if (!p->location_of[n])
			p->location_of[n] = location(p, n ? &r->lines[r->nodes[n].first_line] : NULL, n ? r->nodes[n].line_count : 0);
		(*path)[depth++] = p->location_of[n];
		if (!n)
			break;
	}
	ms_pb_packed(&m, 1, *path, depth);
	ms_pb_packed(&m, 2, values, sizeof values / sizeof *values);
	ms_pb_message(&p->out, PROFILE_SAMPLE, &m);
	ms_pb_free(&m);
	return MS_OK;
}

static int compress_to(FILE *out, const struct ms_pb *m, struct ms_error *err)
{
	z_stream z = {0};
	uint8_t chunk[65536];
	size_t left = m->size;
	int rc = deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY); /* + 16: gzip */

	if (rc != Z_OK)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for compression");
	z.next_in = m->bytes;
	do {
		uInt step = left > 1u << 30 ? 1u << 30 : (uInt)left;

		if (z.avail_in == 0) {
			z.avail_in = step;
			left -= step;
		}
		z.next_out = chunk;
		z.avail_out = sizeof chunk;
		rc = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
		fwrite(chunk, 1, sizeof chunk - z.avail_out, out);
	} while (rc == Z_OK);
	deflateEnd(&z);
	return rc == Z_STREAM_END ? MS_OK : ms_fail(err, MS_E_IO, MS_NO_OFFSET, "zlib refused to compress");
}

static int write_pprof(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	struct profile p = {.in = in, .location_of = calloc(r->node_count + 1, sizeof *p.location_of)};
	uint64_t *path = NULL, comment;
	size_t room = 0;
	char text[120];
	int rc = p.location_of ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu frames", r->node_count);

	ms_pb_bytes(&p.out, PROFILE_STRING, "", 0); /* string 0 is empty */
#define X(type, unit, expression) value_type(&p, PROFILE_SAMPLE_TYPE, type, unit);
	VALUES(X)
#undef X
	mappings(&p);
	for (size_t i = 0; rc == MS_OK && i < r->site_count; i++)
		rc = sample(&p, &r->sites[i], &path, &room, err);
	ms_pb_uint(&p.out, PROFILE_TIME, r->trace.process->start_time_unix_ns);
	ms_pb_uint(&p.out, PROFILE_DURATION, r->trace.duration_ns);
	value_type(&p, PROFILE_PERIOD_TYPE, "space", "bytes");
	ms_pb_uint(&p.out, PROFILE_PERIOD, 1);
	snprintf(text, sizeof text, "memscope %s: %" PRIu64 " events, %" PRIu64 " lost", MS_VERSION, r->trace.events, r->trace.lost_events);
	comment = string(&p, text);
	ms_pb_packed(&p.out, PROFILE_COMMENT, &comment, 1);
	ms_pb_uint(&p.out, PROFILE_DEFAULT, string(&p, DEFAULT_VALUE));
	if (rc == MS_OK && (p.failed || p.out.failed))
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a profile of %zu call paths", r->site_count);
	if (rc == MS_OK)
		rc = compress_to(out, &p.out, err);
	if (rc == MS_OK && ferror(out))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write");
	ms_pb_free(&p.out);
	ms_intern_free(&p.strings);
	ms_intern_free(&p.functions);
	ms_intern_free(&p.locations);
	free(p.location_of);
	free(path);
	return rc;
}

const struct ms_export ms_export_pprof = {
	.name = "pprof",
	.summary = "profile.proto, compressed: pprof, Grafana Pyroscope, speedscope, Perfetto",
	.suffix = ".pb.gz",
	.write = write_pprof,
};
