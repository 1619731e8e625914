/* frame_labels.c - see frame_labels.h. */
#include "frame_labels.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_names.h"
#include "format/trace_reader.h"
#include "render/escape.h"

uint64_t ms_frame_call_offset(const struct ms_report_line *line)
{
	return line->offset ? line->offset - 1 : 0;
}

uint64_t ms_frame_address(const struct ms_export_input *input, const struct ms_report_line *line)
{
	const struct ms_trace *trace = input->trace;
	uint64_t bias = 0;

	for (uint32_t id = ms_trace_module_count(trace); *line->module && id && !bias; id--)
		if (strcmp(ms_trace_module(trace, id)->path, line->module) == 0)
			bias = ms_trace_module(trace, id)->load_bias;
	return bias + ms_frame_call_offset(line);
}

char *ms_frame_label(const struct ms_export_input *input, const struct ms_report_line *line)
{
	const char *function = line && *line->function ? line->function : "???";
	char *text;
	int n;

	if (!line)
		return strdup("0x0: [no stack]");
	if (*line->file && line->line)
		n = asprintf(&text, "0x%" PRIX64 ": %s (%s:%" PRIu32 ")", ms_frame_call_offset(line), function, ms_export_path(input, line->file), line->line);
	else if (*line->file)
		n = asprintf(&text, "0x%" PRIX64 ": %s (%s)", ms_frame_call_offset(line), function, ms_export_path(input, line->file));
	else if (*line->module)
		n = asprintf(&text, "0x%" PRIX64 ": %s (in %s)", ms_frame_call_offset(line), function, ms_export_path(input, line->module));
	else
		n = asprintf(&text, "0x%" PRIX64 ": %s", ms_frame_call_offset(line), function);
	return n < 0 ? NULL : text;
}

void ms_put_line_text(FILE *out, const char *text)
{
	while (*text) {
		size_t n = ms_utf8_length(text);
		unsigned char c = (unsigned char)*text;

		if (n == 0)
			fputs("\xef\xbf\xbd", out);
		else if (n == 1)
			putc(c < 0x20 || c == 0x7f ? '?' : c, out);
		else
			fwrite(text, 1, n, out);
		text += n ? n : 1;
	}
}
