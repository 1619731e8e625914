/* suppressions.c - matches suppressions with call paths, and marks the findings that they name. */
#include "suppressions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/findings_build.h"
#include "format/events.h"
#include "free_rules.h"
#include "heap_report.h"
#include "suppression_rules.h"

bool ms_glob(const char *glob, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*glob == '*') {
			star = glob++;
			again = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

/* ---- frames -------------------------------------------------------------------------------------------------------- */

/* What functions of the malloc family are called in suppressions, demangled and mangled. */
static const struct {
	uint8_t kind;
	const char *name;
} family_names[] = {
	{MS_EV_MALLOC, "malloc"}, {MS_EV_CALLOC, "calloc"}, {MS_EV_REALLOC_NEW, "realloc"}, {MS_EV_REALLOC, "realloc"},
	{MS_EV_REALLOC_FAILED, "realloc"}, {MS_EV_POSIX_MEMALIGN, "posix_memalign"}, {MS_EV_ALIGNED_ALLOC, "aligned_alloc"},
	{MS_EV_ALIGNED_ALLOC, "memalign"}, {MS_EV_MEMALIGN, "memalign"}, {MS_EV_VALLOC, "valloc"}, {MS_EV_PVALLOC, "pvalloc"},
	{MS_EV_NEW, "_Znwm"}, {MS_EV_NEW, "_ZnwmRKSt9nothrow_t"}, {MS_EV_NEW, "operator new(unsigned long)"},
	{MS_EV_NEW_ARRAY, "_Znam"}, {MS_EV_NEW_ARRAY, "_ZnamRKSt9nothrow_t"},
	{MS_EV_NEW_ARRAY, "operator new[](unsigned long)"}, {MS_EV_NEW_ALIGNED, "_ZnwmSt11align_val_t"},
	{MS_EV_NEW_ARRAY_ALIGNED, "_ZnamSt11align_val_t"}, {MS_EV_FREE, "free"}, {MS_EV_FREE_SIZED, "free_sized"},
	{MS_EV_FREE_ALIGNED_SIZED, "free_aligned_sized"}, {MS_EV_REALLOC_FREE, "realloc"}, {MS_EV_REALLOC_ZERO, "realloc"},
	{MS_EV_DELETE, "_ZdlPv"}, {MS_EV_DELETE, "operator delete(void*)"}, {MS_EV_DELETE_SIZED, "_ZdlPvm"},
	{MS_EV_DELETE_SIZED, "operator delete(void*, unsigned long)"}, {MS_EV_DELETE_ARRAY, "_ZdaPv"},
	{MS_EV_DELETE_ARRAY, "operator delete[](void*)"}, {MS_EV_DELETE_ARRAY_SIZED, "_ZdaPvm"},
	{MS_EV_DELETE_ARRAY_SIZED, "operator delete[](void*, unsigned long)"}, {MS_EV_DELETE_ALIGNED, "_ZdlPvSt11align_val_t"},
	{MS_EV_DELETE_ARRAY_ALIGNED, "_ZdaPvSt11align_val_t"}, {MS_EV_DELETE_SIZED_ALIGNED, "_ZdlPvmSt11align_val_t"},
	{MS_EV_DELETE_ARRAY_SIZED_ALIGNED, "_ZdaPvmSt11align_val_t"},
};

/* A call path as an array; line NULL: the function of the malloc family. */
struct path {
	const struct ms_report_line **lines;
	size_t count;
	uint8_t call;
	const char *function;            /* libc function; "" = none */
};

static int open_path(struct path *p, const struct ms_report *r, uint32_t node)
{
	size_t n = 1;

	for (uint32_t k = node; k; k = r->nodes[k].parent)
		n += r->nodes[k].line_count;
	p->lines = malloc(n * sizeof *p->lines);
	if (!p->lines)
		return MS_E_NOMEM;
	p->count = 0;
	p->lines[p->count++] = NULL;
	for (uint32_t k = node; k; k = r->nodes[k].parent)
		for (uint32_t i = 0; i < r->nodes[k].line_count; i++)
			p->lines[p->count++] = &r->lines[r->nodes[k].first_line + i];
	return MS_OK;
}

static bool function_matches(const char *glob, const struct ms_report_line *l)
{
	char name[256];
	size_t n = strcspn(l->function, "(");

	if (!*l->function)
		return false;
	if (ms_glob(glob, l->function) || (l->linkage_name && *l->linkage_name && ms_glob(glob, l->linkage_name)))
		return true;
	if (n == 0 || n >= sizeof name || !l->function[n])
		return false;
	memcpy(name, l->function, n);
	name[n] = '\0';
	return ms_glob(glob, name); /* without parameters */
}

static bool source_matches(const char *glob, const struct ms_report_line *l)
{
	const char *base = strrchr(l->file, '/');
	char with_line[512];

	if (!*l->file)
		return false;
	if (ms_glob(glob, l->file) || (base && ms_glob(glob, base + 1)))
		return true;
	snprintf(with_line, sizeof with_line, "%s:%u", base ? base + 1 : l->file, l->line);
	if (ms_glob(glob, with_line))
		return true;
	snprintf(with_line, sizeof with_line, "%s:%u", l->file, l->line);
	return ms_glob(glob, with_line);
}

/* Suppressions made by Valgrind may name the module of its own malloc and free. */
#define VALGRIND_ALLOCATOR "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"

static bool frame_matches(const struct ms_pattern *p, const struct path *path, size_t at)
{
	const struct ms_report_line *l = path->lines[at];

	if (!l) {
		if (p->kind != MS_PATTERN_FUNCTION)
			return p->kind == MS_PATTERN_OBJECT && strstr(p->glob, "vgpreload") && ms_glob(p->glob, VALGRIND_ALLOCATOR);
		if (*path->function && ms_glob(p->glob, path->function))
			return true;
		for (size_t i = 0; i < sizeof family_names / sizeof *family_names; i++)
			if (family_names[i].kind == path->call && ms_glob(p->glob, family_names[i].name))
				return true;
		return false;
	}
	switch (p->kind) {
	case MS_PATTERN_FUNCTION:
		return function_matches(p->glob, l);
	case MS_PATTERN_OBJECT:
		return *l->module && ms_glob(p->glob, l->module);
	default:
		return source_matches(p->glob, l);
	}
}

/* Do the patterns match the path from `at` on? A run of patterns between two "..." is found at its first place: that is enough. */
static bool frames_match(const struct ms_suppression_rule *rule, const struct path *path, size_t at)
{
	size_t k = 0, retry_pattern = SIZE_MAX, retry_at = 0;

	while (k < rule->pattern_count) {
		if (rule->patterns[k].kind == MS_PATTERN_ANY_FRAMES) {
			retry_pattern = ++k;
			retry_at = at;
		} else if (at < path->count && frame_matches(&rule->patterns[k], path, at)) {
			k++;
			at++;
		} else if (retry_pattern != SIZE_MAX && retry_at < path->count) {
			k = retry_pattern;
			at = ++retry_at;
		} else {
			return false;
		}
	}
	return true;
}

static bool anywhere_matches(const struct ms_suppression_rule *rule, const struct path *path)
{
	const struct ms_pattern *p = &rule->patterns[0];

	for (size_t i = 1; i < path->count; i++) {
		const struct ms_report_line *l = path->lines[i];

		if (function_matches(p->glob, l) || (*l->file && ms_glob(p->glob, l->file)) ||
		    (*l->module && ms_glob(p->glob, l->module)))
			return true;
	}
	return false;
}

static uint32_t match(const struct ms_suppressions *s, const struct ms_report *report, enum ms_finding_kind kind, uint8_t call,
                      const char *function, uint32_t node)
{
	struct path path = {.call = call, .function = function};
	uint32_t found = 0;

	if (s->count == 0 || open_path(&path, report, node))
		return 0;
	for (size_t i = 0; i < s->count && !found; i++) {
		const struct ms_suppression_rule *rule = &s->rules[i];

		if (!(rule->kinds >> kind & 1))
			continue;
		if (rule->anywhere ? anywhere_matches(rule, &path)
		                   : ((call || *function) && frames_match(rule, &path, 0)) || frames_match(rule, &path, 1))
			found = (uint32_t)i + 1;
	}
	free(path.lines);
	return found;
}

uint32_t ms_suppressions_match(const struct ms_suppressions *s, const struct ms_report *report, enum ms_finding_kind kind,
                               uint8_t call, uint32_t node)
{
	return match(s, report, kind, call, "", node);
}

/* ---- findings ------------------------------------------------------------------------------------------------------ */

static uint32_t match_finding(const struct ms_suppressions *s, const struct ms_report *home, const struct ms_finding *f)
{
	bool by_allocation = f->kind >= MS_FINDING_LEAK_DEFINITE || f->evidence == MS_EVIDENCE_DAMAGE || !f->error_node;
	uint32_t found = 0;

	if (f->error_node)
		found = match(s, home, f->kind, f->free_call, f->function, f->error_node);
	if (!found && by_allocation)
		found = match(s, home, f->kind, f->block.birth_kind, "", f->allocation_node);
	return found;
}

int ms_suppress(struct ms_report *report, const struct ms_suppressions *s, struct ms_error *err)
{
	struct ms_findings *f = &report->findings;

	f->suppressions = calloc(s->count + 1, sizeof *f->suppressions);
	if (!f->suppressions)
		goto no_memory;
	for (size_t i = 0; i < s->count; i++) {
		struct ms_suppression_use *use = &f->suppressions[f->suppression_count++];

		use->name = strdup(s->rules[i].name);
		use->file = strdup(s->files[s->rules[i].file]);
		use->line = s->rules[i].line;
		if (!use->name || !use->file)
			goto no_memory;
	}
	for (size_t i = 0; i < f->count; i++) {
		struct ms_finding *finding = &f->list[i];

		finding->suppressed_by = match_finding(s, ms_finding_home(report, finding), finding);
		if (finding->suppressed_by) {
			f->suppressions[finding->suppressed_by - 1].findings++;
			f->suppressions[finding->suppressed_by - 1].occurrences += finding->count;
		}
	}
	ms_findings_recount(f);
	return ms_leaks_note_suppressed(report, err);
no_memory:
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for suppressions");
}

const char *ms_finding_first_frame(const struct ms_finding *f, bool of_allocation)
{
	uint8_t kind = of_allocation ? f->block.birth_kind : f->free_call;

	if (!of_allocation && *f->function)
		return f->function;
	for (size_t i = 0; i < sizeof family_names / sizeof *family_names; i++)
		if (kind && family_names[i].kind == kind)
			return family_names[i].name;
	return "";
}

size_t ms_suppressions_count(const struct ms_suppressions *s)
{
	return s->count;
}
