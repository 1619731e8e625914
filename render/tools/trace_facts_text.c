/* trace_facts_text.c - see trace_facts.h: `memscope-trace info` for people. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "format/evidence.h"
#include "format/trace_index.h"
#include "render/escape.h"
#include "render/report_names.h"
#include "render/verdict_words.h"
#include "trace_facts.h"

static void label(FILE *out, const char *name)
{
	fprintf(out, "%-13s ", name);
}

static void text_row(FILE *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	label(out, name);
	ms_escape_text(out, value);
	fputc('\n', out);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* Words as a shell would take them, so that the line can be copied. */
static void print_words(FILE *out, const char *name, const char *const *words, size_t count)
{
	if (!count)
		return;
	label(out, name);
	ms_escape_words(out, words, count);
	fputc('\n', out);
}

static void print_time(FILE *out, uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm tm;
	char text[64];

	if (!unix_ns || !gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm))
		return;
	label(out, "started");
	fprintf(out, "%s.%03u UTC\n", text, (unsigned)(unix_ns / 1000000 % 1000));
}

static void print_end(FILE *out, const struct ms_trace *t)
{
	const struct ms_end *end = ms_trace_end(t);
	const char *signal_name;

	label(out, "ended");
	if (!end) {
		fputs("not known: the trace has no end\n", out);
		return;
	}
	switch (end->ended) {
	case MS_ENDED_RUNNING:
		fputs(ms_trace_is_part(t) ? "still running then\n" : "still running when the recording stopped\n", out);
		break;
	case MS_ENDED_EXITED:
		fprintf(out, "exited with status %d\n", end->exit_code);
		break;
	case MS_ENDED_SIGNALED:
		signal_name = sigabbrev_np(end->term_signal);
		fprintf(out, "killed by signal %d%s%s%s%s\n", end->term_signal, signal_name ? " (SIG" : "", signal_name ? signal_name : "",
		        signal_name ? ")" : "", end->core_dumped ? ", core dumped" : "");
		break;
	default:
		fputs("gone, how is not known\n", out);
	}
}

static void print_part(FILE *out, const struct ms_part *p)
{
	label(out, "part of");
	ms_escape_text(out, p->of && *p->of ? p->of : "a trace");
	if (p->kind == MS_PART_SNAPSHOT)
		fprintf(out, ": what was alive at %.9f s, after %" PRIu64, (double)p->from_ns / 1e9, p->from_event);
	else
		fprintf(out, ": from %.9f s to %.9f s, %" PRIu64, (double)p->from_ns / 1e9, (double)p->to_ns / 1e9, p->to_event - p->from_event);
	fprintf(out, " of %" PRIu64 " events\n", p->of_events);
}

static void print_completeness(FILE *out, const struct ms_trace *t)
{
	const struct ms_end *end = ms_trace_end(t);
	const char *separator = "";

	label(out, "complete");
	if (trace_facts_complete(t)) {
		fputs("yes: every event from start to end\n", out);
		return;
	}
	fputs("no: ", out);
	if (!end || ms_trace_damage(t)) {
		fputs(end ? "the file is damaged" : "the file is cut short", out);
		separator = ", ";
	}
	if (ms_trace_is_part(t)) {
		fprintf(out, "%sit is a part of a recording", separator);
		separator = ", ";
	} else if (end && end->ended == MS_ENDED_RUNNING) {
		fprintf(out, "%sthe recording stopped before the program", separator);
		separator = ", ";
	}
	if (end && end->size_limit_reached) {
		fprintf(out, "%sthe file could not grow any more", separator);
		separator = ", ";
	}
	if (end && end->lost_events) {
		fprintf(out, "%s%" PRIu64 " events lost", separator, end->lost_events);
		separator = ", ";
	}
	if (end && end->lost_threads)
		fprintf(out, "%s%" PRIu64 " threads not recorded", separator, end->lost_threads);
	fputc('\n', out);
}

static void print_counts(FILE *out, const struct ms_trace *t, const struct trace_facts *f)
{
	const struct ms_end *end = ms_trace_end(t);
	uint64_t events = ms_trace_event_count(t), bytes = ms_trace_file_bytes(t);
	uint32_t frames = ms_trace_frame_count(t);

	label(out, "size");
	fprintf(out, "%" PRIu64 " bytes", bytes);
	if (events)
		fprintf(out, ", %.2f per event", (double)bytes / (double)events);
	fprintf(out, "\n%-13s %" PRIu64 "\n", "events", events);
	if (end) {
		fprintf(out, "%-13s %" PRIu64 " %s\n", "blocks", end->blocks,
		        ms_trace_is_part(t) ? "in all, with those alive at its start" : "allocated");
		fprintf(out, "%-13s %" PRIu64 " bytes\n", "peak", end->peak_bytes);
		fprintf(out, "%-13s %" PRIu64 " events, %" PRIu64 " stacks, %" PRIu64 " threads; %" PRIu64 " events late\n", "lost",
		        end->lost_events, end->lost_stacks, end->lost_threads, end->late_events);
	}
	fprintf(out, "%-13s %" PRIu32 "\n%-13s %" PRIu32 "\n", "threads", ms_trace_thread_count(t), "modules",
	        ms_trace_module_count(t));
	fprintf(out, "%-13s %" PRIu32 "\n%-13s %" PRIu32 "\n%-13s %" PRIu32 "\n", "stacks", ms_trace_stack_count(t), "frames", frames,
	        "strings", ms_trace_string_count(t));
	fprintf(out, "%-13s %.1f%% of the frames have a function, %.1f%% a line\n", "symbols", percent(f->frames_with_function, frames),
	        percent(f->frames_with_line, frames));
	fprintf(out, "%-13s %" PRIu64 "\n", "keyframes", f->keyframes);
	fprintf(out, "%-13s %s\n", "index", ms_trace_has_index(t) ? "yes" : "no (memscope-trace repair writes one)");
	if (ms_trace_index(t))
		fprintf(out, "%-13s yes, %zu checkpoints, %" PRIu64 " bytes\n", "index file", ms_trace_index(t)->checkpoints, ms_trace_index(t)->file_bytes);
	else if (f->index_exists)
		fprintf(out, "%-13s not used: %s\n", "index file", f->index_problem.message);
	else
		fprintf(out, "%-13s none (memscope-trace index writes one)\n", "index file");
	if (end && end->collector_cpu_ns)
		fprintf(out, "%-13s %.3f s processor time, %" PRIu64 " bytes of memory at most\n", "collector",
		        (double)end->collector_cpu_ns / 1e9, end->collector_rss_bytes);
}

/* Nothing for a recording without guards, evidence and graphs. */
static void print_guard(FILE *out, const struct ms_trace *t)
{
	const struct ms_process *p = ms_trace_process(t);
	const struct ms_end *end = ms_trace_end(t);

	if (p->guard != MS_GUARD_OFF) {
		fprintf(out, "%-13s %s", "guard", ms_guard_name(p->guard));
		if (p->guard == MS_GUARD_SAMPLE)
			fprintf(out, ", 1 allocation in %" PRIu32, p->guard_sample_rate);
		if (p->guard != MS_GUARD_CANARY)
			fprintf(out, ", side: %s", ms_guard_side_name(p->guard_side));
		if (end)
			fprintf(out,
			        "; %" PRIu64 " blocks with pages, %" PRIu64 " with redzones, %" PRIu64 " without; %" PRIu64
			        " checks, %" PRIu64 " calls compared",
			        end->guard_page_blocks, end->guard_canary_blocks, end->guard_plain_blocks, end->guard_checks,
			        end->guard_calls);
		fputc('\n', out);
		text_row(out, "companion", p->companion);
	}
	if (p->guard != MS_GUARD_OFF || ms_trace_evidence_count(t)) {
		fprintf(out, "%-13s %" PRIu32, "evidence", ms_trace_evidence_count(t));
		if (end && end->guard_dropped)
			fprintf(out, ", %" PRIu64 " more not recorded", end->guard_dropped);
		fputc('\n', out);
	}
	for (size_t i = 0; i < ms_trace_graph_count(t); i++) {
		const struct ms_graph *g = ms_trace_graph(t, i);

		fprintf(out, "%-13s %" PRIu64 " blocks, %" PRIu64 " edges, %zu roots at %.9f s, %s%s; the program stood still for %.6f s\n",
		        i ? "" : "heap graphs", g->blocks, g->edges, g->root_count, (double)g->time_ns / 1e9,
		        ms_graph_reason_name(g->reason), g->complete ? "" : ", not finished", (double)g->pause_ns / 1e9);
	}
}

/* Nothing for a recording without samples. */
static void print_samples(FILE *out, const struct ms_trace *t)
{
	uint32_t observed = 0, count = ms_trace_series_count(t);
	size_t most = 0, n;

	if (count == 0)
		return;
	for (uint32_t id = 1; id <= count; id++) {
		(void)ms_trace_samples(t, id, &n);
		observed += n > 0;
		most = n > most ? n : most;
	}
	fprintf(out, "%-13s %zu of %" PRIu32 " series (wanted every %.3f s, %" PRIu32 " not observable), %zu lists of mappings\n", "samples",
	        most, observed, (double)ms_trace_process(t)->monitor_interval_ns / 1e9, count - observed, ms_trace_footprint_count(t));
}

/* Nothing for a recording that wrote every block. */
static void print_culled(FILE *out, const struct ms_trace *t)
{
	struct ms_culled_row sum = {0};
	uint64_t early = 0;

	if (ms_trace_process(t)->capture.cull_ns == 0 && ms_trace_culled_count(t) == 0)
		return;
	for (size_t i = 0; i < ms_trace_culled_count(t); i++) {
		const struct ms_culled *c = ms_trace_culled(t, i);

		early += c->early_events;
		for (size_t k = 0; k < c->row_count; k++) {
			sum.allocations += c->rows[k].allocations;
			sum.reallocations += c->rows[k].reallocations;
			sum.bytes += c->rows[k].bytes;
		}
	}
	fprintf(out, "%-13s blocks freed within %g ms: %" PRIu64 " allocations, %" PRIu64 " reallocations, %" PRIu64 " bytes in %zu sums", "culled",
	        (double)ms_trace_process(t)->capture.cull_ns / 1e6, sum.allocations, sum.reallocations, sum.bytes, ms_trace_culled_count(t));
	if (early)
		fprintf(out, "; %" PRIu64 " events were written early", early);
	fputc('\n', out);
}

static void print_blocks(FILE *out, const struct ms_trace *t, const struct trace_facts *f)
{
	uint64_t events = ms_trace_event_count(t);

	fprintf(out, "\n%-11s %8s %14s %14s %7s %7s %11s\n", "block", "count", "raw/bytes", "stored/bytes", "ratio", "share",
	        "bytes/event");
	for (unsigned k = 0; k < TRACE_FACTS_KINDS; k++) {
		uint64_t raw = f->block_kind[k].raw_bytes, stored = f->block_kind[k].stored_bytes;

		if (!f->block_kind[k].blocks)
			continue;
		fprintf(out, "%-11s %8" PRIu64 " %14" PRIu64 " %14" PRIu64 " %7.2f %6.1f%% %11.3f\n", ms_block_kind_name(k),
		        f->block_kind[k].blocks, raw, stored, stored ? (double)raw / (double)stored : 0.0,
		        percent(stored, ms_trace_file_bytes(t)), events ? (double)stored / (double)events : 0.0);
	}
	fprintf(out, "%-11s %8s %14s %14" PRIu64 " %7s %6.1f%% %11.3f\n", "framing", "-", "-", f->framing_bytes, "-",
	        percent(f->framing_bytes, ms_trace_file_bytes(t)), events ? (double)f->framing_bytes / (double)events : 0.0);
}

static void print_kinds(FILE *out, const struct trace_facts *f)
{
	fprintf(out, "\n%-22s %14s\n", "events", "count");
	for (unsigned k = 0; k < 256; k++)
		if (f->events_of_kind[k])
			fprintf(out, "%-22s %14" PRIu64 "\n", ms_event_kinds[k].name, f->events_of_kind[k]);
	fprintf(out, "%-22s %14" PRIu64 "\n", "allocated bytes", f->allocated_bytes);
}

static void print_modules(FILE *out, const struct ms_trace *t, const struct trace_facts *f)
{
	fprintf(out, "\n%-18s %8s %8s  %-40s  %s\n", "module at", "frames", "named", "build-id", "path");
	for (uint32_t id = 1; id <= ms_trace_module_count(t); id++) {
		const struct ms_module *m = ms_trace_module(t, id);
		char hex[130] = "-";

		for (size_t i = 0; i < m->build_id_bytes && i < 64; i++)
			snprintf(hex + 2 * i, 3, "%02x", m->build_id[i]);
		fprintf(out, "0x%-16" PRIx64 " %8" PRIu32 " %7.1f%%  %-40s  ", m->start, f->module[id].frames,
		        percent(f->module[id].with_function, f->module[id].frames), hex);
		ms_escape_text(out, m->path);
		fputc('\n', out);
	}
}

static void print_backend(FILE *out, const struct ms_capture *c, const struct ms_end *end)
{
	if (!c->backend || !*c->backend)
		return;
	fprintf(out, "%-13s ", "backend");
	ms_escape_text(out, c->backend);
	fputs(" (", out);
	ms_escape_text(out, c->backend_reason && *c->backend_reason ? c->backend_reason : "no reason given");
	putc(')', out);
	if (end && end->backend_note && *end->backend_note) {
		fputs(": ", out);
		ms_escape_text(out, end->backend_note);
	}
	fputc('\n', out);
}

void trace_facts_text(FILE *out, const char *file, const struct ms_trace *t, const struct trace_facts *f, bool counted,
                      bool verbose)
{
	const struct ms_process *p = ms_trace_process(t);
	const struct ms_end *end = ms_trace_end(t);

	text_row(out, "trace", file);
	fprintf(out, "%-13s %" PRIu32 "\n", "format", ms_trace_format_version(t));
	print_words(out, "command", p->command, p->command_count);
	text_row(out, "executable", p->executable);
	text_row(out, "directory", p->working_directory);
	fprintf(out, "%-13s %" PRIu32 ", parent %" PRIu32 "%s\n", "process", p->pid, p->parent_pid,
	        p->inherited_heap ? ", forked: its heap began before the trace" :
	        p->capture.attached ? ", attached to: its heap began before the trace" : "");
	text_row(out, "host", p->host);
	text_row(out, "kernel", p->kernel);
	text_row(out, "architecture", p->architecture);
	text_row(out, "allocator", p->allocator);
	for (size_t i = 0; i < p->direct_count; i++) {
		fprintf(out, "%-13s %" PRIu32 " functions%s%s %s ", "allocator", p->direct[i].functions, p->direct[i].family ? " of " : "",
		        p->direct[i].family ? ms_direct_family_word(p->direct[i].family) : "", p->direct[i].executable ? "inside" : "in");
		ms_escape_text(out, p->direct[i].module ? p->direct[i].module : "?");
		fprintf(out, ": %s%s\n", p->direct[i].state == MS_DIRECT_HOOKED ? "" : "not recorded, ", ms_direct_reason(p->direct[i].state));
	}
	text_row(out, "recorder", p->recorder);
	print_words(out, "options", p->options, p->options_count);
	print_backend(out, &p->capture, end);
	fprintf(out, "%-13s %s\n", "clock", p->clock == MS_CLOCK_SOURCE_TSC ? "time stamp counter" : "CLOCK_MONOTONIC");
	print_time(out, p->start_time_unix_ns);
	fprintf(out, "%-13s %.9f s\n", "duration", (double)(end ? end->time_ns : ms_trace_last_time_ns(t)) / 1e9);
	print_guard(out, t);
	print_samples(out, t);
	print_culled(out, t);
	if (ms_trace_is_part(t))
		print_part(out, &ms_trace_process(t)->part);
	print_end(out, t);
	print_completeness(out, t);
	print_counts(out, t, f);
	print_blocks(out, t, f);
	if (counted)
		print_kinds(out, f);
	if (verbose)
		print_modules(out, t, f);
}
