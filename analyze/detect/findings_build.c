/* findings_build.c - see findings_build.h. */
#include "findings_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"

void ms_finding_init(struct ms_finding *f, enum ms_finding_kind kind)
{
	memset(f, 0, sizeof *f);
	f->kind = (uint8_t)kind;
	f->cwe = ms_finding_kinds[kind].cwe;
	f->run = 1;
	f->count = 1;
	f->is_new = true;
	f->function = "";
}

void ms_finding_say(struct ms_finding *f, const char *format, ...)
{
	va_list args;

	free(f->message);
	va_start(args, format);
	if (vasprintf(&f->message, format, args) < 0)
		f->message = NULL;
	va_end(args);
}

static size_t slot_of(const struct ms_findings_build *b, const char *fingerprint)
{
	uint64_t h = strtoull(fingerprint + strlen(fingerprint) - 16, NULL, 16);
	size_t slot = (h ^ strlen(fingerprint)) & (b->table_capacity - 1);

	while (b->table[slot] && strcmp(b->list[b->table[slot] - 1].fingerprint, fingerprint) != 0)
		slot = (slot + 1) & (b->table_capacity - 1);
	return slot;
}

static int reserve(struct ms_findings_build *b)
{
	if (b->count == b->capacity) {
		size_t capacity = b->capacity ? b->capacity * 2 : 16;
		struct ms_finding *grown = realloc(b->list, capacity * sizeof *grown);

		if (!grown)
			return MS_E_NOMEM;
		b->list = grown;
		b->capacity = capacity;
	}
	if (b->count * 2 >= b->table_capacity) {
		size_t capacity = b->table_capacity ? b->table_capacity * 2 : 64;
		uint32_t *table = calloc(capacity, sizeof *table);

		if (!table)
			return MS_E_NOMEM;
		free(b->table);
		b->table = table;
		b->table_capacity = capacity;
		for (size_t i = 0; i < b->count; i++)
			table[slot_of(b, b->list[i].fingerprint)] = (uint32_t)i + 1;
	}
	return MS_OK;
}

int ms_findings_add(struct ms_findings_build *b, struct ms_finding *f, struct ms_finding **kept, struct ms_error *err)
{
	struct ms_finding *first;
	size_t slot;

	if (kept)
		*kept = NULL;
	if (!f->message || reserve(b)) {
		free(f->message);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for findings");
	}
	if (!f->last_ns)
		f->last_ns = f->time_ns;
	ms_fingerprint(f, b->report);
	slot = slot_of(b, f->fingerprint);
	if (b->table[slot]) {
		first = &b->list[b->table[slot] - 1];
		first->count += f->count;
		first->leaked_blocks += f->leaked_blocks;
		first->leaked_bytes += f->leaked_bytes;
		first->confirmed |= f->confirmed;
		if (f->last_ns > first->last_ns)
			first->last_ns = f->last_ns;
		free(f->message);
	} else if (b->count == MS_FINDINGS_MAX) {
		b->omitted += f->count;
		free(f->message);
		return MS_OK;
	} else {
		first = &b->list[b->count];
		*first = *f;
		b->table[slot] = (uint32_t)++b->count;
	}
	f->message = NULL;
	if (kept)
		*kept = first;
	return MS_OK;
}

static int by_severity(const void *pa, const void *pb)
{
	const struct ms_finding *a = pa, *b = pb;

	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	if ((a->kind >= MS_FINDING_LEAK_DEFINITE) != (b->kind >= MS_FINDING_LEAK_DEFINITE))
		return a->kind < b->kind ? -1 : 1; /* leaks behind what breaks the heap */
	if (a->leaked_bytes != b->leaked_bytes)
		return a->leaked_bytes > b->leaked_bytes ? -1 : 1;
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->fingerprint, b->fingerprint);
}

void ms_findings_order(struct ms_findings *f)
{
	if (f->count)
		qsort(f->list, f->count, sizeof *f->list, by_severity);
	for (size_t i = 0; i < f->count; i++)
		f->list[i].id = (uint32_t)i + 1;
}

void ms_findings_finish(struct ms_findings_build *b, struct ms_findings *out)
{
	out->list = b->list;
	out->count = b->count;
	out->omitted = b->omitted;
	ms_findings_order(out);
	b->list = NULL;
	b->count = b->capacity = 0;
}

void ms_findings_recount(struct ms_findings *f)
{
	f->errors = f->warnings = f->suppressed = 0;
	for (size_t i = 0; i < f->count; i++) {
		if (f->list[i].suppressed_by)
			f->suppressed++;
		else if (f->list[i].severity == MS_SEVERITY_ERROR)
			f->errors++;
		else
			f->warnings++;
	}
	for (size_t d = 0; d < f->detector_count; d++) {
		struct ms_detector_result *r = &f->detectors[d];

		r->found = r->suppressed = 0;
		for (size_t i = 0; i < f->count; i++) {
			if (!(r->kinds >> f->list[i].kind & 1))
				continue;
			if (f->list[i].suppressed_by)
				r->suppressed++;
			else
				r->found++;
		}
		if (r->found || r->suppressed)
			r->status = MS_DETECTOR_FOUND;
	}
}

void ms_findings_build_free(struct ms_findings_build *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->list[i].message);
	free(b->list);
	free(b->table);
	memset(b, 0, sizeof *b);
}
