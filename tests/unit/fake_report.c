/* fake_report.c - see fake_report.h. */
#include "fake_report.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ONE_MORE(list, count)                                             \
	do {                                                                  \
		(list) = realloc((list), ((count) + 1) * sizeof *(list));         \
		assert_non_null(list);                                            \
		memset(&(list)[count], 0, sizeof *(list));                        \
		(count)++;                                                        \
	} while (0)

static const char *const command[] = {"./app"};
static const struct ms_process process = {.command = command, .command_count = 1, .executable = "/opt/app"};

static char *keep_name(struct fake_report *f, const char *name, size_t length)
{
	ONE_MORE(f->names, f->name_count);
	f->names[f->name_count - 1] = strndup(name, length);
	return f->names[f->name_count - 1];
}

void fake_start(struct fake_report *f)
{
	memset(f, 0, sizeof *f);
	ONE_MORE(f->report.nodes, f->report.node_count);
	f->report.trace.process = &process;
	f->report.trace.file = "fake.ms";
	f->report.trace.complete = true;
}

struct ms_report_site *fake_site(struct fake_report *f, const char *path, uint64_t allocations, uint64_t bytes)
{
	struct ms_report *r = &f->report;
	uint32_t node = 0;

	while (*path) {
		/* A frame and what is inlined into it: from the outermost function to the innermost; lines stand the other way round. */
		const char *parts[16];
		size_t lengths[16], n = 0;
		uint32_t first = (uint32_t)r->line_count;

		do {
			path += *path == '~';
			lengths[n] = strcspn(path, ">");
			parts[n] = path;
			path += lengths[n++];
			path += *path == '>';
		} while (*path == '~' && n < 16);
		for (size_t i = n; i-- > 0;) {
			ONE_MORE(r->lines, r->line_count);
			r->lines[r->line_count - 1] = (struct ms_report_line){
				.function = keep_name(f, parts[i], lengths[i]), .linkage_name = "", .file = "app.c", .module = "/opt/app",
				.line = (uint32_t)r->line_count, .inlined = i > 0};
		}
		ONE_MORE(r->nodes, r->node_count);
		r->nodes[r->node_count - 1] = (struct ms_report_node){node, first, (uint32_t)n};
		node = (uint32_t)r->node_count - 1;
	}
	ONE_MORE(r->sites, r->site_count);
	r->sites[r->site_count - 1] = (struct ms_report_site){
		.node = node, .allocations = allocations, .allocated_bytes = bytes, .live_blocks = allocations / 2, .live_bytes = bytes / 2,
		.peak_bytes = bytes / 3, .temporary_allocations = allocations / 5, .reallocations = allocations / 7};
	return &r->sites[r->site_count - 1];
}

void fake_finding(struct fake_report *f, uint8_t kind, const char *fingerprint)
{
	struct ms_findings *all = &f->report.findings;
	struct ms_finding *one;

	ONE_MORE(all->list, all->count);
	one = &all->list[all->count - 1];
	one->kind = kind;
	one->run = 1;
	one->is_new = true;
	one->id = (uint32_t)all->count;
	one->message = strdup("something");
	snprintf(one->fingerprint, sizeof one->fingerprint, "%s", fingerprint);
}

void fake_detector(struct fake_report *f, uint32_t kinds, uint8_t status)
{
	struct ms_findings *all = &f->report.findings;

	ONE_MORE(all->detectors, all->detector_count);
	all->detectors[all->detector_count - 1] = (struct ms_detector_result){.name = "one", .kinds = kinds, .status = status, .reason = strdup("")};
}

void fake_leak(struct fake_report *f, uint8_t leak_kind, uint32_t site, uint64_t bytes)
{
	struct ms_report_leaks *all = &f->report.leaks;

	all->observable = true;
	ONE_MORE(all->leaks, all->leak_count);
	all->leaks[all->leak_count - 1] = (struct ms_leak){.kind = leak_kind, .node = f->report.sites[site].node, .blocks = 1, .bytes = bytes};
}

void fake_thread(struct fake_report *f, const char *name, bool is_main, uint64_t allocations)
{
	ONE_MORE(f->report.threads, f->report.thread_count);
	f->report.threads[f->report.thread_count - 1] = (struct ms_report_thread){
		.name = keep_name(f, name, strlen(name)), .is_main = is_main, .allocations = allocations};
}

void fake_finish(struct fake_report *f)
{
	struct ms_report_totals *t = &f->report.totals;

	for (size_t i = 0; i < f->report.site_count; i++) {
		const struct ms_report_site *s = &f->report.sites[i];

		t->allocations += s->allocations;
		t->reallocations += s->reallocations;
		t->allocated_bytes += s->allocated_bytes;
		t->live_blocks += s->live_blocks;
		t->live_bytes += s->live_bytes;
		t->peak_bytes += s->peak_bytes;
		t->temporary_allocations += s->temporary_allocations;
	}
}

void fake_report_free(struct fake_report *f)
{
	ms_report_free(&f->report);
	for (size_t i = 0; i < f->name_count; i++)
		free(f->names[i]);
	free(f->names);
	memset(f, 0, sizeof *f);
}
