#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "control_commands.h"
#include "inside/inside_config.h"
#include "plugin.h"
#include "recording_process.h"
#include "recording_room.h"
#include "recording_triggers.h"
#include "say.h"
#include "trace_output.h"
#include "trace_symbols.h"

#define NS_PER_S UINT64_C(1000000000)
#define FLUSH_NS NS_PER_S        /* what SIGKILL of the collector can cost at most */
#define CONTROL_NS UINT64_C(20000000)
#define CONTROL_START_NS NS_PER_S /* who asks before the program has started is kept waiting for so long */
#define STOP_ROUNDS 50           /* of a millisecond, for hooks that are just publishing when a stop is asked for */
#define INSIDE_EVENTS_PER_BLOCK 16384u /* what the encoder holds is lost with the program */
#define INSIDE_CLOCK_NS UINT64_C(1000000) /* a first rate of the clock, for the same reason; it is refined */
#define SWEEP_NS UINT64_C(20000000)
#define SWEEP_SOON_NS UINT64_C(2000000) /* when slots run low */

/* ---- start ------------------------------------------------------------------------------------------------------- */

/* The generous arena, unless address space is limited: then one that leaves most of it to the program. The library makes the
   same comparison when it may not raise the limit (preload/limits.c). */
static const struct arena_geometry *choose_geometry(bool inside)
{
	const struct arena_geometry *most = inside ? &arena_inside : &arena_generous;
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return most;
	return limit.rlim_cur / 4 >= arena_bytes(most) ? most : &arena_tight;
}

/* The limit on file sizes counts for shared memory, too. It is meant for what the program writes: lifted for a moment. */
static int create_arena(struct arena *a, const struct arena_geometry *geometry, const struct arena_options *options, struct ms_error *err)
{
	struct rlimit old, lifted = {RLIM_INFINITY, RLIM_INFINITY};
	bool limited = getrlimit(RLIMIT_FSIZE, &old) == 0 && old.rlim_cur != RLIM_INFINITY;
	int status;

	if (limited && setrlimit(RLIMIT_FSIZE, &lifted) != 0) {
		lifted = (struct rlimit){old.rlim_max, old.rlim_max};
		(void)setrlimit(RLIMIT_FSIZE, &lifted);
	}
	status = arena_create(a, geometry, options, err);
	if (status != MS_OK)
		status = arena_create(a, &arena_tight, options, err);
	if (limited)
		(void)setrlimit(RLIMIT_FSIZE, &old);
	return status;
}

static int prepare(struct recording *r, const struct options *options, const struct arena_geometry *geometry, bool attached, int fd,
                   struct ms_error *err)
{
	enum ms_arena_clock source = tick_clock_detect();
	struct timespec wall;
	struct arena_options ao;

	*r = (struct recording){.options = options, .fd = -1, .arena.fd = -1};
	tick_clock_start(&r->clock, source, tick_clock_pair(source));
	clock_gettime(CLOCK_REALTIME, &wall);
	r->start_unix_ns = (uint64_t)wall.tv_sec * NS_PER_S + (uint64_t)wall.tv_nsec;
	ao = (struct arena_options){
		.backend = options->backend,
		.flags = (options->free_stacks ? MS_FLAG_FREE_STACKS : 0u) | (options->drop ? MS_FLAG_DROP : 0u) |
		         (options->follow ? MS_FLAG_FOLLOW : 0u) | (options->no_stacks ? MS_FLAG_NO_STACKS : 0u) |
		         (options->discard ? MS_FLAG_DISCARD : 0u),
		.clock = source,
		.stack_depth_limit = options->stack_depth,
		.start_ticks = r->clock.start_ticks,
		.guard = options->guard.config,
		.graph_at_exit = options->guard.graph_at_exit && !attached,
		.graph_signal = options->guard.graph_signal,
		.sample = options->sample.config,
		.attached = attached,
		.fd = fd,
	};
	return create_arena(&r->arena, geometry, &ao, err);
}

int recording_prepare(struct recording *r, const struct options *options, struct ms_error *err)
{
	return prepare(r, options, choose_geometry(options->backend != MS_BACKEND_LOCKFREE), false, -1, err);
}

int recording_prepare_attached(struct recording *r, const struct options *options, int fd, bool tight, struct ms_error *err)
{
	return prepare(r, options, tight ? &arena_tight : &arena_generous, true, fd, err);
}

int recording_adopt(struct recording *r, void *base, const struct options *options, const struct ms_inside_config *config,
                    struct ms_error *err)
{
	*r = (struct recording){.options = options, .fd = -1, .arena.fd = -1, .start_unix_ns = config->start_unix_ns};
	if (arena_adopt(&r->arena, base, &config->geometry, err) != MS_OK)
		return err->code;
	tick_clock_start(&r->clock, (enum ms_arena_clock)r->arena.header->clock, config->start);
	return MS_OK;
}

static void slot_started(void *context, uint32_t slot, uint32_t tid, uint32_t image, bool nested, const char *name)
{
	struct recording *r = context;
	ingest_slot_started(&r->ingest, slot, tid, image, nested, name);
}

static void slot_lost(void *context, uint32_t slot, uint64_t events)
{
	struct recording *r = context;
	ingest_slot_lost(&r->ingest, slot, events);
}

static void slot_ended(void *context, uint32_t slot)
{
	struct recording *r = context;
	ingest_slot_ended(&r->ingest, slot);
}

static bool thread_alive(void *context, uint32_t tid)
{
	struct recording *r = context;
	return app_process_thread_alive(r->app, tid);
}

static const struct slots_ops slots_to_ingest = {
	.started = slot_started, .lost = slot_lost, .ended = slot_ended, .alive = thread_alive,
};

/* ---- the trace is opened ------------------------------------------------------------------------------------------- */

#define SMALL_ROOM (UINT64_C(16) << 20) /* less: smaller blocks, so that more of them fit */

int recording_open(struct recording *r, char *path, const struct app_process *app, const struct recording_facts *facts,
                   struct ms_error *err)
{
	struct ms_writer_options wo = {
		.level = r->options->level, .max_size_bytes = r->options->max_size_bytes,
		.events_per_block = r->options->backend != MS_BACKEND_LOCKFREE ? INSIDE_EVENTS_PER_BLOCK : 0,
	};
	uint64_t bytes;
	int status;

	r->path = path;
	r->app = app;
	r->facts = *facts;
	if (!r->options->discard) {
		status = output_open(path, &r->fd, &r->regular, err);
		if (status != MS_OK)
			return status;
		bytes = recording_room(r);
		if (bytes < SMALL_ROOM) {
			uint64_t events = bytes / 128;

			if (wo.events_per_block == 0 || events < wo.events_per_block)
				wo.events_per_block = events < 256 ? 256 : events > 65536 ? 65536 : (uint32_t)events;
		}
		ms_stream_init_fd(&r->stream, r->fd);
		status = ms_writer_open(&r->writer, &r->stream, &wo, &r->error);
		if (status != MS_OK)
			return ms_fail(err, status, r->error.offset, "%s: %s", path, r->error.message);
		if (r->options->plugin) {
			status = plugin_open(&r->plugin, r->options->plugin, path, err);
			if (status != MS_OK)
				return status;
			plugin_watch(r->plugin, r->writer);
		}
	}
	status = ingest_init(&r->ingest, &r->arena, r->writer, &r->clock, (uint32_t)facts->pid, err);
	if (status != MS_OK)
		return status;
	status = slots_init(&r->slots, &r->arena, &r->ingest.merge, &slots_to_ingest, r);
	if (status != MS_OK) {
		ingest_free(&r->ingest);
		return ms_fail(err, status, MS_NO_OFFSET, "no memory for the slots of the collector");
	}
	if (r->options->cull_ns && !r->options->discard && ingest_cull(&r->ingest, r->options->cull_ns) != MS_OK) {
		slots_free(&r->slots);
		ingest_free(&r->ingest);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for blocks that may be culled");
	}
	r->tables = true;
	if (!r->options->no_symbols && !r->options->discard) /* soon: of a process that is gone nothing can be learned */
		jit_map_open(&r->jit, facts->pid);
	if (r->regular && control_open(&r->control, r->fd, control_command, r, err) != MS_OK && r->options->verbose)
		say("%s: --control cannot reach this recording: %s", path, err->message);
	triggers_init(r);
	r->control_mono_ns = tick_clock_now(MS_CLOCK_MONOTONIC) + CONTROL_NS;
	r->open_mono_ns = r->control_mono_ns;
	return MS_OK;
}

bool recording_attached(const struct recording *r)
{
	return atomic_load_explicit(&r->arena.header->images, memory_order_acquire) > 0;
}

/* ---- the rounds -------------------------------------------------------------------------------------------------- */

/* Recording ends here, the program goes on. */
static void stop(struct recording *r, int status)
{
	if (r->stopped)
		return;
	r->stopped = true;
	if (r->error.code == MS_OK)
		r->error = r->ingest.error;
	if (status == MS_E_FULL && r->room_limit)
		ms_fail(&r->error, status, MS_NO_OFFSET, "%s", r->room_limit);
	if (r->error.code == MS_OK)
		ms_fail(&r->error, status, MS_NO_OFFSET, "%s", ms_strerror(status));
	arena_stop(&r->arena);
	fprintf(stderr, "memscope-record: %s: %s%s\n", r->path, r->error.message,
	        r->app->gone ? "" : "; the program goes on unrecorded");
}

static void calibrate(struct recording *r, uint64_t mono_ns, bool force)
{
	if (mono_ns >= r->clock.refine_mono_ns || (force && !tick_clock_ready(&r->clock)))
		tick_clock_calibrate(&r->clock, tick_clock_pair(r->clock.source), force);
	if (tick_clock_ready(&r->clock)) {
		r->slots.ticks_per_ms = tick_clock_ticks(&r->clock, 1000000);
		r->ingest.merge.window_ticks = tick_clock_ticks(&r->clock, MERGE_WINDOW_NS);
		r->ingest.merge.near_ticks = tick_clock_ticks(&r->clock, MERGE_NEAR_NS);
	}
}

/* What is not needed before the program runs: it need not wait for that. */
static void watch(struct recording *r)
{
	const struct options *o = r->options;

	if (o->monitor_ns && r->writer)
		r->monitor = sysmon_open(r->facts.pid, o->monitor_ns);
	/* What servers are asked for is asked at the end only. */
	if (!o->no_symbols && !o->debuginfod && o->backend == MS_BACKEND_LOCKFREE && !r->app->gone)
		symbol_helper_start(&r->helper, &r->arena);
}

/* Drains and hands on up to the watermark, or everything; but nothing from after the moment at which a stop was asked for. */
static void round_of(struct recording *r, bool everything)
{
	uint64_t now = tick_clock_now(r->clock.source);
	uint64_t watermark = slots_drain(&r->slots, now);
	int status = MS_OK;

	if (everything)
		watermark = UINT64_MAX;
	if (r->last_ticks != 0 && watermark > r->last_ticks)
		watermark = r->last_ticks;

	if (!r->process_written && recording_attached(r) && tick_clock_ready(&r->clock) &&
	    (everything || atomic_load_explicit(&r->arena.header->told, memory_order_acquire))) {
		watch(r);
		status = recording_write_process(r);
		r->process_written = true;
	}
	if (status == MS_OK && r->process_written && r->regular)
		recording_limit_events(r);
	if (status == MS_OK && r->process_written)
		status = ingest_run(&r->ingest, watermark);
	if (status != MS_OK)
		stop(r, status);
}

size_t recording_poll(struct recording *r)
{
	uint64_t before = r->slots.drained_words, mono = tick_clock_now(MS_CLOCK_MONOTONIC);
	struct ms_arena_header *h = r->arena.header;

	atomic_fetch_add_explicit(&h->collector_beat, 1, memory_order_release);
	if (r->options->discard) {
		slots_discard(&r->slots);
		graph_refuse(&r->arena);
		return 0;
	}
	if (r->stopped)
		return 0;
	/* A program that waits for its graph stands still: it is not kept waiting for a better clock. */
	calibrate(r, mono, atomic_load_explicit(&h->graph_state, memory_order_relaxed) == MS_GRAPH_WANTED ||
	                           (r->options->backend != MS_BACKEND_LOCKFREE && mono - r->clock.start_mono_ns > INSIDE_CLOCK_NS));
	round_of(r, false);
	if (r->options->guard.interval_ns && mono >= r->check_mono_ns) {
		atomic_fetch_add_explicit(&h->guard_check_wanted, 1, memory_order_relaxed);
		r->check_mono_ns = mono + r->options->guard.interval_ns;
	}
	if (!r->process_written || r->stopped)
		return (size_t)(r->slots.drained_words - before);

	/* Not while a heap graph is taken, nor after the one at exit: what is resident then is ours for the most part. */
	bool ours = r->ingest.graph.at_exit || atomic_load_explicit(&h->graph_state, memory_order_acquire) != MS_GRAPH_IDLE;
	if (r->monitor && !ours && sysmon_due(r->monitor, mono)) {
		uint64_t time_ns = tick_clock_ns(&r->clock, tick_clock_now(r->clock.source));
		int status = sysmon_sample(r->monitor, r->writer, mono, time_ns);

		if (status != MS_OK)
			stop(r, status);
		triggers_rss(r);
		recording_limit_events(r);
	}
	bool low = slots_free_count(&r->slots) < r->arena.geometry.slots / 2;
	bool all = mono >= r->sweep_mono_ns;
	slots_sweep(&r->slots, all);
	if (all)
		r->sweep_mono_ns = mono + (low ? SWEEP_SOON_NS : SWEEP_NS);
	if (mono >= r->flush_mono_ns) {
		if (r->ingest.events != r->flushed_events && ingest_flush(&r->ingest, true) != MS_OK)
			stop(r, r->ingest.status);
		r->flushed_events = r->ingest.events;
		r->flush_mono_ns = mono + FLUSH_NS;
	}
	return (size_t)(r->slots.drained_words - before);
}

void recording_housekeeping(struct recording *r)
{
	uint64_t mono = tick_clock_now(MS_CLOCK_MONOTONIC);

	if (mono < r->control_mono_ns)
		return;
	r->control_mono_ns = mono + CONTROL_NS;
	if (r->process_written && !r->stopped)
		triggers_look(r);
	if (r->control && (r->process_written || mono > r->open_mono_ns + CONTROL_START_NS))
		control_look(r->control, mono);
}

void recording_stop(struct recording *r)
{
	/* Threads learn of the stop one after the other: what one tells from here on may lack what another did before. */
	r->last_ticks = tick_clock_now(r->clock.source);
	arena_stop(&r->arena);
	for (unsigned i = 0; i < STOP_ROUNDS && r->process_written && !r->stopped && r->ingest.watermark < r->last_ticks; i++) {
		(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		(void)recording_poll(r);
	}
	if (r->control)
		control_shut(r->control);
}

void recording_let_go(struct recording *r)
{
	control_close(r->control);
	r->control = NULL;
	close(r->fd);
	close(r->arena.fd);
}

void recording_pause(struct recording *r)
{
	(void)recording_poll(r);
	if (r->process_written && !r->stopped)
		ingest_end_culling(&r->ingest);
	if (r->process_written && !r->stopped && ingest_flush(&r->ingest, true) != MS_OK)
		stop(r, r->ingest.status);
}

void recording_settle(struct recording *r)
{
	calibrate(r, tick_clock_now(MS_CLOCK_MONOTONIC), true);
	if (!r->stopped)
		round_of(r, true);
	if (r->process_written && !r->stopped && ingest_flush(&r->ingest, true) != MS_OK)
		stop(r, r->ingest.status);
}

/* ---- end --------------------------------------------------------------------------------------------------------- */

uint64_t recording_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void fill_end(struct recording *r)
{
	const struct ms_arena_header *h = r->arena.header;
	const struct app_process *app = r->app;
	struct rusage usage;

	memset(&usage, 0, sizeof usage);
	getrusage(RUSAGE_SELF, &usage);
	r->end = (struct ms_end){
		.time_ns = r->end_ns > r->ingest.last_ns ? r->end_ns : r->ingest.last_ns,
		.ended = !app->gone ? MS_ENDED_RUNNING : !app->status_known ? MS_ENDED_UNKNOWN :
		         app_process_signaled(app) ? MS_ENDED_SIGNALED : MS_ENDED_EXITED,
		.backend_note = r->backend_note,
		.core_dumped = app_process_core_dumped(app),
		.size_limit_reached = r->stopped && r->error.code == MS_E_FULL,
		.symbolized = r->symbolized,
		.exit_code = app_process_exit_code(app),
		.term_signal = app_process_signal(app),
		.lost_events = r->ingest.lost_events + r->ingest.malformed + r->slots.damages +
		               atomic_load_explicit(&h->lost_events, memory_order_relaxed),
		.lost_stacks = atomic_load_explicit(&h->lost_stacks, memory_order_relaxed),
		.late_events = r->ingest.merge.late,
		.lost_threads = atomic_load_explicit(&h->lost_threads, memory_order_relaxed),
		.peak_bytes = ingest_written_peak(&r->ingest),
		.collector_cpu_ns = r->cpu_before_ns + r->helper_cpu_ns + recording_cpu_ns(),
		.collector_rss_bytes = (uint64_t)usage.ru_maxrss * 1024,
		.guard_page_blocks = atomic_load_explicit(&h->guard_page_blocks, memory_order_relaxed),
		.guard_canary_blocks = atomic_load_explicit(&h->guard_canary_blocks, memory_order_relaxed),
		.guard_plain_blocks = atomic_load_explicit(&h->guard_plain_blocks, memory_order_relaxed),
		.guard_checks = atomic_load_explicit(&h->guard_checks, memory_order_relaxed),
		.guard_calls = atomic_load_explicit(&h->guard_calls, memory_order_relaxed),
		.guard_dropped = atomic_load_explicit(&h->guard_dropped, memory_order_relaxed),
	};
}

/* A trace that may not grow still gets its symbols and its end; one that cannot be written does not. */
static bool writable(const struct recording *r)
{
	int status = ms_writer_status(r->writer);

	return status == MS_OK || status == MS_E_FULL;
}

void recording_drain(struct recording *r)
{
	if (r->options->discard)
		return;
	/* A program that goes on publishes while we look at one thread after the other: its recording ends at the last watermark,
	   before which nothing is missing, and its threads do not. */
	bool runs = r->stop_asked && !r->app->gone;

	calibrate(r, tick_clock_now(MS_CLOCK_MONOTONIC), true);
	if (!r->stopped && !runs)
		round_of(r, true);
	if (!r->process_written)
		return;
	if (!r->stopped) {
		if (ingest_finish(&r->ingest) != MS_OK)
			stop(r, r->ingest.status);
		if (runs)
			slots_leave(&r->slots);
		else
			slots_finish(&r->slots);
		ingest_end_culling(&r->ingest);
		if (ingest_flush(&r->ingest, false) != MS_OK)
			stop(r, r->ingest.status);
	} else {
		ingest_end_culling(&r->ingest);
	}
	r->end_ns = tick_clock_ns(&r->clock, tick_clock_now(r->clock.source));
	if (ms_writer_status(r->writer) == MS_OK)
		sysmon_end(r->monitor, r->writer);
	/* What was pending when the room ran out. */
	if (ms_writer_status(r->writer) == MS_OK)
		(void)ms_writer_flush(r->writer, &r->end_error);
	if (r->plugin) {
		fill_end(r);
		r->end.events = r->ingest.events;
		plugin_end(r->plugin, r->writer, &r->end);
	}
}

void recording_ask_names(struct recording *r, bool (*interrupted)(void *), void *context)
{
	if (r->process_written && ms_writer_status(r->writer) == MS_OK)
		r->names_at_hand = (r->ingest.tables.frame_count == 0 ||
		                    trace_symbols_ask(&r->ingest.tables, r->ingest.annotations.untyped, r->ingest.annotations.untyped_count, &r->helper,
		                                      interrupted, context, &r->helper_cpu_ns)) && r->ingest.graph.data.count == 0;
}

void recording_symbolize(struct recording *r, bool (*interrupted)(void *), void *context)
{
	const struct ms_symbolizer_options options = {.debuginfod = r->options->debuginfod, .c_library_by_name = true};
	uint64_t *data;
	size_t count;

	if (!r->process_written || r->options->no_symbols || ms_writer_status(r->writer) != MS_OK)
		return;
	(void)trace_symbols_write(&r->ingest.tables, r->writer, &r->helper, &r->jit, &options, interrupted, context, &r->symbolized,
	                          &r->end_error);
	if (ms_writer_status(r->writer) == MS_OK)
		(void)trace_symbols_write_types(&r->ingest.tables, r->writer, &r->helper, &options, r->ingest.annotations.untyped,
		                                r->ingest.annotations.untyped_count, interrupted, context, &r->end_error);
	data = graph_ingest_addresses(&r->ingest.graph, &count);
	if (data && ms_writer_status(r->writer) == MS_OK)
		(void)trace_symbols_write_data(&r->ingest.tables, r->writer, &options, data, count, interrupted, context,
		                               &r->end_error);
	free(data);
}

int recording_end(struct recording *r)
{
	if (!r->process_written)
		return MS_OK;
	if (writable(r)) {
		fill_end(r);
		(void)ms_writer_end(r->writer, &r->end, &r->end_error);
	}
	if (!writable(r) && !r->stopped) {
		r->error = r->end_error;
		stop(r, r->error.code);
	}
	r->stats = ms_writer_stats(r->writer);
	if (r->resumable)
		return writable(r) ? MS_OK : r->error.code;
	if (close(r->fd) != 0 && errno != EINTR && !r->stopped)
		stop(r, ms_fail(&r->error, MS_E_IO, MS_NO_OFFSET, "cannot write: %s", strerror(errno)));
	r->fd = -1;
	return writable(r) ? MS_OK : r->error.code;
}

bool recording_resume(struct recording *r)
{
	return r->process_written && !r->stopped && ms_writer_reopen(r->writer) == MS_OK &&
	       ftruncate(r->fd, (off_t)ms_writer_stats(r->writer).bytes) == 0;
}

void recording_rewind(struct recording *r)
{
	off_t bytes = (off_t)ms_writer_stats(r->writer).bytes;

	if (ftruncate(r->fd, bytes) == 0)
		(void)lseek(r->fd, bytes, SEEK_SET);
}

void recording_remove(struct recording *r)
{
	if (r->path && r->regular)
		(void)unlink(r->path);
}

void recording_free(struct recording *r)
{
	control_close(r->control);
	if (r->tables) {
		slots_free(&r->slots);
		ingest_free(&r->ingest);
	}
	symbol_helper_stop(&r->helper);
	jit_map_close(&r->jit);
	sysmon_close(r->monitor);
	plugin_close(r->plugin);
	ms_writer_close(r->writer);
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
	arena_close(&r->arena);
	*r = (struct recording){.fd = -1, .arena.fd = -1};
}
