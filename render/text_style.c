/* text_style.c - see text_style.h. */
#include "text_style.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "format/errors.h"

void ms_text_heading(struct ms_text *t, const char *title, const char *format, ...)
{
	va_list args;

	fprintf(t->out, t->options.bold ? "\n\033[1m%s%s\033[0m" : "\n%s%s", title, t->of_sample ? " OF THE SAMPLE" : "");
	if (format) {
		fputs("  ", t->out);
		va_start(args, format);
		vfprintf(t->out, format, args);
		va_end(args);
	}
	putc('\n', t->out);
}

void ms_text_more(struct ms_text *t, size_t hidden, const char *what)
{
	char n[MS_UNIT_TEXT];

	if (hidden)
		fprintf(t->out, "  %s %s\n", t->options.utf8 ? "…" : "...", ms_unit_of(n, hidden, what));
}

char *ms_text_escaped(const char *name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	ms_escape_text(f, name);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static bool is_name_char(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of "operator<<", "operator()", ... at s; 0 if there is none: their brackets are no brackets. */
static size_t operator_length(const char *start, const char *s)
{
	static const char *const symbols[] = {"()", "<=>", "<<=", ">>=", "<<", ">>", "<=", ">=", "->*", "->", "<", ">"};

	if (strncmp(s, "operator", 8) != 0 || (s > start && is_name_char(s[-1])))
		return 0;
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		if (strncmp(s + 8, symbols[i], strlen(symbols[i])) == 0)
			return 8 + strlen(symbols[i]);
	return 8;
}

/*
 * The name without parameters and template arguments: "std::vector<int>::push_back(int const&)" becomes
 * "std::vector<>::push_back". A name that begins with '<' (Rust) keeps its brackets.
 */
static void print_short_function(FILE *out, const char *name)
{
	static const char anonymous[] = "(anonymous namespace)";
	unsigned angle = 0;

	for (const char *s = name; *s;) {
		size_t op = operator_length(name, s);

		if (op == 0 && strncmp(s, anonymous, sizeof anonymous - 1) == 0)
			op = sizeof anonymous - 1;
		if (op) {
			if (!angle)
				fwrite(s, 1, op, out);
			s += op;
			continue;
		}
		if (*s == '(' && !angle)
			return;
		if (*s == '<' && *name != '<') {
			if (angle++ == 0)
				putc('<', out);
		} else if (*s == '>' && angle && !(s > name && s[-1] == '-')) {
			angle--;
		}
		if (!angle)
			putc(*s, out);
		s++;
	}
}

static void print_function(FILE *out, const char *name, bool short_form)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	if (short_form && (f = open_memstream(&text, &size)) != NULL) {
		print_short_function(f, name);
		fclose(f);
	}
	ms_escape_text(out, text && *text ? text : name);
	free(text);
}

char *ms_text_line(const struct ms_report_line *line, bool short_form)
{
	const char *module = short_form ? base_name(line->module) : line->module;
	const char *file = short_form ? base_name(line->file) : line->file;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	if (*line->function)
		print_function(f, line->function, short_form);
	else if (*line->module)
		ms_escape_text(f, module);
	if (!*line->function)
		fprintf(f, *line->module ? "+0x%" PRIx64 : "0x%" PRIx64, line->offset);
	if (*line->file) {
		fputs(" (", f);
		ms_escape_text(f, file);
		if (line->line)
			fprintf(f, ":%" PRIu32, line->line);
		putc(')', f);
	} else if (*line->function && *line->module) {
		fputs(" (", f);
		ms_escape_text(f, module);
		putc(')', f);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

char *ms_text_place(const struct ms_report_line *line, const struct ms_report_line *caller)
{
	char *own, *from, *text = NULL;

	if (!line)
		return strdup("(no stack)");
	own = ms_text_line(line, true);
	if (!own || !caller)
		return own;
	from = ms_text_line(caller, true);
	if (!from || asprintf(&text, "%s from %s", own, from) < 0)
		text = NULL;
	free(own);
	free(from);
	return text;
}

void ms_cell_owned(struct ms_table *table, char *text)
{
	if (text)
		ms_table_cell(table, text);
	else
		table->failed = true;
	free(text);
}

void ms_cell_bytes(struct ms_text *t, struct ms_table *table, uint64_t bytes)
{
	char text[MS_UNIT_TEXT];

	ms_table_cell(table, ms_unit_bytes(text, bytes, t->options.exact));
}

void ms_cell_count(struct ms_table *table, uint64_t count)
{
	char text[MS_UNIT_TEXT];

	ms_table_cell(table, ms_unit_count(text, count));
}

void ms_cell_share(struct ms_table *table, uint64_t part, uint64_t whole)
{
	char text[MS_UNIT_TEXT];

	ms_table_cell(table, ms_unit_share(text, part, whole));
}

void ms_cell_duration(struct ms_table *table, uint64_t ns)
{
	char text[MS_UNIT_TEXT];

	ms_table_cell(table, ms_unit_duration(text, ns));
}

int ms_text_print(struct ms_text *t, struct ms_table *table)
{
	return ms_table_print(table, t->out, 2, t->options.width, t->options.utf8);
}

char *ms_text_bar(const struct ms_text *t, uint64_t part, uint64_t whole, size_t width)
{
	const char *full = t->options.utf8 ? "█" : "#";
	size_t n = whole ? (size_t)(((unsigned __int128)part * width + whole - 1) / whole) : 0;
	char *text = malloc(width * strlen(full) + 1), *at = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n && i < width; i++)
		at = stpcpy(at, full);
	*at = '\0';
	return text;
}

void ms_text_notes(struct ms_text *t, FILE *notes, char **text)
{
	size_t n;

	fclose(notes);
	for (const char *line = *text; line && *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		fprintf(t->out, "  ! %.*s\n", (int)n, line);
	}
	free(*text);
}
