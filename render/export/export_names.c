/* export_names.c - see export_names.h. */
#include "export_names.h"

#include <inttypes.h>
#include <string.h>

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
