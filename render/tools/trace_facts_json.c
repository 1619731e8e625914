/* trace_facts_json.c - see trace_facts.h: `memscope-trace info --json`. */
#include <inttypes.h>
#include <jansson.h>

#include "format/trace_index.h"
#include "render/escape.h"
#include "render/report_names.h"
#include "render/verdict_words.h"
#include "trace_facts.h"

/* jansson refuses what is no UTF-8: such bytes are written as U+FFFD, as everywhere. */
static json_t *text(const char *s)
{
	char *buffer = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&buffer, &size);
	json_t *value;

	if (!memory)
		return NULL;
	ms_escape_json(memory, s);
	if (fclose(memory) != 0)
		return NULL;
	value = json_loads(buffer, JSON_DECODE_ANY, NULL);
	free(buffer);
	return value;
}

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *texts(const char *const *words, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, text(words[i]));
	return array;
}

static json_t *address(uint64_t v)
{
	return json_sprintf("0x%" PRIx64, v);
}

static json_t *part(const struct ms_part *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(p->kind == MS_PART_SNAPSHOT ? "snapshot" : "window"));
	json_object_set_new(o, "of", text(p->of));
	json_object_set_new(o, "from_event", number(p->from_event));
	json_object_set_new(o, "from_ns", number(p->from_ns));
	json_object_set_new(o, "to_event", number(p->to_event));
	json_object_set_new(o, "to_ns", number(p->to_ns));
	json_object_set_new(o, "of_events", number(p->of_events));
	json_object_set_new(o, "of_duration_ns", number(p->of_ns));
	return o;
}

static json_t *direct(const struct ms_process *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->direct_count; i++) {
		const struct ms_direct_allocator *a = &p->direct[i];
		json_t *o = json_object();

		json_object_set_new(o, "module", text(a->module));
		json_object_set_new(o, "family", json_string(ms_direct_family_word(a->family)));
		json_object_set_new(o, "inside_executable", json_boolean(a->executable));
		json_object_set_new(o, "functions", number(a->functions));
		json_object_set_new(o, "recorded", json_boolean(a->state == MS_DIRECT_HOOKED));
		json_object_set_new(o, "reason", json_string(ms_direct_reason(a->state)));
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *process(const struct ms_process *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "command", texts(p->command, p->command_count));
	json_object_set_new(o, "executable", text(p->executable));
	json_object_set_new(o, "working_directory", text(p->working_directory));
	json_object_set_new(o, "host", text(p->host));
	json_object_set_new(o, "kernel", text(p->kernel));
	json_object_set_new(o, "architecture", text(p->architecture));
	json_object_set_new(o, "allocator", text(p->allocator));
	json_object_set_new(o, "direct_allocators", direct(p));
	json_object_set_new(o, "recorder", text(p->recorder));
	json_object_set_new(o, "options", texts(p->options, p->options_count));
	json_object_set_new(o, "backend", text(p->capture.backend));
	json_object_set_new(o, "backend_reason", text(p->capture.backend_reason));
	json_object_set_new(o, "pid", number(p->pid));
	json_object_set_new(o, "parent_pid", number(p->parent_pid));
	json_object_set_new(o, "page_size_bytes", number(p->page_size_bytes));
	json_object_set_new(o, "start_time_unix_ns", number(p->start_time_unix_ns));
	json_object_set_new(o, "clock", json_string(p->clock == MS_CLOCK_SOURCE_TSC ? "tsc" : "monotonic"));
	json_object_set_new(o, "clock_hz", number(p->clock_hz));
	json_object_set_new(o, "stack_depth_limit", number(p->stack_depth_limit));
	json_object_set_new(o, "free_stacks", json_boolean(p->free_stacks));
	json_object_set_new(o, "on_full", json_string(p->on_full == MS_ON_FULL_DROP ? "drop" : "block"));
	json_object_set_new(o, "inherited_heap", json_boolean(p->inherited_heap));
	json_object_set_new(o, "attached", json_boolean(p->capture.attached));
	if (p->part.kind != MS_PART_WHOLE)
		json_object_set_new(o, "part", part(&p->part));
	return o;
}

static json_t *guard(const struct ms_process *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "mode", json_string(ms_guard_name(p->guard)));
	json_object_set_new(o, "side", json_string(ms_guard_side_name(p->guard_side)));
	json_object_set_new(o, "sample_rate", number(p->guard_sample_rate));
	json_object_set_new(o, "companion", text(p->companion));
	json_object_set_new(o, "graph_at_exit", json_boolean(p->graph_at_exit));
	return o;
}

static json_t *graphs_of(const struct ms_trace *t)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ms_trace_graph_count(t); i++) {
		const struct ms_graph *g = ms_trace_graph(t, i);
		json_t *o = json_object();

		json_object_set_new(o, "reason", json_string(ms_graph_reason_name(g->reason)));
		json_object_set_new(o, "time_ns", number(g->time_ns));
		json_object_set_new(o, "event", number(g->event));
		json_object_set_new(o, "blocks", number(g->blocks));
		json_object_set_new(o, "edges", number(g->edges));
		json_object_set_new(o, "roots", number(g->root_count));
		json_object_set_new(o, "unscanned", number(g->unscanned_count));
		json_object_set_new(o, "complete", json_boolean(g->complete));
		json_object_set_new(o, "scanned_bytes", number(g->scanned_bytes));
		json_object_set_new(o, "pause_ns", number(g->pause_ns));
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *end_of(const struct ms_trace *t)
{
	static const char *const names[] = {"running", "exited", "signaled", "unknown"};
	const struct ms_end *e = ms_trace_end(t);
	json_t *o = json_object();

	json_object_set_new(o, "ended", json_string(e ? names[e->ended < 4 ? e->ended : 3] : "truncated"));
	json_object_set_new(o, "duration_ns", number(e ? e->time_ns : ms_trace_last_time_ns(t)));
	json_object_set_new(o, "exit_code", e && e->ended == MS_ENDED_EXITED ? json_integer(e->exit_code) : json_null());
	json_object_set_new(o, "term_signal", e && e->ended == MS_ENDED_SIGNALED ? json_integer(e->term_signal) : json_null());
	if (!e)
		return o;
	json_object_set_new(o, "core_dumped", json_boolean(e->core_dumped));
	json_object_set_new(o, "blocks", number(e->blocks));
	json_object_set_new(o, "peak_bytes", number(e->peak_bytes));
	json_object_set_new(o, "lost_events", number(e->lost_events));
	json_object_set_new(o, "lost_stacks", number(e->lost_stacks));
	json_object_set_new(o, "lost_threads", number(e->lost_threads));
	json_object_set_new(o, "late_events", number(e->late_events));
	json_object_set_new(o, "size_limit_reached", json_boolean(e->size_limit_reached));
	json_object_set_new(o, "symbolized", json_boolean(e->symbolized));
	json_object_set_new(o, "guard_page_blocks", number(e->guard_page_blocks));
	json_object_set_new(o, "guard_canary_blocks", number(e->guard_canary_blocks));
	json_object_set_new(o, "guard_plain_blocks", number(e->guard_plain_blocks));
	json_object_set_new(o, "guard_checks", number(e->guard_checks));
	json_object_set_new(o, "guard_calls", number(e->guard_calls));
	json_object_set_new(o, "guard_dropped", number(e->guard_dropped));
	json_object_set_new(o, "collector_cpu_ns", number(e->collector_cpu_ns));
	json_object_set_new(o, "collector_rss_bytes", number(e->collector_rss_bytes));
	return o;
}

static json_t *blocks_of(const struct trace_facts *f)
{
	json_t *array = json_array();

	for (unsigned k = 0; k < TRACE_FACTS_KINDS; k++) {
		json_t *o;

		if (!f->block_kind[k].blocks)
			continue;
		o = json_object();
		json_object_set_new(o, "kind", json_string(ms_block_kind_name(k)));
		json_object_set_new(o, "count", number(f->block_kind[k].blocks));
		json_object_set_new(o, "raw_bytes", number(f->block_kind[k].raw_bytes));
		json_object_set_new(o, "stored_bytes", number(f->block_kind[k].stored_bytes));
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *modules_of(const struct ms_trace *t, const struct trace_facts *f)
{
	json_t *array = json_array();

	for (uint32_t id = 1; id <= ms_trace_module_count(t); id++) {
		const struct ms_module *m = ms_trace_module(t, id);
		json_t *o = json_object();
		char hex[130] = "";

		for (size_t i = 0; i < m->build_id_bytes && i < 64; i++)
			snprintf(hex + 2 * i, 3, "%02x", m->build_id[i]);
		json_object_set_new(o, "id", number(id));
		json_object_set_new(o, "path", text(m->path));
		json_object_set_new(o, "build_id", json_string(hex));
		json_object_set_new(o, "load_bias", address(m->load_bias));
		json_object_set_new(o, "start", address(m->start));
		json_object_set_new(o, "end", address(m->end));
		json_object_set_new(o, "image", number(m->image));
		json_object_set_new(o, "frames", number(f->module[id].frames));
		json_object_set_new(o, "frames_with_function", number(f->module[id].with_function));
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *samples_of(const struct ms_trace *t)
{
	json_t *o = json_object(), *list = json_array();

	for (uint32_t id = 1; id <= ms_trace_series_count(t); id++) {
		const struct ms_series *s = ms_trace_series(t, id);
		json_t *row = json_object();
		size_t n;

		(void)ms_trace_samples(t, id, &n);
		json_object_set_new(row, "name", text(ms_trace_string(t, s->name)));
		json_object_set_new(row, "source", text(ms_trace_string(t, s->source)));
		json_object_set_new(row, "reason", s->reason ? text(ms_trace_string(t, s->reason)) : json_null());
		json_object_set_new(row, "samples", number(n));
		json_array_append_new(list, row);
	}
	json_object_set_new(o, "interval_ns", number(ms_trace_process(t)->monitor_interval_ns));
	json_object_set_new(o, "series", list);
	json_object_set_new(o, "footprints", number(ms_trace_footprint_count(t)));
	return o;
}

static json_t *culled_of(const struct ms_trace *t)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < ms_trace_culled_count(t); i++) {
		const struct ms_culled *c = ms_trace_culled(t, i);
		json_t *row = json_object();
		struct ms_culled_row sum = {0};

		for (size_t k = 0; k < c->row_count; k++) {
			sum.allocations += c->rows[k].allocations;
			sum.reallocations += c->rows[k].reallocations;
			sum.bytes += c->rows[k].bytes;
			sum.lifetime_ns += c->rows[k].lifetime_ns;
		}
		json_object_set_new(row, "from_ns", number(c->from_ns));
		json_object_set_new(row, "to_ns", number(c->to_ns));
		json_object_set_new(row, "stacks", number(c->row_count));
		json_object_set_new(row, "allocations", number(sum.allocations));
		json_object_set_new(row, "reallocations", number(sum.reallocations));
		json_object_set_new(row, "bytes", number(sum.bytes));
		json_object_set_new(row, "lifetime_ns", number(sum.lifetime_ns));
		json_object_set_new(row, "peak_bytes", number(c->peak_bytes));
		json_object_set_new(row, "peak_ns", number(c->peak_ns));
		json_object_set_new(row, "young_bytes", number(c->young_bytes));
		json_object_set_new(row, "early_events", number(c->early_events));
		json_array_append_new(list, row);
	}
	json_object_set_new(o, "cull_ns", number(ms_trace_process(t)->capture.cull_ns));
	json_object_set_new(o, "sums", list);
	return o;
}

static json_t *kinds_of(const struct trace_facts *f)
{
	json_t *o = json_object();

	for (unsigned k = 0; k < 256; k++)
		if (f->events_of_kind[k])
			json_object_set_new(o, ms_event_kinds[k].name, number(f->events_of_kind[k]));
	return o;
}

void trace_facts_json(FILE *out, const char *file, const struct ms_trace *t, const struct trace_facts *f, bool counted)
{
	const struct ms_error *damage = ms_trace_damage(t);
	json_t *o = json_object(), *d = NULL;

	json_object_set_new(o, "file", text(file));
	json_object_set_new(o, "format_version", number(ms_trace_format_version(t)));
	json_object_set_new(o, "file_bytes", number(ms_trace_file_bytes(t)));
	json_object_set_new(o, "has_index", json_boolean(ms_trace_has_index(t)));
	if (f->index_exists) {
		const struct ms_index_facts *facts = ms_trace_index(t);
		json_t *index = json_object();

		json_object_set_new(index, "fits", json_boolean(facts != NULL));
		json_object_set_new(index, "checkpoints", facts ? number(facts->checkpoints) : json_null());
		json_object_set_new(index, "file_bytes", facts ? number(facts->file_bytes) : json_null());
		json_object_set_new(index, "problem", facts ? json_null() : text(f->index_problem.message));
		json_object_set_new(o, "index_file", index);
	} else {
		json_object_set_new(o, "index_file", json_null());
	}
	json_object_set_new(o, "complete", json_boolean(trace_facts_complete(t)));
	if (damage) {
		d = json_object();
		json_object_set_new(d, "offset", number(damage->offset));
		json_object_set_new(d, "message", text(damage->message));
	}
	json_object_set_new(o, "damage", d ? d : json_null());
	json_object_set_new(o, "process", process(ms_trace_process(t)));
	json_object_set_new(o, "end", end_of(t));
	json_object_set_new(o, "events", number(ms_trace_event_count(t)));
	json_object_set_new(o, "guard", guard(ms_trace_process(t)));
	json_object_set_new(o, "evidence", number(ms_trace_evidence_count(t)));
	json_object_set_new(o, "graphs", graphs_of(t));
	json_object_set_new(o, "samples", samples_of(t));
	json_object_set_new(o, "culled", culled_of(t));
	json_object_set_new(o, "threads", number(ms_trace_thread_count(t)));
	json_object_set_new(o, "stacks", number(ms_trace_stack_count(t)));
	json_object_set_new(o, "frames", number(ms_trace_frame_count(t)));
	json_object_set_new(o, "frames_with_function", number(f->frames_with_function));
	json_object_set_new(o, "frames_with_line", number(f->frames_with_line));
	json_object_set_new(o, "strings", number(ms_trace_string_count(t)));
	json_object_set_new(o, "keyframes", number(f->keyframes));
	json_object_set_new(o, "blocks", blocks_of(f));
	json_object_set_new(o, "framing_bytes", number(f->framing_bytes));
	json_object_set_new(o, "modules", modules_of(t, f));
	if (counted) {
		json_object_set_new(o, "events_of_kind", kinds_of(f));
		json_object_set_new(o, "allocated_bytes", number(f->allocated_bytes));
	}
	json_dumpf(o, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(o);
}
