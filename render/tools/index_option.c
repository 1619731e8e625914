/* index_option.c - see index_option.h. */
#include "index_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/index_build.h"
#include "format/container.h"
#include "format/trace_index.h"
#include "replace_file.h"

enum { KEY_INDEX = 0x4000, KEY_NO_INDEX };

static const struct argp_option table[] = {
	{"index", KEY_INDEX, NULL, 0, "Build TRACE.index first, if there is none that fits: then windows and moments cost what they are long", 0},
	{"no-index", KEY_NO_INDEX, NULL, 0, "Do not look for TRACE.index", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct index_option *o = state->input;

	(void)arg;
	switch (key) {
	case KEY_INDEX:
		o->build = true;
		break;
	case KEY_NO_INDEX:
		o->ignore = true;
		break;
	case ARGP_KEY_END:
		if (o->build && o->ignore)
			argp_error(state, "--index and --no-index exclude each other");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp index_option_argp = {.options = table, .parser = parse};

/* An index is written over nothing but an index, whole or damaged, or an empty file: what else stands there, perhaps behind a link, is not ours. */
static int check_target(const char *path, struct ms_error *err)
{
	const size_t magic = sizeof MS_FILE_MAGIC - 1;
	struct ms_file_header header;
	struct ms_buffer buffer = {0};
	struct ms_source source;
	const uint8_t *bytes;
	size_t size;
	int rc = MS_OK;

	if (ms_source_open(&source, path, NULL))
		return MS_OK; /* who opens it for writing says why not */
	size = source.size < MS_FILE_HEADER_BYTES ? (size_t)source.size : MS_FILE_HEADER_BYTES;
	bytes = ms_source_read(&source, 0, size, &buffer, err);
	if (!bytes)
		rc = MS_E_IO;
	else if (size && (size < magic || memcmp(bytes, MS_FILE_MAGIC, magic) != 0))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write %s: what is there is no index: name another file, or remove it", path);
	else if (size == MS_FILE_HEADER_BYTES && ms_file_header_load(&header, bytes, size, NULL) == MS_OK &&
	         !(header.must_understand & MS_FEATURE_INDEX_FILE))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write %s: a trace is there: name another file, or remove it", path);
	ms_buffer_free(&buffer);
	ms_source_close(&source);
	return rc;
}

int index_option_write(const struct ms_trace *t, const char *trace_path, const char *index_path, index_progress *progress,
                       void *progress_arg, struct ms_index_facts *facts, struct ms_error *err)
{
	const struct ms_index_options options = {.progress = progress, .progress_arg = progress_arg};
	struct replace_file out;
	int rc = replace_file_open(&out, index_path, trace_path, err);

	if (rc)
		return rc;
	rc = check_target(index_path, err);
	if (rc == MS_OK)
		rc = ms_index_build_file(&out.stream, t, &options, facts, err);
	if (rc) {
		replace_file_abandon(&out);
		return rc;
	}
	return replace_file_commit(&out, err);
}

int index_option_use(const struct index_option *o, struct ms_trace *t, const char *trace_path, const char *tool, bool verbose,
                     index_progress *progress, void *progress_arg, struct ms_error *err)
{
	struct ms_error why;
	char *path;
	int rc;

	if (o->ignore)
		return MS_OK;
	path = ms_trace_index_path(trace_path);
	if (!path)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
	rc = o->build || access(path, F_OK) == 0 ? ms_trace_attach_index(t, path, &why) : MS_OK;
	if (rc && rc != MS_E_NOMEM && o->build) {
		rc = index_option_write(t, trace_path, path, progress, progress_arg, NULL, err);
		if (rc == MS_OK)
			rc = ms_trace_attach_index(t, path, err);
	} else if (rc == MS_E_NOMEM) {
		*err = why;
	} else if (rc) {
		if (verbose)
			fprintf(stderr, "%s: %s is not used: %s\n", tool, path, why.message);
		rc = MS_OK;
	}
	free(path);
	return rc;
}

bool index_option_unwritten(int rc)
{
	return rc == MS_E_IO || rc == MS_E_NOMEM || rc == MS_E_FULL || rc == MS_E_LIMIT;
}
