/* export_names.c - see export_names.h. */
#include "export_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_findings.h"
#include "render/escape.h"

const char *ms_export_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *ms_export_frame(char buffer[MS_EXPORT_FRAME], const struct ms_report_line *line)
{
	if (!line)
		return "[no stack]";
	if (*line->function)
		return line->function;
	if (*line->module)
		snprintf(buffer, MS_EXPORT_FRAME, "%.255s+0x%" PRIx64, ms_export_base(line->module), line->offset);
	else
		snprintf(buffer, MS_EXPORT_FRAME, "0x%" PRIx64, line->offset);
	return buffer;
}

const char *ms_export_path(const struct ms_export_input *input, const char *path)
{
	return input->no_paths ? ms_export_base(path) : path;
}

const char *ms_export_root(const struct ms_export_input *input)
{
	const char *root = input->source_root ? input->source_root : input->report->trace.process->working_directory;

	return root && root[0] == '/' && root[strspn(root, "/.")] ? root : NULL;
}

const char *ms_export_title(const struct ms_export_input *input)
{
	return input->name ? input->name : ms_export_base(ms_export_program(input->report));
}

/* Copies `path` without "." and empty parts; ".." takes the part before it away, where there is one. */
static char *resolved(const char *path)
{
	bool absolute = path[0] == '/';
	char *out = malloc(strlen(path) + 2), *end = out;

	if (!out)
		return NULL;
	if (absolute)
		*end++ = '/';
	for (const char *s = path; *s;) {
		size_t n = strcspn(s, "/");
		char *start = out + absolute;

		if (n == 2 && memcmp(s, "..", 2) == 0) {
			char *before = end;

			while (before > start && before[-1] != '/')
				before--;
			if (before < end && !(end - before == 2 && memcmp(before, "..", 2) == 0)) {
				end = before > start ? before - 1 : before;
				n = 0, s += 2;
			} else if (absolute) {
				n = 0, s += 2; /* above the root there is nothing */
			}
		}
		if (n && !(n == 1 && *s == '.')) {
			if (end > start)
				*end++ = '/';
			memcpy(end, s, n);
			end += n;
		}
		s += n;
		s += *s == '/';
	}
	if (end == out)
		*end++ = '.';
	*end = '\0';
	return out;
}

char *ms_export_place(const struct ms_export_input *input, const char *path, bool *inside)
{
	const char *root = ms_export_root(input);
	char *place = input->no_paths ? strdup(ms_export_base(path)) : resolved(path), *folder = NULL;
	size_t length;

	*inside = false;
	if (!place || input->no_paths || !root)
		return place;
	folder = resolved(root);
	if (!folder) {
		free(place);
		return NULL;
	}
	length = strlen(folder);
	if (length > 1 && strncmp(place, folder, length) == 0 && place[length] == '/' && place[length + 1]) {
		memmove(place, place + length + 1, strlen(place + length + 1) + 1);
		*inside = true;
	}
	free(folder);
	return place;
}

void ms_put_folded_name(FILE *out, const char *name)
{
	while (*name) {
		size_t n = ms_utf8_length(name);

		if (n == 0)
			fputs("\xef\xbf\xbd", out);
		else if (n == 1)
			putc(*name == ';' ? ':' : (unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name, out);
		else
			fwrite(name, 1, n, out);
		name += n ? n : 1;
	}
}
