/* write_process.c - ms_writer_process of trace_writer.h: the facts of the traced process, first block of a trace. */
#include <stdlib.h>
#include <string.h>

#include "trace_fb.h"
#include "writer_internal.h"

static ms_fb_ref put_text(struct ms_fb_builder *b, const char *text)
{
	return text != NULL && *text != 0 ? ms_fb_put_string(b, text, strlen(text)) : 0;
}

static ms_fb_ref put_texts(struct ms_fb_builder *b, const char *const *texts, size_t count)
{
	ms_fb_ref *refs = malloc((count + 1) * sizeof(*refs)), vector = 0;

	if (refs == NULL) {
		b->failed = true;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		refs[i] = ms_fb_put_string(b, texts[i], strlen(texts[i]));
	vector = ms_fb_put_refs(b, refs, count);
	free(refs);
	return vector;
}

static ms_fb_ref put_direct(struct ms_fb_builder *b, const struct ms_direct_allocator *list, size_t count)
{
	ms_fb_ref refs[MS_DIRECT_MAX];

	if (count > MS_DIRECT_MAX)
		count = MS_DIRECT_MAX;
	for (size_t i = 0; i < count; i++) {
		ms_fb_ref module = put_text(b, list[i].module);

		fb_start_direct_allocator(b);
		fb_direct_allocator_set_module(b, module);
		fb_direct_allocator_set_functions(b, list[i].functions);
		fb_direct_allocator_set_executable(b, list[i].executable);
		fb_direct_allocator_set_family(b, list[i].family);
		fb_direct_allocator_set_state(b, list[i].state);
		refs[i] = fb_finish_direct_allocator(b);
	}
	return count != 0 ? ms_fb_put_refs(b, refs, count) : 0;
}

int ms_writer_process(struct ms_writer *w, const struct ms_process *p, struct ms_error *err)
{
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref command, options, executable, directory, host, kernel, architecture, recorder, allocator, companion, part_of;
	ms_fb_ref backend, backend_reason, preset, direct;
	const struct ms_capture *c = &p->capture;
	int rc;

	if (w->status != MS_OK)
		return ms_writer_stuck(w, err);
	if (w->process_written)
		return ms_writer_misuse(w, err, "process facts are written once");
	ms_fb_reset(b);
	command = put_texts(b, p->command, p->command_count);
	options = put_texts(b, p->options, p->options_count);
	executable = put_text(b, p->executable);
	directory = put_text(b, p->working_directory);
	host = put_text(b, p->host);
	kernel = put_text(b, p->kernel);
	architecture = put_text(b, p->architecture);
	recorder = put_text(b, p->recorder);
	allocator = put_text(b, p->allocator);
	companion = put_text(b, p->companion);
	part_of = put_text(b, p->part.of);
	backend = put_text(b, c->backend);
	backend_reason = put_text(b, c->backend_reason);
	preset = put_text(b, c->preset);
	direct = put_direct(b, p->direct, p->direct_count);
	fb_start_process(b);
	fb_process_set_direct(b, direct);
	fb_process_set_sample_bytes(b, c->sample_bytes);
	fb_process_set_sample_seed(b, c->sample_seed);
	fb_process_set_cull_ns(b, c->cull_ns);
	fb_process_set_backend(b, backend);
	fb_process_set_backend_reason(b, backend_reason);
	fb_process_set_preset(b, preset);
	fb_process_set_sample_per_billion(b, c->sample_per_billion);
	fb_process_set_attached(b, c->attached);
	fb_process_set_sampling(b, c->sampling);
	fb_process_set_start_time_unix_ns(b, p->start_time_unix_ns);
	fb_process_set_clock_hz(b, p->clock_hz);
	fb_process_set_max_size_bytes(b, p->max_size_bytes);
	fb_process_set_monitor_interval_ns(b, p->monitor_interval_ns);
	fb_process_set_command(b, command);
	fb_process_set_executable(b, executable);
	fb_process_set_working_directory(b, directory);
	fb_process_set_host(b, host);
	fb_process_set_kernel(b, kernel);
	fb_process_set_architecture(b, architecture);
	fb_process_set_recorder(b, recorder);
	fb_process_set_options(b, options);
	fb_process_set_allocator(b, allocator);
	fb_process_set_pid(b, p->pid);
	fb_process_set_parent_pid(b, p->parent_pid);
	fb_process_set_page_size_bytes(b, p->page_size_bytes);
	fb_process_set_stack_depth_limit(b, p->stack_depth_limit);
	fb_process_set_clock(b, p->clock);
	fb_process_set_on_full(b, p->on_full);
	fb_process_set_free_stacks(b, p->free_stacks);
	fb_process_set_inherited_heap(b, p->inherited_heap);
	fb_process_set_guard(b, p->guard);
	fb_process_set_guard_side(b, p->guard_side);
	fb_process_set_guard_sample_rate(b, p->guard_sample_rate);
	fb_process_set_companion(b, companion);
	fb_process_set_graph_at_exit(b, p->graph_at_exit);
	fb_process_set_part(b, p->part.kind);
	fb_process_set_part_of(b, part_of);
	fb_process_set_part_from_event(b, p->part.from_event);
	fb_process_set_part_from_ns(b, p->part.from_ns);
	fb_process_set_part_to_event(b, p->part.to_event);
	fb_process_set_part_to_ns(b, p->part.to_ns);
	fb_process_set_part_of_events(b, p->part.of_events);
	fb_process_set_part_of_ns(b, p->part.of_ns);
	fb_process_set_part_paused(b, p->part.paused);
	rc = ms_writer_put_block(w, (struct ms_block_header){.kind = MS_BLOCK_PROCESS, .count = 1}, fb_finish_process(b), false,
			 err);
	if (rc != MS_OK)
		return rc;
	if (w->observer.process != NULL)
		w->observer.process(w->observer.context, p);
	w->process_written = true;
	w->free_stacks = p->free_stacks;
	ms_event_encoder_reset(w->encoder, 0, 1, w->free_stacks);
	return MS_OK;
}
