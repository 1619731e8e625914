/* plot_text.c - see plot_text.h. */
#include "plot_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "render/escape.h"
#include "render/export/export_names.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* What stands for the character at text; *length: its bytes there. */
static const char *replacement(const char *text, size_t *length)
{
	size_t n = ms_utf8_length(text);
	unsigned char c = (unsigned char)*text;

	*length = n ? n : 1;
	/* C0, DEL, C1: they move, colour or end a line; U+2028 and U+2029 end one, U+202A.. and U+2066.. turn its direction */
	if (n == 0 || (n == 1 && (c < 0x20 || c == 0x7f)) || (n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0) ||
	    (n == 3 && memcmp(text, "\xe2\x80", 2) == 0 && (unsigned char)text[2] >= 0xa8 && (unsigned char)text[2] <= 0xae) ||
	    (n == 3 && memcmp(text, "\xe2\x81", 2) == 0 && (unsigned char)text[2] >= 0xa6 && (unsigned char)text[2] <= 0xa9))
		return "\xef\xbf\xbd";
	switch (c) {
	case '\'':
		return "\xe2\x80\x99";
	case '"':
		return "\xe2\x80\x9d";
	case '`':
		return "\xe2\x80\x98";
	case '\\':
		return "\xe2\x88\x96";
	default:
		return NULL;
	}
}

char *ms_plot_clean(char *buffer, size_t size, const char *text, size_t width)
{
	size_t used = 0, before = 0, characters = 0;

	while (*text) {
		size_t length, bytes;
		const char *other = replacement(text, &length);
		const char *from = other ? other : text;

		bytes = other ? strlen(other) : length;
		if (characters == width || used + bytes + sizeof ELLIPSIS > size) {
			/* the ellipsis takes the place of the last character */
			memcpy(buffer + before, ELLIPSIS, sizeof ELLIPSIS);
			return buffer;
		}
		before = used;
		memcpy(buffer + used, from, bytes);
		used += bytes;
		characters++;
		text += length;
	}
	buffer[used] = '\0';
	return buffer;
}

static size_t characters_of(const char *text)
{
	size_t n = 0;

	while (*text) {
		size_t length = ms_utf8_length(text);

		text += length ? length : 1;
		n++;
	}
	return n;
}

/* Is this `<` or `(` part of a name, as in operator<, operator(), (anonymous namespace)? *skip: how long that is. */
static bool of_name(const char *start, const char *at, size_t *skip)
{
	static const char anonymous[] = "(anonymous namespace)";

	*skip = 1;
	if (*at == '(' && strncmp(at, anonymous, sizeof anonymous - 1) == 0) {
		*skip = sizeof anonymous - 1;
		return true;
	}
	if (at - start < 8 || memcmp(at - 8, "operator", 8) != 0)
		return false;
	if (*at == '(' && at[1] == ')')
		*skip = 2;
	else
		*skip = strspn(at, "<>=");
	return *at == '<' || *skip == 2;
}

char *ms_plot_function(char *buffer, size_t size, const char *function)
{
	size_t used = 0, skip;
	unsigned depth = 0;
	char *space;

	for (const char *p = function; *p && used + 8 < size; p++) {
		if (depth == 0 && (*p == '<' || *p == '(') && of_name(function, p, &skip)) {
			for (; skip && used + 8 < size; skip--)
				buffer[used++] = *p++;
			p--;
		} else if (depth == 0 && strncmp(p, "[abi:", 5) == 0 && strchr(p, ']')) {
			p = strchr(p, ']'); /* of the library, the same everywhere */
		} else if (depth == 0 && *p == '(' && used) {
			break; /* parameters, and what follows them */
		} else if (*p == '<' && (used || depth)) {
			if (depth++ == 0) {
				memcpy(buffer + used, "<" ELLIPSIS ">", 5);
				used += 5;
			}
		} else if (*p == '>' && depth && p > function && p[-1] != '-') {
			depth--;
		} else if (depth == 0) {
			buffer[used++] = *p;
		}
	}
	buffer[used] = '\0';
	/* a return type stands before templates only; names with blanks are operators and (anonymous namespace) */
	space = *function != '<' && strstr(function, "<") && !strstr(buffer, "operator") ? strrchr(buffer, ' ') : NULL;
	if (space && space[1] && !strstr(space, "namespace)"))
		memmove(buffer, space + 1, strlen(space + 1) + 1);
	return buffer;
}

char *ms_plot_place(char buffer[MS_PLOT_NAME], const struct ms_report_line *line, size_t width)
{
	char frame[MS_EXPORT_FRAME], function[MS_PLOT_NAME / 2], where[80] = "", text[MS_PLOT_NAME];
	const char *name = ms_export_frame(frame, line);
	size_t room, length;

	if (line && *line->function) {
		name = ms_plot_function(function, sizeof function, name);
		if (*line->file)
			snprintf(where, sizeof where, line->line ? " (%.50s:%" PRIu32 ")" : " (%.50s)", ms_export_base(line->file), line->line);
		else if (*line->module)
			snprintf(where, sizeof where, " (%.50s)", ms_export_base(line->module));
	}
	if (!*name)
		name = line->function;
	length = characters_of(name);
	room = characters_of(where) < width / 2 ? width - characters_of(where) : width;
	if (room == width)
		*where = '\0';
	if (length > room) { /* the end of a qualified name says more than its beginning */
		for (size_t left = length - room + 1; left; left--)
			name += ms_utf8_length(name) ? ms_utf8_length(name) : 1;
		snprintf(text, sizeof text, ELLIPSIS "%s%s", name, where);
	} else {
		snprintf(text, sizeof text, "%s%s", name, where);
	}
	return ms_plot_clean(buffer, MS_PLOT_NAME, text, width);
}

char *ms_plot_program(char buffer[MS_PLOT_NAME], const struct ms_report *report)
{
	const struct ms_process *p = report->trace.process;
	const char *name = p->command_count && *p->command[0] ? p->command[0] : p->executable ? p->executable : "";

	return ms_plot_clean(buffer, MS_PLOT_NAME, *name ? ms_export_base(name) : "a program without a name", 40);
}
