#include "summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "say.h"

const char *summary_bytes(uint64_t bytes, char *text, size_t text_bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(text, text_bytes, "%" PRIu64 " B", bytes);
		return text;
	}
	while (value >= 1023.95 && unit + 1 < sizeof units / sizeof *units) {
		value /= 1024;
		unit++;
	}
	snprintf(text, text_bytes, "%.1f %s", value, units[unit]);
	return text;
}

static void print_details(const struct recording *r)
{
	const struct ms_arena_header *h = r->arena.header;
	const struct ingest *g = &r->ingest;
	char rss[32];
	const struct { const char *what; uint64_t value; } rows[] = {
		{"stacks", r->stats.stacks},
		{"frames", r->stats.frames},
		{"modules", r->stats.modules},
		{"threads", r->stats.threads},
		{"stack nodes used", atomic_load_explicit(&h->node_count, memory_order_relaxed)},
		{"stacks cut short (table full)", r->end.lost_stacks},
		{"stacks that end before the outermost frame", atomic_load_explicit(&h->unwind_stops, memory_order_relaxed)},
		{"blocks alive at the end", live_table_blocks(&g->live)},
		{"frees without a block", g->unmatched_frees},
		{"ends of blocks outside the sample", g->unsampled_ends},
		{"allocations at an address that was alive", g->overlapping},
		{"events put in order by address", g->merge.reordered},
		{"late events", g->merge.late},
		{"guarded blocks: by a page", r->end.guard_page_blocks},
		{"guarded blocks: by redzones", r->end.guard_canary_blocks},
		{"blocks without a guard", r->end.guard_plain_blocks},
		{"checks of guarded blocks", r->end.guard_checks},
		{"checked libc calls", r->end.guard_calls},
		{"times that a stuck thread was not waited for", r->slots.forced},
		{"entries that made no sense", g->malformed + r->slots.damages},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		say("  %s: %" PRIu64, rows[i].what, rows[i].value);
	say("  clock: %s, recorder: %.3f s of CPU, %s resident",
	        r->clock.source == MS_CLOCK_TSC ? "tsc" : "monotonic", (double)r->end.collector_cpu_ns / 1e9,
	        summary_bytes(r->end.collector_rss_bytes, rss, sizeof rss));
}

void summary_print(const struct recording *r, int verbose)
{
	char peak[32], size[32];
	double per_event = r->stats.events ? (double)r->stats.bytes / (double)r->stats.events : 0;

	fprintf(stderr, "memscope-record: %s: %" PRIu64 " events, peak %s%s, %s, %.2f bytes/event, %" PRIu64 " lost", r->path,
	        r->stats.events, summary_bytes(r->ingest.cull ? r->ingest.peak_bytes : r->end.peak_bytes, peak, sizeof peak),
	        r->options->sample.config.sampling != MS_SAMPLING_ALL ? " in the sample" : "", summary_bytes(r->stats.bytes, size, sizeof size), per_event, r->end.lost_events);
	if (r->ingest.cull)
		fprintf(stderr, ", %" PRIu64 " short-lived blocks summed up", r->ingest.cull->culled_blocks);
	if (r->ingest.evidence)
		fprintf(stderr, ", %" PRIu64 " piece%s of evidence of memory errors", r->ingest.evidence, r->ingest.evidence == 1 ? "" : "s");
	if (r->ingest.children && !r->options->follow)
		fprintf(stderr, ", %" PRIu64 " child process%s not recorded (--follow)", r->ingest.children, r->ingest.children == 1 ? "" : "es");
	if (r->end.lost_threads)
		fprintf(stderr, ", %" PRIu64 " threads not recorded", r->end.lost_threads);
	if (r->stop_asked && !r->app->gone)
		fputs(", stopped on request", stderr);
	if (r->end.size_limit_reached)
		fprintf(stderr, ", incomplete: %s", r->error.message);
	fputc('\n', stderr);
	if (verbose > 0)
		print_details(r);
}
