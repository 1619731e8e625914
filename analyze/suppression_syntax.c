/* suppression_syntax.c - reads suppressions: LeakSanitizer's lines and Valgrind's braces, in one file as well. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suppression_rules.h"

#define MAX_FILE_BYTES (16u << 20)
#define LEAKS (1u << MS_FINDING_LEAK_DEFINITE | 1u << MS_FINDING_LEAK_INDIRECT | 1u << MS_FINDING_LEAK_POSSIBLE)

struct reading {
	struct ms_suppressions *s;
	const char *name, *at;
	uint32_t line;                   /* of the line read last, from 1 */
	char *text;                      /* that line, trimmed; cut in place */
	char *buffer;
	struct ms_error *err;
};

static int wrong(struct reading *r, const char *what)
{
	return ms_fail(r->err, MS_E_ARGUMENT, MS_NO_OFFSET, "%s:%u: %s", r->name, r->line, what);
}

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for suppressions");
}

/* The next line that is neither empty nor a comment. */
static bool next_line(struct reading *r)
{
	while (*r->at) {
		size_t n = strcspn(r->at, "\n"), length = n;
		const char *start = r->at;

		r->line++;
		r->at += n + (r->at[n] == '\n');
		while (length && isspace((unsigned char)*start)) {
			start++;
			length--;
		}
		while (length && isspace((unsigned char)start[length - 1]))
			length--;
		if (length == 0 || *start == '#')
			continue;
		memcpy(r->buffer, start, length);
		r->buffer[length] = '\0';
		r->text = r->buffer;
		return true;
	}
	return false;
}

static void free_rule(struct ms_suppression_rule *rule)
{
	for (size_t i = 0; i < rule->pattern_count; i++)
		free(rule->patterns[i].glob);
	free(rule->patterns);
	free(rule->name);
	memset(rule, 0, sizeof *rule);
}

/* glob: taken over, NULL for ANY_FRAMES. */
static int add_pattern(struct ms_suppression_rule *rule, enum ms_pattern_kind kind, char *glob)
{
	struct ms_pattern *grown = realloc(rule->patterns, (rule->pattern_count + 1) * sizeof *grown);

	if (!grown || (!glob && kind != MS_PATTERN_ANY_FRAMES)) {
		free(glob);
		if (grown)
			rule->patterns = grown;
		return MS_E_NOMEM;
	}
	rule->patterns = grown;
	rule->patterns[rule->pattern_count++] = (struct ms_pattern){(uint8_t)kind, glob};
	return MS_OK;
}

static int add_rule(struct reading *r, struct ms_suppression_rule *rule)
{
	struct ms_suppressions *s = r->s;

	if (s->count == s->capacity) {
		size_t capacity = s->capacity ? s->capacity * 2 : 16;
		struct ms_suppression_rule *grown = realloc(s->rules, capacity * sizeof *grown);

		if (!grown)
			return no_memory(r->err);
		s->rules = grown;
		s->capacity = capacity;
	}
	rule->file = (uint32_t)s->file_count - 1;
	s->rules[s->count++] = *rule;
	memset(rule, 0, sizeof *rule);
	return MS_OK;
}

/* ---- LeakSanitizer ------------------------------------------------------------------------------------------------- */

static int read_leak(struct reading *r, const char *pattern)
{
	struct ms_suppression_rule rule = {.line = r->line, .kinds = LEAKS, .anywhere = true};
	size_t n = strlen(pattern);
	bool start = *pattern == '^', end = n > 1 && pattern[n - 1] == '$';
	char *glob = NULL;
	int rc;

	if (n == 0)
		return wrong(r, "leak: wants a pattern");
	if (asprintf(&glob, "%s%.*s%s", start ? "" : "*", (int)(n - start - end), pattern + start, end ? "" : "*") < 0)
		glob = NULL;
	rule.name = strdup(r->text);
	rc = add_pattern(&rule, MS_PATTERN_FUNCTION, glob) || !rule.name ? no_memory(r->err) : add_rule(r, &rule);
	free_rule(&rule);
	return rc;
}

/* ---- Valgrind ------------------------------------------------------------------------------------------------------ */

static bool names_tool(const char *tools, size_t length)
{
	for (const char *t = tools; t < tools + length;) {
		size_t n = strcspn(t, ",:");

		if ((n == 8 && strncmp(t, "Memcheck", 8) == 0) || (n == 8 && strncmp(t, "memscope", 8) == 0))
			return true;
		t += n + 1;
	}
	return false;
}

/* "Memcheck:Addr4" to the kinds of findings that it speaks of; 0 for others. */
static int read_kind(struct reading *r, uint32_t *kinds)
{
	const char *colon = strchr(r->text, ':');

	*kinds = 0;
	if (!colon)
		return wrong(r, "expected TOOL:KIND, as in Memcheck:Leak");
	if (!names_tool(r->text, (size_t)(colon - r->text)))
		return MS_OK;
	for (unsigned k = 0; k < MS_FINDING_KIND_COUNT; k++) {
		const char *name = ms_finding_kinds[k].valgrind;
		size_t n = strlen(name);

		if (strncmp(colon + 1, name, n) == 0 && colon[1 + n + strspn(colon + 1 + n, "0123456789")] == '\0')
			*kinds |= 1u << k;
	}
	return MS_OK;
}

static int read_leak_kinds(struct reading *r, const char *list, uint32_t *kinds)
{
	static const struct {
		const char *name;
		uint32_t kinds;
	} names[] = {
		{"definite", 1u << MS_FINDING_LEAK_DEFINITE}, {"indirect", 1u << MS_FINDING_LEAK_INDIRECT},
		{"possible", 1u << MS_FINDING_LEAK_POSSIBLE}, {"reachable", 0}, {"all", LEAKS}, {"none", 0},
	};
	uint32_t chosen = 0;

	for (const char *s = list; *s;) {
		size_t i = 0, n;

		s += strspn(s, " ,\t");
		n = strcspn(s, " ,\t");
		if (n == 0)
			break;
		while (i < sizeof names / sizeof *names && (strlen(names[i].name) != n || strncmp(names[i].name, s, n) != 0))
			i++;
		if (i == sizeof names / sizeof *names)
			return wrong(r, "match-leak-kinds: definite, indirect, possible, reachable, all or none");
		chosen |= names[i].kinds;
		s += n;
	}
	*kinds &= chosen;
	return MS_OK;
}

static int read_frame(struct reading *r, struct ms_suppression_rule *rule, bool *extra)
{
	static const struct {
		const char *word;
		enum ms_pattern_kind kind;
	} words[] = {{"fun:", MS_PATTERN_FUNCTION}, {"obj:", MS_PATTERN_OBJECT}, {"src:", MS_PATTERN_SOURCE}};

	if (strcmp(r->text, "...") == 0)
		return add_pattern(rule, MS_PATTERN_ANY_FRAMES, NULL) ? no_memory(r->err) : MS_OK;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncmp(r->text, words[i].word, 4) == 0)
			return add_pattern(rule, words[i].kind, strdup(r->text + 4)) ? no_memory(r->err) : MS_OK;
	/* Kinds that we do not have may say what they are about in one line of their own. */
	if (rule->kinds || rule->pattern_count || *extra)
		return wrong(r, "expected fun:, obj:, src:, ... or }");
	*extra = true;
	return MS_OK;
}

static int read_braces(struct reading *r)
{
	struct ms_suppression_rule rule = {.line = r->line};
	bool extra = false;
	int rc;

	if (!next_line(r) || strcmp(r->text, "}") == 0)
		return wrong(r, "expected the name of a suppression after {");
	rule.name = strdup(r->text);
	rc = rule.name ? MS_OK : no_memory(r->err);
	if (rc == MS_OK && !next_line(r))
		rc = wrong(r, "the suppression ends without a kind");
	if (rc == MS_OK)
		rc = read_kind(r, &rule.kinds);
	while (rc == MS_OK) {
		if (!next_line(r)) {
			rc = wrong(r, "expected } at the end of a suppression");
			break;
		}
		if (strcmp(r->text, "}") == 0) {
			rc = rule.pattern_count ? add_rule(r, &rule) : wrong(r, "a suppression wants at least one frame");
			break;
		}
		if (strncmp(r->text, "match-leak-kinds:", 17) == 0)
			rc = read_leak_kinds(r, r->text + 17, &rule.kinds);
		else
			rc = read_frame(r, &rule, &extra);
	}
	free_rule(&rule);
	return rc;
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

int ms_suppressions_parse(struct ms_suppressions *s, const char *name, const char *text, struct ms_error *err)
{
	struct reading r = {.s = s, .name = name, .at = text, .err = err};
	char **files = realloc(s->files, (s->file_count + 1) * sizeof *files);
	int rc = MS_OK;

	if (!files)
		return no_memory(err);
	s->files = files;
	s->files[s->file_count] = strdup(name);
	r.buffer = malloc(strlen(text) + 1);
	if (!s->files[s->file_count] || !r.buffer) {
		free(s->files[s->file_count]);
		free(r.buffer);
		return no_memory(err);
	}
	s->file_count++;
	while (rc == MS_OK && next_line(&r)) {
		if (strcmp(r.text, "{") == 0)
			rc = read_braces(&r);
		else if (strncmp(r.text, "leak:", 5) == 0)
			rc = read_leak(&r, r.text + 5);
		else
			rc = wrong(&r, "expected leak:PATTERN or {");
	}
	free(r.buffer);
	return rc;
}

int ms_suppressions_read(struct ms_suppressions *s, const char *path, struct ms_error *err)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	int rc;

	if (!f)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot read %s: %s", path, strerror(errno));
	text = malloc(MAX_FILE_BYTES + 1);
	if (text)
		size = fread(text, 1, MAX_FILE_BYTES + 1, f);
	if (!text)
		rc = no_memory(err);
	else if (ferror(f))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot read %s: %s", path, strerror(errno));
	else if (size > MAX_FILE_BYTES || memchr(text, '\0', size))
		rc = ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "%s: no file of suppressions: too large, or not text", path);
	else {
		text[size] = '\0';
		rc = ms_suppressions_parse(s, path, text, err);
	}
	free(text);
	fclose(f);
	return rc;
}

int ms_suppressions_new(struct ms_suppressions **out, struct ms_error *err)
{
	*out = calloc(1, sizeof **out);
	return *out ? MS_OK : no_memory(err);
}

void ms_suppressions_free(struct ms_suppressions *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		free_rule(&s->rules[i]);
	for (size_t i = 0; i < s->file_count; i++)
		free(s->files[i]);
	free(s->rules);
	free(s->files);
	free(s);
}
